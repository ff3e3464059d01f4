//! A connection to a database on a server: what is run together travels in one request.
//!
//! Outside of a transaction every request is a stream of its own. A transaction keeps its stream; the server rolls it
//! back when it hears nothing for 10 s, and when another writer has waited for 5 s. What would come after that runs
//! outside of a transaction, so the first statement of every request in one asks whether it is still there.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use crate::engine::value::Value;

use super::Row;
use super::probe::Probe;
use crate::engine::driver::{OWN_SCRATCH, Scratch};
use crate::engine::engines::Engine;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::remote::{Batch, Client, Condition, Outcome, Patience, Stream, Then, error, is_autocommit, not, ok};

/// The most that is sent in one request, in bytes of JSON, if it can be split.
pub(in crate::engine) const REQUEST_BYTES: usize = 8 * 1024 * 1024;

/// A statement that changes nothing but is none that only reads: a replica hands a request with it to its primary, even
/// if its condition never holds.
const FOR_THE_PRIMARY: &str = "SAVEPOINT _dbmigrate_primary";

/// A connection.
pub(in crate::engine) struct ServerConnection {
    client: Client,
    /// Of the open transaction.
    stream: RefCell<Stream>,
    is_in_transaction: Cell<bool>,
    /// Whether foreign keys are to be off.
    without_foreign_keys: Cell<bool>,
    /// Whether the token has turned out to be for reading only, so that a replica cannot hand anything on.
    only_reads: Cell<bool>,
    /// What runs on the server, once it has been asked anything.
    engine: Cell<Option<Engine>>,
    /// Where things are tried that are to happen on the server.
    scratch: Option<Scratch>,
}

/// The answers to queries.
type Answers = Vec<Result<Vec<Row>, EngineError>>;

impl ServerConnection {
    pub(super) fn new(client: Client) -> Self {
        let stream = RefCell::new(client.stream());
        let [is_in_transaction, without_foreign_keys, only_reads] = [(); 3].map(|()| Cell::new(false));
        let (engine, scratch) = (Cell::new(None), OWN_SCRATCH.map(|make| make()));
        Self { client, stream, is_in_transaction, without_foreign_keys, only_reads, engine, scratch }
    }

    pub(super) fn set_scratch(&mut self, scratch: Scratch) {
        self.scratch = Some(scratch);
    }

    pub(super) fn scratch(&self) -> Option<Scratch> {
        self.scratch.clone()
    }

    pub(in crate::engine) fn client(&self) -> &Client {
        &self.client
    }

    /// What runs on the server, if it was asked anything yet.
    pub(in crate::engine) fn engine(&self) -> Option<Engine> {
        self.engine.get()
    }

    pub(super) fn learn(&self, engine: Engine) {
        self.engine.set(Some(engine));
    }

    pub(super) fn is_autocommit(&self) -> bool {
        !self.is_in_transaction.get()
    }

    pub(super) fn set_foreign_keys(&self, are_on: bool) {
        self.without_foreign_keys.set(!are_on);
    }

    /// Sends a batch of its own, which leaves nothing open.
    pub(in crate::engine) fn send(&self, batch: &Batch) -> Result<Outcome, EngineError> {
        self.send_within(batch, Patience::WhileAlive)
    }

    /// How long is waited for what takes no longer than getting the lock, a piece, and this.
    pub(super) fn patience(&self, longer: Duration) -> Patience {
        Patience::UpTo(self.client.options().answered_within.saturating_add(longer))
    }

    /// The same, if it is answered in time.
    pub(super) fn send_within(&self, batch: &Batch, patience: Patience) -> Result<Outcome, EngineError> {
        self.client.stream().run(batch, Then::Close, patience)
    }

    pub(super) fn begin(&self) -> Result<(), EngineError> {
        let mut batch = Batch::writing();
        let mut last = None;
        if self.without_foreign_keys.get() {
            last = Some(batch.step(None, "PRAGMA foreign_keys = OFF", Vec::new(), false));
        }
        let begun = batch.step(last.map(ok), "BEGIN IMMEDIATE", Vec::new(), false);
        let keys = batch.step(Some(ok(begun)), "PRAGMA foreign_keys", Vec::new(), true);
        let probe = Probe::add(&mut batch, begun, self.engine());
        self.forget_transaction();
        let outcome = self.stream.borrow_mut().run(&batch, Then::Keep, self.patience(Duration::ZERO));
        let outcome = outcome.map_err(|error| match error.kind {
            // whatever has become of it, it is rolled back
            ErrorKind::Lost => EngineError { kind: ErrorKind::Unreachable, ..error },
            _ => error,
        })?;
        // a server without names is the only one that it can be
        if let Some(error) = outcome.errors().find(|(step, _)| !probe.has(*step)).map(|(_, error)| error) {
            self.forget_transaction();
            return Err(error.clone());
        }
        self.is_in_transaction.set(outcome.is_ok(begun));
        let first = |step| outcome.rows(step).and_then(|rows| rows.first()?.first());
        let are_off = first(keys) == Some(&Value::Integer(0));
        let is_right = probe.answered(&outcome, self);
        if self.without_foreign_keys.get() && !are_off {
            self.roll_back();
            let message = "foreign keys cannot be turned off".to_owned();
            return Err(EngineError { kind: ErrorKind::Statement, message });
        }
        if let Err(error) = is_right {
            self.roll_back();
            return Err(error);
        }
        Ok(())
    }

