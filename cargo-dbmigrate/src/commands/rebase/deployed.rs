//! `rebase --deployed`: a database that has migrations as they were before a rebase gets what it lacks behind them, with
//! its rows, and then the order of the folder in its history. What is applied is planned and proven as in any rebase.

use dbmigrate_core::engine::apply::history::{common, compare};
use dbmigrate_core::engine::apply::{
    Applied, Correction, Database, Loss, Note, Observer, Record, RecordKind, Target as _, apply_pending, correct,
};
use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::folder::{Folder, MigrationName, Verify};
use dbmigrate_core::merge::Answers as Taken;
use pollster::block_on;

use super::arguments::Rebase;
use super::said;
use crate::adopting::{open_existing, with_differences};
use crate::database::failure::engine_error;
use crate::database::state::{failure, failure_of_run};
use crate::error::{CommandError, Result};
use crate::messages::On;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};
use crate::rebasing::{Chain, Deciding, Rebased, Sides, lost};
use crate::report::duration::Elapsed;
use crate::report::loss::say_loss;
use crate::report::{Printer, counted};
use crate::{exit, messages, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Rebase, taken: Taken) -> Result<u8> {
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        let name = fleet.name();
        return Err(CommandError::usage(format!("`{name}` is a fleet, and its members are brought along one by one"))
            .help(format!("see who has which: `cargo dbmigrate status -t {name}`"))
            .help(format!("name a member: `cargo dbmigrate rebase --deployed -t {name}/NAME`")));
    }
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let folder = context.existing_folder()?;
    folder.verify(Verify::All)?;
    let mut database = open_existing(context, &url, "rebase --deployed")?;
    let history = history(&mut database, &url)?;
    if compare(&history, folder.migrations()).is_ok() {
        context.printer.status("Unchanged", format!("{url}: its migrations are those of the folder, in their order"));
        return Ok(exit::DONE);
    }
    let sides = Sides::of_recorded(&folder, &history, &url.to_string())?;
    let (declared, _) = structs::read_or_nothing(context)?;
    let deciding = Deciding::new(context, &declared, (&arguments.answers, taken), arguments.command_line());
    let deciding = deciding.of_database();
    let rebased = Chain { sides: &sides, deciding: &deciding }.rebased();
    let rebased = rebased.map_err(|error| deciding.with_answers(error))?;
    deciding.refuse_unused()?;
    verify(&rebased, &folder, (&history, &url))?;
    if arguments.dry_run {
        said::dry_run(context, &sides, &rebased, None);
        let count = counted(folder.migrations().len(), "migration");
        context.printer.status("Would record", format!("{url}: {count} in the order of the folder"));
        return Ok(exit::DONE);
    }
    let command = arguments.command_line();
    let what = "apply what it lacks and record the new order";
    let intent = Intent { what, command: &command, why: None, untouched: "nothing was changed" };
    context.consent(&url, arguments.consent.into(), intent)?;
    let before = history.len();
    let mut observer = Watch { printer: &context.printer, url: &url, applied: 0 };
    block_on(apply_pending(&mut database, &rebased.folder, None, &mut observer))
        .map_err(|error| failure_of_run(error, (&url).into()))?;
    let applied = observer.applied;
    for note in record(&mut database, &folder, &url)? {
        let on = On::from(&url);
        let (what, after) = (note.what.clone(), "recorded in the order of the folder".to_owned());
        context.printer.message(|| messages::Repaired {
            database: Some(on.database),
            target: on.target,
            what,
            before: "recorded as it was before the rebase".to_owned(),
            after,
            dry_run: false,
        });
    }
    context.printer.message(|| messages::Migrated { on: (&url).into(), applied, before, pending: Vec::new() });
    let count = counted(folder.migrations().len(), "migration");
    context.printer.status("Rebased", format!("{url}: {count} in the order of the folder, {applied} applied"));
    Ok(exit::DONE)
}

fn history(database: &mut Database, url: &DatabaseUrl) -> Result<Vec<Record>> {
    block_on(database.history())
        .map_err(|error| engine_error("cannot read the history", &error, url.into()).note("nothing was changed"))
}

/// That the database ends where the folder does, and has nothing that is not accounted for.
fn verify(rebased: &Rebased, folder: &Folder, (history, url): (&[Record], &DatabaseUrl)) -> Result<()> {
    let found = differences(&rebased.folder.head_schema()?, &folder.head_schema()?);
    if !found.is_empty() {
        let message = format!("what `{url}` lacks, behind what it has, ends in another schema than the folder");
        let error = CommandError::new(exit::DECISION, message);
        return Err(with_differences(error, "to match the folder", &found)
            .note("nothing was changed")
            .help("say whose version of that is taken: `cargo dbmigrate rebase --deployed --take ours:OBJECT`"));
    }
    let known = common(history, rebased.folder.migrations()).position();
    match history.get(known) {
        Some(record) => Err(lost(record, &url.to_string())),
        None => Ok(()),
    }
}

/// Records the migrations in the order of the folder, with a note for each that had another place.
fn record(database: &mut Database, folder: &Folder, url: &DatabaseUrl) -> Result<Vec<Note>> {
    let before = history(database, url)?;
    let same = common(&before, folder.migrations());
    let Some(head) = folder.head() else { return Ok(Vec::new()) };
    let notes: Vec<Note> = before[same.position()..].iter().map(|record| note(record, folder)).collect();
    let correction = Correction {
        before: &before,
        schema_hash: Some(head.schema.to_hex()),
        kept: same.position(),
        changed: &[],
        added: &folder.migrations()[same.migrations()..],
        filled: &[],
        kind: RecordKind::Repair,
        notes: &notes,
    };
    let again = |error: CommandError| {
        error
            .note("what it lacked is applied, and not recorded yet")
            .help("run it again: `cargo dbmigrate rebase --deployed`")
    };
    match block_on(correct(database, &correction)) {
        Ok(None) => Ok(notes),
        Ok(Some(_)) => {
            let message = format!("another program changed `{url}` in the meantime");
            Err(again(CommandError::new(exit::INCONSISTENT, message)))
        }
        Err(error) => Err(again(failure(error, url.into()))),
    }
}

/// What became of a record.
fn note(record: &Record, folder: &Folder) -> Note {
    let slug = MigrationName::parse(&record.name).map(|name| name.slug().to_owned());
    let now = folder.migrations().iter().find(|one| slug.as_deref() == Some(one.name.slug()));
    let what = match now {
        Some(now) if now.name.as_str() != record.name => format!("rebased {} to {}", record.name, now.name),
        _ => format!("rebased {}", record.name),
    };
    Note { what, checksum: record.checksum.clone(), schema_hash: record.schema_hash.clone() }
}

/// Says what happens.
struct Watch<'p> {
    printer: &'p Printer,
    url: &'p DatabaseUrl,
    applied: usize,
}

impl Observer for Watch<'_> {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}

    fn loses(&mut self, loss: &Loss) {
        say_loss(self.printer, "Dropping", loss);
    }

    fn applied(&mut self, Applied { name, milliseconds, in_place, .. }: &Applied) {
        self.applied += 1;
        self.printer.status("Applied", format!("{name} ({})", Elapsed(*milliseconds)));
        self.printer.message(|| messages::Applied {
            on: self.url.into(),
            name: name.clone(),
            milliseconds: *milliseconds,
            in_place: *in_place,
        });
    }
}
