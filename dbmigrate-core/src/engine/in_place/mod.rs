//! A rebuild that writes no row: the definition of the table is replaced where the schema is stored
//! (sqlite.org/lang_altertable.html#otheralter, "changes that do not affect the on-disk content"), if all rows are
//! proven to satisfy the new one.
//!
//! 1. [`conditions`](plan::conditions) compares the definition that is stored with the wanted one, and says what the rows have to be like.
//!    Whatever it does not know to be harmless is a reason to rebuild.
//! 2. The engine makes the new table, empty, and says how it sees it ([`facts`]): its text, columns, keys and automatic
//!    indexes. So the text that gets stored is one that the engine has written itself, and the very one that the rebuild
//!    would have left.
//! 3. The rows are asked once for all conditions ([`rows`]), reading the table itself and no index.
//! 4. The text is replaced ([`edit`]), the schema read again, and compared with what the engine said of the new table.
//!
//! The rows of a large table are asked before there is a lock ([`beforehand`]), and only those that were written meanwhile
//! are asked again.
//!
//! All of it happens in the caller's savepoint: whatever is not as it has to be leads back to before, and the statements
//! of the rebuild are run as they stand. They are the specification; this is only ever another way to the same.

#[cfg(feature = "remote")]
pub(in crate::engine) mod altered;
pub(in crate::engine) mod beforehand;
mod edit;
mod facts;
mod rows;

use super::check::names_used;
use super::connection::{Connection, integer};
use super::engines::Engine;
use super::error::EngineError;
use super::introspect::StoredObject;
use super::stored::{objects_where, stored_objects_in};
use crate::ddl::{Object, read};
use crate::folder::script::Rebuild;
use crate::plan::in_place::{self as plan, Conditions, Reason};
use crate::schema::{Index, Table};
use crate::sql::name::quote_string;
use crate::sql::{Expr, Name, Statement, StatementKind};
use facts::Facts;
pub(super) use rows::ByStatements;
#[cfg(feature = "remote")]
pub(super) use rows::sentinel;

/// What became of a rebuild that was to be made in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The table is what the rebuild would have made of it, and no row was written. Its foreign keys are not checked.
    Done,
    /// It has to be rebuilt. What was done until then has to be rolled back.
    Declined(Reason),
}

/// Why it was not done: a reason, or an engine that does not let it be done, which is one too.
enum Stopped {
    Declined(Reason),
    Engine(EngineError),
}

impl From<Reason> for Stopped {
    fn from(reason: Reason) -> Self {
        Self::Declined(reason)
    }
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// Whether the table has at least so many rows: copying fewer takes no longer than asking.
pub(super) async fn is_worth_it(
    connection: &Connection,
    rebuild: &Rebuild,
    least_rows: u64,
) -> Result<bool, EngineError> {
    if !connection.is_local() || connection.engine().await? == Engine::Turso {
        return Ok(false);
    }
    rows::are_many(connection, rebuild, least_rows).await
}

/// What is known of the rows before the first statement of a script, in the same transaction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    /// Conditions of rows that there are none of: the table, and the canonical text.
    pub(super) sought: &'a [(Name, String)],
    /// What all rows of tables satisfy.
    pub(super) satisfied: &'a [Satisfied],
}

/// What all rows of a table satisfy, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Satisfied {
    table: Name,
    conditions: Conditions,
}

