//! What the rows of a large table are asked before there is a lock: piece by piece, while others write.
//!
//! Triggers log the keys of the rows that are inserted or updated from then on. A row that is as it has to be stays so
//! until it is written, and is then in the log. So whoever has the lock only asks the rows that the log has, and knows
//! of all. Rows that go contradict nothing, and neither does a row that another one replaces.
//!
//! The triggers append to tables without constraints and compute nothing: no write fails because of them. What was asked,
//! of which migration, and at which number of the schema stands in a table beside the logs ([`AT`]): as long as that is
//! what is there, nobody has made the table anew or moved its rows (`VACUUM` changes the number as well).

use std::time::{Duration, Instant};

use super::conditions::Conditions;
use super::facts::Facts;
use super::{Satisfied, Stopped, Stored, conditions, edit, rows, rows_stay, stored};
use crate::engine::check::names_used;
use crate::engine::connection::{Connection, integer};
use crate::engine::error::EngineError;
use crate::engine::pieces::{Bound, Key, Range};
use crate::folder::script::Rebuild;
use crate::plan::counted_rows;
use crate::sql::name::quote_string;
use crate::sql::{Expr, Name, Statement, StatementKind};

/// What the names of everything begin with that there is meanwhile.
pub(in crate::engine) const BEFOREHAND_PREFIX: &str = "_dbmigrate_beforehand_";
/// What is asked.
pub(in crate::engine) const AT: &str = "_dbmigrate_beforehand_at";
/// The savepoint behind which a table is read in another form.
const FORM: &str = "_dbmigrate_form";
/// How many rows say how long all will take.
const SAMPLE: u64 = 10_000;
/// How many keys of a table are counted that has no rowid.
const COUNTED: u64 = 2_000_000;

/// The rows of a table that are asked.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) enum Asking<'a> {
    /// Those of a range.
    Range(&'a Range),
    /// Those that the log has: the first ones in it, or all.
    Logged(Option<u64>),
}

/// What the rows of one table are asked.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Question {
    rebuild: Rebuild,
    conditions: Conditions,
    /// What is true of a row that contradicts the migration, as the table is read now.
    plain: Vec<String>,
    /// The same as it is read in another form.
    formed: Option<(String, Vec<String>)>,
    key: Key,
    number: usize,
}

impl Question {
    /// What a rebuild and the preflights ask of its table. `None` if that is nothing, or it can only be asked with the
    /// lock, or the table has to be rebuilt anyway.
    pub(in crate::engine) async fn of(
        connection: &Connection,
        rebuild: &Rebuild,
        statements: &[Statement<'_>],
        preflights: &[&str],
        number: usize,
    ) -> Result<Option<Self>, EngineError> {
        match Self::read(connection, rebuild, statements, preflights, number).await {
            Ok(question) => Ok(question),
            Err(Stopped::Declined(_)) => Ok(None),
            Err(Stopped::Engine(error)) => Err(error),
        }
    }

    async fn read(
        connection: &Connection,
        rebuild: &Rebuild,
        statements: &[Statement<'_>],
        preflights: &[&str],
        number: usize,
    ) -> Result<Option<Self>, Stopped> {
        if !rows_stay(statements, rebuild) {
            return Ok(None);
        }
        let earlier = statements.get(..rebuild.statements.start).unwrap_or_default();
        let dropped = earlier.iter().filter(|one| one.kind == StatementKind::DropOther);
        let dropped: Vec<Name> = dropped.filter_map(|one| names_used(one.text).last()).collect();
        let goes = |name: &Name| dropped.contains(name) || is_beforehand(name);
        let stored = stored(connection, rebuild, goes).await?;
        conditions::missing_indexes(&stored.indexes, rebuild)?;
        let conditions = conditions::conditions(&stored.table, &stored.indexes, rebuild)?;
        let Some(key) = key(&stored) else { return Ok(None) };
        if connection.is_local() && !keeps_automatic_indexes(connection, rebuild, statements).await? {
            return Ok(None);
        }
        let asked = rows::asked(connection, rebuild, &stored, &conditions, |_| false).await?;
        let about = preflights.iter().filter_map(|query| counted_rows(query));
        let about = about.filter(|(table, condition)| *table == rebuild.table && is_of_one_row(condition));
        let mut plain: Vec<String> = about.map(|(_, condition)| condition.to_owned()).collect();
        let formed = match asked {
            Some(rows::Asked { conditions, form: Some(form) }) => Some((form, conditions)),
            Some(rows::Asked { conditions, form: None }) => {
                plain.extend(conditions);
                None
            }
            None => None,
        };
        let mut known = Vec::new();
        plain.retain(|condition| {
            let canonical = Expr::new(condition.as_str()).canonical();
            let is_new = !known.contains(&canonical);
            known.push(canonical);
            is_new
        });
        if plain.is_empty() && formed.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { rebuild: rebuild.clone(), conditions, plain, formed, key, number }))
    }

