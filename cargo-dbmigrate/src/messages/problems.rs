//! Messages of what is wrong.

use serde::Serialize;

use super::Asked;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
    /// Said for information.
    Note,
}

/// Something that is wrong, at its place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Diagnostic {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// How bad it is.
    pub(crate) level: Level,
    /// The name of the lint, if it is one.
    pub(crate) code: Option<String>,
    /// What it is about, if it is a decision: a table, or a column with its table.
    pub(crate) object: Option<String>,
    /// What is wrong.
    pub(crate) message: String,
    /// Where. Without a place, these fields are missing.
    #[serde(flatten)]
    pub(crate) place: Option<Location>,
    /// The places that it has to do with.
    pub(crate) related: Vec<Location>,
    /// Background.
    pub(crate) notes: Vec<String>,
    /// What to do, as commands and attributes that work as written.
    pub(crate) help: Vec<String>,
    /// What is to be asked of the rows, or was, if they decide; `null` otherwise.
    pub(crate) asked: Option<Asked>,
}

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Location {
    /// The file, relative to the working directory if it is inside.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: usize,
    /// The column.
    pub(crate) column: usize,
    /// The line where it ends.
    pub(crate) end_line: usize,
    /// The column behind its end.
    pub(crate) end_column: usize,
    /// What is there; may be empty.
    pub(crate) label: String,
}

/// A warning without a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Warning {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// What to know.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Vec<String>,
}

/// What the command failed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Error {
    /// The target that it is about, if one was named.
    pub(crate) target: Option<String>,
    /// The exit code.
    pub(crate) exit_code: u8,
    /// What is wrong.
    pub(crate) message: String,
    /// Where: `file`, `file:line` or `file:line:column`.
    pub(crate) place: Option<String>,
    /// Background, such as the state that a database was left in.
    pub(crate) notes: Vec<String>,
    /// What to do, with commands that work as typed.
    pub(crate) help: Vec<String>,
}
