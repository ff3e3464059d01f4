//! `rewrites_table`.

use crate::figures::{About, Bytes, grouped};
use crate::lint::pace::{NOTICEABLE, Pace};
use crate::lint::work::{Work, WorkKind, by_table};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "rewrites_table",
    group: Group::Availability,
    level: Level::Warn,
    summary: "every row of a large table is written again, and nothing else can write meanwhile",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let is_written = |work: &Work| !matches!(work.kind, WorkKind::Index(_) | WorkKind::InPlace);
    let work = migration.work().into_iter().filter(is_written);
    for (table, work) in by_table(work.collect()) {
        let pace = work.iter().fold(Pace::default(), |pace, one| pace.and(one.pace));
        let (is_server, now) = (migration.target.is_server, migration.name_after(&table));
        let object = path([now]);
        let what = said(&object, &work);
        let at_least = pace.rows(NOTICEABLE, is_server);
        let message = match migration.rows_of(&table) {
            Some(rows) if rows < at_least => continue,
            Some(rows) => {
                let (time, bytes) = (About(pace.time(rows, is_server)), Bytes(pace.bytes(rows)));
                format!("{what}: {} rows, about {bytes}, are written again in {time}", grouped(rows))
            }
            None => format!("{what}: every row is written again, however many there are"),
        };
        let mut finding = Finding::new(&RULE, &object, message)
            .at(Place::Table(now.clone()))
            .note("nothing else can write to the database meanwhile")
            .help("measure it on a copy: `cargo dbmigrate migrate --rehearse-only`");
        finding.statement = work.iter().find_map(|one| one.statement);
        if migration.rows_of(&table).is_none() {
            finding = migration.asking(finding, &table, "are written again", at_least);
        }
        found.push(finding);
    }
}

/// What is done with the rows, the largest thing first.
fn said(object: &str, work: &[Work]) -> String {
    let dropped = work.iter().find_map(|one| match &one.kind {
        WorkKind::DropColumn(column) => Some(column),
        _ => None,
    });
    match dropped {
        _ if work.iter().any(|one| one.kind == WorkKind::Rebuild) => format!("`{object}` is rebuilt"),
        Some(column) => format!("dropping `{object}.{column}` changes the rows of `{object}`"),
        None => format!("`{object}` is updated"),
    }
}
