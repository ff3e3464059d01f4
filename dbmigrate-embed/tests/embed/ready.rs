//! Databases that are migrated when they are opened.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use dbmigrate_embed::{MigrateErrorKind as Kind, Migrations, Report, Step, StepFn, StepResult};

use crate::database::{File, column};
use crate::driver::{Connection, Database, block_on};
use crate::history::{family, migrations};

const TASKS: usize = 6;

fn ready(migrations: Migrations, file: &File) -> Result<Report, dbmigrate_embed::MigrateError> {
    block_on(migrations.ready(file.database().target()))
}

/// What all of them find when they open the files at once.
fn open_at_once(
    migrations: Migrations,
    files: &[File],
    tasks: usize,
) -> Vec<Result<Report, dbmigrate_embed::MigrateError>> {
    let barrier = Barrier::new(files.len() * tasks);
    thread::scope(|scope| {
        let mut all = Vec::new();
        for file in files {
            for _ in 0..tasks {
                all.push(scope.spawn(|| {
                    let mut database = file.database();
                    barrier.wait();
                    block_on(migrations.ready(database.target()))
                }));
            }
        }
        all.into_iter().map(|task| task.join().expect("it does not panic")).collect()
    })
}

#[test]
fn tasks_that_open_the_same_databases_at_once_migrate_each_of_them_once() {
    let family = migrations(&family());
    let files: Vec<File> = (0..8).map(|_| File::new()).collect();
    for (at, file) in files.iter().enumerate() {
        // some with a part of the migrations, some with a write-ahead log
        if at % 2 == 1 {
            file.run(&["PRAGMA journal_mode = WAL"]);
        }
        if at % 3 == 1 {
            block_on(family.runner().to("1").run(file.database().target())).expect("it applies");
        }
    }
    let before: usize = files.iter().enumerate().map(|(at, _)| usize::from(at % 3 == 1)).sum();
    let reports = open_at_once(family, &files, TASKS);
    let reports: Vec<Report> = reports.into_iter().map(|report| report.expect("it is ready")).collect();
    let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
    assert_eq!(applied, 3 * files.len() - before, "{reports:?}");
    for file in &files {
        assert_eq!(file.history().len(), 3);
        assert_eq!(file.column("SELECT count(*) FROM children"), ["100"]);
        file.must_be_whole();
        assert_eq!(ready(family, file).expect("it is ready").to_string(), "nothing to apply, 3 already applied");
    }
}

#[test]
fn another_file_under_the_same_path_is_noticed() {
    let family = migrations(&family());
    let (file, old) = (File::new(), File::new());
    ready(family, &file).expect("it applies");
    ready(family, &file).expect("it is ready");
    block_on(family.runner().to("2").run(old.database().target())).expect("it applies");
    std::fs::rename(old.path(), file.path()).expect("it takes its place");
    let report = ready(family, &file).expect("it applies");
    assert_eq!(report.applied.len(), 1, "{report}");
    // and one that is written where the other one was, over its bytes
    block_on(family.runner().to("1").run(old.database().target())).expect("it applies");
    std::fs::copy(old.path(), file.path()).expect("it takes its place");
    assert_eq!(ready(family, &file).expect("it applies").applied.len(), 2);
    std::fs::remove_file(file.path()).expect("it is there");
    assert_eq!(ready(family, &file).expect("it applies").applied.len(), 3);
    file.must_be_whole();
}

#[test]
fn what_somebody_else_changes_is_noticed() {
    let history = [family()[0], family()[1]];
    let known = migrations(&history);
    let file = File::new();
    ready(known, &file).expect("it applies");
    // a counter of schema changes that stands elsewhere says nothing by itself
    file.run(&["VACUUM"]);
    for _ in 0..3 {
        assert_eq!(ready(known, &file).expect("it is as it was").applied.len(), 0);
    }
    // rows only: the schema is the same, the history is not
    let newer = [family()[0], family()[1], ("more", "INSERT INTO parents (name) VALUES ('another');")];
    ready(migrations(&newer), &file).expect("it applies");
    assert_eq!(ready(known, &file).expect_err("it is newer").kind(), Kind::Newer);
    // by hand
    let file = File::new();
    ready(known, &file).expect("it applies");
    ready(known, &file).expect("it is ready");
    file.run(&["ALTER TABLE parents ADD COLUMN nick TEXT"]);
    for _ in 0..2 {
        let error = ready(known, &file).expect_err("it has drifted");
        assert_eq!(error.kind(), Kind::Drift, "{error}");
    }
    // as accepted, again and again
    for _ in 0..3 {
        let accepting = known.runner().accept_drift();
        block_on(accepting.ready(file.database().target())).expect("it is accepted");
    }
    assert_eq!(ready(known, &file).expect_err("only where it was accepted").kind(), Kind::Drift);
    // a record that somebody has changed
    file.run(&["ALTER TABLE parents DROP COLUMN nick"]);
    ready(known, &file).expect("it is as it was");
    file.run(&["UPDATE _dbmigrate_history SET checksum = 'another' WHERE position = 2"]);
    assert_eq!(ready(known, &file).expect_err("it is another one").kind(), Kind::History);
}

