//! `unique_on_existing_rows`.

use crate::lint::refusal::{self, Said, key_object, list};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::Sought;
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "unique_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "something becomes unique, and existing rows may have it twice",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    refusal::find(migration, found, &RULE, Sought::Duplicates, |preflight, place| {
        let (old, columns) = (path([&preflight.table]), list(&preflight.columns));
        let (object, columns, change) = match place {
            Place::Index(table, index) => {
                let parts = &migration.new.table(table)?.indexes.get(index)?.parts;
                let columns = parts.iter().map(|part| part.expr.said()).collect::<Vec<_>>().join(", ");
                let change = format!("index `{index}` makes ({columns}) of `{}` unique", path([table]));
                (path([table, index]), columns, change)
            }
            Place::PrimaryKey(table) => {
                let change = format!("({columns}) becomes the primary key of `{}`", path([table]));
                (path([table]), columns, change)
            }
            Place::Unique(table, _) => {
                let change = format!("({columns}) of `{}` becomes unique", path([table]));
                (key_object(table, &preflight.columns), columns, change)
            }
            _ => return None,
        };
        Some(Said {
            object,
            change,
            rows: format!("two rows of `{old}` have the same there"),
            counted: format!("values in ({columns}) of `{old}` are there more than once"),
        })
    });
}
