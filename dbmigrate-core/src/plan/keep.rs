//! What is kept of what a plan drops or converts: the tables that are moved out of sight instead of dropped, and the
//! hidden tables that values are copied to before their column goes, with the triggers that follow its rows.

use super::copy::{Source, source};
use super::rebuild::{carry_mark, declared_name, insert};
use super::{Cost, Decisions, Input, Lint, PlanError, Question, Step};
use crate::ddl::render;
use crate::diff::{Diff, TableDiff};
use crate::kept::key::{is_same_key, keys};
use crate::kept::{Kept, KeptColumn, KeptColumns, KeptTable, kept_name, shape};
use crate::schema::{Column, Schema, Table};
use crate::sql::Name;
use crate::sql::path::path;

/// Everything that a plan keeps, with the statements for it.
#[derive(Default)]
pub(super) struct Keeping {
    /// The tables that are moved instead of dropped.
    moved: Vec<KeptTable>,
    /// What is kept of tables that stay.
    columns: Vec<Copied>,
}

/// Values of a table that stays, and where they come from.
struct Copied {
    kept: KeptTable,
    columns: KeptColumns,
    /// What the columns of the key and those of the values are filled from.
    from: Vec<String>,
}

impl Keeping {
    /// What the plan keeps, if it is to keep anything. `allowed` are the losses that were accepted.
    ///
    /// # Errors
    /// If there is something that cannot be kept.
    pub(super) fn of(input: &Input<'_>, allowed: &[(Lint, String)]) -> Result<Self, PlanError> {
        let mut keeping = Self::default();
        let Some(sequence) = input.decisions.keep else { return Ok(keeping) };
        let mut taken: Vec<Name> = Vec::new();
        let mut take = |table: &Name| {
            let name = kept_name(sequence, table, |name| taken.contains(name));
            taken.push(name.clone());
            name
        };
        let is_lost = |lint: Lint, object: &str| {
            allowed.iter().any(|(one, other)| *one == lint && other.eq_ignore_ascii_case(object))
        };
        for name in &input.diff.dropped_tables {
            let kept = KeptTable { name: take(name), of: name.clone(), kept: Kept::Whole };
            keeping.moved.push(kept);
        }
        // those that refer to others go first, so that no reference follows a rename
        let refers = |kept: &KeptTable| input.old.table(&kept.of).is_some_and(|table| !table.foreign_keys.is_empty());
        keeping.moved.sort_by_key(|kept| !refers(kept));
        for name in &input.diff.virtual_tables.dropped {
            if is_lost(Lint::DropTable, &path([name])) {
                return Err(PlanError::cannot_keep(
                    format!("the rows of `{name}`"),
                    "it is a virtual table".to_owned(),
                ));
            }
        }
        for diff in &input.diff.tables {
            let lost = lost_columns(input, diff, &is_lost);
            if lost.is_empty() {
                continue;
            }
            let copied = Copied::of(input, diff, &lost, take(&diff.name))?;
            keeping.columns.push(copied);
        }
        Ok(keeping)
    }

    /// What is kept, without the statements.
    pub(super) fn tables(&self) -> Vec<KeptTable> {
        self.moved.iter().chain(self.columns.iter().map(|copied| &copied.kept)).cloned().collect()
    }

    /// Moves the dropped tables out of sight.
    pub(super) fn move_steps(&self, input: &Input<'_>) -> Vec<Step> {
        let tables = self.moved.iter().filter_map(|kept| Some((kept, input.old.table(&kept.of)?)));
        tables.map(|(kept, table)| move_step(input, table, &kept.name)).collect()
    }

    /// Copies the values of a table that is about to lose them.
    pub(super) fn copy_step(&self, table: &Name) -> Option<Step> {
        let copied = self.columns.iter().find(|copied| copied.kept.of == *table)?;
        let kept = &copied.kept.name;
        let names = copied.columns.key.iter().map(|column| &column.name);
        let names = names.chain(copied.columns.values.iter().map(|value| &value.original));
        let columns: Vec<String> = names.map(|name| name.sql().into_owned()).collect();
        let copy = format!(
            "INSERT INTO {} ({})\nSELECT {}\nFROM {}",
            kept.sql(),
            columns.join(", "),
            copied.from.join(", "),
            table.sql()
        );
        let statements = [copied.columns.create(kept), copy].into_iter().chain(KeptColumns::count(kept)).collect();
        Some(Step {
            title: format!("keep {} in {kept}", copied.objects()),
            cost: Cost::Rewrite,
            statements,
            rebuilds: None,
        })
    }

