//! The rows of a database, in a form that can be compared: value, storage class and identity.

use super::connection::{Connection, text};
use super::error::EngineError;
use crate::schema::{Schema, Table};
use crate::sql::Name;

/// The rows of a table: each an identity and the values asked for, ordered.
pub type Rows = Vec<Vec<String>>;

/// An SQL expression whose text tells value and storage class of `column`: equal for equal values only.
pub fn exact(column: &str) -> String {
    format!(
        "CASE typeof({column}) WHEN 'text' THEN 't' || hex({column}) WHEN 'blob' THEN 'b' || hex({column}) ELSE quote({column}) END"
    )
}

/// An SQL expression that is equal for values that are equal apart from their storage class: 3, 3.0, '3' and '3.0'.
pub fn loose(column: &str) -> String {
    let number = format!("CAST({column} AS REAL)");
    format!(
        "hex(CASE WHEN typeof({column}) = 'real' OR (typeof({column}) = 'text' AND CAST({number} AS TEXT) = {column} COLLATE BINARY) \
         THEN iif({number} = CAST({number} AS INTEGER), CAST(CAST({number} AS INTEGER) AS TEXT), CAST({number} AS TEXT)) \
         ELSE CAST({column} AS TEXT) END)"
    )
}

/// The rows of `table` as the given expressions, sorted.
///
/// # Errors
/// If the engine fails.
pub async fn rows(connection: &Connection, table: &Name, expressions: &[String]) -> Result<Rows, EngineError> {
    let list = if expressions.is_empty() { "'row'".to_owned() } else { expressions.join(", ") };
    let found = connection.rows(&format!("SELECT {list} FROM {}", table.sql())).await?;
    let mut rows: Rows = found.iter().map(|row| row.iter().map(|value| text(value).to_owned()).collect()).collect();
    rows.sort_unstable();
    Ok(rows)
}

/// All rows of an ordinary table with their rowids, exactly.
///
/// # Errors
/// If the engine fails.
pub async fn all_rows(connection: &Connection, table: &Table) -> Result<Rows, EngineError> {
    let rowid = table.free_rowid_name().map(|name| format!("CAST({} AS TEXT)", name.sql()));
    let columns = table.columns.iter().map(|column| exact(&column.name.sql()));
    let expressions: Vec<String> = rowid.into_iter().chain(columns).collect();
    rows(connection, &table.name, &expressions).await
}

/// All rows of all ordinary tables of a schema.
///
/// # Errors
/// If the engine fails.
pub async fn everything(connection: &Connection, schema: &Schema) -> Result<Vec<(Name, Rows)>, EngineError> {
    let mut all = Vec::new();
    for table in &schema.tables {
        all.push((table.name.clone(), all_rows(connection, table).await?));
    }
    Ok(all)
}
