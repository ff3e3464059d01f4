//! The foreign keys that a migration can break: checked before and after it, in the tables that it can reach.

use std::collections::BTreeSet;

use super::super::Failure;
use super::Database;
use crate::engine::check::{MISMATCH, Violations, foreign_key_violations, foreign_key_violations_of};
use crate::engine::error::EngineError;
use crate::schema::Schema;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind, Token};

/// The tables that statements write to, create, alter or drop, by all names that they have on the way. `None` if that
/// may be any.
pub(super) type Reach = Option<BTreeSet<Name>>;

impl Database {
    /// The tables whose rows, or whose keys, may be others after the statements.
    pub(super) async fn reach(&mut self, statements: &[Statement<'_>]) -> Result<Reach, EngineError> {
        // a server has them all checked in the same request
        if !self.connection.is_local() {
            return Ok(None);
        }
        let has_writes = statements.iter().any(|statement| statement.kind == StatementKind::Write);
        if has_writes {
            // triggers that no schema shows
            let temporary = "SELECT 1 FROM sqlite_temp_schema WHERE type = 'trigger'";
            if self.connection.first_row(temporary).await?.is_some() {
                return Ok(None);
            }
        }
        let tracker = self.tracker().await?;
        // what is not seen may refer to anything, or write to it
        if tracker.ignores() || !tracker.unreadable().is_empty() {
            return Ok(None);
        }
        Ok(reach(tracker.schema(), statements))
    }

    /// The violations that there are now in the tables within reach, and in those that refer to them.
    pub(super) async fn violations(&mut self, reach: &Reach) -> Result<Violations, Failure> {
        let engine = |error| Failure::Engine { action: "cannot check foreign keys", error };
        let tables = match reach {
            Some(reach) => Some(referring(self.tracker().await.map_err(engine)?.schema(), reach)),
            None => None,
        };
        let found = match tables {
            Some(tables) => foreign_key_violations_of(&self.connection, &tables.iter().collect::<Vec<_>>()).await,
            None => foreign_key_violations(&self.connection).await,
        };
        found.map_err(engine)
    }

    /// Fails if there are violations that were not there before.
    pub(super) async fn check_references(
        &mut self,
        statements: &[Statement<'_>],
        reach: &Reach,
        before: &Violations,
    ) -> Result<(), Failure> {
        let after = self.violations(reach).await?;
        let names = renamed_tables(statements);
        // a violation that a renamed table had before is not new
        let former = |table: &str| names.iter().rev().find(|(_, to)| to == table).map(|(from, _)| from.clone());
        let mut new: Vec<(&(String, String, String), usize)> = Vec::new();
        for (key, count) in &after {
            let (table, rowid, parent) = key;
            let tables = [Some(table.clone()), former(table)];
            let parents = [Some(parent.clone()), former(parent)];
            let known: usize = tables
                .iter()
                .flatten()
                .flat_map(|table| {
                    parents.iter().flatten().map(move |parent| (table.clone(), rowid.clone(), parent.clone()))
                })
                .filter_map(|key| before.get(&key))
                .copied()
                .max()
                .unwrap_or(0);
            if *count > known {
                new.push((key, count - known));
            }
        }
        let Some(((table, rowid, parent), _)) = new.first() else { return Ok(()) };
        if rowid == MISMATCH {
            let message = format!("{MISMATCH}: `{parent}` has no key for its foreign key to reference");
            return Err(Failure::Broken { kind: "table", name: table.clone(), message });
        }
        let count = new.iter().filter(|((one, _, two), _)| one == table && two == parent).map(|(_, count)| count).sum();
        Err(Failure::ForeignKeys { table: table.clone(), parent: parent.clone(), rowid: rowid.clone(), count })
    }
}

/// The tables with foreign keys among those within reach, and those that refer to one of them.
fn referring(schema: &Schema, reach: &BTreeSet<Name>) -> Vec<Name> {
    let tables = schema.tables.iter().filter(|table| !table.foreign_keys.is_empty());
    let is_within = |name: &Name| reach.contains(name);
    tables
        .filter(|table| is_within(&table.name) || table.foreign_keys.iter().any(|key| is_within(&key.parent)))
        .map(|table| table.name.clone())
        .collect()
}

fn reach(schema: &Schema, statements: &[Statement<'_>]) -> Reach {
    let mut reach = BTreeSet::new();
    let creates_trigger = statements.iter().any(|statement| statement.kind == StatementKind::CreateTrigger);
    for statement in statements {
        let tokens = significant(statement.text);
        let name = |at: usize| tokens.get(at).and_then(Token::identifier).map(Name::from);
        match statement.kind {
            StatementKind::CreateTable => {
                let is_before_columns = |token: &&Token<'_>| token.kind != TokenKind::Open && !token.is_word("as");
                let last = tokens.iter().take_while(is_before_columns).last();
                reach.insert(Name::from(last?.identifier()?));
            }
            StatementKind::CreateIndex => {
                let on = tokens.iter().position(|token| token.is_word("on"))?;
                reach.insert(name(on + 1)?);
            }
            StatementKind::DropTable => {
                reach.insert(Name::from(tokens.last()?.identifier()?));
            }
            StatementKind::DropOther if tokens.get(1)?.is_word("index") => {
                let index = Name::from(tokens.last()?.identifier()?);
                let table = schema.tables.iter().find(|table| table.indexes.contains(&index));
                reach.extend(table.map(|table| table.name.clone()));
            }
            StatementKind::Read
            | StatementKind::CreateView
            | StatementKind::CreateTrigger
            | StatementKind::CreateVirtualTable
            | StatementKind::DropOther => {}
            // the name may be qualified; what it is renamed to is the last one
            StatementKind::AlterTable => {
                reach.insert(name(2)?);
                if tokens.get(3)?.kind == TokenKind::Dot {
                    reach.insert(name(4)?);
                }
                reach.extend(tokens.last()?.identifier().map(Name::from));
            }
            StatementKind::Write => {
                let table = written(&tokens)?;
                // it writes elsewhere
                if creates_trigger || schema.triggers.iter().any(|trigger| trigger.on == table) {
                    return None;
                }
                reach.insert(table);
            }
            StatementKind::Pragma | StatementKind::Transaction | StatementKind::Other => return None,
        }
    }
    Some(reach)
}

/// The table that a statement inserts into, updates or deletes from.
fn written(tokens: &[Token<'_>]) -> Option<Name> {
    let first = tokens.first()?;
    let at = if first.is_word("insert") || first.is_word("replace") {
        tokens.iter().position(|token| token.is_word("into"))? + 1
    } else if first.is_word("delete") {
        2
    } else if first.is_word("update") {
        // UPDATE OR IGNORE t
        if tokens.get(1)?.is_word("or") { 3 } else { 1 }
    } else {
        return None;
    };
    let is_qualified = tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Dot);
    tokens.get(at + if is_qualified { 2 } else { 0 })?.identifier().map(Name::from)
}

/// Whether rows may violate foreign keys after the statement that did not before. Adding a column without
/// `REFERENCES` and renaming cannot do that, and they are the most frequent changes.
pub(super) fn can_break_references(statement: &Statement<'_>) -> bool {
    if statement.kind != StatementKind::AlterTable {
        return statement.kind.can_break_references();
    }
    let tokens = significant(statement.text);
    tokens.iter().any(|token| token.is_word("references")) || !tokens.iter().any(|token| token.is_word("add"))
}

/// The tables that `ALTER TABLE … RENAME TO` renames, in order, in lower case.
fn renamed_tables(statements: &[Statement<'_>]) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for statement in statements.iter().filter(|statement| statement.kind == StatementKind::AlterTable) {
        let tokens = significant(statement.text);
        if let [_, _, from, rename, to, name] = &tokens[..]
            && rename.is_word("rename")
            && to.is_word("to")
            && let (Some(from), Some(name)) = (from.identifier(), name.identifier())
        {
            renamed.push((Name::from(from).folded(), Name::from(name).folded()));
        }
    }
    renamed
}
