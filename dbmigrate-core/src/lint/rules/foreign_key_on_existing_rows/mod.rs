//! `foreign_key_on_existing_rows`.

use crate::lint::added::added;
use crate::lint::refusal::{self, Said, key_object};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::ForeignKey;
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a foreign key is new, and existing rows may refer to rows that are not there",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let say = |preflight: &Preflight, place: &Place| {
        let Place::ForeignKey(table, at) = place else { return None };
        let key = migration.new.table(table)?.foreign_keys.get(*at)?;
        let is_same = |before: &ForeignKey| {
            (&before.columns, &before.parent, &before.parent_columns) == (&key.columns, &key.parent, &key.parent_columns)
        };
        let was_there = migration.diff.renamed.table(table)?.foreign_keys.iter().any(is_same);
        // what leads nowhere already is no worse than before, unless a preflight looks for it
        if was_there && refusal::guard_of(migration, preflight).is_none() {
            return None;
        }
        let parent = &key.parent;
        let (object, old, parent) = (key_object(table, &preflight.columns), path([&preflight.table]), path([parent]));
        Some(Said {
            change: match was_there {
                true => format!("the foreign key `{object}` to `{parent}` changes"),
                false => format!("`{object}` becomes a foreign key to `{parent}`"),
            },
            rows: format!("rows of `{old}` refer to one that is not there"),
            counted: format!("rows of `{old}` refer to rows of `{parent}` that are not there"),
            object,
        })
    };
    refusal::find(migration, found, &RULE, Sought::Orphans, say);
    defaults(migration, found);
}

/// New columns whose default refers to a row: the same for all rows, so that they fail together.
fn defaults(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for added in added(migration) {
        let Some(default) = added.column.effective_default().filter(|default| default.is_literal()) else { continue };
        for (at, key) in added.new.foreign_keys.iter().enumerate() {
            let is_it = key.columns == [added.column.name.clone()];
            let parent = migration.diff.renames.table_before(&key.parent).and_then(|name| migration.old.table(name));
            let referenced = migration.new.referenced_columns(key).unwrap_or_default();
            let is_written = migration.writes().iter().any(|(_, write)| write.table == key.parent);
            let ([referenced], Some(parent), true, false) = (&referenced[..], parent, is_it, is_written) else { continue };
            let referenced = migration.diff.renames.old_column(&key.parent, referenced);
            let change = format!(
                "`{}` refers to row {default} of `{}` by its default",
                added.object,
                path([&key.parent])
            );
            let mut finding = added.finding(&RULE, &change);
            finding.message = format!("{change}: the migration fails if `{}` has rows and that row is missing", path([&added.old.name]));
            if let Some(probe) = &mut finding.probe {
                probe.count = format!(
                    "SELECT count(*) FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {} = {default})",
                    added.old.name.sql(),
                    parent.name.sql(),
                    referenced.sql()
                );
                probe.says = format!("rows of `{}` would refer to a row that is not there", path([&added.old.name]));
            }
            let help = "leave out the default, or insert the row that it refers to before";
            found.push(finding.at(Place::ForeignKey(added.new.name.clone(), at)).help(help));
        }
    }
}