/// Makes a rebuild in place, on a file. To be called in a savepoint, which has to be rolled back unless it is done.
/// `statements` are those of the whole script.
///
/// # Errors
/// If the engine fails. The rebuild may still be run once the savepoint is rolled back.
pub(super) async fn in_place(
    connection: &Connection,
    rebuild: &Rebuild,
    statements: &[Statement<'_>],
    known: Known<'_>,
) -> Result<Outcome, EngineError> {
    match replace_definition(connection, rebuild, statements, known).await {
        Ok(()) => Ok(Outcome::Done),
        Err(Stopped::Declined(reason)) => Ok(Outcome::Declined(reason)),
        Err(Stopped::Engine(error)) => Err(error),
    }
}

async fn replace_definition(
    connection: &Connection,
    rebuild: &Rebuild,
    statements: &[Statement<'_>],
    known: Known<'_>,
) -> Result<(), Stopped> {
    let stored = stored(connection, rebuild, |_| false).await?;
    let rebuilt = rebuild.rebuilt();
    let missing = plan::missing_indexes(&stored.indexes, &rebuilt)?;
    let conditions = plan::conditions(&stored.table, &stored.indexes, &rebuilt)?;
    let statement = |at: usize| statements.get(at).map_or("", |statement| statement.text);

    // the engine's own word for what the table is to be
    connection.run(statement(rebuild.statements.start)).await?;
    let wanted = Facts::of(connection, &rebuild.helper).await?;
    let text = rebuild.renamed(&facts::text(connection, &rebuild.helper).await?);
    connection.run(&format!("DROP TABLE {}", rebuild.helper.sql())).await?;
    let before = Facts::of(connection, &rebuild.table).await?;
    if before.automatic() != wanted.automatic() {
        return Err(Reason::new("the automatic indexes are others, or stand in another order").into());
    }

    // behind a write or a rename, what was not there may be there again
    let stays = rows_stay(statements, rebuild);
    let is_satisfied = |known: &Satisfied| known.table == rebuild.table && known.conditions == conditions;
    if !stays || !known.satisfied.iter().any(is_satisfied) {
        // what was sought with an index may be there all the same
        let is_told = |condition: &str| {
            let condition = Expr::new(condition);
            let columns = rebuild.definition.columns.iter().map(|column| &column.name);
            let mut columns = columns.filter(|column| condition.mentions(column));
            stays
                && known.sought.contains(&(rebuild.table.clone(), condition.canonical()))
                && !columns.any(|column| plan::is_keyed(&rebuild.definition, column, &stored.indexes, &rebuilt))
        };
        rows::satisfy(connection, rebuild, &stored, &conditions, is_told).await?;
    }
    // as `DROP TABLE` does; what makes them again stands behind it
    for trigger in &stored.triggers {
        connection.run(&format!("DROP TRIGGER {}", trigger.sql())).await?;
    }
    edit::replace(connection, rebuild, &text).await?;
    if facts::text(connection, &rebuild.table).await? != text {
        return Err(Reason::new("the stored definition is not the wanted one").into());
    }
    let after = Facts::of(connection, &rebuild.table).await?;
    if !after.is_same_table(&wanted) || after.indexes() != before.indexes() {
        return Err(Reason::new("the engine sees another table than the wanted one").into());
    }
    for (at, _) in missing.into_iter().filter_map(|at| rebuild.indexes.get(at)) {
        connection.run(statement(*at)).await?;
    }
    Ok(())
}

/// Whether the definitions alone say that a rebuild of this table cannot be made in place.
pub(super) fn is_never_in_place(before: &Table, rebuild: &Rebuild) -> bool {
    let indexes: Vec<Index> = before.indexes.iter().cloned().collect();
    !plan::is_possible(before, &indexes, &rebuild.rebuilt())
}

/// Whether the statements before a rebuild leave its table and the rows as they are.
pub(super) fn rows_stay(statements: &[Statement<'_>], rebuild: &Rebuild) -> bool {
    let mut at = 0;
    while let Some(one) = statements.get(at).filter(|_| at < rebuild.statements.start) {
        let other = Rebuild::read(statements, at).filter(|other| {
            let is_about_it = [&other.table, &other.helper].contains(&&rebuild.table);
            !is_about_it && other.statements.end <= rebuild.statements.start
        });
        at = match other {
            Some(other) => other.statements.end,
            None if one.kind == StatementKind::DropOther || one.kind.only_adds_objects() => at + 1,
            None => return false,
        };
    }
    true
}

/// What is stored of the table.
#[derive(Debug, Clone)]
struct Stored {
    /// What its text says.
    table: Table,
    /// The indexes that have a text.
    indexes: Vec<Index>,
    /// The triggers on it, which go with it in a rebuild.
    triggers: Vec<Name>,
}

/// Reads it. What `goes` says is not there any more when it counts.
async fn stored(connection: &Connection, rebuild: &Rebuild, goes: impl Fn(&Name) -> bool) -> Result<Stored, Stopped> {
    // a server has none, and does not let them be made
    let temporary = "SELECT count(*) FROM sqlite_temp_schema";
    if connection.is_local() && connection.first_row(temporary).await?.is_none_or(|row| integer(&row[0]) != 0) {
        return Err(Reason::new("there are temporary objects").into());
    }
    let condition = format!("tbl_name = {} COLLATE NOCASE", quote_string(rebuild.table.as_str()));
    let condition = format!("type IN ('view', 'trigger') OR {condition}");
    let (objects, _) = stored_objects_in(connection.rows(&objects_where(&condition)).await?, 0);
    let mut found: Option<Table> = None;
    let (mut indexes, mut triggers) = (Vec::new(), Vec::new());
    for object in objects {
        let StoredObject { kind, name, table, sql, is_garbled } = object;
        let is_other = kind == "view" || kind == "trigger";
        if is_other && goes(&name) {
            continue;
        }
        if kind == "trigger" && table == rebuild.table {
            triggers.push(name);
            continue;
        }
        if is_other && table != rebuild.table && !names_used(&sql).any(|used| used == rebuild.table) {
            continue;
        }
        if is_garbled {
            return Err(Reason::new("the stored definition is no text").into());
        }
        match (&kind[..], read(&sql)) {
            ("table", Ok(Object::Table(table))) if name.same_spelling(&rebuild.table) && found.is_none() => {
                found = Some(table);
            }
            ("index", Ok(Object::Index(_, index))) => indexes.push(index),
            // it is in the way of a rebuild, and shall be here too
            ("trigger" | "view", _) => return Err(Reason::new(format!("`{name}` depends on the table")).into()),
            _ => return Err(Reason::new("the stored definition is not understood").into()),
        }
    }
    match found {
        Some(table) => Ok(Stored { table, indexes, triggers }),
        None => Err(Reason::new("no such table").into()),
    }
}

#[cfg(all(test, feature = "libsql"))]
mod tests;
