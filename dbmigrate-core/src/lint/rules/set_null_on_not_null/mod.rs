//! `set_null_on_not_null`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{ReferentialAction, Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "set_null_on_not_null",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a foreign key sets a column to NULL that is NOT NULL, so that its action always fails",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let columns = || key.columns.iter().filter_map(|column| table.column(column));
        let mut actions = [("DELETE", key.on_delete), ("UPDATE", key.on_update)].into_iter();
        let broken = actions.find_map(|(event, action)| {
            let column = match action {
                ReferentialAction::SetNull => columns().find(|column| table.rejects_null(column))?,
                ReferentialAction::SetDefault => columns()
                    .find(|column| table.rejects_null(column) && column.effective_default().is_none())?,
                _ => return None,
            };
            Some((event, action, column))
        });
        let Some((event, action, column)) = broken else { continue };
        let object = path([&table.name, &column.name]);
        let parent = path([&key.parent]);
        let (means, fails) = match event {
            "DELETE" => ("delete", format!("a DELETE from `{parent}`")),
            _ => ("update", format!("a change of a key in `{parent}`")),
        };
        let message = match action {
            ReferentialAction::SetDefault => {
                format!("`{object}` is NOT NULL without a default, and ON {event} SET DEFAULT sets it to NULL")
            }
            _ => format!("`{object}` is NOT NULL, and ON {event} SET NULL sets it to NULL"),
        };
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::ForeignKey(table.name.clone(), at))
            .note(format!("{fails} fails as soon as `{}` has a row for it", path([&table.name])))
            .help(format!(
                "make `{object}` nullable, or say what is meant: ON {event} CASCADE to {means} the rows too, RESTRICT to refuse it"
            ));
        found.push(finding);
    }
}