    /// Whether it is about this table.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn is_of(&self, table: &Name) -> bool {
        self.rebuild.table == *table
    }

    /// The key in whose order it is asked.
    pub(in crate::engine) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether the table is read in another form, for which there has to be a transaction.
    pub(in crate::engine) fn needs_transaction(&self) -> bool {
        self.formed.is_some()
    }

    /// What is known once no row contradicts it.
    pub(in crate::engine) fn satisfied(&self) -> Satisfied {
        Satisfied { table: self.rebuild.table.clone(), conditions: self.conditions.clone() }
    }

    /// The conditions of rows that there are none of then, in their canonical texts.
    pub(in crate::engine) fn sought(&self) -> impl Iterator<Item = (Name, String)> {
        let canonical = |condition: &String| Expr::new(condition.as_str()).canonical();
        self.plain.iter().map(move |condition| (self.rebuild.table.clone(), canonical(condition)))
    }

    /// About how long all rows take, and how many there are, by the first ones of them.
    pub(in crate::engine) async fn estimate(&self, connection: &Connection) -> Result<(Duration, u64), EngineError> {
        let table = self.rebuild.table.sql();
        let number = |at: usize, row: &[crate::engine::value::Value]| row.get(at).map_or(0, integer).unsigned_abs();
        let column = self.key.parts.first().map_or_else(|| "rowid".into(), |part| part.column.sql());
        let (first, span) = if self.key.is_rowid { (&*column, "max(k) - min(k) + 1") } else { ("0", "0") };
        let formed = self.formed.iter().flat_map(|(_, conditions)| conditions);
        let any = any(&self.plain.iter().chain(formed).cloned().collect::<Vec<_>>());
        let started = Instant::now();
        let sample = connection
            .first_row(&format!(
                "SELECT count(*), {span}, total(c) FROM \
                 (SELECT {first} AS k, {any} AS c FROM {table} NOT INDEXED LIMIT {SAMPLE})"
            ))
            .await?
            .unwrap_or_default();
        let took = started.elapsed();
        let (count, sampled) = (number(0, &sample), number(1, &sample));
        if count < SAMPLE {
            return Ok((took, count));
        }
        let rows = if self.key.is_rowid {
            let ends = connection.first_row(&self.key.ends()).await?.unwrap_or_default();
            let all = ends.first().map_or(0, integer).abs_diff(ends.get(1).map_or(0, integer));
            u128::from(all) * u128::from(count) / u128::from(sampled.max(1))
        } else {
            let counted = connection.first_row(&self.key.count(COUNTED)).await?;
            counted.map_or(0, |row| number(0, &row)).into()
        };
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let all = took.as_nanos() * u128::from(rows) / u128::from(count);
        Ok((Duration::from_nanos(u64::try_from(all).unwrap_or(u64::MAX)), rows))
    }

    /// The statements that make the log and the triggers.
    pub(in crate::engine) fn follow(&self) -> Vec<String> {
        let (table, number) = (self.rebuild.table.sql(), self.number);
        let keys =
            self.key.parts.iter().map(|part| format!("NEW.{}", part.column.sql())).collect::<Vec<_>>().join(", ");
        let trigger = |event: &str| {
            format!(
                "CREATE TRIGGER {BEFOREHAND_PREFIX}{event}_{number} AFTER {event} ON {table}\nBEGIN\n  \
                 INSERT INTO {} VALUES ({keys});\nEND",
                self.log()
            )
        };
        vec![format!("CREATE TABLE {} ({})", self.log(), self.logged_columns()), trigger("insert"), trigger("update")]
    }

    /// The names of what these make: the triggers, and the log.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn made(&self) -> ([String; 2], String) {
        (["insert", "update"].map(|event| format!("{BEFOREHAND_PREFIX}{event}_{}", self.number)), self.log())
    }

    /// The query for how many rows the log has, up to one more than so many.
    pub(in crate::engine) fn is_logged_more(&self, than: u64) -> String {
        format!("SELECT count(*) > {than} FROM (SELECT 1 FROM {} LIMIT {})", self.log(), than.saturating_add(1))
    }

    /// The statement that takes the first ones out of the log.
    pub(in crate::engine) fn forget(&self, count: u64) -> String {
        let log = self.log();
        format!("DELETE FROM {log} WHERE rowid IN (SELECT rowid FROM {log} ORDER BY rowid LIMIT {count})")
    }

    /// Whether one of these rows contradicts the migration. Where [`Self::needs_transaction`], there has to be one.
    pub(in crate::engine) async fn is_contradicted(
        &self,
        connection: &Connection,
        asking: Asking<'_>,
    ) -> Result<bool, EngineError> {
        if let Some((sql, values)) = self.contradicted(asking)
            && !connection.rows_with(&sql, values).await?.is_empty()
        {
            return Ok(true);
        }
        let Some((form, conditions)) = &self.formed else { return Ok(false) };
        connection.run(&format!("SAVEPOINT {FORM}")).await?;
        let found = match edit::replace(connection, &self.rebuild, form).await {
            Ok(()) => {
                let (sql, values) = self.query(conditions, asking);
                connection.rows_with(&sql, values).await.map(|rows| !rows.is_empty())
            }
            Err(error) => Err(error),
        };
        let back = [format!("ROLLBACK TO {FORM}"), format!("RELEASE {FORM}"), edit::READ_AGAIN.to_owned()];
        connection.run_all(&back).await?;
        found
    }

    /// The query that returns a row if one of these rows contradicts the migration, as the table is read now.
    pub(in crate::engine) fn contradicted(&self, asking: Asking<'_>) -> Option<Bound> {
        (!self.plain.is_empty()).then(|| self.query(&self.plain, asking))
    }

    fn query(&self, conditions: &[String], asking: Asking<'_>) -> Bound {
        let mut values = Vec::new();
        let rows = match asking {
            Asking::Range(range) => self.key.condition(&self.rebuild.table, range, &mut values),
            Asking::Logged(window) => {
                let window = window.map(|rows| format!(" ORDER BY rowid LIMIT {rows}")).unwrap_or_default();
                let parts = self.key.parts.iter().map(|part| part.column.sql()).collect::<Vec<_>>();
                let key = if let [only] = &parts[..] { only.to_string() } else { format!("({})", parts.join(", ")) };
                Some(format!("{key} IN (SELECT {} FROM {}{window})", self.logged_columns(), self.log()))
            }
        };
        let rows = rows.map(|rows| format!("{rows} AND ")).unwrap_or_default();
        let table = self.rebuild.table.sql();
        (format!("SELECT 1 FROM {table} NOT INDEXED WHERE {rows}{} LIMIT 1", any(conditions)), values)
    }

    fn log(&self) -> String {
        format!("{BEFOREHAND_PREFIX}log_{}", self.number)
    }

    fn logged_columns(&self) -> String {
        (1..=self.key.parts.len()).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ")
    }
}

