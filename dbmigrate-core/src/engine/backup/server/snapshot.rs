//! A transaction on a server that only reads: one state of the database, in as many requests as it takes.

use std::collections::VecDeque;

use crate::engine::backup::inventory::{Inventory, Table, queries};
use crate::engine::backup::local::VIOLATIONS;
use crate::engine::connection::{Row, Value, integer};
use crate::engine::engines::Engine;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::orphaned::{queries_for, questions};
use crate::engine::remote::{
    Arrived, Batch, Client, FlatRows, Outcome, Patience, Sent, Stream, Then, is_autocommit, not,
};

/// The transaction.
pub(super) struct Snapshot {
    stream: Stream,
    engine: Engine,
    /// What was asked for and is not looked at yet, the first of it first.
    ahead: VecDeque<Ahead>,
}

/// Queries that were sent although their rows are not looked at yet.
enum Ahead {
    Sent(Sent),
    Arrived(Arrived),
}

/// How rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountedBy {
    /// What is smallest, and may not be what it should.
    Anything,
    Rows,
}

/// A query and its values.
pub(super) type Query = (String, Vec<Value>);

impl Snapshot {
    /// Begins it. What is seen is what is there when the first query is answered.
    pub(super) fn begin(client: &Client) -> Result<Self, EngineError> {
        let (stream, engine) = crate::engine::connection::server::begin_reading(client)?;
        Ok(Self { stream, engine, ahead: VecDeque::new() })
    }

    /// What there is.
    pub(super) fn inventory(&mut self) -> Result<Inventory, EngineError> {
        let queries: Vec<_> = queries().into_iter().map(|sql| (sql, Vec::new())).collect();
        Inventory::of(self.ask_all(queries)?)
    }

    /// How many rows each of the tables has: by the rows themselves, or as quickly as by whatever index there is.
    pub(super) fn counts(&mut self, inventory: &Inventory, by: CountedBy) -> Result<Vec<u64>, EngineError> {
        let how = if by == CountedBy::Rows { " NOT INDEXED" } else { "" };
        let query = |table: &Table| (format!("SELECT count(*) FROM {}{how}", table.name.sql()), Vec::new());
        let answers = self.ask_all(inventory.tables.iter().map(query).collect())?.into_iter();
        answers.map(|answer| Ok(answer?.first().map_or(0, |row| integer(&row[0]).unsigned_abs()))).collect()
    }

    /// How many rows violate foreign keys. `None` if the keys themselves are wrong.
    pub(super) fn foreign_key_violations(&mut self) -> Result<Option<u64>, EngineError> {
        if self.engine == Engine::Turso {
            return self.orphaned_rows();
        }
        match self.rows(VIOLATIONS, Vec::new()) {
            Ok(rows) => Ok(rows.first().map(|row| integer(&row[0]).unsigned_abs())),
            Err(error) if error.kind == ErrorKind::Statement => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same, found key by key.
    fn orphaned_rows(&mut self) -> Result<Option<u64>, EngineError> {
        let questions = questions().into_iter().map(|sql| (sql, Vec::new())).collect();
        let (queries, mismatched) = queries_for(self.ask_all(questions)?, None)?;
        if !mismatched.is_empty() {
            return Ok(None);
        }
        let counts = queries.into_iter().map(|query| (format!("SELECT count(*) FROM ({query})"), Vec::new()));
        let mut all = 0;
        for answer in self.ask_all(counts.collect())? {
            all += answer?.first().map_or(0, |row| integer(&row[0]).unsigned_abs());
        }
        Ok(Some(all))
    }

    /// The rows of a query.
    pub(super) fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, EngineError> {
        let mut answers = self.ask_all(vec![(sql.to_owned(), values)])?;
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    fn ask_all(&mut self, queries: Vec<Query>) -> Result<Vec<Result<Vec<Row>, EngineError>>, EngineError> {
        self.stream.run(&batch(queries), Then::Keep, Patience::WhileAlive).and_then(rows_of)
    }

    /// Sends queries and does not wait for their rows.
    pub(super) fn send(&mut self, queries: Vec<Query>) -> Result<(), EngineError> {
        let sent = self.stream.send(&batch(queries))?;
        self.ahead.push_back(Ahead::Sent(sent));
        Ok(())
    }

    /// The rows of the first of the queries that were sent last, as soon as they have come; more can be sent then. `None` if
    /// all has to come before that is known.
    pub(super) fn begun(&mut self) -> Option<Vec<Row>> {
        match self.ahead.back_mut()? {
            Ahead::Sent(sent) => self.stream.begun(sent),
            Ahead::Arrived(_) => None,
        }
    }

    /// The answer to what was sent.
    pub(super) fn receive(&mut self) -> Result<Arrived, EngineError> {
        match self.ahead.pop_front() {
            Some(Ahead::Sent(sent)) => self.stream.receive(sent),
            Some(Ahead::Arrived(arrived)) => Ok(arrived),
            None => Err(gone()),
        }
    }

    /// Waits for whatever was sent.
    fn settle(&mut self) -> Result<(), EngineError> {
        for _ in 0..self.ahead.len() {
            let arrived = self.receive()?;
            self.ahead.push_back(Ahead::Arrived(arrived));
        }
        Ok(())
    }

    /// Forgets whatever was sent.
    pub(super) fn forget(&mut self) -> Result<(), EngineError> {
        self.settle()?;
        self.ahead.clear();
        Ok(())
    }

    /// The rows of the last query of an answer.
    pub(super) fn last_rows(&mut self, arrived: Arrived) -> Result<Result<FlatRows, EngineError>, EngineError> {
        let (outcome, rows) = self.stream.last_rows(arrived)?;
        let last = rows_of(outcome)?.pop();
        Ok(last.transpose().map(|_| rows))
    }

    /// Lets the server know that somebody is there.
    pub(super) fn keep_alive(&mut self) -> Result<(), EngineError> {
        // it hears the next thing only when that has come
        self.settle()?;
        self.rows("SELECT 1", Vec::new()).map(drop)
    }

    /// Ends it.
    pub(super) fn end(mut self) {
        self.stream.close();
    }
}

fn batch(queries: Vec<Query>) -> Batch {
    let mut batch = Batch::reading();
    for (sql, values) in queries {
        // what would run outside of the transaction would see another state
        batch.step(Some(not(is_autocommit())), sql, values, true);
    }
    batch
}

fn rows_of(outcome: Outcome) -> Result<Vec<Result<Vec<Row>, EngineError>>, EngineError> {
    let answers = outcome.steps.into_iter().map(|step| match step {
        Some(answer) => Ok(answer.map(|rows| rows.rows)),
        None => Err(gone()),
    });
    answers.collect()
}

fn gone() -> EngineError {
    let message = "the server has ended the transaction in which the database is read".to_owned();
    EngineError { kind: ErrorKind::StreamExpired, message }
}
