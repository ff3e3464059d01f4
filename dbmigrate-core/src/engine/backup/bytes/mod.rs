//! What a database file has in it, read as bytes and not through the engine, many times as fast, for the same hashes;
//! and rows written in the same way to a file that nobody else has.
//!
//! Whoever reads so has to know that nobody writes to the file ([`still`]). What is not as expected is left to the
//! engine, table by table. The indexes of a table are compared with its rows on the way: `quick_check` does everything
//! else that `integrity_check` does.

mod encode;
mod entries;
mod flush;
pub(super) mod follow;
mod key;
mod layout;
mod noted;
mod order;
mod pager;
mod record;
mod rows;
mod scan;
mod sort;
pub(super) mod still;
#[cfg(test)]
mod tests;
mod tree;
pub(super) mod whole;
pub(super) mod write;

use std::fs::File;
use std::path::Path;

use super::fingerprint::{Contents, of_schema};
use super::inventory::Inventory;
use super::local::Local;
use crate::engine::error::EngineError;
use crate::sql::name::quote_string;
use follow::{Followed, Layouts};
use write::{Tree, Writer};

/// Why a file, or a table of it, is left to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unusual(&'static str);

/// What was read.
pub(super) struct Seen {
    pub(super) contents: Contents,
    /// Names of tables that the engine has to check by itself; `None` if that is all of them.
    pub(super) unchecked: Option<Vec<String>>,
}

/// What is asked for besides the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Also {
    /// Nothing, not even violations of foreign keys.
    Nothing,
    /// Violations of foreign keys, and whether indexes are those of the rows.
    Checks,
}

/// What is in the file that a connection reads, which nobody writes to. It is read by so many threads, but for what was
/// `followed` while it was written, where that is still the same.
///
/// # Errors
/// If the engine fails.
pub(super) fn seen(
    local: &Local,
    file: Option<&File>,
    also: Also,
    threads: usize,
    followed: Option<Followed>,
) -> Result<Seen, EngineError> {
    let inventory = local.inventory()?;
    let pager = file.map(pager::Pager::of).and_then(Result::ok);
    let pager = pager.filter(|_| inventory.objects.iter().all(|object| !object.is_garbled));
    let violations = || match also {
        Also::Nothing => Ok(None),
        Also::Checks => local.foreign_key_violations(),
    };
    let (tables, violations, unchecked) = match &pager {
        Some(pager) => {
            let mut scan = scan::Scan::of(local, &inventory, pager, also == Also::Checks, followed)?;
            let violations = scan.run(threads, violations)?;
            while scan.has_more()? {
                scan.run(threads, || Ok(()))?;
            }
            let unchecked = scan.unchecked();
            (scan.tables(), violations, Some(unchecked))
        }
        None => (vec![None; inventory.tables.len()], violations()?, None),
    };
    let by_engine = |(found, table)| match found {
        Some(content) => Ok(content),
        None => local.table(table),
    };
    let contents = Contents {
        schema: of_schema(inventory.own_objects()),
        tables: tables.into_iter().zip(&inventory.tables).map(by_engine).collect::<Result<_, _>>()?,
        foreign_key_violations: violations,
        settings: inventory.settings,
        uncompared: Vec::new(),
    };
    Ok(Seen { contents, unchecked })
}

/// What rows of tables, and their indexes, are written with: the trees of those of which that is possible.
pub(super) struct Trees {
    pub(super) trees: Vec<Option<Tree>>,
    pub(super) layouts: Layouts,
}

/// The trees of a file that a connection has made with all tables. `None` if that is possible for none.
///
/// # Errors
/// If the engine fails.
pub(super) fn trees(local: &Local, inventory: &Inventory, path: &Path) -> Result<Option<Trees>, EngineError> {
    // there, other pages would have to be told of each page
    if inventory.settings.auto_vacuum != 0 {
        return Ok(None);
    }
    let Some(file) = still::of_nobody_else(path) else { return Ok(None) };
    let Ok(pager) = pager::Pager::of(&file) else { return Ok(None) };
    let (layouts, _) = layout::layouts(local, inventory, pager.is_utf16)?;
    let trees = layouts.iter().map(|layout| Tree::of(layout.as_ref()?, path)).collect();
    Ok(Some(Trees { trees, layouts: layouts.into() }))
}

/// Opens such a file for its rows to be written. `None` if that is not possible.
pub(super) fn writer(path: &Path) -> Option<Writer> {
    let file = File::options().read(true).write(true).open(path).ok()?;
    Writer::of(file)
}

/// The statement that checks a table and its indexes. `None` if its name would be taken for a number.
pub(super) fn check_of(table: &str) -> Option<String> {
    let is_number = table.trim_start_matches(['+', '-']).starts_with(|letter: char| letter.is_ascii_digit());
    (!is_number)
        .then(|| format!("SELECT CAST(integrity_check AS TEXT) FROM pragma_integrity_check({})", quote_string(table)))
}
