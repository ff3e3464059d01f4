//! `delete_or_update_without_where`.

use crate::lint::write::Verb;
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Head, Name};

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
        if write.condition.is_some() {
            continue;
        }
        // only what had rows before the migration has something to lose
        let before = migration.diff.renames.table_before(&write.table).unwrap_or(&write.table);
        let Some(table) = migration.old.table(before) else { continue };
        let tokens = significant(migration.script.statements[*at].text);
        let is_limited = tokens.iter().any(|token| token.is_word("limit"));
        let is_dropped = migration.diff.dropped_tables.contains(before);
        if is_limited || is_dropped || write.verb == Verb::Update && !overwrites(migration, table, &tokens) {
            continue;
        }
        let object = path([&write.table]);
        let probe = Probe {
            kind: ProbeKind::Loses,
            table: table.name.clone(),
            count: format!("SELECT count(*) FROM {}", table.name.sql()),
            keys: String::new(),
            says: format!("rows of `{object}` are {done}"),
            at_least: 1,
        };
        let finding = Finding::new(&RULE, &object, format!("this {word} has no WHERE: every row of `{object}` is {done}"))
            .at(Place::Table(write.table.clone()))
            .in_statement(*at)
            .help("say which rows are meant; if it is all of them: `WHERE true`")
            .probe(probe);
        found.push(finding);
    }
}

/// Whether an UPDATE sets a column that was there before: what is new has nothing to lose.
fn overwrites(migration: &Migration<'_>, table: &Table, tokens: &[Token<'_>]) -> bool {
    let Some(set) = tokens.iter().position(|token| token.is_word("set")) else { return true };
    let (mut depth, mut names, mut expects_name) = (0_usize, Vec::new(), true);
    for token in &tokens[set + 1..] {
        match token.kind {
            // `SET (a, b) = (SELECT …)`
            TokenKind::Open | TokenKind::Close if expects_name && depth == 0 => {}
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Comma if depth == 0 => expects_name = true,
            _ if depth == 0 && token.text == "=" && expects_name => expects_name = false,
            _ if depth == 0 && (token.is_word("from") || token.is_word("returning")) => break,
            _ if depth == 0 && expects_name => names.extend(token.identifier().map(Name::from)),
            _ => {}
        }
    }
    let new = migration.new.tables.iter().find(|new| migration.diff.renames.table_before(&new.name) == Some(&table.name));
    let was = |name: &Name| match new {
        Some(new) if new.column(name).is_some() => migration.diff.renames.column_before(&new.name, name).cloned(),
        _ => Some(name.clone()),
    };
    // one that takes the place of another is new all the same
    let adds = |name: &Name| {
        let mut heads = migration.script.statements.iter().filter_map(Head::of);
        heads.any(|head| matches!(head, Head::AddColumn(_, column) if column == *name))
    };
    let is_old = |name: &Name| was(name).is_some_and(|was| table.column(&was).is_some());
    names.is_empty() || names.iter().any(|name| is_old(name) && !adds(name))
}
