//! Declarations that libSQL takes and can never use: each is found, at its place, and nothing that works is.

use crate::support::schema_of;
use dbmigrate_core::engine::prove::check_declaration;
use dbmigrate_core::schema::validate::{Place, Problem};
use pollster::block_on;

#[track_caller]
fn faults(sql: &str) -> Vec<Problem> {
    let schema = schema_of(sql).expect("a schema");
    block_on(check_declaration(&schema, &[])).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[track_caller]
fn only(sql: &str) -> (Place, String, String) {
    match &faults(sql)[..] {
        [only] => (only.place.clone(), only.message.clone(), only.help.clone().unwrap_or_default()),
        other => panic!("{sql}: {other:?}"),
    }
}

fn column(table: &str, column: &str) -> Place {
    Place::Column(table.into(), column.into())
}

#[test]
fn a_default_that_can_never_be_used_is_found_at_its_column() {
    for (sql, said, help) in [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT DEFAULT (now()))",
            "unknown function: now()",
            "CURRENT_TIMESTAMP",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, d INTEGER DEFAULT (now()))",
            "unknown function: now()",
            "unixepoch()",
        ),
        (
            "CREATE TABLE t (d INTEGER DEFAULT (unixepoh()))",
            "unknown function: unixepoh()",
            "did you mean the function `unixepoch`?",
        ),
        ("CREATE TABLE t (d TEXT DEFAULT (uuid()))", "unknown function: uuid()", "lower(hex(randomblob(16)))"),
        (
            "CREATE TABLE t (d INTEGER NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT",
            "cannot store TEXT value in INTEGER column t.d",
            "unixepoch()",
        ),
        ("CREATE TABLE t (d INTEGER DEFAULT 'x') STRICT", "cannot store TEXT value in INTEGER column t.d", "INTEGER"),
        ("CREATE TABLE t (d INTEGER DEFAULT 1.5) STRICT", "cannot store REAL value", "INTEGER"),
        ("CREATE TABLE t (d BLOB DEFAULT 'x') STRICT", "cannot store TEXT value in BLOB column t.d", "BLOB"),
        ("CREATE TABLE t (d TEXT DEFAULT x'00') STRICT", "cannot store BLOB value in TEXT column t.d", "TEXT"),
        ("CREATE TABLE t (d TEXT DEFAULT 'none' CHECK (d IN ('a', 'b')))", "CHECK constraint failed", "the check"),
        ("CREATE TABLE t (d TEXT DEFAULT '' CHECK (length(t.d) > 0))", "CHECK constraint failed", "the check"),
        ("CREATE TABLE t (d TEXT DEFAULT (json('{')))", "malformed JSON", "evaluate"),
        (
            "CREATE TABLE t (d TEXT DEFAULT 'x', j TEXT AS (json_extract(d, '$.a')) STORED)",
            "malformed JSON",
            "evaluate",
        ),
    ] {
        let (place, message, given) = only(sql);
        assert_eq!(place, column("t", "d"), "{sql}");
        assert!(message.contains(said) && message.starts_with("`t.d`: the default"), "{sql}: {message}");
        assert!(given.contains(help), "{sql}: {given}");
    }
}

#[test]
fn every_default_of_a_table_is_tried() {
    let found = faults(
        "CREATE TABLE t (a INTEGER DEFAULT (now()), b INTEGER DEFAULT 1, c TEXT DEFAULT (nu()));
                        CREATE TABLE u (a INTEGER DEFAULT (now()))",
    );
    let places: Vec<Place> = found.into_iter().map(|problem| problem.place).collect();
    assert_eq!(places, [column("t", "a"), column("t", "c"), column("u", "a")]);
}

#[test]
fn defaults_that_refuse_each_other_are_found() {
    let (place, message, _) =
        only("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER DEFAULT 5, b INTEGER DEFAULT 3, CHECK (a < b))");
    assert_eq!(place, Place::Table("t".into()));
    assert!(message.contains("a row with all defaults is refused: CHECK constraint failed: a < b"), "{message}");
}

