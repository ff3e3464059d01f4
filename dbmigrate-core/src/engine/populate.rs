//! Generated rows: a few for every table, respecting types, keys, foreign keys, and checks where they can be satisfied.
//!
//! Values are a function of table, column and row number, and a foreign key takes the value of its parent's column in
//! the same row; so rows fit each other in whatever order the tables are filled, cycles included.

use std::collections::BTreeSet;

use super::connection::{Connection, integer, text};
use super::error::EngineError;
use crate::schema::{Column, Schema, Table, VirtualTable};
use crate::sql::expr::Affinity;
use crate::sql::name::{quote_string, sql_list};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

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
/// `not_null` are columns, by table and name, that get a value in every row although they could be NULL.
///
/// # Errors
/// If the engine fails for other reasons than a constraint.
pub async fn populate(
    connection: &Connection,
    schema: &Schema,
    not_null: &BTreeSet<(Name, Name)>,
) -> Result<Populated, EngineError> {
    let mut populated = Populated::default();
    for table in &schema.tables {
        let generator = Generator { schema, table, not_null };
        if generator.insert_all(connection).await? {
            continue;
        }
        for row in 1..=ROWS {
            generator.insert_one(connection, row).await?;
        }
    }
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

struct Generator<'a> {
    schema: &'a Schema,
    table: &'a Table,
    not_null: &'a BTreeSet<(Name, Name)>,
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
        let wanted = self.not_null.contains(&(self.table.name.clone(), column.name.clone()));
        if nullable && !wanted && row == 2 {
            return "NULL".to_owned();
        }
        key_value(self.schema, self.table, column, row, 0)
    }

    /// All rows in one statement, which is all it takes where no check is in the way.
    async fn insert_all(&self, connection: &Connection) -> Result<bool, EngineError> {
        let tuples: Vec<String> = (1..=ROWS).map(|row| self.tuple(row, &self.values(row))).collect();
        self.insert(connection, &tuples.join(", ")).await
    }

    async fn insert(&self, connection: &Connection, tuples: &str) -> Result<bool, EngineError> {
        let target = self.target();
        let statement = if target.is_empty() {
            format!("INSERT INTO {} DEFAULT VALUES", self.table.name.sql())
        } else {
            format!("INSERT INTO {} ({target}) VALUES {tuples}", self.table.name.sql())
        };
        // a failed statement leaves nothing behind; what the reason is does not matter, another row may do
        Ok(connection.run(&statement).await.is_ok())
    }

    /// One row; where a check rejects it, with other values in the columns that checks mention.
    async fn insert_one(&self, connection: &Connection, row: i64) -> Result<(), EngineError> {
        let plain = self.values(row);
        if self.insert(connection, &self.tuple(row, &plain)).await? {
            return Ok(());
        }
        let columns = self.columns();
        let open: Vec<usize> = (0..columns.len())
            .filter(|at| {
                let name = &columns[*at].name;
                let mentioned = self.table.checks.iter().any(|check| check.expr.mentions(name));
                let refers = self.table.foreign_keys.iter().any(|key| key.columns.contains(name));
                mentioned && !refers
            })
            .collect();
        let candidates = self.candidates(row);
        if open.is_empty() || candidates.is_empty() {
            return Ok(());
        }
        let mut state = 0x2545_f491_4f6c_dd1d_u64.wrapping_mul(u64::try_from(row).unwrap_or(1));
        let mut values = plain;
        for attempt in 0..TRIES {
            for (nth, at) in open.iter().enumerate() {
                let choice = if open.len() == 1 || attempt < candidates.len() {
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
            if self.insert(connection, &self.tuple(row, &values)).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Values that the checks themselves talk about, those next to them, and some that checks like.
    fn candidates(&self, row: i64) -> Vec<String> {
        let mut found = Vec::new();
        for check in &self.table.checks {
            for token in significant(check.expr.as_str()) {
                match token.kind {
                    TokenKind::String | TokenKind::Blob => found.push(token.text.to_owned()),
                    TokenKind::Number => {
                        found.push(token.text.to_owned());
                        found.push(format!("{} + {row}", token.text));
                        found.push(format!("{} - {row}", token.text));
                        if let Ok(length @ 1..=4096) = token.text.parse::<usize>() {
                            found.push(quote_string(&"x".repeat(length)));
                            found.push(quote_string(&"0".repeat(length)));
                            found.push(format!("zeroblob({length})"));
                        }
                    }
                    _ => {}
                }
            }
        }
        let usual = [
            "0",
            "1",
            "'{}'",
            "'[]'",
            "'a'",
            "'A'",
            "''",
            "NULL",
            "'a@b.c'",
            "'2024-01-02'",
            "'2024-01-02T03:04:05Z'",
            "0.5",
            "-1",
            "100",
            "'0'",
            "'/a'",
            "'https://a.b'",
            "x'00'",
        ];
        found.extend(usual.into_iter().map(str::to_owned));
        found.push(quote_string(&format!("v{row}")));
        // rows differ where a key wants them to
        let offset = usize::try_from(row).unwrap_or_default() % found.len().max(1);
        found.rotate_left(offset);
        found
    }
}

/// The value of a column in a row: its parent's, where it refers to one.
fn key_value(schema: &Schema, table: &Table, column: &Column, row: i64, depth: usize) -> String {
    if depth < LONGEST_CHAIN {
        for key in &table.foreign_keys {
            let Some(at) = key.columns.iter().position(|name| *name == column.name) else { continue };
            let parent = schema.table(&key.parent);
            let parent_column = schema.referenced_columns(key).and_then(|columns| columns.get(at).cloned());
            if let (Some(parent), Some(name)) = (parent, parent_column)
                && let Some(parent_column) = parent.column(&name)
                && !(parent.name == table.name && parent_column.name == column.name)
            {
                return key_value(schema, parent, parent_column, row, depth + 1);
            }
        }
    }
    made_up(column, row)
}

fn made_up(column: &Column, row: i64) -> String {
    let upper = column.decl_type.as_str().to_ascii_uppercase();
    if let Some(dimensions) = vector_dimensions(&upper) {
        let values: Vec<String> =
            (0..dimensions).map(|at| ((at + usize::try_from(row).unwrap_or(1)) % 7).to_string()).collect();
        let function = if upper.starts_with("F64") { "vector64" } else { "vector32" };
        return format!("{function}('[{}]')", values.join(","));
    }
    match column.decl_type.affinity() {
        Affinity::Integer => row.to_string(),
        Affinity::Numeric => format!("{row}"),
        Affinity::Real => format!("{row}.25"),
        Affinity::Text => quote_string(&format!("{} {row}", column.name)),
        Affinity::Blob => format!("x'00ff0{row}'"),
    }
}

/// The dimensions of libSQL's vector types, such as `F32_BLOB(3)`.
fn vector_dimensions(upper: &str) -> Option<usize> {
    let (name, rest) = upper.split_once('(')?;
    let is_vector = ["F32_BLOB", "F64_BLOB", "FLOAT32", "FLOAT64"].contains(&name.trim());
    is_vector.then(|| rest.trim_end_matches(')').trim().parse().ok()).flatten()
}

/// Deletes rows whose parent was rejected, and the rows that refer to those in turn.
async fn remove_orphans(connection: &Connection) -> Result<(), EngineError> {
    loop {
        let Ok(orphans) = connection.rows("PRAGMA foreign_key_check").await else { return Ok(()) };
        if orphans.is_empty() {
            return Ok(());
        }
        for orphan in &orphans {
            let table = Name::from(text(&orphan[0]));
            let statement = match &orphan[1] {
                libsql::Value::Integer(rowid) => format!("DELETE FROM {} WHERE rowid = {rowid}", table.sql()),
                // without rowids one cannot tell which row it is
                _ => format!("DELETE FROM {}", table.sql()),
            };
            let by_column_name = connection.run(&statement).await.is_err();
            if by_column_name {
                connection.run(&format!("DELETE FROM {}", table.sql())).await?;
            }
        }
        let left = connection.rows("PRAGMA foreign_key_check").await?;
        if left.len() >= orphans.len() {
            // a column called rowid hid the row: empty the tables concerned
            for orphan in &left {
                connection.run(&format!("DELETE FROM {}", Name::from(text(&orphan[0])).sql())).await?;
            }
        }
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

/// Empties a table and what refers to it.
///
/// # Errors
/// If the engine fails.
pub async fn clear(connection: &Connection, table: &Name) -> Result<(), EngineError> {
    connection.run(&format!("DELETE FROM {}", table.sql())).await?;
    remove_orphans(connection).await
}

/// The columns of `new` that reject NULL where `old` accepts it, by old table and column name: rows that are meant to
/// survive must not have NULL there.
pub fn tightened(old: &Schema, new: &Schema, renames: &crate::diff::Renames) -> BTreeSet<(Name, Name)> {
    let mut found = BTreeSet::new();
    for table in &new.tables {
        let old_name = renames.old_table(&table.name);
        let Some(before) = old.table(old_name) else { continue };
        for column in table.columns.iter().filter(|column| table.rejects_null(column)) {
            let has_default = column.effective_default().is_some_and(|default: &Expr| !default.is_null());
            if !has_default {
                let old_column = renames.old_column(&table.name, &column.name);
                found.insert((before.name.clone(), old_column.clone()));
            }
        }
    }
    found
}