#[test]
fn a_database_in_memory_is_made_ready() {
    let family = migrations(&family());
    let mut connection = Connection::in_memory();
    assert_eq!(block_on(family.ready(connection.target())).expect("it applies").applied.len(), 3);
    assert_eq!(block_on(family.ready(connection.target())).expect("it is ready").applied.len(), 0);
    assert_eq!(column(&mut connection, "SELECT count(*) FROM children"), ["100"]);
    let mut another = Connection::in_memory();
    assert_eq!(block_on(family.ready(another.target())).expect("it applies").applied.len(), 3);
}

/// A step that waits until it may go on, and tells that it waits.
#[derive(Default)]
struct Door {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Door {
    const fn new() -> Self {
        Self { state: Mutex::new((false, 0)), changed: Condvar::new() }
    }

    fn pass(&self) {
        let mut state = self.state.lock().expect("nobody panics");
        state.1 += 1;
        self.changed.notify_all();
        while !state.0 {
            state = self.changed.wait(state).expect("nobody panics");
        }
    }

    fn wait_for_somebody(&self) {
        let state = self.state.lock().expect("nobody panics");
        let _state = self.changed.wait_while(state, |state| state.1 == 0).expect("nobody panics");
    }

    fn open(&self) {
        self.state.lock().expect("nobody panics").0 = true;
        self.changed.notify_all();
    }
}

fn stepping(step: &'static [(&'static str, StepFn)]) -> Migrations {
    let history = [
        ("create", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"),
        ("step", "-- dbmigrate: rust\nINSERT INTO t (a) VALUES ('done');"),
    ];
    migrations(&history).__steps(step)
}

#[test]
fn those_who_wait_get_the_error_of_the_one_who_migrates() {
    static DOOR: Door = Door::new();
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    fn fails(_: &mut Step<'_>) -> StepResult {
        TRIED.fetch_add(1, Ordering::Relaxed);
        DOOR.pass();
        Err("out of luck".into())
    }
    let history = stepping(&[("0002_step", fails)]);
    let file = File::new();
    // it has its own file, so that all of them mean the same one before the first has begun
    file.run(&["PRAGMA user_version = 1"]);
    let errors = thread::scope(|scope| {
        let first = scope.spawn(|| ready(history, &file));
        DOOR.wait_for_somebody();
        // one that has no patience is told at once, by which the others are known to wait
        let impatient = history.runner().patience(Duration::ZERO);
        let error = block_on(impatient.ready(file.database().target())).expect_err("it is under way");
        assert_eq!(error.kind(), Kind::Maintenance, "{error}");
        let others: Vec<_> = (1..TASKS).map(|_| scope.spawn(|| ready(history, &file))).collect();
        DOOR.open();
        let mut all = vec![first.join()];
        all.extend(others.into_iter().map(thread::ScopedJoinHandle::join));
        all
    });
    for error in errors {
        let error = error.expect("it does not panic").expect_err("it fails");
        assert_eq!(error.kind(), Kind::Migration, "{error}");
        assert!(error.to_string().contains("out of luck"), "{error}");
    }
    let tried = TRIED.load(Ordering::Relaxed);
    assert!((1..=TASKS).contains(&tried), "{tried}");
    assert_eq!(file.history(), ["0001_create"]);
    file.must_be_whole();
}

#[test]
fn who_has_no_patience_is_told_when_to_come_back_and_finds_it_done() {
    static DOOR: Door = Door::new();
    fn slow(step: &mut Step<'_>) -> StepResult {
        step.query("SELECT 1", &[])?;
        DOOR.pass();
        Ok(())
    }
    let history = stepping(&[("0002_step", slow)]);
    let file = File::new();
    thread::scope(|scope| {
        let first = scope.spawn(|| ready(history, &file));
        DOOR.wait_for_somebody();
        let mut database: Database = file.database();
        for patience in [Duration::ZERO, Duration::from_millis(20)] {
            let error = block_on(history.runner().patience(patience).ready(database.target()));
            let error = error.expect_err("it is under way");
            assert_eq!(error.kind(), Kind::Maintenance, "{error}");
            assert!(error.to_string().ends_with("app.db` is being migrated"), "{error}");
            let after = error.retry_after().expect("it says when to come back").as_secs();
            assert!((1..=60).contains(&after), "{after}");
        }
        let patient = scope
            .spawn(|| block_on(history.runner().patience(Duration::from_secs(600)).ready(file.database().target())));
        DOOR.open();
        assert_eq!(first.join().expect("it does not panic").expect("it applies").applied.len(), 2);
        let waited = patient.join().expect("it does not panic").expect("it is done");
        assert_eq!(waited.to_string(), "nothing to apply, 2 already applied");
        assert_eq!(block_on(history.ready(database.target())).expect("it is done").applied.len(), 0);
    });
    assert_eq!(file.column("SELECT a FROM t"), ["done"]);
}
