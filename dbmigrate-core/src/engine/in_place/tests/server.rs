//! The statements that a server gets in the place of a rebuild, tried on an engine that is the same, and whether anybody can
//! tell them from the rebuild's.

use std::path::Path;

use dbmigrate_test_support::hand::Hand;
use pollster::block_on;

use super::made_up;
use super::oracle::{Case, asked_beforehand, observed, same};
use crate::ddl::{Object, read};
use crate::engine::connection::{Connection, display, text};
use crate::engine::error::EngineError;
use crate::engine::in_place::altered::{Altered, Standing, contradicted};
use crate::engine::introspect::introspect;
use crate::folder::script::Script;
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;
use crate::sql::{Name, split};

/// What no row of these has.
const SENTINEL: &str = "x'6ab1b0a2c64e4d2b8f9d8c51'";

impl Case {
    /// Whether no row was written.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn compare_altered(&self) -> Result<bool, String> {
        block_on(self.altered()).map_err(|what| self.told(&what))
    }

    async fn altered(&self) -> Result<bool, String> {
        let marked = format!("-- dbmigrate: rebuild t\n{}", self.rebuild);
        let Ok(script) = Script::parse(&marked, Path::new("m")) else { return Ok(false) };
        let Some(wanted) = self.snapshot().await else { return Ok(false) };
        let ours = self.made().await;
        let Ok(schema) = schema(&ours).await else { return Ok(false) };
        let Some(altered) = Altered::of(&schema, &script, SENTINEL) else { return Ok(false) };
        let Some((way, stored)) = self.foreseen(&altered, wanted).await else { return Ok(false) };

        let before = observed(&ours).await;
        let by_statements = self.made().await;
        let rebuilt = self.rebuilt(&by_statements).await;
        ours.run("BEGIN").await.expect("a transaction begins");
        let rebuild = &script.rebuilds[0].rebuild;
        let asked = asked_beforehand(&ours, rebuild, &script.statements, way.forms().next()).await?;
        let asked = asked.map(|(_, is_contradicted)| is_contradicted);
        let done = match contradiction(&ours, &altered).await {
            Ok(false) => run(&ours, &way.behind_rows(&[])).await,
            Ok(true) => Err("a row contradicts".to_owned()),
            Err(error) => Err(error.message),
        };
        if let Err(why) = done {
            ours.run("ROLLBACK").await.expect("it is rolled back");
            same(&before, &observed(&ours).await).map_err(|what| format!("something is left behind: {what}"))?;
            // what has no value for a row is answered by nobody
            let is_of_rows = why.contains("contradicts") || why.contains("_dbmigrate_assertion");
            return match asked {
                Some(false) if is_of_rows => {
                    Err("no row that was asked beforehand contradicts, and one does".to_owned())
                }
                _ => Ok(false),
            };
        }
        if asked == Some(true) {
            return Err("it was done, and a row that was asked beforehand contradicts".to_owned());
        }
        if texts(&ours).await != stored {
            return Err("the twin has stored something else".to_owned());
        }
        ours.run("COMMIT").await.map_err(|error| error.message)?;
        rebuilt.map_err(|error| format!("it was done, and the rebuild fails: {error}"))?;
        same(&alike(observed(&by_statements).await), &alike(observed(&ours).await))?;
        for write in &self.writes {
            let [one, other] = [&by_statements, &ours]
                .map(|connection| block_on(connection.run(write)).map_err(|error| error.message));
            // which of several constraints is named depends on where they stand
            if one.is_ok() != other.is_ok() {
                return Err(format!("`{write}` says {one:?} behind the rebuild, and {other:?} here"));
            }
        }
        same(&alike(observed(&by_statements).await), &alike(observed(&ours).await))
            .map_err(|what| format!("behind writes: {what}"))?;
        Ok(true)
    }

    /// Whether a server has done, or refused, what the linked engine does with the same statements. `None` if there are none,
    /// or if it does not take what was there before.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn compare_on(&self, server: &Hand) -> Result<Option<bool>, String> {
        block_on(self.on_server(server)).map_err(|what| self.told(&what))
    }

    async fn on_server(&self, server: &Hand) -> Result<Option<bool>, String> {
        let marked = format!("-- dbmigrate: rebuild t\n{}", self.rebuild);
        let Ok(script) = Script::parse(&marked, Path::new("m")) else { return Ok(None) };
        let Some(wanted) = self.snapshot().await else { return Ok(None) };
        let ours = self.made().await;
        let Ok(schema) = schema(&ours).await else { return Ok(None) };
        let Some(altered) = Altered::of(&schema, &script, SENTINEL) else { return Ok(None) };
        let Some((way, _)) = self.foreseen(&altered, wanted).await else { return Ok(None) };
        // a preflight of the request
        if !matches!(contradiction(&ours, &altered).await, Ok(false)) {
            return Ok(None);
        }
        server.run(&[
            "PRAGMA foreign_keys = OFF",
            "DROP VIEW IF EXISTS v",
            "DROP TABLE IF EXISTS t",
            "DROP TABLE IF EXISTS p",
        ]);
        for statement in split(&self.setup) {
            let done = server.batch(&["PRAGMA foreign_keys = OFF", statement.text]);
            if done.is_err() && !statement.text.starts_with("INSERT") {
                return Ok(None);
            }
        }
        let text = way.behind_rows(&[]);
        let mut statements = vec!["PRAGMA foreign_keys = OFF".to_owned(), "BEGIN IMMEDIATE".to_owned()];
        statements.extend(split(&text).iter().map(|one| one.text.to_owned()));
        statements.push("COMMIT".to_owned());
        let theirs = server.batch(&statements).map(drop).map_err(|error| error.to_string());
        let done = run(&ours, &format!("BEGIN;\n{text};\nCOMMIT")).await;
        if theirs.is_ok() != done.is_ok() {
            return Err(format!("the server says {theirs:?}, and the engine that is linked {done:?}"));
        }
        if done.is_err() {
            ours.run("ROLLBACK").await.expect("it is rolled back");
        }
        // the last digits of a number depend on the version
        let columns = ours.column_names("SELECT * FROM t").await.map_err(|error| error.message)?;
        let values: Vec<String> = columns
            .iter()
            .map(|name| {
                format!(
                    "typeof({0}), iif(typeof({0}) = 'real', printf('%.9e', {0}), quote({0}))",
                    Name::from(name.as_str()).sql()
                )
            })
            .collect();
        let values = values.join(", ");
        for query in [
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY type, name".to_owned(),
            format!("SELECT {values} FROM t NOT INDEXED ORDER BY {values}"),
            // an older version finds NULL in a column that was added with a negative default
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check NOT LIKE '%value in%' AND integrity_check <> 'ok'".to_owned(),
        ] {
            let rows = ours.rows(&query).await.map_err(|error| error.message)?;
            let rows: Vec<String> = rows.iter().map(|row| row.iter().map(display).collect::<Vec<_>>().join("|")).collect();
            let found = server.query(&query);
            if rows != found {
                return Err(format!("{query}\nserver: {found:#?}\nlinked engine: {rows:#?}"));
            }
        }
        Ok(Some(done.is_ok()))
    }

    /// The schema that the rebuild leads to.
    async fn snapshot(&self) -> Option<SchemaHash> {
        let empty = self.empty().await;
        self.rebuilt(&empty).await.ok()?;
        Some(SchemaHash::of(&schema(&empty).await.ok()?))
    }

    async fn rebuilt(&self, connection: &Connection) -> Result<(), String> {
        connection.run("BEGIN").await.expect("a transaction begins");
        let done = run(connection, &self.rebuild).await;
        connection.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await.expect("it ends");
        done
    }

    /// The first way that leads to the schema that is wanted on a twin without rows, and the texts that it stores.
    async fn foreseen<'a>(&self, altered: &'a Altered, wanted: SchemaHash) -> Option<(&'a Standing, Vec<String>)> {
        for way in &altered.ways {
            let twin = self.empty().await;
            if run(&twin, &way.behind_rows(&[])).await.is_err() {
                continue;
            }
            let found = schema(&twin).await;
            if found.is_ok_and(|found| SchemaHash::of(&found) == wanted) {
                return Some((way, texts(&twin).await));
            }
        }
        None
    }
}

