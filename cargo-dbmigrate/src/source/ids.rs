//! The numbers of files and scopes in a tree.

/// A file, by its place in the order of reading.
pub(super) type FileId = usize;
/// A scope, by its place in the order of reading.
pub(super) type ScopeId = usize;
