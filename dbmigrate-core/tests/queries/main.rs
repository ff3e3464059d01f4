//! The resolver of queries, held to the engine: what it says of a statement, and what `prepare` says of the same one.

mod builtin;
mod fuzzed;
mod generated;
mod oracle;
mod statements;
mod tcl;

use std::path::Path;
use std::time::{Duration, Instant};

use oracle::{Oracle, Tally};
use tcl::Step;

/// The folder with SQLite's test scripts (`test` of its source tree).
const SCRIPTS: &str = "DBMIGRATE_SQLITE_TESTS";

#[test]
#[ignore = "reads SQLite's own test scripts, which are not part of this repository"]
#[expect(clippy::print_stdout, reason = "the counts are what it is run for")]
fn sqlites_own_scripts() {
    let Ok(folder) = std::env::var(SCRIPTS) else { panic!("{SCRIPTS} names no folder") };
    let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder)).expect("a folder").filter_map(Result::ok).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut tally = Tally::default();
    for file in files {
        let path = file.path();
        let only = std::env::var("ONLY").unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "test") || !path.to_string_lossy().contains(&only) {
            continue;
        }
        if std::env::var_os("VERBOSE").is_some() {
            println!("{}", path.display());
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a script")).into_owned();
        let start = Instant::now();
        pollster::block_on(script(&text, &mut tally));
        if start.elapsed() > Duration::from_secs(5) {
            println!("{}: {:.0?}", path.display(), start.elapsed());
        }
    }
    println!("{}", tally.report(std::env::var("EXAMPLES").map_or(3, |count| count.parse().unwrap_or(3))));
    assert!(tally.false_errors.is_empty(), "there are false errors");
}

/// Runs a script in a database of its own.
async fn script(text: &str, tally: &mut Tally) {
    let mut oracle = Oracle::new().await;
    for step in tcl::steps(text) {
        match step {
            Step::Reset => oracle = Oracle::new().await,
            Step::Sql(sql) => oracle.follow(&persistent(sql), tally).await,
        }
    }
}

/// Temporary tables are no part of a schema, so they are made ordinary ones.
fn persistent(sql: &str) -> String {
    let mut text = sql.to_owned();
    for object in ["TABLE", "VIEW", "TRIGGER", "table", "view", "trigger"] {
        for word in ["TEMPORARY ", "TEMP ", "temporary ", "temp "] {
            text = text.replace(&format!("{word}{object}"), object);
        }
    }
    text
}
