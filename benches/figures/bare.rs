//! The same work without the tool: what somebody would write who needs it once and checks nothing.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbmigrate_test_support::hand::Hand;
use libsql::{Builder, Connection, params};
use pollster::block_on;

/// The argument that makes this program one of its own competitors.
pub(crate) const FLAG: &str = "--bare";

/// The history table, as the tool has it.
pub(crate) const HISTORY: &str = "CREATE TABLE _dbmigrate_history (position INTEGER PRIMARY KEY, name TEXT NOT NULL, \
     checksum TEXT NOT NULL, schema_hash TEXT NOT NULL, applied_at TEXT NOT NULL, duration_ms INTEGER NOT NULL, \
     tool_version TEXT NOT NULL, kind TEXT NOT NULL)";

/// The rebuild of `rebuild.rs`, by hand.
pub(crate) const REBUILD: [&str; 11] = [
    "PRAGMA foreign_keys = OFF",
    "BEGIN IMMEDIATE",
    "CREATE TABLE big_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, score REAL, \
     amount REAL NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, body BLOB)",
    "INSERT INTO big_new (id, name, note, score, amount, state, created_at, body) \
     SELECT id, name, note, score, amount, state, created_at, body FROM big",
    "DROP TABLE big",
    "ALTER TABLE big_new RENAME TO big",
    "CREATE INDEX big_name_created_at_idx ON big (name, created_at)",
    "CREATE INDEX big_score_idx ON big (score)",
    "SELECT count(*) FROM pragma_foreign_key_check",
    "COMMIT",
    "PRAGMA foreign_keys = ON",
];

/// The same by somebody who knows that its indexes stay as they are, and edits the schema.
pub(crate) const REBUILD_KEEPING: [&str; 9] = [
    REBUILD[0],
    REBUILD[1],
    REBUILD[2],
    REBUILD[3],
    "PRAGMA writable_schema = ON",
    "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema \
     WHERE type = 'table' AND name IN ('big', 'big_new')) - rootpage, sql = iif(name = 'big', \
     replace((SELECT sql FROM sqlite_schema WHERE name = 'big_new'), 'big_new', 'big'), sql) \
     WHERE type = 'table' AND name IN ('big', 'big_new')",
    "PRAGMA writable_schema = RESET",
    "DROP TABLE big_new",
    REBUILD[9],
];

/// What somebody careful asks of the rows before: whether there are NULLs.
const PROBE: &str = "SELECT count(*), min(id) FROM big WHERE note IS NULL";
/// The same in one scan with what no REAL holds, in the cheapest way there is.
const PROBES: &str = "SELECT count(*), min(id) FROM big \
     WHERE note IS NULL OR amount NOT BETWEEN -9007199254740992 AND 9007199254740992";

/// The same for a server, which rolls back what does not hold, as it has to in a request that nobody looks into.
pub(crate) const REBUILD_ON_SERVER: [&str; 12] = [
    REBUILD[0],
    REBUILD[1],
    "SELECT json_extract('{}', iif((SELECT foreign_keys FROM pragma_foreign_keys) = 0, '$', 'foreign keys are on'))",
    REBUILD[2],
    REBUILD[3],
    REBUILD[4],
    REBUILD[5],
    REBUILD[6],
    REBUILD[7],
    "SELECT json_extract('{}', iif((SELECT count(*) FROM pragma_foreign_key_check) = 0, '$', 'foreign key violations'))",
    REBUILD[9],
    REBUILD[10],
];

/// The statement that records migration `number`.
pub(crate) fn record(number: usize) -> String {
    let hash = "5a0f4b0f7e1d9a3c5a0f4b0f7e1d9a3c5a0f4b0f7e1d9a3c5a0f4b0f7e1d9a3c";
    format!(
        "INSERT INTO _dbmigrate_history (position, name, checksum, schema_hash, applied_at, duration_ms, tool_version, kind) \
         VALUES ({number}, '{number:04}_create_tiny_{number}', '{hash}', '{hash}', \
         strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 1, '0.1.0', 'migration')"
    )
}

/// This program as the competitor `name`.
pub(crate) fn command(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("its own path"));
    command.arg(FLAG).arg(name).args(arguments);
    command
}

/// What the process does that [`command`] starts.
pub(crate) fn run(arguments: &[String]) {
    match arguments {
        [name, directory] if name == "parse" => parse(Path::new(directory)),
        [name, database, script] if name == "migrate" => block_on(migrate(database, script)),
        [name, folder, script] if name == "fleet" => block_on(fleet(folder, script)),
        [name, database] if name == "history" => block_on(history(database)),
        [name, url, script] if name == "send" => send(url, script),
        [name, database, copy] if name == "vacuum" => block_on(vacuum(database, copy)),
        [name, url, rows] if name == "read" => read(url, rows.parse().expect("a number"), false),
        [name, url, rows] if name == "read-protobuf" => read(url, rows.parse().expect("a number"), true),
        [name, directory, kind, times] if name == "open" => {
            crate::ready::open(Path::new(directory), kind, times.parse().expect("a number"));
        }
        [name, database] if name == "rebuild" => block_on(rebuild(database, &REBUILD)),
        [name, database] if name == "keep" => block_on(rebuild(database, &REBUILD_KEEPING)),
        [name, database] if name == "keep-probing" || name == "keep-probing-twice" => {
            let [off, begin, rest @ ..] = &REBUILD_KEEPING[..] else { panic!("it begins") };
            let probe = if name == "keep-probing" { PROBE } else { PROBES };
            block_on(rebuild(database, &[&[*off, *begin, probe][..], rest].concat()));
        }
        [name, database, query] if name == "scan" => block_on(scan(database, query)),
        other => panic!("{other:?} is no competitor"),
    }
}

