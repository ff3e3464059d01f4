//! Generated rows: a few for every table, respecting types, keys, foreign keys, and checks where they can be satisfied.
//!
//! Values are a function of table, column and row number, and a foreign key takes the value of its parent's column in
//! the same row; so rows fit each other in whatever order the tables are filled, cycles included. Where an expression
//! uses a column, values are tried until the engine takes the row.

mod candidates;
mod orphans;
mod restricted;
mod suggested;
mod uses;

pub use orphans::clear;
pub(super) use restricted::{Meant, populate_meant};
pub use restricted::{populate_restricted, restricted};
pub use suggested::{Suggestions, evaluated};
pub(super) use uses::{Uses, expressions};

use candidates::{by_use, made_up, usual};
use orphans::remove_orphans;

use super::connection::{Connection, integer};
use super::error::EngineError;
use crate::schema::{Column, Schema, Table, VirtualTable};
use crate::sql::Name;
use crate::sql::name::{quote_string, sql_list};

/// Rows per table.
const ROWS: i64 = 3;
/// How many combinations of values are tried for a row that a check rejects.
const TRIES: usize = 300;
/// How far a chain of foreign keys is followed to the column that makes the value up.
const LONGEST_CHAIN: usize = 16;

/// What was filled.
#[derive(Debug, Clone, Default)]
pub struct Populated {
    /// How many rows there are in all tables together.
    pub rows: usize,
    /// Tables in which no row was accepted.
    pub empty: Vec<Name>,
}

/// Fills the tables of a database that has `schema`, before its triggers are created. Foreign keys must be off.
///
/// # Errors
/// If the engine fails for other reasons than a constraint.
pub async fn populate(connection: &Connection, schema: &Schema) -> Result<Populated, EngineError> {
    populate_as_used(connection, schema, &Uses::of(schema)).await
}

/// The same with what is known of the columns' uses.
async fn populate_as_used(connection: &Connection, schema: &Schema, uses: &Uses) -> Result<Populated, EngineError> {
    for table in &schema.tables {
        let generator = Generator { schema, table, uses };
        if generator.insert_all(connection).await? {
            continue;
        }
        for row in 1..=ROWS {
            generator.insert_one(connection, row).await;
        }
    }
    finish(connection, schema).await
}

/// Mends what single rows could not know, fills what needs the rows of others, and counts.
async fn finish(connection: &Connection, schema: &Schema) -> Result<Populated, EngineError> {
    let mut populated = Populated::default();
    remove_orphans(connection).await?;
    for table in &schema.tables {
        if table.is_autoincrement() {
            raise_high_water_mark(connection, table).await?;
        }
    }
    for table in &schema.virtual_tables {
        fill_virtual_table(connection, table).await?;
    }
    for table in &schema.tables {
        let count = connection.rows(&format!("SELECT count(*) FROM {}", table.name.sql())).await?;
        let count = usize::try_from(count.first().map_or(0, |row| integer(&row[0]))).unwrap_or_default();
        populated.rows += count;
        if count == 0 {
            populated.empty.push(table.name.clone());
        }
    }
    Ok(populated)
}

/// Makes up the rows of a table.
pub(super) struct Generator<'a> {
    pub(super) schema: &'a Schema,
    pub(super) table: &'a Table,
    pub(super) uses: &'a Uses,
}

