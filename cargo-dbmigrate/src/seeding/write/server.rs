//! To a server: a transaction is one request. What fits into one is written all or not at all; what does not goes in
//! parts, in the order of the references, so that a run that is cut off can be run again and goes on.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use super::job::{Job, Report, Step, as_seed, is_about_rows, update};
use super::surplus;
use crate::error::{CommandError, Result};
use crate::report::counted;
use crate::report::progress::Progress;
use crate::seeding::errors::NOTHING;
use crate::seeding::model::{Given, Mode, Seed};
use crate::seeding::order::Unit;
use crate::seeding::rows::{RowSource, Value};
use crate::seeding::statement::{columns, insert, tuple};
use crate::seeding::there::{Standing, size};

/// How large a transaction is, in bytes of its values and texts. A server gives a lock away after five seconds.
const REQUEST: usize = 4 * 1024 * 1024;

/// How many rows a statement inserts.
const AT_ONCE: usize = 100;

/// How many values a statement has at most (sqlite.org/limits.html#max_variable_number).
const MOST_VALUES: usize = 32_000;

/// How many rows that are made are compared at once.
const COMPARED: usize = 4000;

/// Writes the set.
pub(super) fn write(job: &Job<'_>) -> Result<Report> {
    let mut server = Server { job, report: Report::new(job.seed), pending: Vec::new(), size: 0, written: 0, total: 0 };
    server.run()?;
    Ok(server.report)
}

/// What a statement is for.
#[derive(Debug, Clone)]
enum For {
    /// Rows of the set.
    Rows(Vec<usize>),
    /// Rows that were made, of a table.
    Made(Name, u64),
    /// A statement of a script, with its place in the file.
    Script(usize, (usize, usize)),
}

struct Pending {
    sql: String,
    values: Vec<Value>,
    what: For,
}

struct Server<'a> {
    job: &'a Job<'a>,
    report: Report,
    pending: Vec<Pending>,
    size: usize,
    /// Rows that are committed, of all that are to be.
    written: u64,
    total: u64,
}

