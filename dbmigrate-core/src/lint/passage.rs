//! How the rows of a table get through a migration that drops it: by which copies they reach the table that takes its
//! place, or others.

use super::Migration;
use super::copy::{Copy, copies};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Head, Name, Statement, StatementKind, Verb};

/// A copy, with the number of its statement.
pub type Step = (usize, Copy);

/// The rows of a table that is dropped.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The table, by its name before the migration.
    pub old: Name,
    /// The name of what takes its place.
    pub new: Option<Name>,
    /// The statement that drops it.
    pub dropped: usize,
    /// The ways by which its rows get into what takes its place, each of one copy or more.
    pub ways: Vec<Vec<Step>>,
    /// The copies of its rows into other tables that are there afterwards.
    pub elsewhere: Vec<Step>,
    /// Whether statements read it of which it is not known what they do with its rows.
    pub is_unclear: bool,
}

impl Passage {
    /// The only way, if there is one and everything is known of it.
    pub fn only_way(&self) -> Option<&[Step]> {
        match &self.ways[..] {
            [only] if !self.is_unclear => Some(only),
            _ => None,
        }
    }

    /// Whether its rows do not get into what takes its place.
    pub fn is_missing(&self) -> bool {
        self.ways.is_empty() && !self.is_unclear
    }
}

/// A table while the statements are followed.
struct Held {
    name: Name,
    was: Option<Name>,
    dropped: Option<usize>,
    /// The copies that fill it, with the tables that they read.
    filled: Vec<(usize, Step)>,
    /// The tables that it may be filled from as well.
    unclear: Vec<usize>,
}

/// Follows the rows of all tables that are dropped.
pub(super) fn passages(migration: &Migration<'_>) -> Vec<Passage> {
    let statements = &migration.script.statements;
    if !statements.iter().any(|statement| statement.kind == StatementKind::DropTable) {
        return Vec::new();
    }
    let mut tables = Tables { migration, all: Vec::new() };
    for (at, statement) in statements.iter().enumerate() {
        tables.follow(at, statement);
    }
    let all = 0..tables.all.len();
    all.filter_map(|at| tables.passage(at)).collect()
}

struct Tables<'m, 's> {
    migration: &'m Migration<'s>,
    all: Vec<Held>,
}

impl Tables<'_, '_> {
    /// The table that has the name now.
    fn find(&mut self, name: &Name) -> Option<usize> {
        let found = self.all.iter().rposition(|held| held.dropped.is_none() && held.name == *name);
        if found.is_some() {
            return found;
        }
        let old = self.migration.old.table(name)?;
        if self.all.iter().any(|held| held.was.as_ref() == Some(&old.name)) {
            return None;
        }
        self.add(old.name.clone(), Some(old.name.clone()));
        Some(self.all.len() - 1)
    }

    fn add(&mut self, name: Name, was: Option<Name>) {
        self.all.push(Held { name, was, dropped: None, filled: Vec::new(), unclear: Vec::new() });
    }

    fn follow(&mut self, at: usize, statement: &Statement<'_>) {
        let tokens = significant(statement.text);
        let is_query = tokens.iter().any(|token| token.is_word("select"));
        match Head::read(statement.kind, &tokens) {
            Some(Head::CreateTable(name)) => {
                // one that is there already stays as it is
                let is_conditional = tokens.iter().take(4).any(|token| token.is_word("if"));
                if !is_conditional || self.find(&name).is_none() {
                    self.add(name.clone(), None);
                }
                if is_query {
                    self.fill(at, statement, &tokens, &name);
                }
            }
            Some(Head::Write(Verb::Insert | Verb::Replace, name)) if is_query => {
                self.fill(at, statement, &tokens, &name);
            }
            Some(Head::DropTable(name)) => {
                if let Some(held) = self.find(&name) {
                    self.all[held].dropped = Some(at);
                }
            }
            Some(Head::RenameTable(from, to)) => {
                if let Some(held) = self.find(&from) {
                    self.all[held].name = to;
                }
            }
            _ => {}
        }
    }

    fn fill(&mut self, at: usize, statement: &Statement<'_>, tokens: &[Token<'_>], into: &Name) {
        let Some(target) = self.find(into) else { return };
        let mut known = Vec::new();
        for copy in copies(statement) {
            if let Some(source) = self.find(&copy.from) {
                known.push(source);
                self.all[target].filled.push((source, (at, copy)));
            }
        }
        let is_name = |token: &&Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
        let names: Vec<Name> = tokens.iter().filter(is_name).filter_map(Token::identifier).map(Name::from).collect();
        for name in names.iter().filter(|name| *name != into) {
            if let Some(source) = self.find(name).filter(|source| *source != target && !known.contains(source)) {
                self.all[target].unclear.push(source);
            }
        }
    }

    /// The ways from a table into another.
    fn ways(&self, from: usize, into: usize, longest: usize) -> Vec<Vec<Step>> {
        if from == into {
            return vec![Vec::new()];
        }
        if longest == 0 {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (source, step) in &self.all[into].filled {
            for mut way in self.ways(from, *source, longest - 1) {
                way.push(step.clone());
                all.push(way);
            }
        }
        all
    }

    /// Whether a table may be filled from another by statements that are not understood.
    fn is_unclear(&self, from: usize, into: usize, longest: usize) -> bool {
        let sources = self.all[into].filled.iter().map(|(source, _)| *source);
        let unclear = &self.all[into].unclear;
        unclear.contains(&from)
            || longest > 0
                && sources.chain(unclear.iter().copied()).any(|source| self.is_unclear(from, source, longest - 1))
    }

    fn passage(&self, at: usize) -> Option<Passage> {
        /// How many copies one behind the other are followed.
        const LONGEST: usize = 4;
        let held = &self.all[at];
        let (old, dropped) = (held.was.clone()?, held.dropped?);
        let new = name_after(self.migration, &old).cloned();
        let there = |name: &Name| self.all.iter().rposition(|held| held.dropped.is_none() && held.name == *name);
        let heir = new.as_ref().and_then(there);
        let others = (0..self.all.len()).filter(|other| self.all[*other].dropped.is_none() && Some(*other) != heir);
        let elsewhere = others.flat_map(|other| self.ways(at, other, LONGEST)).filter_map(|way| way.last().cloned());
        Some(Passage {
            ways: heir.map(|heir| self.ways(at, heir, LONGEST)).unwrap_or_default(),
            elsewhere: elsewhere.collect(),
            is_unclear: heir.is_some_and(|heir| self.is_unclear(at, heir, LONGEST)),
            old,
            new,
            dropped,
        })
    }
}

/// The name behind the migration of a table that was there before it.
pub fn name_after<'m>(migration: &'m Migration<'_>, old: &'m Name) -> Option<&'m Name> {
    let diff = migration.diff;
    let renamed = diff.renames.tables.iter().find(|(from, _)| from == old).map(|(_, to)| to);
    let stays = || (!diff.dropped_tables.contains(old)).then(|| migration.new.table(old).map(|table| &table.name));
    renamed.or_else(|| stays().flatten())
}
