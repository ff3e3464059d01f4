//! What a database stores of its schema, written by hand: rows of `sqlite_schema`, in a file whose schema can be written
//! (sqlite.org/pragma.html#pragma_writable_schema).
//!
//! Whoever does this has moved the counter of schema changes in the same transaction, by a statement that changes the
//! schema, so that other connections read it again.

use super::connection::Connection;
use super::error::{EngineError, ErrorKind};

/// Runs statements each of which changes one row of `sqlite_schema`, and has the schema read again. Whether that is one
/// is found out then, and whoever asked undoes it if it is not.
pub(super) async fn write_schema<S: AsRef<str>>(connection: &Connection, edits: &[S]) -> Result<(), EngineError> {
    connection.run("PRAGMA writable_schema = ON").await?;
    let mut written = Ok(());
    for edit in edits {
        written = match connection.run(edit.as_ref()).await {
            Ok(()) if connection.changes() != 1 => {
                let message = "the stored schema cannot be written".to_owned();
                Err(EngineError { kind: ErrorKind::Statement, message })
            }
            other => other,
        };
        if written.is_err() {
            break;
        }
    }
    // also where it failed: nobody else may write there
    let reset = connection.run("PRAGMA writable_schema = RESET").await;
    written.and(reset)
}

#[cfg(all(test, feature = "libsql"))]
mod tests {
    use pollster::block_on;

    use super::*;

    #[test]
    fn what_is_no_row_of_the_schema_is_an_error_and_nobody_can_write_there_afterwards() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        let run = |sql: &str| block_on(connection.run(sql));
        run("CREATE TABLE t (a)").expect("a table");
        let edit = |name: &str| format!("UPDATE sqlite_schema SET sql = 'CREATE TABLE t (b)' WHERE name = '{name}'");
        let error = block_on(write_schema(&connection, &[edit("other")])).expect_err("there is none");
        assert_eq!(error.message, "the stored schema cannot be written");
        assert!(run(&edit("t")).is_err());
        block_on(write_schema(&connection, &[edit("t")])).expect("it is there");
        run("SELECT b FROM t").expect("it was read again");
        assert!(run(&edit("t")).is_err());
    }
}
