//! One member of a simulated server: its streams, and who has the lock.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use libsql::{Builder, Connection, Database, OpenFlags};
use pollster::block_on;
use serde_json::{Value as Json, json};

use super::hrana::{self, Failed};
use crate::listening::lock;

/// How long a stream that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(10);
/// How old a transaction has to be to be rolled back for somebody who waits.
const OLD: Duration = Duration::from_secs(5);
/// How long the lock is waited for.
const WAIT: Duration = Duration::from_secs(15);
/// It writes without waiting for the disk.
const FAST: &str = "PRAGMA synchronous = OFF";
/// How long nobody looks whether a transaction is old.
const LOOK: Duration = Duration::from_millis(50);

/// A database and those who use it.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    path: PathBuf,
    shared: Mutex<Shared>,
    /// A request has ended, and perhaps a transaction with it.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Shared {
    /// The streams that wait for their next request, by baton.
    streams: BTreeMap<String, Stream>,
    batons: u64,
    /// How many commits there were.
    committed: u64,
    /// Whether its file has a log.
    is_logged: bool,
}

/// A connection that is kept from request to request.
struct Stream {
    connection: Connection,
    _database: Database,
    used: Instant,
    /// When its transaction began.
    since: Option<Instant>,
    /// Whether its transaction has written.
    has_written: bool,
    /// Whether its transaction was rolled back for somebody else, which it does not know yet.
    is_stolen: bool,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stream").field("since", &self.since).finish_non_exhaustive()
    }
}

impl Stream {
    fn open(path: &PathBuf, pragmas: &[&str]) -> Result<Self, Failed> {
        block_on(async {
            let database = Builder::new_local(path).flags(OpenFlags::SQLITE_OPEN_READ_WRITE).build().await?;
            let connection = database.connect()?;
            // the last one that closes a log locks it for a moment
            connection.busy_timeout(OLD)?;
            for pragma in pragmas {
                let mut rows = connection.query(pragma, ()).await?;
                while rows.next().await?.is_some() {}
            }
            connection.busy_timeout(Duration::ZERO)?;
            let used = Instant::now();
            Ok(Self { connection, _database: database, used, since: None, has_written: false, is_stolen: false })
        })
    }
}

/// What a member says to a request: the status of HTTP, and the body.
pub(super) type Said = (u16, Json);

impl Member {
    pub(super) fn new(name: &str, path: PathBuf) -> Self {
        Self { name: name.to_owned(), path, shared: Mutex::default(), ended: Condvar::new() }
    }

