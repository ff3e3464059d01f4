//! Losses that a person has to accept when a migration is generated: the same questions, as findings.

use super::copy::copies;
use super::{Finding, Migration, Probe, ProbeKind, Rule};
use crate::plan::Question;
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::{Expr, Head, Name, Statement, StatementKind};

/// A loss as a finding.
pub(super) fn finding(migration: &Migration<'_>, rule: &'static Rule, question: &Question, message: String) -> Finding {
    let (lint, object) = question.lint();
    let renames = &migration.diff.renames;
    let (place, table, can_be_kept) = match question {
        Question::TableGone { table, .. } if migration.old.table(table).is_none() => {
            (Place::VirtualTable(table.clone()), table, false)
        }
        Question::TableGone { table, .. } => (Place::Table(table.clone()), table, true),
        Question::ColumnGone { table, column, .. }
        | Question::BecomesGenerated { table, column }
        | Question::Conversion { table, column, .. }
        | Question::Backfill { table, column, .. } => {
            (Place::Column(table.clone(), column.clone()), renames.old_table(table), true)
        }
    };
    let probe = Probe {
        kind: ProbeKind::Loses,
        table: table.clone(),
        count: question.count_query(renames),
        keys: String::new(),
        says: format!("{}s of `{object}` are lost", lint.noun()),
        at_least: 1,
    };
    let mut finding = Finding::new(rule, &object, message).at(place).probe(probe);
    if can_be_kept {
        finding = finding.help("keep them for a revert: `cargo dbmigrate generate --amend --keep`");
    }
    // another column may have the name afterwards
    finding.statement =
        migration.script.statements.iter().position(|statement| match (question, Head::of(statement)) {
            (Question::ColumnGone { column, .. }, Some(Head::DropColumn(on, dropped))) => {
                on == *table && dropped == *column
            }
            _ => false,
        });
    migration.located(finding)
}

/// Says which earlier statements read what is lost, by its name before the migration.
pub(super) fn note_readers(migration: &Migration<'_>, finding: Finding, names: &[&Name]) -> Finding {
    let table = finding.probe.as_ref().map(|probe| &probe.table);
    let passage = migration.passages().iter().find(|passage| Some(&passage.old) == table);
    let last = passage.map(|passage| passage.dropped).or(finding.statement).unwrap_or(usize::MAX);
    let statements = migration.script.statements.iter().enumerate().take_while(|(at, _)| *at < last);
    let reads = |text: &str| {
        let text = Expr::new(text);
        names.iter().all(|name| text.mentions(name)) && table.is_none_or(|table| text.mentions(table))
    };
    let is_reading = |statement: &Statement<'_>| match statement.kind {
        StatementKind::Write => true,
        // what it declares may have the same names
        StatementKind::CreateTable => !copies(statement).is_empty(),
        _ => false,
    };
    let mut readers = statements.filter(|(_, statement)| is_reading(statement) && reads(statement.text));
    match readers.next() {
        Some((at, _)) => {
            let object = path(names.iter().copied());
            finding.note(format!("the statement in line {} reads `{object}` before", migration.line(at)))
        }
        None => finding,
    }
}
