//! The statistics that `ANALYZE` has gathered (`sqlite_stat1`, `sqlite_stat4`: sqlite.org/fileformat2.html#stat1tab),
//! kept for tables that are rebuilt or renamed.
//!
//! `DROP TABLE` deletes the rows of its table, and `ALTER TABLE … RENAME TO` leaves them under the old name. Without
//! them the query planner guesses, and a query that was fast becomes slow without anybody having changed it. No
//! statement of a migration could see to it, because it would not compile where nobody has ever said `ANALYZE`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::engine::value::Value;

use crate::engine::connection::{Connection, Row, text};
use crate::engine::error::EngineError;
use crate::sql::name::quote_string;
use crate::sql::{Head, Name, Statement};

/// The tables of statistics, with their columns besides the names of the table and of the index.
const TABLES: [(&str, &[&str]); 2] = [("sqlite_stat1", &["stat"]), ("sqlite_stat4", &["neq", "nlt", "ndlt", "sample"])];

/// What was gathered, before statements run.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    /// The tables that keep theirs, by the name before and after.
    kept: Vec<(Name, Name)>,
    /// The indexes that are dropped by name.
    dropped: BTreeSet<Name>,
    /// The rows of each of [`TABLES`].
    rows: [Vec<Row>; 2],
}

impl Statistics {
    #[cfg(feature = "remote")]
    /// Whether statements could lose any.
    pub(super) fn is_for(statements: &[Statement<'_>]) -> bool {
        !kept_tables(statements).is_empty()
    }

    /// Reads what there is of tables that statements rebuild or rename.
    pub(super) async fn before(connection: &Connection, statements: &[Statement<'_>]) -> Result<Self, EngineError> {
        let kept = kept_tables(statements);
        let mut found = Self { dropped: dropped_indexes(statements), ..Self::default() };
        if kept.is_empty() {
            return Ok(found);
        }
        for ((table, columns), rows) in TABLES.iter().zip(&mut found.rows) {
            let query = format!("SELECT tbl, idx, {} FROM {table}", columns.join(", "));
            match connection.rows(&query).await {
                Ok(all) => *rows = all,
                Err(error) if error.message.contains("no such table") => break,
                Err(error) => return Err(error),
            }
        }
        found.kept = kept;
        Ok(found)
    }

    /// Puts back what the statements have lost: of indexes that are there as before. What is left of names that are
    /// gone goes.
    pub(super) async fn put_back(self, connection: &Connection) -> Result<(), EngineError> {
        let mut statements = Vec::new();
        for ((table, columns), rows) in TABLES.iter().zip(&self.rows) {
            for row in rows {
                let Some((from, to)) = self.kept.iter().find(|(from, _)| *from == *text(&row[0])) else {
                    continue;
                };
                if from != to {
                    let from = quote_string(from.as_str());
                    statements.push(format!("DELETE FROM {table} WHERE tbl = {from} COLLATE NOCASE"));
                }
                let index = index_after(&row[1], from, to);
                if index.as_ref().is_some_and(|index| self.dropped.contains(index)) {
                    continue;
                }
                statements.push(insert(table, columns, row, to, index.as_ref()));
            }
        }
        statements.dedup();
        // what is deleted goes before all that is put back: `a` and `b` may have changed their names
        statements.sort_by_key(|statement| !statement.starts_with("DELETE"));
        for statement in &statements {
            connection.run(statement).await?;
        }
        Ok(())
    }
}

/// The name that an index has afterwards: those that SQLite makes by itself are named after their table, and a table
/// without rowid is its own index.
fn index_after(index: &Value, from: &Name, to: &Name) -> Option<Name> {
    let Value::Text(index) = index else { return None };
    let folded = index.to_ascii_lowercase();
    let automatic = format!("sqlite_autoindex_{}_", from.folded());
    Some(match folded.strip_prefix(&automatic) {
        Some(number) => Name::from(format!("sqlite_autoindex_{to}_{number}")),
        None if *from == *index.as_str() => to.clone(),
        None => Name::from(index.as_str()),
    })
}

/// Inserts a row of statistics, if there is such an index with as many columns, and nothing is known of it.
fn insert(table: &str, columns: &[&str], row: &Row, to: &Name, index: Option<&Name>) -> String {
    let name = quote_string(to.as_str());
    let shown = index.map_or_else(|| "NULL".to_owned(), |index| quote_string(index.as_str()));
    let values: Vec<String> = row[2..].iter().map(literal).collect();
    let exists = match index {
        // a number for all rows, and one for each column
        Some(index) if index != to => {
            let columns = text_of(&row[2]).split(' ').filter(|word| word.parse::<i64>().is_ok()).count();
            format!(
                "EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = {shown} COLLATE NOCASE AND \
                 tbl_name = {name} COLLATE NOCASE) AND \
                 (SELECT count(*) + 1 FROM pragma_index_xinfo({shown}) WHERE key) = {columns}"
            )
        }
        _ => format!("EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = {name} COLLATE NOCASE)"),
    };
    // several rows of samples belong to one index, so that each is compared as a whole
    let columns_list = columns.join(", ");
    let same: Vec<String> = columns.iter().zip(&values).map(|(column, value)| format!("{column} IS {value}")).collect();
    let known = if table == "sqlite_stat1" { String::new() } else { format!(" AND {}", same.join(" AND ")) };
    format!(
        "INSERT INTO {table} (tbl, idx, {columns_list}) SELECT {name}, {shown}, {} WHERE {exists} AND NOT EXISTS \
         (SELECT 1 FROM {table} WHERE tbl = {name} COLLATE NOCASE AND idx IS {shown}{known})",
        values.join(", ")
    )
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => quote_string(text),
        Value::Blob(bytes) => {
            let mut hex = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                // writing to a string cannot fail
                let _ = write!(hex, "{byte:02x}");
            }
            format!("x'{hex}'")
        }
    }
}

