//! The rows of a database that would be lost with it, those of ignored tables included.

use dbmigrate_core::engine::apply::{Database, Target as _};
use dbmigrate_core::engine::connection::text;
use dbmigrate_core::engine::introspect::HISTORY_TABLE;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::error::Result;
use crate::project::url::DatabaseUrl;

/// How many tables are listed before the rest is left to be imagined.
const LISTED: usize = 10;

/// How many rows each table has that has some; no number where they cannot be counted.
pub(super) type Rows = Vec<(Name, Option<u64>)>;

/// Counts the rows.
///
/// # Errors
/// If the database cannot be read.
pub(super) fn count(database: &mut Database, url: &DatabaseUrl) -> Result<Rows> {
    let failed = |error| engine_error("cannot count the rows", &error, url.into()).note("nothing was changed");
    // the tables in which a virtual one keeps its rows are counted with it
    let query = format!(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') \
         AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> '{HISTORY_TABLE}' ORDER BY name"
    );
    let tables = block_on(database.rows(&query)).map_err(failed)?;
    let names: Vec<Name> = tables.iter().map(|row| text(&row[0]).into()).collect();
    let queries: Vec<String> = names.iter().map(|name| format!("SELECT count(*) FROM {}", name.sql())).collect();
    let answers = block_on(database.ask(&queries)).map_err(failed)?;
    let counts = answers.into_iter().map(|answer| answer.ok().flatten()?.first()?.parse().ok());
    Ok(names.into_iter().zip(counts).filter(|(_, count)| *count != Some(0)).collect())
}

/// `users: 2 rows, posts: 1 row`.
pub(super) fn shown(rows: &Rows) -> String {
    let table = |(name, count): &(Name, Option<u64>)| match count {
        Some(1) => format!("{name}: 1 row"),
        Some(count) => format!("{name}: {count} rows"),
        None => format!("{name}: rows that cannot be counted"),
    };
    let mut listed: Vec<String> = rows.iter().take(LISTED).map(table).collect();
    if rows.len() > LISTED {
        listed.push(format!("and {} more tables", rows.len() - LISTED));
    }
    listed.join(", ")
}
