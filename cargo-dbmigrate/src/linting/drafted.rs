//! Lints of what a command is about to write or to run: what is denied is not written, and of the rest is warned behind it.

use std::path::Path;

use dbmigrate_core::lint::Target;

use super::run::Look;
use super::shown::{Place, Shown, are_denied};
use super::{Linted, Set, Subject, run};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::{Context, path};
use crate::source::Declared;

/// What was found in it.
#[derive(Debug)]
pub(crate) struct Drafted {
    linted: [Linted; 1],
    set: Set,
}

impl Drafted {
    /// Looks at it before anything is done. `command` is what was typed, so that a flag can be put behind it; a file that
    /// is written already takes directives instead.
    ///
    /// # Errors
    /// Exit code 3 for what is denied; `untouched` says what was not done.
    pub(crate) fn of(
        context: &Context,
        (set, target): (Set, &Target),
        (subject, declared): (&Subject<'_>, &Declared),
        (command, untouched): (&str, &str),
    ) -> Result<Self> {
        let drafted = Self {
            linted: [run::one(subject, Look { set: &set, target, declared: Some(declared), questions: None })?],
            set,
        };
        let shown = drafted.shown(command);
        if shown.denied.is_empty() {
            return Ok(drafted);
        }
        let error = CommandError::new(exit::DECISION, are_denied(shown.denied.len(), "")).note(untouched);
        Err(error.diagnostics(context.printer.render(&shown.denied)))
    }

    /// Warns of the rest, at its lines in the file once that is written.
    pub(crate) fn warn(mut self, context: &Context, file: Option<&Path>, command: &str) {
        if let Some(file) = file {
            self.linted[0].file = Some(path::for_display(file));
        }
        context.printer.diagnostics(&self.shown(command).warnings);
    }

    fn shown(&self, command: &str) -> Shown {
        let place = if self.linted[0].file.is_some() { Place::File } else { Place::Command(command) };
        Shown::of(&self.linted, &self.set, place)
    }
}
