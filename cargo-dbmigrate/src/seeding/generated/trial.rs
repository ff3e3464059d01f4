//! Tries a plan before anything is written: rows of each table go into an empty database in memory.

use dbmigrate_core::engine::Connection;
use pollster::block_on;

use super::judge::{Judge, insert, whole};
use super::maker::as_stored;
use super::plan::{GivenRows, Plan, TablePlan};
use super::problem::{Problem, Reason};
use super::rows::{Refused, Rows};
use crate::seeding::rows::Value;

/// How many of the first rows are tried, of those in between, and of the last ones.
const TRIED: (u64, u64, u64) = (24, 24, 8);

/// Tries all tables. What the engine refuses in a table whose checks were thought to be understood makes it one that the
/// engine is asked about; what it refuses then is a problem.
pub(super) fn all(plan: &mut Plan, judge: &mut Judge) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let known: Vec<GivenRows> = plan.tables.iter().map(|table| table.given.borrow().clone()).collect();
    for table in &plan.tables {
        stand_in(table);
    }
    for at in 0..plan.tables.len() {
        if plan.tables[at].made == 0 {
            continue;
        }
        let mut tried = sample(plan, at, judge);
        if tried.is_err() && !plan.tables[at].is_judged {
            plan.tables[at].is_judged = true;
            judge.forget(at);
            tried = sample(plan, at, judge);
        }
        if let Err(refused) = tried.and_then(|()| every(plan, at, judge)) {
            let table = &plan.tables[at];
            let reason = Reason::Refused { row: refused.row, message: refused.message };
            problems.push(Problem { table: table.table.clone(), file: table.file.clone(), reason });
        }
    }
    for (table, known) in plan.tables.iter().zip(known) {
        *table.given.borrow_mut() = known;
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Puts something into given rows for what only the database knows, so that rows can refer to it while they are tried.
fn stand_in(table: &TablePlan) {
    for (number, row) in table.given.borrow_mut().iter_mut().enumerate() {
        for (column, value) in row.iter_mut().enumerate().filter(|(_, value)| value.is_none()) {
            let column = &table.table.columns[column];
            if column.generated.is_none() {
                let number = i64::try_from(number).unwrap_or(i64::MAX).saturating_sub(i64::MAX / 2);
                *value = Some(as_stored(Value::Integer(number), table.table.affinity(column)));
            }
        }
    }
}

/// Some rows of a table.
fn sample(plan: &Plan, at: usize, judge: &mut Judge) -> Result<(), Refused> {
    let made = plan.tables[at].made;
    let (first, between, last) = TRIED;
    let spaced = (1..between).map(|part| made / between * part);
    let mut rows: Vec<u64> = (0..first.min(made)).chain(spaced).chain(made.saturating_sub(last)..made).collect();
    rows.sort_unstable();
    rows.dedup();
    judge.learns(true);
    let result = run(plan, at, judge, rows.into_iter());
    judge.learns(false);
    result
}

/// All rows of a table, if only that tells whether they are taken.
fn every(plan: &Plan, at: usize, judge: &mut Judge) -> Result<(), Refused> {
    let table = &plan.tables[at];
    if table.is_judged || table.is_uncertain || table.given_count > 0 {
        run(plan, at, judge, 0..table.made)?;
    }
    Ok(())
}

fn run(plan: &Plan, at: usize, judge: &mut Judge, rows: impl Iterator<Item = u64>) -> Result<(), Refused> {
    let table = &plan.tables[at];
    let mut database = Database::of(table);
    let mut making = Rows::new(plan, std::mem::replace(judge, judge.again()));
    let mut values = Vec::new();
    let result = (|| {
        for row in rows {
            making.row(at, row, &mut values)?;
            let filled = table.filled().map(|column| values[column].clone()).collect();
            database.insert(filled).map_err(|message| Refused { row, message })?;
        }
        Ok(())
    })();
    *judge = making.judge;
    result
}

/// An empty database with the table; `None` if this engine cannot have it, which then is nobody's fault.
struct Database(Option<(Connection, String)>);

impl Database {
    fn of(table: &TablePlan) -> Self {
        let made = block_on(async {
            let connection = Connection::in_memory().await?;
            connection.run("PRAGMA foreign_keys = OFF").await?;
            connection.run("BEGIN").await?;
            for statement in whole(&table.table) {
                connection.run(&statement).await?;
            }
            Ok::<_, dbmigrate_core::engine::EngineError>(connection)
        });
        let database = Self(made.ok().map(|connection| (connection, insert(table))));
        if let Some((connection, statement)) = &database.0 {
            for row in table.given.borrow().iter() {
                let filled: Option<Vec<Value>> = table.filled().map(|column| row[column].clone()).collect();
                // what is wrong with these is said elsewhere
                if let Some(filled) = filled {
                    let _ = block_on(connection.run_with(statement, filled));
                }
            }
        }
        database
    }

    fn insert(&mut self, values: Vec<Value>) -> Result<(), String> {
        let Some((connection, statement)) = &self.0 else { return Ok(()) };
        block_on(connection.run_with(statement, values)).map_err(|error| error.message)
    }
}
