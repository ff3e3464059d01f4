//! The one error of commands: what is wrong, where, what to type next, and the exit code.

use std::fmt;
use std::path::Path;

use dbmigrate_core::folder::{FolderError, MigrationName, SQL_FILE, ScriptError, lock};

use crate::{exit, git};

/// The result of a command's parts.
pub(crate) type Result<T> = std::result::Result<T, CommandError>;

/// What a command ends with when it does not end well.
///
/// The message is one line, in lower case and without a full stop. It carries no secret: everything that can be shown
/// is made of types that are fit for it, such as [`crate::project::url::DatabaseUrl`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    exit_code: u8,
    message: String,
    place: Option<String>,
    notes: Vec<String>,
    help: Vec<String>,
    diagnostics: Vec<Rendered>,
    is_cancelled: bool,
}

/// A diagnostic that points into a file, ready to be shown before the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// For a terminal: with colours, which the printer takes out where they are not wanted.
    pub text: String,
    /// For programs.
    pub message: crate::messages::Diagnostic,
}

impl CommandError {
    /// An error with an exit code of [`crate::exit`].
    pub(crate) fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            exit_code,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: Vec::new(),
            diagnostics: Vec::new(),
            is_cancelled: false,
        }))
    }

    /// An error of [`exit::FAILED`].
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(exit::FAILED, message)
    }

    /// An error of [`exit::USAGE`].
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// That somebody has ended a question without an answer; `untouched` says in which state that leaves everything.
    pub(crate) fn cancelled(untouched: &str) -> Self {
        let mut error = Self::new(exit::DECISION, format!("cancelled, {untouched}"));
        error.0.is_cancelled = true;
        error
    }

    /// Whether somebody has ended everything, and not only said no.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.is_cancelled
    }

    /// The same error with another exit code.
    #[must_use]
    pub(crate) fn with_exit_code(mut self, exit_code: u8) -> Self {
        self.0.exit_code = exit_code;
        self
    }

    /// Adds where it is: a file, or `file:line:column`.
    #[must_use]
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.place = Some(place.to_string());
        self
    }

    /// Adds a line of background, such as the state that a database was left in.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// Adds a line that says what to do; commands in it are in backticks and work as typed.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// Adds lines that say what to do.
    #[must_use]
    pub(crate) fn helps(mut self, help: impl IntoIterator<Item = String>) -> Self {
        self.0.help.extend(help);
        self
    }

    /// Adds diagnostics that are shown before it.
    #[must_use]
    pub(crate) fn diagnostics(mut self, diagnostics: impl IntoIterator<Item = Rendered>) -> Self {
        self.0.diagnostics.extend(diagnostics);
        self
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.0.exit_code
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Background.
    pub(crate) fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// What to do.
    pub(crate) fn help_lines(&self) -> &[String] {
        &self.0.help
    }

    /// What is shown before it.
    pub(crate) fn rendered(&self) -> &[Rendered] {
        &self.0.diagnostics
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for CommandError {}

impl From<FolderError> for CommandError {
    fn from(error: FolderError) -> Self {
        let exit_code = if error.is_inconsistency() { exit::INCONSISTENT } else { exit::FAILED };
        let error = came_with_a_merge(error);
        let notes = error.notes_knowing(git::heads::names);
        let shown = notes.into_iter().fold(Self::new(exit_code, error.to_string()), Self::note);
        shown.helps(error.help_knowing(git::look))
    }
}

/// A directory that the lock does not list is left from an interrupted run, unless git has it: then a merge has brought
/// it, and there are two heads.
fn came_with_a_merge(error: FolderError) -> FolderError {
    let FolderError::Unlisted { path, head: Some(head) } = &error else { return error };
    let name = path.file_name().and_then(|name| name.to_str()).and_then(MigrationName::parse);
    match (name, path.parent()) {
        (Some(name), Some(folder)) if git::has(&path.join(SQL_FILE)) => {
            FolderError::beside(folder.join(lock::FILE_NAME), head.clone(), vec![name])
        }
        _ => error,
    }
}

impl From<ScriptError> for CommandError {
    fn from(error: ScriptError) -> Self {
        let place = format!("{}:{}", error.file.display(), error.line);
        Self::failed(error.message).at(place).help(error.help)
    }
}

impl CommandError {
    /// A file that could not be read or written; `what` is said as in `cannot read`.
    pub(crate) fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::failed(format!("cannot {what} `{}`: {error}", path.display()))
    }
}

/// The candidate that `word` is most likely a misspelling of.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_words_are_suggested() {
        assert_eq!(did_you_mean("migratons", ["url", "migrations"]), Some("migrations"));
        assert_eq!(did_you_mean("rul", ["url", "root"]), Some("url"));
        assert_eq!(did_you_mean("database", ["url", "migrations"]), None);
    }

    #[test]
    fn an_inconsistent_folder_has_an_exit_code_of_its_own() {
        let path = std::path::PathBuf::from("migrations/0001_a");
        let error = CommandError::from(FolderError::Missing { path: path.clone() });
        assert_eq!(error.exit_code(), exit::INCONSISTENT);
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        assert_eq!(CommandError::from(FolderError::NotWritable { path, source }).exit_code(), exit::FAILED);
    }
}
