//! `index_on_large_table`.

use crate::figures::{About, grouped};
use crate::lint::pace::NOTICEABLE;
use crate::lint::work::WorkKind;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "index_on_large_table",
    group: Group::Availability,
    level: Level::Warn,
    summary: "an index of a large table is built, and nothing else can write meanwhile",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for work in migration.work() {
        let WorkKind::Index(index) = &work.kind else { continue };
        let (is_server, now) = (migration.target.is_server, migration.name_after(&work.table));
        let object = path([now, index]);
        let at_least = work.pace.rows(NOTICEABLE, is_server);
        let message = match migration.rows_of(&work.table) {
            Some(rows) if rows < at_least => continue,
            Some(rows) => {
                let time = About(work.pace.time(rows, is_server));
                format!("`{object}` is built over {} rows, which takes {time}", grouped(rows))
            }
            None => format!("`{object}` is built over all rows that are there, however many"),
        };
        let mut finding = Finding::new(&RULE, &object, message)
            .at(Place::Index(now.clone(), index.clone()))
            .note("nothing else can write to the database meanwhile")
            .help("measure it on a copy: `cargo dbmigrate migrate --rehearse-only`");
        finding.statement = work.statement;
        if migration.rows_of(&work.table).is_none() {
            finding = migration.asking(finding, &work.table, "are read and sorted for it", at_least);
        }
        found.push(finding);
    }
}
