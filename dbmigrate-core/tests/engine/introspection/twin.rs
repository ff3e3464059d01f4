//! Two databases that have to be the same: one as somebody made it, one made from what was read of it.

use dbmigrate_core::engine::connection::{Row, text};
use dbmigrate_core::engine::content::exact;
use dbmigrate_core::engine::value::Value;
use dbmigrate_core::engine::{Connection, Introspected, introspect};
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

/// What is written into every column in turn.
const PROBES: [&str; 9] = ["NULL", "1", "-7", "2.5", "''", "'a'", "'A'", "'12'", "x'00'"];

/// A database made by a script.
pub(crate) fn made_by(script: &str) -> Result<Connection, String> {
    let connection = block_on(Connection::in_memory()).map_err(|error| error.to_string())?;
    for statement in split(script) {
        block_on(connection.run(statement.text)).map_err(|error| format!("{error}: {}", statement.text))?;
    }
    Ok(connection)
}

/// Reads a database, makes another one from what was read, and looks for a difference between the two.
pub(crate) fn compare(original: &Connection) -> Result<Schema, String> {
    let found = read(original)?;
    if let Some(unreadable) = found.unreadable.first() {
        return Err(format!("cannot read `{}`: {}", unreadable.object.name, unreadable.reason));
    }
    let twin = block_on(Connection::in_memory()).map_err(|error| error.to_string())?;
    let encoding = block_on(original.first_row("PRAGMA encoding")).map_err(|error| error.to_string())?;
    let encoding = encoding.map(|row| text(&row[0]).to_owned()).unwrap_or_default();
    block_on(twin.run(&format!("PRAGMA encoding = '{encoding}'"))).map_err(|error| error.to_string())?;
    for statement in create_all(&found.schema) {
        block_on(twin.run(&statement)).map_err(|error| format!("{error}: {statement}"))?;
    }
    let again = read(&twin)?;
    for (key, wanted) in found.schema.canonical() {
        let rendered = again.schema.canonical().remove(&key).unwrap_or_default();
        same("the canonical text", &wanted, &rendered)?;
    }
    for table in &found.schema.tables {
        for pragma in ["table_xinfo", "foreign_key_list"] {
            let query = format!("SELECT * FROM pragma_{pragma}(?1)");
            same(pragma, &listed(original, &query, &table.name)?, &listed(&twin, &query, &table.name)?)?;
        }
        same("its indexes", &indexes(original, &table.name)?, &indexes(&twin, &table.name)?)?;
        same("its options", &options(original, &table.name)?, &options(&twin, &table.name)?)?;
    }
    for view in &found.schema.views {
        let columns =
            |connection| block_on(Connection::column_names(connection, &format!("SELECT * FROM {}", view.name.sql())));
        same("the columns", &format!("{:?}", columns(original)), &format!("{:?}", columns(&twin)))?;
    }
    for table in &found.schema.tables {
        same("what it takes", &behaviour(original, table), &behaviour(&twin, table))?;
    }
    Ok(found.schema)
}

fn read(connection: &Connection) -> Result<Introspected, String> {
    block_on(introspect(connection)).map_err(|error| error.to_string())
}

fn same(what: &str, wanted: &str, rendered: &str) -> Result<(), String> {
    if wanted == rendered {
        return Ok(());
    }
    let (one, two): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), rendered.lines().collect());
    let lost: Vec<&str> = one.iter().filter(|line| !two.contains(line)).copied().take(5).collect();
    let new: Vec<&str> = two.iter().filter(|line| !one.contains(line)).copied().take(5).collect();
    Err(format!("{what} differs: was\n{}\nis\n{}", lost.join("\n"), new.join("\n")))
}

