//! Copies of whole databases: everything comes along, from files and from servers, and what is not the same is refused.

mod file;
mod server;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dbmigrate_core::engine::backup::{BackupError, Contents, Source, copy_to};
use libsql::{Builder, Connection, Value};
use pollster::block_on;

/// What a database can have in it that is easily lost. Servers run all of it.
const ZOO: &[&str] = &[
    "CREATE TABLE plain (a, b)",
    "INSERT INTO plain (rowid, a, b) VALUES (5, 'a', 1), (99, x'00ff', 1.5), (-3, NULL, -0.0), (9223372036854775807, 9e999, 3)",
    "INSERT INTO plain (rowid, a, b) VALUES (-9223372036854775808, -9e999, 9007199254740993), (6, '', x'')",
    "CREATE TABLE texts (a TEXT UNIQUE, \"or der\" TEXT)",
    "INSERT INTO texts VALUES ('a' || char(0) || 'b', 'é🦀'), ('it''s', '1'), (CAST(x'61' AS TEXT), char(10))",
    "CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT, a REAL)",
    "INSERT INTO auto (id, a) VALUES (700, 1), (3, 0.1), (4, 1e308), (5, 5e-324), (6, 'no number')",
    "DELETE FROM auto WHERE id = 700",
    "CREATE TABLE taken (rowid TEXT, oid INTEGER)",
    "INSERT INTO taken (_rowid_, rowid, oid) VALUES (17, 'x', 3), (4, 'y', 2)",
    "CREATE TABLE keyed (a TEXT, b INTEGER, c, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "INSERT INTO keyed VALUES ('x', 1, 'one'), ('x', 2, NULL), ('é', 1, x'01')",
    "CREATE TABLE backwards (a INTEGER, b REAL, PRIMARY KEY (a DESC, b)) WITHOUT ROWID",
    "INSERT INTO backwards VALUES (1, 2.5), (2, -9e999), (3, 9e999)",
    "CREATE TABLE strict (id INTEGER PRIMARY KEY, a ANY, n TEXT NOT NULL DEFAULT 'x') STRICT",
    "INSERT INTO strict VALUES (1, '1', 'a'), (2, 1, 'b'), (3, 1.0, 'c')",
    "CREATE TABLE computed (a INTEGER, b INTEGER AS (a * 2) STORED, c AS (a + 1))",
    "INSERT INTO computed VALUES (1), (2)",
    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES auto(id) DEFERRABLE INITIALLY DEFERRED, CHECK (id > 0))",
    "INSERT INTO child VALUES (1, 3), (2, 4)",
    "CREATE INDEX plain_b ON plain (b) WHERE b > 1",
    "CREATE UNIQUE INDEX child_parent ON child (parent, id DESC)",
    "CREATE VIEW v AS SELECT a FROM plain",
    "CREATE VIEW broken AS SELECT gone FROM nowhere",
    "CREATE TRIGGER plain_insert AFTER INSERT ON plain BEGIN DELETE FROM texts; END",
    "CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN INSERT INTO plain (a) VALUES (new.a); END",
    "CREATE VIRTUAL TABLE words USING fts5(body)",
    "INSERT INTO words (rowid, body) VALUES (3, 'hello world'), (9, 'hello again')",
    "CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)",
    "INSERT INTO boxes VALUES (1, 2, 3), (7, -1, 4)",
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY, embedding F32_BLOB(3))",
    "INSERT INTO vectors VALUES (1, vector('[1,2,3]')), (2, vector('[3,2,1]'))",
    "CREATE INDEX vectors_embedding ON vectors (libsql_vector_idx(embedding))",
    "CREATE TABLE _dbmigrate_history (position INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO _dbmigrate_history VALUES (1, '0001_zoo')",
    "CREATE TABLE _dbmigrate_kept_0001_plain (id INTEGER PRIMARY KEY, old)",
    "INSERT INTO _dbmigrate_kept_0001_plain VALUES (5, 'kept')",
    "PRAGMA user_version = 5",
];

/// Text that is not UTF-8, which a server cannot send as text.
const NO_TEXT: &str = "INSERT INTO texts VALUES (CAST(x'ff004100' AS TEXT), CAST(x'e9' AS TEXT))";