    /// Remembers what the values of a table have become, once it has them.
    pub(super) fn after_step(&self, table: &Name) -> Option<Step> {
        let copied = self.columns.iter().find(|copied| copied.kept.of == *table)?;
        let (kept, of) = (copied.kept.name.sql(), table.sql());
        let converted: Vec<(&Name, &Name)> =
            copied.columns.values.iter().filter_map(|value| Some((&value.column, value.after.as_ref()?))).collect();
        let (columns, after): (Vec<String>, Vec<String>) = converted
            .iter()
            .map(|(column, after)| (format!("{of}.{}", column.sql()), after.sql().into_owned()))
            .unzip();
        let key = copied.columns.key.iter().map(|column| column.name.sql());
        let key: Vec<String> = key.map(|name| format!("{kept}.{name} = {of}.{name}")).collect();
        let target = if let [only] = &after[..] { only.clone() } else { format!("({})", after.join(", ")) };
        (!converted.is_empty()).then(|| Step {
            title: format!("remember what {} become", copied.objects()),
            cost: Cost::Rewrite,
            statements: vec![format!(
                "UPDATE {kept}\nSET {target} = (SELECT {} FROM {of} WHERE {})",
                columns.join(", "),
                key.join(" AND ")
            )],
            rebuilds: None,
        })
    }

    /// The triggers that follow the rows, which come last: nothing that the migration does is a change of a row.
    pub(super) fn follow_steps(&self) -> impl Iterator<Item = Step> {
        self.columns.iter().map(|copied| Step {
            title: format!("follow the rows of {} in {}", copied.kept.of, copied.kept.name),
            cost: Cost::Instant,
            statements: copied.columns.triggers(&copied.kept.name, &copied.kept.of),
            rebuilds: None,
        })
    }
}

/// Whether what a question is about can be kept.
pub fn can_keep((old, new): (&Schema, &Schema), diff: &Diff, decisions: &Decisions, question: &Question) -> bool {
    let (lint, object) = question.lint();
    let mut diff = diff.clone();
    let (dropped, changed) = match question {
        Question::TableGone { table, .. } => (Some(table), None),
        Question::ColumnGone { table, .. } | Question::BecomesGenerated { table, .. } => (None, Some(table)),
        _ => return false,
    };
    diff.dropped_tables.retain(|table| Some(table) == dropped);
    diff.virtual_tables.dropped.retain(|table| Some(table) == dropped);
    diff.tables.retain(|table| Some(&table.name) == changed);
    let decisions = Decisions { keep: Some(1), ..decisions.clone() };
    let input = Input { old, new, diff: &diff, decisions: &decisions };
    Keeping::of(&input, &[(lint, object)]).is_ok()
}

/// Renames a table to its hidden name. What refers to it would follow, so one that refers or is referred to by what
/// stays is copied instead.
fn move_step(input: &Input<'_>, table: &Table, kept: &Name) -> Step {
    let refers =
        |child: &Table| child.name != table.name && child.foreign_keys.iter().any(|key| key.parent == table.name);
    let is_free = table.foreign_keys.is_empty() && !input.new.tables.iter().any(refers);
    let mut statements = Vec::new();
    let cost = if is_free {
        statements.extend(table.indexes.iter().map(|index| format!("DROP INDEX {}", index.name.sql())));
        statements.push(format!("ALTER TABLE {} RENAME TO {}", table.name.sql(), kept.sql()));
        Cost::Instant
    } else {
        let moved = shape::moved(table, kept);
        let rowid = table.free_rowid_name().filter(|_| table.rowid_alias().is_none());
        let stored = table.columns.iter().filter(|column| column.generated.is_none()).map(|column| &column.name);
        let columns: Vec<String> = rowid.iter().chain(stored).map(|name| name.sql().into_owned()).collect();
        statements.push(render::create_table(&moved));
        statements.push(insert(&moved, kept, &columns, &columns, &table.name));
        if table.is_autoincrement() {
            statements.extend(carry_mark(&table.name, kept));
        }
        statements.push(format!("DROP TABLE {}", table.name.sql()));
        Cost::Rewrite
    };
    Step { title: format!("keep table {} as {kept}", table.name), cost, statements, rebuilds: None }
}

