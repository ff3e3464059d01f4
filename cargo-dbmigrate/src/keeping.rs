//! What a database keeps, with what its migrations say of it.

use std::collections::BTreeMap;

use dbmigrate_core::engine::apply::{Database, Record, Target as _};
use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::engine::kept::{KeptThere, kept_in};
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::kept::{KEPT_PREFIX, sequence_of};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::path;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;

/// Something that is kept.
pub(crate) struct Thing {
    pub(crate) there: KeptThere,
    /// What it was: `users.legacy`, `audit`.
    pub(crate) objects: Vec<String>,
    /// The migration that keeps it, as the history calls it, and since when.
    pub(crate) migration: Option<Record>,
    /// For how many days it has been kept.
    pub(crate) days: Option<u64>,
}

impl Thing {
    /// Whether it was kept for longer than it is wanted.
    pub(crate) fn is_expired(&self, keep_days: Option<u32>) -> bool {
        matches!((self.days, keep_days), (Some(days), Some(wanted)) if days > u64::from(wanted))
    }

    /// Whether somebody calls it so.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let own = self.there.name.as_str();
        let short = own.get(KEPT_PREFIX.len()..).unwrap_or_default();
        let migration = self.migration.iter().map(|record| record.name.as_str());
        let names = [own, short].into_iter().chain(self.objects.iter().map(String::as_str)).chain(migration);
        let number = sequence_of(&self.there.name).map(|number| format!("{number:04}"));
        names.chain(number.as_deref()).any(|one| one.eq_ignore_ascii_case(name))
    }
}

/// What a database keeps.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn things(database: &mut Database, folder: Option<&Folder>, url: &DatabaseUrl) -> Result<Vec<Thing>> {
    let failed = |error| engine_error("cannot read what is kept", &error, url.into());
    let found = block_on(kept_in(database.connection())).map_err(failed)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let history = block_on(database.history()).map_err(failed)?;
    let said = folder.map(objects).transpose()?.unwrap_or_default();
    let record = |kept: &KeptThere| {
        let number = sequence_of(&kept.name)?;
        let is_it = |record: &&Record| record.name.split('_').next().and_then(|one| one.parse().ok()) == Some(number);
        history.iter().find(is_it).cloned()
    };
    let mut things: Vec<Thing> = found
        .into_iter()
        .map(|there| Thing {
            objects: said.get(&there.name).cloned().unwrap_or_else(|| guessed(&there)),
            migration: record(&there),
            days: None,
            there,
        })
        .collect();
    // the clock is that of whoever wrote the history
    let age = |thing: &Thing| match &thing.migration {
        Some(record) => {
            format!("SELECT CAST(julianday('now') - julianday('{}') AS INTEGER)", record.applied_at.replace('\'', "''"))
        }
        None => "SELECT -1".to_owned(),
    };
    let queries: Vec<String> = things.iter().map(age).collect();
    let answers = block_on(database.connection().ask_all(&queries)).map_err(failed)?;
    for (thing, answer) in things.iter_mut().zip(answers) {
        let rows = answer.map_err(failed)?;
        thing.days = rows.first().and_then(|row| u64::try_from(row.first().map_or(-1, integer)).ok());
    }
    Ok(things)
}

/// What the migrations of the folder keep, by hidden table.
fn objects(folder: &Folder) -> Result<BTreeMap<Name, Vec<String>>> {
    let mut all: BTreeMap<Name, Vec<String>> = BTreeMap::new();
    for migration in folder.migrations() {
        // one that was edited tells as much, and is not what this is about
        let path = folder.sql_path(migration);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let script = Script::parse(&text, &path).map_err(CommandError::from)?;
        for keep in &script.keeps {
            all.entry(keep.kept.clone()).or_default().push(keep.object());
        }
    }
    Ok(all)
}

/// What a hidden table is of, where no migration says so.
fn guessed(there: &KeptThere) -> Vec<String> {
    if let Some(table) = &there.table {
        return there.columns.iter().map(|column| path([table, column])).collect();
    }
    let rest = there.name.as_str().get(KEPT_PREFIX.len()..).unwrap_or_default();
    vec![rest.split_once('_').map_or(rest, |(_, table)| table).to_owned()]
}
