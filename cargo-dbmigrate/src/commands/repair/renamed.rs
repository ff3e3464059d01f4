//! A directory that got another name: accepted in the lock, and in the database that has the old one.

use dbmigrate_core::folder::{Folder, FolderError, Migration, MigrationName};

use super::arguments::Repair;
use super::named::{in_lock, migration};
use super::records::{Change, Records, note};
use super::said::{self, report};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;

/// Runs it.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Repair, name: &str) -> Result<()> {
    let mut folder = context.folder_as_listed()?;
    // the one that is called so in the lock, or the one whose directory is called so
    let before = folder.find(name).is_none().then(|| renamed(&folder, name)).transpose()?;
    let now = match &before {
        Some((listed, new)) => Migration { name: new.clone(), ..listed.clone() },
        None => migration(&folder, name)?.clone(),
    };
    let records = Records::of(context, arguments, false)?;
    let recorded = records.as_ref().and_then(|records| {
        let is_it = |record: &dbmigrate_core::engine::apply::Record| record.checksum == now.sql.to_hex();
        let same: Vec<usize> = (0..records.history.len()).filter(|at| is_it(&records.history[*at])).collect();
        let at = same.iter().find(|at| **at == now.index).or(same.first().filter(|_| same.len() == 1)).copied()?;
        (records.history[at].name != now.name.as_str()).then_some(at)
    });
    if before.is_none() && recorded.is_none() {
        said::nothing(context, &format!("{} has the name that was recorded", now.name));
        return Ok(());
    }
    let changed: Vec<(usize, &Migration)> = recorded.iter().map(|at| (*at, &now)).collect();
    let change = records.as_ref().zip(recorded).map(|(records, at)| {
        let record = &records.history[at];
        let what = format!("renamed {} to {}", record.name, now.name);
        Change {
            what: format!("record `{}` as `{}`", record.name, now.name),
            schema_hash: None,
            kept: records.history.len(),
            changed: &changed,
            added: &[],
            filled: &[],
            notes: vec![note(what, Some(record))],
            shown: vec![("renamed".to_owned(), record.name.clone(), now.name.to_string())],
        }
    });
    if let (Some(records), Some(change)) = (&records, &change) {
        records.consent(context, arguments, change)?;
    }
    if let Some((listed, new)) = &before {
        if !arguments.dry_run {
            folder.accept_name(listed, new)?;
        }
        let one = in_lock(&folder, "renamed".to_owned(), listed.name.as_str(), new.as_str());
        report(context, &one, arguments.dry_run);
    }
    if let (Some(records), Some(change)) = (records, change) {
        records.make(context, arguments, &change)?;
    }
    if !arguments.dry_run {
        context.printer.next(&[format!(
            "in each other database that has it: `cargo dbmigrate repair --renamed {} --url URL`",
            now.name
        )]);
    }
    Ok(())
}

/// The migration whose directory is called so now, and that name.
fn renamed(folder: &Folder, name: &str) -> Result<(Migration, MigrationName)> {
    let found = folder.migrations().iter().find_map(|one| Some((one, folder.renamed_directory(one)?)));
    let is_it = |(listed, new): &(&Migration, MigrationName)| new.as_str() == name || listed.name.as_str() == name;
    if let Some((listed, new)) = found.filter(is_it) {
        return Ok((listed.clone(), new));
    }
    if folder.path().join(name).is_dir() {
        let message = format!("`{name}` has not the files of a migration that is missing");
        let error: CommandError = FolderError::Unlisted { path: folder.path().join(name), head: None }.into();
        return Err(CommandError::new(exit::INCONSISTENT, message)
            .note("a renamed migration is known by its files, which must be as they were recorded")
            .helps(error.help_lines().to_vec()));
    }
    Err(CommandError::usage(format!("no migration named `{name}`")).help("list them: `cargo dbmigrate status`"))
}
