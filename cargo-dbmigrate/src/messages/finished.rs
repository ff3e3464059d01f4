//! The last message of every run, in success and in failure: everything that a caller needs to go on.

use serde::Serialize;

use super::{Applied, Change, Error, File, Location, Loss, On, Rehearsed, Seeded, TargetOutcome, Warning};

/// The last message: what was done, what is left to do, and how the run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Finished {
    /// The version of the messages.
    #[cfg_attr(test, schemars(extend("const" = super::VERSION)))]
    pub(crate) version: u32,
    /// The command, such as `generate`; `null` if none was typed, or one that does not exist.
    pub(crate) command: Option<String>,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
    /// Whether everything asked for was done, and no difference was found: the exit code is 0.
    pub(crate) success: bool,
    /// Whether a file or a database was changed.
    pub(crate) changed: bool,
    /// What went wrong first; `null` also for the exit code 4 where that is an answer and no failure.
    pub(crate) error: Option<Error>,
    /// All that went wrong: with several targets, more than one may fail.
    pub(crate) errors: Vec<Error>,
    /// What became of each of several targets.
    pub(crate) targets: Vec<TargetOutcome>,
    /// What was warned of.
    pub(crate) warnings: Vec<Warning>,
    /// The databases that it was about.
    pub(crate) databases: Vec<Place>,
    /// The changes that were made, or with `--check` and `--dry-run` would be.
    pub(crate) changes: Vec<Change>,
    /// The migrations that were applied.
    pub(crate) applied: Vec<Applied>,
    /// The migrations that a database still lacks, as far as the command has looked.
    pub(crate) pending: Vec<PendingThere>,
    /// What was lost, as was accepted; with `--dry-run` what would be lost.
    pub(crate) losses: Vec<Loss>,
    /// The rehearsals of pending migrations on copies of databases.
    pub(crate) rehearsals: Vec<Rehearsed>,
    /// The rows that `seed` has written.
    pub(crate) seeded: Vec<Seeded>,
    /// What somebody must decide, with all the answers that there are.
    pub(crate) decisions: Vec<Decision>,
    /// The files that were written or removed.
    pub(crate) files: Vec<File>,
    /// What to do next.
    pub(crate) next: Vec<NextStep>,
}

/// A database, and where its address was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Place {
    /// Which.
    #[serde(flatten)]
    pub(crate) on: On,
    /// In words: `--url`, a variable, a file, the default.
    pub(crate) source: Option<String>,
}

/// A migration that a database lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PendingThere {
    /// Which database.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The name of the migration.
    pub(crate) name: String,
}

/// What somebody must decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Decision {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// The name of the lint, if it is about one.
    pub(crate) code: Option<String>,
    /// What it is about: a table, or a column with its table.
    pub(crate) object: Option<String>,
    /// The question.
    pub(crate) message: String,
    /// Where it comes from.
    pub(crate) place: Option<Location>,
    /// All answers that are commands. One answer to each decision is needed, all in one command.
    pub(crate) answers: Vec<Answer>,
    /// All that can be done, in words.
    pub(crate) help: Vec<String>,
}

/// An answer to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Answer {
    /// When it is the right one: `if renamed`.
    pub(crate) label: String,
    /// The arguments of `cargo dbmigrate` that give it.
    pub(crate) arguments: Vec<String>,
    /// What of them has to be added to the command that was run; empty if the answer is another command.
    pub(crate) flags: Vec<String>,
    /// Commands to run after that one.
    pub(crate) then: Vec<Vec<String>>,
    /// Whether a person has to agree first: it loses rows, values or text, or passes over what protects a database.
    pub(crate) consent: bool,
    /// Whether something has to be filled in first: a word in capitals, or `…`.
    pub(crate) template: bool,
}

/// Something to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NextStep {
    /// In words, with the commands in backticks.
    pub(crate) text: String,
    /// The commands of `cargo dbmigrate` in it, as lists of arguments.
    pub(crate) commands: Vec<Vec<String>>,
    /// Whether a person has to agree first, as for an answer.
    pub(crate) consent: bool,
}
