//! A rebuild by its statements on one database, in place on another that is the same, and whether anybody can tell.

use pollster::block_on;

use super::super::beforehand::{Answer, Asking, Question, Subject, begin};
use super::super::{ByStatements, Known, Outcome, Satisfied, in_place};
use crate::ddl::{Object, read};
use crate::engine::connection::{Connection, Row, display, text};
use crate::engine::error::EngineError;
use crate::folder::script::Rebuild;
use crate::schema::canonical::canonical_index;
use crate::schema::{Schema, Table};
use crate::sql::{Statement, split};

/// A database, and the rebuild of its table `t`.
pub(super) struct Case {
    pub(super) setup: String,
    pub(super) rebuild: String,
    /// Writes that are tried afterwards.
    pub(super) writes: Vec<String>,
    /// Whether everything is looked at again where the statements had to run because nothing was done in place.
    pub(super) is_thorough: bool,
}

impl Case {
    pub(super) fn new(setup: &str, rebuild: &str) -> Self {
        let writes = [
            "INSERT INTO t (a) VALUES ('new')",
            "INSERT INTO t (id, a, b) VALUES (100, NULL, NULL)",
            "INSERT INTO t (id, a, b) VALUES (101, 'x', 1), (102, 'X ', '7')",
            "UPDATE t SET b = -1 WHERE id = 1",
            "INSERT OR REPLACE INTO t (id, a, b) VALUES (103, 'y', 2)",
            "DELETE FROM t WHERE a = 'X'",
        ];
        let writes = writes.map(str::to_owned).to_vec();
        Self { setup: setup.to_owned(), rebuild: rebuild.to_owned(), writes, is_thorough: true }
    }

    /// Whether it was done in place.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn compare(&self) -> Result<bool, String> {
        block_on(self.compared()).map_err(|what| self.told(&what))
    }

    pub(super) fn told(&self, what: &str) -> String {
        format!("{what}\n--- before\n{}\n--- rebuild\n{}", self.setup, self.rebuild)
    }

    async fn compared(&self) -> Result<bool, String> {
        let statements = split(&self.rebuild);
        let rebuild = Rebuild::read(&statements, 0).ok_or("it is no rebuild")?;
        let (by_statements, ours) = (self.made().await, self.made().await);
        let before = observed(&ours).await;
        let run = async |connection: &Connection| {
            connection.run("BEGIN").await.expect("a transaction begins");
            let done =
                connection.run_each(statements.iter().map(|one| one.text)).await.map_err(|(_, error)| error.message);
            connection.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await.expect("it ends");
            done
        };
        let wanted = run(&by_statements).await;

        ours.run("BEGIN").await.expect("a transaction begins");
        ours.run("SAVEPOINT s").await.expect("a savepoint is set");
        let asked = asked_beforehand(&ours, &rebuild, &statements, None).await?;
        let (satisfied, is_contradicted) = asked.unwrap_or_default();
        let known = Known { sought: &[], satisfied: &satisfied };
        let outcome = in_place(&ours, &rebuild, &statements, known).await;
        let is_done = matches!(outcome, Ok(Outcome::Done));
        if is_done && is_contradicted {
            return Err("it was done in place, and a row that was asked beforehand contradicts".to_owned());
        }
        if is_done {
            wanted.map_err(|error| format!("it was done in place, and the rebuild fails: {error}"))?;
            ours.run("RELEASE s").await.expect("it is released");
            let behind = statements[rebuild.statements.end..].iter().map(|one| one.text);
            ours.run_each(behind).await.map_err(|(_, error)| format!("behind it: {}", error.message))?;
            ours.run("COMMIT").await.map_err(|error| error.message)?;
        } else {
            ours.run("ROLLBACK TO s").await.map_err(|error| format!("cannot go back: {}", error.message))?;
            ours.run("RELEASE s").await.expect("it is released");
            ours.run("COMMIT").await.expect("it ends");
            same(&before, &observed(&ours).await).map_err(|what| format!("something is left behind: {what}"))?;
            let found = run(&ours).await;
            if found != wanted {
                return Err(format!("behind an attempt the rebuild says {found:?}, and otherwise {wanted:?}"));
            }
            if !self.is_thorough {
                return Ok(false);
            }
        }
        same(&observed(&by_statements).await, &observed(&ours).await)?;
        for write in &self.writes {
            let [one, other] = [&by_statements, &ours]
                .map(|connection| block_on(connection.run(write)).map_err(|error| error.message));
            if one != other {
                return Err(format!("`{write}` says {one:?} behind the rebuild, and {other:?} here"));
            }
        }
        same(&observed(&by_statements).await, &observed(&ours).await)
            .map_err(|what| format!("behind writes: {what}"))?;
        Ok(is_done)
    }

    pub(super) async fn made(&self) -> Connection {
        self.made_by(|_| true).await
    }

    /// The same without rows.
    #[cfg(feature = "remote")]
    pub(super) async fn empty(&self) -> Connection {
        self.made_by(|statement| !statement.starts_with("INSERT")).await
    }

    async fn made_by(&self, is_run: impl Fn(&str) -> bool) -> Connection {
        let connection = Connection::in_memory().await.expect("memory");
        connection.run("PRAGMA foreign_keys = OFF").await.expect("they are turned off");
        for statement in split(&self.setup).into_iter().filter(|statement| is_run(statement.text)) {
            // rows that a constraint refuses are not there
            let done = connection.run(statement.text).await;
            assert!(
                done.is_ok() || statement.text.starts_with("INSERT"),
                "{}: {done:?}\n{}",
                statement.text,
                self.setup
            );
        }
        connection
    }
}

