//! The release that runs while a migration is applied: what it still finds by the names that it knows.

use std::collections::BTreeSet;

use super::{Finding, Migration};
use crate::diff::TableDiff;
use crate::merge::surely_named;
use crate::schema::{Column, Table};
use crate::sql::Name;
use crate::sql::path::path;
use crate::sql::token::significant;

/// How a change is written so that the release that runs works on, whatever comes first.
pub(super) const AROUND: &str =
    "to write it as two migrations, between which both releases work: `cargo dbmigrate generate --amend --phased`";

/// A table before and after a migration, which the release that runs meanwhile goes on using.
pub(super) struct Kept<'m> {
    /// What changes.
    pub diff: &'m TableDiff,
    /// The table before, with the names that it and its columns have after.
    pub before: &'m Table,
    /// The table after.
    pub after: &'m Table,
    /// Its columns after that the release does not know.
    unknown: BTreeSet<&'m Name>,
}

impl Kept<'_> {
    /// The column before, by its name after, if it was there.
    pub(super) fn column(&self, name: &Name) -> Option<&Column> {
        self.before.column(name)
    }

    /// Whether the release does not know a column.
    pub(super) fn is_unknown(&self, name: &Name) -> bool {
        self.unknown.contains(name)
    }

    /// Whether an `INSERT` of a release that does not know a column leaves NULL in it.
    pub(super) fn is_null_for_old_writers(&self, name: &Name) -> bool {
        let is_null = |new: &Column| new.generated.is_none() && new.effective_default().is_none();
        self.is_unknown(name) && self.after.column(name).is_some_and(is_null)
    }
}

impl<'m> Migration<'m> {
    /// The tables that change. Left out are those that the release does not know, and those
    /// whose old name is a view now, through which it reads and writes.
    pub(super) fn kept_tables(&self) -> impl Iterator<Item = Kept<'m>> {
        let (diff, old, new) = (self.diff, self.old, self.new);
        let unreleased = &self.target.unreleased;
        diff.tables.iter().filter_map(move |table| {
            let was = diff.renames.old_table(&table.name);
            if unreleased.has_table(was) || (new.views.contains(was) && !old.views.contains(was)) {
                return None;
            }
            let (before, after) = (diff.renamed.table(&table.name)?, new.table(&table.name)?);
            let is_unknown = |name: &&Name| {
                let was_column = diff.renames.old_column(&table.name, name);
                before.column(name).is_none() || unreleased.has_column(was, was_column)
            };
            let unknown = after.columns.iter().map(|column| &column.name).filter(is_unknown).collect();
            Some(Kept { diff: table, before, after, unknown })
        })
    }

    /// The places in the source of the application that name a table of before, or a column of it.
    pub(super) fn places_of(&self, table: &Name, column: Option<&Name>) -> Vec<&'m str> {
        let now = self.diff.renames.tables.iter().find(|(from, _)| from == table).map_or(table, |(_, to)| to);
        let has = |text: &str, name: &Name| text.contains(&name.folded());
        let mentions = |sql: &str| {
            let text = sql.to_ascii_lowercase();
            (has(&text, table) || has(&text, now)) && column.is_none_or(|column| has(&text, column))
        };
        let names = |sql: &str| {
            // behind `ORDER BY` it may be the result that is called so
            if column.is_some_and(|column| calls_a_result(sql, column)) {
                return false;
            }
            let (before, renamed) = ((table.clone(), column.cloned()), (now.clone(), column.cloned()));
            surely_named(self.old, sql).contains(&before)
                || (column.is_some() && surely_named(&self.diff.renamed, sql).contains(&renamed))
        };
        let queries = self.target.queries.iter().filter(|query| mentions(&query.sql) && names(&query.sql));
        queries.map(|query| query.place.as_str()).collect()
    }
}

/// Whether a statement gives a name to something with `AS`.
fn calls_a_result(sql: &str, name: &Name) -> bool {
    let tokens = significant(sql);
    tokens.windows(2).any(|pair| pair[0].is_word("as") && pair[1].identifier().is_some_and(|alias| *name == *alias))
}

/// At most so many places are named.
const MOST_PLACES: usize = 5;

/// A finding with a note for each place in the source of the application.
pub(super) fn with_places(mut finding: Finding, places: &[&str], name: &str) -> Finding {
    for place in places.iter().take(MOST_PLACES) {
        finding = finding.note(format!("`{place}` still names `{name}`"));
    }
    match places.len().saturating_sub(MOST_PLACES) {
        0 => finding,
        1 => finding.note("one more place does"),
        more => finding.note(format!("{more} more places do")),
    }
}

/// The names that a migration takes away: of tables and columns that are dropped or renamed.
pub fn gone(migration: &Migration<'_>) -> BTreeSet<Name> {
    let diff = migration.diff;
    let mut names: BTreeSet<Name> = diff.dropped_tables.iter().cloned().collect();
    names.extend(diff.renames.tables.iter().map(|(from, _)| from.clone()));
    names.extend(diff.renames.columns.iter().map(|(_, from, _)| from.clone()));
    names.extend(diff.tables.iter().flat_map(|table| table.dropped.iter().cloned()));
    names
}

/// The columns of a table as a list for a query under its old name: each that is still there as it was called.
pub(super) fn old_columns(migration: &Migration<'_>, table: &Name) -> String {
    let (renames, was) = (&migration.diff.renames, migration.diff.renames.old_table(table));
    let (Some(before), Some(after)) = (migration.old.table(was), migration.new.table(table)) else {
        return "*".to_owned();
    };
    let now = |old: &Column| {
        let mut columns = after.columns.iter();
        let found = columns.find(|column| renames.column_before(table, &column.name) == Some(&old.name))?;
        let (old, new) = (old.name.sql(), found.name.sql());
        Some(if old == new { new.into_owned() } else { format!("{new} AS {old}") })
    };
    before.columns.iter().filter_map(now).collect::<Vec<_>>().join(", ")
}

/// `users.email`.
pub(super) fn column_path(table: &Name, column: &Name) -> String {
    path([table, column])
}
