//! What becomes of a database: kept and named if its test fails, removed if it passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pollster::block_on;

/// Starts one of the fixtures in a process of its own.
pub(crate) fn start(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it runs"));
    command.args(["--ignored", "--exact", "--test-threads=1", &full(name)]);
    command.env_remove("RUST_BACKTRACE");
    command
}

/// Where it is.
fn full(name: &str) -> String {
    match name {
        "loses_rows" | "should_lose_more" | "expects_something_else" => format!("migration::{name}"),
        _ => format!("fixtures::{name}"),
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The path that a test has printed behind this.
pub(crate) fn path_behind(said: &str, start: &str) -> PathBuf {
    let line = said.lines().find_map(|line| line.split_once(start));
    let (_, path) = line.unwrap_or_else(|| panic!("no line has `{start}`: {said}"));
    PathBuf::from(path.trim_matches('`'))
}

/// The first column of the first row.
fn one(path: &Path, sql: &str) -> String {
    let database = block_on(libsql::Builder::new_local(path).build()).expect("it is a file");
    let connection = database.connect().expect("it is a file");
    let mut rows = block_on(connection.query(sql, ())).expect("it is a query");
    block_on(rows.next()).expect("it answers").expect("it has a row").get::<String>(0).expect("it is a text")
}

#[test]
fn the_database_of_a_test_that_panics_is_kept_until_it_passes() {
    let said = text(&start("panics").output().expect("it can be started"));
    let path = path_behind(&said, "note: the database of `testing::fixtures::panics` is kept: ");
    assert!(path.ends_with("dbmigrate-test/failed/dbmigrate-embed/testing/fixtures/panics.db"), "{}", path.display());
    assert_eq!(one(&path, "SELECT name FROM feature_flags"), "kept");
    // once more, in the same place
    assert!(!start("panics").status().expect("it can be started").success());
    assert_eq!(one(&path, "SELECT name FROM feature_flags"), "kept");
    assert!(start("panics").env("PASSES", "1").status().expect("it can be started").success());
    assert!(!path.exists(), "it has passed");
}

#[test]
fn the_database_of_a_test_that_returns_an_error_is_kept() {
    let output = start("returns_an_error").output().expect("it can be started");
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("Error: \"on purpose\""), "{said}");
    assert!(path_behind(&said, "note: the database of `testing::fixtures::returns_an_error` is kept: ").is_file());
}

#[test]
fn a_test_that_should_panic_leaves_nothing() {
    let output = start("panics_and_passes").arg("--nocapture").output().expect("it can be started");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("is kept"), "{said}");
}

#[test]
fn a_test_that_passes_leaves_nothing() {
    let said = text(&start("says_where_it_is").arg("--nocapture").output().expect("it can be started"));
    let path = path_behind(&said, "database: ");
    assert!(path.is_absolute() && path.starts_with(target()), "{}", path.display());
    assert!(!path.exists(), "it has passed");
}

/// Where cargo builds this test; where it has not marked its folder, the one for temporary files.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("it runs");
    let target = program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file());
    target.map_or_else(std::env::temp_dir, Path::to_owned)
}

#[test]
fn a_test_that_needs_tokio_says_how_it_gets_it() {
    let said = text(&start("needs_tokio").output().expect("it can be started"));
    let help = "help: run it with tokio: write `#[tokio::test]` below `#[dbmigrate::test]`";
    assert!(said.contains(help), "{said}");
}