/// Whether a row of a table that is asked as it is contradicts.
async fn contradiction(connection: &Connection, altered: &Altered) -> Result<bool, EngineError> {
    for (table, conditions) in &altered.contradictions {
        if let Some(query) = contradicted(table, conditions)
            && connection.first_row(&query).await?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn run(connection: &Connection, statements: &str) -> Result<(), String> {
    let statements = split(statements);
    connection.run_each(statements.iter().map(|one| one.text)).await.map_err(|(_, error)| error.message)
}

async fn schema(connection: &Connection) -> Result<Schema, EngineError> {
    introspect(connection).await.map(|found| found.schema)
}

async fn texts(connection: &Connection) -> Vec<String> {
    let rows = connection.rows("SELECT name || ifnull(sql, '') FROM sqlite_schema ORDER BY name").await;
    rows.expect("it is readable").iter().map(|row| text(&row[0]).to_owned()).collect()
}

/// The same without what only says how a definition is written, and in which order its constraints are.
fn alike(mut seen: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    for (what, rows) in &mut seen {
        let without = |row: &String, part: usize| {
            let mut parts: Vec<&str> = row.split(" | ").collect();
            if part < parts.len() {
                parts.remove(part);
            }
            parts.join(" | ")
        };
        if what.starts_with("stored") {
            for row in rows.iter_mut() {
                let sql = row.splitn(4, " | ").nth(3).unwrap_or_default();
                if let Ok(Object::Table(table)) = read(sql) {
                    *row = Schema::default().canonical_table(&table);
                }
            }
        }
        for row in rows.iter_mut() {
            while let Some((before, behind)) = row.split_once("sqlite_autoindex_t_") {
                *row = format!("{before}automatic{}", behind.trim_start_matches(|one: char| one.is_ascii_digit()));
            }
        }
        if what.starts_with("way") {
            // of two that cost the same, the one whose constraint stands first
            rows.iter_mut().filter(|row| row.starts_with("SCAN")).for_each(|row| row.truncate("SCAN t".len()));
        }
        if what.contains("table_xinfo") {
            // a string that stays as it was written
            *rows = rows.iter().map(|row| row.replace('"', "'")).collect();
        }
        if what.contains("foreign_key_list") || what.contains("index_list") {
            *rows = rows.iter().map(|row| without(row, 0)).collect();
            rows.sort();
        }
        if what.starts_with("references") {
            *rows = rows.iter().map(|row| without(row, 3)).collect();
            rows.sort();
        }
    }
    seen
}

/// A table `t` with rows, its rebuild, and whether a server makes it without writing a row.
#[track_caller]
fn case(setup: &str, definition: &str) -> bool {
    let rebuild = format!(
        "CREATE TABLE _new ({definition};\nINSERT INTO _new (id, a, b) SELECT id, a, b FROM t;\nDROP TABLE t;\n\
         ALTER TABLE _new RENAME TO t;\n"
    );
    Case::new(setup, &rebuild).compare_altered().unwrap_or_else(|difference| panic!("{difference}"))
}

const ROWS: &str = "INSERT INTO t VALUES (1, 'x', 1), (2, 'Y', 2), (7, 'z', 3);";

#[test]
fn what_the_rows_satisfy_is_changed_by_statements_of_columns() {
    let before = "CREATE TABLE p (k INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);";
    let setup = format!("{before}{ROWS}");
    for after in [
        "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT NOT NULL DEFAULT 3)",
        "id INTEGER PRIMARY KEY, a TEXT DEFAULT 'n', b INT CHECK (b BETWEEN 1 AND 3), CHECK (a IS NOT NULL))",
        "id INTEGER PRIMARY KEY, a TEXT, b INT DEFAULT 2)",
        "id INTEGER PRIMARY KEY, a TEXT, b INT, CHECK (id > 0))",
        "id INTEGER PRIMARY KEY, a VARCHAR(10), b BIGINT)",
        "id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b INT)",
        "id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE CHECK (a <> 'X1'), b INT)",
        "id INTEGER PRIMARY KEY, a, b INT)",
        "id INTEGER PRIMARY KEY, a TEXT, b BLOB NOT NULL DEFAULT x'00')",
        "id INTEGER PRIMARY KEY, a TEXT, b INT REFERENCES p (k) ON DELETE CASCADE DEFERRABLE)",
    ] {
        assert!(case(&setup, after), "{after}");
    }
    // there is no statement for it
    assert!(!case(&setup, "id INTEGER PRIMARY KEY, a TEXT, b INT) STRICT"));
    let full = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL COLLATE RTRIM, b INT NOT NULL DEFAULT 7 CHECK (b > 0)) STRICT;";
    assert!(case(&format!("{full}{ROWS}"), "id INTEGER PRIMARY KEY, a TEXT, b INT) STRICT"));
    assert!(!case(&format!("{full}{ROWS}"), "id INTEGER PRIMARY KEY, a TEXT, b INT)"));
}

#[test]
fn columns_of_unique_keys_are_altered_where_the_key_stays() {
    let on = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT UNIQUE);";
    let behind = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (b), UNIQUE (a));";
    for (before, after) in [
        (on, "id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, b INT NOT NULL UNIQUE)"),
        (on, "id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT UNIQUE DEFAULT 9)"),
        (behind, "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT NOT NULL, UNIQUE (b), UNIQUE (a))"),
    ] {
        assert!(case(&format!("{before}{ROWS}"), after), "{after}");
    }
    assert!(!case(&format!("{on}{ROWS}"), "id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE, b INT UNIQUE)"));
    assert!(!case(&format!("{on}{ROWS}"), "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT UNIQUE)"));
}

