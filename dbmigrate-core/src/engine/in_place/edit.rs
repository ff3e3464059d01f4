//! The stored text of a table, replaced.

use super::super::connection::Connection;
use super::super::error::EngineError;
use super::super::written::write_schema;
use crate::folder::script::Rebuild;
use crate::sql::name::quote_string;

/// Has the schema read again, as it is stored.
pub(super) const READ_AGAIN: &str = "PRAGMA writable_schema = RESET";

/// Stores another text for the table, and has the schema read again, by this connection and by all others, if the counter
/// of schema changes is moved in the same transaction: it was by the table that was created and dropped before.
pub(super) async fn replace(connection: &Connection, rebuild: &Rebuild, text: &str) -> Result<(), EngineError> {
    let [text, name] = [text, rebuild.table.as_str()].map(quote_string);
    let update = format!("UPDATE main.sqlite_schema SET sql = {text} WHERE type = 'table' AND name = {name}");
    write_schema(connection, &[update]).await
}
