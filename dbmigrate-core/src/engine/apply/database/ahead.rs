//! What a server is asked before migrations are sent to it: its history and, unless nothing is to be done, its schema in
//! one request; what they lose and how many rows they copy in another one, if they do.

use std::collections::BTreeMap;

use super::super::Announcement;
use super::super::history::{self, Record};
use super::Database;
use super::promised::is_promised;
use super::steps::counted;
use crate::engine::assertion::assertion;
use crate::engine::connection::server::REQUEST_BYTES;
use crate::engine::error::EngineError;
use crate::engine::stored::Stored;
use crate::engine::tracker::Tracker;
use crate::folder::Script;
use crate::folder::script::Place;
use crate::sql::token::significant;
use crate::sql::{Name, Statement, StatementKind, Token};

/// A rebuild of so many rows may take longer than the 5 s after which a server gives the lock to another writer that
/// waits: a million rows of 8 columns take it 2.7 s.
pub(super) const LONG_REBUILD: u64 = 1_000_000;

/// What was asked, and what is known.
#[derive(Default)]
pub(super) struct Ahead {
    /// Queries for numbers.
    queries: Vec<String>,
    /// Their answers; `None` where there was none, as for a table that is still to be made.
    counts: BTreeMap<String, Option<u64>>,
    /// All that the database has.
    pub(super) stored: Option<Stored>,
    /// The names that the history ends with if all migrations are applied, until it is read.
    pub(super) last: Option<Vec<String>>,
    /// Whether the schema was read together with the history, and nobody has asked for it since.
    is_fresh: bool,
}

impl Ahead {
    /// What is to be asked together with the schema.
    pub(super) fn expect(&mut self, queries: Vec<String>) {
        self.counts.clear();
        self.queries = queries;
        self.queries.sort();
        self.queries.dedup();
    }

    /// The number that a query returned, if it was asked.
    pub(super) fn count(&self, query: &str) -> Option<&Option<u64>> {
        self.counts.get(query)
    }
}

impl Database {
    /// Reads the history of a database on a server, and the schema together with it, unless all migrations are applied
    /// and the schema is as the last one left it. `None` if the history is to be read alone.
    pub(super) async fn history_with_schema(&mut self) -> Result<Option<Vec<Record>>, EngineError> {
        self.ahead.is_fresh = false;
        let (Some(last), Some(server)) = (self.ahead.last.take(), self.connection.server()) else {
            return Ok(None);
        };
        let gate = history::queries().len();
        let mut queries: Vec<String> = history::queries().into();
        queries.push(assertion(&history::is_complete(&last)));
        queries.extend(Tracker::queries());
        let mut answers = server.ask_behind(&queries, gate)?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let (version, table, rows) = (next()?, next()?, next());
        let is_complete = next().is_ok();
        let schema = [next()?, next()?, next()?];
        let (history, version) = history::read_in(&version, &table, rows)?;
        self.version_with_history = Some(version);
        self.tracker = None;
        if !is_complete {
            let (tracker, stored) = Tracker::of(&self.connection, schema, self.ignore.clone()).await?;
            self.tracker = Some(Box::new(tracker));
            self.ahead.stored = Some(stored);
            self.ahead.is_fresh = true;
        }
        Ok(Some(history))
    }

    /// Whether the schema is known as it was when the history was read, for the first who asks.
    pub(super) fn is_fresh(&mut self) -> bool {
        std::mem::take(&mut self.ahead.is_fresh) && self.tracker.is_some() && self.connection.is_autocommit()
    }

    /// Asks what is expected to be asked, if it was not asked together with the schema.
    pub(super) async fn ask_expected(&mut self) -> Result<(), EngineError> {
        let queries = std::mem::take(&mut self.ahead.queries);
        if queries.is_empty() {
            return Ok(());
        }
        // there is nothing to count
        let is_empty = self.ahead.stored.as_ref().is_some_and(|stored| stored.rows == 0);
        let answers = if is_empty { Vec::new() } else { self.connection.ask_all(&queries).await? };
        let mut answers = answers.into_iter();
        for query in queries {
            let count = answers.next().and_then(|answer| answer.ok().map(|rows| counted(&rows)));
            self.ahead.counts.insert(query, count);
        }
        Ok(())
    }