#[test]
fn a_row_that_is_older_than_its_column_keeps_the_default_that_it_reads() {
    let setup = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');
        ALTER TABLE t ADD COLUMN b INT DEFAULT 5; INSERT INTO t VALUES (2, 'y', 6), (3, 'z', 5);";
    let other = "id INTEGER PRIMARY KEY, a TEXT, b INT DEFAULT 6)";
    assert!(!case(setup, other));
    assert!(!case(setup, "id INTEGER PRIMARY KEY, a TEXT, b INT)"));
    assert!(!case(setup, "id INTEGER PRIMARY KEY, a TEXT, b BLOB DEFAULT 5)"));
    assert!(case(setup, "id INTEGER PRIMARY KEY, a TEXT, b INT NOT NULL DEFAULT 5)"));
    assert!(case(&format!("{setup} DELETE FROM t WHERE id = 1;"), other));
}

#[test]
fn what_a_row_contradicts_is_left_to_the_rebuild() {
    for (row, after) in [
        ("(9, NULL, 1)", "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT)"),
        ("(9, 'a', 0)", "id INTEGER PRIMARY KEY, a TEXT, b INT CHECK (b > 0))"),
        ("(9, 'a', 'b')", "id INTEGER PRIMARY KEY, a TEXT, b TEXT)"),
        ("(9, '12', 'b')", "id INTEGER PRIMARY KEY, a INT, b INT)"),
        ("(9, 'ABC', 1)", "id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE CHECK (a <> 'abc'), b INT)"),
    ] {
        let setup = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);{ROWS}INSERT INTO t VALUES {row};");
        assert!(!case(&setup, after), "{after}");
    }
}

