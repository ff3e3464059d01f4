//! The proof of a schema in between: the statements of two releases both work on it, as on a database of their own.
//!
//! Beside the database in between there are two others: one with the schema of the release that runs, one with that of
//! the one that comes. A statement of a release is run on its own database and on the one in between. It has to work
//! there too, and what the release then reads has to be the same in both. Then the other release's database is filled
//! with what that release reads in between: so each statement meets what both have written before it.
//!
//! The statements are random, and the same every time: inserts with all columns, with no more than has to be given, and of
//! rows that are there (`OR IGNORE`, `OR REPLACE`, `ON CONFLICT`), updates and deletes, of the tables that differ, with values of generated rows and values that are like them.

mod readable;
mod side;
mod statements;

use thiserror::Error;

use self::readable::{readable, spoiled};
use self::side::{Side, Which};
use self::statements::Statements;
use super::connection::{Connection, integer};
use super::error::{EngineError, ErrorKind};
use super::populate::populate;
use crate::diff::Diff;
use crate::plan::create_all;
use crate::plan::phased::{Fill, Phased};
use crate::schema::{Schema, Table};
use crate::sql::{Name, StatementKind, split};

/// How many statements are tried by default.
pub const STATEMENTS: usize = 120;

/// What was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// How many statements of the release that runs worked.
    pub of_old: usize,
    /// How many of the one that comes.
    pub of_new: usize,
}

/// Why two releases cannot share the schema in between.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BetweenError {
    /// A statement that works on the release's own schema fails.
    #[error("a statement of the {release} release fails between the two migrations: {message}")]
    Fails {
        /// Whose it is.
        release: &'static str,
        /// The statement.
        statement: String,
        /// The engine's message.
        message: String,
    },
    /// It works, and the release then reads something else.
    #[error("between the two migrations, the {release} release reads other values in {place} than it wrote")]
    Differs {
        /// Whose it is.
        release: &'static str,
        /// The statement after which it does.
        statement: String,
        /// The table or view.
        place: String,
    },
    /// What should be carried over between columns is not.
    #[error("values of `{table}` are not carried over between the two migrations")]
    NotCarried {
        /// The table.
        table: Name,
        /// The statement after which they are not.
        statement: String,
    },
    /// What is carried over is nothing that the other release can read.
    #[error(
        "between the two migrations, what the {release} release writes can become {} in `{table}.{column}`",
        if *is_null { "NULL" } else { "a value that the other one cannot read" }
    )]
    Unreadable {
        /// Which one has written.
        release: &'static str,
        /// The table, by its new name.
        table: Name,
        /// The column of the other release.
        column: Name,
        /// Whether it is NULL, where none may be.
        is_null: bool,
        /// The statement after which it is so.
        statement: String,
    },
    /// The engine fails in a way that has nothing to do with it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Shows that the statements of both releases work between the halves of a change: see the module.
