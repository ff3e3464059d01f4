//! `--phase`: which side of a deployment a command is about.

use clap::ValueEnum;
use dbmigrate_core::engine::apply::Phase;

/// A side of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// What the release needs that is about to be deployed
    #[value(help = None)]
    Before,
    /// What waits until no older release runs
    #[value(help = None)]
    After,
}

/// What the name of the second half of a change ends in, behind that of the first one.
pub(crate) const SECOND_HALF: &str = "after_deploy";

/// What to do with what waits, once it may.
pub(crate) const ONCE_DEPLOYED: &str = "once no older release runs: `cargo dbmigrate migrate --phase after`";

/// What to do before a deployment that something waits for.
pub(crate) const BEFORE_DEPLOYING: &str = "before the deployment: `cargo dbmigrate migrate --phase before`";

impl When {
    /// The flag, as it is typed.
    pub(crate) fn typed(self) -> String {
        format!(" --phase {}", Phase::from(self).word())
    }
}

impl From<When> for Phase {
    fn from(when: When) -> Self {
        match when {
            When::Before => Self::Before,
            When::After => Self::After,
        }
    }
}
