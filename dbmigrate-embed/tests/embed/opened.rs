//! What it costs to open a database, how many are migrated at once, and what happens when nobody waits any more. Some of
//! it needs a process of its own: this program, told by a variable what to do.

use std::future::Future as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Waker};
use std::thread;

use dbmigrate_core::engine::driver::from_libsql;
use dbmigrate_embed::{
    Driver, EngineError, MigrateErrorKind as Kind, Migrations, OnDriver, Row, Step, StepResult, Value,
};

use crate::database::File;
use crate::driver::{SAMPLE, block_on};
use crate::history::{family, migrations};

/// Says to a process of this program what it is.
const ROLE: &str = "DBMIGRATE_TEST_ROLE";

/// This program again, with one of its tests only.
fn process(test: &str, role: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("it runs"));
    command.args(["--exact", test, "--nocapture"]).env(ROLE, role).stdout(Stdio::null());
    command.spawn().expect("it can be started")
}

/// A process that does all of a test alone, because what it looks at belongs to the whole process.
fn alone(test: &str) -> bool {
    if std::env::var_os(ROLE).is_some() {
        return true;
    }
    assert!(process(test, "alone").wait().expect("it ends").success(), "`{test}` failed in a process of its own");
    false
}

/// A connection that counts what it is asked.
struct Counting(Box<dyn Driver>, Arc<AtomicUsize>);

impl Driver for Counting {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute(sql, values)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.query(sql, values, most)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.columns(sql)
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        self.0.is_autocommit()
    }
}

/// A new connection to a file.
fn connection(path: &Path) -> libsql::Connection {
    let database = block_on(libsql::Builder::new_local(path).build()).expect("it is a local file");
    database.connect().expect("it can be opened")
}

/// How much is asked over a new connection until the database is ready.
fn asked(migrations: Migrations, path: &Path) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Counting(from_libsql(connection(path)), Arc::clone(&count));
    migrations.ready(OnDriver(counting)).wait().expect("it can be made ready");
    count.load(Ordering::Relaxed)
}

#[test]
fn with_nothing_to_do_there_is_one_read() {
    let file = File::new();
    assert!(asked(SAMPLE, &file.path()) > 19, "each migration is more than one statement");
    // this process has migrated it
    assert_eq!(asked(SAMPLE, &file.path()), 1);
    // another one has: the history is compared once
    let copy = File::new();
    std::fs::copy(file.path(), copy.path()).expect("it is there");
    assert_eq!(asked(SAMPLE, &copy.path()), 2);
    assert_eq!(asked(SAMPLE, &copy.path()), 1);
    // the schema is compared once if its counter stands elsewhere than the last migration has left it
    copy.run(&["VACUUM"]);
    assert!(asked(SAMPLE, &copy.path()) > 2);
    assert_eq!(asked(SAMPLE, &copy.path()), 1);
    // with another runner it is another question
    let ignoring = || SAMPLE.runner().ignore(["legacy_*"]);
    let mut again = connection(&copy.path());
    ignoring().ready(&again).wait().expect("it is ready");
    assert_eq!(asked(SAMPLE, &copy.path()), 1);
    // rows are nobody's concern
    copy.run(&["INSERT INTO plans (id, name, price) VALUES ('x', 'x', 1)"]);
    again = connection(&copy.path());
    ignoring().ready(&again).wait().expect("it is ready");
    assert_eq!(asked(SAMPLE, &copy.path()), 1);
}

#[test]
fn many_processes_migrate_each_database_once() {
    const PROCESSES: usize = 3;
    const FILES: usize = 12;
    let history = migrations(&family());
    if let Some(folder) = std::env::var_os(ROLE) {
        let paths: Vec<PathBuf> = (0..FILES).map(|at| PathBuf::from(&folder).join(format!("{at}.db"))).collect();
        thread::scope(|scope| {
            for start in 0..4 {
                let paths = &paths;
                scope.spawn(move || {
                    for at in 0..FILES {
                        let database = block_on(libsql::Builder::new_local(&paths[(at + start * 3) % FILES]).build());
                        let database = database.expect("it is a local file");
                        history.ready(&database).wait().expect("it is ready");
                        let count =
                            block_on(database.connect().expect("it opens").query("SELECT count(*) FROM children", ()));
                        drop(count.expect("it is there as soon as the database is ready"));
                    }
                });
            }
        });
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let role = folder.path().to_str().expect("it is text");
    let test = "opened::many_processes_migrate_each_database_once";
    let processes: Vec<Child> = (0..PROCESSES).map(|_| process(test, role)).collect();
    for mut process in processes {
        assert!(process.wait().expect("it ends").success());
    }
    for at in 0..FILES {
        let database = connection(&folder.path().join(format!("{at}.db")));
        let number = |sql: &'static str| {
            let mut rows = block_on(database.query(sql, ())).expect("it can be read");
            block_on(rows.next()).expect("it can be read").expect("there is a row").get::<i64>(0).expect("a number")
        };
        assert_eq!(number("SELECT count(*) FROM _dbmigrate_history"), 3);
        assert_eq!(number("SELECT count(*) FROM children"), 100);
        assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    }
}

