//! `drop_column`.

use crate::lint::copy::{Copy, copies, plain_column};
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule, loss};
use crate::plan::Question;
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Head, Name, Statement, StatementKind, Verb};

pub(super) static RULE: Rule = Rule {
    name: "drop_column",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a column is dropped with all its values",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for question in migration.questions() {
        let Question::ColumnGone { table, column, .. } = question else { continue };
        let (lint, object) = question.lint();
        let old = migration.diff.renames.old_table(table);
        let message = format!("`{object}` is dropped with all its {}s", lint.noun());
        let finding = loss::finding(migration, &RULE, question, message);
        if is_moved(migration, &[old, table], column) && !migration.allows(&RULE, &object) {
            continue;
        }
        found.push(loss::note_readers(migration, finding, &[column]));
    }
    dropped_and_added(migration, found);
}

/// A column that is dropped, and then added anew by the same name, is the same in both schemas.
fn dropped_and_added(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for (at, statement) in migration.script.statements.iter().enumerate() {
        if statement.kind != StatementKind::AlterTable {
            continue;
        }
        let Some(Head::DropColumn(name, column)) = Head::of(statement) else { continue };
        let (old, new) = (migration.old.table(&name), migration.new.table(&name));
        let (Some(old), Some(new)) = (old, new) else { continue };
        let was = old.column(&column).filter(|column| column.generated.is_none());
        let comes_back = new.column(&column).is_some_and(|column| column.generated.is_none());
        let is_renamed = migration.diff.renames.column_before(&new.name, &column) != Some(&column);
        if was.is_none() || !comes_back || is_renamed || is_moved(migration, &[&name], &column) {
            continue;
        }
        let object = path([&name, &column]);
        let probe = Probe {
            kind: ProbeKind::Loses,
            table: name.clone(),
            count: format!("SELECT count({}) FROM {}", column.sql(), name.sql()),
            keys: String::new(),
            says: format!("values of `{object}` are lost"),
            at_least: 1,
        };
        let finding = Finding::new(&RULE, &object, format!("`{object}` is dropped with all its values, and added again"))
            .at(Place::Column(name.clone(), column.clone()))
            .in_statement(at)
            .probe(probe);
        found.push(loss::note_readers(migration, finding, &[&column]));
    }
}

/// Whether a statement has copied all values of the column to another one.
fn is_moved(migration: &Migration<'_>, tables: &[&Name], column: &Name) -> bool {
    migration.script.statements.iter().any(|statement| match statement.kind {
        StatementKind::Write | StatementKind::CreateTable => {
            is_assigned(statement, tables, column)
                || copies(statement).iter().any(|copy| {
                    let values = copy.values.iter().flatten();
                    let is_plain = values.filter_map(|value| plain_column(value)).any(|name| name == *column);
                    tables.contains(&&copy.from) && is_plain && leaves_out_nothing(copy, column)
                })
        }
        _ => false,
    })
}

/// Whether a copy takes all rows, or all that have a value in the column.
fn leaves_out_nothing(copy: &Copy, column: &Name) -> bool {
    let tokens = significant(&copy.tail);
    let is_column = |token: &Token<'_>| token.identifier().is_some_and(|name| *column == *name);
    let are = |words: &[Token<'_>], wanted: [&str; 3]| {
        words.len() == 3 && words.iter().zip(wanted).all(|(token, word)| token.is_word(word))
    };
    copy.filters.is_empty()
        || match &tokens[..] {
            [place, name, condition @ ..] if place.is_word("where") && is_column(name) => {
                are(condition, ["is", "not", "null"])
            }
            _ => false,
        }
}

/// `UPDATE t SET other = column`, of all rows, also where the column is one of several values (`CASE … ELSE column END`,
/// `coalesce(column, …)`).
fn is_assigned(statement: &Statement<'_>, tables: &[&Name], column: &Name) -> bool {
    let tokens = significant(statement.text);
    let Some(Head::Write(Verb::Update, table)) = Head::read(statement.kind, &tokens) else { return false };
    let is_it = |at: usize| tokens.get(at).and_then(Token::identifier).is_some_and(|name| *column == *name);
    let ends = |at: usize| tokens.get(at).is_none_or(|token| token.kind == TokenKind::Comma);
    let is_result = |at: usize| {
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        let is = |token: Option<&Token<'_>>, words: &[&str]| token.is_some_and(|one| words.iter().any(|word| one.is_word(word)));
        let is_first = before(1).is_some_and(|token| token.kind == TokenKind::Open);
        is(before(1), &["then", "else"]) && is(tokens.get(at + 1), &["when", "else", "end"])
            || is_first && is(before(2), &["coalesce", "ifnull"])
    };
    let is_value = |at: usize| tokens[at - 1].text == "=" && ends(at + 1) || is_result(at);
    let is_set = (1..tokens.len()).any(|at| is_it(at) && is_value(at));
    tables.contains(&&table) && is_set && !tokens.iter().any(|token| token.is_word("where") || token.is_word("from"))
}
