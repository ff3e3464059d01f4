//! Rebuilds that keep the indexes which they do not change: what stays, and what makes them do all that is written.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::{integer, text};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::plan::{Accepted, Decisions, plan};
use pollster::block_on;

use crate::support::{self, schema_of};

/// The root pages of the indexes by name, the rows with their types, and what `PRAGMA integrity_check` says.
#[derive(Debug, PartialEq)]
struct Found {
    roots: Vec<(String, i64)>,
    rows: Vec<String>,
    integrity: String,
}

fn found(connection: &Connection, rows: &str) -> Found {
    let all = |query: &str| block_on(connection.rows(query)).expect(query);
    let roots = all(
        "SELECT name, rootpage FROM sqlite_schema WHERE type = 'index' AND name NOT GLOB '*_dbmigrate*' ORDER BY 1",
    );
    Found {
        roots: roots.iter().map(|row| (text(&row[0]).to_owned(), integer(&row[1]))).collect(),
        rows: all(rows).iter().map(|row| format!("{row:?}")).collect(),
        integrity: text(&all("PRAGMA integrity_check")[0][0]).to_owned(),
    }
}

/// A file that is changed from one schema to another, each with what is found by the query. `edit` is done to the rows,
/// with the schema writable.
fn changed(before: &str, after: &str, edit: &[&str], rows: &str) -> (Found, Found) {
    let scratch = support::scratch_folder().expect("a folder");
    let file = scratch.path().join("test.db");
    let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
    let mut old = dbmigrate_core::schema::Schema::default();
    let mut first = None;
    for (name, sql) in [("one", before), ("two", after)] {
        let new = schema_of(sql).expect("a schema");
        let difference = diff(&old, &new, &Renames::default()).expect("no renames");
        let decisions = Decisions { accepted: Accepted { all: true, ..Accepted::default() }, ..Decisions::default() };
        let plan = plan(&old, &new, &difference, &decisions).expect("a plan");
        support::add(&mut folder, name, &plan, &new).expect("it is written");
        let mut database = open(&file);
        support::apply(&mut database, &folder).unwrap_or_else(|error| panic!("{error}"));
        let connection = database.into_connection();
        if first.is_none() {
            for statement in edit {
                block_on(connection.run(statement)).unwrap_or_else(|error| panic!("{statement}: {error}"));
            }
            first = Some(found(&connection, rows));
            old = new;
            continue;
        }
        let last = found(&connection, rows);
        return (first.expect("the first one was seen"), last);
    }
    unreachable!("there are two")
}

fn open(file: &Path) -> Database {
    let database = block_on(Database::open(file, true, Duration::from_secs(5))).expect("a file");
    block_on(database.connection().run("PRAGMA synchronous = OFF")).expect("it runs");
    database.sparing_from(0)
}

const ROWS: &str = "SELECT rowid, typeof(a), a, typeof(b), b, typeof(c), c FROM t ORDER BY rowid";

const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
     INSERT INTO t (a, b, c) SELECT 'a' || (i * 7 % 500), i, i FROM n";

#[test]
fn indexes_and_constraints_that_do_not_change_stay_where_they_are() {
    let before = "CREATE TABLE t (a TEXT UNIQUE, b INTEGER, c INTEGER, UNIQUE (b, a)); \
         CREATE INDEX ta ON t (a COLLATE NOCASE, b DESC); CREATE INDEX tc ON t (c); CREATE INDEX te ON t (lower(a)) WHERE b > 5;\
         CREATE TABLE log (x); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;";
    let after = before.replace("c INTEGER", "c REAL NOT NULL DEFAULT 1");
    for mode in ["NONE", "FULL", "INCREMENTAL"] {
        let vacuum = [format!("PRAGMA auto_vacuum = {mode}"), "VACUUM".to_owned(), FILL.to_owned()];
        let edit: Vec<&str> = vacuum.iter().map(String::as_str).chain(["DELETE FROM t WHERE b % 3 = 0"]).collect();
        let (first, last) = changed(before, &after, &edit, ROWS);
        assert_eq!(last.integrity, "ok");
        let of = |found: &Found, name: &str| found.roots.iter().find(|(one, _)| one == name).map(|(_, root)| *root);
        for kept in ["sqlite_autoindex_t_1", "sqlite_autoindex_t_2", "ta", "te"] {
            assert!(of(&first, kept).is_some());
            // pages move where the file is to be without free ones
            if mode == "NONE" {
                assert_eq!(of(&first, kept), of(&last, kept), "{kept}");
            }
        }
        let reals = first.rows.iter().map(|row| row.replace("Text(\"integer\"), Integer", "Text(\"kind\"), Number"));
        assert_eq!(reals.count(), last.rows.len());
        assert!(last.rows[0].contains("Real("), "{}", last.rows[0]);
    }
}

