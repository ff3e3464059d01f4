//! The keys of each attribute, for those who misspell one or put it in another place.

/// The keys of `#[table(…)]`.
pub(super) const TABLE_KEYS: [&str; 16] = [
    "name",
    "database",
    "strict",
    "without_rowid",
    "random_rowid",
    "renamed_from",
    "primary_key",
    "unique",
    "index",
    "unique_index",
    "check",
    "foreign_key",
    "trigger",
    "using",
    "options",
    "crate",
];

/// The keys of `#[view(…)]`.
pub(super) const VIEW_KEYS: [&str; 8] =
    ["name", "database", "query", "sql", "columns", "unchecked", "trigger", "crate"];

/// The keys of `#[column(…)]`.
pub(super) const COLUMN_KEYS: [&str; 23] = [
    "name",
    "type",
    "primary_key",
    "autoincrement",
    "unique",
    "index",
    "unique_index",
    "not_null",
    "default",
    "default_sql",
    "collate",
    "check",
    "generated",
    "stored",
    "virtual",
    "references",
    "on_delete",
    "on_update",
    "deferrable",
    "match",
    "renamed_from",
    "unindexed",
    "auxiliary",
];
