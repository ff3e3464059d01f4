//! The rebuild of a large table: a column becomes NOT NULL and another one changes its type.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::bare;
use crate::contest::{Contest, cost_of};
use crate::project::{Project, tool};

const SIZES: [usize; 2] = [100_000, 1_000_000];

pub(crate) fn run() {
    for rows in SIZES {
        println!("rebuild, {rows} rows x 8 columns, 2 indexes, a column becomes NOT NULL and one changes its type");
        let project = Project::new(0);
        let source = |amount: &str, note: &str| {
            format!(
                "use dbmigrate::Table;\n#[derive(Table)]\n\
                 #[table(name = \"big\", index(name, created_at), index(score))]\npub struct Big {{\n\
                 #[column(primary_key)] pub id: i64,\npub name: String,\npub note: {note},\npub score: Option<f64>,\n\
                 pub amount: {amount},\npub state: String,\npub created_at: i64,\npub body: Option<Vec<u8>>,\n}}\n"
            )
        };
        let write = |text: String| std::fs::write(project.path().join("src/lib.rs"), text).expect("a file");
        write(source("i64", "Option<String>"));
        cost_of(&mut project.generate());
        let full = project.path().join("full.db");
        cost_of(&mut migrate(project.path(), "full.db"));
        fill(&full, rows);
        write(source("f64", "String"));
        cost_of(&mut project.generate());

        let database = project.path().join("dev.db");
        let copy = || std::fs::copy(&full, &database).expect("room on the disk");
        let script = project.path().join("by_hand.sql");
        std::fs::write(&script, bare::REBUILD.join(";\n") + ";\n").expect("a file");
        let mut contest = Contest::default();
        contest.add("bare libSQL, by hand", || {
            copy();
            bare::command("rebuild", [&database])
        });
        contest.add("sqlite3 shell, by hand", || {
            copy();
            let mut command = Command::new("sqlite3");
            let script = std::fs::File::open(&script).expect("it was written");
            command.arg("-bail").arg(&database).stdin(Stdio::from(script));
            command
        });
        contest.add("cargo dbmigrate migrate", || {
            copy();
            migrate(project.path(), "dev.db")
        });
        contest.show(5);
    }
}

fn migrate(directory: &Path, url: &str) -> Command {
    let mut command = tool();
    command.args(["migrate", "--quiet", "--url", url]).current_dir(directory);
    command
}

/// Rows whose keys ascend and whose other values do not.
fn fill(database: &Path, rows: usize) {
    let mut text = String::new();
    let _ = write!(
        text,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO big (id, name, note, score, amount, state, created_at, body)
         SELECT i, 'name ' || (i * 7919 % {rows}), 'note ' || i, (i * 104729 % {rows}) / 8.0, i % 1000, 'open',
                1700000000 + i, zeroblob(20) FROM n;"
    );
    cost_of(Command::new("sqlite3").arg(database).arg(text));
}