///
/// # Errors
/// For the first statement that does not.
pub async fn prove_between(
    old: &Schema,
    new: &Schema,
    diff: &Diff,
    phased: &Phased,
    (seed, count): (u64, usize),
) -> Result<Shared, BetweenError> {
    // rows that the first half fails on are none that it is applied to
    let between = match database(old, phased, true).await {
        Ok(between) => between,
        Err(_) => database(old, phased, false).await?,
    };
    // rows that the first half would be refused for
    for link in &phased.links {
        for (_, condition) in link.unfit(true) {
            between.run(&format!("DELETE FROM {} WHERE {condition}", link.table.sql())).await?;
        }
    }
    let mut sides = [Side::new(Which::Old, old, diff).await?, Side::new(Which::New, new, diff).await?];
    if fill(&sides, &between).await.is_err() {
        // rows that the new schema is right to refuse
        for table in sides[0].tables() {
            between.run(&format!("DELETE FROM {}", table.sql())).await?;
        }
        fill(&sides, &between).await?;
    }
    for side in &sides {
        side.compare_views(&between).await?;
    }
    let mut shared = Shared::default();
    if sides.iter().all(|side| side.tables().next().is_none()) {
        return Ok(shared);
    }
    let plain = with_other_keys(new, diff, phased);
    let views = phased.stand_ins.iter().map(|one| one.view.clone());
    let plain_old: Vec<Name> = plain.iter().map(|name| diff.renames.old_table(name).clone()).chain(views).collect();
    let of_old = Statements::new(old, &sides[0], &plain_old, seed).await?;
    let of_new = Statements::new(new, &sides[1], &plain, seed ^ 1).await?;
    let mut statements = [of_old, of_new];
    let fills = fills(diff, phased);
    let mut known = [spoiled(&between, phased, Which::Old).await?, spoiled(&between, phased, Which::New).await?];
    for at in 0..count {
        // now and then several of one release in a row
        let who = usize::from((seed.wrapping_add(at as u64) / 3 + at as u64).is_multiple_of(2));
        let Some(statement) = statements[who].next_one() else { continue };
        let (actor, other) = if who == 0 { (0, 1) } else { (1, 0) };
        match sides[actor].own(&statement).await {
            Ok(()) => {}
            // it is none of that release: rows or types are in its way there too
            Err(error) if matches!(error.kind, ErrorKind::Constraint | ErrorKind::Statement) => continue,
            Err(error) => return Err(error.into()),
        }
        if sides[actor].which == Which::Old {
            // what that release leaves NULL has a value meanwhile, as it was decided
            for fill in &fills {
                sides[actor].own(fill).await?;
            }
        }
        between.run("SAVEPOINT one").await?;
        if let Err(error) = between.run(&statement).await {
            let release = sides[actor].which.word();
            return Err(BetweenError::Fails { release, statement, message: error.message });
        }
        sides[actor].compare(&between, &statement).await?;
        let now = [spoiled(&between, phased, Which::Old).await?, spoiled(&between, phased, Which::New).await?];
        let by = sides[actor].which;
        let at = usize::from(by == Which::New);
        readable(&known[at], &now[at], by, &statement)?;
        carried(&between, phased, &statement).await?;
        match sides[other].load(&between).await {
            Ok(()) => {
                between.run("RELEASE one").await?;
                known = now;
                match by {
                    Which::Old => shared.of_old += 1,
                    Which::New => shared.of_new += 1,
                }
            }
            // what gets stricter refuses rows of the release that runs, as the second half will say
            Err(error) if error.kind == ErrorKind::Constraint => {
                between.run_all(&["ROLLBACK TO one".to_owned(), "RELEASE one".to_owned()]).await?;
                for side in &mut sides {
                    side.load(&between).await?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    for side in &sides {
        side.compare_views(&between).await?;
    }
    Ok(shared)
}

/// A database behind the first half, with rows if there are to be some.
async fn database(old: &Schema, phased: &Phased, has_rows: bool) -> Result<Connection, EngineError> {
    let connection = Connection::in_memory().await?;
    connection.run("PRAGMA foreign_keys = OFF").await?;
    let (tables, triggers): (Vec<String>, Vec<String>) =
        create_all(old).into_iter().partition(|statement| !creates_trigger(statement));
    connection.run_all(&tables).await?;
    if has_rows {
        populate(&connection, old).await?;
    }
    connection.run_all(&triggers).await?;
    connection.run_each(phased.first.statements()).await.map_err(|(_, error)| error)?;
    connection.run("PRAGMA foreign_keys = ON").await?;
    Ok(connection)
}

/// The statements that fill what becomes NOT NULL, for the database of the release that runs.
fn fills(diff: &Diff, phased: &Phased) -> Vec<String> {
    let known = phased.fills.iter().filter(|fill| !fill.is_new);
    let update = |fill: &Fill| {
        let (table, column) = (diff.renames.old_table(&fill.table).sql(), fill.column.sql());
        format!("UPDATE {table} SET {column} = ({}) WHERE {column} IS NULL", fill.expr)
    };
    known.map(update).collect()
}

/// The tables, by their new names, that have other keys for one of the releases than in between: what gets looser goes
/// first, and what gets stricter goes last.
fn with_other_keys(new: &Schema, diff: &Diff, phased: &Phased) -> Vec<Name> {
    let converts = |table: &Table| {
        let mut links = phased.links.iter().filter(|link| link.table == table.name && link.same().is_none());
        let is_in_key = |name: &Name| table.unique_keys().any(|key| key.contains(name));
        links.any(|link| link.news.iter().any(|side| is_in_key(&side.name)))
    };
    let changes = |table: &Table| {
        diff.tables.iter().filter(|changed| changed.name == table.name).any(|changed| {
            let indexes = [&changed.created_indexes, &changed.changed_indexes, &changed.dropped_indexes];
            !changed.added_uniques.is_empty()
                || !changed.dropped_uniques.is_empty()
                || indexes.iter().any(|names| !names.is_empty())
        })
    };
    new.tables.iter().filter(|table| converts(table) || changes(table)).map(|table| table.name.clone()).collect()
}

async fn fill(sides: &[Side<'_>; 2], between: &Connection) -> Result<(), EngineError> {
    for side in sides {
        side.load_all(between).await?;
    }
    Ok(())
}

fn creates_trigger(statement: &str) -> bool {
    split(statement).first().is_some_and(|statement| statement.kind == StatementKind::CreateTrigger)
}

/// Whether both sides of every link say the same, and nothing is left NULL that one of the releases cannot read so.
async fn carried(between: &Connection, phased: &Phased, statement: &str) -> Result<(), BetweenError> {
    let links = phased.links.iter().filter_map(|link| Some((&link.table, link.out_of_step()?)));
    let fills = phased.fills.iter().map(|fill| (&fill.table, format!("{} IS NULL", fill.column.sql())));
    let sides = phased.links.iter().flat_map(|link| {
        let required = link.olds.iter().chain(&link.news).filter(|side| side.is_required);
        required.map(|side| (&link.table, format!("{} IS NULL", side.name.sql())))
    });
    for (table, condition) in links.chain(fills).chain(sides) {
        let query = format!("SELECT count(*) FROM {} WHERE {condition}", table.sql());
        let found = between.rows(&query).await?;
        if found.first().is_some_and(|row| integer(&row[0]) > 0) {
            return Err(BetweenError::NotCarried { table: table.clone(), statement: statement.to_owned() });
        }
    }
    Ok(())
}
