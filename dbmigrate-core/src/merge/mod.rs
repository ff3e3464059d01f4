//! Three-way merge of schemas: what two sides made of a common one, together, or what they contradict each other in.
//! Pure, like everything up to `folder`.
//!
//! Tables and columns are followed through the renames of both sides (`identity`), and have one name in the end. With
//! that name in all three schemas, parts are compared one by one: what one side changed is taken, what both changed in
//! the same way is no matter, and what they changed differently is a [`Conflict`] with its answers as flags. What needs
//! something that the other side drops is one too, and so is what no database accepts of both.
//!
//! The result does not depend on which side is called ours, apart from the order of columns, which is no part of what
//! schemas are compared by.

mod answers;
mod branch;
mod conflict;
mod identity;
mod mentions;
mod objects;
mod pruned;
mod replan;
mod rows;
mod scopes;
mod tables;

use std::collections::BTreeSet;

pub use answers::{AnswerError, Answers, Side};
use branch::Branch;
pub use conflict::{Conflict, ConflictKind};
use identity::{TableIdentity, traces};
#[cfg(feature = "lint")]
pub(crate) use mentions::{Reader, surely_named};
use objects::Whole;
use pruned::{Pruned, pruned};
pub use replan::{Left, Replanned, replan};
pub use rows::against_rows;

use crate::ddl::render;
use crate::diff::Renames;
use crate::plan::Trace;
use crate::schema::canonical::{canonical_trigger, canonical_view, canonical_virtual_table};
use crate::schema::{Comments, Schema};
use crate::sql::Name;

/// The way of one side from the common schema.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'s> {
    /// The common schema.
    pub from: &'s Schema,
    /// What this side made of it.
    pub to: &'s Schema,
    /// What it renamed on the way.
    pub renames: &'s Renames,
}

/// Both sides together.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The schema.
    pub schema: Schema,
    /// The renames that lead to it from theirs: what ours is planned with.
    pub renames: Renames,
    /// Those that lead to it from ours. With them, the next migration of ours is merged.
    pub across: Renames,
}

/// Merges what two sides made of a schema.
///
/// Several migrations of ours are merged one after the other: each with its own schema before as the common one, and as
/// theirs the schema of the merge before, with [`Merged::across`].
///
/// # Errors
/// Everything that is not answered.
pub fn merge(ours: &Edit<'_>, theirs: &Edit<'_>, answers: &Answers) -> Result<Merged, Vec<Conflict>> {
    let renamed = objects::with_other_names(ours, answers);
    let ours = Edit { to: renamed.as_ref().unwrap_or(ours.to), ..*ours };
    let branches = [Branch::of(ours), Branch::of(*theirs)];
    let merging = Merging {
        common: ours.from,
        branches,
        answers,
        conflicts: Vec::new(),
        unnamed: BTreeSet::new(),
        restored_tables: BTreeSet::new(),
        dropped_views: BTreeSet::new(),
    };
    merging.merge()
}

struct Merging<'a> {
    common: &'a Schema,
    branches: [Branch<'a>; 2],
    answers: &'a Answers,
    conflicts: Vec<Conflict>,
    /// Tables whose names, or whose columns' names, are not decided, so that their parts cannot be compared.
    unnamed: BTreeSet<Name>,
    /// Tables that one side dropped and that stay all the same.
    restored_tables: BTreeSet<Name>,
    /// Views that go, although something needs them.
    dropped_views: BTreeSet<Name>,
}

impl Merging<'_> {
    fn merge(mut self) -> Result<Merged, Vec<Conflict>> {
        let all = self.identify();
        let traces = traces(&all);
        let restored = all.iter().filter(|one| one.table.is_restored);
        self.restored_tables = restored.filter_map(|one| one.table.name.clone()).collect();
        let base = pruned(self.common, &traces[0]);
        let ours = pruned(self.branch(Side::Ours).to(), &traces[1]);
        let theirs = pruned(self.branch(Side::Theirs).to(), &traces[2]);
        let mut schema = self.assemble(&all, &traces, base, [&ours, &theirs]);
        if self.conflicts.is_empty() {
            self.impossible(&mut schema, [&ours, &theirs], &traces);
        }
        if !self.conflicts.is_empty() {
            return Err(self.conflicts);
        }
        self.take_words(&traces, &mut schema);
        let renames = |side: Side| self.renames(side, &traces[side.at() + 1]);
        Ok(Merged { renames: renames(Side::Theirs), across: renames(Side::Ours), schema })
    }

    fn assemble(&mut self, all: &[TableIdentity], traces: &[Trace; 3], base: Pruned, both: [&Pruned; 2]) -> Schema {
        let finals = [base.schema, both[0].schema.clone(), both[1].schema.clone()];
        let mut schema = Schema::default();
        for one in all {
            let Some(name) = one.table.name.as_ref().filter(|name| !self.unnamed.contains(*name)) else { continue };
            let table = match one.table.only_on() {
                Some(side) => both[side.at()].schema.table(name).cloned(),
                None => self.table(one, &finals, name),
            };
            if let Some(table) = table {
                schema.tables.insert(table);
            }
        }
        let last = |side: Side, name: &Name| traces[side.at() + 1].table(name).cloned();
        schema.virtual_tables = self.objects(
            both,
            &Whole {
                noun: "virtual table",
                of: |schema| &schema.virtual_tables,
                canonical: &canonical_virtual_table,
                sql: &render::create_virtual_table,
                last: &last,
            },
        );
        let same = |_: Side, name: &Name| Some(name.clone());
        schema.views = self.objects(
            both,
            &Whole {
                noun: "view",
                of: |schema| &schema.views,
                canonical: &canonical_view,
                sql: &render::create_view,
                last: &same,
            },
        );
        schema.triggers = self.objects(
            both,
            &Whole {
                noun: "trigger",
                of: |schema| &schema.triggers,
                canonical: &canonical_trigger,
                sql: &render::create_trigger,
                last: &same,
            },
        );
        self.drop_readers_of_views(&mut schema);
        schema
    }

    /// What of the names of a side is others in the end. A change of case counts where it was asked for.
    fn renames(&self, side: Side, trace: &Trace) -> Renames {
        let other = &self.branch(side.other()).edit.renames;
        let mut renames = trace.renames();
        renames.tables.retain(|(was, now)| {
            was != now || other.tables.iter().any(|(from, to)| from == to && to.same_spelling(now))
        });
        renames.columns.retain(|(table, was, now)| {
            was != now || other.columns.iter().any(|(on, from, to)| on == table && from == to && to.same_spelling(now))
        });
        renames
    }

    /// What structs of both sides say, which is no part of the schema.
    fn take_words(&self, traces: &[Trace; 3], schema: &mut Schema) {
        for side in [Side::Theirs, Side::Ours] {
            let (to, names) = (self.branch(side).to(), &traces[side.at() + 1]);
            for (object, said) in &to.docs {
                let name = names.table(object).unwrap_or(object);
                let columns = said.columns.iter().map(|(column, text)| {
                    let now = names.column(object, column).map_or(column, |(_, now)| now);
                    (now.clone(), text.clone())
                });
                schema.docs.insert(name.clone(), Comments { table: said.table.clone(), columns: columns.collect() });
            }
            for ((table, column), reads) in &to.reads {
                if let Some(now) = names.column(table, column) {
                    schema.reads.insert(now.clone(), reads.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
