//! What a database says that a tool has applied: in the tool's own table, or in one of another name, which may also be
//! that of a program without a name.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{Database, Target as _};
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::sql::name::quote_string;
use dbmigrate_core::sql::{Head, Name, Statement};

use super::about::AppliedRow;
use super::compare::{self, Applied};
use super::folder::{Entry, ToolFolder};
use super::found::Found;
use super::listing::number;
use super::tool::{columns, counted, quoted};
use crate::error::Result;

/// What a database says.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// What was applied; `None` if nothing says, not even that nothing was.
    pub rows: Option<Vec<AppliedRow>>,
    /// A query that returns a row as soon as the database says something else.
    pub changed: Option<String>,
}

impl Found {
    /// The table in which it records what it has applied, if there is one.
    pub(crate) fn record(&self) -> Option<&str> {
        self.table.as_deref().or(self.tool.about().table)
    }

    /// What a database says.
    ///
    /// # Errors
    /// If the engine fails.
    pub(crate) fn recorded(
        &self,
        database: &mut Database,
        folder: Option<&ToolFolder>,
    ) -> std::result::Result<Recorded, EngineError> {
        match (&self.table, folder) {
            (Some(table), Some(folder)) if self.is_nameless() => by_names(database, table, folder),
            _ => {
                let table = self.record().unwrap_or_default();
                let rows = self.tool.records(database, table)?;
                let changed = self.tool.changed(rows.as_deref().unwrap_or_default(), table);
                Ok(Recorded { rows, changed })
            }
        }
    }

    /// Compares what a database says with the folder.
    ///
    /// # Errors
    /// If the two contradict each other.
    pub(crate) fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied> {
        match self.table.is_some() && self.is_nameless() {
            true => compare::by_key(self.tool.about(), folder, rows, database),
            false => self.tool.compare(folder, rows, database),
        }
    }

    /// Whether nobody knows the columns of its table.
    fn is_nameless(&self) -> bool {
        self.tool.about().table.is_none()
    }
}

/// What a table says whose columns nobody knows: the one counts whose values are most often names or numbers of
/// migrations. A single value is the last one that was applied, where it is none of the first.
fn by_names(database: &mut Database, table: &str, folder: &ToolFolder) -> std::result::Result<Recorded, EngineError> {
    let columns = columns(database, table)?;
    let mut best: Option<(usize, Vec<String>, String)> = None;
    for column in &columns {
        let column = quoted(column);
        let query = format!("SELECT CAST({column} AS TEXT) FROM {} WHERE {column} IS NOT NULL", quoted(table));
        let rows = pollster::block_on(database.rows(&query))?;
        let values: Vec<String> = rows.iter().map(|row| text(&row[0]).to_owned()).collect();
        let known = values.iter().filter(|value| folder.entries.iter().any(|entry| is_named(entry, value))).count();
        if best.as_ref().is_none_or(|(most, ..)| known > *most) {
            best = Some((known, values, column));
        }
    }
    let Some((_, values, column)) = best else { return Ok(Recorded::default()) };
    let place = |value: &String| folder.entries.iter().position(|entry| is_named(entry, value));
    let row = |key: &str| AppliedRow { key: key.to_owned(), ..AppliedRow::default() };
    if let [only] = &values[..]
        && let Some(at) = place(only).filter(|at| *at > 0)
    {
        let rows = folder.entries[..=at].iter().map(|entry| row(&entry.key)).collect();
        let (table, only) = (quoted(table), quote_string(only));
        let changed = format!(
            "SELECT 1 FROM (SELECT count(*) AS n, max(CAST({column} AS TEXT)) AS last FROM {table}) \
             WHERE n <> 1 OR last IS NOT {only}"
        );
        return Ok(Recorded { rows: Some(rows), changed: Some(changed) });
    }
    let rows = values.iter().map(|value| row(place(value).map_or(value.as_str(), |at| &folder.entries[at].key)));
    let rows: Vec<AppliedRow> = rows.collect();
    let counted = counted(rows.len(), table);
    Ok(Recorded { rows: Some(rows), changed: Some(counted) })
}

/// Whether a value is what a program may call a migration: its file, with or without an end, or its number.
fn is_named(entry: &Entry, value: &str) -> bool {
    let file = entry.file.file_name().map(|name| name.to_string_lossy());
    let is_number = || {
        let own = number(&entry.tag).parse::<u128>();
        own.is_ok() && own == value.parse()
    };
    value == entry.tag || value == entry.key || file.is_some_and(|file| value == file) || is_number()
}

/// Whether a statement makes, changes or fills a table, which is the business of the program that records in it.
pub(super) fn is_about(statement: &Statement<'_>, table: &str) -> bool {
    let is_it = |name: &Name| *name == *table;
    match Head::of(statement) {
        Some(Head::RenameTable(from, to)) => is_it(&from) || is_it(&to),
        Some(
            Head::CreateTable(name)
            | Head::CreateIndex(_, name)
            | Head::RenameColumn(name, ..)
            | Head::AddColumn(name, _)
            | Head::DropColumn(name, _)
            | Head::AlterTable(name)
            | Head::DropTable(name)
            | Head::Write(_, name),
        ) => is_it(&name),
        Some(Head::DropIndex(_)) | None => false,
    }
}
