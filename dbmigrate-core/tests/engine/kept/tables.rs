//! Tables that are moved out of sight.

use super::house::{House, KEEP, Next};

#[test]
fn a_dropped_table_is_renamed_with_all_its_rows_where_nothing_refers_to_it() {
    let audit =
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at, line TEXT UNIQUE CHECK (audit.line <> ''));
        CREATE INDEX audit_at ON audit (at);
        CREATE TRIGGER watch AFTER INSERT ON audit BEGIN SELECT 1; END;
        CREATE VIEW recent AS SELECT * FROM audit;";
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY);";
    let rows = "INSERT INTO audit VALUES (3, 1.0, 'x'), (8, x'00', 'y'); DELETE FROM audit WHERE id = 8;";
    let mut house = House::of(&format!("{users}{audit}"), rows);
    let plan = house.migrate(users, &KEEP).expect("it is kept");
    insta::assert_snapshot!(plan.to_sql("0002_next"), @"
    -- 0002_next
    --   drop dependent triggers and views: watch, recent (instant)
    --   keep table audit as _dbmigrate_kept_0002_audit (instant)

    -- dbmigrate: allow(drop_table) audit
    -- dbmigrate: keep audit in _dbmigrate_kept_0002_audit

    -- drop dependent triggers and views: watch, recent
    DROP TRIGGER watch;
    DROP VIEW recent;

    -- keep table audit as _dbmigrate_kept_0002_audit
    DROP INDEX audit_at;
    ALTER TABLE audit RENAME TO _dbmigrate_kept_0002_audit;
    ");
    assert_eq!(house.rows("SELECT rowid, quote(at), line FROM _dbmigrate_kept_0002_audit"), ["3|1.0|x"]);
    assert_eq!(house.rows("SELECT name, seq FROM sqlite_sequence"), ["_dbmigrate_kept_0002_audit|8"]);
    assert_eq!(house.hidden(), ["_dbmigrate_kept_0002_audit"]);
    // its names are free again
    house.migrate(&format!("{users}{audit}"), &Next::default()).expect("another one");
    house.migrate(users, &KEEP).expect("it is kept as well");
    assert_eq!(house.hidden(), ["_dbmigrate_kept_0002_audit", "_dbmigrate_kept_0004_audit"]);
}

#[test]
fn a_table_that_refers_or_is_referred_to_is_copied_without_its_keys() {
    let before = "CREATE TABLE orgs (id INTEGER PRIMARY KEY);
        CREATE TABLE users (a TEXT, b INT, org REFERENCES orgs ON DELETE CASCADE, boss INT, c AS (a || b), PRIMARY KEY (a, b) ON CONFLICT REPLACE);
        CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b, text, FOREIGN KEY (a, b) REFERENCES users ON DELETE RESTRICT);";
    let rows = "INSERT INTO orgs VALUES (1); INSERT INTO users (rowid, a, b, org) VALUES (7, 'a', 1, 1);
        INSERT INTO notes VALUES (5, 'a', 1, 'x');";
    let mut house = House::of(before, rows);
    house.migrate("CREATE TABLE orgs (id INTEGER PRIMARY KEY);", &KEEP).expect("both are kept");
    assert_eq!(house.rows("SELECT rowid, a, b, c FROM _dbmigrate_kept_0002_users"), ["7|a|1|a1"]);
    assert_eq!(house.rows("SELECT id, text FROM _dbmigrate_kept_0002_notes"), ["5|x"]);
    assert_eq!(house.rows("SELECT seq FROM sqlite_sequence WHERE name = '_dbmigrate_kept_0002_notes'"), ["5"]);
    // no row is lost, and none is held back
    house.run("DELETE FROM orgs").expect("nobody refers to it");
    assert_eq!(house.rows("SELECT count(*) FROM _dbmigrate_kept_0002_users"), ["1"]);
}

#[test]
fn what_refers_to_a_kept_table_is_not_led_to_its_hidden_name() {
    let before = "CREATE TABLE old (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE notes (id INTEGER PRIMARY KEY, old REFERENCES old);";
    let mut house = House::of(
        before,
        "INSERT INTO old VALUES (1, 'o'); INSERT INTO people VALUES (1, 'p'); INSERT INTO notes VALUES (1, 1);",
    );
    let after = "CREATE TABLE old (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE notes (id INTEGER PRIMARY KEY, old REFERENCES old);";
    house.migrate(after, &Next { tables: &[("people", "old")], ..KEEP }).expect("it is kept");
    assert_eq!(house.rows("SELECT name FROM old"), ["p"]);
    assert_eq!(house.rows("SELECT name FROM _dbmigrate_kept_0002_old"), ["o"]);
    assert_eq!(house.rows("SELECT \"table\" FROM pragma_foreign_key_list('notes')"), ["old"]);
}

#[test]
fn a_table_and_a_column_of_another_one_of_its_name_are_kept_apart() {
    let before =
        "CREATE TABLE old (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE people (id INTEGER PRIMARY KEY, x, y);";
    let mut house = House::of(before, "INSERT INTO old VALUES (1, 'o'); INSERT INTO people VALUES (1, 'p', 'q');");
    let after = "CREATE TABLE old (id INTEGER PRIMARY KEY, y);";
    house.migrate(after, &Next { tables: &[("people", "old")], ..KEEP }).expect("it is kept");
    assert_eq!(house.rows("SELECT name FROM _dbmigrate_kept_0002_old"), ["o"]);
    assert_eq!(house.rows("SELECT x FROM _dbmigrate_kept_0002_old_2"), ["p"]);
    house.run("UPDATE old SET id = 4").expect("an update");
    assert_eq!(house.rows("SELECT id FROM _dbmigrate_kept_0002_old_2"), ["4"]);
    assert_eq!(house.rows("SELECT id FROM _dbmigrate_kept_0002_old"), ["1"]);
}

#[test]
fn a_virtual_table_is_not_kept() {
    let mut house =
        House::of("CREATE VIRTUAL TABLE words USING fts5(word); CREATE TABLE t (id INTEGER PRIMARY KEY);", "");
    let error = house.generate("CREATE TABLE t (id INTEGER PRIMARY KEY);", &KEEP).err();
    assert_eq!(error.as_deref(), Some("cannot keep the rows of `words`: it is a virtual table"));
}