#[test]
fn made_up_statements_of_columns_are_what_the_rebuild_makes() {
    let (compared, done) = made_up::compare(1, 600, Case::compare_altered);
    assert!(compared > 300 && done > 40, "{done} of {compared}");
}

/// `CASES=100000 cargo test … -- --ignored`: prints how many there were.
#[test]
#[ignore = "minutes"]
#[expect(clippy::print_stdout, reason = "its output is the result")]
fn very_many_made_up_statements_of_columns_are_what_the_rebuild_makes() {
    let (compared, done) =
        made_up::compare(made_up::number("FIRST", 1_000_000), made_up::number("CASES", 200_000), Case::compare_altered);
    println!("{compared} rebuilds compared, {done} of them by statements of columns");
}

/// `CASES=10000 cargo test … -- --ignored`: prints how many there were.
#[test]
#[ignore = "minutes"]
#[expect(clippy::print_stdout, reason = "its output is the result")]
fn made_up_statements_of_columns_do_on_a_server_what_they_do_here() {
    let Some(server) = dbmigrate_test_support::sqld::Server::start() else { return };
    let hand = Hand::new(server.url());
    let (mut compared, mut done) = (0, 0);
    let first = made_up::number("FIRST", 1);
    for seed in first..first + made_up::number("CASES", 2_000) {
        let Some(case) = made_up::case(seed) else { continue };
        match case.compare_on(&hand) {
            Ok(None) => {}
            Ok(Some(is_done)) => (compared, done) = (compared + 1, done + u64::from(is_done)),
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    println!("{compared} compared with a server, {done} of them done");
}
