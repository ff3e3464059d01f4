//! `-- dbmigrate: online`: a rebuild that nobody waits for, with an application that writes meanwhile, and deaths.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::Connection;
use pollster::block_on;

use crate::project::{Project, sql_of};

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"items\", index(label), unique(code))]\npub struct Item {\n\
    #[column(primary_key)] pub id: i64,\npub code: String,\npub label: Option<String>,\npub amount: i64,\n}\n\
    #[derive(Table)]\n#[table(name = \"parts\")]\npub struct Part {\n#[column(primary_key)] pub id: i64,\n\
    #[column(references = Item::id, on_delete = cascade)] pub item_id: i64,\n}\n";

const MIGRATION: &str = "0002_label";

/// A table with so many rows, and a migration that rebuilds it online.
fn before(rows: usize, journal: &str) -> Project {
    let project = Project::migrated(BEFORE);
    project.sql(&format!("PRAGMA journal_mode = {journal};"));
    fill(&project, rows);
    project.structs(&BEFORE.replace("label: Option<String>", "label: String"));
    project.runs("generate --online --name label --backfill items.label='none'");
    assert!(project.read(&sql_of(MIGRATION)).contains("\n-- dbmigrate: online\n-- dbmigrate: rebuild items\n"));
    project
}

fn fill(project: &Project, rows: usize) {
    project.sql(&format!(
        "INSERT INTO items (id, code, label, amount) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \
         {rows}) SELECT i, 'code ' || (i * 7919 % 1000003), iif(i % 3, 'label ' || (i % 100), NULL), i FROM n;\n\
         INSERT INTO parts (id, item_id) SELECT id, id FROM items WHERE id % 10 = 0;"
    ));
}

/// What an application knows to be in its table: by id, the code, the label and the amount.
type Known = BTreeMap<i64, (String, Option<String>, i64)>;

fn known(rows: i64) -> Known {
    let label = |id: i64| (id % 3 != 0).then(|| format!("label {}", id % 100));
    (1..=rows).map(|id| (id, (format!("code {}", id * 7919 % 1_000_003), label(id), id))).collect()
}

