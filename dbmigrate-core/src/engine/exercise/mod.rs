//! A declared schema in use. SQLite takes a default that can never be stored, a generated column that no row has a value
//! for and a trigger whose writes are always refused, and then refuses every row that needs them.
//!
//! What stands alone is tried alone: each default in a table that has nothing but its column, each expression with
//! values made up for the columns that it reads. So nothing is blamed for what another part of the row is refused for.

mod triggers;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::connection::Connection;
use super::error::{EngineError, ErrorKind};
use super::populate::{Attempt, Generator, Uses};
use crate::ddl::render::{create_index, create_table_as};
use crate::schema::validate::{Place, Problem, ProblemKind};
use crate::schema::{Check, Column, Generated, Index, Schema, Table};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// What SQLite says of a value that a column of a STRICT table does not take.
const WRONG_TYPE: &str = "cannot store ";

/// What is declared and can never be used. `connection` has the schema in an open transaction, and no rows; it has none
/// afterwards.
pub(super) async fn faults(connection: &Connection, schema: &Schema) -> Result<Vec<Problem>, EngineError> {
    let mut bench = Bench { scratch: None, fine: BTreeSet::new() };
    let mut found = Vec::new();
    for table in &schema.tables {
        bench.defaults(table, &mut found).await?;
        bench.expressions(table, &mut found).await?;
    }
    triggers::faults(connection, schema, &mut found).await?;
    Ok(found)
}

/// Where tables with one thing in them are tried out.
struct Bench {
    /// A database in memory, once there is something to try.
    scratch: Option<Connection>,
    /// The tables that were found to work, as they are created: many tables have the same columns.
    fine: BTreeSet<String>,
}

impl Bench {
    /// The defaults of a table, each alone, and those that checks compare with each other.
    async fn defaults(&mut self, table: &Table, found: &mut Vec<Problem>) -> Result<(), EngineError> {
        let used: Vec<&Column> = table.columns.iter().filter(|column| column.effective_default().is_some()).collect();
        let before = found.len();
        for column in &used {
            let alone = with_defaults(table, &[column]);
            if is_sure(&alone) {
                continue;
            }
            if let Err(error) = self.takes_defaults(&alone).await? {
                found.push(words::default(table, column, &error.message));
            }
        }
        let together = with_defaults(table, &used);
        let compares = |check: &Check| used.iter().filter(|column| check.expr.mentions(&column.name)).count() > 1;
        if found.len() == before
            && together.checks.iter().any(compares)
            && let Err(error) = self.takes_defaults(&together).await?
        {
            found.push(words::defaults(table, &error.message));
        }
        Ok(())
    }

    /// Whether a row of nothing but defaults is taken.
    async fn takes_defaults(&mut self, table: &Table) -> Result<Result<(), EngineError>, EngineError> {
        let Some((scratch, created)) = self.create(table).await? else { return Ok(Ok(())) };
        let result = scratch.run(&format!("INSERT OR ABORT INTO {} DEFAULT VALUES", table.name.sql())).await;
        scratch.run(&format!("DROP TABLE {}", table.name.sql())).await?;
        if result.is_ok() {
            self.fine.insert(created);
        }
        Ok(result)
    }

    /// The generated columns, checks and indexes of a table, each alone.
    async fn expressions(&mut self, table: &Table, found: &mut Vec<Problem>) -> Result<(), EngineError> {
        for column in &table.columns {
            let Some(generated) = &column.generated else { continue };
            if !may_fail(&generated.expr) {
                continue;
            }
            let mut alone = reading(table, &generated.expr);
            let expr = generated.expr.clone();
            // STRICT says nothing of what is computed
            let copy = Column { generated: Some(Generated { expr, stored: true }), ..column.clone() };
            alone.columns.retain(|other| other.name != copy.name);
            alone.columns.push(Column { not_null: false, ..copy });
            if let Some(error) = self.always_fails(&alone).await? {
                found.push(words::generated(table, column, &error.message));
            }
        }
        for check in table.checks.iter().filter(|check| may_fail(&check.expr)) {
            let mut alone = reading(table, &check.expr);
            alone.checks.push(check.clone());
            if let Some(error) = self.always_fails(&alone).await? {
                found.push(words::check(table, check, &error.message));
            }
        }
        for index in &table.indexes {
            let mut exprs = index.parts.iter().map(|part| &part.expr).chain(&index.predicate);
            if !exprs.any(may_fail) {
                continue;
            }
            let text =
                index.parts.iter().map(|part| part.expr.as_str()).chain(index.predicate.iter().map(Expr::as_str));
            let mut alone = reading(table, &Expr::script(text.collect::<Vec<_>>().join(" ")));
            alone.indexes.insert(Index { unique: false, ..index.clone() });
            if let Some(error) = self.always_fails(&alone).await? {
                found.push(words::index(table, &index.name, &error.message));
            }
        }
        Ok(())
    }

