//! What others do between the question and the lock.

mod parents;

use std::path::Path;

use pollster::block_on;

use super::*;
use crate::diff::{Renames, diff};
use crate::engine::apply::{Applied, Loss, Observer, apply_pending};
use crate::engine::connection::Connection;
use crate::engine::introspect::introspect;
use crate::folder::{Folder, Script, Slug};
use crate::plan::{Accepted, Decisions, plan};
use crate::schema::Schema;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

/// A file with the first of two migrations and rows, and the folder of both.
struct Stand {
    _scratch: tempfile::TempDir,
    database: Database,
    other: Connection,
    folder: Folder,
}

impl Stand {
    fn new(before: &str, after: &str, rows: &str) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let file = scratch.path().join("test.db");
        let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        let mut old = Schema::default();
        for (name, sql) in [("one", before), ("two", after)] {
            let new = schema_of(sql);
            let difference = diff(&old, &new, &Renames::default()).expect("no renames");
            let decisions =
                Decisions { accepted: Accepted { all: true, ..Accepted::default() }, ..Decisions::default() };
            let plan = plan(&old, &new, &difference, &decisions).expect("a plan");
            let slug = Slug::sanitize(name).expect("a name");
            folder.add(&slug, &plan.to_sql(name), &new.clone().into()).expect("it is written");
            old = new;
        }
        let mut database = open(&file);
        block_on(apply_pending(&mut database, &folder, Some("0001_one"), &mut Silent)).expect("it is applied");
        let other = block_on(Connection::open_waiting(&file, false, Duration::from_secs(5))).expect("it opens");
        run(&other, rows);
        Self { _scratch: scratch, database, other, folder }
    }

    /// Asks, does something else, and says how it looks with the lock; the transaction is rolled back.
    fn settled(&mut self, meanwhile: &str) -> &'static str {
        let migration = &self.folder.migrations()[1];
        let (text, file) = (self.folder.sql(migration).expect("its text"), self.folder.sql_path(migration));
        let script = Script::parse(&text, &file).expect("it is right");
        let prepared = Prepared { migration, file, script, drift: None };
        // as if others wrote
        self.database.asking.others_write = true;
        let mut asked = match block_on(self.database.ask(&prepared, 1)).expect("it is asked") {
            Asked::All(asked) => asked,
            Asked::Nothing => return "nothing",
            Asked::Contradicted => return "contradicted at once",
            Asked::Moved => return "moved at once",
        };
        run(&self.other, meanwhile);
        block_on(self.database.begin()).expect("it begins");
        let settled = block_on(self.database.settle_asked(&prepared, &mut asked, false)).expect("it answers");
        block_on(self.database.roll_back());
        match settled {
            Settled::Holds => "holds",
            Settled::Grown => "grown",
            Settled::Contradicted => "contradicted",
            Settled::Moved => "moved",
        }
    }

    fn apply(&mut self) -> Result<(), String> {
        block_on(apply_pending(&mut self.database, &self.folder, None, &mut Silent))
            .map(drop)
            .map_err(|error| error.to_string())
    }

    fn value(&self, query: &str) -> i64 {
        block_on(self.other.first_row(query)).expect(query).map_or(-1, |row| integer(&row[0]))
    }

    fn left(&self) -> i64 {
        self.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_b%' ESCAPE '\\'")
    }
}

fn open(file: &Path) -> Database {
    let database = block_on(Database::open(file, true, Duration::from_secs(5))).expect("a file");
    database.sparing_from(0).asking_beforehand_from(Duration::ZERO)
}

fn run(connection: &Connection, sql: &str) {
    for statement in crate::sql::split(sql) {
        block_on(connection.run(statement.text)).unwrap_or_else(|error| panic!("{}: {error}", statement.text));
    }
}

fn schema_of(sql: &str) -> Schema {
    let connection = block_on(Connection::in_memory()).expect("memory");
    run(&connection, sql);
    block_on(introspect(&connection)).expect("it is read").schema
}

const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER UNIQUE); CREATE INDEX ta ON t (a);";
const ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
     INSERT INTO t (a, b) SELECT 'a' || i, i FROM n;";

/// What can be done meanwhile, and how it looks then.
const MEANWHILE: [(&str, &str); 13] = [
    ("SELECT 1", "holds"),
    ("INSERT INTO t (a, b) VALUES ('x', 1000)", "holds"),
    ("INSERT INTO t (a, b) VALUES (NULL, 1000)", "contradicted"),
    ("UPDATE t SET a = NULL WHERE id = 7", "contradicted"),
    ("UPDATE t SET a = NULL WHERE id = 7; UPDATE t SET a = 'x' WHERE a IS NULL", "holds"),
    ("UPDATE t SET a = NULL WHERE id = 7; DELETE FROM t WHERE id = 7", "holds"),
    ("UPDATE t SET a = NULL, id = -5 WHERE id = 7", "contradicted"),
    ("REPLACE INTO t (id, a, b) VALUES (7, NULL, 8)", "contradicted"),
    ("UPDATE OR REPLACE t SET b = 9, a = 'y' WHERE id = 7", "holds"),
    ("INSERT INTO t (a, b) VALUES ('z', 3) ON CONFLICT DO UPDATE SET a = NULL", "contradicted"),
    ("CREATE TABLE somebody (a)", "moved"),
    ("VACUUM", "moved"),
    ("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER UNIQUE)", "moved"),
];

