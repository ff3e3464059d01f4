//! `index_without_query`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "index_without_query",
    group: Group::Performance,
    level: Level::Warn,
    summary: "an index stays by which queries found rows before, and none does after it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (table, index) in &migration.target.facts.idle {
        let is_unique = migration.new.table(table).and_then(|table| table.indexes.get(index)).is_some_and(|one| one.unique);
        // what keeps rows apart has its use
        if is_unique {
            continue;
        }
        let object = path([table, index]);
        let message = format!("no query uses the index `{object}` now, and each write still pays for it");
        let finding = Finding::new(&RULE, &object, message).at(Place::Index(table.clone(), index.clone()));
        found.push(migration.located(finding.help("drop it, unless something uses it that is not in the source")));
    }
}
