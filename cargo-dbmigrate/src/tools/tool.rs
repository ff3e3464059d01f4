//! What a tool is, for whoever reads its folder and what a database says of it.

use std::fmt;
use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{Database, Target as _};
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::quote_string;

use super::about::{About, AppliedRow, Sign};
use super::compare::{self, Applied};
use super::folder::ToolFolder;
use super::listing::Listing;
use super::settings::Settings;
use crate::error::Result;

/// A tool that migrates databases.
pub(crate) trait Tool: Sync {
    /// Its names, and what is said of it.
    fn about(&self) -> &'static About;

    /// Whether a folder looks like one of its.
    fn sign(&self, listing: &Listing) -> Sign;

    /// Reads a folder, of a package whose settings are these.
    ///
    /// # Errors
    /// If it is none of its, or is not whole.
    fn read(&self, path: &Path, settings: &Settings) -> Result<ToolFolder>;

    /// What its own configuration in a package says otherwise than usual.
    fn settings(&self, _root: &Path) -> Settings {
        Settings::default()
    }

    /// What a database says in this table that was applied; `None` if it says nothing, not even that nothing was. A tool
    /// without a table looks elsewhere.
    ///
    /// # Errors
    /// If the engine fails.
    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError>;

    /// Compares what a database says with the folder.
    ///
    /// # Errors
    /// If the two contradict each other.
    fn compare(&self, folder: &ToolFolder, rows: &[AppliedRow], database: &str) -> Result<Applied> {
        compare::by_key(self.about(), folder, rows, database)
    }

    /// A query that returns a row as soon as a database says something else in this table than these rows.
    fn changed(&self, rows: &[AppliedRow], table: &str) -> Option<String> {
        Some(counted(rows.len(), table))
    }
}

/// A query that returns a row as soon as a table has more or fewer rows.
pub(super) fn counted(rows: usize, table: &str) -> String {
    format!("SELECT 1 FROM (SELECT count(*) AS n FROM {}) WHERE n <> {rows}", quoted(table))
}

/// The name of a table, as it stands in a query.
pub(super) fn quoted(table: &str) -> String {
    Name::from(table).sql().into_owned()
}

impl fmt::Debug for dyn Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().name)
    }
}

/// The columns of a table, in lower case; none if there is no such table.
pub(super) fn columns(database: &mut Database, table: &str) -> std::result::Result<Vec<String>, EngineError> {
    let query = format!("SELECT lower(name) FROM pragma_table_info({})", quote_string(table));
    let rows = pollster::block_on(database.rows(&query))?;
    Ok(rows.iter().map(|row| text(&row[0]).to_owned()).collect())
}

/// The rows of a query for a key, and where they are selected a checksum and a name, if there is a table with these
/// columns. It stands in the query as `{table}`.
pub(super) fn rows_of(
    database: &mut Database,
    table: &str,
    needed: &[&str],
    query: &str,
) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
    let columns = columns(database, table)?;
    if columns.is_empty() || !needed.iter().all(|needed| columns.iter().any(|column| column == needed)) {
        return Ok(None);
    }
    let rows = pollster::block_on(database.rows(&query.replace("{table}", &quoted(table))))?;
    let said = |row: &Vec<_>, at: usize| row.get(at).map(text).filter(|text| !text.is_empty()).map(str::to_owned);
    let row = |row: &Vec<_>| AppliedRow {
        key: said(row, 0).unwrap_or_default(),
        checksum: said(row, 1),
        name: said(row, 2),
        unfinished: said(row, 3),
    };
    Ok(Some(rows.iter().map(row).collect()))
}
