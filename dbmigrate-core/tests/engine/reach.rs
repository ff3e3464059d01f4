//! What a migration is checked against: not the whole database, but everything that it can reach.

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::{Applied, ApplyError, Database, Failure, Loss, Observer, apply_pending};
use dbmigrate_core::folder::{Folder, Slug};
use pollster::block_on;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

const PARENT_AND_CHILD: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY); \
     CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id REFERENCES parent (id)); CREATE TABLE other (x);";

/// Makes the schema `before`, runs `rows` as anybody may, then the migration `sql`, which leads to `after`.
fn migrate(before: &str, rows: &[&str], sql: &str, after: &str) -> Result<Connection, Failure> {
    let scratch = crate::support::scratch_folder().expect("a folder");
    let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
    for (sql, leads_to) in [(before, before), (sql, after)] {
        let schema = crate::support::schema_of(leads_to).expect("the schema is right");
        folder.add(&Slug::sanitize("step").expect("a name"), sql, &schema.into()).expect("it is written");
    }
    let connection = block_on(Connection::in_memory()).expect("a database");
    let mut database = Database::from_connection(connection);
    block_on(apply_pending(&mut database, &folder, Some("0001_step"), &mut Silent)).expect("it applies");
    let connection = database.into_connection();
    block_on(connection.run("PRAGMA foreign_keys = OFF")).expect("it runs");
    for statement in rows {
        block_on(connection.run(statement)).expect(statement);
    }
    block_on(connection.run("PRAGMA foreign_keys = ON")).expect("it runs");
    let mut database = Database::from_connection(connection);
    match block_on(apply_pending(&mut database, &folder, None, &mut Silent)) {
        Ok(_) => Ok(database.into_connection()),
        Err(ApplyError::Migration { failure, .. }) => Err(*failure),
        Err(error) => panic!("{error}"),
    }
}

fn count(connection: &Connection, query: &str) -> usize {
    block_on(connection.rows(query)).expect(query).len()
}

#[test]
fn a_migration_that_takes_the_parents_away_is_refused_for_the_children() {
    let rows = ["INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (1, 1), (2, 2)"];
    for sql in [
        "DELETE FROM parent WHERE id = 2;",
        "UPDATE parent SET id = 3 WHERE id = 2;",
        "REPLACE INTO child VALUES (1, 7);",
        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY); INSERT INTO parent_new SELECT id FROM parent WHERE id < 2; \
         DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;",
        "WITH gone AS (SELECT 2 AS id) DELETE FROM parent WHERE id IN (SELECT id FROM gone);",
        "UPDATE OR IGNORE main.parent SET id = 3 WHERE id = 2;",
    ] {
        let failure = migrate(PARENT_AND_CHILD, &rows, sql, PARENT_AND_CHILD).err();
        let is_right = matches!(&failure, Some(Failure::ForeignKeys { table, count: 1, .. }) if table == "child");
        assert!(is_right, "{sql}: {failure:?}");
    }
    let without =
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id REFERENCES parent (id)); CREATE TABLE other (x);";
    let failure = migrate(PARENT_AND_CHILD, &rows, "DROP TABLE parent;", without).err();
    assert!(matches!(&failure, Some(Failure::ForeignKeys { count: 2, .. })), "{failure:?}");
}

#[test]
fn a_write_is_checked_where_triggers_lead_it() {
    let schema = format!(
        "{PARENT_AND_CHILD} CREATE TRIGGER t AFTER INSERT ON other BEGIN INSERT INTO child VALUES (new.x, 99); END;"
    );
    let failure = migrate(&schema, &[], "INSERT INTO other VALUES (1);", &schema).err();
    assert!(matches!(&failure, Some(Failure::ForeignKeys { table, .. }) if table == "child"), "{failure:?}");
    // one that the schema does not show
    let temporary =
        ["CREATE TEMP TRIGGER t AFTER INSERT ON main.other BEGIN INSERT INTO child VALUES (new.x, 99); END"];
    let failure = migrate(PARENT_AND_CHILD, &temporary, "INSERT INTO other VALUES (1);", PARENT_AND_CHILD).err();
    assert!(matches!(&failure, Some(Failure::ForeignKeys { table, .. }) if table == "child"), "{failure:?}");
    // one that the migration brings along
    let sql = "CREATE TRIGGER t AFTER INSERT ON other BEGIN INSERT INTO child VALUES (new.x, 99); END; \
               INSERT INTO other VALUES (1); DROP TRIGGER t;";
    let failure = migrate(PARENT_AND_CHILD, &[], sql, PARENT_AND_CHILD).err();
    assert!(matches!(&failure, Some(Failure::ForeignKeys { table, .. }) if table == "child"), "{failure:?}");
}

#[test]
fn violations_that_were_there_before_are_no_fault_of_a_migration() {
    let rows = ["INSERT INTO child VALUES (1, 5)"];
    let renamed = PARENT_AND_CHILD.replace("child", "kid");
    let parent = PARENT_AND_CHILD.replace("parent (id)", "elder (id)").replace("TABLE parent", "TABLE elder");
    for (sql, after) in [
        ("ALTER TABLE child RENAME TO kid;", renamed.as_str()),
        ("ALTER TABLE parent RENAME TO elder;", parent.as_str()),
        ("INSERT INTO parent VALUES (1);", PARENT_AND_CHILD),
        ("INSERT INTO other VALUES (1);", PARENT_AND_CHILD),
    ] {
        let connection = migrate(PARENT_AND_CHILD, &rows, sql, after).expect(sql);
        assert_eq!(count(&connection, "PRAGMA foreign_key_check"), 1, "{sql}");
        assert_eq!(count(&connection, "PRAGMA integrity_check"), 1, "{sql}");
    }
}

#[test]
fn what_a_change_breaks_elsewhere_is_noticed() {
    let tables = "CREATE TABLE a (x); CREATE TABLE b (y); CREATE TABLE c (z);";
    let more = "CREATE TABLE a (x, y); CREATE TABLE b (y); CREATE TABLE c (z);";
    for (object, kind) in [
        // `y` becomes ambiguous
        ("CREATE VIEW v AS SELECT y FROM a, b;", "view"),
        // so does that of a view on a view
        ("CREATE VIEW u AS SELECT * FROM \"a\"; CREATE VIEW v AS SELECT y FROM u, b;", "view"),
        // a value is missing, far from the table that fires it
        ("CREATE TRIGGER t AFTER INSERT ON c BEGIN INSERT INTO a VALUES (1); END;", "trigger"),
    ] {
        let (before, after) = (format!("{tables} {object}"), format!("{more} {object}"));
        let failure = migrate(&before, &[], "ALTER TABLE a ADD COLUMN y;", &after).err();
        let is_right = matches!(&failure, Some(Failure::Broken { kind: found, .. }) if *found == kind);
        assert!(is_right, "{object}: {failure:?}");
    }
}

#[test]
fn a_change_that_the_migration_does_not_name_is_noticed() {
    // the engine writes the new name into the key of the child
    let sql = "ALTER TABLE parent RENAME TO elder;";
    let wrong = PARENT_AND_CHILD.replace("TABLE parent", "TABLE elder");
    let failure = migrate(PARENT_AND_CHILD, &[], sql, &wrong).err();
    assert!(matches!(&failure, Some(Failure::Structure { .. })), "{failure:?}");
    let right = wrong.replace("parent (id)", "elder (id)");
    migrate(PARENT_AND_CHILD, &[], sql, &right).expect("it leads there");
}
