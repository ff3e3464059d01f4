//! What the rows of a large table are asked before there is a lock: piece by piece, while others write.
//!
//! As long as nobody else writes, rows are what they were when they were asked, and the engine says whether that is so.
//! Otherwise triggers log the keys of the rows that are inserted or updated from then on. A row that is as it has to be
//! stays so until it is written, and is then in the log. So whoever has the lock only asks the rows that the log has, and
//! knows of all. Rows that go contradict nothing, and neither does a row that another one replaces; what they were the
//! parents of is another matter ([`parents`]).
//!
//! The triggers append to tables without constraints and compute nothing: no write fails because of them. What was asked,
//! of which migration, and at which number of the schema stands in a table beside the logs ([`AT`]): as long as that is
//! what is there, nobody has made the table anew or moved its rows (`VACUUM` changes the number as well).

mod asked;
mod parents;

use std::time::Duration;

use super::facts::Facts;
use super::{ByStatements, Satisfied, Stopped, Stored, rows, rows_stay, stored};
use crate::engine::check::names_used;
use crate::engine::connection::Connection;
use crate::engine::error::EngineError;
use crate::engine::pieces::{Key, Range};
use crate::folder::script::Rebuild;
use crate::plan::counted_rows;
use crate::plan::in_place::{self, Conditions};
use crate::schema::{ForeignKey, Schema};
use crate::sql::name::quote_string;
use crate::sql::token::significant;
use crate::sql::{Expr, Name, Statement, StatementKind};
pub(in crate::engine) use asked::Answer;
use parents::Parents;
pub(in crate::engine) use parents::Parted;

/// What the names of everything begin with that there is meanwhile.
pub(in crate::engine) const BEFOREHAND_PREFIX: &str = "_dbmigrate_beforehand_";
/// What is asked.
pub(in crate::engine) const AT: &str = "_dbmigrate_beforehand_at";
/// The savepoint behind which a table is read in another form.
const FORM: &str = "_dbmigrate_form";

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
    /// What preflights look for: they find nothing if no row contradicts.
    sought: Vec<String>,
    /// What is true of a row that contradicts the migration, as the table is read now.
    plain: Vec<String>,
    /// The same as it is read in another form.
    formed: Option<Formed>,
    /// The parents that rows get.
    parents: Vec<Parents>,
    key: Key,
    number: usize,
    size: Size,
}

/// What is asked of the table as it is read in another form.
#[derive(Debug, Clone)]
struct Formed {
    way: Way,
    conditions: Vec<String>,
    /// What is asked without it, until a row answers: that is true of some others too.
    instead: Option<Vec<String>>,
}

/// How a table comes to be read in another form.
#[derive(Debug, Clone)]
enum Way {
    /// By this text in its place.
    Text(String),
    /// By these statements, on a server.
    Statements(Vec<String>),
}

/// How large a table is, by its first rows.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine) struct Size {
    /// How many rows there are.
    pub(in crate::engine) rows: u64,
    /// How long asking all of them takes.
    pub(in crate::engine) takes: Duration,
    /// One in so many rows is a stage; 0 if pieces are not found by them.
    per_stage: u64,
    /// The first and the last rowid, if there are rows at most of the numbers between them: a piece is then one of numbers.
    dense: Option<(i64, i64)>,
}

impl Size {
    /// Whether pieces are ranges of numbers, which have no more rows than numbers.
    pub(in crate::engine) fn is_dense(self) -> bool {
        self.dense.is_some()
    }
}

/// A rebuild, the statements and preflights of its migration, and the schema that it begins with.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Subject<'a> {
    pub(in crate::engine) rebuild: &'a Rebuild,
    /// The other rebuilds of the migration are those of these tables.
    pub(in crate::engine) others: &'a [&'a Name],
    pub(in crate::engine) statements: &'a [Statement<'a>],
    pub(in crate::engine) preflights: &'a [&'a str],
    pub(in crate::engine) schema: &'a Schema,
    /// How the table is read in another form on a server, if that is needed and can be.
    pub(in crate::engine) form: Option<&'a ByStatements>,
    /// What tells its question from others.
    pub(in crate::engine) number: usize,
}

