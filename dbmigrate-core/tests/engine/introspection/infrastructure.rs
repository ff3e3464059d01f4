//! What a database holds besides the schema of its user: hidden, whoever made it, and nothing else is.

use dbmigrate_core::engine::{Ignore, Introspected, introspect, introspect_without};
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::twin::made_by;

const TABLES: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, e F32_BLOB(3));
    CREATE INDEX by_e ON users (libsql_vector_idx(e));
    CREATE VIRTUAL TABLE search USING fts5(body);
    CREATE VIRTUAL TABLE outside USING fts5(body, content='users');
    CREATE TABLE outside_content (mine INT);
    CREATE VIRTUAL TABLE old USING fts4(body, content='');
    CREATE TABLE old_content (mine INT);
    CREATE VIRTUAL TABLE area USING rtree(id, x0, x1);
    CREATE TABLE _litestream_seq (id INTEGER);
    CREATE TABLE _litestream_lock (id INTEGER);
    CREATE TABLE _cf_KV (key TEXT);
    CREATE TABLE _dbmigrate_history (position INTEGER PRIMARY KEY);
    CREATE TABLE sqliteX (a INT);
    CREATE TABLE search_dataX (a INT);
    CREATE TABLE users_idx (a INT);
    CREATE VIEW names AS SELECT id FROM users;
    CREATE TRIGGER hook INSTEAD OF INSERT ON names BEGIN SELECT 1; END;
    CREATE TRIGGER log AFTER INSERT ON users BEGIN SELECT 1; END;
    ANALYZE";

fn names(found: &Introspected) -> Vec<&str> {
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    let mut names: Vec<&str> = found.schema.object_names().map(Name::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn only_the_users_own_objects_are_seen() {
    let database = made_by(TABLES).expect("libSQL takes it");
    let found = block_on(introspect(&database)).expect("it is readable");
    let wanted = [
        "area",
        "by_e",
        "hook",
        "log",
        "names",
        "old",
        "old_content",
        "outside",
        "outside_content",
        "search",
        "search_dataX",
        "sqliteX",
        "users",
        "users_idx",
    ];
    assert_eq!(names(&found), wanted);
}

#[test]
fn what_is_ignored_goes_with_all_that_hangs_on_it() {
    let database = made_by(TABLES).expect("libSQL takes it");
    let ignoring = |patterns: &[&str]| {
        let ignore = Ignore::new(patterns.iter().map(|pattern| pattern.parse().expect("a pattern")));
        block_on(introspect_without(&database, &ignore)).expect("it is readable")
    };
    let rest = ["area", "hook", "names", "old_content", "outside_content", "search_dataX", "sqliteX"];
    assert_eq!(names(&ignoring(&["USERS*", "search", "ol?", "outside"])), rest);
    // an index or a trigger is hidden with its table only
    let found = ignoring(&["by_e", "log", "hook"]);
    assert!(names(&found).contains(&"by_e") && names(&found).contains(&"log") && names(&found).contains(&"hook"));
    assert_eq!(names(&ignoring(&["names", "*s*"])), ["area", "old", "old_content"]);
    assert!(names(&ignoring(&["*"])).is_empty());
}

#[test]
fn what_an_ignored_table_holds_is_not_even_read() {
    let script = "CREATE TABLE odd (a \"\"); CREATE INDEX i ON odd (a); CREATE TABLE t (a INT)";
    let database = made_by(script).expect("libSQL takes it");
    let found = block_on(introspect(&database)).expect("it is readable");
    let unreadable: Vec<&str> = found.unreadable.iter().map(|one| one.object.name.as_str()).collect();
    assert_eq!(unreadable, ["odd", "i"]);
    let ignore = Ignore::new(["odd".parse().expect("a pattern")]);
    let found = block_on(introspect_without(&database, &ignore)).expect("it is readable");
    assert_eq!(names(&found), ["t"]);
}

#[test]
fn text_that_is_no_text_is_refused_by_name_without_a_panic() {
    let script = "CREATE TABLE t (a INT); CREATE TABLE u (a INT); CREATE INDEX i ON u (a); PRAGMA writable_schema = ON";
    let database = made_by(script).expect("libSQL takes it");
    // a name in Latin-1, as an application that never converted it has stored it
    let edit = "UPDATE sqlite_schema SET name = CAST(x'636166e9' AS TEXT), tbl_name = CAST(x'636166e9' AS TEXT), \
                sql = CAST(CAST('CREATE TABLE \"caf' AS BLOB) || x'e9' || CAST('\" (a INT)' AS BLOB) AS TEXT) WHERE name = 't'";
    block_on(database.run(edit)).expect("it is allowed");
    block_on(database.run("PRAGMA writable_schema = RESET")).expect("it is allowed");
    let found = block_on(introspect(&database)).expect("it is readable");
    let unreadable: Vec<String> =
        found.unreadable.iter().map(|one| format!("{}: {}", one.object.name, one.reason)).collect();
    assert_eq!(unreadable, ["caf\u{fffd}: its text is not UTF-8"]);
    let names: Vec<&str> = found.schema.object_names().map(Name::as_str).collect();
    assert_eq!(names, ["u", "i"]);
}

#[test]
fn a_statement_that_creates_something_else_is_refused() {
    let script = "CREATE TABLE t (a INT); CREATE TABLE u (a INT); PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE TABLE other (a INT)' WHERE name = 't'";
    let database = made_by(script).expect("libSQL takes it");
    let found = block_on(introspect(&database)).expect("it is readable");
    assert_eq!(found.unreadable[0].reason, "its statement creates the table `other`");
    assert_eq!(found.unreadable[0].object.name.as_str(), "t");
    assert!(found.schema.table(&"u".into()).is_some() && found.schema.tables.len() == 1);
}
