//! `PRAGMA user_version` as a record: the number of migrations that a database has, or that of the last one
//! (sqlite.org/pragma.html#pragma_user_version).

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{Database, Target as _};
use dbmigrate_core::engine::connection::integer;

use super::about::AppliedRow;
use super::folder::ToolFolder;

/// What a database says; `None` if it was never set.
pub(super) fn records(database: &mut Database) -> Result<Option<Vec<AppliedRow>>, EngineError> {
    let rows = pollster::block_on(database.rows("SELECT user_version FROM pragma_user_version"))?;
    let version = rows.first().map_or(0, |row| integer(&row[0]));
    let row = AppliedRow { key: version.to_string(), ..AppliedRow::default() };
    Ok((version != 0).then(|| vec![row]))
}

/// A query that returns a row as soon as a database says something else.
pub(super) fn changed(rows: &[AppliedRow]) -> String {
    let version = rows.first().map_or("0", |row| row.key.as_str());
    format!("SELECT 1 FROM pragma_user_version WHERE user_version <> {version}")
}

/// How many migrations that may be: as many, or those up to the one with that number.
pub(super) fn counts(folder: &ToolFolder, rows: &[AppliedRow]) -> Vec<usize> {
    let Some(row) = rows.first() else { return Vec::new() };
    let numbered = folder.entries.iter().position(|entry| entry.key == row.key).map(|at| at + 1);
    let counted = row.key.parse::<usize>().ok().filter(|count| *count <= folder.entries.len());
    let mut counts: Vec<usize> = numbered.into_iter().chain(counted).collect();
    counts.dedup();
    counts
}