    /// Whether the database that answered, with this name, is the one that was asked for.
    pub(super) fn is_expected(&self, name: Option<&Value>) -> Result<(), EngineError> {
        let (Some(wanted), Some(Value::Text(name))) = (self.client.namespace(), name) else { return Ok(()) };
        if wanted == name {
            return Ok(());
        }
        let message = format!("the server answers with its database `{name}` instead of `{wanted}`");
        Err(EngineError { kind: ErrorKind::NoSuchDatabase, message })
    }

    pub(super) fn commit(&self) -> Result<(), EngineError> {
        let mut batch = Batch::writing();
        let commit = batch.step(Some(not(is_autocommit())), "COMMIT", Vec::new(), false);
        let outcome = self.stream.borrow_mut().run(&batch, Then::Close, Patience::WhileAlive);
        self.is_in_transaction.set(false);
        match outcome?.step(commit) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(of_commit(error)),
            None => Err(stolen()),
        }
    }

    /// Rolls back; if that does not arrive, the server does it by itself.
    pub(super) fn roll_back(&self) {
        if self.is_in_transaction.replace(false) {
            let mut batch = Batch::writing();
            batch.step(Some(not(is_autocommit())), "ROLLBACK", Vec::new(), false);
            let _ = self.stream.borrow_mut().run(&batch, Then::Close, Patience::Timeout);
        }
        self.forget_transaction();
    }

    fn forget_transaction(&self) {
        self.is_in_transaction.set(false);
        // the old one closes itself
        *self.stream.borrow_mut() = self.client.stream();
    }

    /// Runs statements, each with values for its parameters, up to the first that fails, which is named by its place.
    pub(super) fn run_each<'s>(
        &self,
        statements: impl IntoIterator<Item = (&'s str, Vec<Value>)>,
    ) -> Result<(), (usize, EngineError)> {
        self.run_counted(statements).map(drop)
    }

    /// The same, and how many rows they have changed.
    pub(in crate::engine) fn run_counted<'s>(
        &self,
        statements: impl IntoIterator<Item = (&'s str, Vec<Value>)>,
    ) -> Result<u64, (usize, EngineError)> {
        let mut statements = statements.into_iter().peekable();
        let (mut first, mut changed) = (0, 0);
        while statements.peek().is_some() {
            let mut batch = Batch::writing();
            let mut last = self.opening(&mut batch);
            let opening = batch.len();
            while let Some((sql, values)) =
                statements.next_if(|_| batch.len() == opening || batch.bytes() < REQUEST_BYTES)
            {
                let condition = last.map_or_else(|| self.is_still_open(), |last| Some(ok(last)));
                last = Some(batch.step(condition, sql, values, false));
            }
            let count = batch.len() - opening;
            let outcome = self.run(&batch).map_err(|error| match self.refused(&batch, &error) {
                Some((step, error)) => (first + step.saturating_sub(opening), error),
                None => (first, error),
            })?;
            for (at, step) in outcome.steps.iter().enumerate() {
                let place = first + at.saturating_sub(opening);
                match step {
                    Some(Ok(done)) => changed += done.changes,
                    Some(Err(error)) => return Err((place, self.noticed(error.clone()))),
                    None => return Err((place, self.noticed(stolen()))),
                }
            }
            first += count;
        }
        Ok(changed)
    }

    /// How much has ever been committed to the database, if the server says so. In a transaction that can write nobody
    /// else adds to it.
    pub(super) fn committed(&self) -> Result<Option<u64>, EngineError> {
        let mut batch = Batch::reading();
        batch.step(self.is_still_open(), "SELECT 1", Vec::new(), true);
        if self.is_autocommit() {
            return Ok(self.client.stream().run(&batch, Then::Close, Patience::WhileAlive)?.committed);
        }
        let outcome = self.run(&batch)?;
        match outcome.steps.first() {
            Some(Some(Ok(_))) => Ok(outcome.committed),
            _ => Err(self.noticed(stolen())),
        }
    }

    /// The step of a batch that the server cannot read, if that may be why it has refused all of it, and why.
    pub(in crate::engine) fn refused(&self, batch: &Batch, error: &EngineError) -> Option<(usize, EngineError)> {
        if error.kind != ErrorKind::Statement {
            return None;
        }
        let refused = self.client.stream().refused(batch, Then::Close).ok()?;
        let (step, error) = refused.into_iter().next()?;
        Some((usize::try_from(step).ok()?, error))
    }

    /// What has to come first outside of a transaction.
    fn opening(&self, batch: &mut Batch) -> Option<u32> {
        let wants_off = self.without_foreign_keys.get() && self.is_autocommit();
        wants_off.then(|| batch.step(None, "PRAGMA foreign_keys = OFF", Vec::new(), false))
    }

    /// The condition of the first step of a request.
    fn is_still_open(&self) -> Option<Condition> {
        self.is_in_transaction.get().then(|| not(is_autocommit()))
    }

    /// Runs a batch in the transaction, if there is one.
    fn run(&self, batch: &Batch) -> Result<Outcome, EngineError> {
        if self.is_autocommit() {
            return self.send(batch);
        }
        let outcome = self.stream.borrow_mut().run(batch, Then::Keep, Patience::WhileAlive);
        outcome.map_err(|error| match error.kind {
            // nothing is committed before it is asked for
            ErrorKind::Lost | ErrorKind::Unreachable | ErrorKind::StreamExpired => {
                self.forget_transaction();
                EngineError { kind: ErrorKind::StreamExpired, message: format!("the transaction is lost: {error}") }
            }
            _ => error,
        })
    }

    /// The same error, after what it means for the transaction is noted.
    fn noticed(&self, error: EngineError) -> EngineError {
        if error.kind == ErrorKind::Stolen {
            self.forget_transaction();
        }
        error
    }

    /// The answers of queries, with values for their parameters, of one state of the database, and not of a replica that
    /// lags behind.
    pub(super) fn ask_all<'q>(
        &self,
        queries: impl IntoIterator<Item = (&'q str, Vec<Value>)> + Clone,
        patience: Patience,
    ) -> Result<Answers, EngineError> {
        if self.is_in_transaction.get() {
            return self.ask_inside(queries);
        }
        self.ask_outside(queries, None, patience)
    }

    /// The same for queries one of which is a gate: those behind it are asked only if it fails, and have no rows
    /// otherwise. Outside of a transaction.
    pub(in crate::engine) fn ask_behind(&self, queries: &[String], gate: usize) -> Result<Answers, EngineError> {
        let queries = queries.iter().map(|query| (query.as_str(), Vec::new()));
        self.ask_outside(queries, Some(gate), Patience::WhileAlive)
    }

    fn ask_outside<'q>(
        &self,
        queries: impl IntoIterator<Item = (&'q str, Vec<Value>)> + Clone,
        gate: Option<usize>,
        patience: Patience,
    ) -> Result<Answers, EngineError> {
        let for_the_primary = !self.only_reads.get();
        match self.ask_once(queries.clone(), gate, patience, for_the_primary) {
            Err(error) if error.kind == ErrorKind::Forbidden && for_the_primary => {
                let answers = self.ask_once(queries, gate, patience, false)?;
                self.only_reads.set(true);
                Ok(answers)
            }
            answers => answers,
        }
    }

    fn ask_once<'q>(
        &self,
        queries: impl IntoIterator<Item = (&'q str, Vec<Value>)>,
        gate: Option<usize>,
        patience: Patience,
        for_the_primary: bool,
    ) -> Result<Answers, EngineError> {
        let mut batch = Batch::reading();
        let begun = batch.step(None, "BEGIN", Vec::new(), false);
        let probe = Probe::add(&mut batch, begun, self.engine());
        let mut steps: Vec<u32> = Vec::new();
        for (sql, values) in queries {
            let behind = gate.and_then(|gate| steps.get(gate).copied());
            steps.push(batch.step(Some(behind.map_or_else(|| ok(begun), error)), sql, values, true));
        }
        batch.step(Some(ok(begun)), "ROLLBACK", Vec::new(), false);
        if for_the_primary {
            batch.step(Some(error(begun)), FOR_THE_PRIMARY, Vec::new(), false);
        }
        let mut outcome = match self.client.stream().run(&batch, Then::Close, patience) {
            Err(error) if error.kind == ErrorKind::Statement => self.ask_the_rest(&batch, &steps, error, patience)?,
            outcome => outcome?,
        };
        if let Some(error) = outcome.error(begun) {
            return Err(error.clone());
        }
        probe.answered(&outcome, self)?;
        Ok(steps.into_iter().map(|step| taken(&mut outcome, step)).collect())
    }

    /// The outcome without those queries that the server cannot read, which have their errors in it.
    fn ask_the_rest(
        &self,
        batch: &Batch,
        queries: &[u32],
        error: EngineError,
        patience: Patience,
    ) -> Result<Outcome, EngineError> {
        let refused = self.client.stream().refused(batch, Then::Close)?;
        if refused.is_empty() || !refused.iter().all(|(step, _)| queries.contains(step)) {
            return Err(error);
        }
        let mut rest = batch.clone();
        for (step, _) in &refused {
            rest.replace(*step, "SELECT NULL");
        }
        let mut outcome = self.client.stream().run(&rest, Then::Close, patience)?;
        for (step, error) in refused {
            outcome.set(step, Err(error));
        }
        Ok(outcome)
    }

    fn ask_inside<'q>(&self, queries: impl IntoIterator<Item = (&'q str, Vec<Value>)>) -> Result<Answers, EngineError> {
        let mut batch = Batch::reading();
        for (sql, values) in queries {
            batch.step(self.is_still_open(), sql, values, true);
        }
        let mut outcome = self.run(&batch)?;
        if outcome.steps.iter().any(|step| step.is_none() || is_stolen(step.as_ref())) {
            return Err(self.noticed(stolen()));
        }
        Ok((0..u32::try_from(batch.len()).unwrap_or(u32::MAX)).map(|step| taken(&mut outcome, step)).collect())
    }

    /// The names of the columns that queries return.
    pub(super) fn describe_all<Q: AsRef<str>>(
        &self,
        queries: &[Q],
    ) -> Result<Vec<Result<Vec<String>, EngineError>>, EngineError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let sql: Vec<&str> = queries.iter().map(AsRef::as_ref).collect();
        let described = if self.is_autocommit() {
            self.client.stream().describe_all(&sql, Then::Close)
        } else {
            self.stream.borrow_mut().describe_all(&sql, Then::Keep)
        };
        Ok(described?.into_iter().map(|one| one.map(|described| described.columns)).collect())
    }
}