fn open(path: &Path) -> Connection {
    block_on(Builder::new_local(path).build()).expect("a path").connect().expect("a database")
}

fn run(connection: &Connection, sql: &str) {
    rows(connection, sql);
}

#[track_caller]
fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    block_on(async {
        let mut rows = connection.query(sql, ()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let width = rows.column_count();
        let mut all = Vec::new();
        while let Some(row) = rows.next().await.unwrap_or_else(|error| panic!("{sql}: {error}")) {
            all.push((0..width).map(|at| row.get_value(at).expect("a value")).collect());
        }
        all
    })
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    rows(connection, sql)
        .iter()
        .map(|row| match &row[0] {
            Value::Text(text) => text.clone(),
            other => panic!("{sql}: {other:?}"),
        })
        .collect()
}

/// A query whose one column says everything of a row of each table: of which table it is, its rowid, and the storage
/// classes and bytes of its values. `digits`: and all digits of its numbers.
fn everything(digits: bool) -> String {
    let tables = [
        ("plain", "rowid", "a b"),
        ("texts", "rowid", "a \"or_der\""),
        ("auto", "rowid", "id a"),
        ("taken", "_rowid_", "rowid oid"),
        ("keyed", "0", "a b c"),
        ("backwards", "0", "a b"),
        ("strict", "rowid", "id a n"),
        ("computed", "rowid", "a b c"),
        ("child", "rowid", "id parent"),
        ("vectors", "rowid", "id embedding"),
        ("words", "rowid", "body"),
        ("boxes", "0", "id low high"),
        ("sqlite_sequence", "rowid", "name seq"),
        ("_dbmigrate_history", "rowid", "position name"),
        ("_dbmigrate_kept_0001_plain", "rowid", "id old"),
    ];
    let one = |(table, rowid, columns): &(&str, &str, &str)| {
        let values: Vec<String> = columns
            .split(' ')
            .map(|column| {
                let column = column.replace('_', if column.starts_with('"') { " " } else { "_" });
                let digits = if digits { format!("printf('%!.20e', {column})") } else { "''".to_owned() };
                format!("typeof({column}) || hex({column}) || iif(typeof({column}) = 'real', {digits}, '')")
            })
            .collect();
        format!("SELECT '{table} ' || {rowid} || ' ' || {} AS line FROM {table}", values.join(" || ' ' || "))
    };
    format!("SELECT line FROM ({}) ORDER BY line", tables.iter().map(one).collect::<Vec<_>>().join(" UNION ALL "))
}

/// The statements of a schema without what is behind indexes of vectors.
const STATEMENTS: &str = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL \
     AND name NOT LIKE 'vectors_embedding_shadow%' AND name <> 'libsql_vector_meta_shadow' ORDER BY 1";

/// A database that is what a sound copy has to be, apart from its rows.
#[track_caller]
fn assert_sound(path: &Path) {
    let connection = open(path);
    assert_eq!(texts(&connection, "PRAGMA integrity_check"), ["ok"]);
    assert!(rows(&connection, "PRAGMA foreign_key_check").is_empty());
    for (query, found) in [
        ("SELECT count(*) FROM words WHERE words MATCH 'hello'", 2),
        ("SELECT count(*) FROM boxes WHERE low < 0", 1),
        ("SELECT count(*) FROM vector_top_k('vectors_embedding', vector('[1,2,3]'), 1)", 1),
    ] {
        assert_eq!(rows(&connection, query), [[Value::Integer(found)]], "{query}");
    }
    // and it goes on living
    run(&connection, "INSERT INTO auto (a) VALUES (1)");
    assert_eq!(rows(&connection, "SELECT max(id) FROM auto"), [[Value::Integer(701)]]);
    run(&connection, "INSERT INTO words (body) VALUES ('hello once more')");
    run(&connection, "INSERT INTO boxes VALUES (8, -2, 4)");
    assert_eq!(texts(&connection, "PRAGMA integrity_check"), ["ok"]);
}

fn copy_of_file(path: &Path, to: &Path) -> Result<Contents, BackupError> {
    copy_to(Source::File { path, busy_timeout: Duration::from_secs(2) }, to, &())
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name().into()).collect();
    names.sort();
    names
}

/// Ends what others do, also when a test fails.
struct AtEnd<'f>(&'f AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
