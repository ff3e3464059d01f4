//! A set after it was read and understood: tables with rows whose values fit their columns.

use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use dbmigrate_core::schema::Table;

use super::read::node::Node;
use super::rows::Value;
use crate::diagnostic::Diagnostic;

/// What is done with the rows of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that the database has not are inserted, the others left as they are.
    Insert,
    /// The others are updated where they differ.
    #[default]
    Upsert,
    /// And those that the set has not are deleted.
    Sync,
}

impl Mode {
    /// All of them, as they are written.
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("insert", Self::Insert), ("upsert", Self::Upsert), ("sync", Self::Sync)];
}

/// A place in a file of the set. Small, because every value has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    file: u32,
    start: u32,
    end: u32,
}

impl Place {
    /// A place in the file of that number.
    pub(crate) fn new(file: usize, span: &Range<usize>) -> Self {
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self { file: small(file), start: small(span.start), end: small(span.end) }
    }

    /// Which file of [`Seed::files`].
    pub(crate) fn file(self) -> usize {
        self.file as usize
    }

    /// Where in it, in bytes.
    pub(crate) fn span(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What is to stand in a column of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    /// A value.
    Value(Value),
    /// A value from the environment, which is never shown.
    Secret(Value),
    /// What an expression returns when the row is inserted.
    Sql(Rc<str>),
    /// What a column of another row of the set has, which only the database knows.
    Lookup {
        /// The row, by its place in [`Seed::rows`].
        row: usize,
        /// The column, by its place in the table.
        column: usize,
    },
}

/// A value of a row.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The column, by its place in the table.
    pub column: usize,
    /// What is to stand there.
    pub given: Given,
    /// Where the file says so.
    pub place: Place,
}

impl Cell {
    /// The value, if it is known before the row is written.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.given {
            Given::Value(value) | Given::Secret(value) => Some(value),
            Given::Sql(_) | Given::Lookup { .. } => None,
        }
    }
}

/// A row of the set.
#[derive(Debug, Clone)]
pub(crate) struct SeedRow {
    /// The table, by its place in [`Seed::tables`].
    pub table: usize,
    /// What it is called, for rows that refer to it.
    pub name: Option<Rc<str>>,
    /// Where it is.
    pub place: Place,
    /// Its values, in the order of the table's columns.
    pub cells: Vec<Cell>,
    /// Whether something is wrong with it, which has been said.
    pub is_wrong: bool,
}

impl SeedRow {
    /// The value of a column, by the column's place in the table.
    pub(crate) fn cell(&self, column: usize) -> Option<&Cell> {
        self.cells.binary_search_by_key(&column, |cell| cell.column).ok().map(|at| &self.cells[at])
    }
}

/// A table that the set has rows for.
#[derive(Debug, Clone)]
pub(crate) struct SeedTable {
    /// The table as the database has it.
    pub table: Rc<Table>,
    /// What is done with its rows.
    pub mode: Mode,
    /// The columns that tell its rows apart, if the set says.
    pub key: Option<Vec<usize>>,
    /// The number in front of the name of its first file.
    pub number: Option<u64>,
}

/// Statements of a set.
#[derive(Debug, Clone)]
pub(crate) struct SqlFile {
    /// Which file of [`Seed::files`].
    pub file: usize,
    /// Its text.
    pub text: String,
    /// The table that it is named after, by its place in [`Seed::tables`].
    pub table: Option<usize>,
    /// The number in front of its name.
    pub number: Option<u64>,
}

/// Rows that are made from a description.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The table, by its place in [`Seed::tables`].
    pub table: usize,
    /// Which file of [`Seed::files`].
    pub file: usize,
    /// What describes them: the table `[users]` of the file, `rows = 1000` and what else it says.
    pub settings: Node,
}

/// A set whose values fit their columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seed {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// The tables that it has rows for.
    pub tables: Vec<SeedTable>,
    /// The rows, in the order of the files.
    pub rows: Vec<SeedRow>,
    /// Rows that are made.
    pub made: Vec<Made>,
    /// What the random numbers of rows that are made begin with.
    pub start: u64,
    /// The statements.
    pub scripts: Vec<SqlFile>,
    /// Tables that have rows in a file that could not be understood.
    pub unread: Vec<usize>,
    /// Values that are never shown.
    pub secrets: Vec<String>,
}

impl Seed {
    /// The table of a row.
    pub(crate) fn table_of(&self, row: usize) -> &Table {
        &self.tables[self.rows[row].table].table
    }

    /// Whether a row can be written: nothing is wrong with it, nor with those that it refers to.
    pub(crate) fn is_usable(&self, row: usize) -> bool {
        let is_known = |cell: &Cell| match cell.given {
            Given::Lookup { row, .. } => self.rows.get(row).is_some() && self.is_usable(row),
            _ => true,
        };
        !self.rows[row].is_wrong && self.rows[row].cells.iter().all(is_known)
    }

    /// Adds a place to a message.
    pub(crate) fn at(&self, error: Diagnostic, place: Place, label: impl Into<String>) -> Diagnostic {
        match self.files.get(place.file()) {
            Some(file) => error.at(file, place.span(), label),
            None => error,
        }
    }

    /// A text of the engine without what must not be shown.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "…");
        }
        text
    }
}
