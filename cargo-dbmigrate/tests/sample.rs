//! The sample application of this repository: its history applies, to databases with rows in them too.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::connection::display;
use pollster::block_on;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a command in the repository; returns what it says.
#[track_caller]
fn run(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    let output = command
        .args(arguments)
        .current_dir(repository())
        .env_remove("TURSO_DATABASE_URL")
        .env_remove("CI")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// The first column of what a query returns.
fn column(connection: &Connection, query: &str) -> Vec<String> {
    block_on(connection.rows(query)).unwrap().iter().map(|row| display(&row[0])).collect()
}

#[test]
fn structs_and_migrations_agree() {
    assert!(run(&["check"]).contains("Checked"));
    assert!(run(&["generate", "--check"]).contains("Unchanged"));
}

#[test]
fn the_history_keeps_rows_that_were_there_at_its_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sample.db");
    let url = file.to_str().unwrap();
    run(&["migrate", "--url", url, "--to", "0001_core"]);
    let connection = block_on(Connection::open(&file, false)).unwrap();
    for statement in [
        "PRAGMA foreign_keys = ON",
        "INSERT INTO users (email, name, password_hash) VALUES ('ada@example.com', 'Ada Lovelace', 'a'),
         ('bob@example.com', 'Bob', 'b')",
        "INSERT INTO teams (slug, name) VALUES ('acme', 'ACME')",
        "INSERT INTO team_members (team_id, user_id, role) VALUES (1, 1, 'owner'), (1, 2, 'member')",
        "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (x'01', 1, 9), (x'02', 2, 9)",
    ] {
        block_on(connection.run(statement)).unwrap();
    }
    drop(connection);
    let said = run(&["migrate", "--url", url]);
    assert!(said.contains("Dropping `users.name` with 2 values, as accepted"), "{said}");
    assert!(run(&["migrate", "--url", url]).contains("nothing to apply"));

    let connection = block_on(Connection::open(&file, false)).unwrap();
    let names = "SELECT given_name || '/' || coalesce(family_name, '-') FROM users ORDER BY id";
    assert_eq!(column(&connection, names), ["Ada/Lovelace", "Bob/-"]);
    assert_eq!(column(&connection, "SELECT hash FROM passwords ORDER BY user_id"), ["a", "b"]);
    assert_eq!(column(&connection, "SELECT role FROM memberships ORDER BY user_id"), ["owner", "member"]);
    assert_eq!(column(&connection, "SELECT user_id FROM sessions ORDER BY token_hash"), ["1", "2"]);
    assert_eq!(column(&connection, "PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(column(&connection, "PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_column_is_split_and_its_values_are_carried_over() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sample.db");
    let url = file.to_str().unwrap();
    run(&["migrate", "--url", url, "--to", "0018_compute_totals"]);
    let connection = block_on(Connection::open(&file, false)).unwrap();
    let rows = "INSERT INTO emails (\"to\", template) VALUES ('a@b.c', 'invitation.de'), ('d@e.f', 'welcome')";
    block_on(connection.run(rows)).unwrap();
    drop(connection);
    run(&["migrate", "--url", url]);

    let connection = block_on(Connection::open(&file, false)).unwrap();
    let parts = "SELECT template_name || '/' || coalesce(locale, '-') FROM emails ORDER BY id";
    assert_eq!(column(&connection, parts), ["invitation/de", "welcome/-"]);
}

#[test]
fn both_sets_of_rows_are_written_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sample.db");
    let url = file.to_str().unwrap();
    run(&["migrate", "--url", url]);
    for set in ["full", "demo"] {
        run(&["seed", set, "--url", url]);
        let bytes = std::fs::read(&file).unwrap();
        assert!(run(&["seed", set, "--url", url]).contains("nothing to do"));
        assert!(std::fs::read(&file).unwrap() == bytes, "the file has changed");
    }
    let connection = block_on(Connection::open(&file, false)).unwrap();
    assert_eq!(column(&connection, "SELECT slug FROM organizations ORDER BY id"), ["acme", "solo", "demo"]);
    assert_eq!(
        column(&connection, "SELECT title FROM posts_search WHERE posts_search MATCH 'algebra'"),
        ["On engines"]
    );
    assert_eq!(column(&connection, "SELECT count(*) FROM memberships WHERE role = 'owner'"), ["3"]);
    assert!(column(&connection, "PRAGMA foreign_key_check").is_empty());
    assert_eq!(column(&connection, "PRAGMA integrity_check"), ["ok"]);
}

/// Copies what lies in a folder, folders included.
fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// Reverts everything behind the migration `before`, in a database that has all of the folder's.
fn revert_to(before: &str) {
    let package = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        let command = command.args(arguments).current_dir(package.path());
        let output = command.env_remove("TURSO_DATABASE_URL").env_remove("CI").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{before}, {arguments:?}: {said}");
    };
    for folder in ["migrations", "examples/saas"] {
        copy_all(&repository().join(folder), &package.path().join(folder));
    }
    std::fs::copy(repository().join("dbmigrate.toml"), package.path().join("dbmigrate.toml")).unwrap();
    let manifest = "[package]\nname = \"saas\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
    run(&["migrate", "--url", "reverted.db"]);
    run(&["migrate", "--url", "before.db", "--to", before]);
    run(&["revert", "--to", before, "--accept", "all"]);
    run(&["migrate", "--url", "reverted.db"]);
    let schema = |file: &str| {
        let connection = block_on(Connection::open(&package.path().join(file), false)).unwrap();
        let found = block_on(dbmigrate_core::engine::introspect(&connection)).unwrap();
        assert!(found.unreadable.is_empty(), "{before}: {:?}", found.unreadable);
        assert!(block_on(connection.rows("PRAGMA foreign_key_check")).unwrap().is_empty(), "{before}");
        found.schema.canonical()
    };
    assert_eq!(schema("reverted.db"), schema("before.db"), "{before}");
}

#[test]
fn the_schema_before_every_migration_comes_back_by_a_revert() {
    let folder = dbmigrate_core::folder::Folder::open(repository().join("migrations")).unwrap();
    let names: Vec<String> = folder.migrations().iter().map(|migration| migration.name.to_string()).collect();
    let before = &names[..names.len() - 1];
    std::thread::scope(|scope| {
        for names in before.chunks(before.len().div_ceil(4)) {
            scope.spawn(|| names.iter().for_each(|name| revert_to(name)));
        }
    });
}

#[test]
fn the_picture_in_the_documentation_shows_the_structs() {
    run(&["diagram", "--out", "docs/pictures/sample.svg", "--check"]);
}
