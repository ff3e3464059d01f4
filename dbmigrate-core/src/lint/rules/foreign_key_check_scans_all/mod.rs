//! `foreign_key_check_scans_all`.

use std::time::Duration;

use crate::figures::{About, grouped};
use crate::lint::pace::NOTICEABLE;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::{Head, StatementKind};

pub(super) static RULE: Rule = Rule {
    name: "foreign_key_check_scans_all",
    group: Group::Availability,
    level: Level::Warn,
    summary: "the foreign keys of all tables are checked before and after a migration, and there are many",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let Some(statement) = migration.checks_all_keys() else { return };
    let count = migration.checked_tables().count();
    // one table alone is checked in any case, as a rule
    if count < 2 {
        return;
    }
    let known: Option<Vec<(u64, Duration)>> = migration
        .checked_tables()
        .map(|(table, pace)| Some((migration.rows_of(table)?, migration.time(table, pace)?)))
        .collect();
    let all = "the foreign keys of all tables are checked before and after this migration";
    let message = match &known {
        Some(known) => {
            let rows = known.iter().map(|(rows, _)| rows).sum();
            let time: Duration = known.iter().map(|(_, time)| *time).sum();
            if time < NOTICEABLE {
                return;
            }
            format!("{all}: {} rows in {count} tables, which takes {}", grouped(rows), About(time))
        }
        None => format!("{all}, in {count} tables, however many rows they have"),
    };
    let text = &migration.script.statements[statement];
    let table = match Head::of(text) {
        Some(Head::Write(_, table) | Head::DropTable(table) | Head::DropColumn(table, _) | Head::AlterTable(table)) => {
            Some(table)
        }
        _ => None,
    };
    let object = table.as_ref().map_or_else(|| "foreign_keys".to_owned(), |table| path([table]));
    let mut finding = Finding::new(&RULE, &object, message).in_statement(statement);
    finding.place = table.filter(|table| migration.new.tables.contains(table)).map(Place::Table);
    if migration.target.is_server {
        finding = finding.note("a server checks them in the same request, and cannot be told which ones");
    } else if text.kind == StatementKind::Write {
        finding = finding.note(format!("a trigger of `{object}` may write to any table"));
    } else {
        finding = finding.note("this statement may change any table").help("put it into a migration of its own");
    }
    finding = finding.help("measure it on a copy: `cargo dbmigrate migrate --rehearse-only`");
    found.push(if known.is_none() { finding.only_with_rows() } else { finding });
}
