//! `double_quoted_string`.

use crate::lint::columns::Sources;
use crate::lint::quoted::{Quoted, quoted};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::Table;
use crate::sql::name::quote_string;
use crate::sql::path::path;
use crate::sql::token::significant;
use crate::sql::{Expr, Head, Name, Statement, StatementKind};

pub(super) static RULE: Rule = Rule {
    name: "double_quoted_string",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a name in double quotes is no column where it stands, so that SQLite takes it for text",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let statements = &migration.script.statements;
    if !statements.iter().any(|statement| statement.text.contains('"')) {
        return;
    }
    let mut sources = Sources::before(migration.old);
    for (at, statement) in statements.iter().enumerate() {
        for quoted in quoted(statement, &sources) {
            if !was_there(migration, statement, &quoted) {
                found.push(finding(migration, statement, &quoted).in_statement(at));
            }
        }
        sources.follow(statement);
    }
}

fn finding(migration: &Migration<'_>, statement: &Statement<'_>, quoted: &Quoted<'_>) -> Finding {
    let text = quote_string(&quoted.text);
    let written = Expr::new(quoted.written).said();
    let object = object(migration, statement);
    if quoted.is_default {
        return Finding::new(&RULE, object, format!("the default `{written}` is the text {text}"))
            .help(format!("write `DEFAULT {text}` if the text is meant; an expression stands in parentheses"));
    }
    let finding = Finding::new(&RULE, object, format!("`{written}` is no column here, so that SQLite takes it for the text {text}"));
    let finding = match migration.target.is_server {
        true => finding.note("a server refuses the statement: `no such column`"),
        false => finding.note("a name that is spelled wrong goes unnoticed like that; a server refuses the statement"),
    };
    finding.help(format!("write `{text}` if the text is meant, and the name of a column if that is"))
}

/// What a statement is about, as `allow` names it.
fn object(migration: &Migration<'_>, statement: &Statement<'_>) -> String {
    match Head::of(statement) {
        Some(Head::CreateIndex(index, table)) => path([&table, &index]),
        Some(
            Head::CreateTable(table)
            | Head::Write(_, table)
            | Head::AlterTable(table)
            | Head::AddColumn(table, _)
            | Head::RenameTable(table, _)
            | Head::RenameColumn(table, ..)
            | Head::DropColumn(table, _)
            | Head::DropTable(table),
        ) => path([&last_name(migration, table)]),
        Some(Head::DropIndex(index)) => path([&index]),
        None => {
            let tokens = significant(statement.text);
            let kinds = ["view", "trigger"];
            let mut behind = tokens.iter().skip_while(|token| !kinds.iter().any(|kind| token.is_word(kind))).skip(1);
            let mut names = behind.by_ref().skip_while(|token| ["if", "not", "exists"].iter().any(|word| token.is_word(word)));
            let name = names.next().and_then(crate::sql::Token::identifier);
            name.map_or_else(|| "SELECT".to_owned(), |name| path([&Name::from(name)]))
        }
    }
}

/// The name that a table has after the migration.
fn last_name(migration: &Migration<'_>, table: Name) -> Name {
    if migration.new.table(&table).is_some() {
        return table;
    }
    let mut renamed = migration.script.statements.iter().filter_map(|statement| match Head::of(statement) {
        Some(Head::RenameTable(from, to)) if from == table => Some(to),
        _ => None,
    });
    renamed.next_back().unwrap_or(table)
}

/// Whether what a statement makes contained it before the migration.
fn was_there(migration: &Migration<'_>, statement: &Statement<'_>, quoted: &Quoted<'_>) -> bool {
    let has = |expr: &Expr| expr.as_str().contains(quoted.written);
    let old = migration.old;
    match statement.kind {
        StatementKind::CreateView => old.views.iter().any(|view| has(&view.query)),
        StatementKind::CreateTrigger => {
            old.triggers.iter().any(|trigger| has(&trigger.body) || trigger.when.as_ref().is_some_and(has))
        }
        StatementKind::CreateTable | StatementKind::CreateIndex => {
            let changed = migration.diff.tables.iter().map(|table| migration.diff.renames.old_table(&table.name));
            let named = Head::of(statement).and_then(|head| match head {
                Head::CreateTable(table) | Head::CreateIndex(_, table) => Some(table),
                _ => None,
            });
            let tables: Vec<&Table> = changed.chain(&named).filter_map(|name| old.table(name)).collect();
            tables.iter().any(|table| {
                let checks = table.checks.iter().map(|check| &check.expr);
                let computed = table.columns.iter().filter_map(|column| Some(&column.generated.as_ref()?.expr));
                let parts = table.indexes.iter().flat_map(|index| {
                    index.parts.iter().map(|part| &part.expr).chain(&index.predicate)
                });
                let text = Expr::new(quote_string(&quoted.text));
                let is_default = |column: &crate::schema::Column| column.default.as_ref() == Some(&text);
                checks.chain(computed).chain(parts).any(has)
                    || (quoted.is_default && table.columns.iter().any(is_default))
            })
        }
        _ => false,
    }
}