impl Generator<'_> {
    fn columns(&self) -> Vec<&Column> {
        self.table.columns.iter().filter(|column| column.generated.is_none()).collect()
    }

    /// The names that an insert fills: the rowid, where it is not a column, then the columns.
    fn target(&self) -> String {
        let rowid = self.table.free_rowid_name().filter(|_| self.table.rowid_alias().is_none());
        let columns = self.columns();
        sql_list(rowid.iter().chain(columns.iter().map(|column| &column.name)))
    }

    fn values(&self, row: i64) -> Vec<String> {
        self.columns().iter().map(|column| self.value(column, row)).collect()
    }

    fn tuple(&self, row: i64, values: &[String]) -> String {
        let has_rowid = self.table.free_rowid_name().is_some() && self.table.rowid_alias().is_none();
        // not 1, 2, 3: a copy that numbers rows anew must not look right
        let rowid = has_rowid.then(|| (row * 7).to_string());
        format!("({})", rowid.into_iter().chain(values.iter().cloned()).collect::<Vec<_>>().join(", "))
    }

    fn value(&self, column: &Column, row: i64) -> String {
        let nullable = !self.table.rejects_null(column) && !self.table.is_primary_key(&column.name);
        if nullable && row == 2 {
            return "NULL".to_owned();
        }
        self.key_value(self.table, column, row, 0)
    }

    /// All rows in one statement, which is all it takes where no check is in the way.
    async fn insert_all(&self, connection: &Connection) -> Result<bool, EngineError> {
        let tuples: Vec<String> = (1..=ROWS).map(|row| self.tuple(row, &self.values(row))).collect();
        self.insert(connection, &tuples.join(", ")).await
    }

    async fn insert(&self, connection: &Connection, tuples: &str) -> Result<bool, EngineError> {
        // a failed statement leaves nothing behind; what the reason is does not matter, another row may do
        Ok(connection.run(&self.statement(tuples)).await.is_ok())
    }

    fn statement(&self, tuples: &str) -> String {
        let target = self.target();
        if target.is_empty() {
            return format!("INSERT OR ABORT INTO {} DEFAULT VALUES", self.table.name.sql());
        }
        // whatever the table says of conflicts: ROLLBACK would take the schema along
        format!("INSERT OR ABORT INTO {} ({target}) VALUES {tuples}", self.table.name.sql())
    }

    /// One row; where an expression rejects it, with other values in the columns that expressions use.
    async fn insert_one(&self, connection: &Connection, row: i64) {
        let _ = self.attempt(connection, row, &|_| true).await;
    }

    /// Tries to insert a row until the engine takes it, or says something else than what `goes_on` is true for.
    pub(super) async fn attempt(
        &self,
        connection: &Connection,
        row: i64,
        goes_on: &dyn Fn(&EngineError) -> bool,
    ) -> Attempt {
        let mut values = self.values(row);
        match connection.run(&self.statement(&self.tuple(row, &values))).await {
            Ok(()) => return Attempt::Taken,
            Err(error) if !goes_on(&error) => return Attempt::Refused,
            Err(_) => {}
        }
        let columns = self.columns();
        let open = self.open(&columns, row);
        for attempt in 0..tries(&open) {
            choose(&open, attempt, row, &mut values);
            match connection.run(&self.statement(&self.tuple(row, &values))).await {
                Ok(()) => return Attempt::Taken,
                Err(error) if !goes_on(&error) => return Attempt::Refused,
                Err(_) => {}
            }
        }
        Attempt::OutOfRows
    }

    /// The columns that expressions use and that refer to nothing, each with the values to try, the likeliest first.
    fn open(&self, columns: &[&Column], row: i64) -> Vec<(usize, Vec<String>)> {
        let usual = usual(self.table, row);
        let is_open = |column: &Column| {
            let refers = self.table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
            !refers && expressions(self.table).any(|expr| expr.mentions(&column.name))
        };
        let values = |column: &Column| {
            let mut values = by_use(self.table, column, self.uses.hints(&self.table.name, &column.name), row);
            values.extend(usual.iter().cloned());
            values
        };
        let columns = columns.iter().enumerate().filter(|(_, column)| is_open(column));
        columns.map(|(at, column)| (at, values(column))).collect()
    }

    /// The value of a column in a row: its parent's, where it refers to one.
    fn key_value(&self, table: &Table, column: &Column, row: i64, depth: usize) -> String {
        if depth < LONGEST_CHAIN {
            for key in &table.foreign_keys {
                let Some(at) = key.columns.iter().position(|name| *name == column.name) else { continue };
                let parent = self.schema.table(&key.parent);
                let parent_column = self.schema.referenced_columns(key).and_then(|columns| columns.get(at).cloned());
                if let (Some(parent), Some(name)) = (parent, parent_column)
                    && let Some(parent_column) = parent.column(&name)
                    && !(parent.name == table.name && parent_column.name == column.name)
                {
                    return self.key_value(parent, parent_column, row, depth + 1);
                }
            }
        }
        let used = by_use(table, column, self.uses.hints(&table.name, &column.name), row);
        used.into_iter().next().unwrap_or_else(|| made_up(column, row))
    }
}

/// How trying to insert a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The engine has taken it.
    Taken,
    /// The engine said something that is no reason to go on.
    Refused,
    /// None of the rows was taken.
    OutOfRows,
}

/// How often a row is tried with these columns open.
fn tries(open: &[(usize, Vec<String>)]) -> usize {
    match open {
        [] => 0,
        [(_, only)] => only.len().min(TRIES),
        _ => TRIES,
    }
}

/// Puts the values of the n-th attempt in.
fn choose(open: &[(usize, Vec<String>)], attempt: usize, row: i64, values: &mut [String]) {
    let longest = open.iter().map(|(_, candidates)| candidates.len()).max().unwrap_or_default();
    let seed = u64::try_from(row).unwrap_or(1).wrapping_add(u64::try_from(attempt).unwrap_or_default() << 8);
    let mut state = 0x2545_f491_4f6c_dd1d_u64.wrapping_mul(seed | 1);
    for (nth, (at, candidates)) in open.iter().enumerate() {
        let choice = if open.len() == 1 || attempt < longest {
            // first the same candidate everywhere, shifted by column: cheap and often right
            attempt + nth * usize::from(attempt % 2 == 1)
        } else {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % 65_536).unwrap_or_default()
        };
        values[*at].clone_from(&candidates[choice % candidates.len()]);
    }
}

/// Leaves a trace of a row that was deleted, which an AUTOINCREMENT table must remember.
async fn raise_high_water_mark(connection: &Connection, table: &Table) -> Result<(), EngineError> {
    let name = quote_string(table.name.as_str());
    connection.run(&format!("UPDATE sqlite_sequence SET seq = seq + 50 WHERE name = {name}")).await
}

async fn fill_virtual_table(connection: &Connection, table: &VirtualTable) -> Result<(), EngineError> {
    let columns = table.column_names();
    let module = table.module.folded();
    let external = table.option("content").is_some();
    if columns.is_empty() || external || !(module.starts_with("fts") || module.starts_with("rtree")) {
        return Ok(());
    }
    for row in 1..=ROWS {
        let values: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| match (module.starts_with("rtree"), at) {
                (true, 0) => row.to_string(),
                // minimum and maximum of each dimension
                (true, _) => (row + i64::from(at % 2 == 0)).to_string(),
                (false, _) => quote_string(&format!("{column} {row}")),
            })
            .collect();
        let statement =
            format!("INSERT INTO {} ({}) VALUES ({})", table.name.sql(), sql_list(&columns), values.join(", "));
        connection.run(&statement).await?;
    }
    Ok(())
}