/// The columns that lose values, as they are called when the values are copied, as they are declared, and whether the
/// column is there afterwards with what became of them.
fn lost_columns(input: &Input<'_>, diff: &TableDiff, is_lost: &impl Fn(Lint, &str) -> bool) -> Vec<(Name, Name, bool)> {
    let (before, after) = (input.before(&diff.name), input.after(&diff.name));
    let mut lost = Vec::new();
    for column in before.columns.iter().filter(|column| column.generated.is_none()) {
        let object = path([&diff.name, &column.name]);
        let change = diff.changed.iter().find(|change| change.name == column.name);
        if diff.dropped.contains(&column.name) {
            lost.push((column.name.clone(), declared_name(after, &column.name), false));
        } else if after.column(&column.name).is_some_and(|column| column.generated.is_some()) {
            lost.push((column.name.clone(), column.name.clone(), false));
        } else {
            let is_converted = input.decisions.conversion(&diff.name, &column.name).is_some();
            let is_changed = change.is_some_and(|change| change.decl_type) || diff.options;
            if is_converted || is_changed && is_lost(Lint::LossyConversion, &object) {
                lost.push((column.name.clone(), column.name.clone(), true));
            }
        }
    }
    lost
}

impl Copied {
    fn of(input: &Input<'_>, diff: &TableDiff, lost: &[(Name, Name, bool)], name: Name) -> Result<Self, PlanError> {
        let (key, is_rowid, mut from) = key(input, diff).ok_or_else(|| {
            let objects: Vec<String> = lost.iter().map(|(_, column, _)| format!("`{}.{column}`", diff.name)).collect();
            let why = format!(
                "`{}` has no primary key and no UNIQUE columns that are NOT NULL before and after the migration",
                diff.name
            );
            PlanError::cannot_keep(format!("the values of {}", objects.join(", ")), why)
        })?;
        let columns = lost.iter().map(|(_, column, is_converted)| (column.clone(), *is_converted));
        let values = KeptColumns::values(&key, columns);
        let columns = KeptColumns { values, key, is_rowid, is_counted: true };
        from.extend(lost.iter().map(|(column, _, _)| column.sql().into_owned()));
        let kept = KeptTable { name, of: diff.name.clone(), kept: Kept::Columns(columns.clone()) };
        Ok(Self { kept, columns, from })
    }

    fn objects(&self) -> String {
        let object = |value: &KeptColumn| format!("{}.{}", self.kept.of, value.column);
        self.columns.values.iter().map(object).collect::<Vec<_>>().join(", ")
    }
}

/// The key by which rows are known before the migration, during it and afterwards: the columns of the hidden table,
/// whether they are the rowid, and what they are filled from.
fn key(input: &Input<'_>, diff: &TableDiff) -> Option<(Vec<Column>, bool, Vec<String>)> {
    let (before, after) = (input.before(&diff.name), input.after(&diff.name));
    let keys_before: Vec<Vec<Column>> = keys(before).collect();
    let stays = |key: &Vec<Column>| {
        let same = |column: &Column| {
            let both = (before.column(&column.name), after.column(&column.name));
            let (Some(old), Some(new)) = both else { return false };
            let is_given = [old, new].iter().all(|column| column.generated.is_none());
            is_given
                && before.rejects_null(old)
                && after.rejects_null(new)
                && before.affinity(old) == after.affinity(new)
                && matches!(source(input, before, after, new), Source::Column)
        };
        key.iter().all(same) && keys_before.iter().any(|other| is_same_key(other, key))
    };
    if let Some(key) = keys(after).find(stays) {
        let is_alias =
            |table: &Table| matches!((table.rowid_alias(), &key[..]), (Some(alias), [only]) if alias.name == only.name);
        let from = key.iter().map(|column| column.name.sql().into_owned()).collect();
        let is_rowid = is_alias(before) && is_alias(after);
        return Some((key, is_rowid, from));
    }
    // a new INTEGER PRIMARY KEY takes over the rowids that the rows have had all along
    let (alias, rowid) = (after.rowid_alias()?, before.free_rowid_name()?);
    let is_taken_over = matches!(source(input, before, after, alias), Source::Default);
    is_taken_over.then(|| (vec![Column::new(alias.name.clone(), "INTEGER")], true, vec![rowid.sql().into_owned()]))
}
