//! Into a file: one transaction, which is rolled back if it has changed nothing, so that not a byte of the file differs.

use std::collections::HashMap;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::connection::{Prepared, integer};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::sql::name::sql_list;
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use super::job::{Job, Report, Step, as_seed, update};
use super::surplus;
use crate::error::Result;
use crate::report::progress::Progress;
use crate::seeding::errors::NOTHING;
use crate::seeding::model::Mode;
use crate::seeding::order::Unit;
use crate::seeding::rows::{RowSource, Value};
use crate::seeding::statement::Inserts;
use crate::seeding::there::Standing;

/// After how many rows the progress is shown.
const BETWEEN_SIGNS: u64 = 1000;

/// How many rows are compared at once.
const AT_ONCE: usize = 1000;

/// Writes the set.
pub(super) fn write(job: &Job<'_>) -> Result<Report> {
    block_on(job.connection.begin()).map_err(|error| job.engine("cannot begin a transaction", &error))?;
    let result = Local::new(job).run().and_then(|report| {
        // not even the counters of AUTOINCREMENT have moved
        if report.is_nothing() {
            return Ok(report);
        }
        match block_on(job.connection.commit()) {
            Ok(()) => Ok(report),
            Err(error) if error.kind == ErrorKind::Constraint => Err(job.dangling(&error)),
            Err(error) => Err(job.engine("cannot commit", &error)),
        }
    });
    block_on(job.connection.roll_back());
    result.map_err(|error| if error.notes().iter().any(|note| note == NOTHING) { error } else { error.note(NOTHING) })
}

struct Local<'a> {
    job: &'a Job<'a>,
    report: Report,
    statements: HashMap<String, Prepared>,
    done: u64,
}

