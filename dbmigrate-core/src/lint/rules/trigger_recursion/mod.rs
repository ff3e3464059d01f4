//! `trigger_recursion`.

use crate::lint::triggers::cycle;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Trigger, TriggerEvent};
use crate::sql::StatementKind;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "trigger_recursion",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a trigger writes what fires it again, without a condition that ends it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let triggers = &migration.diff.triggers;
    let mut reported: Vec<Vec<String>> = Vec::new();
    for name in triggers.created.iter().chain(&triggers.changed) {
        let Some(trigger) = migration.new.triggers.get(name) else { continue };
        let Some(others) = cycle(migration.new, trigger) else { continue };
        // it was so before
        let before = migration.diff.renamed.triggers.get(name);
        if before.is_some_and(|before| cycle(&migration.diff.renamed, before).is_some()) {
            continue;
        }
        // each way round is said once
        let mut round: Vec<String> = others.iter().map(|other| other.folded()).chain([name.folded()]).collect();
        round.sort();
        if reported.contains(&round) {
            continue;
        }
        let mut finding = Finding::new(&RULE, path([name]), message(trigger, &others)).at(Place::Trigger(name.clone()));
        finding.statement = migration.statement_with(StatementKind::CreateTrigger, name);
        let help = match &trigger.event {
            TriggerEvent::Update(of) if of.is_empty() => {
                "name the columns that matter (`AFTER UPDATE OF a, b ON …`), or add a condition (`WHEN new.a IS NOT old.a`)"
            }
            _ => "add a condition that ends it (`WHEN …`)",
        };
        found.push(finding
            .note("SQLite fires no trigger again while it runs, so that this ends after one round; with `PRAGMA recursive_triggers` it continues, and fails after 1000")
            .help(help));
        reported.push(round);
    }
}

fn message(trigger: &Trigger, others: &[&crate::sql::Name]) -> String {
    let name = path([&trigger.name]);
    let on = path([&trigger.on]);
    match others {
        [] => {
            let does = match trigger.event {
                TriggerEvent::Insert => "inserts into",
                TriggerEvent::Delete => "deletes from",
                TriggerEvent::Update(_) => "updates",
            };
            format!("the trigger `{name}` {does} `{on}`, which fires it again")
        }
        others => {
            let way: Vec<String> = others.iter().map(|other| format!("`{}`", path([*other]))).collect();
            format!("the trigger `{name}` fires {}, which fires it again", way.join(", which fires "))
        }
    }
}
