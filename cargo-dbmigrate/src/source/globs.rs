//! Where the globs of a scope lead.

use std::collections::HashMap;

use super::ids::ScopeId;

/// The modules that a scope imports by `*`, directly and through further globs.
#[derive(Debug, Default)]
pub(super) struct Globs {
    /// How many globs lie between: the name in the nearest counts.
    pub(super) distances: HashMap<ScopeId, usize>,
    /// Modules of other crates.
    pub(super) outside: Vec<Vec<String>>,
}
