//! What the engine says of the application's queries before and after a migration, for rules that go by facts.

use std::collections::BTreeSet;

use super::{Finding, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;

/// What it says. Without queries that were tried, there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How the release is called whose queries were tried; empty if none were.
    pub release: String,
    /// The tables that its queries use, and columns of them.
    pub uses: BTreeSet<(Name, Option<Name>)>,
    /// Whether these are all: nothing is put together while it runs.
    pub is_whole: bool,
    /// The queries of that release that fail once the migration has run, and did not before.
    pub broken: Vec<Broken>,
    /// Queries that read all rows of a table after it, and found those that they want before.
    pub scans: Vec<Slower>,
    /// Queries that sort rows after it, which came sorted before.
    pub sorts: Vec<Slower>,
    /// Indexes by which queries found rows before, and none does after, each with its table.
    pub idle: Vec<(Name, Name)>,
}

impl Facts {
    /// Whether nothing is left to suspect about a name that the running release may ask for: its queries that fail for it
    /// are known, or it has none that uses it.
    pub(super) fn settle(&self, table: &Name, column: Option<&Name>) -> bool {
        let is_it = |(on, name): &(Name, Option<Name>)| on == table && (column.is_none() || name.as_ref() == column);
        let breaks = || self.broken.iter().any(|broken| broken.uses.iter().any(is_it));
        !self.release.is_empty() && (breaks() || (self.is_whole && !self.uses.iter().any(is_it)))
    }
}

/// A query that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where it stands: `src/users.rs:12`.
    pub place: String,
    /// What the engine says.
    pub message: String,
    /// What it uses before the migration: tables, and columns of them.
    pub uses: Vec<(Name, Option<Name>)>,
    /// Whether the source of today still has a query of the same text.
    pub is_still_there: bool,
}

/// A query that has become slower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slower {
    /// Where it stands.
    pub place: String,
    /// The table whose rows are read or sorted.
    pub table: Name,
    /// What the engine does, in its words.
    pub detail: String,
}

/// At most so many queries are named.
const MOST_PLACES: usize = 5;

/// A finding for each table with queries that have become slower; `verb` says what they do.
pub(super) fn slower(
    rule: &'static Rule,
    migration: &Migration<'_>,
    queries: &[Slower],
    verb: &str,
    found: &mut Vec<Finding>,
) {
    let tables: BTreeSet<&Name> = queries.iter().map(|query| &query.table).collect();
    for table in tables {
        let these: Vec<&Slower> = queries.iter().filter(|query| query.table == *table).collect();
        let object = path([table]);
        let message = match these.as_slice() {
            [only] => format!("`{}` now {verb} `{object}`", only.place),
            several => {
                let verb = verb.replacen("s ", " ", 1);
                format!("{} queries now {verb} `{object}`", several.len())
            }
        };
        let mut finding = Finding::new(rule, &object, message).at(Place::Table(table.clone()));
        for query in these.iter().take(MOST_PLACES) {
            finding = finding.note(format!("`{}`: {}", query.place, query.detail));
        }
        if these.len() > MOST_PLACES {
            finding = finding.note(format!("and {} more", these.len() - MOST_PLACES));
        }
        finding = finding.help("add an index that begins with the columns that it looks for, or sorts by");
        found.push(migration.located(finding));
    }
}
