//! Migrations of a program that is not compiled: made of SQL, recorded as `generate` would.

use dbmigrate_core::engine::{Ignore, introspect_without};
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_embed::Migrations;
use pollster::block_on;

use crate::driver::scratch;

/// A program's migrations: a name and its SQL each. They have to run on an empty database.
pub(crate) fn migrations<S: AsRef<str>>(history: &[(&str, S)]) -> Migrations {
    beside(&[], history, &[])
}

/// The same in a database that has something already, which patterns in `dbmigrate.toml` hide.
pub(crate) fn beside<S: AsRef<str>>(
    there: &[&str],
    history: &[(&str, S)],
    ignore: &'static [&'static str],
) -> Migrations {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut folder = Folder::open(directory.path().join("migrations")).expect("there is none yet");
    let connection = scratch();
    block_on(connection.run("PRAGMA foreign_keys = OFF")).expect("it is a setting");
    for statement in there {
        block_on(connection.run(statement)).expect("it can be there");
    }
    let patterns = ignore.iter().map(|pattern| pattern.parse().expect("it is a pattern"));
    let hidden = Ignore::new(patterns);
    let mut texts: Vec<&'static str> = Vec::new();
    for (name, sql) in history {
        let sql = sql.as_ref();
        for statement in dbmigrate_core::sql::split(sql) {
            block_on(connection.run(statement.text)).unwrap_or_else(|error| panic!("{}: {error}", statement.text));
        }
        let schema = block_on(introspect_without(&connection, &hidden)).expect("it can be read").schema;
        let slug = Slug::sanitize(name).expect("it has letters");
        folder.add(&slug, sql, &Snapshot::from(schema)).expect("the folder is writable");
        texts.push(leaked(sql));
    }
    let lock = fs_err::read_to_string(folder.lock_path()).expect("it was written");
    Migrations::__embedded("migrations", leaked(&lock), texts.leak(), ignore, 10)
}

/// What a program has, it has as long as it runs.
fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Parents and children whose rows a careless rebuild of the parents would delete.
pub(crate) fn family() -> [(&'static str, &'static str); 3] {
    [
        (
            "create",
            "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parents(id) ON DELETE CASCADE);",
        ),
        (
            "fill",
            "INSERT INTO parents (id, name) SELECT value, 'p' || value FROM (WITH RECURSIVE n(value) AS \
             (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 100) SELECT value FROM n);
             INSERT INTO children (parent_id) SELECT id FROM parents;",
        ),
        (
            "require names",
            "CREATE TABLE parents_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             INSERT INTO parents_new (id, name) SELECT id, name FROM parents;
             DROP TABLE parents;
             ALTER TABLE parents_new RENAME TO parents;",
        ),
    ]
}
