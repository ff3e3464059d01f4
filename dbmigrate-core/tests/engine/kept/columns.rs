//! Values of columns that are dropped, become generated, or are converted.

use super::house::{House, KEEP, Next};

const ROWS: &str = "INSERT INTO users (id, name, legacy) VALUES (1, 'a', 7), (2, 'b', 7.0), (3, 'c', '7'), (4, 'd', x'37'), (9, 'e', NULL);";

#[test]
fn dropped_values_are_kept_with_their_storage_class_beside_their_key() {
    let mut house = House::of("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, legacy);", ROWS);
    let plan = house.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);", &KEEP).expect("it is kept");
    insta::assert_snapshot!(plan.to_sql("0002_next"), @"
    -- 0002_next
    --   keep users.legacy in _dbmigrate_kept_0002_users (rewrite)
    --   drop column users.legacy (rewrite)
    --   follow the rows of users in _dbmigrate_kept_0002_users (instant)

    -- dbmigrate: allow(drop_column) users.legacy
    -- dbmigrate: keep users.legacy in _dbmigrate_kept_0002_users

    -- keep users.legacy in _dbmigrate_kept_0002_users
    CREATE TABLE _dbmigrate_kept_0002_users (
      id INTEGER PRIMARY KEY,
      legacy
    );
    INSERT INTO _dbmigrate_kept_0002_users (id, legacy)
    SELECT id, legacy
    FROM users;
    CREATE TABLE _dbmigrate_kept_rows_0002_users (
      kept INTEGER NOT NULL
    );
    INSERT INTO _dbmigrate_kept_rows_0002_users (kept)
    SELECT count(*)
    FROM _dbmigrate_kept_0002_users;

    ALTER TABLE users DROP COLUMN legacy;

    -- follow the rows of users in _dbmigrate_kept_0002_users
    CREATE TRIGGER _dbmigrate_kept_0002_users_insert AFTER INSERT ON users
    BEGIN
      DELETE FROM _dbmigrate_kept_0002_users WHERE id = NEW.id;
    END;
    CREATE TRIGGER _dbmigrate_kept_0002_users_update AFTER UPDATE ON users
    WHEN NOT (OLD.id IS NEW.id)
    BEGIN
      DELETE FROM _dbmigrate_kept_0002_users WHERE id = NEW.id;
      UPDATE _dbmigrate_kept_0002_users SET id = NEW.id WHERE id = OLD.id;
    END;
    CREATE TRIGGER _dbmigrate_kept_0002_users_delete AFTER DELETE ON users
    BEGIN
      DELETE FROM _dbmigrate_kept_0002_users WHERE id = OLD.id;
    END;
    ");
    assert_eq!(
        house.rows("SELECT id, typeof(legacy), quote(legacy) FROM _dbmigrate_kept_0002_users"),
        ["1|integer|7", "2|real|7.0", "3|text|'7'", "4|blob|X'37'", "9|null|NULL"]
    );
    house.run("DELETE FROM users WHERE id = 9; INSERT INTO users (name) VALUES ('new'); UPDATE users SET id = 20 WHERE id = 1; REPLACE INTO users VALUES (2, 'b2')").expect("writes");
    assert_eq!(house.rows("SELECT id FROM _dbmigrate_kept_0002_users"), ["3", "4", "20"]);
}

#[test]
fn originals_of_a_conversion_are_kept_beside_what_they_became() {
    let mut house = House::of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT, size TEXT);",
        "INSERT INTO users VALUES (1, '7', 'a'), (2, 'seven', 'b'), (3, NULL, NULL);",
    );
    let next =
        Next { conversions: &[("users", "age", "CAST(age AS INTEGER)"), ("users", "size", "length(size)")], ..KEEP };
    let plan = house
        .migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER, size INTEGER);", &next)
        .expect("it is kept");
    assert!(plan.to_sql("0002").contains("-- dbmigrate: keep users.age in _dbmigrate_kept_0002_users\n"));
    assert_eq!(
        house.rows(
            "SELECT id, quote(age), quote(age_after), quote(size), quote(size_after) FROM _dbmigrate_kept_0002_users"
        ),
        ["1|'7'|7|'a'|1", "2|'seven'|0|'b'|1", "3|NULL|NULL|NULL|NULL"]
    );
}

#[test]
fn values_of_a_column_that_becomes_generated_are_kept() {
    let mut house = House::of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT, b TEXT);",
        "INSERT INTO users VALUES (1, 'a', 'own');",
    );
    let after = "CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (a || '!'));";
    house.migrate(after, &KEEP).expect("it is kept");
    assert_eq!(house.rows("SELECT * FROM _dbmigrate_kept_0002_users"), ["1|own"]);
    assert_eq!(house.rows("SELECT b FROM users"), ["a!"]);
}