async fn open(database: &str) -> Connection {
    Builder::new_local(database).build().await.expect("a path").connect().expect("a database")
}

/// Runs a statement to its end.
async fn execute(connection: &Connection, sql: &str) {
    let mut rows = connection.query(sql, ()).await.expect(sql);
    while rows.next().await.expect(sql).is_some() {}
}

/// One query, and nothing else.
async fn scan(database: &str, query: &str) {
    execute(&open(database).await, query).await;
}

/// Every line of the script is a statement.
async fn migrate(database: &str, script: &str) {
    let connection = open(database).await;
    let text = std::fs::read_to_string(script).expect("a script");
    for line in text.lines() {
        execute(&connection, line.trim_end_matches(';')).await;
    }
}

/// The same in every file of a folder, one after the other; the script is read once.
async fn fleet(folder: &str, script: &str) {
    let text = std::fs::read_to_string(script).expect("a script");
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let connection = open(entry.path().to_str().expect("a path in UTF-8")).await;
        for line in text.lines() {
            execute(&connection, line.trim_end_matches(';')).await;
        }
    }
}

/// Every line of the script is a statement; all of them travel in one request.
fn send(url: &str, script: &str) {
    let text = std::fs::read_to_string(script).expect("a script");
    let lines: Vec<&str> = text.lines().collect();
    Hand::new(url).with_timeout(Duration::from_secs(300)).run(&lines);
}

async fn history(database: &str) {
    let connection = open(database).await;
    let query = "SELECT position, name, checksum FROM _dbmigrate_history WHERE position > ?1 ORDER BY position";
    let mut rows = connection.query(query, params![0]).await.expect("a history");
    while let Some(row) = rows.next().await.expect("a row") {
        std::hint::black_box(row.get_value(1).expect("a name"));
    }
}

/// A copy, and one look at every value of it.
async fn vacuum(database: &str, copy: &str) {
    execute(&open(database).await, &format!("VACUUM INTO '{copy}'")).await;
    let connection = open(copy).await;
    let mut rows = connection.query("SELECT * FROM big", ()).await.expect("a table");
    let width = rows.column_count();
    while let Some(row) = rows.next().await.expect("a row") {
        for at in 0..width {
            std::hint::black_box(row.get_value(at).expect("a value"));
        }
    }
}

/// All rows in pages as large as a server sends them, unread.
fn read(url: &str, rows: usize, is_protobuf: bool) {
    const PAGE: usize = 20_000;
    for first in (0..rows).step_by(PAGE) {
        let sql = format!("SELECT * FROM big WHERE id > {first} ORDER BY id LIMIT {PAGE}");
        let answer = if is_protobuf {
            // a pipeline of a batch of a step of a statement, and the end of the stream
            let inner = |field: u8, inner: &[u8]| {
                let length = u8::try_from(inner.len()).ok().filter(|length| *length < 128).expect("a short request");
                [&[field << 3 | 2, length], inner].concat()
            };
            let statement = [inner(1, sql.as_bytes()), vec![5 << 3, 1]].concat();
            let batch = [2, 1, 1, 3, 2].iter().fold(statement, |message, field| inner(*field, &message));
            let request = [batch, inner(2, &inner(1, b""))].concat();
            dbmigrate_test_support::hand::post_protobuf(&format!("{url}/v3-protobuf/pipeline"), &request)
        } else {
            let request =
                serde_json::json!({"requests": [{"type": "execute", "stmt": {"sql": sql}}, {"type": "close"}]});
            dbmigrate_test_support::hand::post(&format!("{url}/v3/pipeline"), &request.to_string())
        };
        std::hint::black_box(answer.expect("rows"));
    }
}

async fn rebuild(database: &str, statements: &[&str]) {
    let connection = open(database).await;
    for statement in statements {
        execute(&connection, statement).await;
    }
}

/// Parses every source file and the last snapshot, and compares the fields of the structs with the columns.
fn parse(directory: &Path) {
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(directory.join("src")).expect("a package").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a file");
        let file = syn::parse_file(&text).expect("Rust");
        for item in file.items {
            if let syn::Item::Struct(item) = item
                && item.ident.to_string().starts_with("Table")
            {
                let fields = item.fields.iter().filter_map(|field| field.ident.as_ref()).map(ToString::to_string);
                tables.push((item.ident.to_string().replacen("Table", "table_", 1), fields.collect::<Vec<_>>()));
            }
        }
    }
    tables.sort_unstable();
    let mut migrations: Vec<_> = std::fs::read_dir(directory.join("migrations"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    migrations.retain(|path| path.is_dir());
    migrations.sort_unstable();
    let last = migrations.last().expect("a migration").join("snapshot.json");
    let snapshot: serde_json::Value =
        serde_json::from_slice(&std::fs::read(last).expect("a snapshot")).expect("a snapshot");
    let text = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
    let stored = snapshot["schema"]["tables"].as_array().expect("tables");
    let mut stored: Vec<_> = stored
        .iter()
        .map(|table| (text(table), table["columns"].as_array().expect("columns").iter().map(text).collect::<Vec<_>>()))
        .collect();
    stored.sort_unstable();
    assert_eq!(tables, stored, "the structs are what the snapshot says");
}
