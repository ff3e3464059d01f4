//! A backup of a large table: from a file beside `VACUUM INTO` and one look at every row, from a server beside the
//! fastest plain read of the same rows, which is pages of them that nobody looks into, in either encoding.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;

use crate::bare;
use crate::contest::{Contest, cost_of, megabytes};
use crate::project::tool;
use crate::rebuild::{Big, fill_statement};

const SIZES: [usize; 2] = [100_000, 1_000_000];

pub(crate) fn run() {
    let mut memory = Vec::new();
    for rows in SIZES {
        memory.push((file(rows), server(rows)));
    }
    for (at, name) in [(0, "from a file"), (1, "from a server")] {
        let of = |pair: &(u64, u64)| megabytes(if at == 0 { pair.0 } else { pair.1 });
        println!("  memory of backup {name}: {:.1} and {:.1} MB", of(&memory[0]), of(&memory[1]));
    }
}

/// The tool on the database at a URL.
fn on(directory: &Path, url: &str, words: &[&str]) -> Command {
    let mut process = tool();
    process.args(words).args(["--quiet", "--url", url]).current_dir(directory);
    process
}

fn remove(directory: &Path) {
    for name in ["b.db", "b.db.manifest.json"] {
        let _ = std::fs::remove_file(directory.join(name));
    }
}

fn file(rows: usize) -> u64 {
    println!("backup of a file, {rows} rows x 8 columns, 2 indexes");
    let big = Big::new();
    let full = big.path().join("full.db");
    cost_of(&mut on(big.path(), "full.db", &["migrate", "--to", "1"]));
    cost_of(Command::new("sqlite3").arg(&full).arg(fill_statement(rows)));
    let copy = big.path().join("b.db");
    let mut contest = Contest::default();
    contest.add("VACUUM INTO, then one scan", || {
        remove(big.path());
        bare::command("vacuum", [&full, &copy])
    });
    contest.add("cargo dbmigrate backup", || {
        remove(big.path());
        on(big.path(), "full.db", &["backup", "b.db"])
    });
    contest.add("cargo dbmigrate restore", || {
        if !copy.exists() {
            cost_of(&mut on(big.path(), "full.db", &["backup", "b.db"]));
        }
        let _ = std::fs::remove_file(big.path().join("again.db"));
        on(big.path(), "again.db", &["restore", "b.db"])
    });
    contest.show(5)[1].memory
}

fn server(rows: usize) -> u64 {
    println!("backup of a server on this machine, {rows} rows x 8 columns, 2 indexes");
    let big = Big::new();
    let Some(server) = Server::start() else {
        println!("  NOT MEASURED, there is no server");
        return 0;
    };
    let url = server.url();
    cost_of(&mut on(big.path(), &url, &["migrate", "--to", "1"]));
    let [first, second] = [bare::REBUILD[6], bare::REBUILD[7]];
    let (drop_first, drop_second) = ("DROP INDEX big_name_created_at_idx", "DROP INDEX big_score_idx");
    let statements = [drop_first, drop_second, &fill_statement(rows), first, second];
    Hand::new(&url).with_timeout(Duration::from_secs(300)).run(&statements);
    let mut contest = Contest::default();
    contest.add("plain read, protobuf", || bare::command("read-protobuf", [&url, &rows.to_string()]));
    contest.add("plain read, JSON", || bare::command("read", [&url, &rows.to_string()]));
    contest.add("cargo dbmigrate backup", || {
        remove(big.path());
        on(big.path(), &url, &["backup", "b.db"])
    });
    contest.show(if rows > 500_000 { 3 } else { 5 })[2].memory
}
