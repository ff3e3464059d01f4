//! `migrate`: a thousand tiny migrations into a fresh file, and nothing pending after a thousand.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::bare;
use crate::contest::{Contest, milliseconds};
use crate::project::{tiny_migrations, tiny_statement, tool};

const COUNT: usize = 1000;

pub(crate) fn run() {
    let project = tiny_migrations(COUNT);
    let database = project.path().join("dev.db");
    let fresh = || {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(project.path().join(format!("dev.db{suffix}")));
        }
    };
    let script = project.path().join("all.sql");
    let mut text = String::from(bare::HISTORY);
    text.push_str(";\n");
    for number in 1..=COUNT {
        let (create, record) = (tiny_statement(number), bare::record(number));
        let _ = writeln!(text, "BEGIN IMMEDIATE;\n{create};\n{record};\nCOMMIT;");
    }
    std::fs::write(&script, text).expect("a file");
    let migrate = || {
        let mut command = tool();
        command.args(["migrate", "--quiet", "--url", "dev.db"]).current_dir(project.path());
        command
    };

    println!("migrate, {COUNT} migrations of one CREATE TABLE, a transaction each, fresh file");
    let mut contest = Contest::default();
    contest.add("bare libSQL", || {
        fresh();
        bare::command("migrate", [&database, &script])
    });
    contest.add("sqlite3 shell", || {
        fresh();
        let mut command = Command::new("sqlite3");
        let script = std::fs::File::open(&script).expect("it was written");
        command.arg("-bail").arg(&database).stdin(Stdio::from(script));
        command
    });
    contest.add("cargo dbmigrate migrate", || {
        fresh();
        migrate()
    });
    contest.show(5);

    println!("migrate, nothing pending, {COUNT} migrations applied");
    let mut contest = Contest::default();
    contest.add("--version", || {
        let mut command = tool();
        command.arg("--version");
        command
    });
    contest.add("bare libSQL, reads the history", || bare::command("history", [&database]));
    contest.add("cargo dbmigrate migrate", migrate);
    contest.add("cargo dbmigrate status", || {
        let mut command = tool();
        command.args(["status", "--quiet", "--url", "dev.db"]).current_dir(project.path());
        command
    });
    let costs = contest.show(15);
    println!("  beside start-up: {:.1} ms", milliseconds(costs[2].wall.saturating_sub(costs[0].wall)));
}