    /// What is said of every row that is tried, if none can even be evaluated.
    async fn always_fails(&mut self, table: &Table) -> Result<Option<EngineError>, EngineError> {
        let Some((scratch, created)) = self.create(table).await? else { return Ok(None) };
        let mut schema = Schema::default();
        schema.tables.insert(table.clone());
        let uses = Uses::of(&schema);
        let generator = Generator { schema: &schema, table, uses: &uses };
        let is_fault = |error: &EngineError| error.kind == ErrorKind::Statement;
        // a row without a value that has to be there says nothing of the expression
        let says_nothing = |error: &EngineError| error.message.starts_with("NOT NULL constraint failed");
        let fault = fails_always(&generator, scratch, &is_fault, &says_nothing).await;
        scratch.run(&format!("DROP TABLE {}", table.name.sql())).await?;
        if fault.is_none() {
            self.fine.insert(created);
        }
        Ok(fault)
    }

    /// Creates a table with its indexes, unless it is known to work, or cannot be made on its own.
    async fn create(&mut self, table: &Table) -> Result<Option<(&Connection, String)>, EngineError> {
        let mut statements = vec![create_table_as(table, &table.name, None)];
        statements.extend(table.indexes.iter().map(|index| create_index(&table.name, index)));
        let created = statements.join(";");
        if self.fine.contains(&created) {
            return Ok(None);
        }
        if self.scratch.is_none() {
            let scratch = Connection::in_memory().await?;
            scratch.run("PRAGMA foreign_keys = OFF").await?;
            scratch.run("BEGIN").await?;
            self.scratch = Some(scratch);
        }
        let Some(scratch) = &self.scratch else { return Ok(None) };
        for statement in &statements {
            if scratch.run(statement).await.is_err() {
                scratch.run(&format!("DROP TABLE IF EXISTS {}", table.name.sql())).await?;
                return Ok(None);
            }
        }
        Ok(Some((scratch, created)))
    }
}

/// The last fault that is found in trying rows, if none is taken. Errors that are no faults either say nothing, or show
/// that the row was looked at.
async fn fails_always(
    generator: &Generator<'_>,
    connection: &Connection,
    is_fault: &dyn Fn(&EngineError) -> bool,
    says_nothing: &dyn Fn(&EngineError) -> bool,
) -> Option<EngineError> {
    let fault = RefCell::new(None);
    let goes_on = |error: &EngineError| {
        let found = is_fault(error);
        if found {
            fault.replace(Some(error.clone()));
        }
        found || says_nothing(error)
    };
    let attempt = generator.attempt(connection, 1, &goes_on).await;
    fault.into_inner().filter(|_| attempt == Attempt::OutOfRows)
}

/// The name under which a table is tried: the same for all, so that what is the same in two tables is tried once.
const ON_BENCH: &str = "_dbmigrate_try";

/// A table with nothing in it yet, named as it is tried.
fn bare(table: &Table) -> Table {
    Table { strict: table.strict, ..Table::new(ON_BENCH) }
}

