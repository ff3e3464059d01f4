//! Random edits: each changes one thing about a model, as people change their structs.

use dbmigrate_core::schema::{Deferrable, ReferentialAction};
use dbmigrate_core::sql::Name;

use crate::gene::{Choices, Gene, TableGenes};
use crate::generate;
use crate::model::{Model, TableModel};

/// All kinds of edits, the simplest first.
#[derive(Debug, Clone, Copy)]
enum Edit {
    AddColumn,
    DropColumn,
    RenameColumn,
    SwapColumns,
    ShiftColumns,
    ReuseColumnName,
    ReorderColumns,
    ChangeType,
    ChangeNullability,
    ChangeDefault,
    ChangeCollation,
    ChangeGenerated,
    ChangePrimaryKey,
    AddConstraint,
    DropUnique,
    DropCheck,
    DropForeignKey,
    ChangeForeignKey,
    ToggleStrict,
    ToggleWithoutRowid,
    ToggleRandomRowid,
    DropIndex,
    ChangeIndex,
    AddObject,
    DropView,
    ChangeView,
    DropTrigger,
    ChangeTrigger,
    DropVirtual,
    ChangeVirtual,
    AddTable,
    DropTable,
    RenameTable,
    SwapTables,
}

const EDITS: [Edit; 34] = [
    Edit::AddColumn,
    Edit::DropColumn,
    Edit::RenameColumn,
    Edit::SwapColumns,
    Edit::ShiftColumns,
    Edit::ReuseColumnName,
    Edit::ReorderColumns,
    Edit::ChangeType,
    Edit::ChangeNullability,
    Edit::ChangeDefault,
    Edit::ChangeCollation,
    Edit::ChangeGenerated,
    Edit::ChangePrimaryKey,
    Edit::AddConstraint,
    Edit::DropUnique,
    Edit::DropCheck,
    Edit::DropForeignKey,
    Edit::ChangeForeignKey,
    Edit::ToggleStrict,
    Edit::ToggleWithoutRowid,
    Edit::ToggleRandomRowid,
    Edit::DropIndex,
    Edit::ChangeIndex,
    Edit::AddObject,
    Edit::DropView,
    Edit::ChangeView,
    Edit::DropTrigger,
    Edit::ChangeTrigger,
    Edit::DropVirtual,
    Edit::ChangeVirtual,
    Edit::AddTable,
    Edit::DropTable,
    Edit::RenameTable,
    Edit::SwapTables,
];

/// Edits a model, by a gene for each edit.
pub(crate) fn edited(model: &Model, edits: &[Gene]) -> Model {
    let mut model = model.clone();
    for gene in edits {
        let mut choices = Choices::of(gene);
        let edit = choices.one(&EDITS);
        apply(&mut model, edit, &mut choices);
        model.repair();
    }
    model
}

/// Renames tables and columns of a model, and nothing else.
pub(crate) fn renamed(model: &Model, edits: &[Gene]) -> Model {
    let renames = [Edit::RenameColumn, Edit::SwapColumns, Edit::ShiftColumns, Edit::RenameTable, Edit::SwapTables];
    let mut model = model.clone();
    for gene in edits {
        let mut choices = Choices::of(gene);
        let edit = choices.one(&renames);
        let columns: usize = model.tables.iter().map(|table| table.columns.len()).sum();
        let before = model.clone();
        apply(&mut model, edit, &mut choices);
        if model.tables.iter().map(|table| table.columns.len()).sum::<usize>() != columns {
            model = before;
        }
    }
    model
}

fn apply(model: &mut Model, edit: Edit, choices: &mut Choices<'_>) {
    match edit {
        Edit::AddObject => generate::add_object(model, choices),
        Edit::DropView => drop(remove_one(&mut model.views, choices)),
        Edit::ChangeView => {
            let mut again = model.clone();
            generate::add_view(&mut again, choices);
            if let (Some(at), Some(new)) = (position(&model.views, choices), again.views.last()) {
                let new = new.clone();
                let view = &mut model.views[at];
                // another source might be the view itself
                (view.text, view.named) = (new.text, new.named);
                if new.from == view.from {
                    view.columns = new.columns;
                }
            }
        }
        Edit::DropTrigger => drop(remove_one(&mut model.triggers, choices)),
        Edit::ChangeTrigger => {
            let mut again = model.clone();
            generate::add_trigger(&mut again, choices);
            if let (Some(at), Some(new)) = (position(&model.triggers, choices), again.triggers.last()) {
                let name = model.triggers[at].name.clone();
                model.triggers[at] = new.clone();
                model.triggers[at].name = name;
            }
        }
        Edit::DropVirtual => drop(remove_one(&mut model.virtuals, choices)),
        Edit::ChangeVirtual => {
            if let Some(table) = position(&model.virtuals, choices).map(|at| &mut model.virtuals[at])
                && table.module == "fts5"
            {
                table.columns = choices.several(3, &["title", "body", "Tag", "extra"]);
                table.option = choices.maybe(50, &["tokenize = 'porter'", "prefix = '2 3'"]);
            }
        }
        Edit::AddTable => {
            let columns: Vec<Gene> = (0..3)
                .map(|_| (0..14).map(|_| u16::try_from(choices.below(65_536)).unwrap_or_default()).collect())
                .collect();
            let genes = TableGenes { table: columns[0].clone(), columns, constraints: Vec::new() };
            generate::add_table(model, &genes);
        }
        Edit::DropTable if model.tables.len() > 1 => drop(remove_one(&mut model.tables, choices)),
        Edit::RenameTable => {
            let name = generate::free_name(choices, &["renamed", "users", "group", "New Table"], &model.names());
            if let Some(at) = position(&model.tables, choices) {
                model.tables[at].name = name;
            }
        }
        Edit::SwapTables if model.tables.len() > 1 => {
            let (one, two) = (choices.below(model.tables.len()), choices.below(model.tables.len()));
            let name = model.tables[one].name.clone();
            model.tables[one].name = std::mem::replace(&mut model.tables[two].name, name);
        }
        _ => {
            if let Some(at) = position(&model.tables, choices) {
                apply_to_table(model, at, edit, choices);
            }
        }
    }
}

