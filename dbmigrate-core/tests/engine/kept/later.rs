//! Migrations behind one that keeps something.

use super::house::{House, KEEP, Next};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, legacy TEXT);";
const ROWS: &str = "INSERT INTO users VALUES (1, 'a', 'l1'), (2, 'b', 'l2'), (3, 'c', 'l3');";

fn kept() -> House {
    let mut house = House::of(BEFORE, ROWS);
    house.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);", &KEEP).expect("it is kept");
    house
}

fn kept_rows(house: &House) -> Vec<String> {
    house.rows("SELECT id, legacy FROM _dbmigrate_kept_0002_users ORDER BY id")
}

#[test]
fn rows_are_followed_through_rebuilds_and_renames() {
    let mut house = kept();
    house
        .migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');", &Next::default())
        .expect("a rebuild");
    house.run("DELETE FROM users WHERE id = 3; INSERT INTO users VALUES (3, 'new')").expect("writes");
    assert_eq!(kept_rows(&house), ["1|l1", "2|l2"]);
    let people = "CREATE TABLE people (uid INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');";
    house
        .migrate(
            people,
            &Next { tables: &[("users", "people")], columns: &[("people", "id", "uid")], ..Next::default() },
        )
        .expect("renames");
    house.run("UPDATE people SET uid = 7 WHERE uid = 2; INSERT INTO people VALUES (2, 'new')").expect("writes");
    assert_eq!(kept_rows(&house), ["1|l1", "7|l2"]);
    // renamed and rebuilt in one
    let users = "CREATE TABLE users (key INTEGER PRIMARY KEY, name TEXT);";
    house
        .migrate(
            users,
            &Next { tables: &[("people", "users")], columns: &[("users", "uid", "key")], ..Next::default() },
        )
        .expect("both");
    house.run("DELETE FROM users WHERE key = 7").expect("writes");
    assert_eq!(kept_rows(&house), ["1|l1"]);
    // the values, how many they were, and what follows them
    assert_eq!(house.hidden().len(), 5);
}

#[test]
fn several_migrations_keep_values_of_one_table() {
    let mut house = kept();
    house.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY);", &KEEP).expect("it is kept");
    house.run("UPDATE users SET id = 30 WHERE id = 3; DELETE FROM users WHERE id = 2").expect("writes");
    assert_eq!(kept_rows(&house), ["1|l1", "30|l3"]);
    assert_eq!(house.rows("SELECT * FROM _dbmigrate_kept_0003_users ORDER BY id"), ["1|a", "30|c"]);
}

#[test]
fn a_migration_that_takes_the_key_away_is_refused_and_changes_nothing() {
    for (after, why) in [
        ("CREATE TABLE users (name TEXT);", "`users.id` is gone"),
        ("CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, name TEXT);", "the type of `users.id` changes"),
        ("CREATE TABLE users (id INTEGER NOT NULL, name TEXT);", "`users.id` is not the rowid"),
    ] {
        let mut house = kept();
        let error = house.migrate(after, &Next::default()).expect_err(after);
        assert!(error.contains("KeptRows") && error.contains(why), "{after}: {error}");
        assert_eq!(house.rows("SELECT name FROM users"), ["a", "b", "c"]);
        assert_eq!(kept_rows(&house).len(), 3);
    }
    // no trigger sees what a rebuild copies
    let mut house = kept();
    let next = Next { conversions: &[("users", "id", "4 - id")], ..Next::default() };
    let error = house.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');", &next);
    let error = error.expect_err("the keys would be those of others");
    assert!(error.contains("`users.id` has other values"), "{error}");
    let before = "CREATE TABLE t (mail TEXT NOT NULL UNIQUE, x, y);";
    let mut house = House::of(before, "INSERT INTO t VALUES ('a', 1, 2)");
    house.migrate("CREATE TABLE t (mail TEXT NOT NULL UNIQUE, y);", &KEEP).expect("it is kept");
    let error = house.migrate("CREATE TABLE t (mail TEXT NOT NULL, y);", &Next::default()).expect_err("a refusal");
    assert!(error.contains("`t.mail` is no key"), "{error}");
}

#[test]
fn a_table_whose_values_are_kept_can_be_dropped_or_kept_itself() {
    let mut house = kept();
    house.migrate("CREATE TABLE other (id INTEGER PRIMARY KEY);", &Next::default()).expect("it is dropped");
    assert_eq!((kept_rows(&house).len(), house.hidden().len()), (3, 2));
    // moved by a rename, the triggers go along; copied, they are made for the copy
    for key in ["", ", org REFERENCES orgs"] {
        let orgs = "CREATE TABLE orgs (id INTEGER PRIMARY KEY);";
        let table =
            |legacy: &str| format!("{orgs} CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT{legacy}{key});");
        let mut house = House::of(
            &table(", legacy TEXT"),
            "INSERT INTO users (id, name, legacy) VALUES (1, 'a', 'l1'), (2, 'b', 'l2');",
        );
        house.migrate(&table(""), &KEEP).expect("values are kept");
        house.migrate(orgs, &KEEP).expect("the table is kept");
        let on = house.rows("SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger'");
        assert_eq!(on, ["_dbmigrate_kept_0003_users"], "{key}");
        house.run("DELETE FROM _dbmigrate_kept_0003_users WHERE id = 1").expect("a write");
        assert_eq!(kept_rows(&house), ["2|l2"], "{key}");
    }
}

#[test]
fn another_table_that_takes_the_name_is_not_followed() {
    for keep in [false, true] {
        for key in ["", ", org REFERENCES orgs"] {
            let other =
                "CREATE TABLE orgs (id INTEGER PRIMARY KEY); CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);";
            let table = |legacy: &str| format!("{other} CREATE TABLE users (id INTEGER PRIMARY KEY{legacy}{key});");
            let rows = "INSERT INTO users (id, legacy) VALUES (1, 'l1'); INSERT INTO people VALUES (1, 'p');";
            let mut house = House::of(&table(", legacy TEXT"), rows);
            house.migrate(&table(""), &KEEP).expect("values are kept");
            let after = "CREATE TABLE orgs (id INTEGER PRIMARY KEY); CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);";
            let next = Next { keep, tables: &[("people", "users")], ..Next::default() };
            house.migrate("CREATE TABLE orgs (id INTEGER PRIMARY KEY); CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);", &next).expect("another one");
            house.migrate(after, &Next::default()).expect("a rebuild");
            house.run("DELETE FROM users").expect("a write");
            assert_eq!(kept_rows(&house), ["1|l1"], "{keep} {key}");
        }
    }
}
