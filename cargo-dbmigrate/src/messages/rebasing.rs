//! Messages of `rebase`.

use serde::Serialize;

/// A migration that was put behind those of another branch; with `--dry-run` it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rebased {
    /// Its name before.
    pub(crate) from: String,
    /// Its name now; `null` if it was left out.
    pub(crate) name: Option<String>,
    /// What was done with it.
    pub(crate) how: RebasedHow,
    /// Its SQL; `null` if nothing was written.
    pub(crate) file: Option<String>,
}

/// What was done with a migration that was rebased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum RebasedHow {
    /// It was planned again.
    Planned,
    /// It was written by hand, and is as it was.
    Kept,
    /// It was written by hand, and is as somebody has edited it for its new place.
    Edited,
    /// The others do the same.
    LeftOut,
}
