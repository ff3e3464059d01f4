//! Rebuilds in place, held against the statements of the rebuild.

mod made_up;
mod oracle;
#[cfg(feature = "remote")]
mod server;

use oracle::Case;

/// A table `t` with rows, its rebuild, and whether that is done in place.
#[track_caller]
fn case(setup: &str, rebuild: &str) -> bool {
    Case::new(setup, rebuild).compare().unwrap_or_else(|difference| panic!("{difference}"))
}

/// A rebuild of a table `t (id, a, b)` into another definition.
fn of(definition: &str, values: &str) -> String {
    format!(
        "CREATE TABLE _new ({definition};\nINSERT INTO _new (id, a, b) SELECT {values} FROM t;\nDROP TABLE t;\n\
         ALTER TABLE _new RENAME TO t;\n"
    )
}

const ROWS: &str = "INSERT INTO t VALUES (1, 'x', 1), (2, 'Y', 2), (7, 'z', 3);";

#[test]
fn what_the_rows_satisfy_is_changed_in_place() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);";
    for after in [
        "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT NOT NULL ON CONFLICT REPLACE DEFAULT 3)",
        "id INTEGER PRIMARY KEY, a TEXT DEFAULT 'n', b INT CHECK (b BETWEEN 1 AND 3), CHECK (a IS NOT NULL))",
        "id INTEGER PRIMARY KEY, a VARCHAR(10), b BIGINT)",
        "id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b INT)",
        "id INTEGER PRIMARY KEY, a, b INT)",
        "id INTEGER PRIMARY KEY, a TEXT, b INTEGER) STRICT",
        "id INTEGER PRIMARY KEY, a TEXT /* , a comment */, b INT REFERENCES t (id) ON DELETE CASCADE DEFERRABLE)",
    ] {
        let setup = format!("{before}{}", ROWS.replace("2, 'Y', 2", "2, 'Y', 1").replace("'z', 3", "'z', 2"));
        assert!(case(&setup, &of(after, "id, a, b")), "{after}");
    }
    // and back
    let full = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL COLLATE RTRIM, b INT NOT NULL DEFAULT 7 CHECK (b > 0)) STRICT;";
    assert!(case(&format!("{full}{ROWS}"), &of("id INTEGER PRIMARY KEY, a TEXT, b INT)", "id, a, b")));
}

#[test]
fn what_a_row_contradicts_is_left_to_the_rebuild() {
    for (row, after) in [
        ("(9, NULL, 1)", "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)"),
        ("(9, 'a', 0)", "id INTEGER PRIMARY KEY, a TEXT, b INT CHECK (b > 0))"),
        ("(9, x'00', 1)", "id INTEGER PRIMARY KEY, a TEXT, b INT) STRICT"),
        ("(9, 'a', 1.5)", "id INTEGER PRIMARY KEY, a TEXT, b INT) STRICT"),
        ("(9, 'a', 'b')", "id INTEGER PRIMARY KEY, a TEXT, b TEXT)"),
        ("(9, '12', 'b')", "id INTEGER PRIMARY KEY, a INT, b INT)"),
    ] {
        let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}INSERT INTO t VALUES {row};");
        assert!(!case(&setup, &of(after, "id, a, b")), "{after}");
    }
}

#[test]
fn a_strict_table_takes_no_value_of_another_class() {
    let setup = |a: &str| {
        format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY, b INT) STRICT;INSERT INTO t VALUES (1, {a}, 1);")
    };
    for (value, decl_type, is_done) in [
        ("x'00'", "BLOB", true),
        ("'x'", "BLOB", false),
        ("x'00'", "TEXT", false),
        ("'x'", "TEXT", true),
        ("7", "INT", true),
        ("x'00'", "INTEGER", false),
        ("7", "REAL", false),
        ("NULL", "BLOB", true),
    ] {
        let rebuild = of(&format!("id INTEGER PRIMARY KEY, a {decl_type}, b INT) STRICT"), "id, a, b");
        assert_eq!(case(&setup(value), &rebuild), is_done, "{value} as {decl_type}");
    }
}

#[test]
fn a_row_that_is_older_than_its_column_keeps_the_default_that_it_reads() {
    let setup = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');
        ALTER TABLE t ADD COLUMN b INT DEFAULT 5; INSERT INTO t VALUES (2, 'y', 6);";
    let other = of("id INTEGER PRIMARY KEY, a TEXT, b INT DEFAULT 6)", "id, a, b");
    assert!(!case(setup, &other));
    assert!(!case(setup, &of("id INTEGER PRIMARY KEY, a TEXT, b INT)", "id, a, b")));
    assert!(case(setup, &of("id INTEGER PRIMARY KEY, a TEXT, b INT NOT NULL DEFAULT 5)", "id, a, b")));
    assert!(case(&format!("{setup} DELETE FROM t WHERE id = 1;"), &other));
    // an index holds what is not in the row
    assert!(!case(&format!("{setup} CREATE INDEX i ON t (b);"), &format!("{other}CREATE INDEX i ON t (b);")));
}