/// An application that writes until it is told to stop, and notes what it has written. Its longest wait comes back too.
fn application(path: &std::path::Path, mut known: Known, seed: u64, stop: &AtomicBool) -> (Known, Duration) {
    let connection = block_on(Connection::open_waiting(path, false, Duration::from_secs(20))).expect("it opens");
    block_on(connection.run("PRAGMA foreign_keys = ON")).expect("keys");
    let mut random = seed | 1;
    let mut next = move |below: i64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        i64::try_from(random >> 33).expect("31 bits") % below
    };
    let mut longest = Duration::ZERO;
    let mut highest = 1_000_000_i64;
    while !stop.load(Ordering::Relaxed) {
        let id = next(1 + i64::try_from(known.len()).expect("few") * 2);
        let write = match next(6) {
            0 => {
                highest += 1;
                known.insert(highest, (format!("new {highest}"), Some("a".to_owned()), 1));
                format!("INSERT INTO items VALUES ({highest}, 'new {highest}', 'a', 1)")
            }
            1 => {
                known.remove(&id);
                format!("DELETE FROM items WHERE id = {id}")
            }
            2 => {
                // takes the code of another row, which goes
                let code = known.get(&id).map_or_else(|| format!("free {id}"), |row| row.0.clone());
                highest += 1;
                known.retain(|_, row| row.0 != code);
                known.insert(highest, (code.clone(), Some("replaced".to_owned()), 2));
                format!("INSERT OR REPLACE INTO items VALUES ({highest}, '{code}', 'replaced', 2)")
            }
            3 => {
                if let Some(row) = known.remove(&id) {
                    highest += 1;
                    known.insert(highest, row);
                    format!("UPDATE items SET id = {highest} WHERE id = {id}; ")
                } else {
                    "SELECT 1".to_owned()
                }
            }
            _ => {
                if let Some(row) = known.get_mut(&id) {
                    (row.1, row.2) = (Some(format!("l{}", row.2)), row.2 + 1);
                }
                format!("UPDATE items SET label = 'l' || amount, amount = amount + 1 WHERE id = {id}")
            }
        };
        // the parts would hold a row back that changes its id
        let begun = Instant::now();
        let parts = format!("DELETE FROM parts WHERE item_id = {id}");
        for sql in [parts.as_str(), write.trim_end_matches("; ")] {
            block_on(connection.run(sql)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        longest = longest.max(begun.elapsed());
        thread::sleep(Duration::from_millis(2));
    }
    (known, longest)
}

/// Kills the runner at most so often, with an application beside it. Returns how often it died before it was done, and how
/// long the application waited at most.
fn killed(deaths: usize, rows: usize, journal: &str, seed: u64) -> (usize, Duration) {
    let project = before(rows, journal);
    let path = project.path("dev.db");
    let stop = AtomicBool::new(false);
    let mut died = 0;
    let (known, longest) = thread::scope(|scope| {
        let known = known(i64::try_from(rows).expect("few"));
        let writer = scope.spawn(|| application(&path, known, seed, &stop));
        for death in 0..deaths {
            let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
            thread::sleep(Duration::from_millis(20 + (seed.wrapping_mul(31) + death as u64 * 137) % 900));
            runner.kill().expect("it is ours");
            if runner.wait().expect("it ends").success() {
                break;
            }
            died += 1;
            if project.query("SELECT count(*) FROM _dbmigrate_history") == ["2"] {
                break;
            }
            if death % 4 == 3 {
                let run = project.run("migrate --abort");
                if run.code == 0 {
                    nothing_is_left(&project);
                }
            }
        }
        let run = project.run("migrate");
        stop.store(true, Ordering::Relaxed);
        assert_eq!(run.code, 0, "{}", run.err);
        writer.join().expect("nothing that it wrote failed")
    });
    nothing_is_left(&project);
    let found = project.query("SELECT id, code, label, amount FROM items ORDER BY id");
    let wanted: Vec<String> = known
        .iter()
        .map(|(id, (code, label, amount))| format!("{id}|{code}|{}|{amount}", label.as_deref().unwrap_or("none")))
        .collect();
    assert_eq!(found.len(), wanted.len());
    assert!(found == wanted, "{:?}", found.iter().zip(&wanted).find(|(one, two)| one != two));
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    project.runs("check");
    project.runs("status");
    // the indexes are there under their names, and are used
    let plan = project.query("EXPLAIN QUERY PLAN SELECT * FROM items WHERE label = 'a'").join(" ");
    assert!(plan.contains("items_label"), "{plan}");
    (died, longest)
}

fn nothing_is_left(project: &Project) {
    let left =
        project.query("SELECT name FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_%' ESCAPE '\\' ORDER BY 1");
    assert_eq!(left, ["_dbmigrate_history"]);
}

#[test]
fn a_rebuild_online_has_every_write_of_an_application_whatever_dies() {
    killed(6, 20_000, "WAL", 7);
    killed(3, 5_000, "DELETE", 8);
}

#[test]
#[ignore = "takes some minutes: cargo test --workspace --test product two_hundred -- --ignored --nocapture"]
#[allow(clippy::print_stderr, reason = "how often it died is what one wants to know of it")]
fn a_rebuild_online_is_killed_two_hundred_times() {
    let (mut deaths, mut round) = (0, 0);
    while deaths < 200 {
        let journal = if round % 3 == 2 { "DELETE" } else { "WAL" };
        let (died, longest) = killed(8, 60_000, journal, 100 + round);
        deaths += died;
        round += 1;
        eprintln!("rebuild {round} ({journal}): died {died} times, {deaths} in all; a write took {longest:?} at most");
    }
}

#[test]
fn a_row_that_the_new_definition_does_not_take_stops_it_and_never_a_write() {
    let project = Project::migrated(BEFORE);
    fill(&project, 3_000);
    project.structs(&BEFORE.replace("unique(code))", "unique(code), check(positive, \"amount > 0\"))"));
    project.runs("generate --online --name positive");
    project.sql("UPDATE items SET amount = -1 WHERE id = 2500;");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("amount"), "{}", run.err);
    nothing_is_left(&project);
    project.sql("UPDATE items SET amount = 1 WHERE id = 2500;");
    project.runs("migrate");
    nothing_is_left(&project);
    assert_eq!(project.query("SELECT count(*), sum(amount > 0) FROM items"), ["3000|3000"]);
}

#[test]
fn nothing_under_way_is_nothing_to_abort() {
    let project = before(100, "WAL");
    let run = project.runs("migrate --abort");
    assert_eq!(run.err.trim(), "Unchanged dev.db: no migration is under way");
    project.runs("migrate");
    nothing_is_left(&project);
    for url in ["dev.db", "absent.db"] {
        let run = project.runs(&format!("migrate --abort --url {url}"));
        assert_eq!(run.err.trim(), format!("Unchanged {url}: no migration is under way"));
    }
    assert!(!project.path("absent.db").exists());
}