#[test]
fn an_index_over_values_that_the_copy_stores_otherwise_is_made_again() {
    let before = "CREATE TABLE t (a TEXT, b INTEGER, c INTEGER); CREATE INDEX ta ON t (a); CREATE INDEX tb ON t (b);";
    let after = before.replace("c INTEGER", "c REAL");
    // values that were stored before somebody has edited the definition
    for (declared, value) in [
        ("a TEXT", "INSERT INTO t (a, b, c) VALUES (7, 1, 1)"),
        ("b INTEGER", "INSERT INTO t (a, b, c) VALUES ('x', '12', 1)"),
        ("b INTEGER", "INSERT INTO t (a, b, c) VALUES ('x', 5.0, 1)"),
    ] {
        let name = &declared[..1];
        let other =
            format!("UPDATE sqlite_schema SET sql = replace(sql, '{declared}', '{name} BLOB') WHERE name = 't'");
        let back = format!("UPDATE sqlite_schema SET sql = replace(sql, '{name} BLOB', '{declared}') WHERE name = 't'");
        let edit = [
            "PRAGMA writable_schema = ON",
            &other,
            "PRAGMA writable_schema = RESET",
            FILL,
            value,
            "PRAGMA writable_schema = ON",
            &back,
            "PRAGMA writable_schema = RESET",
        ];
        let (_, last) = changed(before, &after, &edit, ROWS);
        assert_eq!(last.integrity, "ok", "{value}");
        let kind = if name == "a" { "Text(\"text\"), Text(\"7\")" } else { "Text(\"integer\"), Integer(" };
        assert!(last.rows.last().is_some_and(|row| row.contains(kind)), "{:?}", last.rows.last());
    }
}

/// What becomes of a file with these rows that is changed from one schema to the other: the error, and what is found.
fn refused(before: &str, after: &str, rows: &[&str], least_rows: u64) -> (String, Found) {
    let scratch = support::scratch_folder().expect("a folder");
    let file = scratch.path().join("test.db");
    let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
    let mut old = dbmigrate_core::schema::Schema::default();
    let mut outcome = String::new();
    for (name, sql) in [("one", before), ("two", after)] {
        let new = schema_of(sql).expect("a schema");
        let difference = diff(&old, &new, &Renames::default()).expect("no renames");
        let plan = plan(&old, &new, &difference, &Decisions::default()).expect("a plan");
        support::add(&mut folder, name, &plan, &new).expect("it is written");
        let mut database = open(&file).sparing_from(least_rows);
        let applied = support::apply(&mut database, &folder);
        outcome = applied.map_or_else(|error| error.to_string(), |_| "applied".to_owned());
        for statement in rows.iter().filter(|_| name == "one") {
            block_on(database.connection().run(statement)).unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        old = new;
    }
    let connection = block_on(Connection::open(&file, false)).expect("a file");
    (outcome, found(&connection, ROWS))
}

#[test]
fn what_a_copy_looks_for_on_its_way_is_what_the_preflights_find() {
    let before =
        "CREATE TABLE t (a TEXT, b INTEGER, c INTEGER); CREATE INDEX ta ON t (a); CREATE INDEX tb ON t (b, a);";
    let after = before.replace("c INTEGER", "c REAL NOT NULL");
    for (rows, wanted) in [
        (&[FILL][..], "applied"),
        (&[FILL, "UPDATE t SET c = NULL WHERE rowid IN (7, 9)"], "2 rows have NULL in `t.c`"),
        (
            &[FILL, "UPDATE t SET c = 9007199254740993 WHERE rowid = 499"],
            "1 value of `t.c` would be refused or changed",
        ),
        (&[FILL, "UPDATE t SET c = -9007199254740992 WHERE rowid = 499"], "applied"),
        (
            &[FILL, "UPDATE t SET c = 9223372036854775807 WHERE rowid = 3"],
            "1 value of `t.c` would be refused or changed",
        ),
        (&[FILL, "UPDATE t SET c = 'x' WHERE rowid = 3"], "1 value of `t.c` would be refused or changed"),
        (&[FILL, "UPDATE t SET c = x'00' WHERE rowid = 3"], "1 value of `t.c` would be refused or changed"),
        (&[FILL, "UPDATE t SET c = 0.5 WHERE rowid = 3"], "applied"),
    ] {
        let (as_written, there) = refused(before, &after, rows, u64::MAX);
        let (on_the_way, here) = refused(before, &after, rows, 0);
        assert!(as_written.contains(wanted), "{rows:?}: {as_written}");
        assert_eq!(as_written, on_the_way, "{rows:?}");
        assert_eq!((there.rows, there.integrity), (here.rows, here.integrity), "{rows:?}");
    }
}

#[test]
fn the_mark_of_autoincrement_is_what_the_statements_leave() {
    let with = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE, b, c); CREATE INDEX tb ON t (b);";
    let without = with.replace(" AUTOINCREMENT", "");
    let rows = "SELECT name, seq FROM sqlite_sequence WHERE name = 't'";
    let edit = [FILL, "DELETE FROM t WHERE id > 400"];
    let more = |sql: &str| sql.replace("c);", "c NOT NULL);");
    let mark = |before: &str, after: &str| {
        let edit: Vec<&str> = if before.contains("AUTO") {
            edit.to_vec()
        } else {
            vec!["CREATE TABLE x (i INTEGER PRIMARY KEY AUTOINCREMENT)", edit[0], edit[1], "DROP TABLE x"]
        };
        changed(before, after, &edit, rows).1.rows
    };
    assert_eq!(mark(with, &more(with)), ["[Text(\"t\"), Integer(500)]"]);
    assert_eq!(mark(&without, with), ["[Text(\"t\"), Integer(400)]"]);
    assert!(mark(with, &without).is_empty());
}