#[test]
fn whatever_is_written_between_the_question_and_the_lock_counts() {
    for (meanwhile, wanted) in MEANWHILE {
        let mut stand = Stand::new(TABLE, &TABLE.replace("a TEXT", "a TEXT NOT NULL"), ROWS);
        assert_eq!(stand.settled(meanwhile), wanted, "{meanwhile}");
        // behind a death, whoever comes next goes on or begins again
        let (done, bad) = (stand.apply(), stand.value("SELECT count(*) FROM t WHERE a IS NULL"));
        match wanted {
            "contradicted" => {
                assert!(done.is_err() && bad > 0, "{meanwhile}");
                run(&stand.other, "UPDATE t SET a = 'mended' WHERE a IS NULL");
                stand.apply().expect(meanwhile);
            }
            // another table, or one without its index, is a drift
            "moved" if meanwhile != "VACUUM" => assert!(done.is_err(), "{meanwhile}"),
            _ => done.expect(meanwhile),
        }
        if !(wanted == "moved" && meanwhile != "VACUUM") {
            assert_eq!(stand.value("SELECT count(*) FROM t WHERE a IS NULL"), 0, "{meanwhile}");
            assert_eq!(stand.value("SELECT count(*) FROM pragma_table_info('t') WHERE name = 'a' AND \"notnull\""), 1);
            assert_eq!(stand.left(), 0, "{meanwhile}");
            assert_eq!(stand.value("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
        }
    }
}

#[test]
fn rows_are_asked_as_they_will_be_read() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, c INTEGER, b INTEGER DEFAULT 5);";
    for (rows, meanwhile, wanted) in [
        ("INSERT INTO t (a, c, b) VALUES ('x', 1, 1)", "SELECT 1", "holds"),
        ("INSERT INTO t (a, c, b) VALUES ('x', 1, 1)", "INSERT INTO t (a) VALUES ('y')", "holds"),
        // written before there was the column, as the engine stores it
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, \
          c INTEGER)' WHERE name = 't'; PRAGMA writable_schema = RESET; INSERT INTO t (a, c) VALUES ('x', 1); \
          PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, \
          c INTEGER, b INTEGER DEFAULT 5)' WHERE name = 't'; PRAGMA writable_schema = RESET;",
            "SELECT 1",
            "contradicted at once",
        ),
    ] {
        let mut stand = Stand::new(before, &before.replace("DEFAULT 5", "DEFAULT 6"), rows);
        assert_eq!(stand.settled(meanwhile), wanted, "{rows}");
        let sum = stand.value("SELECT sum(b) FROM t");
        stand.apply().expect("it is applied");
        assert_eq!(stand.value("SELECT sum(b) FROM t"), sum, "no row reads another value: {rows}");
        assert_eq!(stand.left(), 0);
    }
}

#[test]
fn a_null_in_a_column_that_has_none_is_found_where_its_default_changes() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER NOT NULL);";
    // written before there was the column, which then got a definition that the row does not satisfy
    let older = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, \
                 a TEXT)' WHERE name = 't'; PRAGMA writable_schema = RESET; INSERT INTO t (a) VALUES ('x'); \
                 PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, \
                 a TEXT, b INTEGER NOT NULL)' WHERE name = 't'; PRAGMA writable_schema = RESET;";
    for (rows, wanted) in [("INSERT INTO t (a, b) VALUES ('x', 1)", "holds"), (older, "contradicted at once")] {
        let mut stand = Stand::new(before, &before.replace("NOT NULL", "NOT NULL DEFAULT 6"), rows);
        assert_eq!(stand.settled("SELECT 1"), wanted, "{rows}");
    }
}