impl Server<'_> {
    fn run(&mut self) -> Result<()> {
        let job = self.job;
        let mut there = job.look().map_err(|error| self.with_state(error, false))?;
        if !there.surplus.is_empty() {
            let deletions = surplus::count(job, &there.surplus).map_err(|error| error.note(NOTHING))?;
            (job.may_delete)(&deletions)?;
            let statements = surplus::statements(job, &there.surplus);
            block_on(job.connection.transact(statements)).map_err(|(_, error)| match error.kind {
                ErrorKind::Constraint => job.dangling(&error),
                _ => self.with_state(job.engine("cannot delete rows", &error), error.kind == ErrorKind::Lost),
            })?;
            for (table, rows) in &there.surplus {
                self.report.tables[*table].deleted += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            }
            there = job.look().map_err(|error| self.with_state(error, false))?;
        }
        let steps = job.steps(&there, &mut self.report);
        self.total = job.total(&steps);
        if !steps.is_empty() {
            (job.may_write)(self.total)?;
        }
        let progress = job.printer.progress("Seeding", self.total);
        let mut run: Vec<usize> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(row) => {
                    if run.first().is_some_and(|first| run.len() >= AT_ONCE || !are_alike(job.seed, *first, row)) {
                        self.insert(&std::mem::take(&mut run), &progress)?;
                    }
                    run.push(row);
                }
                Step::Update(row, columns) => {
                    self.insert(&std::mem::take(&mut run), &progress)?;
                    let (sql, values) = update(job.seed, row, columns);
                    self.report.tables[job.seed.rows[row].table].updated += 1;
                    self.push(Pending { sql, values, what: For::Rows(vec![row]) }, &progress)?;
                }
                Step::Made(at) => {
                    self.insert(&std::mem::take(&mut run), &progress)?;
                    self.made(at, &progress)?;
                }
                Step::Script(at) => {
                    self.insert(&std::mem::take(&mut run), &progress)?;
                    self.script(at, &progress)?;
                }
            }
        }
        self.insert(&run, &progress)?;
        self.send(&progress)
    }

    fn insert(&mut self, rows: &[usize], progress: &Progress) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let seed = self.job.seed;
        let table = seed.rows[*first].table;
        let mut values = Vec::new();
        let tuples: Vec<String> = rows.iter().map(|row| tuple(seed, &seed.rows[*row].cells, &mut values)).collect();
        let tuples: Vec<&str> = tuples.iter().map(String::as_str).collect();
        let sql = insert(&seed.tables[table].table.name, &columns(seed, *first), &tuples);
        self.report.tables[table].inserted += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.push(Pending { sql, values, what: For::Rows(rows.to_vec()) }, progress)
    }

    fn push(&mut self, pending: Pending, progress: &Progress) -> Result<()> {
        let size = pending.sql.len() + pending.values.iter().map(size).sum::<usize>();
        if self.size + size > REQUEST {
            self.send(progress)?;
        }
        self.size += size;
        self.pending.push(pending);
        Ok(())
    }

    /// Sends what is pending as one transaction.
    fn send(&mut self, progress: &Progress) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.size = 0;
        if pending.is_empty() {
            return Ok(());
        }
        let job = self.job;
        let mut tries = 0;
        let changes = loop {
            let statements = pending.iter().map(|one| (one.sql.clone(), one.values.clone())).collect();
            match block_on(job.connection.transact(statements)) {
                Ok(changes) => break changes,
                // another client took the lock
                Err((_, error)) if error.kind == ErrorKind::Stolen && tries < job.retries => {
                    tries += 1;
                    let of = job.retries;
                    job.printer.status(
                        "Retrying",
                        format!("{}: another client took the lock (retry {tries} of {of})", job.database),
                    );
                }
                Err((at, error)) => return Err(self.failed(&pending, at, &error)),
            }
        };
        for (one, changes) in pending.iter().zip(changes) {
            match &one.what {
                For::Rows(rows) => self.written += u64::try_from(rows.len()).unwrap_or_default(),
                For::Made(_, rows) => self.written += rows,
                For::Script(script, _) => self.report.scripts[*script] += changes,
            }
        }
        let table = pending.iter().rev().find_map(|one| match &one.what {
            For::Rows(rows) => rows.first().map(|row| job.seed.table_of(*row).name.clone()),
            For::Made(name, _) => Some(name.clone()),
            For::Script(..) => None,
        });
        progress.step(self.written, table.map(|table| table.to_string()).unwrap_or_default());
        Ok(())
    }

    /// What failed, and what is written.
    fn failed(&self, pending: &[Pending], at: Option<usize>, error: &EngineError) -> CommandError {
        let job = self.job;
        let is_lost = error.kind == ErrorKind::Lost;
        let error = match (at.and_then(|at| Some((at, pending.get(at)?))), error.kind) {
            (None, ErrorKind::Constraint) => {
                let message = format!("the set `{}` leaves references to missing rows", job.seed.name);
                CommandError::failed(message).note(job.seed.redacted(&error.message))
            }
            (Some((_, Pending { what: For::Script(script, place), .. })), _) => {
                job.refused_statement(*script, *place, error)
            }
            (Some((at, Pending { what: For::Rows(rows), .. })), _) if is_about_rows(error) => {
                let (row, error) = self.refused_among(&pending[..at], rows, error);
                job.refused(row, &error)
            }
            (Some((_, Pending { what: For::Made(name, _), .. })), _) => {
                job.engine(&format!("cannot write a row of `{name}`"), error)
            }
            _ => job.engine("cannot write the rows", error),
        };
        self.with_state(error, is_lost)
    }

    /// In what state a failure leaves the database.
    fn with_state(&self, error: CommandError, is_lost: bool) -> CommandError {
        let deleted: u64 = self.report.tables.iter().map(|count| count.deleted).sum();
        let rows = |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "row");
        let error = match (self.written, deleted) {
            (0, 0) if !is_lost => return error.note(NOTHING),
            (0, 0) => error,
            (0, deleted) => error.note(format!("{} were deleted, and nothing was written", rows(deleted))),
            (written, _) => error.note(format!("{} of {} were written", rows(written), self.total)),
        };
        let error = match is_lost {
            true => error.note("it is unknown whether the rows behind them were: the server stopped answering"),
            false => error,
        };
        let set = dbmigrate_core::shell::shell_word(std::path::Path::new(&self.job.seed.name));
        error.help(format!("to continue where it stopped, run it again: `cargo dbmigrate seed {set}`"))
    }

    /// Which of several rows that were sent together is refused. Tried in a transaction of which nothing stays.
    fn refused_among(&self, before: &[Pending], rows: &[usize], error: &EngineError) -> (usize, EngineError) {
        let first = rows.first().copied().unwrap_or_default();
        if rows.len() < 2 {
            return (first, error.clone());
        }
        let connection = self.job.connection;
        let seed = self.job.seed;
        let mut statements: Vec<(String, Vec<Value>)> = vec![("PRAGMA defer_foreign_keys = ON".to_owned(), Vec::new())];
        statements.extend(before.iter().map(|one| (one.sql.clone(), one.values.clone())));
        let offset = statements.len();
        let mut inserts = crate::seeding::statement::Inserts::default();
        statements.extend(rows.iter().map(|row| inserts.of(seed, *row)));
        let tried = block_on(connection.begin()).map_err(|error| (0, error)).and_then(|()| {
            let statements = statements.iter().map(|(sql, values)| (sql.as_str(), values.clone()));
            block_on(connection.run_each_with(statements))
        });
        block_on(connection.roll_back());
        match tried {
            Err((at, error)) if at >= offset => (rows.get(at - offset).copied().unwrap_or(first), error),
            _ => (first, error.clone()),
        }
    }

    fn script(&mut self, at: usize, progress: &Progress) -> Result<()> {
        let text = self.job.seed.scripts[at].text.clone();
        for statement in split(&text) {
            let place = (statement.start, statement.start + statement.text.len());
            let sql = statement.text.to_owned();
            self.push(Pending { sql, values: Vec::new(), what: For::Script(at, place) }, progress)?;
        }
        Ok(())
    }

    /// Rows that are made: what they refer to is written before.
    fn made(&mut self, at: usize, progress: &Progress) -> Result<()> {
        self.send(progress)?;
        let job = self.job;
        let table = job.seed.made[at].table;
        let name = job.seed.tables[table].table.name.clone();
        let query = format!("SELECT 1 FROM {} LIMIT 1", name.sql());
        let first = block_on(job.connection.rows(&query));
        let is_empty = first.map_err(|error| job.engine("cannot read the database", &error))?.is_empty();
        let mut source = job.generators[at].open(job)?;
        let columns = source.columns().to_vec();
        loop {
            let rows = next_rows(source.as_mut(), COMPARED)?;
            let is_last = rows.len() < COMPARED;
            self.part(table, &columns, rows, is_empty, progress)?;
            if is_last {
                break;
            }
        }
        // those of the next table may refer to them
        self.send(progress)
    }

    fn part(
        &mut self,
        table: usize,
        names: &[Name],
        rows: Vec<Vec<Value>>,
        is_empty: bool,
        progress: &Progress,
    ) -> Result<()> {
        let job = self.job;
        let part = as_seed(job.seed, table, names, rows);
        let name = &job.seed.tables[table].table.name;
        let all = [Unit::Rows { table: 0, rows: (0..part.rows.len()).collect() }];
        let mut standing = vec![Standing::New; part.rows.len()];
        if !is_empty {
            let there = crate::seeding::there::look(job.connection, &part, &all, &[], &|_| Mode::Upsert);
            standing = there.map_err(|error| job.engine("cannot compare the rows", &error))?.standing;
        }
        let count = &mut self.report.tables[table];
        let mut new = Vec::new();
        let mut updates = Vec::new();
        for (row, standing) in standing.iter().enumerate() {
            match standing {
                Standing::New => new.push(row),
                Standing::Differs(columns) if job.mode(table) != Mode::Insert => {
                    updates.push(update(&part, row, columns));
                }
                _ => count.unchanged += 1,
            }
        }
        count.inserted += u64::try_from(new.len()).unwrap_or_default();
        count.updated += u64::try_from(updates.len()).unwrap_or_default();
        let at_once = (MOST_VALUES / names.len().max(1)).clamp(1, AT_ONCE);
        for rows in new.chunks(at_once) {
            let mut values = Vec::new();
            let tuples: Vec<String> =
                rows.iter().map(|row| tuple(&part, &part.rows[*row].cells, &mut values)).collect();
            let tuples: Vec<&str> = tuples.iter().map(String::as_str).collect();
            let sql = insert(name, &columns(&part, rows[0]), &tuples);
            let what = For::Made(name.clone(), u64::try_from(rows.len()).unwrap_or_default());
            self.push(Pending { sql, values, what }, progress)?;
        }
        for (sql, values) in updates {
            self.push(Pending { sql, values, what: For::Made(name.clone(), 1) }, progress)?;
        }
        Ok(())
    }
}

fn next_rows(source: &mut dyn RowSource, most: usize) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    while rows.len() < most && source.next_row(&mut row)? {
        rows.push(std::mem::take(&mut row));
    }
    Ok(rows)
}

/// Whether two rows can be inserted by one statement: the same columns, and nothing that an earlier one must be there for.
fn are_alike(seed: &Seed, one: usize, other: usize) -> bool {
    let (one, other) = (&seed.rows[one], &seed.rows[other]);
    let columns = |row: &crate::seeding::model::SeedRow| row.cells.iter().map(|cell| cell.column).collect::<Vec<_>>();
    let most = (MOST_VALUES / one.cells.len().max(1)).max(1);
    let is_alone = |row: &crate::seeding::model::SeedRow| {
        row.cells
            .iter()
            .any(|cell| matches!(cell.given, Given::Lookup { row: target, .. } if seed.rows[target].table == row.table))
    };
    if is_alone(one) || is_alone(other) {
        return false;
    }
    one.table == other.table && columns(one) == columns(other) && !one.cells.is_empty() && most >= AT_ONCE
}