#[test]
fn a_default_is_not_blamed_for_the_rest_of_the_row() {
    for sql in [
        // the other column is somebody else's to fill
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER DEFAULT 5, b INTEGER NOT NULL, CHECK (a < b), CHECK (b % 1000 = 997))",
        "CREATE TABLE t (a TEXT DEFAULT 'x', b TEXT NOT NULL CHECK (b GLOB 'zz[0-9]-never*'), UNIQUE (a))",
        // rows decide
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER NOT NULL DEFAULT 1 REFERENCES p (id))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER DEFAULT (unixepoch()), b TEXT DEFAULT CURRENT_TIMESTAMP, c TEXT DEFAULT (lower(hex(randomblob(16)))), d REAL DEFAULT 1, e BLOB DEFAULT x'00', f ANY DEFAULT 'x', g INTEGER DEFAULT '7', h INTEGER DEFAULT TRUE, i TEXT DEFAULT 5) STRICT",
        "CREATE TABLE t (a TEXT DEFAULT '[]' CHECK (json_valid(a)), b TEXT DEFAULT 'a' CHECK (b IN ('a', 'b')), c INTEGER NOT NULL DEFAULT NULL)",
    ] {
        assert_eq!(faults(sql), [], "{sql}");
    }
}

#[test]
fn a_generated_column_a_check_and_an_index_that_no_row_has_a_value_for_are_found() {
    let (place, message, _) = only("CREATE TABLE t (a TEXT, g TEXT AS (json_extract('{', a)) STORED)");
    assert_eq!(place, column("t", "g"), "{message}");
    let (place, message, _) = only("CREATE TABLE t (a TEXT, g TEXT AS (json_extract('{', a)))");
    assert_eq!(place, column("t", "g"), "{message}");
    let (place, message, _) = only("CREATE TABLE t (a TEXT, CHECK (a <= date('now')))");
    assert_eq!(place, column("t", "a"));
    assert!(message.contains("non-deterministic use of date()"), "{message}");
    let (place, message, _) = only("CREATE TABLE t (a TEXT); CREATE INDEX i ON t (json_extract('{', a))");
    assert_eq!(place, Place::Index("t".into(), "i".into()), "{message}");
}

#[test]
fn expressions_that_some_row_has_a_value_for_are_fine() {
    for sql in [
        "CREATE TABLE t (d TEXT NOT NULL, n INTEGER AS (json_extract(d, '$.n')) STORED NOT NULL) STRICT",
        "CREATE TABLE t (d TEXT NOT NULL, v BLOB AS (vector32(d)) STORED, w REAL AS (vector_distance_cos(vector32(d), vector32('[1,2]'))) STORED)",
        "CREATE TABLE t (d TEXT NOT NULL, y INTEGER AS (CAST(strftime('%Y', d) AS INTEGER)) STORED NOT NULL) STRICT",
        "CREATE TABLE t (d TEXT NOT NULL CHECK (json_type(d) = 'array' AND json_array_length(d) > 1))",
        "CREATE TABLE t (d BLOB NOT NULL CHECK (json_valid(d, 8))) STRICT",
        "CREATE TABLE t (d TEXT); CREATE UNIQUE INDEX i ON t (d ->> 'a') WHERE d -> 'b' IS NOT NULL",
    ] {
        assert_eq!(faults(sql), [], "{sql}");
    }
}

#[test]
fn a_trigger_that_always_fails_is_found() {
    for (sql, said) in [
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); CREATE TABLE l (m TEXT NOT NULL, x);
             CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO l (x) VALUES (NEW.id); END",
            "makes every INSERT INTO `t` fail: NOT NULL constraint failed: l.m",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT CHECK (n IN ('a', 'b'))); CREATE TABLE l (at INTEGER) STRICT;
             CREATE TRIGGER tr AFTER UPDATE ON t BEGIN INSERT INTO l VALUES (CURRENT_TIMESTAMP); END",
            "makes every UPDATE of `t` fail: cannot store TEXT value in INTEGER column l.at",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE l (d);
             CREATE TRIGGER tr BEFORE DELETE ON t BEGIN INSERT INTO l VALUES (json('{')); END",
            "makes every DELETE from `t` fail: malformed JSON",
        ),
    ] {
        let (place, message, _) = only(sql);
        assert_eq!(place, Place::Trigger("tr".into()));
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn a_trigger_that_fails_on_purpose_or_for_what_it_reads_is_fine() {
    let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT, d TEXT); CREATE TABLE l (m TEXT NOT NULL, x);";
    for trigger in [
        "BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'append only'); END",
        "AFTER INSERT ON t BEGIN INSERT INTO l (m) VALUES ((SELECT m FROM l LIMIT 1)); END",
        "AFTER INSERT ON t BEGIN INSERT INTO l (m) VALUES (NEW.n); END",
        "AFTER INSERT ON t BEGIN INSERT INTO l (m) VALUES (json_extract(NEW.d, '$.a')); END",
        "AFTER INSERT ON t WHEN NEW.n = 'never' BEGIN INSERT INTO l (x) VALUES (1); END",
    ] {
        assert_eq!(faults(&format!("{tables} CREATE TRIGGER tr {trigger}")), [], "{trigger}");
    }
}