/// A table on its way through statements.
struct Way {
    from: Name,
    now: Name,
    is_there: bool,
}

/// The tables that are renamed, or dropped and there again, by their names before and after.
pub(super) fn kept_tables(statements: &[Statement<'_>]) -> Vec<(Name, Name)> {
    let mut ways: Vec<Way> = Vec::new();
    for head in statements.iter().filter_map(Head::of) {
        match head {
            Head::DropTable(name) => match ways.iter_mut().find(|way| way.is_there && way.now == name) {
                Some(way) => way.is_there = false,
                None => ways.push(Way { from: name.clone(), now: name, is_there: false }),
            },
            Head::RenameTable(from, to) => {
                if let Some(way) = ways.iter_mut().find(|way| way.is_there && way.now == from) {
                    way.now = to;
                } else if let Some(way) = ways.iter_mut().find(|way| !way.is_there && way.now == to) {
                    // the copy takes the place of the table that it is a copy of
                    way.is_there = true;
                } else {
                    ways.push(Way { from, now: to, is_there: true });
                }
            }
            Head::CreateTable(name) => {
                if let Some(way) = ways.iter_mut().find(|way| !way.is_there && way.now == name) {
                    way.is_there = true;
                }
            }
            _ => {}
        }
    }
    ways.into_iter().filter(|way| way.is_there).map(|way| (way.from, way.now)).collect()
}

fn dropped_indexes(statements: &[Statement<'_>]) -> BTreeSet<Name> {
    let heads = statements.iter().filter_map(Head::of);
    heads.filter_map(|head| if let Head::DropIndex(index) = head { Some(index) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn kept(sql: &str) -> Vec<(String, String)> {
        let kept = kept_tables(&split(sql));
        kept.into_iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
    }

    #[test]
    fn tables_are_followed_through_renames_and_rebuilds() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let rebuild = "CREATE TABLE h (a); INSERT INTO h SELECT a FROM t; DROP TABLE t; ALTER TABLE h RENAME TO t;";
        assert_eq!(kept(rebuild), [pair("t", "t")]);
        assert_eq!(kept(&format!("ALTER TABLE s RENAME TO t; {rebuild}")), [pair("s", "t")]);
        let swap = "ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b";
        assert_eq!(kept(swap), [pair("a", "b"), pair("b", "a")]);
        assert_eq!(kept("DROP TABLE t; CREATE TABLE IF NOT EXISTS \"t\" (a)"), [pair("t", "t")]);
        assert!(kept("DROP TABLE t; CREATE TABLE u (t); ALTER TABLE v ADD COLUMN t").is_empty());
    }
}