/// Begins a transaction that only reads, on a stream of its own: not on a replica, which lags behind, unless the token is
/// for reading only.
#[cfg(feature = "backup")]
pub(in crate::engine) fn begin_reading(client: &Client) -> Result<(Stream, Engine), EngineError> {
    let begin = |for_the_primary| {
        let mut batch = Batch::reading();
        let begun = batch.step(None, "BEGIN", Vec::new(), false);
        let connection = ServerConnection::new(client.clone());
        let probe = Probe::add(&mut batch, begun, None);
        if for_the_primary {
            batch.step(Some(error(begun)), FOR_THE_PRIMARY, Vec::new(), false);
        }
        let mut stream = client.stream_of_rows();
        let outcome = stream.run(&batch, Then::Keep, Patience::WhileAlive)?;
        if let Some(error) = outcome.error(begun) {
            return Err(error.clone());
        }
        probe.answered(&outcome, &connection)?;
        Ok((stream, connection.engine().unwrap_or(Engine::LibSql)))
    };
    match begin(true) {
        Err(error) if error.kind == ErrorKind::Forbidden => begin(false),
        begun => begun,
    }
}

fn is_stolen(step: Option<&Result<crate::engine::remote::StepRows, EngineError>>) -> bool {
    matches!(step, Some(Err(error)) if error.kind == ErrorKind::Stolen)
}

fn taken(outcome: &mut Outcome, step: u32) -> Result<Vec<Row>, EngineError> {
    let step = usize::try_from(step).ok().and_then(|step| outcome.steps.get_mut(step)).and_then(Option::take);
    step.map_or_else(|| Ok(Vec::new()), |step| step.map(|rows| rows.rows))
}

/// The error of a `COMMIT`. Where the disk of the server has failed it, the transaction may be there all the same: the
/// server has more to write than the transaction when that is done.
pub(in crate::engine) fn of_commit(error: &EngineError) -> EngineError {
    let is_open =
        matches!(error.kind, ErrorKind::Io | ErrorKind::DiskFull | ErrorKind::Corrupt | ErrorKind::CannotOpen);
    let kind = if is_open { ErrorKind::Lost } else { error.kind };
    EngineError { kind, message: error.message.clone() }
}

pub(super) fn stolen() -> EngineError {
    let message = "the server gave the transaction's lock to another writer, and rolled it back".to_owned();
    EngineError { kind: ErrorKind::Stolen, message }
}
