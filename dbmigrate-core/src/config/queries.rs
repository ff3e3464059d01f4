//! `[queries]`: where the application has its SQL, and how seriously `check` takes a statement that fails.

use super::Level;
use crate::sql::Name;
use crate::sql::glob::Glob;

/// The names of the fields of `[queries]`.
pub const QUERY_CHECK_FIELDS: [&str; 6] = ["level", "skip", "methods", "functions", "macros", "databases"];

/// Where SQL is expected in the source of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queries {
    /// What a statement is that does not fit the schema: an error, a warning, or nothing that anybody looks at.
    pub level: Level,
    /// The files whose statements are left out: patterns for paths from the package.
    pub skip: Vec<Glob>,
    /// Further methods that SQL is handed to.
    pub methods: Vec<String>,
    /// Further functions, by their names or the ends of their paths.
    pub functions: Vec<String>,
    /// Further macros.
    pub macros: Vec<String>,
    /// The files whose statements are for one database of the package, by its name.
    pub databases: Vec<(String, Vec<Glob>)>,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            level: Level::Deny,
            skip: Vec::new(),
            methods: Vec::new(),
            functions: Vec::new(),
            macros: Vec::new(),
            databases: Vec::new(),
        }
    }
}

impl Queries {
    /// Whether the statements of a file are left out. The path is that from the package, with `/` between its parts.
    pub fn skips(&self, path: &str) -> bool {
        matches(&self.skip, path)
    }

    /// The name of the database that the statements of a file are said to be for.
    pub fn database_of(&self, path: &str) -> Option<&str> {
        self.databases.iter().find(|(_, patterns)| matches(patterns, path)).map(|(name, _)| name.as_str())
    }
}

/// Whether a pattern stands for a path. Of paths, `**` is as good as `*`.
fn matches(patterns: &[Glob], path: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(&Name::from(path)))
}