#[test]
fn pieces_that_are_ranges_of_numbers_leave_no_row_out() {
    // two pieces without a gap, two with nothing, and some rows behind them and before the first one
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) \
                INSERT INTO t (id, a) SELECT i, 'a' FROM n; \
                INSERT INTO t (id, a) VALUES (-5, 'a'), (45000, 'a'), (45001, 'a'), (90000, 'a')";
    let mut stand = Stand::new(TABLE, &TABLE.replace("a TEXT", "a TEXT NOT NULL"), rows);
    assert_eq!(stand.settled("SELECT 1"), "holds");
    for id in [-5, 1, 9_993, 9_994, 9_995, 10_000, 15_000, 45_000, 45_001, 90_000] {
        run(&stand.other, &format!("UPDATE t SET a = NULL WHERE id = {id}"));
        block_on(stand.database.forget_asked()).expect("it goes");
        assert_eq!(stand.settled("SELECT 1"), "contradicted at once", "{id}");
        run(&stand.other, &format!("UPDATE t SET a = 'a' WHERE id = {id}"));
    }
    block_on(stand.database.forget_asked()).expect("it goes");
    assert_eq!(stand.settled("SELECT 1"), "holds");
}

#[test]
fn tables_without_rowids_are_asked_by_their_key() {
    let before = "CREATE TABLE t (k TEXT COLLATE NOCASE, n INTEGER, a TEXT, PRIMARY KEY (k, n)) WITHOUT ROWID; \
                  CREATE INDEX ta ON t (a);";
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
                INSERT INTO t SELECT 'k' || (i % 7), i, 'a' FROM n;";
    for (meanwhile, wanted) in [
        ("UPDATE t SET a = 'b' WHERE n = 8", "holds"),
        ("UPDATE t SET k = 'K1', n = 900, a = NULL WHERE n = 8", "contradicted"),
        ("INSERT INTO t VALUES ('x', 1, NULL)", "contradicted"),
    ] {
        let mut stand = Stand::new(before, &before.replace("a TEXT", "a TEXT NOT NULL"), rows);
        assert_eq!(stand.settled(meanwhile), wanted, "{meanwhile}");
    }
}

#[test]
fn a_log_that_has_much_is_asked_without_the_lock() {
    let mut stand = Stand::new(TABLE, &TABLE.replace("a TEXT", "a TEXT NOT NULL"), ROWS);
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
                INSERT INTO t (a) SELECT 'm' FROM n";
    assert_eq!(stand.settled(many), "grown");
    assert_eq!(stand.settled("SELECT 1"), "holds", "another runner has taken it out of the log");
    assert_eq!(stand.settled(&many.replace("'m'", "nullif(i, 1200)")), "grown");
    assert_eq!(stand.settled("SELECT 1"), "contradicted at once");
    assert!(stand.apply().is_err());
    assert_eq!(stand.left(), 0);
}

#[test]
fn what_a_death_leaves_behind_is_hidden_and_goes() {
    let mut stand = Stand::new(TABLE, &TABLE.replace("a TEXT", "a TEXT NOT NULL"), ROWS);
    assert_eq!(stand.settled("SELECT 1"), "holds");
    assert!(stand.left() > 0);
    let found = block_on(introspect(&stand.other)).expect("it is read");
    assert_eq!((found.schema.canonical(), found.unreadable.len()), (schema_of(TABLE).canonical(), 0));
    let given_up = block_on(stand.database.give_up()).expect("it goes");
    assert!(matches!(given_up, crate::engine::apply::GivenUp::Gone(progress) if progress.name == "0002_two"));
    assert_eq!(stand.left(), 0);
    // nor does it stay where nothing is asked any more
    assert_eq!(stand.settled("SELECT 1"), "holds");
    stand.database = std::mem::replace(&mut stand.database, block_on(memory())).sparing_from(u64::MAX);
    stand.apply().expect("it is applied");
    assert_eq!(stand.left(), 0);
}

async fn memory() -> Database {
    Database::from_connection(Connection::in_memory().await.expect("memory"))
}

#[test]
fn what_foreign_keys_and_triggers_do_counts_as_well() {
    let before = "CREATE TABLE p (k INTEGER PRIMARY KEY); \
                  CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER REFERENCES p ON DELETE SET NULL); \
                  CREATE TRIGGER tr AFTER INSERT ON t WHEN NEW.a = 'gone' BEGIN UPDATE t SET b = NULL WHERE id = NEW.id; END;";
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) \
                INSERT INTO p SELECT i FROM n; INSERT INTO t (a, b) SELECT 'a', k FROM p;";
    for meanwhile in ["PRAGMA foreign_keys = ON; DELETE FROM p WHERE k = 5", "INSERT INTO t (a, b) VALUES ('gone', 7)"]
    {
        let mut stand = Stand::new(before, &before.replace("b INTEGER", "b INTEGER NOT NULL"), rows);
        assert_eq!(stand.settled(meanwhile), "contradicted", "{meanwhile}");
        assert!(stand.apply().is_err());
        run(&stand.other, "UPDATE t SET b = 1 WHERE b IS NULL");
        stand.apply().expect(meanwhile);
        assert_eq!((stand.left(), stand.value("SELECT count(*) FROM sqlite_schema WHERE name = 'tr'")), (0, 1));
    }
}
