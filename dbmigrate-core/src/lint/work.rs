//! What a migration does with every row of tables that are there: what it takes, and whose rows have to be counted to know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::pace::Pace;
use super::{Finding, Migration, Probe, ProbeKind};
use crate::folder::script::Place;
use crate::plan::{can_break_references, reach};
use crate::schema::Table;
use crate::sql::path::path;
use crate::sql::{Head, Name, StatementKind, Verb};

/// Something that is done with every row of a table.
#[derive(Debug)]
pub(super) struct Work {
    /// The table, by its name before the migration.
    pub table: Name,
    /// The statement.
    pub statement: Option<usize>,
    /// What it is.
    pub kind: WorkKind,
    /// What it takes for each row.
    pub pace: Pace,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum WorkKind {
    /// The rows are copied into a new table that takes the place of theirs.
    Rebuild,
    /// They would be, and are only read if all of them are as the new definition wants them.
    InPlace,
    /// A column is taken out of each.
    DropColumn(Name),
    /// Each is updated.
    Update,
    /// An index is built.
    Index(Name),
}

impl Migration<'_> {
    /// Everything that is done with every row of a table that is there before.
    pub(super) fn work(&self) -> Vec<Work> {
        // nobody waits for the whole of a statement in batches
        let is_batched = |at: usize| self.script.batched.iter().any(|batched| batched.statement == at);
        let whole = self.rewrites().iter().filter(|rewrite| rewrite.is_whole && !is_batched(rewrite.statement));
        let place = if self.target.is_server { Place::Server } else { Place::File };
        let in_place = if self.script.rebuilds.is_empty() { Vec::new() } else { self.script.in_place(self.old, place) };
        let mut work: Vec<Work> = whole
            .filter_map(|rewrite| {
                let mut work = self.rewriting(rewrite.table.as_ref()?, rewrite.statement)?;
                if in_place.iter().any(|rebuild| rebuild.statements.contains(&rewrite.statement)) {
                    work.kind = WorkKind::InPlace;
                }
                Some(work)
            })
            .collect();
        for table in &self.diff.tables {
            let was = self.diff.renames.old_table(&table.name);
            let is_rebuilt = |work: &Work| work.kind == WorkKind::Rebuild && work.table == *was;
            if self.old.table(was).is_none() || work.iter().any(is_rebuilt) {
                continue;
            }
            for index in table.created_indexes.iter().chain(&table.changed_indexes) {
                work.push(Work {
                    table: was.clone(),
                    statement: self.statement_with(StatementKind::CreateIndex, index),
                    kind: WorkKind::Index(index.clone()),
                    pace: Pace::copied(0, 1),
                });
            }
        }
        work
    }

    fn rewriting(&self, table: &Name, statement: usize) -> Option<Work> {
        let before = self.old.table(table)?;
        let stored = before.columns.iter().filter(|column| column.generated.is_none()).count();
        let (kind, pace) = match Head::of(&self.script.statements[statement])? {
            Head::DropColumn(_, column) => (WorkKind::DropColumn(column), Pace::copied(stored, 0)),
            Head::Write(Verb::Update, _) => (WorkKind::Update, Pace::updated(stored)),
            _ => {
                let after = self.new.table(self.name_after(table)).unwrap_or(before);
                (WorkKind::Rebuild, Pace::copied(stored, indexes(after)))
            }
        };
        Some(Work { table: table.clone(), statement: Some(statement), kind, pace })
    }

    /// The name that a table has after the migration.
    pub(super) fn name_after<'n>(&'n self, table: &'n Name) -> &'n Name {
        self.diff.renames.tables.iter().find(|(from, _)| from == table).map_or(table, |(_, to)| to)
    }

    /// How many rows a table has before the migration, if a database was asked.
    pub(super) fn rows_of(&self, table: &Name) -> Option<u64> {
        let rows = &self.target.rows;
        // one that a database does not have yet has none
        (!rows.is_empty()).then(|| rows.get(table).copied().unwrap_or(0))
    }

    /// The statement because of which the foreign keys of all tables are checked before and after the migration, and not
    /// only those that it can break.
    pub(super) fn checks_all_keys(&self) -> Option<usize> {
        let statements = &self.script.statements;
        let breaking = statements.iter().position(can_break_references)?;
        if self.target.is_server { Some(breaking) } else { reach(self.old, statements).err() }
    }

    /// The tables that have foreign keys, with what it takes to check those of a row before and after.
    pub(super) fn checked_tables(&self) -> impl Iterator<Item = (&Name, Pace)> {
        let tables = self.old.tables.iter().filter(|table| !table.foreign_keys.is_empty());
        tables.map(|table| (&table.name, Pace::checked(table.foreign_keys.len(), 2)))
    }

    /// How long something takes with the rows of a table, if a database was asked.
    pub(super) fn time(&self, table: &Name, pace: Pace) -> Option<Duration> {
        Some(pace.time(self.rows_of(table)?, self.target.is_server))
    }

    /// A finding about what takes long with many rows, of which nothing is known yet.
    pub(super) fn asking(&self, finding: Finding, table: &Name, says: &str, at_least: u64) -> Finding {
        finding.probe(self.probe_of(table, says, at_least)).only_with_rows()
    }

    /// What counts the rows of a table.
    pub(super) fn probe_of(&self, table: &Name, says: &str, at_least: u64) -> Probe {
        Probe {
            kind: ProbeKind::Concerns,
            table: table.clone(),
            count: format!("SELECT count(*) FROM {}", table.sql()),
            keys: String::new(),
            says: format!("rows of `{}` {says}", path([self.name_after(table)])),
            at_least,
        }
    }
}

/// How many indexes are written along with a row.
fn indexes(table: &Table) -> usize {
    let has_own_key = table.primary_key.is_some() && table.rowid_alias().is_none() && !table.without_rowid;
    table.indexes.iter().count() + table.uniques.len() + usize::from(has_own_key)
}

/// What is done with the rows of each table, in the order of the statements.
pub(super) fn by_table(work: Vec<Work>) -> Vec<(Name, Vec<Work>)> {
    let mut tables: Vec<(Name, Vec<Work>)> = Vec::new();
    let mut places: BTreeMap<Name, usize> = BTreeMap::new();
    for one in work {
        let at = *places.entry(one.table.clone()).or_insert_with(|| {
            tables.push((one.table.clone(), Vec::new()));
            tables.len() - 1
        });
        tables[at].1.push(one);
    }
    tables
}

/// The tables, by their names before a migration, whose rows have to be counted to know how long it takes.
pub fn counted(migration: &Migration<'_>) -> BTreeSet<Name> {
    let mut tables: BTreeSet<Name> = migration.work().into_iter().map(|work| work.table).collect();
    if migration.checks_all_keys().is_some() {
        tables.extend(migration.checked_tables().map(|(table, _)| table.clone()));
    }
    tables
}
