//! Migrations around a deployment: which of those that wait are for before it, and which for after it.
//!
//! A migration with [`after-deploy`](mod@crate::folder::script::after_deploy) waits until the release that it came with runs
//! everywhere. So `before` stops in front of the first one, and `after` applies those that are next, as far as there are
//! no others. What stands behind one is of a later release: by then the one before it has long been deployed, which only
//! a person can know, so `before` refuses to go past one.

use super::ApplyError;
use super::runner::{Options, pending};
use crate::folder::script::{Script, after_deploy};
use crate::folder::{Folder, Migration};

/// What of the migrations that wait is to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// What the release that is about to be deployed needs, and the one that runs can live with.
    Before,
    /// What has waited until no other release runs.
    After,
}

impl Phase {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// The options of a run on a database that has so many migrations: with none, no release runs on it, and nothing waits.
pub(super) fn of_run(options: Options<'_>, applied: usize) -> Options<'_> {
    let phase = options.phase.filter(|phase| applied > 0 || *phase == Phase::After);
    Options { phase, ..options }
}

/// Whether a migration waits for the deployment of its release.
///
/// # Errors
/// If its script cannot be read.
pub fn is_after_deploy(folder: &Folder, migration: &Migration) -> Result<bool, ApplyError> {
    let text = folder.sql(migration)?;
    if !after_deploy::may_be_said(&text) {
        return Ok(false);
    }
    Ok(Script::parse(&text, &folder.sql_path(migration))?.after_deploy.is_some())
}

/// The migrations that are to be applied: those behind the first `applied`, up to the one that the options name, of the
/// phase that they name.
///
/// # Errors
/// As for [`pending`], and if migrations of the two phases are not in the order of one deployment.
pub fn waiting<'f>(folder: &'f Folder, applied: usize, options: Options<'_>) -> Result<&'f [Migration], ApplyError> {
    let pending = pending(folder, applied, options.to)?;
    let Some(phase) = of_run(options, applied).phase else { return Ok(pending) };
    let waits = |migration: &Migration| match options.read.and_then(|read| read.get(migration)) {
        Some(script) => Ok(script.after_deploy.is_some()),
        None => is_after_deploy(folder, migration),
    };
    let marks = pending.iter().map(waits).collect::<Result<Vec<bool>, ApplyError>>()?;
    let name_of = |at: usize| pending[at].name.to_string();
    let Some(first) = marks.iter().position(|marked| *marked) else {
        return Ok(if phase == Phase::Before { pending } else { &[] });
    };
    match phase {
        Phase::Before => match marks[first..].iter().position(|marked| !marked) {
            None => Ok(&pending[..first]),
            Some(behind) => {
                Err(ApplyError::BehindPhase { name: name_of(first + behind), waits: name_of(first), phase })
            }
        },
        Phase::After if first > 0 => Err(ApplyError::BehindPhase { name: name_of(first), waits: name_of(0), phase }),
        Phase::After => {
            let count = marks.iter().take_while(|marked| **marked).count();
            Ok(&pending[..count])
        }
    }
}
