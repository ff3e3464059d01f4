//! Statements of an application, tried on a schema: the engine compiles them in a database in memory, and runs none of
//! them.

mod facts;
mod plan;
mod refusal;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::check::names_used;
use super::connection::{Connection, Value, text};
pub use super::driver::Access;
use super::error::EngineError;
use super::introspect::is_infrastructure;
use crate::ignore::Ignore;
use crate::plan::create_all;
use crate::schema::Schema;
use crate::sql::name::quote_string;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, StatementKind, split};
pub use facts::{Questions, Release};
pub use plan::Step;
pub use refusal::Refusal;

/// What `ANALYZE` knows of a database: the rows of `sqlite_stat1`.
pub type Statistics = Vec<(String, Option<String>, String)>;

/// A database in memory with a schema and no rows.
pub struct Trial {
    connection: Connection,
    /// What could not be made, and what it names.
    lacking: BTreeSet<Name>,
    /// What the application makes itself.
    made: Vec<String>,
    /// The same database with that.
    widened: OnceCell<Option<Connection>>,
    /// Tables of other programs.
    ignore: Ignore,
}

/// What comes of a statement that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It compiles, and does this with tables and columns.
    Fits(Vec<Access>),
    /// It does not.
    Refused(Refusal),
    /// It needs something that is not here: another database, a module of the application.
    Unknown(String),
}

impl Trial {
    /// A database with a schema. `made` are statements by which the application makes tables of its own.
    ///
    /// # Errors
    /// If there is no database in memory.
    pub async fn of(schema: &Schema, made: Vec<String>) -> Result<Self, EngineError> {
        let connection = Connection::in_memory().await?;
        let mut lacking = BTreeSet::new();
        create(&connection, schema, &mut lacking).await;
        Ok(Self { connection, lacking, made, widened: OnceCell::new(), ignore: Ignore::default() })
    }

    /// The same where other programs have tables that are in no schema.
    #[must_use]
    pub fn beside(mut self, ignore: &Ignore) -> Self {
        self.ignore = ignore.clone();
        self
    }

    /// Lets the planner know how many rows there are.
    ///
    /// # Errors
    /// If that cannot be written.
    pub async fn assume(&self, statistics: &Statistics) -> Result<(), EngineError> {
        if statistics.is_empty() {
            return Ok(());
        }
        self.connection.run("ANALYZE").await?;
        let there = self.connection.rows("SELECT name FROM sqlite_schema").await?;
        let there: BTreeSet<Name> = there.iter().map(|row| Name::from(text(&row[0]))).collect();
        let is_there = |name: &str| there.contains(&Name::from(name));
        for (table, index, numbers) in statistics {
            if is_there(table) && index.as_deref().is_none_or(|index| is_there(index) || index == table) {
                let index = index.clone().map_or(Value::Null, Value::Text);
                let values = vec![Value::Text(table.clone()), index, Value::Text(numbers.clone())];
                self.connection.run_with("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", values).await?;
            }
        }
        self.connection.run("ANALYZE sqlite_schema").await
    }

    /// Compiles one statement.
    ///
    /// # Errors
    /// If there is no database in memory.
    pub async fn compile(&self, sql: &str) -> Result<Tried, EngineError> {
        let error = match self.connection.accesses(sql) {
            Ok(accesses) => return Ok(Tried::Fits(with_inserted(accesses, sql))),
            Err(error) => error,
        };
        let missing = refusal::missing_table(&error.message);
        let widened = if missing.is_some() { self.widened().await } else { None };
        let Some(widened) = widened else { return self.refused(&self.connection, sql, &error).await };
        match widened.accesses(sql) {
            Ok(accesses) => Ok(Tried::Fits(with_inserted(accesses, sql))),
            Err(error) => self.refused(widened, sql, &error).await,
        }
    }

    async fn refused(&self, connection: &Connection, sql: &str, error: &EngineError) -> Result<Tried, EngineError> {
        if refusal::is_of_application(&error.message) {
            return Ok(Tried::Unknown(error.message.clone()));
        }
        if let Some(table) = refusal::missing_table(&error.message)
            && self.is_elsewhere(&table)
        {
            return Ok(Tried::Unknown(format!("`{table}` is in no schema that is known here")));
        }
        Ok(Tried::Refused(Refusal::of(connection, sql, &error.message).await?))
    }

