//! From a difference to SQL: the cheapest statements that keep every row.
//!
//! A plan is made in two steps. [`decide::questions`] lists what only a person can say (is this column renamed or
//! dropped? what do existing rows get?); once all is answered, [`plan`] orders the statements:
//! drop the views and triggers that stand in the way, drop indexes and tables, rename, create tables, change tables
//! (natively or by one rebuild each), create indexes, virtual tables and views in the order in which they read each
//! other, and triggers.
//! Foreign keys are off while a migration runs, so the order of tables among themselves is free; the runner compares
//! the violations before and after.

mod answered;
mod apart;
pub mod assess;
pub mod besides;
mod computed;
mod conversion;
mod copy;
mod cost;
pub mod decide;
mod dependents;
mod fill;
mod follow;
pub(crate) mod in_place;
mod keep;
mod layout;
pub mod lint;
mod native;
pub mod phased;
mod preflight;
mod reading;
mod rebuild;
mod references;
mod rewrites;
mod said_types;
mod script;
mod statement;
mod told;
mod trace;
mod virtual_table;
mod without;

pub use apart::conversions;
pub use assess::{Assessed, Risk};
pub use computed::Computed;
pub use cost::Cost;
pub use decide::{Accepted, Decisions, Question};
pub use dependents::{create_all, in_order_of_mention};
pub use fill::{Misplaced, misplaced, of_unknown};
pub use follow::follow;
pub use keep::can_keep;
pub use lint::Lint;
pub use preflight::{Preflight, Sought, counted_rows, keys_of, preflights};
pub use rebuild::IN_PLACE;
pub use references::{can_break_references, reach, referring};
pub use rewrites::{Rewrite, renamed, rewrites};
pub use said_types::{Said, said_types};
pub use script::{AFTER_DEPLOY, UNCHECKED};
pub use told::{Told, WRITTEN_BY, is_told_by_header, told};
pub use trace::Trace;
pub use without::{Conflict, History, without};

use std::collections::BTreeSet;
use std::fmt;

pub(crate) use answered::Copy as RowCopy;
#[cfg(feature = "engine")]
pub(crate) use answered::copied;
use keep::Keeping;
#[cfg(any(feature = "engine", feature = "lint"))]
pub(crate) use preflight::KEYS_SHOWN;
use preflight::Preflights;
#[cfg(feature = "engine")]
pub(crate) use preflight::orphan;
use script::one_line;

use crate::ddl::render;
use crate::diff::{Diff, TableDiff, rename::rename_order};
use crate::kept::{KeptTable, Restore};
use crate::schema::{Named, Schema, Table};
use crate::sql::Name;

/// Statements that belong together.
#[derive(Debug, Clone)]
pub struct Step {
    /// What they do, for the header and as a comment before them.
    pub title: String,
    /// What they cost.
    pub cost: Cost,
    /// The statements, without semicolons.
    pub statements: Vec<String>,
    /// The table, if they are its rebuild and nothing else.
    pub rebuilds: Option<Name>,
}

/// SQL that leads from one schema to another.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The changes it makes.
    pub changes: Vec<Assessed>,
    /// Queries that have to return no row before anything is touched.
    pub preflights: Vec<Preflight>,
    /// Tables, by their old names, whose rows the engine may refuse for reasons that no preflight foresees: backfills
    /// and constraints over values that the migration makes up.
    pub unforeseen: Vec<Name>,
    /// What it computes from the rows by expressions of the author's.
    pub computed: Vec<Computed>,
    /// The names, old and new, of the tables that are dropped, renamed or rebuilt, or lose or rename a column: what
    /// hangs on them by name is in the way of that.
    pub moving: BTreeSet<Name>,
    /// The columns whose values an expression converts, by table (new name) and column.
    pub converted: Vec<(Name, Name)>,
    /// The losses that were accepted by name, with their objects.
    pub allowed: Vec<(Lint, String)>,
    /// What is kept of what would be lost.
    pub kept: Vec<KeptTable>,
    /// What comes back of what was kept.
    pub restored: Vec<Restore>,
    /// The views and triggers that are created and need not compile.
    pub unchecked: Vec<Name>,
    /// Whether it waits until its release runs everywhere.
    pub after_deploy: bool,
    /// The statements, in order.
    pub steps: Vec<Step>,
}

