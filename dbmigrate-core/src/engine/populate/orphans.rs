//! Rows that refer to nothing, because the row that they referred to was not taken.

use std::collections::BTreeSet;

use crate::engine::check::foreign_key_check;
use crate::engine::connection::{Connection, Row, integer, text};
use crate::engine::error::EngineError;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// Empties a table and what refers to it.
///
/// # Errors
/// If the engine fails.
pub async fn clear(connection: &Connection, table: &Name) -> Result<(), EngineError> {
    connection.run(&delete_all(table)).await?;
    remove_orphans(connection).await
}

/// Without a condition SQLite throws the rows away without looking at them (sqlite.org/lang_delete.html, section 3), and
/// an index of vectors keeps what it has stored of them: the next row with the same key cannot be inserted.
fn delete_all(table: &Name) -> String {
    format!("DELETE FROM {} WHERE true", table.sql())
}

/// Deletes rows whose parent was rejected, and the rows that refer to those in turn. Where there is no such table, or no
/// key of it that fits, there is nothing to refer to.
pub(super) async fn remove_orphans(connection: &Connection) -> Result<(), EngineError> {
    loop {
        let orphans = orphans(connection).await?;
        if orphans.is_empty() {
            return Ok(());
        }
        for orphan in &orphans {
            let table = Name::from(text(&orphan[0]));
            let statement = match &orphan[1] {
                crate::engine::value::Value::Integer(rowid) => {
                    format!("DELETE FROM {} WHERE rowid = {rowid}", table.sql())
                }
                _ => delete_orphans(connection, &table, integer(&orphan[3])).await,
            };
            let by_column_name = connection.run(&statement).await.is_err();
            if by_column_name {
                connection.run(&delete_all(&table)).await?;
            }
        }
        let left = self::orphans(connection).await?;
        if left.len() >= orphans.len() {
            // a column called rowid hid the row: empty the tables concerned
            for orphan in &left {
                connection.run(&delete_all(&Name::from(text(&orphan[0])))).await?;
            }
        }
    }
}

/// The rows that refer to no row of a table that there is.
async fn orphans(connection: &Connection) -> Result<Vec<Row>, EngineError> {
    let (mut orphans, _) = foreign_key_check(connection).await?;
    if !orphans.is_empty() {
        let tables = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").await?;
        let tables: BTreeSet<Name> = tables.iter().map(|row| Name::from(text(&row[0]))).collect();
        orphans.retain(|orphan| tables.contains(&Name::from(text(&orphan[2]))));
    }
    Ok(orphans)
}

/// Without rowids the check does not say which rows it means: the statement that deletes all that break the key `id`.
async fn delete_orphans(connection: &Connection, table: &Name, id: i64) -> String {
    let own = table.sql();
    let key = format!(
        "SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list({}) WHERE id = {id}",
        quote_string(table.as_str())
    );
    let rows = connection.rows(&key).await.unwrap_or_default();
    let mut parent = None;
    let mut present = Vec::new();
    let mut equal = Vec::new();
    for row in &rows {
        let (from, to) = (Name::from(text(&row[1])), Name::from(text(&row[2])));
        if to.as_str().is_empty() {
            // the parent's primary key, which is not worth looking up
            return delete_all(table);
        }
        parent = Some(Name::from(text(&row[0])));
        present.push(format!("{own}.{} IS NOT NULL", from.sql()));
        equal.push(format!("parent.{} = {own}.{}", to.sql(), from.sql()));
    }
    let Some(parent) = parent else { return delete_all(table) };
    format!(
        "DELETE FROM {own} WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS parent WHERE {})",
        present.join(" AND "),
        parent.sql(),
        equal.join(" AND ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_emptied_leaves_nothing_in_its_index_of_vectors() {
        pollster::block_on(async {
            let connection = Connection::in_memory().await?;
            let insert = "INSERT INTO t VALUES (1, vector32('[1,2]')), (2, vector32('[3,4]'))";
            for statement in [
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v F32_BLOB(2))",
                "CREATE INDEX i ON t (libsql_vector_idx(v))",
                insert,
            ] {
                connection.run(statement).await?;
            }
            clear(&connection, &Name::from("t")).await?;
            let left = connection.first_row("SELECT count(*) FROM i_shadow").await?;
            assert_eq!(left.map(|row| integer(&row[0])), Some(0));
            connection.run(insert).await
        })
        .expect("the same rows can be inserted again");
    }
}
