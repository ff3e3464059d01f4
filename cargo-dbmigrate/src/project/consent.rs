//! Consent to writing to a protected target: by a flag, or by somebody at the terminal.

use clap::Args;

use super::context::Context;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::url::DatabaseUrl;
use crate::report::prompt::NoAnswer;

/// The flag of commands that do what is in the migrations.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct Yes {
    /// Consent to writing to a protected target
    #[arg(long)]
    pub yes: bool,
}

/// The flag of commands that nobody reviews: the target has to be named.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct YesNamed {
    /// Consent to writing to this protected target
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub yes: Vec<String>,
}

/// The consent that was given on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Consent<'a> {
    /// To whatever it is.
    Any(bool),
    /// To these targets.
    Named(&'a [String]),
}

impl From<Yes> for Consent<'_> {
    fn from(flag: Yes) -> Self {
        Self::Any(flag.yes)
    }
}

impl<'a> From<&'a YesNamed> for Consent<'a> {
    fn from(flag: &'a YesNamed) -> Self {
        Self::Named(&flag.yes)
    }
}

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intent<'a> {
    /// What, to be read behind "to": `apply 2 migrations`.
    pub what: &'a str,
    /// The command that does it, with its answers.
    pub command: &'a str,
    /// Why it is asked, where that is worth saying.
    pub why: Option<&'a str>,
    /// What is said if there is no consent: `nothing was changed`.
    pub untouched: &'a str,
}

impl Context {
    /// Sees to it that there is consent to write to a database, if it is a protected target.
    ///
    /// # Errors
    /// Exit code 3 if there is none.
    pub(crate) fn consent(&self, url: &DatabaseUrl, given: Consent<'_>, intent: Intent<'_>) -> Result<()> {
        let Some(target) = url.target().filter(|target| target.is_protected) else { return Ok(()) };
        let Intent { what, command, why, untouched } = intent;
        let name = &target.name;
        let is_given = match given {
            Consent::Any(yes) => yes,
            Consent::Named(names) => names.iter().any(|one| target.is_called(one)),
        };
        if is_given {
            return Ok(());
        }
        if self.printer.can_ask() {
            let question = format!("`{name}` ({url}) is protected: {what}?");
            let answer = match given {
                Consent::Any(_) => self.printer.confirm(&question),
                Consent::Named(_) => self.typed(&question, name),
            };
            return match answer {
                Ok(true) => Ok(()),
                Ok(false) => Err(CommandError::new(exit::DECISION, format!("cancelled, {untouched}"))),
                Err(NoAnswer::Cancelled) => Err(CommandError::cancelled(untouched)),
                Err(NoAnswer::Failed(error)) => Err(CommandError::failed(format!("no answer: {error}"))),
            };
        }
        let flag = match given {
            Consent::Any(_) => "--yes".to_owned(),
            Consent::Named(_) => format!("--yes {name}"),
        };
        let message = match target.is_chosen {
            true => format!("target `{name}` is protected: consent is needed to {what}"),
            false => format!("`{url}` is the protected target `{name}`: consent is needed to {what}"),
        };
        let error = CommandError::new(exit::DECISION, message);
        let error = why.into_iter().fold(error, CommandError::note);
        Err(error.note(untouched).help(format!("to go ahead: `{command} {flag}`")))
    }

    /// Whether the name of a target is typed. Nothing is a no.
    fn typed(&self, question: &str, name: &str) -> std::result::Result<bool, NoAnswer> {
        let question = format!("{question} Type `{name}` to continue");
        let typed = self.printer.enter(&question, |text| match text {
            text if text.is_empty() || text == name => Ok(()),
            _ => Err(format!("type `{name}`, or nothing to cancel")),
        })?;
        Ok(typed == name)
    }
}
