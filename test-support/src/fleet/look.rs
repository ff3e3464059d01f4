//! What is in a member's file, without the product.

use std::collections::BTreeMap;
use std::path::Path;

use libsql::{Builder, Connection, OpenFlags, Value};
use pollster::block_on;

/// What is in a database, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The statements that made what is in it, in the order of names.
    pub schema: Vec<String>,
    /// The rows of every table by its name, as SQL literals; without the history.
    pub rows: BTreeMap<String, Vec<String>>,
    /// The names of the migrations in the history, in their order.
    pub history: Vec<String>,
    /// What `integrity_check` and `foreign_key_check` find; nothing in a database that is whole.
    pub broken: Vec<String>,
}

/// The table that the product keeps, which is no table of the application.
const HISTORY: &str = "_dbmigrate_history";

/// What is in a file; none if it is not there, or no database.
pub fn content(path: &Path) -> Option<Content> {
    block_on(async {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let database = Builder::new_local(path).flags(flags).build().await.ok()?;
        let connection = database.connect().ok()?;
        read(&connection).await.ok()
    })
}

async fn read(connection: &Connection) -> libsql::Result<Content> {
    let schema = column(connection, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name").await?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut content = Content { schema, ..Content::default() };
    for table in column(connection, tables).await? {
        if table == HISTORY {
            content.history = column(connection, &format!("SELECT name FROM {HISTORY} ORDER BY position")).await?;
            continue;
        }
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let literal = table.replace('\'', "''");
        let names = column(connection, &format!("SELECT name FROM pragma_table_info('{literal}')")).await?;
        let values: Vec<String> = names.iter().map(|name| format!("quote({})", quoted(name))).collect();
        let rows = format!("SELECT {} AS line FROM {} ORDER BY line", values.join(" || '|' || "), quoted(&table));
        content.rows.insert(table, column(connection, &rows).await?);
    }
    content.broken = column(connection, "PRAGMA integrity_check").await?;
    content.broken.retain(|line| line != "ok");
    content.broken.extend(column(connection, "PRAGMA foreign_key_check").await?);
    Ok(content)
}

/// The first column of a query, as text.
async fn column(connection: &Connection, sql: &str) -> libsql::Result<Vec<String>> {
    let mut rows = connection.query(sql, ()).await?;
    let mut values = Vec::new();
    while let Some(row) = rows.next().await? {
        values.push(match row.get_value(0)? {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        });
    }
    Ok(values)
}
