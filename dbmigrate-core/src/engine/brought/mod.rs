//! What the application adds to libSQL and a tool beside it does not have: functions that it registers.
//!
//! A tool cannot run them, and a schema that calls them compiles nowhere without them. So in databases in memory, where
//! rows are generated, each has a stand-in that answers the same for the same values. On rows of users no stand-in
//! decides anything: there a declared function compiles, and fails by name as soon as a row needs it.

mod driver;
mod library;
mod missing;
mod stand_in;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub use missing::{Missing, MissingKind, NOT_HERE, called};

use super::error::EngineError;
use crate::config::{Engine, Function};

/// What was brought. It is one for the process, as what SQLite itself loads into every connection is
/// (sqlite.org/c3ref/auto_extension.html): a command is about one application.
static BROUGHT: RwLock<Option<Added>> = RwLock::new(None);

/// What the application adds.
#[derive(Clone)]
struct Added {
    /// The functions have stand-ins.
    engine: Arc<Engine>,
    /// The files of the libraries, which are loaded.
    libraries: Arc<[PathBuf]>,
}

/// Has the databases that are opened from now on know what the application adds to libSQL: the functions that it
/// registers, and `libraries`, which are loaded.
///
/// # Errors
/// If a library cannot be loaded, for a function that libSQL has of its own, because what stands in its place would change
/// what others do, and for a function that no library has, if there are some.
pub fn bring(engine: &Engine, libraries: Vec<PathBuf>) -> Result<(), Brought> {
    let libraries: Arc<[PathBuf]> = libraries.into();
    let mut engine = engine.clone();
    if let Some(function) = driver::built_in(&engine.functions)? {
        return Err(Brought::BuiltIn(function.clone()));
    }
    if !libraries.is_empty() {
        let loaded = library::functions_of(&libraries)?;
        // these need no stand-in
        engine.functions.retain(|function| !loaded.contains(&function.name.to_ascii_lowercase()));
        if let Some(function) = engine.functions.first() {
            return Err(Brought::Both(function.clone()));
        }
    }
    let is_empty = engine.functions.is_empty() && libraries.is_empty();
    let added = (!is_empty).then(|| Added { engine: Arc::new(engine), libraries });
    *BROUGHT.write().unwrap_or_else(PoisonError::into_inner) = added;
    Ok(())
}

/// Why something cannot be brought.
#[derive(Debug)]
pub enum Brought {
    /// libSQL has a function of that name.
    BuiltIn(Function),
    /// No library has that function, and beside libraries there are no stand-ins.
    Both(Function),
    /// A library cannot be loaded.
    Library {
        /// Its file.
        file: PathBuf,
        /// Why.
        error: EngineError,
    },
    /// The engine fails.
    Engine(EngineError),
}

impl From<EngineError> for Brought {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

fn added() -> Option<Added> {
    BROUGHT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What was brought, if anything was.
pub fn brought() -> Option<Arc<Engine>> {
    added().map(|added| added.engine)
}

/// The functions that have stand-ins, if there are any.
pub(super) fn registered() -> Option<Arc<Engine>> {
    brought().filter(|engine| !engine.functions.is_empty())
}

/// Loads the libraries, if there are any.
pub(super) fn load(connection: &libsql::Connection) -> Result<(), EngineError> {
    match added() {
        Some(added) => library::load(connection, &added.libraries).map_err(|(_, error)| error),
        None => Ok(()),
    }
}

pub(super) use driver::{in_memory, open};
#[cfg(feature = "backup")]
pub(super) use driver::{not_here, open_looking_away};
