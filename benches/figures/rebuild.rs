//! The rebuild of a large table: a column becomes NOT NULL and another one changes its type.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::bare;
use crate::contest::{Contest, cost_of};
use crate::project::{Project, tool};

const SIZES: [usize; 2] = [100_000, 1_000_000];

pub(crate) fn run() {
    for rows in SIZES {
        println!("rebuild, {rows} rows x 8 columns, 2 indexes, a column becomes NOT NULL and one changes its type");
        let big = Big::new();
        let full = big.path().join("full.db");
        let mut first = migrate(big.path(), "full.db");
        first.args(["--to", "1"]);
        cost_of(&mut first);
        cost_of(Command::new("sqlite3").arg(&full).arg(fill_statement(rows)));

        let database = big.path().join("dev.db");
        let copy = || std::fs::copy(&full, &database).expect("room on the disk");
        let script = big.path().join("by_hand.sql");
        std::fs::write(&script, bare::REBUILD.join(";\n") + ";\n").expect("a file");
        let mut contest = Contest::default();
        contest.add("bare libSQL, by hand", || {
            copy();
            bare::command("rebuild", [&database])
        });
        contest.add("the same, keeping its indexes", || {
            copy();
            bare::command("keep", [&database])
        });
        contest.add("the same, looking for NULLs before", || {
            copy();
            bare::command("keep-probing", [&database])
        });
        contest.add("the same, with both probes that ours has", || {
            copy();
            bare::command("keep-probing-twice", [&database])
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
            migrate(big.path(), "dev.db")
        });
        contest.show(5);
    }
}

/// A project with two migrations: one creates the table, the other one rebuilds it.
pub(crate) struct Big(Project);

impl Big {
    pub(crate) fn new() -> Self {
        let big = Self(Project::new(0));
        for (amount, note) in [("i64", "Option<String>"), ("f64", "String")] {
            let source = format!(
                "use dbmigrate::Table;\n#[derive(Table)]\n\
                 #[table(name = \"big\", index(name, created_at), index(score))]\npub struct Big {{\n\
                 #[column(primary_key)] pub id: i64,\npub name: String,\npub note: {note},\npub score: Option<f64>,\n\
                 pub amount: {amount},\npub state: String,\npub created_at: i64,\npub body: Option<Vec<u8>>,\n}}\n"
            );
            std::fs::write(big.path().join("src/lib.rs"), source).expect("a file");
            cost_of(&mut big.0.generate());
        }
        big
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

fn migrate(directory: &Path, url: &str) -> Command {
    let mut command = tool();
    command.args(["migrate", "--quiet", "--url", url]).current_dir(directory);
    command
}

/// Rows whose keys ascend and whose other values do not.
pub(crate) fn fill_statement(rows: usize) -> String {
    format!(
        "INSERT INTO big (id, name, note, score, amount, state, created_at, body)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         SELECT i, 'name ' || (i * 7919 % {rows}), 'note ' || i, (i * 104729 % {rows}) / 8.0, i % 1000, 'open',
                1700000000 + i, zeroblob(20) FROM n;"
    )
}