fn position<T>(all: &[T], choices: &mut Choices<'_>) -> Option<usize> {
    (!all.is_empty()).then(|| choices.below(all.len()))
}

fn remove_one<T>(all: &mut Vec<T>, choices: &mut Choices<'_>) -> Option<T> {
    position(all, choices).map(|at| all.remove(at))
}

fn apply_to_table(model: &mut Model, at: usize, edit: Edit, choices: &mut Choices<'_>) {
    match edit {
        Edit::AddConstraint => return generate::add_constraint(model, at, choices),
        Edit::AddColumn => {
            let mut table = model.tables[at].clone();
            generate::add_column(model, &mut table, choices);
            model.tables[at] = table;
            return;
        }
        Edit::ReuseColumnName => {
            let mut table = model.tables[at].clone();
            let Some(column) = position(&table.columns, choices) else { return };
            let old = table.columns[column].name.clone();
            table.columns[column].name = fresh(&table, choices);
            generate::add_column(model, &mut table, choices);
            if let Some(added) = table.columns.last_mut() {
                added.name = old;
            }
            model.tables[at] = table;
            return;
        }
        Edit::ChangeIndex => {
            let taken = model.names();
            let table = &mut model.tables[at];
            let columns = table.all();
            if let Some(index) = position(&table.indexes, choices)
                && let Some(mut new) = generate::index(choices, &columns, &taken)
            {
                new.name.clone_from(&table.indexes[index].name);
                table.indexes[index] = new;
            }
            return;
        }
        _ => {}
    }
    let table = &mut model.tables[at];
    match edit {
        Edit::DropColumn if table.columns.len() > 1 => drop(remove_one(&mut table.columns, choices)),
        Edit::RenameColumn => {
            let name = fresh(table, choices);
            if let Some(column) = position(&table.columns, choices) {
                table.columns[column].name = name;
            }
        }
        Edit::SwapColumns => {
            if let (Some(one), Some(two)) = (position(&table.columns, choices), position(&table.columns, choices)) {
                let name = table.columns[one].name.clone();
                table.columns[one].name = std::mem::replace(&mut table.columns[two].name, name);
            }
        }
        Edit::ShiftColumns => {
            let mut name = fresh(table, choices);
            for column in table.columns.iter_mut().take(3) {
                std::mem::swap(&mut column.name, &mut name);
            }
            // one of three: the last name is taken over, too, by a column that is dropped
            if choices.chance(30) && table.columns.len() > 1 {
                table.columns.pop();
            }
        }
        Edit::ReorderColumns => table.columns.rotate_left(1),
        Edit::ChangePrimaryKey => generate::set_primary_key(table, choices),
        Edit::DropUnique => drop(remove_one(&mut table.uniques, choices)),
        Edit::DropCheck => drop(remove_one(&mut table.checks, choices)),
        Edit::DropForeignKey => drop(remove_one(&mut table.foreign_keys, choices)),
        Edit::DropIndex => drop(remove_one(&mut table.indexes, choices)),
        Edit::ChangeForeignKey => {
            if let Some(key) = position(&table.foreign_keys, choices) {
                let key = &mut table.foreign_keys[key];
                key.on_delete = choices.one(&ReferentialAction::ALL);
                key.on_update = choices.one(&ReferentialAction::ALL);
                key.deferrable = choices.maybe(50, &[Deferrable::InitiallyDeferred]);
            }
        }
        Edit::ToggleStrict => table.strict = !table.strict,
        Edit::ToggleWithoutRowid => table.without_rowid = !table.without_rowid,
        Edit::ToggleRandomRowid => table.random_rowid = !table.random_rowid,
        _ => change_column(model, at, edit, choices),
    }
}

fn change_column(model: &mut Model, at: usize, edit: Edit, choices: &mut Choices<'_>) {
    // a new column is where the new properties come from
    let mut table = model.tables[at].clone();
    generate::add_column(model, &mut table, choices);
    let Some(new) = table.columns.pop() else { return };
    let Some(column) = position(&table.columns, choices) else { return };
    let mut changed = table.columns[column].clone();
    match edit {
        Edit::ChangeType => changed.decl_type = new.decl_type,
        Edit::ChangeNullability => {
            changed.not_null = !changed.not_null;
            changed.not_null_conflict = new.not_null_conflict;
            if changed.not_null && changed.default.is_none() {
                changed.default = new.default;
            }
        }
        Edit::ChangeDefault => changed.default = new.default,
        Edit::ChangeCollation => changed.collate = new.collate,
        Edit::ChangeGenerated => match &mut changed.generated {
            Some((_, stored)) if choices.chance(50) => *stored = !*stored,
            Some(_) => changed.generated = None,
            None => generate::set_generated(&table, &mut changed, choices),
        },
        _ => {}
    }
    model.tables[at].columns[column] = changed;
}

fn fresh(table: &TableModel, choices: &mut Choices<'_>) -> String {
    let taken: Vec<Name> = table.columns.iter().map(|column| Name::from(column.name.as_str())).collect();
    generate::free_name(choices, &["fresh", "a", "order", "rowid", "New \"One\"", "null", "length"], &taken)
}