#[test]
fn the_locks_of_other_connections_are_kept() {
    if let Some(path) = std::env::var_os(ROLE) {
        let error = block_on(connection(Path::new(&path)).execute("BEGIN IMMEDIATE", ())).expect_err("it is locked");
        assert!(error.to_string().contains("database is locked"), "{error}");
        return;
    }
    let history = migrations(&family());
    let file = File::new();
    history.runner().to("1").run(file.database().target()).wait().expect("it applies");
    let writer = connection(&file.path());
    block_on(writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO parents (id, name) VALUES (500, 'x')"))
        .expect("it is free");
    let at_once = || history.runner().busy_timeout(std::time::Duration::ZERO);
    let errors = [
        at_once().run(file.database().target()).wait().expect_err("it is locked"),
        at_once().ready(file.database().target()).wait().expect_err("it is locked"),
    ];
    assert!(errors.iter().all(|error| error.kind() == Kind::Locked), "{errors:?}");
    history.status(file.database().target()).wait().expect("it can be read");
    let role = file.path().to_str().expect("it is text").to_owned();
    let mut other = process("opened::the_locks_of_other_connections_are_kept", &role);
    assert!(other.wait().expect("it ends").success(), "another process has the lock as well");
    block_on(writer.execute("COMMIT", ())).expect("it is ours");
    history.ready(file.database().target()).wait().expect("it is ready");
    assert_eq!(file.column("SELECT count(*) FROM parents"), ["101"]);
    file.must_be_whole();
}

/// How many steps are running, how many were at most, and whether they may end.
struct Room {
    state: Mutex<(usize, usize, bool)>,
    changed: Condvar,
}

static ROOM: Room = Room { state: Mutex::new((0, 0, false)), changed: Condvar::new() };

impl Room {
    fn wait_until(&self, holds: impl Fn(usize) -> bool) {
        let state = self.state.lock().expect("nobody panics");
        let _state = self.changed.wait_while(state, |state| !holds(state.0)).expect("nobody panics");
    }

    fn open(&self) {
        self.state.lock().expect("nobody panics").2 = true;
        self.changed.notify_all();
    }
}

fn inside(step: &mut Step<'_>) -> StepResult {
    step.query("SELECT 1", &[])?;
    let mut state = ROOM.state.lock().expect("nobody panics");
    state.0 += 1;
    state.1 = state.1.max(state.0);
    ROOM.changed.notify_all();
    while !state.2 {
        state = ROOM.changed.wait(state).expect("nobody panics");
    }
    state.0 -= 1;
    Ok(())
}

fn stepping() -> Migrations {
    let history = [
        ("create", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"),
        ("step", "-- dbmigrate: rust\nINSERT INTO t (a) VALUES ('done');"),
    ];
    migrations(&history).__steps(&[("0002_step", inside)])
}

fn poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn no_more_databases_are_migrated_at_once_than_was_said() {
    if !alone("opened::no_more_databases_are_migrated_at_once_than_was_said") {
        return;
    }
    let history = stepping();
    let files: Vec<File> = (0..10).map(|_| File::new()).collect();
    thread::scope(|scope| {
        let all: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(|| history.runner().at_once(3).ready(file.database().target()).wait()))
            .collect();
        ROOM.wait_until(|inside| inside == 3);
        ROOM.open();
        for one in all {
            one.join().expect("it does not panic").expect("it is ready");
        }
    });
    assert_eq!(ROOM.state.lock().expect("nobody panics").1, 3);
    for file in &files {
        assert_eq!(file.column("SELECT a FROM t"), ["done"]);
    }
}

#[test]
fn who_waits_for_a_turn_can_leave_at_once() {
    if !alone("opened::who_waits_for_a_turn_can_leave_at_once") {
        return;
    }
    let history = stepping();
    let one_at_once = || history.runner().at_once(1);
    let (first, second, third) = (File::new(), File::new(), File::new());
    let (databases, lent) = ([first.database(), second.database()], connection(&third.path()));
    let [mut first_database, mut second_database] = databases;
    let mut running = one_at_once().ready(first_database.target());
    assert!(poll(&mut running).is_pending());
    ROOM.wait_until(|inside| inside == 1);
    // one that is lent a connection, and waits for its turn: dropped, it must not wait for the others
    let count = Arc::new(AtomicUsize::new(0));
    let mut waiting = one_at_once().ready(OnDriver(Counting(from_libsql(lent), Arc::clone(&count))));
    assert!(poll(&mut waiting).is_pending());
    drop(waiting);
    let asked = count.load(Ordering::Relaxed);
    // one that has no patience with the queue
    let error = one_at_once().patience(std::time::Duration::ZERO).ready(second_database.target()).wait();
    let error = error.expect_err("it is not its turn");
    assert_eq!(error.kind(), Kind::Maintenance, "{error}");
    // nobody waits for the first one any more: what has begun is finished, and who comes next goes on
    drop(running);
    ROOM.open();
    for file in [&first, &second, &third] {
        history.ready(file.database().target()).wait().expect("it is ready");
        assert_eq!(file.column("SELECT a FROM t"), ["done"]);
        file.must_be_whole();
    }
    assert_eq!(count.load(Ordering::Relaxed), asked, "nothing was asked over a connection that was taken back");
    drop((first_database, second_database));
}
