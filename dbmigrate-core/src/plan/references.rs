//! Which foreign keys statements can break, read off them: what has to be checked before and after.

use std::collections::BTreeSet;

use crate::schema::Schema;
use crate::sql::token::significant;
use crate::sql::{Head, Name, Statement, StatementKind};

/// The tables that statements write to, create, alter or drop, by all names that they have on the way. The error is the
/// statement, counted from 0, behind which it may be any table.
///
/// # Errors
/// If one writes to a table with triggers, or is not understood.
pub fn reach(schema: &Schema, statements: &[Statement<'_>]) -> Result<BTreeSet<Name>, usize> {
    let mut reach = BTreeSet::new();
    let creates_trigger = statements.iter().any(|statement| statement.kind == StatementKind::CreateTrigger);
    for (at, statement) in statements.iter().enumerate() {
        match Head::of(statement) {
            Some(
                Head::CreateTable(table)
                | Head::CreateIndex(_, table)
                | Head::DropTable(table)
                | Head::RenameColumn(table, ..)
                | Head::AddColumn(table, _)
                | Head::DropColumn(table, _)
                | Head::AlterTable(table),
            ) => {
                reach.insert(table);
            }
            Some(Head::RenameTable(from, to)) => reach.extend([from, to]),
            Some(Head::DropIndex(index)) => {
                let table = schema.tables.iter().find(|table| table.indexes.contains(&index));
                reach.extend(table.map(|table| table.name.clone()));
            }
            Some(Head::Write(_, table)) => {
                // it writes elsewhere
                if creates_trigger || schema.triggers.iter().any(|trigger| trigger.on == table) {
                    return Err(at);
                }
                reach.insert(table);
            }
            None => match statement.kind {
                StatementKind::Read
                | StatementKind::CreateView
                | StatementKind::CreateTrigger
                | StatementKind::CreateVirtualTable
                | StatementKind::DropOther => {}
                _ => return Err(at),
            },
        }
    }
    Ok(reach)
}

/// The tables with foreign keys among those within reach, and those that refer to one of them.
pub fn referring(schema: &Schema, reach: &BTreeSet<Name>) -> Vec<Name> {
    let tables = schema.tables.iter().filter(|table| !table.foreign_keys.is_empty());
    let is_within = |name: &Name| reach.contains(name);
    tables
        .filter(|table| is_within(&table.name) || table.foreign_keys.iter().any(|key| is_within(&key.parent)))
        .map(|table| table.name.clone())
        .collect()
}

/// Whether rows may violate foreign keys after the statement that did not before. Adding a column without
/// `REFERENCES` and renaming cannot do that, and they are the most frequent changes.
pub fn can_break_references(statement: &Statement<'_>) -> bool {
    if statement.kind != StatementKind::AlterTable {
        return statement.kind.can_break_references();
    }
    let tokens = significant(statement.text);
    tokens.iter().any(|token| token.is_word("references")) || !tokens.iter().any(|token| token.is_word("add"))
}
