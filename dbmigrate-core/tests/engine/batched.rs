//! Statements in batches: on rows of every kind, stopped anywhere and gone on with, they do what they do at once.

use dbmigrate_core::engine::apply::{
    Advanced, Applied, ApplyError, Database, Failure, Loss, Observer, Options, Outcome, Target as _, apply_pending,
    apply_pending_with, inspect, status,
};
use dbmigrate_core::engine::progress::{PROGRESS_TABLE, Progress};
use dbmigrate_core::engine::{content, introspect};
use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_core::sql::split;
use pollster::block_on;

/// What every database of these tests begins with.
const TABLES: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, u TEXT NOT NULL UNIQUE);
CREATE INDEX t_a ON t (a);
CREATE TABLE w (k TEXT NOT NULL COLLATE NOCASE, n NUMERIC NOT NULL, v, PRIMARY KEY (k, n)) WITHOUT ROWID;
CREATE TABLE loose (x, y);
CREATE TABLE s (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id), note TEXT);
CREATE TABLE other (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX other_t ON other (t_id);
CREATE TABLE log (what TEXT);
CREATE TABLE audited (id INTEGER PRIMARY KEY, x INTEGER, touched INTEGER NOT NULL DEFAULT 0);
CREATE TRIGGER audited_update AFTER UPDATE OF x ON audited BEGIN
  UPDATE audited SET touched = touched + 1 WHERE id = NEW.id;
  INSERT INTO log VALUES (OLD.id || ':' || OLD.x || '>' || NEW.x);
END;
CREATE VIEW of_t AS SELECT id, a FROM t;
";

/// A sequence that is the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Stops after so many pieces, and notes how they went.
#[derive(Default)]
struct Watch {
    left: Option<u64>,
    pieces: Vec<Advanced>,
    resumed: Option<Progress>,
}

impl Observer for Watch {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
    fn advanced(&mut self, advanced: &Advanced) {
        self.pieces.push(advanced.clone());
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
    fn resumes(&mut self, progress: &Progress) {
        self.resumed = Some(progress.clone());
    }
    fn is_stopped(&self) -> bool {
        self.left == Some(0)
    }
}

/// A folder with two migrations: the tables, and what is tested.
struct Case {
    scratch: tempfile::TempDir,
    folder: Folder,
}

impl Case {
    fn new(sql: &str, after: &str) -> Self {
        let scratch = crate::support::scratch_folder().expect("a folder");
        let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        for (sql, schema) in [(TABLES, TABLES), (sql, after)] {
            let schema = crate::support::schema_of(schema).expect("the schema is right");
            folder.add(&Slug::sanitize("step").expect("a name"), sql, &schema.into()).expect("it is written");
        }
        let case = Self { scratch, folder };
        block_on(apply_pending(&mut case.open("plain.db"), &case.folder, Some("0001_step"), &mut Watch::default()))
            .expect("the tables are made");
        case
    }

    fn open(&self, name: &str) -> Database {
        crate::support::open(&self.scratch.path().join(name)).expect("a database")
    }

    fn run(&self, name: &str, sql: &str) {
        let database = self.open(name);
        for statement in split(sql) {
            block_on(database.connection().run(statement.text))
                .unwrap_or_else(|error| panic!("{}: {error}", statement.text));
        }
    }

    fn value(&self, name: &str, query: &str) -> String {
        let rows = block_on(self.open(name).connection().rows(query)).expect("it is answered");
        rows.first().map(|row| dbmigrate_core::engine::connection::display(&row[0])).unwrap_or_default()
    }

    fn copy(&self, from: &str, to: &str) {
        fs_err::copy(self.scratch.path().join(from), self.scratch.path().join(to)).expect("it is copied");
    }

    fn migrate(&self, name: &str, watch: &mut Watch) -> Result<Outcome, ApplyError> {
        block_on(apply_pending(&mut self.open(name), &self.folder, None, watch))
    }

    /// All rows, of all tables.
    fn rows(&self, name: &str) -> Vec<(dbmigrate_core::sql::Name, content::Rows)> {
        let database = self.open(name);
        let schema = block_on(introspect(database.connection())).expect("it is read").schema;
        block_on(content::everything(database.connection(), &schema)).expect("they are read")
    }
}

/// Statements that fill the tables with so many rows at most.
fn filled(random: &mut Random, rows: u64) -> String {
    use std::fmt::Write as _;
    let mut sql = String::from("PRAGMA foreign_keys = ON;\nBEGIN;\n");
    let value = |random: &mut Random| match random.next(7) {
        0 => "NULL".to_owned(),
        1 => format!("'t{}'", random.next(20)),
        2 => format!("{}.5", random.next(9)),
        3 => format!("x'{:02x}ff'", random.next(256)),
        4 => "9e999".to_owned(),
        _ => random.next(50).to_string(),
    };
    let count = random.next(rows + 1);
    for _ in 0..count {
        let (id, a) = (random.next(rows * 3), random.next(9));
        let unique = match random.next(3) {
            0 => format!("CAST(x'{:02x}{:02x}' AS TEXT)", random.next(256), random.next(256)),
            _ => format!("'u{}'", random.next(rows * 5)),
        };
        let b = if random.next(4) == 0 { "NULL".to_owned() } else { format!("'b{}'", random.next(9)) };
        let _ = writeln!(sql, "INSERT OR IGNORE INTO t VALUES ({id} - {rows}, {a}, {b}, {unique});");
        let key = match random.next(4) {
            0 => format!("'{}'", ["a", "A", "b", "B", "aB", ""][usize::try_from(random.next(6)).unwrap_or(0)]),
            _ => format!("'k{}'", random.next(rows)),
        };
        let number = match random.next(4) {
            0 => format!("'x{}'", random.next(5)),
            1 => format!("{}.25", random.next(9)),
            2 => ["9e999", "-9e999", "x'00'", "x'ff'"][usize::try_from(random.next(4)).unwrap_or(0)].to_owned(),
            _ => random.next(40).to_string(),
        };
        let _ = writeln!(sql, "INSERT OR IGNORE INTO w VALUES ({key}, {number}, {});", value(random));
        let _ = writeln!(sql, "INSERT INTO loose VALUES ({}, {});", value(random), value(random));
        let _ = writeln!(sql, "INSERT INTO audited (id, x) VALUES (NULL, {});", random.next(6));
        let _ = writeln!(
            sql,
            "INSERT INTO other (t_id, amount) VALUES ({} - {rows}, {});",
            random.next(rows * 3),
            random.next(99)
        );
        let _ = writeln!(sql, "DELETE FROM loose WHERE rowid = {};", random.next(rows));
    }
    sql.push_str("COMMIT;\n");
    sql
}

/// What is cut by which key.
const STATEMENTS: [(&str, &str); 17] = [
    ("id", "UPDATE t SET b = 'x' || coalesce(b, '-')"),
    ("id", "UPDATE t SET b = upper(b), a = a + 1 WHERE a < 5 OR b IS NULL"),
    ("u", "UPDATE t SET a = NULL WHERE a = 3"),
    ("rowid", "UPDATE t AS x SET a = (SELECT sum(amount) FROM other WHERE other.t_id = x.id)"),
    (
        "x.id",
        "UPDATE t AS x SET a = o.n FROM (SELECT t_id, count(*) AS n FROM other GROUP BY t_id) AS o WHERE o.t_id = x.id",
    ),
    ("k, n", "UPDATE w SET v = typeof(n) || k -- a comment\n"),
    ("k, n", "DELETE FROM w WHERE typeof(n) = 'text' OR k = 'b'"),
    ("rowid", "DELETE FROM loose WHERE typeof(x) IN ('null', 'real')"),
    ("oid", "UPDATE OR IGNORE loose SET y = x"),
    ("id", "DELETE FROM t WHERE id NOT IN (SELECT t_id FROM other)"),
    ("id", "INSERT INTO s (id, t_id, note) SELECT id, id, b FROM t WHERE a > 2"),
    (
        "x.id",
        "INSERT INTO s (id, t_id, note) SELECT x.id, x.id, o.amount FROM other AS o JOIN t AS x ON x.id = o.t_id WHERE 1 ON CONFLICT (id) DO UPDATE SET note = note || excluded.note",
    ),
    (
        "id",
        "WITH big AS (SELECT t_id FROM other WHERE amount > 50) INSERT INTO s (id, t_id) SELECT id, id FROM t WHERE id IN (SELECT t_id FROM big)",
    ),
    ("k, n", "INSERT INTO loose SELECT w.n, max(w.k, 'b') FROM w LEFT JOIN t ON t.a = w.n"),
    ("id", "UPDATE audited SET x = x + 1 WHERE x % 2 = 0"),
    ("id", "REPLACE INTO loose (rowid, x) SELECT id, a FROM audited CROSS JOIN (SELECT 1 AS a)"),
    ("id", "INSERT OR IGNORE INTO w SELECT b, a, id FROM t WHERE b IS NOT NULL AND a IS NOT NULL"),
];

#[test]
fn a_statement_in_batches_does_what_it_does_at_once_however_often_it_is_stopped() {
    let rounds: u64 = std::env::var("BATCHED_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let (mut pieces, mut stops) = (0, 0);
    for (number, (by, sql)) in STATEMENTS.iter().enumerate() {
        for round in 0..rounds {
            let mut random = Random(number as u64 * 1000 + round);
            let size = 1 + random.next(30);
            let case = Case::new(&format!("-- dbmigrate: batched {size} by {by}\n{sql};\n"), TABLES);
            case.run("plain.db", &filled(&mut random, 120));
            case.copy("plain.db", "batched.db");
            case.run("plain.db", &format!("PRAGMA foreign_keys = OFF;\n{sql};\n"));
            // stopped anywhere, and begun again by another process
            loop {
                let left = Some(1 + random.next(9));
                let mut watch = Watch { left, ..Watch::default() };
                let outcome = case.migrate("batched.db", &mut watch).unwrap_or_else(|error| panic!("{sql}: {error}"));
                pieces += watch.pieces.len();
                if !outcome.applied.is_empty() {
                    break;
                }
                stops += 1;
                let now = block_on(status(&mut case.open("batched.db"), &case.folder)).expect("it stands somewhere");
                assert_eq!(now.under_way.map(|progress| progress.name), Some("0002_step".to_owned()));
            }
            assert_eq!(case.rows("plain.db"), case.rows("batched.db"), "{sql} in batches of {size}, round {round}");
            assert_eq!(
                case.value(
                    "batched.db",
                    &format!("SELECT count(*) FROM sqlite_schema WHERE name = '{PROGRESS_TABLE}'")
                ),
                "0"
            );
            assert_eq!(case.value("batched.db", "SELECT count(*) FROM _dbmigrate_history"), "2");
        }
    }
    assert!(pieces > 400 && stops > 50, "{pieces} pieces, {stops} stops");
}

/// Why a migration with these statements is not applied, on tables without rows.
fn refusal(by: &str, sql: &str) -> String {
    let tables = format!(
        "{TABLES}CREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER \
         REFERENCES parent (id) ON UPDATE CASCADE);\nCREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree (id));\n\
         CREATE TABLE fed (id INTEGER PRIMARY KEY, x);\nCREATE TRIGGER feeds AFTER INSERT ON fed BEGIN INSERT INTO other \
         (t_id, amount) VALUES (1, 1); END;\n"
    );
    let made = &tables[TABLES.len()..];
    let case = Case::new(&format!("{made}-- dbmigrate: batched 10 by {by}\n{sql};\n"), &tables);
    match case.migrate("plain.db", &mut Watch::default()) {
        Err(ApplyError::Migration { failure, .. }) => {
            // nothing has begun
            assert_eq!(
                case.value("plain.db", &format!("SELECT count(*) FROM sqlite_schema WHERE name = '{PROGRESS_TABLE}'")),
                "0"
            );
            assert_eq!(case.value("plain.db", "SELECT count(*) FROM sqlite_schema WHERE name = 'fed'"), "0");
            failure.to_string()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn what_would_mean_something_else_in_batches_is_refused_before_it_begins() {
    let self_read = "which it writes: each batch would see what those before have written";
    for (by, sql, why) in [
        ("id", "UPDATE t SET a = (SELECT max(a) FROM t)", format!("it reads `t`, {self_read}")),
        (
            "id",
            "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM of_t)",
            format!("it reads `t` through the view `of_t`, {self_read}"),
        ),
        (
            "id",
            "DELETE FROM other WHERE EXISTS (SELECT 1 FROM other AS o WHERE o.amount = 1)",
            format!("it reads `other`, {self_read}"),
        ),
        ("id", "INSERT INTO t (u) SELECT u || 'x' FROM t", format!("it reads `t`, {self_read}")),
        (
            "id",
            "INSERT INTO s (t_id) SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM s)",
            format!("it reads `s`, {self_read}"),
        ),
        (
            "id",
            "INSERT INTO s (t_id) SELECT max(id) FROM t",
            "it has an aggregate, `max`, which would be one for each batch".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id, note) SELECT id, row_number() OVER (ORDER BY a) FROM t",
            "it has a window function, `row_number`, which would see one batch".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id) SELECT id FROM t GROUP BY a",
            "it has `GROUP BY`, whose groups would be cut".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (note) SELECT DISTINCT b FROM t",
            "it has `DISTINCT`, which would count for each batch by itself".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id) SELECT id FROM t LIMIT 5",
            "it has `LIMIT`, which would count for each batch by itself".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id) SELECT id FROM t ORDER BY a",
            "it has `ORDER BY`, which would count for each batch by itself".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id) SELECT id FROM t UNION SELECT 1",
            "it has a compound `SELECT`: its parts go through several tables".to_owned(),
        ),
        (
            "id",
            "INSERT INTO s (t_id) VALUES (1)",
            "it inserts the rows that it has in it, and goes through no table".to_owned(),
        ),
        ("id", "INSERT INTO s (t_id) SELECT x.id FROM (SELECT id FROM t) AS x", "it goes through no table".to_owned()),
        (
            "id",
            "INSERT INTO s (t_id) SELECT t.id FROM t RIGHT JOIN other ON other.t_id = t.id",
            "it has an outer join that adds rows without a key".to_owned(),
        ),
        ("id", "UPDATE t SET a = 1 RETURNING id", "it has `RETURNING`, and its rows are not read".to_owned()),
        ("id", "UPDATE t SET a = ?1", "it has a parameter, which has no value in a migration".to_owned()),
        ("id", "UPDATE t SET a = changes()", "it calls `changes`, which answers of the batch before".to_owned()),
        (
            "id",
            "UPDATE OR FAIL t SET a = 1",
            "it has `OR FAIL`, which would keep or undo rows of one batch only".to_owned(),
        ),
        (
            "id",
            "UPDATE t SET id = id + 1",
            "it changes `id`, by which it would be cut: rows would be met twice, or never".to_owned(),
        ),
        (
            "rowid",
            "UPDATE t SET id = id + 1",
            "it changes `id`, by which it would be cut: rows would be met twice, or never".to_owned(),
        ),
        ("a", "UPDATE t SET b = 1", "`t.a` may be NULL".to_owned()),
        ("n", "UPDATE w SET v = 1", "`w` has no unique key of `n` in this order".to_owned()),
        ("nothing", "UPDATE t SET b = 1", "`t` has no column `nothing`".to_owned()),
        ("x.id", "UPDATE t SET b = 1", "the table that it goes through is called `t` in it, not `x`".to_owned()),
        ("id", "INSERT INTO s (t_id) SELECT id FROM of_t", "`of_t` is a view, and has no key to cut by".to_owned()),
        (
            "id",
            "UPDATE parent SET id = id + 1",
            "it changes `id`, by which it would be cut: rows would be met twice, or never".to_owned(),
        ),
        (
            "id",
            "DELETE FROM tree",
            "`tree` refers to itself: rows that belong together may be in two batches".to_owned(),
        ),
        (
            "id",
            "INSERT INTO fed (x) SELECT amount FROM other",
            "the trigger `feeds` writes `other`, which it reads: each batch would see what those before have written"
                .to_owned(),
        ),
    ] {
        assert_eq!(refusal(by, sql), why, "{sql}");
    }
}

#[test]
fn a_batch_that_would_change_rows_of_another_table_or_lose_their_parent_fails_and_goes_on_later() {
    let tables = "CREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER \
                  REFERENCES parent (id) ON DELETE CASCADE);\n";
    let after = format!("{TABLES}{tables}");
    for (sql, said) in [
        (
            "DELETE FROM parent WHERE id > 3",
            "rows of `child` refer to rows that it deletes, and would be changed with them",
        ),
        ("DELETE FROM t WHERE id > 3", "FOREIGN KEY constraint failed"),
        ("INSERT INTO s (t_id) SELECT id FROM other", "FOREIGN KEY constraint failed"),
    ] {
        let rows = "INSERT INTO parent (id) SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9]');\nINSERT INTO child (p) VALUES (1), (8);\n";
        let text = format!("{tables}{rows}-- dbmigrate: batched 2 by id\n{sql};\n");
        let case = Case::new(&text, &after);
        case.run(
            "plain.db",
            "INSERT INTO t (id, u) SELECT value, value FROM json_each('[1,2,3,4,5,6,7,8,9]');
             INSERT INTO s (t_id) VALUES (8);
             INSERT INTO other (id, t_id, amount) SELECT value, value, 0 FROM json_each('[1,2,3,4,5,6,7,8,99]')",
        );
        let error = case.migrate("plain.db", &mut Watch::default()).expect_err("it fails");
        let ApplyError::Migration { failure, .. } = &error else { panic!("{error}") };
        let Failure::UnderWay { failure, progress } = &**failure else { panic!("{failure:?}") };
        assert_eq!(failure.to_string(), said, "{sql}");
        assert!(progress.visited >= 6 && progress.visited < 10, "{progress:?}");
        assert_eq!(case.value("plain.db", "SELECT count(*) FROM child"), "2", "{sql}");
        // somebody mends it, and it goes on
        case.run("plain.db", "DELETE FROM child WHERE p > 3; DELETE FROM s; DELETE FROM other WHERE t_id = 99");
        let mut watch = Watch::default();
        assert_eq!(case.migrate("plain.db", &mut watch).expect("it goes on").applied.len(), 1, "{sql}");
        assert_eq!(watch.resumed.map(|progress| progress.visited), Some(progress.visited));
    }
}

#[test]
fn what_is_around_batches_is_done_once_and_checked_with_the_rest() {
    let after = TABLES.to_owned() + "CREATE TABLE d (id INTEGER PRIMARY KEY, x);\nCREATE INDEX s_note ON s (note);\n";
    let sql = "CREATE TABLE d (id INTEGER PRIMARY KEY, x);\n-- dbmigrate: batched 5 by id\nINSERT INTO d (x) SELECT id FROM t;\n\
               INSERT INTO log VALUES ('between');\n-- dbmigrate: batched 5 by id\nUPDATE t SET b = 'done';\nCREATE INDEX s_note ON s (note);\n";
    let case = Case::new(sql, &after);
    case.run("plain.db", "INSERT INTO t (id, u) SELECT value, value FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]')");
    let mut at = 0;
    loop {
        let mut watch = Watch { left: Some(1), ..Watch::default() };
        let outcome = case.migrate("plain.db", &mut watch).expect("it goes on");
        at += watch.pieces.len();
        if !outcome.applied.is_empty() {
            break;
        }
        let (_, standing) = block_on(inspect(&mut case.open("plain.db"), &case.folder)).expect("it stands somewhere");
        assert!(matches!(standing, dbmigrate_core::engine::apply::Standing::AsRecorded), "{standing:?}");
    }
    assert_eq!(at, 6);
    let count = |query: &str| case.value("plain.db", query);
    assert_eq!(count("SELECT count(*) FROM d"), "12");
    assert_eq!(count("SELECT count(*) FROM t WHERE b = 'done'"), "12");
    assert_eq!(count("SELECT count(*) FROM log"), "1");
    // what has come out is no other schema than that of the snapshot
    let wrong = Case::new(sql, TABLES);
    let error = wrong.migrate("plain.db", &mut Watch::default()).expect_err("the schema is another one");
    assert!(error.to_string().contains("does not match its snapshot"), "{error}");
    assert!(wrong.migrate("plain.db", &mut Watch::default()).is_err(), "it stays under way");
}

#[test]
fn what_somebody_has_changed_meanwhile_is_said() {
    let sql = "-- dbmigrate: batched 2 by id\nUPDATE t SET a = 1;\n";
    let case = Case::new(sql, TABLES);
    case.run("plain.db", "INSERT INTO t (id, u) SELECT value, value FROM json_each('[1,2,3,4,5,6,7,8,9]')");
    case.migrate("plain.db", &mut Watch { left: Some(2), ..Watch::default() }).expect("it stops");
    case.copy("plain.db", "drifted.db");
    case.run("drifted.db", "CREATE TABLE by_hand (x)");
    let error = case.migrate("drifted.db", &mut Watch::default()).expect_err("it has drifted");
    assert!(matches!(error, ApplyError::Drift { .. }), "{error}");
    let mut other = case.open("plain.db");
    assert!(block_on(other.under_way()).expect("it answers").is_some());
    let edited = Case::new(&sql.replace("a = 1", "a = 2"), TABLES);
    let from = case.scratch.path().join("plain.db");
    fs_err::copy(from, edited.scratch.path().join("edited.db")).expect("it is copied");
    let edited = edited.migrate("edited.db", &mut Watch::default());
    let error = edited.expect_err("it is another one");
    assert_eq!(error.to_string(), "migration `0002_step` is under way in the database, and was edited since it began");
}

#[test]
fn it_is_alone_and_never_in_one_transaction_but_a_rehearsal() {
    let case = Case::new("-- dbmigrate: batched 2 by id\nUPDATE t SET a = 1;\n", TABLES);
    case.run("plain.db", "INSERT INTO t (id, u) SELECT value, value FROM json_each('[1,2,3,4,5,6,7,8,9]')");
    let mut database = case.open("plain.db").rehearsing();
    let outcome =
        block_on(apply_pending(&mut database, &case.folder, None, &mut Watch::default())).expect("it is tried");
    assert_eq!(outcome.applied.len(), 1);
    assert_eq!(case.value("plain.db", "SELECT count(*) FROM t WHERE a = 1"), "0");
    let options = Options { atomic: true, ..Options::default() };
    let new = |watch: &mut Watch| block_on(apply_pending_with(&mut case.open("new.db"), &case.folder, options, watch));
    assert!(matches!(new(&mut Watch::default()), Err(ApplyError::NotAtomic { .. })));
}

#[test]
fn runners_at_once_take_turns() {
    let case = Case::new("-- dbmigrate: batched 3 by id\nUPDATE t SET a = coalesce(a, 0) + 1;\n", TABLES);
    let ids: Vec<String> = (1..=300).map(|id| id.to_string()).collect();
    case.run("plain.db", &format!("INSERT INTO t (id, u) SELECT value, value FROM json_each('[{}]')", ids.join(",")));
    let applied: usize = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| case.migrate("plain.db", &mut Watch::default()).expect("it applies").applied.len()))
            .collect();
        runners.into_iter().map(|runner| runner.join().expect("no panic")).sum()
    });
    assert_eq!(applied, 1);
    assert_eq!(case.value("plain.db", "SELECT count(*) || ' ' || min(a) || ' ' || max(a) FROM t"), "300 1 1");
}