    /// Reads the schema, and asks what is expected to be asked.
    pub(super) async fn look_at_server(&mut self) -> Result<Tracker, EngineError> {
        let mut queries: Vec<String> = Tracker::queries().into();
        queries.extend(self.ahead.queries.iter().cloned());
        let mut answers = self.connection.ask_all(&queries).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let rows = [next()?, next()?, next()?];
        for query in self.ahead.queries.drain(..) {
            self.ahead.counts.insert(query, next().ok().map(|rows| counted(&rows)));
        }
        let (tracker, stored) = Tracker::of(&self.connection, rows, self.ignore.clone()).await?;
        self.ahead.stored = Some(stored);
        Ok(tracker)
    }

    /// Whether a migration copies so many rows that it should travel alone.
    pub(super) fn is_long(&self, script: &Script<'_>) -> bool {
        is_promised(script) || self.long_rebuilds(script).next().is_some()
    }

    /// What is worth saying before a migration is sent.
    pub(super) fn announced(&self, script: &Script<'_>) -> Vec<Announcement> {
        let schema = self.tracker.as_ref().map(|tracker| tracker.schema());
        let in_place = schema.map(|schema| script.in_place(schema, Place::Server)).unwrap_or_default();
        let is_copied = |table: &Name| !in_place.iter().any(|rebuild| rebuild.table == *table);
        let rebuilds = self.long_rebuilds(script).filter(|(table, _)| is_copied(table));
        let rebuilds = rebuilds.map(|(table, rows)| Announcement::LongRebuild { table, rows });
        let bytes: usize = script.statements.iter().map(|statement| statement.text.len()).sum();
        let large = (bytes > REQUEST_BYTES).then_some(Announcement::Large { bytes });
        rebuilds.chain(large).collect()
    }

    /// Whether a migration has marked rebuilds of so many rows that another way may be worth it.
    pub(super) fn copies_many(&self, script: &Script<'_>) -> bool {
        is_promised(script)
            || !script.rebuilds.is_empty() && self.rebuilds_from(script, self.least_rows).next().is_some()
    }

    fn long_rebuilds(&self, script: &Script<'_>) -> impl Iterator<Item = (Name, u64)> {
        self.rebuilds_from(script, LONG_REBUILD)
    }

    fn rebuilds_from(&self, script: &Script<'_>, least: u64) -> impl Iterator<Item = (Name, u64)> {
        rebuilt_tables(&script.statements).into_iter().filter_map(move |table| {
            let rows = (*self.ahead.count(&rows_query(&table))?)?;
            (rows >= least).then_some((table, rows))
        })
    }
}

/// How many rows a table has.
pub(super) fn rows_query(table: &Name) -> String {
    format!("SELECT count(*) FROM {}", table.sql())
}

/// The tables that are dropped and there again afterwards.
pub(super) fn rebuilt_tables(statements: &[Statement<'_>]) -> Vec<Name> {
    let (mut dropped, mut rebuilt) = (Vec::new(), Vec::new());
    for statement in statements {
        let tokens = significant(statement.text);
        let last_name = || tokens.iter().rev().find_map(Token::identifier).map(Name::from);
        match statement.kind {
            StatementKind::DropTable => dropped.extend(last_name()),
            StatementKind::AlterTable => rebuilt.extend(last_name().filter(|name| dropped.contains(name))),
            StatementKind::CreateTable => {
                // the name stands before the first parenthesis
                let names = tokens.iter().take_while(|token| token.text != "(").filter_map(Token::identifier);
                rebuilt.extend(names.map(Name::from).filter(|name| dropped.contains(name)));
            }
            _ => {}
        }
    }
    rebuilt
}
