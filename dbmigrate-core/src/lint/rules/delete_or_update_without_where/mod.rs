//! `delete_or_update_without_where`.

use crate::lint::write::Verb;
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "delete_or_update_without_where",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a `DELETE` or `UPDATE` has no `WHERE`, so that it concerns every row",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (at, write) in migration.writes() {
        let (word, done) = match write.verb {
            Verb::Delete => ("DELETE", "deleted"),
            Verb::Update => ("UPDATE", "overwritten"),
            Verb::Insert | Verb::Replace => continue,
        };
        // only what had rows before the migration has something to lose
        let Some(table) = migration.old.table(&write.table) else { continue };
        if write.condition.is_some() {
            continue;
        }
        let object = path([&table.name]);
        let probe = Probe {
            kind: ProbeKind::Loses,
            table: table.name.clone(),
            count: format!("SELECT count(*) FROM {}", table.name.sql()),
            keys: String::new(),
            says: format!("rows of `{object}` are {done}"),
            at_least: 1,
        };
        let finding = Finding::new(&RULE, &object, format!("this {word} has no WHERE: every row of `{object}` is {done}"))
            .at(Place::Table(table.name.clone()))
            .in_statement(*at)
            .help("say which rows are meant; if it is all of them: `WHERE true`")
            .probe(probe);
        found.push(finding);
    }
}
