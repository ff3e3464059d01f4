//! What two branches have both changed, and what was answered to it: by flags, or at the terminal.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use dbmigrate_core::merge::{Answers as Taken, Conflict};
use dbmigrate_core::shell::{shell_flag, shell_words};

use crate::decisions::answers::Answers;
use crate::decisions::ask;
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::source::Declared;

/// Whoever decides.
pub(crate) struct Deciding<'a> {
    /// Where it is said.
    pub(crate) context: &'a Context,
    /// The structs, for places in them.
    pub(crate) declared: &'a Declared,
    /// What was answered to the questions of a plan.
    pub(crate) answers: &'a Answers,
    /// What was answered to conflicts.
    pub(crate) taken: RefCell<Taken>,
    /// The command as it was typed, with its answers.
    pub(crate) command: String,
    /// Whether nobody is asked and nothing is said.
    pub(crate) is_silent: bool,
    /// Whether it is about what one database gets, and the files of the folder stay as they are.
    pub(crate) is_of_database: bool,
    /// The answers that were given at the terminal.
    pub(crate) given: RefCell<Vec<String>>,
    /// The expressions that some plan has a use for.
    pub(super) used: RefCell<BTreeSet<String>>,
}

impl<'a> Deciding<'a> {
    /// With the answers of a command line: those to conflicts are `taken`.
    pub(crate) fn new(
        context: &'a Context,
        declared: &'a Declared,
        (answers, taken): (&'a Answers, Taken),
        command: String,
    ) -> Self {
        let taken = RefCell::new(taken);
        Self {
            context,
            declared,
            answers,
            taken,
            command,
            is_silent: false,
            is_of_database: false,
            given: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// The same for one database.
    pub(crate) fn of_database(self) -> Self {
        Self { is_of_database: true, ..self }
    }

    /// The same without anybody to ask.
    pub(crate) fn silent(&self) -> Self {
        let taken = self.taken.borrow().clone();
        let (context, declared, answers, command) = (self.context, self.declared, self.answers, self.command.clone());
        Self {
            context,
            declared,
            answers,
            taken: RefCell::new(taken),
            command,
            is_silent: true,
            is_of_database: self.is_of_database,
            given: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// Asks about the first of these, or says all of them.
    ///
    /// # Errors
    /// Exit code 3 if nobody can be asked.
    pub(crate) fn resolve(&self, conflicts: &[Conflict], file: &Path) -> Result<()> {
        let Some(first) = conflicts.iter().find(|conflict| !conflict.answers.is_empty()) else {
            return Err(self.unresolved(conflicts, file));
        };
        if self.is_silent || !self.context.printer.can_ask() {
            return Err(self.unresolved(conflicts, file));
        }
        let items: Vec<String> = first.answers.iter().map(|(words, flag)| format!("{words}: {flag}")).collect();
        let question = format!("{first}: this branch {}, the other {}", first.ours, first.theirs);
        let flag = &first.answers[ask::chosen(self.context, &question, &items)?].1;
        self.given.borrow_mut().push(flag.clone());
        let words = shell_words(flag).unwrap_or_default();
        let value = words.get(1).map_or(flag.as_str(), String::as_str);
        self.taken.borrow_mut().add(value).map_err(|error| CommandError::usage(error.to_string()))
    }

    /// Exit code 3, with every answer as a command.
    pub(super) fn unresolved(&self, conflicts: &[Conflict], file: &Path) -> CommandError {
        let command = self.command_line();
        let diagnostic = |conflict: &Conflict| {
            let message = format!("{conflict}: this branch {}, the other {}", conflict.ours, conflict.theirs);
            let mut diagnostic = Diagnostic::error(message).at(file, 0..0, "");
            diagnostic.code = Some(conflict.kind.name().to_owned());
            diagnostic.object = Some(conflict.object.as_str().into());
            conflict
                .answers
                .iter()
                .fold(diagnostic, |diagnostic, (words, flag)| diagnostic.help(format!("{words}: `{command} {flag}`")))
        };
        let diagnostics: Vec<Diagnostic> = conflicts.iter().map(diagnostic).collect();
        let message = match diagnostics.len() {
            1 => "a conflict needs a decision, nothing was written".to_owned(),
            count => format!("{count} conflicts need a decision, nothing was written"),
        };
        let rendered = self.context.printer.render(&diagnostics);
        let error = CommandError::new(exit::DECISION, message).diagnostics(rendered);
        match conflicts.len() {
            1 => error,
            _ => error.help("pass all answers in one command, one flag each"),
        }
    }

    /// Refuses answers that nothing was asked for.
    ///
    /// # Errors
    /// Exit code 2.
    pub(crate) fn refuse_unused(&self) -> Result<()> {
        let taken = self.taken.borrow();
        let unused = taken.unused();
        let used = self.used.borrow();
        let expressions = [("--backfill", &self.answers.backfill), ("--convert", &self.answers.convert)];
        let mut expressions = expressions.into_iter().flat_map(|(flag, all)| all.iter().map(move |text| (flag, text)));
        if let Some((flag, text)) = expressions.find(|(_, text)| !used.contains(*text)) {
            let message = format!("`{}`: no migration that moves has a use for it", shell_flag(flag, text));
            return Err(CommandError::usage(message).note("nothing was written"));
        }
        let Some(first) = unused.first() else { return Ok(()) };
        let flag = if first.contains('=') { "--rename" } else { "--take" };
        Err(CommandError::usage(format!("`{flag} {first}`: no conflict is about that")).note("nothing was written"))
    }

    /// An error after questions were asked, with the command that gives the same answers again.
    pub(crate) fn with_answers(&self, error: CommandError) -> CommandError {
        if self.given.borrow().is_empty() {
            return error;
        }
        error.help(format!("to give the same answers again: `{}`", self.command_line()))
    }

    /// The command with everything that was answered.
    pub(crate) fn command_line(&self) -> String {
        let given = self.given.borrow();
        if given.is_empty() { self.command.clone() } else { format!("{} {}", self.command, given.join(" ")) }
    }
}
