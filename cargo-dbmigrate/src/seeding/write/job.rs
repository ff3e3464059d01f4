//! What writing a set needs, into whatever database: the job, its steps, and what is said if one fails.

use std::collections::HashMap;

use dbmigrate_core::engine::check::violating_rows;
use dbmigrate_core::engine::connection::Row;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::table::ReferentialAction;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::error::{CommandError, Result};
use crate::report::Printer;
use crate::seeding::errors::{NOTHING, failed};
use crate::seeding::keys::key_of;
use crate::seeding::model::{Cell, Given, Mode, Place, Seed, SeedRow};
use crate::seeding::order::Unit;
use crate::seeding::references::Reference;
use crate::seeding::refused::refused_by_database;
use crate::seeding::rows::{Generated, Look, Value};
use crate::seeding::statement::slot;
use crate::seeding::there::{Standing, There};

/// Everything that writing needs.
pub(crate) struct Job<'a> {
    /// Speaks to the user.
    pub printer: &'a Printer,
    /// The database.
    pub connection: &'a Connection,
    /// What it is called in messages.
    pub database: Subject<'a>,
    /// Its schema.
    pub schema: &'a Schema,
    /// The set.
    pub seed: &'a Seed,
    /// Its order.
    pub units: &'a [Unit],
    /// What makes rows, for each of [`Seed::made`].
    pub generators: &'a [Box<dyn Generated>],
    /// References that the database has to satisfy.
    pub open: &'a [Reference],
    /// Whether rows that are there are left as they are.
    pub only_missing: bool,
    /// How often a transaction is begun again that a server took the lock from.
    pub retries: u32,
    /// Says whether so many rows may be written.
    pub may_write: &'a dyn Fn(u64) -> Result<()>,
    /// Says whether rows may be deleted.
    pub may_delete: &'a dyn Fn(&[Deletion]) -> Result<()>,
}

/// Rows of a table that are to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deletion {
    /// The table.
    pub table: Name,
    /// How many.
    pub rows: u64,
    /// What happens to rows of other tables: the table, how many, and what.
    pub others: Vec<(Name, u64, ReferentialAction)>,
}

/// What was done with a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Rows that are new.
    pub inserted: u64,
    /// Rows that were changed.
    pub updated: u64,
    /// Rows that the set does not have.
    pub deleted: u64,
    /// Rows that were there.
    pub unchanged: u64,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// With each table, by its place in [`Seed::tables`].
    pub tables: Vec<Count>,
    /// By each script, by its place in [`Seed::scripts`]: how many rows it has changed.
    pub scripts: Vec<u64>,
}

impl Report {
    pub(super) fn new(seed: &Seed) -> Self {
        Self { tables: vec![Count::default(); seed.tables.len()], scripts: vec![0; seed.scripts.len()] }
    }

    /// Whether the database is as it was.
    pub(crate) fn is_nothing(&self) -> bool {
        let count = |count: &Count| count.inserted + count.updated + count.deleted;
        self.tables.iter().map(count).sum::<u64>() + self.scripts.iter().sum::<u64>() == 0
    }
}

/// What is to be done, in order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Insert(usize),
    Update(usize, &'a [usize]),
    Made(usize),
    Script(usize),
}

