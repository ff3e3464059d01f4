//! `CREATE` is what the subcommand makes of the same structs, and what a database makes of it is what they declare.

use std::path::Path;
use std::process::Command;

use dbmigrate::{Create, Table, View};
use libsql::Builder;

use crate::database::{execute, wait};

/// Structs with everything that only rustc knows.
#[allow(dead_code, unreachable_pub)]
mod declared {
    include!("declared.rs");
}

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn creates() -> [Create; 10] {
    use declared::{Area, Comment, LivePost, Numbered, Org, Post, PostSearch, Reversed, Setting, User};
    [
        Org::CREATE,
        User::CREATE,
        Post::CREATE,
        Comment::CREATE,
        Setting::CREATE,
        Numbered::CREATE,
        Reversed::CREATE,
        PostSearch::CREATE,
        Area::CREATE,
        LivePost::CREATE,
    ]
}

/// Runs the binary in a package with the same structs; returns what it says.
fn run(package: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    let output =
        command.args(arguments).current_dir(package).env_remove("TURSO_DATABASE_URL").env_remove("CI").output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows/declared.rs");
    std::fs::create_dir(folder.path().join("src")).expect("it is writable");
    std::fs::write(folder.path().join("Cargo.toml"), MANIFEST).expect("it is writable");
    std::fs::copy(source, folder.path().join("src/lib.rs")).expect("it is writable");
    folder
}

#[test]
fn what_is_created_is_what_is_declared() {
    let package = package();
    let path = package.path().join("dev.db");
    {
        let database = wait(Builder::new_local(&path).build()).expect("it opens");
        let connection = database.connect().expect("it connects");
        for create in creates() {
            execute(&connection, &create.to_string());
        }
    }
    let (code, said) = run(package.path(), &["diff", "--from", "structs", "--to", "dev.db"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_statements_are_those_of_a_push() {
    let package = package();
    let (code, said) = run(package.path(), &["push", "--url", "dev.db"]);
    assert_eq!(code, Some(0), "{said}");
    let database = wait(Builder::new_local(package.path().join("dev.db")).build()).expect("it opens");
    let connection = database.connect().expect("it connects");
    for statement in creates().iter().flat_map(Create::statements) {
        let rows = wait(connection.query("SELECT count(*) FROM sqlite_schema WHERE sql = ?1", [statement.as_str()]));
        let row = wait(rows.expect("it runs").next()).expect("it runs").expect("there is a row");
        assert_eq!(row.get::<i64>(0).expect("it is a number"), 1, "{statement}");
    }
}

#[test]
fn statements_are_those_of_the_table_its_indexes_and_its_triggers() {
    let statements = declared::Post::CREATE.statements();
    let kinds: Vec<&str> = statements.iter().map(|statement| statement.split(' ').nth(1).expect("a word")).collect();
    assert_eq!(kinds, ["TABLE", "INDEX", "INDEX", "UNIQUE", "INDEX", "TRIGGER"]);
    let table = "CREATE TABLE setting (\n  name TEXT PRIMARY KEY NOT NULL,\n  value TEXT\n)";
    assert_eq!(declared::Setting::CREATE.statements(), [table]);
    assert_eq!(format!("{:?}", declared::Setting::CREATE), format!("[{table:?}]"));
    assert_eq!(declared::LivePost::CREATE.to_string().lines().count(), 6);
}