    /// Answers a pipeline of requests.
    pub(super) fn answer(&self, asked: &Json) -> Said {
        let stream = match asked["baton"].as_str() {
            Some(baton) => {
                let mut shared = lock(&self.shared);
                shared.streams.retain(|_, stream| stream.used.elapsed() < IDLE);
                match shared.streams.remove(baton) {
                    Some(stream) => Ok(stream),
                    None => return (400, json!({"error": "The stream has expired: received an invalid baton"})),
                }
            }
            None => self.open(),
        };
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(failed) => return (500, failed.json()),
        };
        let mut is_closed = false;
        let results: Vec<Json> = asked["requests"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|request| {
                is_closed |= request["type"] == "close";
                match self.response(&mut stream, request) {
                    Ok(response) => json!({"type": "ok", "response": response}),
                    Err(failed) => json!({"type": "error", "error": failed.json()}),
                }
            })
            .collect();
        let baton = if is_closed {
            // its transaction is rolled back before anybody is told that there is nothing to wait for
            drop(stream);
            None
        } else {
            Some(self.keep(stream))
        };
        self.ended.notify_all();
        (200, json!({"baton": baton, "base_url": null, "results": results}))
    }

    /// As on a server, readers and writers do not wait for each other. Nobody pulls a plug here.
    fn open(&self) -> Result<Stream, Failed> {
        let mut shared = lock(&self.shared);
        if !shared.is_logged {
            // nobody else may have it open
            drop(Stream::open(&self.path, &[FAST, "PRAGMA journal_mode = WAL"])?);
            shared.is_logged = true;
        }
        drop(shared);
        Stream::open(&self.path, &[FAST])
    }

    fn keep(&self, mut stream: Stream) -> String {
        let mut shared = lock(&self.shared);
        shared.batons += 1;
        let baton = format!("{}-{}", self.name, shared.batons);
        stream.used = Instant::now();
        shared.streams.insert(baton.clone(), stream);
        baton
    }

    fn response(&self, stream: &mut Stream, request: &Json) -> Result<Json, Failed> {
        Ok(match request["type"].as_str() {
            Some("batch") => json!({"type": "batch", "result": self.batch(stream, &request["batch"]["steps"])}),
            Some("execute") => json!({"type": "execute", "result": self.execute(stream, &request["stmt"])?}),
            Some("describe") => {
                let sql = self.known(request["sql"].as_str().unwrap_or_default());
                json!({"type": "describe", "result": hrana::describe(&stream.connection, &sql)?})
            }
            Some("get_autocommit") => {
                json!({"type": "get_autocommit", "is_autocommit": stream.connection.is_autocommit()})
            }
            Some("close") => json!({"type": "close"}),
            other => panic!("a request `{other:?}`"),
        })
    }

    fn batch(&self, stream: &mut Stream, steps: &Json) -> Json {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for step in steps.as_array().into_iter().flatten() {
            let (mut result, mut error) = (Json::Null, Json::Null);
            if hrana::holds(&step["condition"], &results, &errors, stream.connection.is_autocommit()) {
                match self.execute(stream, &step["stmt"]) {
                    Ok(done) => result = done,
                    Err(failed) => error = failed.json(),
                }
            }
            results.push(result);
            errors.push(error);
        }
        let committed = lock(&self.shared).committed.to_string();
        json!({"step_results": results, "step_errors": errors, "replication_index": committed})
    }

    fn execute(&self, stream: &mut Stream, statement: &Json) -> Result<Json, Failed> {
        if std::mem::take(&mut stream.is_stolen) {
            return Err(Failed::new("TRANSACTION_TIMEOUT", "Transaction timed-out"));
        }
        let sql = self.known(statement["sql"].as_str().unwrap_or_default());
        let mut statement = statement.clone();
        statement["sql"] = Json::String(sql.clone());
        let waits_until = Instant::now() + WAIT;
        let result = loop {
            let may_wait = stream.connection.is_autocommit() && Instant::now() < waits_until;
            match hrana::run(&stream.connection, &statement) {
                Err(failed) if failed.is_busy() && may_wait => self.wait(),
                other => break other,
            }
        };
        stream.has_written |= !only_reads(&sql);
        if stream.connection.is_autocommit() {
            stream.since = None;
            if std::mem::take(&mut stream.has_written) && result.is_ok() {
                lock(&self.shared).committed += 1;
            }
        } else {
            stream.since.get_or_insert_with(Instant::now);
        }
        result
    }

    /// Waits until somebody may have given up the lock, and takes it from whoever has had it for too long.
    fn wait(&self) {
        let mut shared = lock(&self.shared);
        for stream in shared.streams.values_mut() {
            if stream.since.is_some_and(|since| since.elapsed() > OLD) {
                let _ = block_on(stream.connection.execute("ROLLBACK", ()));
                (stream.since, stream.has_written, stream.is_stolen) = (None, false, true);
            }
        }
        drop(self.ended.wait_timeout(shared, LOOK));
    }

    /// A statement without the function that servers have and the engine has not.
    fn known(&self, sql: &str) -> String {
        sql.replace("libsql_server_database_name()", &format!("'{}'", self.name))
    }
}

/// Whether a statement cannot have changed anything.
fn only_reads(sql: &str) -> bool {
    let word: String = sql.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    ["SELECT", "EXPLAIN", "PRAGMA", "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "VALUES"]
        .iter()
        .any(|other| word.eq_ignore_ascii_case(other))
}
