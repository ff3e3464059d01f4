//! `[rules]`: what a project wants of its schema, which lints then say.

use super::Pattern;
use crate::ignore::Ignore;
use crate::sql::Name;
use crate::sql::glob::Glob;

/// The names of the fields of `[rules]`. Those before the last are names of lints too.
pub const RULE_FIELDS: [&str; 7] =
    ["names", "required_columns", "foreign_key_index", "strict", "max_columns", "forbidden_types", "query"];

/// The rules of a project's own. Each may leave out tables by patterns for their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What names look like, by what they are of: one of the patterns.
    pub names: Vec<(NameOf, Vec<Pattern>)>,
    /// The tables whose names, and the names in which, may be anything.
    pub names_except: Ignore,
    /// Columns that every table has, but for some tables.
    pub required_columns: Vec<(Name, Ignore)>,
    /// Every foreign key has an index.
    pub foreign_key_index: Option<Ignore>,
    /// Every table is `STRICT`.
    pub strict: Option<Ignore>,
    /// How many columns a table may have.
    pub max_columns: Option<(usize, Ignore)>,
    /// The types that no column has.
    pub forbidden_types: Vec<Glob>,
    /// The tables whose columns may have them.
    pub forbidden_types_except: Ignore,
    /// Queries over the schema.
    pub queries: Vec<Query>,
}

impl Rules {
    /// A project that has none.
    pub const NONE: &'static Self = &Self {
        names: Vec::new(),
        names_except: Ignore::NONE,
        required_columns: Vec::new(),
        foreign_key_index: None,
        strict: None,
        max_columns: None,
        forbidden_types: Vec::new(),
        forbidden_types_except: Ignore::NONE,
        queries: Vec::new(),
    };
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOf {
    /// A table, virtual ones included.
    Table,
    /// A column.
    Column,
    /// An index that is not `UNIQUE`; also one that is, where nothing is said of those.
    Index,
    /// A `UNIQUE` index.
    UniqueIndex,
    /// The constraint of a foreign key, if it has a name.
    ForeignKey,
    /// A column that refers to another table.
    ForeignKeyColumn,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl NameOf {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Table,
        Self::Column,
        Self::Index,
        Self::UniqueIndex,
        Self::ForeignKey,
        Self::ForeignKeyColumn,
        Self::View,
        Self::Trigger,
    ];

    /// Its field in the configuration.
    pub fn field(self) -> &'static str {
        match self {
            Self::Table => "tables",
            Self::Column => "columns",
            Self::Index => "indexes",
            Self::UniqueIndex => "unique_indexes",
            Self::ForeignKey => "foreign_keys",
            Self::ForeignKeyColumn => "foreign_key_columns",
            Self::View => "views",
            Self::Trigger => "triggers",
        }
    }

    /// The placeholders that a pattern for it may have.
    pub fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::Table | Self::View => &[],
            Self::Column | Self::Trigger => &["table"],
            Self::Index | Self::UniqueIndex => &["table", "columns"],
            Self::ForeignKey => &["table", "columns", "parent"],
            Self::ForeignKeyColumn => &["table", "parent"],
        }
    }
}

/// A query over the schema that finds what is not as the project wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of the lint.
    pub name: String,
    /// What is wrong with what it finds, where the query does not say.
    pub message: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// A query that returns an object, and what is wrong with it.
    pub sql: String,
    /// Line and column of the query in the file.
    pub place: (usize, usize),
}