/// Why there is no plan.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlanError {
    /// What cannot be done by a generated migration.
    Unsupported(String),
    /// What was to be kept, and cannot be.
    CannotKeep {
        /// What: "the values of `users.legacy`".
        what: String,
        /// Why.
        why: String,
    },
}

impl PlanError {
    fn cannot_keep(what: String, why: String) -> Self {
        Self::CannotKeep { what, why }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(message) => f.write_str(message),
            Self::CannotKeep { what, why } => write!(f, "cannot keep {what}: {why}"),
        }
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it creates `new` from nothing, in the very statements that [`create_all`] makes for it.
    pub fn only_creates(&self, new: &Schema) -> bool {
        self.preflights.is_empty() && self.statements().eq(create_all(new).iter().map(String::as_str))
    }

    /// The highest cost of a step.
    pub fn cost(&self) -> Cost {
        self.steps.iter().map(|step| step.cost).max().unwrap_or(Cost::Instant)
    }

    /// All statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| &step.statements).map(String::as_str)
    }
}

/// Everything that the parts of the planner look at.
struct Input<'a> {
    old: &'a Schema,
    new: &'a Schema,
    diff: &'a Diff,
    decisions: &'a Decisions,
}

/// How a table gets from its old to its new form.
enum Strategy {
    /// By `ALTER TABLE` statements.
    Native,
    /// By a new table that takes the rows over, with what that costs.
    Rebuild(Cost),
}

/// Plans the statements that lead from `old` to `new`, given their difference and all decisions.
///
/// # Errors
/// If a change is beyond a generated migration (a virtual table of an unknown module, say).
pub fn plan(old: &Schema, new: &Schema, diff: &Diff, decisions: &Decisions) -> Result<Plan, PlanError> {
    let input = Input { old, new, diff, decisions };
    input.refuse_impossible_renames()?;
    let strategies: Vec<(&TableDiff, Strategy)> =
        diff.tables.iter().map(|table| (table, input.strategy(table))).collect();
    let mut preflights = Preflights::of(&input, &strategies);
    // what they make of values may be refused by constraints that no preflight foresees
    let backfilled = decisions.backfills.keys().map(|(table, _)| diff.renames.old_table(table).clone());
    preflights.unforeseen.extend(backfilled);
    let mut allowed = decide::allowed(diff, old, new, decisions);
    for object in std::mem::take(&mut preflights.accepted) {
        if !allowed.iter().any(|(lint, other)| *lint == Lint::LossyConversion && other.eq_ignore_ascii_case(&object)) {
            allowed.push((Lint::LossyConversion, object));
        }
    }
    let keeping = Keeping::of(&input, &allowed)?;
    let dependents = dependents::Dependents::of(&input, &strategies);
    let mut steps = Vec::new();

    steps.extend(dependents.drop_step());
    steps.extend(input.drop_indexes());
    steps.extend(virtual_table::drops(&input));
    steps.extend(keeping.move_steps(&input));
    for table in diff.dropped_tables.iter().filter(|_| decisions.keep.is_none()) {
        steps.push(Step {
            title: format!("drop table {table}"),
            cost: Cost::Instant,
            statements: vec![format!("DROP TABLE {}", table.sql())],
            rebuilds: None,
        });
    }
    steps.extend(input.rename_tables());
    steps.extend(input.rename_columns());
    for table in diff.created_tables.iter().filter_map(|name| new.table(name)) {
        steps.push(create_table_step(new, table));
    }
    for (table, strategy) in &strategies {
        steps.extend(keeping.copy_step(&table.name));
        match strategy {
            Strategy::Native => steps.extend(native::steps(&input, table)),
            Strategy::Rebuild(cost) => steps.push(rebuild::step(&input, table, *cost)),
        }
        steps.extend(keeping.after_step(&table.name));
    }
    steps.extend(dependents.create_steps(&input, virtual_table::changes(&input)?));
    steps.extend(keeping.follow_steps());

    Ok(Plan {
        changes: assess::assess(&input, &strategies, &preflights.all, &allowed),
        preflights: preflights.all,
        unforeseen: preflights.unforeseen,
        computed: computed::computed(&input, &strategies),
        moving: dependents::moving_tables(&input, &strategies),
        converted: decisions.conversions.keys().cloned().collect(),
        allowed,
        kept: keeping.tables(),
        restored: Vec::new(),
        unchecked: dependents.unchecked(),
        after_deploy: false,
        steps,
    })
}

