//! What a migration does that no schema shows: rows that it writes, settings, objects that are no part of the model.

use std::collections::BTreeSet;

use dbmigrate_core::ddl::{Object, read};
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::kept::is_kept;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{Name, Statement, StatementKind};

use crate::drafting::is_generated;
use crate::error::Result;

/// It, by the lines of the statements.
#[derive(Debug, Clone, Default)]
pub(super) struct ByHand {
    /// `INSERT`, `UPDATE` and `DELETE`.
    pub(super) rows: Vec<usize>,
    /// The step in Rust.
    pub(super) step: Option<usize>,
    /// Everything else: the line, and the statement in a few words.
    pub(super) others: Vec<(usize, String)>,
}

impl ByHand {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.step.is_none() && self.others.is_empty()
    }

    /// The line of the first of it.
    pub(super) fn line(&self) -> Option<usize> {
        let first = self.rows.first().copied().or(self.step);
        first.or(self.others.first().map(|(line, _)| *line))
    }
}

/// What a migration with this text does besides changing the schema.
///
/// # Errors
/// If a snapshot cannot be read.
pub(super) fn of(
    folder: &Folder,
    migration: &Migration,
    script: &Script<'_>,
    (before, after): (&Schema, &Schema),
    text: &str,
) -> Result<ByHand> {
    let mut found = ByHand { step: script.rust.map(|step| step.line), ..ByHand::default() };
    let known: BTreeSet<&Name> = before.object_names().chain(after.object_names()).collect();
    let mut created: BTreeSet<Name> = BTreeSet::new();
    for statement in &script.statements {
        match statement.kind {
            StatementKind::Write => {
                let target = written(statement.text);
                // the copy of a rebuild, and what belongs to it
                let is_part =
                    target.is_some_and(|name| created.contains(&name) || name == *"sqlite_sequence" || is_kept(&name));
                if !is_part {
                    found.rows.push(statement.line);
                }
            }
            StatementKind::CreateTable
            | StatementKind::CreateVirtualTable
            | StatementKind::CreateIndex
            | StatementKind::CreateView
            | StatementKind::CreateTrigger => {
                let name = match read(statement.text) {
                    Ok(Object::Table(table)) => Some(table.name),
                    Ok(Object::Index(_, index)) => Some(index.name),
                    Ok(Object::View(view)) => Some(view.name),
                    Ok(Object::Trigger(trigger)) => Some(trigger.name),
                    Ok(Object::VirtualTable(table)) => Some(table.name),
                    Err(_) => created_name(statement.text),
                };
                // what is dropped or renamed again is a helper
                let is_used = |name: &Name| {
                    let later = script.statements.iter().filter(|one| one.start > statement.start);
                    later
                        .filter(|one| {
                            matches!(
                                one.kind,
                                StatementKind::AlterTable | StatementKind::DropTable | StatementKind::DropOther
                            )
                        })
                        .any(|one| {
                            significant(one.text)
                                .iter()
                                .any(|token| token.identifier().is_some_and(|one| *name == *one))
                        })
                };
                match name {
                    Some(name) if known.contains(&name) || is_kept(&name) || is_used(&name) => {
                        created.insert(name);
                    }
                    Some(name) => {
                        created.insert(name);
                        found.others.push((statement.line, shortened(statement)));
                    }
                    None => found.others.push((statement.line, shortened(statement))),
                }
            }
            StatementKind::Pragma => found.others.push((statement.line, shortened(statement))),
            StatementKind::DropTable | StatementKind::DropOther => {
                let name = dropped_name(statement.text);
                if name.is_some_and(|name| !known.contains(&name) && !created.contains(&name) && !is_kept(&name)) {
                    found.others.push((statement.line, shortened(statement)));
                }
            }
            _ => {}
        }
    }
    // the planner writes rows too, and takes back what it does
    if !found.is_empty() && is_generated(folder, migration, text)?.is_some() {
        return Ok(ByHand::default());
    }
    Ok(found)
}

/// The table that an `INSERT`, `UPDATE` or `DELETE` writes to.
fn written(statement: &str) -> Option<Name> {
    let tokens = significant(statement);
    let is = |word: &str| tokens.first().is_some_and(|token| token.is_word(word));
    let behind = |words: &[&str]| tokens.iter().position(|token| words.iter().any(|word| token.is_word(word)));
    let mut at = if is("update") { 1 } else { behind(&["into", "from"])? + 1 };
    if is("update") && tokens.get(1).is_some_and(|token| token.is_word("or")) {
        at = 3;
    }
    if tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Dot) {
        at += 2;
    }
    tokens.get(at)?.identifier().map(Name::from)
}

/// The name behind `CREATE … kind [IF NOT EXISTS]`, or behind `DROP kind [IF EXISTS]`.
fn name_behind(statement: &str, skipped: &[&str]) -> Option<Name> {
    let tokens = significant(statement);
    let mut rest = tokens.iter().skip_while(|token| skipped.iter().any(|word| token.is_word(word)));
    let first = rest.next()?;
    match rest.next() {
        Some(dot) if dot.kind == TokenKind::Dot => rest.next()?.identifier().map(Name::from),
        _ => first.identifier().map(Name::from),
    }
}

fn created_name(statement: &str) -> Option<Name> {
    let words = [
        "create",
        "temp",
        "temporary",
        "unique",
        "virtual",
        "table",
        "index",
        "view",
        "trigger",
        "if",
        "not",
        "exists",
    ];
    name_behind(statement, &words)
}

fn dropped_name(statement: &str) -> Option<Name> {
    name_behind(statement, &["drop", "table", "index", "view", "trigger", "if", "exists"])
}

/// The first words of a statement.
fn shortened(statement: &Statement<'_>) -> String {
    let tokens = significant(statement.text);
    let end = tokens.iter().position(|token| token.kind == TokenKind::Open).unwrap_or(tokens.len()).min(6);
    let words: Vec<&str> = tokens[..end].iter().map(|token| token.text).collect();
    words.join(" ").replace(" . ", ".")
}
