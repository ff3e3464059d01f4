//! Rebuilds that write no row, of tables that take long to read: an application writes meanwhile, and the runner dies.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::Connection;
use pollster::block_on;

use crate::project::Project;

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"items\", index(label))]\npub struct Item {\n\
    #[column(primary_key)] pub id: i64,\npub label: Option<String>,\npub amount: i64,\n}\n";

/// As many rows as another way is tried for, with a check that takes so long for each that they are not asked with the lock.
const ROWS: usize = 24_000;

fn before(journal: &str, weight: u32) -> Project {
    let project = Project::migrated(BEFORE);
    project.sql(&format!(
        "PRAGMA journal_mode = {journal};\nINSERT INTO items (id, label, amount) WITH RECURSIVE n(i) AS \
         (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i, 'label ' || i, i FROM n;"
    ));
    let check = format!("amount >= length(replace(hex(zeroblob({weight} + amount % 2)), '0', ''))");
    let table = format!("index(label), check(slow, \"{check}\"))");
    project.structs(&BEFORE.replace("index(label))", &table).replace("label: Option<String>", "label: String"));
    project.runs("generate --name slow");
    project
}

fn nothing_is_left(project: &Project) {
    let left = project.query("SELECT name FROM sqlite_schema WHERE name GLOB '_dbmigrate_*' ORDER BY 1");
    assert_eq!(left, ["_dbmigrate_history"]);
}

/// Writes one row after the other until it is told to stop: how many, and the longest wait.
fn application(path: &Path, stop: &AtomicBool) -> (usize, Duration) {
    let connection = block_on(Connection::open_waiting(path, false, Duration::from_secs(20))).expect("it opens");
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        count += 1;
        let begun = Instant::now();
        for sql in [
            format!(
                "UPDATE items SET label = 'written {count}', amount = amount + 1 WHERE id = {}",
                count * 7 % ROWS + 1
            ),
            format!("INSERT INTO items (label, amount) VALUES ('new {count}', 1)"),
        ] {
            block_on(connection.run(&sql)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        longest = longest.max(begun.elapsed());
        thread::sleep(Duration::from_millis(3));
    }
    (count, longest)
}

/// Kills the runner so often, with an application beside it.
fn killed(deaths: u64, journal: &str, seed: u64) {
    let project = before(journal, 400);
    let path = project.path("dev.db");
    let stop = AtomicBool::new(false);
    let (written, longest) = thread::scope(|scope| {
        let writer = scope.spawn(|| application(&path, &stop));
        for death in 0..deaths {
            let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
            thread::sleep(Duration::from_millis(20 + (seed * 31 + death * 137) % 400));
            runner.kill().expect("it is ours");
            runner.wait().expect("it ends");
            let status = project.run("status");
            assert!(!format!("{}{}", status.out, status.err).contains("beforehand"), "{}", status.out);
            if death % 3 == 2 && project.query("SELECT count(*) FROM _dbmigrate_history") == ["1"] {
                project.runs("migrate --abort");
                nothing_is_left(&project);
            }
        }
        let run = project.run("migrate");
        stop.store(true, Ordering::Relaxed);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.err.contains("Applied") || run.err.contains(", in place)"), "{}", run.err);
        writer.join().expect("nothing that it wrote failed")
    });
    nothing_is_left(&project);
    let total = ROWS + written;
    assert_eq!(
        project.query("SELECT count(*), sum(label GLOB 'new *'), count(label) FROM items"),
        [format!("{total}|{written}|{total}")]
    );
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("SELECT count(*) FROM items WHERE label = 'label 24000'"), ["1"]);
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    project.runs("check");
}

#[test]
fn rows_are_asked_beside_an_application_whatever_dies() {
    killed(3, "WAL", 7);
    killed(2, "DELETE", 5);
}

#[test]
#[ignore = "takes minutes: cargo test --workspace --test product in_place -- --ignored"]
fn rows_are_asked_beside_an_application_through_a_hundred_deaths() {
    for round in 0..20 {
        killed(5, if round % 3 == 2 { "DELETE" } else { "WAL" }, 100 + round);
    }
}

#[test]
fn a_row_that_is_written_meanwhile_and_contradicts_stops_it() {
    let project = before("WAL", 2500);
    let mut runner = project.command(&["migrate"]).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let is_asking = || {
        let query = "SELECT count(*) FROM sqlite_schema WHERE name GLOB '_dbmigrate_beforehand_*'";
        project.query(query) != ["0"]
    };
    // as long as nobody writes, nothing is logged
    let other = block_on(Connection::open_waiting(&project.path("dev.db"), false, Duration::from_secs(20)));
    let other = other.expect("it opens");
    let begun = Instant::now();
    while !is_asking() && begun.elapsed() < Duration::from_secs(10) {
        block_on(other.run("UPDATE items SET amount = amount + 1 WHERE id = 2")).expect("it is written");
        thread::sleep(Duration::from_millis(20));
    }
    block_on(other.run("UPDATE items SET label = NULL WHERE id = 1")).expect("it is written");
    drop(other);
    let status = runner.wait().expect("it ends");
    assert_eq!(status.code(), Some(3));
    nothing_is_left(&project);
    assert_eq!(project.query("SELECT count(*) FROM items WHERE label IS NULL"), ["1"], "the write is there");
    let run = project.run("migrate");
    assert!(run.code == 3 && run.err.contains("items.label"), "{}", run.err);
    nothing_is_left(&project);
    project.sql("UPDATE items SET label = 'x' WHERE id = 1;");
    assert!(project.runs("migrate").err.contains(", in place)"));
    nothing_is_left(&project);
}
