//! Why a run stopped.

use std::path::PathBuf;

use thiserror::Error;

use super::{Failure, Phase, State, history};
use crate::engine::error::EngineError;
use crate::engine::progress::Progress;
use crate::folder::FolderError;
use crate::folder::script::ScriptError;

/// Why a run stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The folder is not consistent.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A migration's SQL is not one that can be run.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The database could not be read.
    #[error("{action}: {error}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// The engine's error.
        error: EngineError,
    },
    /// The history and the folder disagree.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// The database has tables but no history.
    #[error("the database has tables but no migration history")]
    NotEmpty {
        /// Some of what is there.
        objects: Vec<String>,
    },
    /// The database is not what the last applied migration left.
    #[error("the database does not match its last applied migration")]
    Drift {
        /// The last applied migration.
        migration: String,
        /// What has changed since.
        differences: Vec<String>,
    },
    /// The database is not in the state that was asked for.
    #[error("the database has changed")]
    OtherState {
        /// The state that it should be in.
        expected: Box<State>,
        /// The state that it is in.
        found: Box<State>,
    },
    /// A migration failed; those before it are applied.
    #[error("migration `{name}` failed: {failure}")]
    Migration {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
        /// Why.
        failure: Box<Failure>,
        /// What differs from the snapshot, if that is the reason.
        differences: Vec<String>,
    },
    /// A migration is under way in the database that the folder does not have next, or not as it began.
    #[error("migration `{}` is under way in the database, and {why}", progress.name)]
    UnderWay {
        /// How far it is.
        progress: Box<Progress>,
        /// What is in the way of going on.
        why: &'static str,
    },
    /// A migration that is not for a transaction, or several of them, was to be part of one.
    #[error("migration `{name}` is not one transaction and cannot be part of an atomic run")]
    NotAtomic {
        /// Its name.
        name: String,
    },
    /// There is no migration of that name.
    #[error("no migration named `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The migration of that name was replaced by another one.
    #[error("`{name}` is no longer a migration of its own: `{by}` replaces it")]
    Replaced {
        /// The name.
        name: String,
        /// The one that replaces it.
        by: String,
    },
    /// The wanted migration lies before the last applied one.
    #[error("`{name}` is already applied, and so are {later} later migrations")]
    Behind {
        /// The name.
        name: String,
        /// How many were applied after it.
        later: usize,
    },
    /// A migration of the wanted phase stands behind one of the other phase.
    #[error("`{name}` is for {} a deployment, and stands behind `{waits}`, which is not", phase.word())]
    BehindPhase {
        /// Its name.
        name: String,
        /// The one before it.
        waits: String,
        /// The wanted phase.
        phase: Phase,
    },
}

impl ApplyError {
    /// The migration that is in the middle where this is why it does not go on, and what keeps anybody from going on
    /// with it.
    pub fn under_way(&self) -> Option<(&Progress, Option<&'static str>)> {
        match self {
            Self::UnderWay { progress, why } => Some((progress, Some(why))),
            Self::Migration { failure, .. } => match &**failure {
                Failure::UnderWay { progress, .. } => Some((progress, None)),
                _ => None,
            },
            _ => None,
        }
    }
}
