//! `long_write_transaction`.

use std::time::Duration;

use crate::figures::About;
use crate::lint::pace::{Pace, SERVER_PATIENCE};
use crate::lint::work::{WorkKind, by_table};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "long_write_transaction",
    group: Group::Availability,
    level: Level::Warn,
    summary: "a migration writes for longer than a server waits for it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    // a statement alone is not ended, and what is in pieces is many transactions
    if !migration.target.is_server || migration.script.runs_alone() {
        return;
    }
    // rows that are only read are read before
    let work = migration.work().into_iter().filter(|work| work.kind != WorkKind::InPlace);
    let tables = by_table(work.collect());
    if tables.is_empty() {
        return;
    }
    let pace = |at: usize| tables[at].1.iter().fold(Pace::default(), |pace, one| pace.and(one.pace));
    let times: Option<Vec<Duration>> = (0..tables.len()).map(|at| migration.time(&tables[at].0, pace(at))).collect();
    let largest = times.as_ref().and_then(|times| (0..times.len()).max_by_key(|at| times[*at])).unwrap_or(0);
    let (table, work) = &tables[largest];
    let now = migration.name_after(table);
    let ends = "a server ends that after 5 s if another client waits to write";
    let message = match times {
        Some(times) => {
            let time = times.into_iter().sum::<Duration>() + checks(migration);
            if time < SERVER_PATIENCE {
                return;
            }
            format!("this migration writes for {} in one transaction, and {ends}", About(time))
        }
        None => format!("this migration works on every row of {} in one transaction, and {ends}", listed(&tables)),
    };
    let is_known = migration.rows_of(table).is_some();
    let mut finding = Finding::new(&RULE, path([now]), message).at(Place::Table(now.clone()));
    finding.statement = work.iter().find_map(|one| one.statement);
    if tables.len() > 1 {
        finding = finding.help("split it into migrations that each take less: each is a transaction of its own");
    }
    if let ([marked], 1) = (&migration.script.rebuilds[..], tables.len()) {
        let line = marked.line;
        let online = format!("so that no one waits for it: `-- dbmigrate: online` on a line before line {line} of its SQL");
        finding = finding.help(online);
    }
    finding = finding.help("run it while no other client writes, and measure it before: `cargo dbmigrate migrate --rehearse-only`");
    if !is_known {
        finding = match &tables[..] {
            [(table, _)] => {
                let at_least = pace(0).rows(SERVER_PATIENCE, true);
                migration.asking(finding, table, "are worked on in one transaction", at_least)
            }
            _ => finding.only_with_rows(),
        };
    }
    found.push(finding);
}

/// How long foreign keys are checked, which a server does within the transaction.
fn checks(migration: &Migration<'_>) -> Duration {
    if migration.checks_all_keys().is_none() {
        return Duration::ZERO;
    }
    migration.checked_tables().filter_map(|(table, pace)| migration.time(table, pace)).sum()
}

fn listed<T>(tables: &[(Name, T)]) -> String {
    let names: Vec<String> = tables.iter().map(|(table, _)| format!("`{}`", path([table]))).collect();
    names.join(" and ")
}