/// Some columns of a table with their defaults, what is generated from them, and the checks over them.
fn with_defaults(table: &Table, columns: &[&Column]) -> Table {
    let mut alone = bare(table);
    alone.columns = columns.iter().map(|column| (*column).clone()).collect();
    let is_over = |alone: &Table, expr: &Expr| {
        let mut mentioned = table.columns.iter().filter(|column| expr.mentions(&column.name)).peekable();
        mentioned.peek().is_some() && mentioned.all(|column| alone.column(&column.name).is_some())
    };
    for column in &table.columns {
        if column.generated.as_ref().is_some_and(|generated| is_over(&alone, &generated.expr)) {
            alone.columns.push(column.clone());
        }
    }
    let checks = table.checks.iter().filter(|check| is_over(&alone, &check.expr)).cloned().collect();
    alone.checks = checks;
    renamed(alone, &table.name)
}

/// The columns of a table that an expression reads, directly and through generated columns.
fn reading(table: &Table, expr: &Expr) -> Table {
    let mut alone = Table { strict: false, ..bare(table) };
    let mut waiting = vec![expr];
    while let Some(expr) = waiting.pop() {
        for column in table.columns.iter().filter(|column| expr.mentions(&column.name)) {
            if alone.column(&column.name).is_none() {
                alone.columns.push(Column { default: None, ..column.clone() });
                waiting.extend(column.generated.as_ref().map(|generated| &generated.expr));
            }
        }
    }
    // a table has at least one column that is stored
    if alone.columns.iter().all(|column| column.generated.is_some()) {
        alone.columns.insert(0, Column::new("_dbmigrate_any", "ANY"));
    }
    renamed(alone, &table.name)
}

/// The table with `name.` in its expressions replaced by its own name.
fn renamed(mut table: Table, name: &Name) -> Table {
    let own = table.name.clone();
    let rename = |expr: &mut Expr| *expr = expr.with_qualifier_renamed(name, &own);
    table.columns.iter_mut().filter_map(|column| column.generated.as_mut()).for_each(|one| rename(&mut one.expr));
    table.checks.iter_mut().for_each(|check| rename(&mut check.expr));
    table
}

/// Whether there is nothing to try: one column with a literal that it takes, and nothing that looks at it.
fn is_sure(alone: &Table) -> bool {
    let [column] = &alone.columns[..] else { return false };
    let Some(default) = column.effective_default() else { return true };
    alone.checks.is_empty() && takes(alone.strict, column, default)
}

/// Whether a column is known to take a default.
fn takes(strict: bool, column: &Column, default: &Expr) -> bool {
    let tokens = significant(default.as_str());
    let kind = tokens.last().map(|token| token.kind);
    let is_time = ["current_timestamp", "current_date", "current_time"];
    let is_time = matches!(&tokens[..], [only] if is_time.iter().any(|word| only.is_word(word)));
    if !strict {
        return default.is_literal() || is_time;
    }
    match column.decl_type.canonical().as_str() {
        "any" => default.is_literal(),
        "text" => is_time || (default.is_literal() && kind != Some(TokenKind::Blob)),
        "int" | "integer" => {
            default.is_literal() && tokens.last().is_some_and(|token| token.text.parse::<u32>().is_ok())
        }
        "real" => default.is_literal() && kind == Some(TokenKind::Number),
        "blob" => kind == Some(TokenKind::Blob),
        _ => false,
    }
}

/// Whether evaluating an expression can end in an error, whatever the reason.
fn may_fail(expr: &Expr) -> bool {
    significant(expr.as_str()).iter().any(|token| match token.kind {
        TokenKind::Word => {
            let word = token.text.to_ascii_lowercase();
            word.starts_with("json")
                || word.starts_with("vector")
                || matches!(word.as_str(), "escape" | "abs" | "regexp" | "match")
                || matches!(
                    word.as_str(),
                    "date" | "time" | "datetime" | "julianday" | "unixepoch" | "strftime" | "timediff"
                )
        }
        TokenKind::Operator => matches!(token.text, "->" | "->>"),
        _ => false,
    })
}

fn unusable(place: Place, message: String, help: String) -> Problem {
    Problem { kind: ProblemKind::Unusable, place, message, help: Some(help) }
}
