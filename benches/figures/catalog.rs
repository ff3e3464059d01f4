//! Changes that all rows satisfy: the definition is replaced in place. Beside them the scan that they cannot do without,
//! and a writer that says how long it had to wait, also for a table that is asked before the lock is taken.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libsql::Builder;
use pollster::block_on;

use crate::bare;
use crate::contest::{Contest, cost_of, milliseconds};
use crate::project::{Project, tool};
use crate::rebuild::fill_statement;

const ROWS: usize = 1_000_000;
/// As many as take too long to be asked with the lock.
const LARGE: usize = 4_000_000;

/// The changes: what they are, the type of `note` and the attributes of `amount`, and what has to be read for them.
const CHANGES: [(&str, &str, &str, &str); 4] = [
    ("NOT NULL added", "String", "", "note IS NULL"),
    ("CHECK added", "Option<String>", "#[column(check = \"amount >= 0\")] ", "NOT (amount >= 0)"),
    ("DEFAULT changed", "Option<String>", "#[column(default = 7)] ", "amount IS x'00'"),
    (
        "foreign key added",
        "Option<String>",
        "#[column(references = Owner::id)] ",
        "amount IS NOT NULL AND NOT EXISTS (SELECT 1 FROM owner AS p WHERE p.id = big.amount)",
    ),
];

/// As many owners as there are amounts.
const OWNERS: &str = "INSERT INTO owner (id, name)
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i, 'owner ' || i FROM n;";

pub(crate) fn run() {
    for (change, note, amount, condition) in CHANGES {
        println!("in place, {ROWS} rows x 8 columns, 2 indexes: {change}");
        let big = project(note, amount);
        let full = big.path().join("full.db");
        cost_of(migrate(big.path(), "full.db").args(["--to", "1"]));
        cost_of(Command::new("sqlite3").arg(&full).arg(OWNERS.to_owned() + &fill_statement(ROWS)));
        let database = big.path().join("dev.db");
        let copy = || {
            std::fs::copy(&full, &database).expect("room on the disk");
            // so that nobody reads it from the disk
            drop(std::fs::read(&database).expect("it is there"));
        };
        let mut contest = Contest::default();
        let query = format!("SELECT 1 FROM big NOT INDEXED WHERE {condition} LIMIT 1");
        let scanned = full.clone();
        contest.add("one scan", move || bare::command("scan", [scanned.as_os_str(), query.as_ref()]));
        contest.add("nothing to migrate", || {
            copy();
            let mut command = migrate(big.path(), "dev.db");
            command.args(["--to", "1"]);
            command
        });
        contest.add("cargo dbmigrate migrate", || {
            copy();
            migrate(big.path(), "dev.db")
        });
        std::env::set_current_dir(big.path()).expect("it is there");
        contest.show(5);
        copy();
        let waited = longest_wait(&database, || migrate(big.path(), "dev.db"));
        println!("a writer beside it waited at most {:.0} ms\n", milliseconds(waited));
        std::env::set_current_dir("/").expect("it is there");
    }
    large();
}

/// A table whose rows are asked before the lock is taken, with and without a write-ahead log.
fn large() {
    let changes = [CHANGES[0], CHANGES[3]];
    for ((change, note, amount, _), journal) in changes.iter().flat_map(|one| ["DELETE", "WAL"].map(|to| (one, to))) {
        let big = project(note, amount);
        let database = big.path().join("dev.db");
        cost_of(migrate(big.path(), "dev.db").args(["--to", "1"]));
        cost_of(Command::new("sqlite3").arg(&database).arg(format!("PRAGMA journal_mode = {journal};")));
        cost_of(Command::new("sqlite3").arg(&database).arg(OWNERS.to_owned() + &fill_statement(LARGE)));
        let begun = Instant::now();
        let waited = longest_wait(&database, || migrate(big.path(), "dev.db"));
        println!(
            "in place, {change}, {LARGE} rows x 8 columns, 2 indexes, journal {journal}: {:.0} ms in all, a writer beside it waited at \
             most {:.0} ms",
            milliseconds(begun.elapsed()),
            milliseconds(waited)
        );
    }
}

/// A project with two migrations: one creates the table, the other one changes something that all rows satisfy.
fn project(note: &str, amount: &str) -> Project {
    let project = Project::new(0);
    for (note, amount) in [("Option<String>", ""), (note, amount)] {
        let source = format!(
            "use dbmigrate::Table;\n#[derive(Table)]\n\
             #[table(name = \"big\", index(name, created_at), index(score))]\npub struct Big {{\n\
             #[column(primary_key)] pub id: i64,\npub name: String,\npub note: {note},\npub score: Option<f64>,\n\
             {amount}pub amount: i64,\npub state: String,\npub created_at: i64,\npub body: Option<Vec<u8>>,\n}}\n\
             #[derive(Table)]\npub struct Owner {{\n#[column(primary_key)] pub id: i64,\n\
             #[column(unique)] pub name: String,\n}}\n\
             #[derive(Table)]\npub struct Beat {{\n#[column(primary_key)] pub id: i64,\npub at: i64,\n}}\n"
        );
        std::fs::write(project.path().join("src/lib.rs"), source).expect("a file");
        cost_of(&mut project.generate());
    }
    project
}

/// The longest time that a writer had to wait while a command ran.
fn longest_wait(database: &Path, command: impl Fn() -> Command) -> Duration {
    let stop = Arc::new(AtomicBool::new(false));
    let path = database.to_str().expect("a path in UTF-8").to_owned();
    let writer = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            block_on(async {
                let connection = Builder::new_local(&path).build().await.expect("a path").connect().expect("a file");
                connection.busy_timeout(Duration::from_secs(60)).expect("it can be set");
                let mut longest = Duration::ZERO;
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    connection.execute("INSERT INTO beat (at) VALUES (1)", ()).await.expect("it is written");
                    longest = longest.max(begun.elapsed());
                    std::thread::sleep(Duration::from_millis(5));
                }
                longest
            })
        })
    };
    std::thread::sleep(Duration::from_millis(200));
    let mut child: Child = command().stdout(Stdio::null()).spawn().expect("it starts");
    assert!(child.wait().expect("it ends").success(), "it migrates beside a writer");
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("the writer ends")
}

fn migrate(directory: &Path, url: &str) -> Command {
    let mut command = tool();
    command.args(["migrate", "--quiet", "--url", url]).current_dir(directory);
    command
}