impl Job<'_> {
    pub(super) fn mode(&self, table: usize) -> Mode {
        if self.only_missing { Mode::Insert } else { self.seed.tables[table].mode }
    }

    pub(super) fn look(&self) -> Result<There> {
        let mode = |table| self.mode(table);
        let there = crate::seeding::there::look(self.connection, self.seed, self.units, self.open, &mode);
        let there = there.map_err(|error| self.engine("cannot compare the rows", &error))?;
        match there.errors.is_empty() {
            true => Ok(there),
            false => Err(failed(self.printer, &self.seed.name, there.errors)),
        }
    }

    /// What is left to do, and the count of what is not.
    pub(super) fn steps<'t>(&self, there: &'t There, report: &mut Report) -> Vec<Step<'t>> {
        let mut steps = Vec::new();
        for unit in self.units {
            match unit {
                Unit::Rows { table, rows } => {
                    for row in rows {
                        match &there.standing[*row] {
                            Standing::New => steps.push(Step::Insert(*row)),
                            Standing::Differs(columns) if self.mode(*table) != Mode::Insert => {
                                steps.push(Step::Update(*row, columns));
                            }
                            Standing::Differs(_) | Standing::Same => report.tables[*table].unchanged += 1,
                        }
                    }
                }
                Unit::Made(at) => steps.push(Step::Made(*at)),
                Unit::Script(at) => steps.push(Step::Script(*at)),
            }
        }
        steps
    }

    /// How many rows are to be written, as far as that is known.
    pub(super) fn total(&self, steps: &[Step<'_>]) -> u64 {
        steps
            .iter()
            .map(|step| match step {
                Step::Made(at) => self.generators[*at].count().unwrap_or_default(),
                _ => 1,
            })
            .sum()
    }

    pub(super) fn engine(&self, action: &str, error: &EngineError) -> CommandError {
        let error = EngineError { message: self.seed.redacted(&error.message), ..error.clone() };
        engine_error(action, &error, self.database)
    }

    /// A row that the database refuses.
    pub(super) fn refused(&self, row: usize, error: &EngineError) -> CommandError {
        if is_about_rows(error) {
            return failed(self.printer, &self.seed.name, vec![refused_by_database(self.seed, row, error)]);
        }
        let name = &self.seed.table_of(row).name;
        self.engine(&format!("cannot write a row of `{name}`"), error)
    }

    /// A statement of a script that the database refuses.
    pub(super) fn refused_statement(
        &self,
        script: usize,
        (start, end): (usize, usize),
        error: &EngineError,
    ) -> CommandError {
        if is_about_rows(error) || error.kind == ErrorKind::Statement {
            let file = &self.seed.files[self.seed.scripts[script].file];
            let message = self.seed.redacted(&error.message);
            let error = crate::diagnostic::Diagnostic::error(message).at(file, start..end, "");
            return failed(self.printer, &self.seed.name, vec![error]);
        }
        self.engine("cannot run a statement of the set", error)
    }

    /// The references that are to nothing, once the engine has said that there are some.
    pub(super) fn dangling(&self, error: &EngineError) -> CommandError {
        let rows = block_on(violating_rows(self.connection)).unwrap_or_default();
        let text = |value: Option<&Value>| match value {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Integer(number)) => number.to_string(),
            _ => String::new(),
        };
        let mut found: HashMap<(String, String), (u64, String)> = HashMap::new();
        for row in rows {
            let one = found.entry((text(row.first()), text(row.get(2)))).or_insert_with(|| (0, text(row.get(1))));
            one.0 += 1;
        }
        let mut notes: Vec<String> = found
            .into_iter()
            .map(|((table, parent), (count, rowid))| {
                let rows = if count == 1 { "row refers" } else { "rows refer" };
                let first = if rowid.is_empty() { String::new() } else { format!(", the first at rowid {rowid}") };
                format!("{count} {rows} from `{table}` to nothing in `{parent}`{first}")
            })
            .collect();
        notes.sort();
        let shown = CommandError::failed(format!("the set `{}` leaves references to missing rows", self.seed.name));
        let shown = if notes.is_empty() { shown.note(error.message.clone()) } else { shown };
        notes.into_iter().fold(shown, CommandError::note).note(NOTHING)
    }
}

impl Look for Job<'_> {
    fn rows(&self, query: &str) -> Result<Vec<Row>> {
        block_on(self.connection.rows(query)).map_err(|error| self.engine("cannot read the database", &error))
    }
}

/// Whether an error is the fault of what is written.
pub(super) fn is_about_rows(error: &EngineError) -> bool {
    match error.kind {
        ErrorKind::Constraint => true,
        // what a server passes on, and what expressions and triggers say
        ErrorKind::Statement => !error.message.starts_with("no such"),
        _ => false,
    }
}

/// `UPDATE users SET name = ? WHERE id = ?`, and its values.
pub(super) fn update(seed: &Seed, row: usize, columns: &[usize]) -> (String, Vec<Value>) {
    let table = seed.table_of(row);
    let known = &seed.rows[row];
    let mut values = Vec::with_capacity(columns.len() + 1);
    let set: Vec<String> = columns
        .iter()
        .filter_map(|column| {
            let slot = slot(seed, known.cell(*column)?, &mut values);
            Some(format!("{} = {slot}", table.columns[*column].name.sql()))
        })
        .collect();
    let key = key_of(seed, known);
    let slots: Vec<(usize, String)> = key
        .columns()
        .into_iter()
        .filter_map(|column| Some((column, slot(seed, known.cell(column)?, &mut values))))
        .collect();
    let of = |column: usize| {
        slots.iter().find(|(at, _)| *at == column).map_or_else(|| "NULL".to_owned(), |(_, slot)| slot.clone())
    };
    let condition = key.condition(table, "", of);
    (format!("UPDATE {} SET {} WHERE {condition}", table.name.sql(), set.join(", ")), values)
}

/// Rows that were made as a set of their own, to be compared with those that are there.
pub(super) fn as_seed(seed: &Seed, table: usize, columns: &[Name], rows: Vec<Vec<Value>>) -> Seed {
    let known = &seed.tables[table];
    let mut places: Vec<(usize, usize)> = columns
        .iter()
        .enumerate()
        .filter_map(|(at, name)| Some((known.table.columns.iter().position(|column| column.name == *name)?, at)))
        .collect();
    places.sort_unstable();
    let nowhere = Place::new(usize::MAX, &(0..0));
    let rows = rows.into_iter().map(|mut values| {
        let cells = places.iter().map(|(column, at)| {
            let given =
                Given::Value(values.get_mut(*at).map_or(Value::Null, |value| std::mem::replace(value, Value::Null)));
            Cell { column: *column, given, place: nowhere }
        });
        SeedRow { table: 0, name: None, place: nowhere, cells: cells.collect(), is_wrong: false }
    });
    Seed { name: seed.name.clone(), tables: vec![known.clone()], rows: rows.collect(), ..Seed::default() }
}