impl Question {
    /// What a rebuild and the preflights ask of its table. `None` if that is nothing, or it can only be asked with the
    /// lock, or the table has to be rebuilt anyway.
    pub(in crate::engine) async fn of(
        connection: &Connection,
        subject: Subject<'_>,
    ) -> Result<Option<Self>, EngineError> {
        match Self::read(connection, subject).await {
            Ok(question) => Ok(question),
            Err(Stopped::Declined(_)) => Ok(None),
            Err(Stopped::Engine(error)) => Err(error),
        }
    }

    async fn read(connection: &Connection, subject: Subject<'_>) -> Result<Option<Self>, Stopped> {
        let Subject { rebuild, statements, preflights, number, .. } = subject;
        if !rows_stay(statements, rebuild) {
            return Ok(None);
        }
        let earlier = statements.get(..rebuild.statements.start).unwrap_or_default();
        let dropped = earlier.iter().filter(|one| one.kind == StatementKind::DropOther);
        let dropped: Vec<Name> = dropped.filter_map(|one| names_used(one.text).last()).collect();
        let goes = |name: &Name| dropped.contains(name) || is_beforehand(name);
        let stored = stored(connection, rebuild, goes).await?;
        in_place::missing_indexes(&stored.indexes, &rebuild.rebuilt())?;
        let conditions = in_place::conditions(&stored.table, &stored.indexes, &rebuild.rebuilt())?;
        let Some(key) = key(&stored) else { return Ok(None) };
        if connection.is_local() && !keeps_automatic_indexes(connection, rebuild, statements).await? {
            return Ok(None);
        }
        let parents = parents::of(subject, &stored);
        if !fires_all(connection, rebuild, &parents).await? {
            return Ok(None);
        }
        let by_statements = subject.form.map(|form| &form.statements);
        if by_statements.is_none() && !connection.is_local() && rows::needs_form(&conditions) {
            return Ok(None);
        }
        let sentinel = match subject.form {
            Some(form) => form.sentinel.clone(),
            None => rows::sentinel(connection).await?,
        };
        let asked = rows::asked(rebuild, &stored, &conditions, &sentinel, |_| false);
        let about = preflights.iter().filter_map(|query| counted_rows(query));
        let is_asked = |condition: &str| is_of_one_row(condition) || parents.iter().any(|one| one.is_sought(condition));
        let about = about.filter(|(table, condition)| *table == rebuild.table && is_asked(condition));
        let sought: Vec<String> = about.map(|(_, condition)| condition.to_owned()).collect();
        let orphans = parents.iter().map(|parents| parents.orphan.clone());
        let (mut plain, mut formed) = (sought.iter().cloned().chain(orphans).collect::<Vec<_>>(), None);
        match asked {
            Some(rows::Asked { conditions, form: None, .. }) => plain.extend(conditions),
            Some(rows::Asked { conditions: mut asked, form: Some(definition), mut instead }) => {
                if !conditions.reads_otherwise {
                    // a row that the form shows otherwise contradicts anyway, so all of it is one question
                    if let Some(instead) = &mut instead {
                        instead.extend(plain.iter().cloned());
                    }
                    asked.append(&mut plain);
                }
                let way = by_statements.map_or(Way::Text(definition), |form| Way::Statements(form.clone()));
                formed = Some(Formed { way, conditions: once(asked), instead: instead.map(once) });
            }
            None => {}
        }
        if plain.is_empty() && formed.is_none() {
            return Ok(None);
        }
        let (rebuild, plain, size) = (rebuild.clone(), once(plain), Size::default());
        Ok(Some(Self { rebuild, conditions, sought, plain, formed, parents, key, number, size }))
    }

