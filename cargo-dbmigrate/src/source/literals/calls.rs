//! The calls that SQL is handed to.

use dbmigrate_core::config::Queries;

/// Methods of libsql, rusqlite, sqlx and their like.
const METHODS: [&str; 22] = [
    "execute",
    "execute_batch",
    "execute_transactional_batch",
    "execute_many",
    "execute_named",
    "query",
    "query_row",
    "query_row_and_then",
    "query_one",
    "query_named",
    "prepare",
    "prepare_cached",
    "prepare_with",
    "prepare_with_flags",
    "fetch",
    "fetch_all",
    "fetch_many",
    "fetch_one",
    "fetch_optional",
    "describe",
    "batch",
    "query_only",
];

/// Functions, by the last part of their path.
const FUNCTIONS: [&str; 7] =
    ["query", "query_as", "query_scalar", "query_with", "query_as_with", "raw_sql", "sql_query"];

/// Macros of sqlx and of ours.
const MACROS: [&str; 8] = [
    "sql",
    "query",
    "query_as",
    "query_scalar",
    "query_unchecked",
    "query_as_unchecked",
    "query_scalar_unchecked",
    "prepare_and_bind",
];

/// Macros that name a file of SQL, from the directory of the package.
const FILE_MACROS: [&str; 7] = [
    "sql_file",
    "query_file",
    "query_file_as",
    "query_file_scalar",
    "query_file_unchecked",
    "query_file_as_unchecked",
    "query_file_scalar_unchecked",
];

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Callee {
    /// `x.name(…)`.
    Method(String),
    /// `a::name(…)`, with all parts of its path.
    Function(Vec<String>),
    /// `name!(…)`.
    Macro(String),
}

/// The calls that are known for SQL.
#[derive(Debug)]
pub(super) struct Calls {
    methods: Vec<String>,
    functions: Vec<Vec<String>>,
    macros: Vec<String>,
}

impl Calls {
    pub(super) fn new(config: &Queries) -> Self {
        let with = |own: &[&str], more: &[String]| -> Vec<String> {
            own.iter().map(|name| (*name).to_owned()).chain(more.iter().cloned()).collect()
        };
        let path = |path: &String| path.split("::").map(str::to_owned).collect();
        Self {
            methods: with(&METHODS, &config.methods),
            functions: with(&FUNCTIONS, &config.functions).iter().map(path).collect(),
            macros: with(&MACROS, &config.macros),
        }
    }

    /// Whether SQL is handed to a call.
    pub(super) fn take(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Method(name) => self.methods.contains(name),
            Callee::Macro(name) => self.macros.contains(name),
            Callee::Function(path) => self.functions.iter().any(|known| path.ends_with(known)),
        }
    }

    /// Whether a call names a file of SQL.
    pub(super) fn take_a_file(callee: &Callee) -> bool {
        matches!(callee, Callee::Macro(name) if FILE_MACROS.contains(&name.as_str()))
    }

    /// Whether a text may have such a call.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        let functions = self.functions.iter().filter_map(|path| path.last());
        let names = self.methods.iter().chain(functions).chain(&self.macros).map(String::as_str);
        names.chain(FILE_MACROS).any(|name| text.contains(name))
    }
}