fn shown(rows: &[Row]) -> String {
    let mut lines: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// What a pragma says, types of columns compared as the model does: without case and layout.
fn listed(connection: &Connection, query: &str, table: &Name) -> Result<String, String> {
    let rows = block_on(connection.rows_with(query, vec![Value::Text(table.as_str().to_owned())]));
    let mut rows = rows.map_err(|error| format!("{error}: {query} {table}"))?;
    if query.contains("table_xinfo") {
        for row in &mut rows {
            row[2] = Value::Text(dbmigrate_core::sql::DeclType::new(text(&row[2])).canonical());
            // what a default is shows when rows are written
            row[4] = Value::Integer(i64::from(row[4] != Value::Null));
        }
    } else {
        // the numbers follow the order of the text
        for row in &mut rows {
            row[0] = Value::Null;
        }
    }
    Ok(shown(&rows))
}

/// The indexes of a table, automatic ones too, with everything that is said of their columns.
fn indexes(connection: &Connection, table: &Name) -> Result<String, String> {
    let query = "SELECT l.\"unique\", l.origin, l.partial, iif(l.origin = 'c', l.name, ''), x.seqno, x.name, x.\"desc\", x.coll, x.key \
         FROM pragma_index_list(?1) AS l, pragma_index_xinfo(l.name) AS x";
    let rows = block_on(connection.rows_with(query, vec![Value::Text(table.as_str().to_owned())]));
    rows.map(|rows| shown(&rows)).map_err(|error| error.to_string())
}

fn options(connection: &Connection, table: &Name) -> Result<String, String> {
    let query = "SELECT type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
    let rows = block_on(connection.rows_with(query, vec![Value::Text(table.as_str().to_owned())]));
    rows.map(|rows| shown(&rows)).map_err(|error| error.to_string())
}

/// What happens when rows are written, and what is there afterwards.
fn behaviour(connection: &Connection, table: &Table) -> String {
    let mut log = Vec::new();
    let name = table.name.sql();
    let mut attempt = |statement: String| {
        let said =
            block_on(connection.run(&statement)).err().map(|error| without_name(&error.message)).unwrap_or_default();
        log.push(format!("{statement} {said}"));
    };
    attempt(format!("DELETE FROM {name}"));
    attempt(format!("INSERT INTO {name} DEFAULT VALUES"));
    let columns: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| column.name.as_str())
        .take(12)
        .collect();
    for probe in PROBES {
        for column in &columns {
            attempt(format!("INSERT INTO {name} ({}) VALUES ({probe})", Name::from(*column).sql()));
        }
        let list = columns.iter().map(|column| Name::from(*column).sql().into_owned()).collect::<Vec<_>>().join(", ");
        attempt(format!("INSERT INTO {name} ({list}) VALUES ({})", vec![probe; columns.len()].join(", ")));
    }
    if table.random_rowid {
        return log.join("\n");
    }
    let expressions: Vec<String> = table.columns.iter().take(20).map(|column| exact(&column.name.sql())).collect();
    let rows = block_on(connection.rows(&format!("SELECT {} FROM {name}", expressions.join(", "))));
    let rows = rows.map_or_else(|error| error.message, |rows| shown(&rows));
    format!("{}\n{}", log.join("\n"), without_times(&rows))
}

/// A message without what failed: of several constraints SQLite names the first, in the order of the text, and a
/// `CHECK` by its text, layout included, or by what was named last.
fn without_name(message: &str) -> String {
    message.split_inclusive("constraint failed").next().unwrap_or_default().to_owned()
}

/// Values that the clock decides: `t` and the digits of a date, a time or both as hexadecimal text.
fn without_times(rows: &str) -> String {
    let is_time = |part: &str| {
        let Some(hex) = part.strip_prefix('t') else { return false };
        let bytes = hex
            .as_bytes()
            .chunks_exact(2)
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let text: Vec<u8> = bytes.collect();
        text.len() >= 8 && text.iter().all(|byte| byte.is_ascii_digit() || b"-: .".contains(byte))
    };
    rows.split('"').map(|part| if is_time(part) { "[TIME]" } else { part }).collect::<Vec<_>>().join("\"")
}
