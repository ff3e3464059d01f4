//! Imports by `*`, from scope to scope.

use std::collections::HashMap;

/// The place of a scope among all of them.
pub(super) type ScopeId = usize;

/// The modules that a scope imports by `*`, directly and through further globs.
#[derive(Debug, Default)]
pub(super) struct Globs {
    /// How many globs lie between: the name in the nearest counts.
    pub(super) distances: HashMap<ScopeId, usize>,
    /// Modules of other crates.
    pub(super) outside: Vec<Vec<String>>,
}
