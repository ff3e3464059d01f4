//! Runs whose future is dropped.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use dbmigrate_embed::Migrations;

use crate::database::{File, column};
use crate::driver::{BUSY_TIMEOUT, Connection, block_on};
use crate::history::migrations;

/// So many runs are dropped, and more as long as too few of them were on their way.
const ROUNDS: u64 = 24;
const MOST_ROUNDS: u64 = 10 * ROUNDS;
const ENOUGH: u32 = 4;
const STEPS: usize = 6;

/// Tables whose migrations take a few milliseconds each: rows are written in one statement and a rebuild copies them.
fn slow() -> Migrations {
    let mut history = vec![(
        "create",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, step INTEGER);
         CREATE TABLE lines (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES notes(id) ON DELETE CASCADE);"
            .to_owned(),
    )];
    let rows = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 3000)";
    history.extend((1..STEPS).map(|step| {
        let sql = format!(
            "CREATE TABLE notes_new (id INTEGER PRIMARY KEY, step INTEGER DEFAULT {step});
             INSERT INTO notes_new (id, step) SELECT id, step FROM notes;
             DROP TABLE notes;
             ALTER TABLE notes_new RENAME TO notes;
             INSERT INTO notes (step) {rows} SELECT {step} FROM n;
             INSERT INTO lines (note_id) SELECT id FROM notes WHERE step = {step};"
        );
        ("rebuild", sql)
    }));
    migrations(&history)
}

/// Numbers that look random, the same in each run (Steele and others, "Fast splittable pseudorandom number generators").
fn random(seed: u64) -> u64 {
    let mut value = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Waits until the thread behind a dropped future is done with the connection.
fn wait_for_the_end(connection: &mut Connection) {
    let started = Instant::now();
    while !(connection.is_autocommit() && column(connection, "PRAGMA busy_timeout") == [BUSY_TIMEOUT]) {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_dropped_run_ends_between_two_migrations_and_can_go_on() {
    let history = slow();
    // how long one takes; the first one may have met a busy machine, so it follows what is seen
    let mut whole = {
        let file = File::new();
        let started = Instant::now();
        block_on(history.run(file.database().target())).expect("it applies");
        started.elapsed()
    };
    let mut stopped_at = [0_u32; STEPS + 1];
    let midway = |stopped_at: &[u32]| stopped_at[1..STEPS].iter().sum::<u32>();
    for round in 0..MOST_ROUNDS {
        if round >= ROUNDS && midway(&stopped_at) >= ENOUGH {
            break;
        }
        let file = File::new();
        // the application's connection, and not one that is closed at the end: what is left there would stay
        let mut connection = file.connection();
        {
            let mut running = pin!(history.run(connection.target()));
            let mut context = Context::from_waker(Waker::noop());
            let micros = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX);
            let until = Instant::now() + Duration::from_micros(random(round) % micros.max(1));
            // a connection that is lent is used by who polls
            while running.as_mut().poll(&mut context).is_pending() && Instant::now() < until {
                std::thread::sleep(Duration::from_micros(20));
            }
        }
        wait_for_the_end(&mut connection);
        assert_eq!(column(&mut connection, "PRAGMA foreign_keys"), ["1"], "round {round}");
        let has_history = "SELECT count(*) FROM sqlite_schema WHERE name = '_dbmigrate_history'";
        let applied = if column(&mut connection, has_history) == ["0"] { 0 } else { file.history().len() };
        stopped_at[applied] += 1;
        match applied {
            0 => whole += whole / 8,
            STEPS => whole -= whole / 8,
            _ => {}
        }
        if applied > 0 {
            let rows = (applied - 1) * 3000;
            assert_eq!(file.column("SELECT count(*) FROM notes"), [rows.to_string()], "round {round}");
            let lines = "SELECT count(*) FROM lines JOIN notes ON notes.id = note_id";
            assert_eq!(file.column(lines), [rows.to_string()], "round {round}");
        }
        file.must_be_whole();
        let status = block_on(history.status(connection.target())).expect("it can be read");
        assert_eq!(status.pending.len(), STEPS - applied, "{status:?}");
        let report = block_on(history.run(connection.target())).expect("it goes on");
        assert_eq!(report.applied.len(), STEPS - applied);
        assert_eq!(file.column("SELECT count(*) FROM lines"), [((STEPS - 1) * 3000).to_string()]);
    }
    assert!(midway(&stopped_at) >= ENOUGH, "too few were stopped on the way: {stopped_at:?}");
}

#[test]
fn a_future_that_is_never_polled_does_nothing() {
    let file = File::new();
    drop(slow().run(file.connection().target()));
    assert_eq!(file.column("SELECT count(*) FROM sqlite_schema"), ["0"]);
}
