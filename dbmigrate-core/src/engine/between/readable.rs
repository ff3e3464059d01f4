//! Whether a release can read what follows from what the other one has written.

use std::collections::BTreeMap;

use super::BetweenError;
use super::side::Which;
use crate::engine::connection::{Connection, integer, text};
use crate::engine::error::EngineError;
use crate::plan::phased::Phased;
use crate::schema::Table;
use crate::sql::Name;

/// The rows in which one of the releases has written what the other one cannot read where it is carried over to, although it
/// can read it itself: by column, each row by its key and what both have of it, and whether the other one has NULL.
pub(super) type Spoiled = BTreeMap<(Name, Name), BTreeMap<String, bool>>;

pub(super) async fn spoiled(between: &Connection, phased: &Phased, by: Which) -> Result<Spoiled, EngineError> {
    let mut all = Spoiled::new();
    for link in &phased.links {
        let sides = link.olds.iter().chain(&link.news).map(|side| side.name.sql().into_owned());
        let key = phased.between.table(&link.table).map(row_key).unwrap_or_default();
        let row: Vec<String> = key.into_iter().chain(sides).map(|column| format!("quote({column})")).collect();
        for (side, condition) in link.unfit(by == Which::Old) {
            let (row, column, table) = (row.join(" || ', ' || "), side.name.sql(), link.table.sql());
            let found = between.rows(&format!("SELECT {row}, {column} IS NULL FROM {table} WHERE {condition}")).await?;
            let rows = found.iter().map(|row| (text(&row[0]).to_owned(), integer(&row[1]) > 0));
            all.insert((link.table.clone(), side.name.clone()), rows.collect());
        }
    }
    Ok(all)
}

/// What names a row of a table.
fn row_key(table: &Table) -> Vec<String> {
    if let Some(rowid) = table.rowid_name() {
        return vec![rowid.sql().into_owned()];
    }
    let parts = table.primary_key.iter().flat_map(|key| &key.parts);
    parts.map(|part| part.column.sql().into_owned()).collect()
}

/// Whether the other release can read what this statement has carried over to it. What was so before it is not of its making:
/// a release may have written there what it cannot read itself.
pub(super) fn readable(before: &Spoiled, behind: &Spoiled, by: Which, statement: &str) -> Result<(), BetweenError> {
    for (place @ (table, column), rows) in behind {
        let known = before.get(place);
        let found = rows.iter().find(|(row, _)| known.is_none_or(|known| !known.contains_key(*row)));
        if let Some((_, is_null)) = found {
            return Err(BetweenError::Unreadable {
                release: by.word(),
                table: table.clone(),
                column: column.clone(),
                is_null: *is_null,
                statement: statement.to_owned(),
            });
        }
    }
    Ok(())
}
