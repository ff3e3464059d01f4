//! Migrations that are recorded as applied, or no longer, without running anything.

use dbmigrate_core::engine::apply::history::{HistoryError, compare};
use dbmigrate_core::engine::apply::runner::name_differences;
use dbmigrate_core::engine::apply::{ApplyError, Record, Slot, Target as _, filled, status};
use dbmigrate_core::folder::{Folder, FolderError, Migration, Verify};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use pollster::block_on;

use super::arguments::{Repair, Word};
use super::named::migration;
use super::records::{Change, Records, note};
use super::said;
use crate::adopting::with_differences;
use crate::database::failure::engine_error;
use crate::database::state::failure;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;

/// Records a migration and those before it as applied.
///
/// # Errors
/// What went wrong.
pub(super) fn applied(context: &Context, arguments: &Repair, name: &str) -> Result<()> {
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let last = migration(&folder, name)?;
    let Some(mut records) = Records::of(context, arguments, true)? else { return Ok(()) };
    if let Err(error @ HistoryError::Gap { .. }) = compare(&records.history, folder.migrations()) {
        let Some(filled) = filled(&records.history, folder.migrations(), last.index) else {
            return Err(failure(ApplyError::History(error), (&records.url).into()));
        };
        return fill(context, arguments, (&folder, records), filled);
    }
    let now =
        block_on(status(&mut records.database, &folder)).map_err(|error| failure(error, (&records.url).into()))?;
    let Some(added) = folder.migrations().get(now.applied..=last.index).filter(|added| !added.is_empty()) else {
        said::nothing(context, &format!("{} has {}", records.url, last.name));
        return Ok(());
    };
    let schema_hash =
        fits(&mut records, arguments, last.name.as_str(), last.schema.to_hex(), || folder.schema_at(last))?;
    let what = |migration: &Migration| format!("marked {} as applied", migration.name);
    let change = Change {
        what: format!("record `{}` as applied", last.name),
        schema_hash,
        kept: records.history.len(),
        changed: &[],
        added,
        filled: &[],
        notes: added.iter().map(|one| note(what(one), None)).collect(),
        shown: added
            .iter()
            .map(|one| (one.name.to_string(), "pending".to_owned(), "applied, not run".to_owned()))
            .collect(),
    };
    records.consent(context, arguments, &change)?;
    records.make(context, arguments, &change)
}

/// Records what is missing between others.
fn fill(
    context: &Context,
    arguments: &Repair,
    (folder, mut records): (&Folder, Records),
    (slots, last): (Vec<Slot<'_>>, &Migration),
) -> Result<()> {
    let schema = || folder.schema_at(last);
    let schema_hash = fits(&mut records, arguments, last.name.as_str(), last.schema.to_hex(), schema)?;
    let (mut notes, mut shown) = (Vec::new(), Vec::new());
    for (at, slot) in slots.iter().enumerate() {
        match slot {
            Slot::Added(migration) => {
                let name = migration.name.to_string();
                notes.push(note(format!("marked {name} as applied"), None));
                shown.push((name, "not recorded".to_owned(), "applied, not run".to_owned()));
            }
            Slot::Recorded(was) => {
                let record = &records.history[*was];
                let (from, to) = (record.position, at + 1);
                if usize::try_from(from) != Ok(to) {
                    notes.push(note(format!("moved {} from position {from} to {to}", record.name), Some(record)));
                    shown.push((record.name.clone(), format!("position {from}"), format!("position {to}")));
                }
            }
        }
    }
    let change = Change {
        what: "record what is missing in its history".to_owned(),
        schema_hash,
        kept: records.history.len(),
        changed: &[],
        added: &[],
        filled: &slots,
        notes,
        shown,
    };
    records.consent(context, arguments, &change)?;
    records.make(context, arguments, &change)
}

/// Takes a migration and those after it out of the history.
///
/// # Errors
/// What went wrong.
pub(super) fn not_applied(context: &Context, arguments: &Repair, name: &str) -> Result<()> {
    let folder = context.existing_folder()?;
    let Some(mut records) = Records::of(context, arguments, true)? else { return Ok(()) };
    // it may be one that the folder does not have
    let wanted = folder.find(name).map_or_else(|| name.to_owned(), |found| found.name.to_string());
    let Some(at) = records.history.iter().position(|record| record.name == wanted) else {
        if folder.find(name).is_none() {
            migration(&folder, name)?;
        }
        said::nothing(context, &format!("{} does not have {wanted}", records.url));
        return Ok(());
    };
    let before = at.checked_sub(1).map(|before| records.history[before].clone());
    let hash = before.as_ref().map_or_else(|| SchemaHash::default().to_hex(), |record| record.schema_hash.clone());
    let left = before.as_ref().map_or("no migration", |record| record.name.as_str()).to_owned();
    let schema = || schema_of(&folder, before.as_ref());
    let schema_hash = fits(&mut records, arguments, &left, hash, schema)?;
    let removed = records.history[at..].to_vec();
    let what = |record: &Record| format!("marked {} as not applied", record.name);
    let change = Change {
        what: format!("remove `{wanted}` from its history"),
        schema_hash,
        kept: at,
        changed: &[],
        added: &[],
        filled: &[],
        notes: removed.iter().map(|record| note(what(record), Some(record))).collect(),
        shown: removed
            .iter()
            .map(|record| (record.name.clone(), format!("applied {}", record.applied_at), "pending".to_owned()))
            .collect(),
    };
    records.consent(context, arguments, &change)?;
    records.make(context, arguments, &change)
}

fn schema_of(folder: &Folder, record: Option<&Record>) -> std::result::Result<Schema, FolderError> {
    let Some(record) = record else { return Ok(Schema::default()) };
    match folder.find(&record.name) {
        Some(migration) => folder.schema_at(migration),
        None => Ok(Schema::default()),
    }
}

/// The hash of the schema that the database has to have while it is repaired; nothing if another one was accepted.
///
/// # Errors
/// Exit code 3 if it has another one, and that was not accepted.
fn fits(
    records: &mut Records,
    arguments: &Repair,
    name: &str,
    hash: String,
    wanted: impl FnOnce() -> std::result::Result<Schema, FolderError>,
) -> Result<Option<String>> {
    let engine = |error| engine_error("cannot read the schema", &error, (&records.url).into());
    if block_on(records.database.has_schema(&hash)).map_err(engine)? {
        return Ok(Some(hash));
    }
    if arguments.accepts(Word::Schema) {
        return Ok(None);
    }
    let (found, unreadable) = block_on(records.database.schema()).map_err(engine)?;
    let differences = name_differences(&found, &unreadable, &wanted()?);
    let message = format!("`{}` does not have the schema of `{name}`", records.url);
    let error = with_differences(CommandError::new(exit::DECISION, message), "to match it", &differences);
    Err(error
        .note("nothing was changed")
        .help("bring the schema there by hand, then run the command again")
        .help(format!("to record it all the same: `{} --accept schema`", arguments.command_line())))
}
