//! A change that is no migration, made to a file: all of it or nothing, and only where it was planned.

use std::time::Duration;

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::apply::{Database, Failure, Push, Step, Target as _};
use dbmigrate_core::engine::{Connection, Introspected};
use dbmigrate_core::plan::{Decisions, Plan, plan};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::support::{run_script, schema_of};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users ON DELETE CASCADE)";
const AFTER: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT NOT NULL, email TEXT UNIQUE);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users ON DELETE CASCADE)";
const ROWS: &str = "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'b', 'y'); INSERT INTO posts VALUES (1, 1), (2, 2)";

struct File {
    directory: tempfile::TempDir,
}

impl File {
    fn new(script: &str) -> Self {
        let file = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        file.run(script);
        file
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("test.db")
    }

    fn run(&self, script: &str) {
        let connection = block_on(Connection::open(&self.path(), true)).expect("a database");
        block_on(run_script(&connection, script)).expect("the script runs");
    }

    fn open(&self) -> Database {
        block_on(Database::open(&self.path(), false, Duration::ZERO)).expect("a database")
    }

    /// The bytes of the file, and that there is no other beside it.
    fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.directory.path()).expect("a directory").count();
        assert_eq!(files, 1, "a journal is left");
        std::fs::read(self.path()).expect("a file")
    }
}

fn planned(before: &Introspected, wanted: &Schema) -> Plan {
    let difference = diff(&before.schema, wanted, &Renames::default()).expect("no renames");
    plan(&before.schema, wanted, &difference, &Decisions::default()).expect("a plan")
}

fn push(database: &mut Database, before: &Introspected, wanted: &Schema, plan: &Plan) -> Result<Step, Failure> {
    let push =
        Push { before, wanted, preflights: &plan.preflights, statements: plan.statements().collect(), history: None };
    let result = block_on(database.push(&push));
    block_on(database.finish()).expect("the settings are restored");
    result
}

#[test]
fn a_change_is_made_with_foreign_keys_off_and_they_are_on_again_afterwards() {
    let file = File::new(&format!("{BEFORE};{ROWS}"));
    let wanted = schema_of(AFTER).expect("a schema");
    let mut database = file.open();
    let before = block_on(database.introspected()).expect("a schema");
    let plan = planned(&before, &wanted);
    assert!(matches!(push(&mut database, &before, &wanted, &plan), Ok(Step::Applied { .. })));
    let rows = |query| block_on(database.connection().rows(query)).expect("rows").len();
    assert_eq!(rows("SELECT 1 FROM posts"), 2, "the children of the rebuilt table are there");
    assert_eq!(rows("SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 1"), 1);
    assert_eq!(rows("SELECT 1 FROM sqlite_schema WHERE name LIKE '%dbmigrate%'"), 0, "nothing is recorded");
    let after = block_on(database.introspected()).expect("a schema");
    assert_eq!(after.schema.canonical(), wanted.canonical());
}

#[test]
fn all_that_rows_contradict_is_found_and_not_a_byte_changes() {
    let file = File::new(&format!("{BEFORE}; INSERT INTO users VALUES (1, NULL, 'x'), (2, NULL, 'x'), (3, 'c', NULL)"));
    let wanted = schema_of(AFTER).expect("a schema");
    let bytes = file.bytes();
    let mut database = file.open();
    let before = block_on(database.introspected()).expect("a schema");
    let plan = planned(&before, &wanted);
    let Err(Failure::Contradicted { found }) = push(&mut database, &before, &wanted, &plan) else {
        panic!("it must be refused")
    };
    let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "2 rows have NULL in `users.nick`, which becomes NOT NULL, first at rowid 1",
            "1 duplicate in `users` (email), which becomes unique: 'x'"
        ]
    );
    drop(database);
    assert_eq!(file.bytes(), bytes);
}

#[test]
fn a_database_that_is_not_what_the_plan_was_made_for_is_left_alone() {
    let file = File::new(&format!("{BEFORE};{ROWS}"));
    let wanted = schema_of(AFTER).expect("a schema");
    let mut database = file.open();
    let before = block_on(database.introspected()).expect("a schema");
    let plan = planned(&before, &wanted);
    file.run("ALTER TABLE users ADD COLUMN phone TEXT");
    let bytes = file.bytes();
    assert!(matches!(push(&mut database, &before, &wanted, &plan), Ok(Step::Overtaken)));
    // and what cannot be read counts as well
    file.run("ALTER TABLE users DROP COLUMN phone; CREATE TABLE odd (a \"\")");
    assert!(matches!(push(&mut database, &before, &wanted, &plan), Ok(Step::Overtaken)));
    file.run("DROP TABLE odd");
    assert!(matches!(push(&mut database, &before, &wanted, &plan), Ok(Step::Applied { .. })));
    assert_ne!(file.bytes(), bytes);
}

#[test]
fn statements_that_lead_elsewhere_are_undone() {
    let file = File::new(&format!("{BEFORE};{ROWS}"));
    let wanted = schema_of(AFTER).expect("a schema");
    let bytes = file.bytes();
    let mut database = file.open();
    let before = block_on(database.introspected()).expect("a schema");
    for (statements, wanted) in [
        // another schema
        (vec!["CREATE TABLE other (a)"], &wanted),
        // a parent without its rows
        (vec!["DELETE FROM users"], &before.schema),
    ] {
        let push = Push { before: &before, wanted, preflights: &[], statements, history: None };
        let failure = block_on(database.push(&push)).expect_err("it must fail");
        assert!(matches!(failure, Failure::Structure { .. } | Failure::ForeignKeys { count: 2, .. }), "{failure:?}");
    }
    drop(database);
    assert_eq!(file.bytes(), bytes);
}

#[test]
fn a_view_that_breaks_undoes_the_change_and_one_that_was_broken_does_not() {
    let script = "CREATE TABLE t (a, b); CREATE VIEW broken AS SELECT * FROM nowhere; CREATE VIEW fine AS SELECT b FROM u; CREATE TABLE u (b)";
    let file = File::new(script);
    let mut database = file.open();
    let before = block_on(database.introspected()).expect("a schema");
    let mut wanted = before.schema.clone();
    wanted.tables.remove(&"u".into());
    let mut push = |statement, wanted: &Schema| {
        let push = Push { before: &before, wanted, preflights: &[], statements: vec![statement], history: None };
        block_on(database.push(&push))
    };
    let failure = push("DROP TABLE u", &wanted).expect_err("`fine` reads it");
    assert!(matches!(failure, Failure::Broken { kind: "view", ref name, .. } if name == "fine"), "{failure:?}");
    let mut wanted = before.schema.clone();
    wanted.tables.remove(&"t".into());
    assert!(matches!(push("DROP TABLE t", &wanted), Ok(Step::Applied { .. })));
}
