//! Messages of runs on several targets.

use serde::Serialize;

use super::On;

/// What follows is about this database of the package, of which the run is for several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Database {
    /// Its name; `default` for the one without a table.
    pub(crate) name: String,
    /// The folder of its migrations.
    pub(crate) migrations: String,
}

/// A database of the package was skipped, because nothing names one in this pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DatabaseSkipped {
    /// Its name.
    pub(crate) name: String,
    /// The variable that is not set.
    pub(crate) variable: String,
    /// The targets that are fleets of it, which are run on their own.
    pub(crate) fleets: Vec<String>,
}

/// What follows is about this target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Target {
    /// Which.
    #[serde(flatten)]
    pub(crate) on: On,
}

/// An optional target was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Skipped {
    /// Its name.
    pub(crate) target: String,
    /// The variable that is not set.
    pub(crate) variable: String,
}

/// The result of a run on several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Summary {
    /// What became of each.
    pub(crate) targets: Vec<TargetOutcome>,
    /// The worst exit code.
    pub(crate) exit_code: u8,
}

/// What became of one of several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TargetOutcome {
    /// Its name.
    pub(crate) target: String,
    /// Its database; `null` if it was skipped.
    pub(crate) database: Option<String>,
    /// What became of it.
    pub(crate) outcome: Ended,
    /// Its exit code, if it was run.
    pub(crate) exit_code: Option<u8>,
}

/// What became of a target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// Everything asked for was done.
    Done,
    /// A difference was found.
    Difference,
    /// A decision is needed.
    Decision,
    /// It failed.
    Failed,
    /// It is optional, and its variable is not set.
    Skipped,
    /// What is wrong is wrong for all targets.
    NotTried,
}
