//! `rewrites_for_reorder`.

use crate::lint::pace::NOTICEABLE;
use crate::lint::work::WorkKind;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, Statement};

pub(super) static RULE: Rule = Rule {
    name: "rewrites_for_reorder",
    group: Group::Availability,
    level: Level::Warn,
    summary: "a table is rebuilt only for the order of its columns",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for work in migration.work() {
        let (WorkKind::Rebuild | WorkKind::InPlace, Some(statement)) = (&work.kind, work.statement) else { continue };
        let name = &work.table;
        // anything that is compared is a reason
        if migration.diff.tables.iter().any(|table| table.name == *name) || migration.diff.renames.touch(name) {
            continue;
        }
        let (Some(old), Some(new)) = (migration.old.table(name), migration.new.table(name)) else { continue };
        if !copies_as_it_is(&migration.script.statements[statement], old, new) {
            continue;
        }
        let order = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let object = path([name]);
        let message = if order(old) == order(new) {
            format!("`{object}` is rebuilt, and nothing changes about it")
        } else {
            format!("`{object}` is rebuilt, and only the order of its columns changes")
        };
        let at_least = work.pace.rows(NOTICEABLE, migration.target.is_server);
        let rows = migration.rows_of(name);
        if rows.is_some_and(|rows| rows < at_least) {
            continue;
        }
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Table(name.clone()))
            .in_statement(statement)
            .help("leave it as it is, and name the columns in queries: their order is no part of the schema");
        // without a database it is said too: there is no reason to do it, however few they are
        let probe = migration.probe_of(name, "are written again for that", at_least);
        found.push(if rows.is_some() { finding } else { finding.probe(probe) });
    }
}

/// Whether a statement copies all rows of a table, and each value to the column of the same name: `INSERT INTO copy (a, b)
/// SELECT a, b FROM t`. `false` for anything else, which may be done for what it makes of the rows.
fn copies_as_it_is(statement: &Statement<'_>, old: &Table, new: &Table) -> bool {
    let tokens = significant(statement.text);
    let Some(select) = tokens.iter().position(|token| token.is_word("select")) else { return false };
    let (into, from) = tokens.split_at(select);
    let stored = |table: &Table| -> Vec<Name> {
        table.columns.iter().filter(|column| column.generated.is_none()).map(|column| column.name.clone()).collect()
    };
    let targets = match into.iter().position(|token| token.kind == TokenKind::Open) {
        Some(open) => names(&into[open + 1..into.len() - 1]),
        None => Some(stored(new)),
    };
    let Some(end) = from.iter().position(|token| token.is_word("from")) else { return false };
    let values = match &from[1..end] {
        [star] if star.text == "*" => Some(stored(old)),
        values => names(values),
    };
    let is_all = from.len() == end + 2;
    is_all && targets.is_some() && targets == values && targets.is_some_and(|all| all.len() == stored(old).len())
}

/// Names between commas.
fn names(tokens: &[Token<'_>]) -> Option<Vec<Name>> {
    let one = |tokens: &[Token<'_>]| match tokens {
        [name] if matches!(name.kind, TokenKind::Word | TokenKind::QuotedName) => name.identifier().map(Name::from),
        _ => None,
    };
    tokens.split(|token| token.kind == TokenKind::Comma).map(one).collect()
}