    /// Whether it is about this table.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn is_of(&self, table: &Name) -> bool {
        self.rebuild.table == *table
    }

    /// How large its table is, once that was [measured](Self::measure).
    pub(in crate::engine) fn size(&self) -> Size {
        self.size
    }

    /// Whether the table is read in another form, for which there has to be a transaction.
    pub(in crate::engine) fn needs_transaction(&self) -> bool {
        self.form().is_some()
    }

    /// Reads the table in another form from now on, because a row holds what one may read that contradicts.
    pub(in crate::engine) fn insist(&mut self) {
        if let Some(formed) = &mut self.formed {
            formed.instead = None;
        }
    }

    fn form(&self) -> Option<&Formed> {
        self.formed.as_ref().filter(|formed| formed.instead.is_none())
    }

    /// What is asked of the table as it is read now, and whether a row of which that is true contradicts for sure.
    fn as_it_is(&self) -> (Vec<&str>, bool) {
        let instead = self.formed.as_ref().and_then(|formed| formed.instead.as_ref());
        (self.plain.iter().chain(instead.into_iter().flatten()).map(String::as_str).collect(), instead.is_none())
    }

    /// What is known once no row contradicts it.
    pub(in crate::engine) fn satisfied(&self) -> Satisfied {
        Satisfied { table: self.rebuild.table.clone(), conditions: self.conditions.clone() }
    }

    /// The conditions of rows that there are none of then, in their canonical texts.
    pub(in crate::engine) fn sought(&self) -> impl Iterator<Item = (Name, String)> {
        self.sought.iter().map(|condition| (self.rebuild.table.clone(), canonical(condition)))
    }

    /// The foreign keys of its table that every row follows then.
    pub(in crate::engine) fn followed(&self) -> impl Iterator<Item = (Name, ForeignKey)> {
        self.parents.iter().map(|parents| (self.rebuild.table.clone(), parents.key.clone()))
    }

    /// The statements that make the logs and the triggers.
    fn follow(&self) -> Vec<String> {
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
        let mut statements = vec![
            format!("CREATE TABLE {} ({})", self.log(), self.logged_columns()),
            trigger("insert"),
            trigger("update"),
        ];
        statements.extend(self.parents.iter().flat_map(Parents::follow));
        statements
    }

    /// The statements that remove what these make on a server.
    #[cfg(feature = "remote")]
    pub(in crate::engine) fn unfollow(&self) -> Vec<String> {
        let trigger = |event: &str| format!("DROP TRIGGER {BEFOREHAND_PREFIX}{event}_{}", self.number);
        let mut statements = vec![trigger("insert"), trigger("update"), format!("DROP TABLE {}", self.log())];
        statements.extend(self.parents.iter().flat_map(Parents::unfollow));
        statements
    }

    fn log(&self) -> String {
        format!("{BEFOREHAND_PREFIX}log_{}", self.number)
    }

    fn logged_columns(&self) -> String {
        logged_columns(self.key.parts.len())
    }
}

/// The columns of a log of keys with so many parts.
fn logged_columns(parts: usize) -> String {
    (1..=parts).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ")
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

/// Whether every write of these tables gets as far as the triggers that log it: `RAISE(IGNORE)` in another one ends what
/// is done for a row, and leaves the row.
async fn fires_all(connection: &Connection, rebuild: &Rebuild, parents: &[Parents]) -> Result<bool, EngineError> {
    let mut tables: Vec<String> = parents.iter().map(|parents| quote_string(parents.key.parent.as_str())).collect();
    tables.push(quote_string(rebuild.table.as_str()));
    let tables = tables.join(", ");
    let query = format!(
        "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) IN (SELECT lower(value) FROM \
         json_each(json_array({tables}))) AND lower(sql) LIKE '%raise%ignore%' LIMIT 1"
    );
    Ok(connection.first_row(&query).await?.is_none())
}

/// The key in whose order a table is stored, so that no index stands between the question and the rows.
fn key(stored: &Stored) -> Option<Key> {
    Key::best(&stored.table).filter(|key| {
        let primary = stored.table.primary_key.iter().flat_map(|key| &key.parts).map(|part| &part.column);
        key.is_rowid || stored.table.without_rowid && key.parts.iter().map(|part| &part.column).eq(primary)
    })
}

fn canonical(condition: &str) -> String {
    Expr::new(condition).canonical()
}

/// Each condition once.
fn once(conditions: Vec<String>) -> Vec<String> {
    let mut known = Vec::new();
    let is_new = |condition: &String| {
        let canonical = canonical(condition);
        let is_new = !known.contains(&canonical);
        known.push(canonical);
        is_new
    };
    conditions.into_iter().filter(is_new).collect()
}

/// Whether a condition is about nothing but the row: others may change meanwhile.
pub(in crate::engine) fn is_of_one_row(condition: &str) -> bool {
    !significant(condition).iter().any(|token| token.is_word("select") || token.is_word("exists"))
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
    let mut text = vec![env!("CARGO_PKG_VERSION").to_owned()];
    for question in questions {
        text.push(format!("{} by {}", question.rebuild.table, question.key));
        text.extend(question.parents.iter().map(|parents| parents.orphan.clone()));
    }
    text.join("\n")
}