/// Whether the indexes of constraints have the numbers that they have in the new definition. In a form of it, the engine
/// would take one of them for another.
async fn keeps_automatic_indexes(
    connection: &Connection,
    rebuild: &Rebuild,
    statements: &[Statement<'_>],
) -> Result<bool, EngineError> {
    let create = rebuild.of(statements).first().map_or("", |statement| statement.text);
    connection.run(&format!("SAVEPOINT {FORM}")).await?;
    let wanted = match connection.run(create).await {
        Ok(()) => Facts::of(connection, &rebuild.helper).await,
        Err(error) => Err(error),
    };
    connection.run_all(&[format!("ROLLBACK TO {FORM}"), format!("RELEASE {FORM}")]).await?;
    Ok(wanted?.automatic() == Facts::of(connection, &rebuild.table).await?.automatic())
}

/// The key in whose order a table is stored, so that no index stands between the question and the rows.
fn key(stored: &Stored) -> Option<Key> {
    Key::best(&stored.table).filter(|key| {
        let primary = stored.table.primary_key.iter().flat_map(|key| &key.parts).map(|part| &part.column);
        key.is_rowid || stored.table.without_rowid && key.parts.iter().map(|part| &part.column).eq(primary)
    })
}

/// One of these.
fn any(conditions: &[String]) -> String {
    format!("({})", conditions.iter().map(|one| format!("({one}\n)")).collect::<Vec<_>>().join(" OR "))
}

/// Whether a condition is about nothing but the row: others may change meanwhile.
pub(in crate::engine) fn is_of_one_row(condition: &str) -> bool {
    let tokens = crate::sql::token::significant(condition);
    !tokens.iter().any(|token| token.is_word("select") || token.is_word("exists"))
}

/// Whether something of this name is there only as long as rows are asked before there is a lock.
pub(in crate::engine) fn is_beforehand(name: &Name) -> bool {
    name.folded().starts_with(BEFOREHAND_PREFIX)
}

/// The statements that begin it: the logs and triggers, and what is asked of which migration.
pub(in crate::engine) fn begin(migration: &str, checksum: &str, questions: &[Question]) -> Vec<String> {
    let mut statements: Vec<String> = questions.iter().flat_map(Question::follow).collect();
    statements.push(format!("CREATE TABLE {AT} (migration TEXT, checksum TEXT, logged TEXT, schema_version INTEGER)"));
    let [migration, checksum, logged] = [migration, checksum, &logged(questions)].map(quote_string);
    // the number behind all of these
    statements.push(format!(
        "INSERT INTO {AT} SELECT {migration}, {checksum}, {logged}, schema_version FROM pragma_schema_version"
    ));
    statements
}

/// Whether it has begun, and by whom: the migration, and an expression of whether it is this one, with these questions,
/// and nothing has changed since.
pub(in crate::engine) fn at(checksum: &str, questions: &[Question]) -> String {
    let [checksum, logged] = [checksum, &logged(questions)].map(quote_string);
    format!(
        "SELECT migration, checksum = {checksum} AND logged = {logged} \
         AND schema_version = (SELECT schema_version FROM pragma_schema_version) AS holds FROM {AT}"
    )
}

/// Everything that there is of it: what it is, and its name.
pub(in crate::engine) fn objects() -> String {
    let end = BEFOREHAND_PREFIX.len();
    format!(
        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'trigger') \
         AND substr(name, 1, {end}) = '{BEFOREHAND_PREFIX}' ORDER BY type DESC, name"
    )
}

/// What is logged, and by which version of this library: another one may ask otherwise, and forget what was asked.
fn logged(questions: &[Question]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let keys = questions.iter().map(|question| format!("{} by {}", question.rebuild.table, question.key));
    keys.fold(version.to_owned(), |text, key| format!("{text}\n{key}"))
}
