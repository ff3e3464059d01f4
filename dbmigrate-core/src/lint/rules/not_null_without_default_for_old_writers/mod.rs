//! `not_null_without_default_for_old_writers`.

use crate::lint::release::{AROUND, column_path};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Table};

pub(super) static RULE: Rule = Rule {
    name: "not_null_without_default_for_old_writers",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a column must be given in each `INSERT` from now on, and the release that runs does not give it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for table in migration.kept_tables() {
        for column in &table.after.columns {
            let before = table.column(&column.name);
            if can_be_left_out(table.after, column)
                || before.is_some_and(|before| !can_be_left_out(table.before, before))
            {
                continue;
            }
            let object = column_path(&table.after.name, &column.name);
            let message = match before {
                None => format!("each INSERT that does not give `{object}` fails: it is new, NOT NULL, and has no default"),
                Some(before) if is_rowid(table.before, before) => {
                    format!("each INSERT that does not give `{object}` fails: SQLite no longer chooses a value")
                }
                Some(before) if table.before.rejects_null(before) => {
                    format!("each INSERT that does not give `{object}` fails: it no longer has a default")
                }
                Some(_) => format!("each INSERT that gives no value for `{object}` fails: it becomes NOT NULL without a default"),
            };
            let place = Place::Column(table.after.name.clone(), column.name.clone());
            let mut finding = Finding::new(&RULE, &object, message).at(place);
            if table.after.is_primary_key(&column.name) {
                finding = finding.help("release a version that always gives it first, and change the key in a later one");
            } else {
                finding = finding
                    .help("give it a default until the running release is gone: `#[column(default = …)]`")
                    .help("or leave it nullable in this release, and make it NOT NULL in the next one")
                    .help(AROUND);
            }
            found.push(migration.located(finding));
        }
    }
}

/// Whether an `INSERT` may leave the column out.
fn can_be_left_out(table: &Table, column: &Column) -> bool {
    column.generated.is_some()
        || column.effective_default().is_some()
        || !table.rejects_null(column)
        || is_rowid(table, column)
}

fn is_rowid(table: &Table, column: &Column) -> bool {
    table.rowid_alias().is_some_and(|alias| alias.name == column.name)
}