impl<'a> Input<'a> {
    /// The table as it is when its turn comes: renamed, otherwise as it was.
    fn before(&self, name: &Name) -> &'a Table {
        self.diff.renamed.table(name).expect("a table that differs is in both schemas")
    }

    /// The table as it is wanted.
    fn after(&self, name: &Name) -> &'a Table {
        self.new.table(name).expect("a table that differs is in both schemas")
    }

    fn strategy(&self, table: &TableDiff) -> Strategy {
        if native::is_possible(self, table) {
            return Strategy::Native;
        }
        Strategy::Rebuild(rebuild::cost(self, table))
    }

    /// Indexes that are gone or change go first: they would block the drop of a column, and their names may be wanted
    /// elsewhere.
    fn drop_indexes(&self) -> Option<Step> {
        let names: Vec<&Name> = self
            .diff
            .tables
            .iter()
            .flat_map(|table| table.dropped_indexes.iter().chain(&table.changed_indexes))
            .collect();
        let statements: Vec<String> = names.iter().map(|name| format!("DROP INDEX {}", name.sql())).collect();
        let list = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        (!statements.is_empty()).then(|| Step {
            title: format!("drop index {list}"),
            cost: Cost::Instant,
            statements,
            rebuilds: None,
        })
    }

    fn rename_tables(&self) -> Vec<Step> {
        let gone = &self.diff.dropped_tables;
        let tables = self.old.tables.iter().map(|table| &table.name);
        let taken: Vec<Name> = tables
            .chain(self.old.virtual_tables.iter().map(|table| &table.name))
            .filter(|name| !gone.contains(name))
            .cloned()
            .collect();
        let moves = &self.diff.renames.tables;
        if moves.is_empty() {
            return Vec::new();
        }
        let title =
            moves.iter().map(|(from, to)| format!("rename table {from} to {to}")).collect::<Vec<_>>().join(", ");
        let statements = rename_order(moves, &taken)
            .iter()
            .map(|(from, to)| format!("ALTER TABLE {} RENAME TO {}", from.sql(), to.sql()))
            .collect();
        vec![Step { title, cost: Cost::Instant, statements, rebuilds: None }]
    }

    /// `RENAME COLUMN` fails ("no such column … after rename") on the single `INTEGER` primary key of a `WITHOUT ROWID`
    /// table that stands in a `UNIQUE` constraint as well. A rebuild is no way out: foreign keys of other tables follow
    /// a rename only.
    fn refuse_impossible_renames(&self) -> Result<(), PlanError> {
        for (name, from, to) in &self.diff.renames.columns {
            let Some(table) = self.old.table(self.diff.renames.old_table(name)) else { continue };
            let is_integer = table.column(from).is_some_and(|column| column.decl_type.is_integer_word());
            let is_key =
                table.primary_key.as_ref().is_some_and(|key| matches!(&key.parts[..], [only] if only.column == *from));
            let is_unique_too = table.uniques.iter().flat_map(|unique| &unique.parts).any(|part| part.column == *from);
            if table.without_rowid && is_integer && is_key && is_unique_too {
                return Err(PlanError::Unsupported(format!(
                    "SQLite cannot rename `{name}.{from}` to `{to}`, the INTEGER primary key of a WITHOUT ROWID table \
                     that also has a UNIQUE constraint: drop that constraint in its own migration, or write one \
                     with `cargo dbmigrate generate --custom`"
                )));
            }
        }
        Ok(())
    }

    fn rename_columns(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for table in &self.diff.renamed.tables {
            let Some(old) = self.old.table(self.diff.renames.old_table(&table.name)) else { continue };
            let wanted = self.diff.renames.columns.iter().filter(|(on, _, _)| *on == table.name);
            let titles: Vec<String> =
                wanted.map(|(on, from, to)| format!("rename column {on}.{from} to {to}")).collect();
            if titles.is_empty() {
                continue;
            }
            // the columns of both forms stand in the same order, so pairs of them are all renames, displaced ones included
            let moves: Vec<(Name, Name)> = old
                .columns
                .iter()
                .zip(&table.columns)
                .map(|(from, to)| (from.name.clone(), to.name.clone()))
                .filter(|(from, to)| !from.same_spelling(to))
                .collect();
            let taken: Vec<Name> = old.columns.iter().map(|column| column.name.clone()).collect();
            let statements = rename_order(&moves, &taken)
                .iter()
                .map(|(from, to)| {
                    format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table.name.sql(), from.sql(), to.sql())
                })
                .collect();
            steps.push(Step { title: titles.join(", "), cost: Cost::Instant, statements, rebuilds: None });
        }
        steps
    }
}