impl<'a> Local<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        Self { job, report: Report::new(job.seed), statements: HashMap::new(), done: 0 }
    }

    fn run(mut self) -> Result<Report> {
        let job = self.job;
        // rows may come before those that they refer to
        block_on(job.connection.run("PRAGMA defer_foreign_keys = ON"))
            .map_err(|error| job.engine("cannot defer foreign keys", &error))?;
        let mut there = job.look()?;
        if !there.surplus.is_empty() {
            let deletions = surplus::count(job, &there.surplus)?;
            (job.may_delete)(&deletions)?;
            for (sql, values) in surplus::statements(job, &there.surplus) {
                self.execute(sql, values).map_err(|error| job.engine("cannot delete rows", &error))?;
            }
            for (table, rows) in &there.surplus {
                self.report.tables[*table].deleted += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            }
            // what referred to them may have changed
            there = job.look()?;
        }
        let steps = job.steps(&there, &mut self.report);
        if !steps.is_empty() {
            (job.may_write)(job.total(&steps))?;
        }
        let progress = job.printer.progress("Seeding", job.total(&steps));
        let mut inserts = Inserts::default();
        for step in steps {
            match step {
                Step::Insert(row) => {
                    let (sql, values) = inserts.of(job.seed, row);
                    self.execute(sql, values).map_err(|error| job.refused(row, &error))?;
                    self.report.tables[job.seed.rows[row].table].inserted += 1;
                    self.shown(&progress, &job.seed.table_of(row).name);
                }
                Step::Update(row, columns) => {
                    let (sql, values) = update(job.seed, row, columns);
                    self.execute(sql, values).map_err(|error| job.refused(row, &error))?;
                    self.report.tables[job.seed.rows[row].table].updated += 1;
                    self.shown(&progress, &job.seed.table_of(row).name);
                }
                Step::Made(at) => self.made(at, &progress)?,
                Step::Script(at) => self.script(at)?,
            }
        }
        Ok(self.report)
    }

    fn shown(&mut self, progress: &Progress, table: &Name) {
        self.done += 1;
        if self.done.is_multiple_of(BETWEEN_SIGNS) {
            progress.step(self.done, table);
        }
    }

    /// Runs a statement that many rows need.
    fn execute(&mut self, sql: String, values: Vec<Value>) -> std::result::Result<(), EngineError> {
        let statement = match self.statements.entry(sql) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                match block_on(self.job.connection.prepare(entry.key()))? {
                    Some(statement) => entry.insert(statement),
                    None => return block_on(self.job.connection.run_with(entry.key(), values)),
                }
            }
        };
        block_on(statement.run(values))
    }

    /// Statements, and how many rows they have changed.
    fn script(&mut self, at: usize) -> Result<()> {
        let job = self.job;
        let before = self.changes()?;
        for statement in split(&job.seed.scripts[at].text) {
            let place = (statement.start, statement.start + statement.text.len());
            block_on(job.connection.run(statement.text)).map_err(|error| job.refused_statement(at, place, &error))?;
        }
        self.report.scripts[at] = self.changes()?.saturating_sub(before);
        Ok(())
    }

    fn changes(&self) -> Result<u64> {
        let row = block_on(self.job.connection.first_row("SELECT total_changes()"));
        let row = row.map_err(|error| self.job.engine("cannot count changes", &error))?;
        Ok(row.map_or(0, |row| u64::try_from(integer(&row[0])).unwrap_or_default()))
    }

    /// Rows that are made: into an empty table as they come, else compared with those that are there.
    fn made(&mut self, at: usize, progress: &Progress) -> Result<()> {
        let job = self.job;
        let table = job.seed.made[at].table;
        let name = job.seed.tables[table].table.name.clone();
        let columns = job.generators[at].columns().to_vec();
        let query = format!("SELECT 1 FROM {} LIMIT 1", name.sql());
        let first = block_on(job.connection.first_row(&query));
        let is_empty = first.map_err(|error| job.engine("cannot read the database", &error))?.is_none();
        let mut source = job.generators[at].open(job)?;
        if !is_empty {
            return self.compared(table, &columns, source.as_mut(), progress);
        }
        let slots = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({slots})", name.sql(), sql_list(&columns));
        let mut row = Vec::with_capacity(columns.len());
        let statement = block_on(job.connection.prepare(&sql)).map_err(|error| refused_row(job, &name, &error))?;
        while source.next_row(&mut row)? {
            let values = std::mem::replace(&mut row, Vec::with_capacity(columns.len()));
            let written = match &statement {
                Some(statement) => block_on(statement.run(values)),
                None => block_on(job.connection.run_with(&sql, values)),
            };
            written.map_err(|error| refused_row(job, &name, &error))?;
            self.report.tables[table].inserted += 1;
            self.shown(progress, &name);
        }
        Ok(())
    }

    fn compared(
        &mut self,
        table: usize,
        columns: &[Name],
        source: &mut dyn RowSource,
        progress: &Progress,
    ) -> Result<()> {
        let job = self.job;
        let name = job.seed.tables[table].table.name.clone();
        let mut is_last = false;
        while !is_last {
            let mut rows = Vec::with_capacity(AT_ONCE);
            while rows.len() < AT_ONCE && !is_last {
                let mut row = Vec::with_capacity(columns.len());
                is_last = !source.next_row(&mut row)?;
                if !is_last {
                    rows.push(row);
                }
            }
            let part = as_seed(job.seed, table, columns, rows);
            let all = [Unit::Rows { table: 0, rows: (0..part.rows.len()).collect() }];
            let mode = |_| Mode::Upsert;
            let there = crate::seeding::there::look(job.connection, &part, &all, &[], &mode);
            let there = there.map_err(|error| job.engine("cannot compare the rows", &error))?;
            let mut inserts = Inserts::default();
            for (row, standing) in there.standing.iter().enumerate() {
                let count = &mut self.report.tables[table];
                let (sql, values) = match standing {
                    Standing::New => {
                        count.inserted += 1;
                        inserts.of(&part, row)
                    }
                    Standing::Differs(columns) if job.mode(table) != Mode::Insert => {
                        count.updated += 1;
                        update(&part, row, columns)
                    }
                    Standing::Differs(_) | Standing::Same => {
                        count.unchanged += 1;
                        continue;
                    }
                };
                self.execute(sql, values).map_err(|error| refused_row(job, &name, &error))?;
                self.shown(progress, &name);
            }
        }
        Ok(())
    }
}

/// A row that was made and that the database refuses.
fn refused_row(job: &Job<'_>, name: &Name, error: &EngineError) -> crate::error::CommandError {
    job.engine(&format!("cannot write a row of `{name}`"), error)
}