    /// Whether a table is one of another database that is attached, of another program, or could not be made here.
    fn is_elsewhere(&self, table: &str) -> bool {
        let (database, name) = table.split_once('.').unwrap_or(("main", table));
        let name = Name::from(name);
        let is_attached = !["main", "temp"].contains(&database.to_ascii_lowercase().as_str());
        is_attached || self.lacking.contains(&name) || self.ignore.hides(&name) || is_infrastructure(&name)
    }

    /// The database with what the application makes itself, if it makes anything.
    async fn widened(&self) -> Option<&Connection> {
        if let Some(known) = self.widened.get() {
            return known.as_ref();
        }
        let made = self.widen().await.ok();
        self.widened.get_or_init(|| made).as_ref()
    }

    async fn widen(&self) -> Result<Connection, EngineError> {
        let connection = Connection::in_memory().await?;
        let objects = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
        for row in self.connection.rows(objects).await? {
            // shadow tables are there with what they are behind
            let _ = connection.run(text(&row[0])).await;
        }
        // what `ANALYZE` writes is there for the application to read
        let _ = connection.run("ANALYZE").await;
        for statement in &self.made {
            // one that is there already, or needs what is not here
            let _ = connection.run(statement).await;
        }
        Ok(connection)
    }
}

/// Makes what a schema has. What cannot be made here is named in `lacking`, with everything that it names.
async fn create(connection: &Connection, schema: &Schema, lacking: &mut BTreeSet<Name>) {
    let statements = create_all(schema);
    if connection.run_all(&statements).await.is_ok() {
        return;
    }
    for statement in &statements {
        // the first ones are there already
        let exists = |message: &str| message.contains("already exists");
        if let Err(error) = connection.run(statement).await
            && !exists(&error.message)
        {
            lacking.extend(names_used(statement));
        }
    }
}

/// What a statement does with the columns that an `INSERT` names, of which the engine only names the table.
fn with_inserted(mut accesses: Vec<Access>, sql: &str) -> Vec<Access> {
    let tokens = significant(sql);
    let Some(into) = tokens.iter().position(|token| token.is_word("into")) else { return accesses };
    let open = tokens[into..].iter().position(|token| token.kind == TokenKind::Open);
    let Some(open) = open.map(|at| into + at) else { return accesses };
    // `INTO t (`, `INTO main.t (`, `INTO t AS x (`
    let is_name = |token: &Token<'_>| token.kind == TokenKind::Dot || token.identifier().is_some();
    let head = &tokens[into + 1..open];
    if !head.iter().all(is_name) || head.iter().any(|token| token.is_word("values") || token.is_word("select")) {
        return accesses;
    }
    let name = if head.get(1).is_some_and(|token| token.kind == TokenKind::Dot) { head.get(2) } else { head.first() };
    let Some(table) = name.and_then(Token::identifier) else { return accesses };
    for token in tokens[open + 1..].iter().take_while(|token| token.kind != TokenKind::Close) {
        if let Some(column) = token.identifier() {
            accesses.push(Access { table: table.clone(), column: Some(column), is_write: true });
        }
    }
    accesses
}

/// The statements of a text that make tables, views and the like.
pub fn made_by(sql: &str) -> impl Iterator<Item = String> {
    let makes = |kind: StatementKind| kind.only_adds_objects() || kind == StatementKind::CreateVirtualTable;
    split(sql).into_iter().filter(move |one| makes(one.kind)).map(|one| one.text.to_owned())
}

/// What `ANALYZE` knows of a database; nothing if it has never run there.
///
/// # Errors
/// If the database cannot be asked.
pub async fn statistics(connection: &Connection) -> Result<Statistics, EngineError> {
    let there = format!("SELECT 1 FROM sqlite_schema WHERE name = {}", quote_string("sqlite_stat1"));
    if connection.rows(&there).await?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.rows("SELECT tbl, idx, stat FROM sqlite_stat1").await?;
    let maybe = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    Ok(rows.iter().filter_map(|row| Some((maybe(&row[0])?, maybe(&row[1]), maybe(&row[2])?))).collect())
}

#[cfg(test)]
mod tests;
