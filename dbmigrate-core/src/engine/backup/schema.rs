//! The schema of a new database file, which is to be that of another database.

use std::collections::BTreeSet;

use super::inventory::{Inventory, is_vector_index};
use super::local::Local;
use crate::engine::connection::{Value, text};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::is_virtual;
use crate::engine::stored::StoredObject;
use crate::sql::TokenKind;
use crate::sql::token::significant;

/// Makes all tables, without `NOT NULL` until [`as_stored`].
pub(super) fn create_tables(local: &Local, inventory: &Inventory) -> Result<(), EngineError> {
    if let Some(object) = inventory.own_objects().find(|object| object.is_garbled) {
        let message = format!("the statement of {} `{}` is not UTF-8", object.kind, object.name);
        return Err(EngineError { kind: ErrorKind::Statement, message });
    }
    local.run("BEGIN")?;
    // before the tables behind them, which they make themselves
    for object in inventory.own_objects().filter(|object| object.kind == "table" && is_virtual(&object.sql)) {
        local.run(&object.sql)?;
    }
    for table in &inventory.tables {
        if table_names(local)?.contains(&table.name.folded()) {
            continue;
        }
        let Some(object) = inventory.objects.iter().find(|object| object.kind == "table" && object.name == table.name)
        else {
            continue;
        };
        // names that begin with `sqlite_` are otherwise refused
        let is_reserved = table.is_reserved();
        if is_reserved {
            local.rows("PRAGMA writable_schema = ON")?;
        }
        local.run(&without_not_null(&object.sql))?;
        if is_reserved {
            local.rows("PRAGMA writable_schema = OFF")?;
        }
    }
    local.run("COMMIT")
}

/// The statement of a table without `NOT NULL`: `ALTER COLUMN` leaves rows behind that do not meet it. The statement is
/// stored as it was in the end.
fn without_not_null(sql: &str) -> String {
    let tokens = significant(sql);
    let (mut result, mut end, mut depth) = (String::with_capacity(sql.len()), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            // in a constraint of a column, and not in an expression
            _ if depth == 1 && token.is_word("not") && tokens.get(at + 1).is_some_and(|next| next.is_word("null")) => {
                result.push_str(&sql[end..token.start]);
                end = token.end();
            }
            _ => {}
        }
    }
    result.push_str(&sql[end..]);
    result
}

/// The indexes that statements have made, and then those that the engine makes of vectors in tables.
pub(super) fn indexes(inventory: &Inventory) -> (Vec<&StoredObject>, Vec<&StoredObject>) {
    let indexes = inventory.own_objects().filter(|object| object.kind == "index");
    indexes.partition(|object| !is_vector_index(object))
}

fn table_names(local: &Local) -> Result<BTreeSet<String>, EngineError> {
    let rows = local.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    Ok(rows.iter().filter_map(|row| row.first()).map(|name| text(name).to_ascii_lowercase()).collect())
}

/// Stores the statements as they were stored: what a statement is stored as may have changed since, by a rename or
/// another version of the engine.
pub(super) fn as_stored(local: &Local, inventory: &Inventory) -> Result<(), EngineError> {
    let made = local.inventory()?;
    let key = |object: &StoredObject| (object.kind.clone(), object.name.folded());
    let differs = |object: &&StoredObject| {
        made.objects
            .iter()
            .any(|one| key(one) == key(object) && (one.sql != object.sql || !one.name.same_spelling(&object.name)))
    };
    let differing: Vec<&StoredObject> = inventory.own_objects().filter(differs).collect();
    if differing.is_empty() {
        return Ok(());
    }
    local.rows("PRAGMA writable_schema = ON")?;
    for object in differing {
        let StoredObject { kind, name, sql, .. } = object;
        let values = [sql.as_str(), kind, name.as_str()].map(|text| Value::Text(text.to_owned()));
        local.run_with(
            "UPDATE sqlite_schema SET sql = ?1 WHERE type = ?2 AND name = ?3 COLLATE NOCASE",
            values.into(),
        )?;
    }
    local.rows("PRAGMA writable_schema = OFF").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_lose_not_null() {
        for (sql, wanted) in [
            (
                "CREATE TABLE t (a TEXT NOT NULL, b INT not /* x */ null ON CONFLICT FAIL CHECK (b IS NOT NULL), c \"NOT\" NULL)",
                "CREATE TABLE t (a TEXT  NULL, b INT  /* x */ null ON CONFLICT FAIL CHECK (b IS NOT NULL), c \"NOT\" NULL)",
            ),
            ("CREATE TABLE t (a DEFAULT (1 NOT NULL))", "CREATE TABLE t (a DEFAULT (1 NOT NULL))"),
        ] {
            assert_eq!(without_not_null(sql), wanted);
        }
    }
}
