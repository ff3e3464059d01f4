//! The step in Rust of a migration: in a test of the migration, in the databases of tests, and by the subcommand, for which a
//! program of this package runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bookmarks::MIGRATIONS;
use rusqlite::Connection;

dbmigrate::migration_test! {
    fn hosts_are_filled_in;
    migrations MIGRATIONS;
    rows "INSERT INTO bookmarks (id, url, host) VALUES (1, 'https://A.example/x', NULL), (2, 'about:blank', NULL),
          (3, 'https://b.example', 'mine')";
    apply "0004_fill_hosts";
    expect "SELECT id, host FROM bookmarks ORDER BY id" => ["1|a.example", "2|NULL", "3|mine"];
}

#[dbmigrate::test(migrations = MIGRATIONS)]
fn a_database_of_a_test_has_been_through_the_step(db: Connection) {
    let kinds: i64 =
        db.query_row("SELECT count(*) FROM _dbmigrate_history WHERE kind = 'rust'", (), |row| row.get(0)).unwrap();
    assert_eq!(kinds, 1);
    db.execute("INSERT INTO bookmarks (url) VALUES ('https://a.example')", ()).unwrap();
}

#[test]
fn a_database_that_is_behind_goes_through_it_when_the_program_starts() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut connection = behind(&folder.path().join("bookmarks.db"));
    MIGRATIONS.run(&mut connection).wait().expect("it can be migrated");
    assert_eq!(hosts(&connection), FILLED);
}

#[test]
fn the_subcommand_runs_it_by_a_program_of_the_package() {
    let Some(dbmigrate) = subcommand() else { return };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("bookmarks.db");
    let connection = behind(&file);
    let run = |arguments: &[&str]| dbmigrate.run(&file, arguments);
    // it has no function of the application by itself
    let refused = run(&["migrate"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--with BIN`"), "{refused:?}");
    for arguments in
        [&["migrate", "--dry-run", "--with", "steps"][..], &["migrate", "--rehearse-only", "--with", "steps"]]
    {
        assert!(run(arguments).status.success(), "{arguments:?}: {:?}", run(arguments));
        assert_ne!(hosts(&connection), FILLED);
    }
    let migrated = run(&["migrate", "--with", "steps"]);
    assert!(migrated.status.success(), "{migrated:?}");
    assert_eq!(hosts(&connection), FILLED);
    let again = run(&["migrate", "--with", "steps"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing to apply"), "{again:?}");
    // on generated rows
    let checked = dbmigrate.command(&["check", "--with", "steps"]).output().expect("it can be started");
    assert!(checked.status.success(), "{checked:?}");
}

const FILLED: [&str; 2] = ["1 a.example", "2 -"];

/// A database with rows that lacks the last migrations.
fn behind(file: &Path) -> Connection {
    let mut connection = Connection::open(file).expect("it can be made");
    MIGRATIONS.runner().to("0003_bookmarks_host").run(&mut connection).wait().expect("it can be migrated");
    let rows = "INSERT INTO bookmarks (id, url) VALUES (1, 'https://A.example/x'), (2, 'about:blank')";
    connection.execute_batch(rows).expect("they fit");
    connection
}

fn hosts(connection: &Connection) -> Vec<String> {
    let mut statement = connection.prepare("SELECT id || ' ' || ifnull(host, '-') FROM bookmarks ORDER BY id").unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The subcommand, as it is found by cargo.
struct Subcommand {
    /// Where the package is built, so that nothing is compiled twice.
    target: PathBuf,
}

/// None where it is not installed, as it is in CI.
fn subcommand() -> Option<Subcommand> {
    let is_there = Command::new("cargo-dbmigrate").arg("--version").output().is_ok();
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "`cargo-dbmigrate` is not in PATH");
        eprintln!("SKIPPED: `cargo-dbmigrate` is not in PATH");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_steps"));
    let target = program.ancestors().nth(2).expect("it is in the target directory");
    Some(Subcommand { target: target.to_owned() })
}

impl Subcommand {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo-dbmigrate");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", &self.target).args(arguments);
        command
    }

    fn run(&self, file: &Path, arguments: &[&str]) -> Output {
        self.command(arguments).arg("--url").arg(file).output().expect("it can be started")
    }
}
