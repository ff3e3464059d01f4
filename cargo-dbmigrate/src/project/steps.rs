//! The steps in Rust that this run can make, if there are any: those of a program of the package.

use std::fmt;
use std::sync::Arc;

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::step::Steps;

/// The steps of a run.
#[derive(Clone, Default)]
pub(crate) struct WithSteps(Option<Arc<dyn Steps>>);

impl WithSteps {
    /// Those of a program.
    pub(crate) fn of(steps: Arc<dyn Steps>) -> Self {
        Self(Some(steps))
    }

    /// They themselves.
    pub(crate) fn steps(&self) -> Option<&Arc<dyn Steps>> {
        self.0.as_ref()
    }

    /// A database that runs them; without any, it refuses migrations with a step.
    pub(crate) fn on(&self, database: Database) -> Database {
        match &self.0 {
            Some(steps) => database.with_steps(Arc::clone(steps)),
            None => database,
        }
    }
}

impl fmt::Debug for WithSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithSteps").field(&self.0.is_some()).finish()
    }
}