#[test]
fn every_kind_of_key_can_be_kept_by() {
    for (before, key) in [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y);", "id"),
        ("CREATE TABLE t (id TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, x, y) WITHOUT ROWID;", "id"),
        ("CREATE TABLE t (a INT, b ANY, x ANY, y ANY, PRIMARY KEY (b, a)) STRICT;", "b,a"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY DESC NOT NULL, x, y);", "id"),
        ("CREATE TABLE t (mail TEXT NOT NULL UNIQUE, x, y);", "mail"),
        ("CREATE TABLE t (mail TEXT NOT NULL, x, y); CREATE UNIQUE INDEX i ON t (mail COLLATE NOCASE);", "mail"),
        ("CREATE TABLE t (pk TEXT PRIMARY KEY, mail TEXT NOT NULL UNIQUE, x, y);", "mail"),
    ] {
        let columns = key.split(',').collect::<Vec<_>>();
        let values = |row: usize| columns.iter().map(|_| format!("'{row}'")).collect::<Vec<_>>().join(", ");
        let insert = |row: usize| format!("INSERT INTO t ({key}, x) VALUES ({}, {row});", values(row));
        let mut house = House::of(before, &(insert(1) + &insert(2)));
        let after = before.replace("x ANY, ", "").replace(", x, y", ", y");
        house.migrate(&after, &KEEP).unwrap_or_else(|error| panic!("{before}: {error}"));
        assert_eq!(house.rows("SELECT x FROM _dbmigrate_kept_0002_t ORDER BY x"), ["1", "2"], "{before}");
        house
            .run("DELETE FROM t WHERE y IS NULL AND rowid = 1")
            .or_else(|_| house.run("DELETE FROM t WHERE id = '1'"))
            .expect(before);
        assert_eq!(house.rows("SELECT x FROM _dbmigrate_kept_0002_t"), ["2"], "{before}");
    }
}

#[test]
fn a_table_without_a_key_is_not_kept_by_its_rowids_unless_they_become_its_key() {
    let before = "CREATE TABLE t (x, y);";
    let mut house = House::of(before, "INSERT INTO t (rowid, x) VALUES (5, 'five'), (8, 'eight');");
    let error = house.generate("CREATE TABLE t (y);", &KEEP).expect_err("it is refused");
    assert_eq!(
        error,
        "cannot keep the values of `t.x`: `t` has no primary key and no UNIQUE columns that are NOT NULL before and after \
         the migration"
    );
    house.migrate("CREATE TABLE t (id INTEGER PRIMARY KEY, y);", &KEEP).expect("the rowids become the key");
    assert_eq!(house.rows("SELECT id, x FROM _dbmigrate_kept_0002_t"), ["5|five", "8|eight"]);
    let nullable = "CREATE TABLE t (id TEXT PRIMARY KEY, x);";
    let mut house = House::of(nullable, "");
    assert!(house.generate("CREATE TABLE t (id TEXT PRIMARY KEY);", &KEEP).is_err());
}

#[test]
fn hostile_names_are_kept() {
    let before = "CREATE TABLE \"my in t\" (\"the id\" INTEGER PRIMARY KEY, \"say \"\"x\"\"\", \"a\nb\", c);";
    let mut house = House::of(before, "INSERT INTO \"my in t\" VALUES (1, 2, 3, 4);");
    let after = "CREATE TABLE \"my in t\" (\"the id\" INTEGER PRIMARY KEY, c);";
    let plan = house.migrate(after, &KEEP).expect("it is kept");
    assert!(
        plan.to_sql("x").contains("-- dbmigrate: keep \"my in t\".\"a\\nb\" in \"_dbmigrate_kept_0002_my in t\"\n"),
        "{}",
        plan.to_sql("x")
    );
    assert_eq!(house.rows("SELECT * FROM \"_dbmigrate_kept_0002_my in t\""), ["1|2|3"]);
    house.run("UPDATE \"my in t\" SET \"the id\" = 5").expect("an update");
    assert_eq!(house.rows("SELECT * FROM \"_dbmigrate_kept_0002_my in t\""), ["5|2|3"]);
}

#[test]
fn keeping_goes_with_renames() {
    let before = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, handle TEXT, legacy TEXT);";
    let mut house = House::of(before, "INSERT INTO users VALUES (1, 'n', 'h', 'l');");
    // `handle` goes, and gives its name to `nick`
    let after = "CREATE TABLE people (uid INTEGER PRIMARY KEY, handle TEXT);";
    let next = Next {
        tables: &[("users", "people")],
        columns: &[("people", "id", "uid"), ("people", "nick", "handle")],
        ..KEEP
    };
    let plan = house.migrate(after, &next).expect("it is kept");
    assert!(plan.to_sql("x").contains("-- dbmigrate: keep people.handle in _dbmigrate_kept_0002_people\n"));
    assert_eq!(house.rows("SELECT uid, handle, legacy FROM _dbmigrate_kept_0002_people"), ["1|h|l"]);
    assert_eq!(house.rows("SELECT uid, handle FROM people"), ["1|n"]);
}
