//! `seed` of generated rows into a file: ten tables that refer to each other, against the sqlite3 shell inserting the
//! same rows from a script that was prepared before.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contest::{Contest, cost_of, megabytes};
use crate::project::{Project, tool};

const SIZES: [usize; 2] = [100_000, 1_000_000];

/// The tables, with how many of a hundred rows each has.
const TABLES: [(&str, usize, &str); 10] = [
    (
        "orgs",
        1,
        "id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE, plan TEXT NOT NULL CHECK (plan IN ('free', 'pro', 'team')), created_at INTEGER NOT NULL",
    ),
    (
        "users",
        9,
        "id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, is_admin INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, last_seen_at INTEGER",
    ),
    (
        "projects",
        5,
        "id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), name TEXT NOT NULL, color TEXT NOT NULL, archived_at INTEGER, created_at INTEGER NOT NULL",
    ),
    (
        "memberships",
        10,
        "user_id INTEGER NOT NULL REFERENCES users(id), project_id INTEGER NOT NULL REFERENCES projects(id), role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')), created_at INTEGER NOT NULL, PRIMARY KEY (user_id, project_id)",
    ),
    (
        "tasks",
        20,
        "id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), assignee_id INTEGER REFERENCES users(id), title TEXT NOT NULL, priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 5), due_on TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL",
    ),
    (
        "comments",
        20,
        "id INTEGER PRIMARY KEY, task_id INTEGER NOT NULL REFERENCES tasks(id), author_id INTEGER NOT NULL REFERENCES users(id), body TEXT NOT NULL CHECK (length(body) > 0), created_at INTEGER NOT NULL",
    ),
    (
        "tags",
        2,
        "id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), name TEXT NOT NULL, UNIQUE (org_id, name)",
    ),
    (
        "task_tags",
        13,
        "task_id INTEGER NOT NULL REFERENCES tasks(id), tag_id INTEGER NOT NULL REFERENCES tags(id), PRIMARY KEY (task_id, tag_id)",
    ),
    (
        "invoices",
        5,
        "id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), number TEXT NOT NULL UNIQUE, total REAL NOT NULL CHECK (total >= 0), currency TEXT NOT NULL, issued_at INTEGER NOT NULL, paid_at INTEGER",
    ),
    (
        "events",
        15,
        "id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id), kind TEXT NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), at INTEGER NOT NULL",
    ),
];

pub(crate) fn run() {
    if Command::new("sqlite3").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("seed: NOT MEASURED, there is no sqlite3 shell (Debian's package is called sqlite3)");
        return;
    }
    let mut memory = Vec::new();
    for rows in SIZES {
        println!("seed, {rows} generated rows in {} tables that refer to each other, into a file", TABLES.len());
        let project = Project::new(0);
        let schema = write_set(project.path(), rows);
        let empty = project.path().join("empty.db");
        cost_of(Command::new("sqlite3").arg(&empty).arg(&schema));
        let database = project.path().join("dev.db");
        let fresh = || std::fs::copy(&empty, &database).map(drop).expect("room on the disk");
        fresh();
        cost_of(&mut seed(project.path()));
        let script = project.path().join("rows.sql");
        write_script(&database, &script);

        let shell = |keys: &'static str| {
            fresh();
            let mut command = Command::new("sqlite3");
            let script = std::fs::File::open(&script).expect("it was written");
            command.arg("-bail").arg("-cmd").arg(keys).arg(&database).stdin(Stdio::from(script));
            command
        };
        let mut contest = Contest::default();
        contest.add("sqlite3 shell, prepared script", || shell("PRAGMA foreign_keys = OFF"));
        contest.add("the same with foreign keys on", || shell("PRAGMA foreign_keys = ON"));
        contest.add("cargo dbmigrate seed", || {
            fresh();
            seed(project.path())
        });
        contest.add("the same, nothing to do", || seed(project.path()));
        memory.push(contest.show(3)[2].memory);
    }
    println!("  memory of seed: {:.1} and {:.1} MB", megabytes(memory[0]), megabytes(memory[1]));
}

/// Writes the set, and returns the schema for it.
fn write_set(directory: &Path, rows: usize) -> String {
    let set = directory.join("seeds/full");
    std::fs::create_dir_all(&set).expect("a folder");
    let (mut schema, mut text) = (String::new(), String::new());
    for (table, share, columns) in TABLES {
        let _ = writeln!(schema, "CREATE TABLE {table} ({columns});");
        let _ = writeln!(text, "[{table}]\nrows = {}\n", rows * share / 100);
    }
    std::fs::write(set.join("rows.toml"), text).expect("a file");
    schema
}

fn seed(directory: &Path) -> Command {
    let mut command = tool();
    command.args(["seed", "full", "--quiet", "--url", "dev.db"]).current_dir(directory);
    command
}

/// Writes the rows of a database as one statement each, in one transaction.
fn write_script(database: &Path, script: &Path) {
    // not through this process: its memory would be counted for those that it starts
    let mut file = std::fs::File::create(script).expect("room on the disk");
    file.write_all(b"BEGIN;\n").expect("room on the disk");
    for (table, ..) in TABLES {
        let mode = format!(".mode insert {table}");
        let query = format!("SELECT * FROM {table}");
        let mut shell = Command::new("sqlite3");
        shell.arg("-cmd").arg(mode).arg(database).arg(query);
        let shell = shell.stdout(Stdio::from(file.try_clone().expect("a file")));
        assert!(shell.status().expect("the shell").success(), "the rows can be read");
    }
    file.write_all(b"COMMIT;\n").expect("room on the disk");
}
