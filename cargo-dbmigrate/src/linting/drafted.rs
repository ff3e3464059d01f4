//! Lints of what a command is about to write or to run: what is denied is not written, and of the rest is warned behind it.

use std::collections::HashSet;
use std::path::Path;

use dbmigrate_core::engine::Connection;
use dbmigrate_core::lint::Target;

use super::run::Look;
use super::shown::{Place, Shown, are_denied};
use super::{Linted, Set, Subject, probes, run};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::{Context, path};
use crate::source::Declared;

/// What was found in it.
#[derive(Debug)]
pub(crate) struct Drafted {
    linted: Vec<Linted>,
    set: Set,
}

impl Drafted {
    /// Looks at what will be written before anything is done. `command` is what was typed, so that a flag can be put behind
    /// it; a file that is written already takes directives instead.
    ///
    /// # Errors
    /// Exit code 3 for what is denied; `untouched` says what was not done.
    pub(crate) fn of(
        context: &Context,
        (set, target): (Set, &Target),
        (subject, declared): (&Subject<'_>, &Declared),
        said: (&str, &str),
    ) -> Result<Self> {
        let linted = vec![run::one(subject, Look { set: &set, target, declared: Some(declared), questions: None })?];
        Self { linted, set }.unless_denied(context, said)
    }

    /// Looks at what will be done in a database, whose rows are asked; `None` if it is not there yet.
    ///
    /// # Errors
    /// As for [`Drafted::of`].
    pub(crate) fn in_database(
        context: &Context,
        (set, target): (Set, &Target),
        (subject, declared): (&Subject<'_>, &Declared),
        database: Option<&Connection>,
        said: (&str, &str),
    ) -> Result<Self> {
        let look = Look { set: &set, target, declared: Some(declared), questions: None };
        let linted = probes::one(subject, look, database)?
            .map_err(|error| CommandError::failed(format!("cannot count the rows that lints are about: {error}")))?;
        Self { linted, set }.unless_denied(context, said)
    }

    fn unless_denied(self, context: &Context, (command, untouched): (&str, &str)) -> Result<Self> {
        let shown = self.shown(command);
        if shown.denied.is_empty() {
            return Ok(self);
        }
        let error = CommandError::new(exit::DECISION, are_denied(shown.denied.len(), "")).note(untouched);
        Err(error.diagnostics(context.printer.render(&shown.denied)))
    }

    /// The help lines of what was found.
    pub(crate) fn help(&self) -> HashSet<&str> {
        let found = self.linted.iter().flat_map(|linted| &linted.found);
        found.flat_map(|found| &found.finding.help).map(String::as_str).collect()
    }

    /// Warns of the rest, at its lines in the file once that is written.
    pub(crate) fn warn(mut self, context: &Context, file: Option<&Path>, command: &str) {
        if let Some(file) = file {
            self.linted.iter_mut().for_each(|linted| linted.file = Some(path::for_display(file)));
        }
        context.printer.diagnostics(&self.shown(command).warnings);
    }

    fn shown(&self, command: &str) -> Shown {
        let is_written = self.linted.iter().any(|linted| linted.file.is_some());
        let place = if is_written { Place::File } else { Place::Command(command) };
        Shown::of(&self.linted, &self.set, place)
    }
}
