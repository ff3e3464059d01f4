//! What the application adds to libSQL and a tool beside it does not have: functions that it registers.
//!
//! A tool cannot run them, and a schema that calls them compiles nowhere without them. So in databases in memory, where
//! rows are generated, each has a stand-in that answers the same for the same values. On rows of users no stand-in
//! decides anything: there a declared function compiles, and fails by name as soon as a row needs it.

mod driver;
mod missing;
mod stand_in;

use std::sync::{Arc, PoisonError, RwLock};

pub use missing::{Missing, MissingKind, NOT_HERE, called};

use super::error::EngineError;
use crate::config::{Engine, Function};

/// What was brought. It is one for the process, as what SQLite itself loads into every connection is
/// (sqlite.org/c3ref/auto_extension.html): a command is about one application.
static BROUGHT: RwLock<Option<Arc<Engine>>> = RwLock::new(None);

/// Has the databases that are opened from now on know what the application adds to libSQL.
///
/// # Errors
/// The function that libSQL has of its own, if there is one: what stands in its place would change what others do.
pub fn bring(engine: &Engine) -> Result<(), Brought> {
    let engine = (!engine.is_empty()).then(|| Arc::new(engine.clone()));
    if let Some(engine) = &engine {
        let names: Vec<&Function> = engine.functions.iter().collect();
        if let Some(function) = driver::built_in(&names)? {
            return Err(Brought::BuiltIn(function.clone()));
        }
    }
    *BROUGHT.write().unwrap_or_else(PoisonError::into_inner) = engine;
    Ok(())
}

/// Why something cannot be brought.
#[derive(Debug)]
pub enum Brought {
    /// libSQL has a function of that name.
    BuiltIn(Function),
    /// The engine fails.
    Engine(EngineError),
}

impl From<EngineError> for Brought {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// What was brought, if anything was.
pub fn brought() -> Option<Arc<Engine>> {
    BROUGHT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) use driver::{in_memory, open};
