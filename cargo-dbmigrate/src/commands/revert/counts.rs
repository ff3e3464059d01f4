//! How `migrate` counts what comes back of kept values and tables.

use dbmigrate_core::kept::restore::{Restore, Rows, of_rows, of_values};
use dbmigrate_core::kept::{Kept, KeptTable};
use dbmigrate_core::schema::{ReferentialAction, Schema};
use dbmigrate_core::sql::Name;

use super::returning::Returning;

/// Of a column of the target. `otherwise` is what the other rows get.
pub(super) fn of_column(one: &Returning, name: &Name, otherwise: Option<String>) -> Restore {
    let at = one.columns.iter().position(|(column, _, _)| column == name);
    let after = at.and_then(|at| one.columns[at].2.as_ref());
    let converted = at.and_then(|at| one.now.converted.get(at)?.as_ref());
    let rows = Rows { table: &one.now.table, key: &one.now.key, converted };
    let query = of_values(&one.table, after, &rows);
    restore(one, &one.table, Some(name), otherwise, query)
}

/// Of the tables that come back as a whole.
pub(super) fn of_tables(all: &[Returning], target: &Schema) -> Vec<Restore> {
    let whole = all.iter().filter(|one| matches!(one.table.kept, Kept::Whole));
    let of = |one: &Returning| {
        let query = of_rows(&one.hidden.name, &gone((one, &one.hidden.name), all, target, &mut Vec::new()));
        restore(one, &one.table, None, None, query)
    };
    whole.map(of).collect()
}

fn restore(
    one: &Returning,
    table: &KeptTable,
    column: Option<&Name>,
    otherwise: Option<String>,
    query: String,
) -> Restore {
    let kept = table.name.clone();
    Restore { line: 0, table: one.to.clone(), column: column.cloned(), kept, otherwise, query }
}

/// A table that comes back as a whole, by its name in the target.
pub(super) fn whole<'a>(all: &'a [Returning], name: &Name) -> Option<&'a Returning> {
    all.iter().find(|one| one.to == *name && matches!(one.table.kept, Kept::Whole))
}

/// The conditions for which rows of a kept table, called `row`, do not come back: a parent was deleted since, or does
/// not come back either, and the key would have deleted them with it.
fn gone<'a>(
    (one, row): (&'a Returning, &Name),
    all: &'a [Returning],
    target: &'a Schema,
    inside: &mut Vec<&'a Name>,
) -> Vec<String> {
    let Some(table) = target.table(&one.to) else { return Vec::new() };
    inside.push(&one.to);
    let mut conditions = Vec::new();
    for key in table.foreign_keys.iter().filter(|key| key.on_delete == ReferentialAction::Cascade) {
        let Some(referenced) = target.referenced_columns(key) else { continue };
        if inside.contains(&&key.parent) {
            continue;
        }
        let alias = Name::from(format!("p{}", inside.len()));
        let parent = whole(all, &key.parent);
        let mut is_there: Vec<String> = key
            .columns
            .iter()
            .zip(&referenced)
            .map(|(column, to)| format!("{}.{} = {}.{}", alias.sql(), to.sql(), row.sql(), column.sql()))
            .collect();
        let gone = parent.map(|parent| gone((parent, &alias), all, target, inside)).unwrap_or_default();
        is_there.extend(gone.iter().map(|condition| format!("NOT ({condition})")));
        let parent = parent.map_or(&key.parent, |parent| &parent.hidden.name);
        let set: Vec<String> =
            key.columns.iter().map(|column| format!("{}.{} IS NOT NULL", row.sql(), column.sql())).collect();
        conditions.push(format!(
            "{} AND NOT EXISTS (SELECT 1 FROM {} AS {} WHERE {})",
            set.join(" AND "),
            parent.sql(),
            alias.sql(),
            is_there.join(" AND ")
        ));
    }
    inside.pop();
    conditions
}

/// The tables that come back as a whole, each behind those that it refers to, as far as that is possible.
pub(super) fn parents_first<'a>(all: &'a [Returning], target: &Schema) -> Vec<&'a Returning> {
    fn push<'a>(
        one: &'a Returning,
        all: &'a [Returning],
        target: &Schema,
        done: &mut Vec<&'a Returning>,
        depth: usize,
    ) {
        let keys = target.table(&one.to).map_or(&[][..], |table| &table.foreign_keys);
        for parent in keys.iter().filter_map(|key| whole(all, &key.parent)) {
            // a cycle has no first one
            if depth <= all.len() && parent.to != one.to {
                push(parent, all, target, done, depth + 1);
            }
        }
        if !done.iter().any(|other| other.to == one.to) {
            done.push(one);
        }
    }
    let mut done = Vec::new();
    for one in all.iter().filter(|one| matches!(one.table.kept, Kept::Whole)) {
        push(one, all, target, &mut done, 0);
    }
    done
}
