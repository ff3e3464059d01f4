//! Steps in Rust: run in the middle of a migration, refused where nobody has them, or left out where there are no rows.

use std::sync::Arc;

use super::super::{Failure, Prepared};
use super::Database;
use crate::engine::step::{self, Failed};
use crate::folder::RustStep;

/// What is done about steps.
#[derive(Default)]
pub(super) enum Steps {
    /// A migration with one is refused.
    #[default]
    Refused,
    /// The SQL around them is run.
    LeftOut,
    /// They are run.
    Run(Arc<dyn step::Steps>),
}

impl Database {
    /// Runs these steps in the migrations that have them.
    #[must_use]
    pub fn with_steps(mut self, steps: Arc<dyn step::Steps>) -> Self {
        self.rust = Steps::Run(steps);
        self
    }

    /// Runs the SQL around steps, and not the steps: for the proof that the SQL produces its snapshot.
    #[must_use]
    pub fn without_steps(mut self) -> Self {
        self.rust = Steps::LeftOut;
        self
    }

    pub(super) fn lacks(&self, migration: &str) -> bool {
        match &self.rust {
            Steps::Refused => true,
            Steps::LeftOut => false,
            Steps::Run(steps) => !steps.has(migration),
        }
    }

    /// Runs the step of a migration.
    pub(super) fn run_step(&self, migration: &str, step: RustStep) -> Result<(), Failure> {
        let RustStep { line, .. } = step;
        let steps = match &self.rust {
            Steps::LeftOut => return Ok(()),
            Steps::Run(steps) if steps.has(migration) => steps,
            _ => return Err(Failure::NoStep { line }),
        };
        if let Some(work) = &self.work {
            // nobody knows how many rows it writes
            work.begin(None);
        }
        step::run(&**steps, migration, &self.connection).map_err(|failed| match failed {
            Failed::Step(message) => Failure::Step { line, message },
            Failed::Transaction(error) => Failure::Engine { action: "the step in Rust lost its transaction", error },
        })
    }
}

/// The step that a migration has, with the migration's name.
pub(super) fn of<'m>(migration: &'m Prepared<'_>) -> Option<(&'m str, RustStep)> {
    Some((migration.migration.name.as_str(), migration.script.rust?))
}
