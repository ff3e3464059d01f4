//! The stored text of a table, replaced.

use super::super::connection::Connection;
use super::super::error::EngineError;
use super::super::value::Value;
use crate::folder::script::Rebuild;

/// Stores another text for the table, and has the schema read again, by this connection and by all others: the counter of
/// schema changes was moved by the table that was created and dropped before (sqlite.org/pragma.html#pragma_writable_schema).
pub(super) async fn replace(connection: &Connection, rebuild: &Rebuild, text: &str) -> Result<(), EngineError> {
    connection.run("PRAGMA writable_schema = ON").await?;
    let update = "UPDATE main.sqlite_schema SET sql = ?1 WHERE type = 'table' AND name = ?2";
    let values = [text, rebuild.table.as_str()].map(|text| Value::Text(text.to_owned())).to_vec();
    let updated = connection.run_with(update, values).await;
    // also where it failed: nobody else may write there
    let reset = connection.run(READ_AGAIN).await;
    updated.and(reset)
}

/// Has the schema read again, as it is stored.
pub(super) const READ_AGAIN: &str = "PRAGMA writable_schema = RESET";