/// What is known by asking all rows beforehand, and whether one contradicts, if that can be asked.
pub(super) async fn asked_beforehand(
    connection: &Connection,
    rebuild: &Rebuild,
    statements: &[Statement<'_>],
    form: Option<&ByStatements>,
) -> Result<Option<(Vec<Satisfied>, bool)>, String> {
    // without parents: in place, references are not checked either
    let (others, preflights, schema) = (&[][..], &[][..], &Schema::default());
    let subject = Subject { rebuild, others, statements, preflights, schema, form, number: 0 };
    let Ok(Some(mut question)) = Question::of(connection, subject).await else { return Ok(None) };
    connection.run("SAVEPOINT asked").await.map_err(|error| error.message)?;
    let found = asked_twice(connection, &mut question).await;
    connection
        .run_all(&["ROLLBACK TO asked".to_owned(), "RELEASE asked".to_owned()])
        .await
        .map_err(|error| error.message)?;
    match found {
        Ok((found, written)) if written.is_none_or(|(all, logged)| all == logged) => {
            let satisfied = if found { Vec::new() } else { vec![question.satisfied()] };
            Ok(Some((satisfied, found)))
        }
        Ok((_, written)) => Err(format!("all rows say, and those that were logged: {written:?}")),
        // a condition has no value for a row
        Err(_) => Ok(None),
    }
}

/// Whether a row contradicts; and once all were written, which logs them by whatever key they have, what all rows say and
/// what those say that were logged.
async fn asked_twice(
    connection: &Connection,
    question: &mut Question,
) -> Result<(bool, Option<(bool, bool)>), EngineError> {
    let found = all(connection, question).await?;
    for statement in begin("m", "c", std::slice::from_ref(question)) {
        connection.run(&statement).await?;
    }
    if connection.run("UPDATE t SET a = a").await.is_err() {
        return Ok((found, None));
    }
    let written = all(connection, question).await?;
    let logged = question.answer(connection, Asking::Logged(None)).await? != Answer::Nothing;
    Ok((found, Some((written, logged))))
}

/// Whether one of all rows contradicts, which are asked in pieces of three.
async fn all(connection: &Connection, question: &mut Question) -> Result<bool, EngineError> {
    let mut low = None;
    loop {
        match question.next(connection, low.as_ref(), Some(3)).await? {
            Answer::UpTo(mark) => low = Some(mark),
            Answer::Nothing => return Ok(false),
            Answer::Contradiction => return Ok(true),
            Answer::Unclear => question.insist(),
        }
    }
}

/// Everything that can be seen of a database, each thing with what it is.
pub(super) async fn observed(connection: &Connection) -> Vec<(String, Vec<String>)> {
    let mut seen = Vec::new();
    let mut ask = async |what: &str, query: String| {
        let rows = match connection.rows(&query).await {
            Ok(rows) => rows.iter().map(|row| row.iter().map(display).collect::<Vec<_>>().join(" | ")).collect(),
            Err(error) => vec![error.message],
        };
        seen.push((format!("{what}: {query}"), rows));
    };
    let objects = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name";
    ask("stored", objects.to_owned()).await;
    let indexes = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name";
    ask("stored", indexes.to_owned()).await;
    ask("integrity", "PRAGMA integrity_check".to_owned()).await;
    ask("references", "SELECT * FROM pragma_foreign_key_check ORDER BY 1, 2, 3, 4".to_owned()).await;
    let names: Vec<Row> = connection.rows("SELECT type, name, tbl_name FROM sqlite_schema").await.unwrap_or_default();
    if names.iter().any(|row| text(&row[1]) == "sqlite_sequence") {
        ask("marks", "SELECT name, seq FROM sqlite_sequence ORDER BY 1".to_owned()).await;
    }
    for row in names.iter().filter(|row| text(&row[0]) == "table" && text(&row[2]).eq_ignore_ascii_case("t")) {
        let table = text(&row[1]).to_owned();
        for pragma in ["table_xinfo", "foreign_key_list", "index_list", "table_list"] {
            ask("engine", format!("PRAGMA {pragma}({table})")).await;
        }
        let columns = connection.column_names(&format!("SELECT * FROM {table}")).await.unwrap_or_default();
        let quoted = |name: &String| format!("\"{}\"", name.replace('"', "\"\""));
        let values: Vec<String> =
            columns.iter().map(quoted).map(|name| format!("typeof({name}), quote({name})")).collect();
        let values = values.join(", ");
        ask("rows", format!("SELECT {values} FROM {table} NOT INDEXED ORDER BY {values}")).await;
        ask("rowids", format!("SELECT rowid, {values} FROM {table} NOT INDEXED ORDER BY rowid")).await;
        for column in columns.iter().map(quoted) {
            for condition in [format!("{column} = 'x'"), format!("{column} > 1"), format!("{column} IS NULL")] {
                ask("found", format!("SELECT count(*) FROM {table} WHERE {condition}")).await;
                ask("way", format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {condition}")).await;
            }
            ask("order", format!("SELECT quote({column}) FROM {table} ORDER BY {column}, {values}")).await;
        }
    }
    // the numbers of rows of a plan are those of pages and cursors
    for (what, rows) in &mut seen {
        if what.starts_with("way") {
            for row in rows.iter_mut() {
                *row = row.rsplit(" | ").next().unwrap_or_default().to_owned();
            }
        }
    }
    // an index that stays has the text that it had
    for row in &mut seen[1].1 {
        let mut parts = row.splitn(3, " | ").map(str::to_owned).collect::<Vec<_>>();
        if let Some(Ok(Object::Index(table, index))) = parts.get(2).map(|sql| read(sql)) {
            parts[2] = canonical_index(&Table::new(table), &index);
        }
        *row = parts.join(" | ");
    }
    seen
}

pub(super) fn same(one: &[(String, Vec<String>)], other: &[(String, Vec<String>)]) -> Result<(), String> {
    for (one, other) in one.iter().zip(other) {
        if one != other {
            return Err(format!("{}\nby its statements: {:#?}\nin place: {:#?}", one.0, one.1, other.1));
        }
    }
    if one.len() == other.len() { Ok(()) } else { Err("there are other objects".to_owned()) }
}