fn create_table_step(new: &Schema, table: &Table) -> Step {
    let created = render::create_table_as(table, &table.name, new.docs(&table.name));
    let indexes = table.indexes.iter().map(|index| render::create_index(&table.name, index));
    Step {
        title: format!("create table {}", table.name),
        cost: Cost::Instant,
        statements: std::iter::once(created).chain(indexes).collect(),
        rebuilds: None,
    }
}

/// How the name of the table begins that a rebuild fills, and that takes the place of the old one.
pub const HELPER_PREFIX: &str = "_dbmigrate_new_";

/// A name for a helper table that neither schema uses.
fn helper_name(input: &Input<'_>, table: &Name) -> Name {
    let all = [input.old, input.new];
    crate::diff::rename::unused(&format!("{HELPER_PREFIX}{table}"), |name| {
        all.iter().any(|schema| schema.object_names().any(|other| other == name))
    })
}

/// The names of objects, for titles.
fn list<'n, T: Named + 'n>(objects: impl IntoIterator<Item = &'n T>) -> String {
    objects.into_iter().map(|object| object.name().as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};
    use crate::diff::{Renames, diff};
    use crate::schema::Comments;

    fn planned(old: &Schema, new: &Schema) -> Plan {
        let diff = diff(old, new, &Renames::default()).expect("nothing is renamed");
        plan(old, new, &diff, &Decisions::default()).expect("there is a plan")
    }

    #[test]
    fn a_first_migration_is_the_creation_of_its_schema_and_no_other_is() {
        let mut new = Schema::default();
        for sql in
            ["CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b)", "CREATE TABLE b (id INTEGER PRIMARY KEY)"]
        {
            let Ok(Object::Table(table)) = read(sql) else { panic!("it is a table: {sql}") };
            new.tables.insert(table);
        }
        let Ok(Object::View(view)) = read("CREATE VIEW v AS SELECT * FROM a") else { panic!("it is a view") };
        new.views.insert(view);
        assert!(planned(&Schema::default(), &new).only_creates(&new));
        let told = Comments { table: Some("Of all".to_owned()), columns: vec![("b".into(), "Of b".to_owned())] };
        new.docs = ["a", "v"].into_iter().map(|name| (name.into(), told.clone())).collect();
        let documented = planned(&Schema::default(), &new);
        assert!(documented.only_creates(&new));
        assert!(documented.statements().any(|one| one.contains("( /* Of all */\n")));
        assert!(documented.statements().any(|one| one.contains("v /* Of all */ AS\n")));
        assert!(documented.statements().any(|one| one.contains("b REFERENCES b /* Of b */\n")));
        assert!(planned(&Schema { docs: std::collections::BTreeMap::default(), ..new.clone() }, &new).is_empty());
        let mut old = new.clone();
        old.tables.remove(&Name::from("b"));
        assert!(!planned(&old, &new).only_creates(&new));
    }
}
