//! Messages of the commands that write files: `init` and `pull`.

use serde::Serialize;

use super::On;

/// A file was written, or would have been and is so already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct File {
    /// Its path.
    pub(crate) path: String,
    /// What was done.
    pub(crate) done: FileAction,
}

/// What was done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileAction {
    /// There was none.
    Created,
    /// It has been so before.
    Unchanged,
    /// Its whole text was replaced.
    Overwrote,
    /// It was replaced by a newer one of the same.
    Replaced,
    /// A part of it was replaced or added.
    Updated,
    /// It is gone.
    Removed,
}

/// A struct that was pulled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Struct {
    /// `table`, `view`, …
    pub(crate) kind: String,
    /// The name in the database.
    pub(crate) name: String,
    /// The name of the struct.
    #[serde(rename = "struct")]
    pub(crate) ident: String,
}

/// The result of `pull`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pulled {
    /// Where from.
    #[serde(flatten)]
    pub(crate) on: On,
    /// The structs, if no file was named for them.
    pub(crate) text: Option<String>,
}

/// The result of `pull --from`, if the other tool has a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TakenOver {
    /// The tool, by the name that `--from` takes.
    pub(crate) tool: String,
    /// Its folder.
    pub(crate) folder: String,
    /// How many migrations it has.
    pub(crate) migrations: usize,
    /// How many were written.
    pub(crate) written: usize,
    /// How many the database has.
    pub(crate) applied: usize,
}

/// The result of `init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Init {
    /// The files that were created or added to.
    pub(crate) created: Vec<String>,
    /// What to do next, in words and commands.
    pub(crate) next: Vec<String>,
}
