//! The records of one database that are repaired, each repair with a note of it in the history.

use dbmigrate_core::engine::apply::{Correction, Database, Note, Record, RecordKind, Slot, Target as _, correct};
use dbmigrate_core::folder::Migration;
use pollster::block_on;

use super::arguments::Repair;
use super::said::{Repaired, report};
use crate::adopting::open_existing;
use crate::database::failure::engine_error;
use crate::database::file;
use crate::database::state::failure;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::On;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};

/// A database with its history, looked at for a repair.
pub(super) struct Records {
    pub(super) url: DatabaseUrl,
    pub(super) database: Database,
    pub(super) history: Vec<Record>,
}

/// What is to be recorded instead.
pub(super) struct Change<'a> {
    /// What is done, to be read behind "to".
    pub(super) what: String,
    /// The schema that the database has to have, if that is asked.
    pub(super) schema_hash: Option<String>,
    pub(super) kept: usize,
    pub(super) changed: &'a [(usize, &'a Migration)],
    pub(super) added: &'a [Migration],
    pub(super) filled: &'a [Slot<'a>],
    pub(super) notes: Vec<Note>,
    /// What was there, and what is there then.
    pub(super) shown: Vec<(String, String, String)>,
}

impl Records {
    /// Those of the database that is meant; of the default one only if it is there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn of(context: &Context, arguments: &Repair, must_exist: bool) -> Result<Option<Self>> {
        // where none is named, files can be repaired without one
        let url = match context.database(&arguments.connect) {
            Err(error) if !must_exist && !arguments.connect.names_one() => {
                context.printer.warning(&format!("no database is looked at: {}", error.message()), error.help_lines());
                return Ok(None);
            }
            url => url?,
        };
        if !must_exist && !arguments.connect.names_one() && !file::exists(&url)? {
            return Ok(None);
        }
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        let mut database = open_existing(context, &url, "repair")?;
        let history = block_on(database.history()).map_err(|error| {
            engine_error("cannot read the history", &error, (&url).into()).note("nothing was changed")
        })?;
        Ok(Some(Self { url, database, history }))
    }

    /// Sees to it that there is consent, before anything is changed.
    ///
    /// # Errors
    /// Exit code 3 if there is none.
    pub(super) fn consent(&self, context: &Context, arguments: &Repair, change: &Change<'_>) -> Result<()> {
        if arguments.dry_run {
            return Ok(());
        }
        let command = arguments.command_line();
        let intent = Intent { what: &change.what, command: &command, why: None, untouched: "nothing was changed" };
        context.consent(&self.url, arguments.consent.into(), intent)
    }

    /// Makes a change, or says what it would be.
    ///
    /// # Errors
    /// If the database is no longer what was looked at, or cannot be written to.
    pub(super) fn make(mut self, context: &Context, arguments: &Repair, change: &Change<'_>) -> Result<()> {
        if !arguments.dry_run {
            let correction = Correction {
                before: &self.history,
                schema_hash: change.schema_hash.clone(),
                kept: change.kept,
                changed: change.changed,
                added: change.added,
                filled: change.filled,
                kind: RecordKind::Repair,
                notes: &change.notes,
            };
            match block_on(correct(&mut self.database, &correction)) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    let message = format!("another program changed `{}` in the meantime", self.url);
                    return Err(CommandError::new(exit::INCONSISTENT, message)
                        .note(format!("nothing was changed in `{}`", self.url))
                        .help("run the command again"));
                }
                Err(error) => return Err(failure(error, (&self.url).into())),
            }
        }
        for (what, before, after) in &change.shown {
            let one = Repaired {
                place: self.url.to_string(),
                on: Some(On::from(&self.url)),
                what: what.clone(),
                before: before.clone(),
                after: after.clone(),
            };
            report(context, &one, arguments.dry_run);
        }
        Ok(())
    }
}

/// A note of a record as it was.
pub(super) fn note(what: String, record: Option<&Record>) -> Note {
    Note {
        what,
        checksum: record.map(|record| record.checksum.clone()).unwrap_or_default(),
        schema_hash: record.map(|record| record.schema_hash.clone()).unwrap_or_default(),
    }
}