#[test]
fn a_value_in_the_place_of_null_is_only_written_where_there_is_null() {
    let after = "id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'n', b INT)";
    let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}");
    assert!(case(&setup, &of(after, "id, coalesce(a, 'n'), b")));
    assert!(!case(&format!("{setup}INSERT INTO t VALUES (9, NULL, 1);"), &of(after, "id, coalesce(a, 'n'), b")));
    assert!(!case(&setup, &of(after, "id, coalesce(a, 'n') || '', b")));
    assert!(!case(&setup, &of(after, "id, b, a")));
}

#[test]
fn automatic_indexes_keep_their_content() {
    let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT UNIQUE);{ROWS}");
    // the numbers of the automatic indexes are others
    assert!(!case(&setup, &of("id INTEGER PRIMARY KEY, a TEXT, b INT UNIQUE, UNIQUE (a))", "id, a, b")));
    assert!(case(&setup, &of("id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, b INT, UNIQUE (b))", "id, a, b")));
    let two = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (a), UNIQUE (b));{ROWS}");
    assert!(!case(&two, &of("id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (b), UNIQUE (a))", "id, a, b")));
    assert!(!case(&setup, &of("id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE, b INT UNIQUE)", "id, a, b")));
}

#[test]
fn indexes_that_are_there_stay_and_those_that_are_missing_are_made() {
    let setup =
        format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}CREATE INDEX [i i] ON t(b desc);");
    let after = of("id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)", "id, a, b");
    assert!(case(&setup, &format!("{after}CREATE INDEX \"i i\" ON t (b DESC);CREATE UNIQUE INDEX j ON t (lower(a));")));
    assert!(!case(&setup, &format!("{after}CREATE INDEX \"i i\" ON t (b);")));
    assert!(!case(&setup, &after));
    let partial = format!("{setup}CREATE INDEX p ON t (id) WHERE a > 'a';");
    let collated = of("id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b INT)", "id, a, b");
    let indexes = "CREATE INDEX [i i] ON t (b DESC);CREATE INDEX p ON t (id) WHERE a > 'a';";
    assert!(!case(&partial, &format!("{collated}{indexes}")));
}

#[test]
fn triggers_go_with_the_table() {
    let trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET b = 5 WHERE id = NEW.id; END;";
    let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}{trigger}");
    let after = of("id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)", "id, a, b");
    assert!(case(&setup, &after));
    let other_name = setup.replace("TABLE t", "TABLE T");
    assert!(!case(&other_name, &after));
}

#[test]
fn what_is_in_the_way_of_a_rebuild_is_a_reason_to_run_it() {
    let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}");
    let after = of("id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)", "id, a, b");
    let view = format!("{setup}CREATE VIEW v AS SELECT 1; CREATE VIEW w AS SELECT * FROM \"T\";");
    assert!(!case(&view, &after));
    assert!(case(&view.replace("\"T\"", "v"), &after));
    let elsewhere = "CREATE TABLE o (c);CREATE TRIGGER y AFTER INSERT ON o BEGIN DELETE FROM t; END;";
    assert!(!case(&format!("{setup}{elsewhere}"), &after));
}

#[test]
fn rows_without_a_key_keep_their_rowids() {
    let setup = format!("CREATE TABLE t (id, a, b);{ROWS}DELETE FROM t WHERE id = 2;");
    let numbered =
        "CREATE TABLE _new (id NOT NULL, a, b); INSERT INTO _new (rowid, id, a, b) SELECT rowid, id, a, b FROM t;
        DROP TABLE t; ALTER TABLE _new RENAME TO t;";
    assert!(case(&setup, numbered));
    assert!(!case(&setup, &of("id NOT NULL, a, b)", "id, a, b")));
    let mark =
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b);INSERT INTO t VALUES (9, 1, 1); DELETE FROM t;";
    let after = of("id INTEGER PRIMARY KEY AUTOINCREMENT, a NOT NULL, b)", "id, a, b");
    assert!(!case(mark, &after));
    let carried = after.replace(
        "DROP",
        "DELETE FROM sqlite_sequence WHERE name = '_new';
         INSERT INTO sqlite_sequence (name, seq) SELECT '_new', seq FROM sqlite_sequence WHERE name = 't' COLLATE NOCASE;DROP",
    );
    assert!(case(mark, &carried));
}
