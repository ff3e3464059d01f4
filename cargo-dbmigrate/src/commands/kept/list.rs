//! `kept`: a line for each thing that a database keeps.

use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_quoted;

use crate::database::{file, open};
use crate::error::Result;
use crate::exit;
use crate::keeping::{Thing, things};
use crate::messages;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;

/// Runs it on one database.
pub(super) fn run(context: &Context, folder: Option<&Folder>, url: &DatabaseUrl) -> Result<u8> {
    let printer = &context.printer;
    let things = match file::exists(url)? {
        true => things(&mut open(context, url, false)?, folder, url)?,
        false => Vec::new(),
    };
    if things.is_empty() {
        printer.status("Empty", format!("{url}: nothing is kept"));
        return Ok(exit::DONE);
    }
    let keep_days = context.config.keep_days(url.target().map(|target| target.name.as_str()));
    let label = printer.label().map(|(_, name)| format!("{name}  ")).unwrap_or_default();
    let objects: Vec<String> = things.iter().map(|thing| thing.objects.join(", ")).collect();
    let names = things.iter().map(|thing| thing.there.name.as_str().chars().count()).max().unwrap_or_default();
    let width = objects.iter().map(|objects| objects.chars().count()).max().unwrap_or_default();
    for (thing, objects) in things.iter().zip(&objects) {
        let state = state(thing, keep_days);
        printer.result(format!("{label}{objects:width$}  {:names$}  {state}", thing.there.name.as_str()));
        printer.message(|| message(thing, url, keep_days));
    }
    let expired = things.iter().filter(|thing| thing.is_expired(keep_days)).count();
    printer.status("Kept", format!("{url}: {}", counted(things.len(), "table")));
    if expired > 0 {
        printer.next(&["drop what is no longer wanted: `cargo dbmigrate kept drop --expired`".to_owned()]);
    } else if let [only] = &things[..] {
        let name = shell_quoted(only.there.name.as_str());
        let known =
            only.migration.iter().filter(|record| folder.is_some_and(|folder| folder.find(&record.name).is_some()));
        let revert = known.map(|record| format!("bring it back: `cargo dbmigrate revert {}`", record.name));
        let mut next: Vec<String> = revert.collect();
        next.push(format!("drop it for good: `cargo dbmigrate kept drop {name}`"));
        printer.next(&next);
    }
    Ok(exit::DONE)
}

/// How much it is, since when, and whether it is wanted.
fn state(thing: &Thing, keep_days: Option<u32>) -> String {
    let rows = usize::try_from(thing.there.rows - thing.there.left_over.min(thing.there.rows)).unwrap_or(usize::MAX);
    let mut state = vec![counted(rows, "row"), size(thing.there.bytes)];
    if let Some(record) = &thing.migration {
        state.push(format!("since {} ({})", record.applied_at, record.name));
    }
    if let (true, Some(days)) = (thing.is_expired(keep_days), keep_days) {
        state.push(format!("longer than {}", counted(usize::try_from(days).unwrap_or(usize::MAX), "day")));
    }
    state.join(", ")
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1_048_576)),
    }
}

fn message(thing: &Thing, url: &DatabaseUrl, keep_days: Option<u32>) -> messages::Kept {
    messages::Kept {
        on: url.into(),
        table: thing.there.name.to_string(),
        objects: thing.objects.clone(),
        of: thing.there.table.as_ref().map(ToString::to_string),
        migration: thing.migration.as_ref().map(|record| record.name.clone()),
        since: thing.migration.as_ref().map(|record| record.applied_at.clone()),
        days: thing.days,
        keep_days,
        is_expired: thing.is_expired(keep_days),
        rows: thing.there.rows,
        left_over: thing.there.left_over,
        bytes: thing.there.bytes,
    }
}
