//! Functions that the application registers on its connection, which are those that migrations call.

use dbmigrate_embed::{MigrateErrorKind, Migrations};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::database::File;
use crate::history::migrations;

/// A function that SQLite does not have.
pub(crate) fn register(connection: &Connection) {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let norm = |context: &mut rusqlite::functions::Context<'_>| {
        Ok(context.get::<Option<String>>(0)?.map(|text| text.trim().to_lowercase()))
    };
    connection.create_scalar_function("norm", 1, flags, norm).expect("it can be registered");
}

/// A CHECK, a stored column, an index and an update that call it, each for rows that are there.
fn history() -> Migrations {
    migrations(&[
        (
            "create",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (norm(name) <> ''), norm TEXT \
             GENERATED ALWAYS AS (norm(name)) STORED);
             CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE);",
        ),
        (
            "fill",
            "INSERT INTO users (id, name) VALUES (1, ' Ann'), (2, 'BOB');
             INSERT INTO posts (user_id) SELECT id FROM users;",
        ),
        ("index", "CREATE UNIQUE INDEX users_norm ON users (norm(name));"),
        ("update", "UPDATE users SET name = norm(name) || '!';"),
    ])
}

#[test]
fn migrations_call_the_functions_of_the_application() {
    let (file, history) = (File::new(), history());
    let open = || {
        let connection = Connection::open(file.path()).expect("it can be opened");
        connection.pragma_update(None, "foreign_keys", true).expect("it is a setting");
        connection
    };
    let mut connection = open();
    let error = history.run(&mut connection).wait().expect_err("nobody has registered it");
    assert!(error.to_string().contains("no such function: norm"), "{error}");
    register(&connection);
    let report = history.run(&mut connection).wait().expect("it applies");
    assert_eq!(report.applied.len(), 4);
    let rows = |connection: &Connection, sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("it compiles");
        let rows = statement.query_map((), |row| row.get(0)).expect("it runs");
        rows.collect::<Result<_, _>>().expect("text")
    };
    let users =
        "SELECT id || ' ' || name || ' ' || norm FROM users INDEXED BY users_norm WHERE norm(name) > '' ORDER BY id";
    assert_eq!(rows(&connection, users), ["1 ann! ann!", "2 bob! bob!"]);
    assert_eq!(rows(&connection, "SELECT id || ' ' || user_id FROM posts"), ["1 1", "2 2"]);
    assert_eq!(rows(&connection, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(rows(&connection, "SELECT \"table\" FROM pragma_foreign_key_check"), [""; 0]);
    let report = history.run(&mut connection).wait().expect("there is nothing to do");
    assert_eq!(report.to_string(), "nothing to apply, 4 already applied");
    // what was changed by hand is told although functions are called around it
    connection.execute_batch("ALTER TABLE users ADD COLUMN more TEXT").expect("it can be added");
    let error = history.run(&mut connection).wait().expect_err("it has drifted");
    assert_eq!(error.kind(), MigrateErrorKind::Drift, "{error}");
}
