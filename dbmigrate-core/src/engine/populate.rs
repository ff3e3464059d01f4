//! Generated rows: a few for every table, respecting types, keys, foreign keys, and checks where they can be satisfied.
//!
//! Values are a function of table, column and row number, and a foreign key takes the value of its parent's column in
//! the same row; so rows fit each other in whatever order the tables are filled, cycles included.

use std::collections::BTreeSet;

use super::check::foreign_key_check;
use super::connection::{Connection, Row, integer, text};
use super::error::EngineError;
use crate::ddl::render::{create_index, create_table};
use crate::diff::Renames;
use crate::schema::{Column, Schema, Table, VirtualTable};
use crate::sql::Name;
use crate::sql::expr::Affinity;
use crate::sql::name::{quote_string, sql_list};
use crate::sql::token::{TokenKind, significant};

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
    for table in &schema.tables {
        let generator = Generator { schema, table };
        if generator.insert_all(connection).await? {
            continue;
        }
        for row in 1..=ROWS {
            generator.insert_one(connection, row).await?;
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

struct Generator<'a> {
    schema: &'a Schema,
    table: &'a Table,
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
            format!("INSERT OR ABORT INTO {} DEFAULT VALUES", self.table.name.sql())
        } else {
            // whatever the table says of conflicts: ROLLBACK would take the schema along
            format!("INSERT OR ABORT INTO {} ({target}) VALUES {tuples}", self.table.name.sql())
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
            "'2024-01-02'",
            "'2024-01-02T03:04:05Z'",
            "0.5",
            "-1",
            "100",
            "'0'",
            "'/a'",
            "x'00'",
        ];
        found.extend(usual.into_iter().map(str::to_owned));
        // what has to be unique as well as of a form
        for form in ["a{}@b.c", "https://a.b/{}", "000{}", "A{}"] {
            found.push(quote_string(&form.replace("{}", &row.to_string())));
        }
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

/// Deletes rows whose parent was rejected, and the rows that refer to those in turn. Where there is no such table, or no
/// key of it that fits, there is nothing to refer to.
async fn remove_orphans(connection: &Connection) -> Result<(), EngineError> {
    loop {
        let orphans = orphans(connection).await?;
        if orphans.is_empty() {
            return Ok(());
        }
        for orphan in &orphans {
            let table = Name::from(text(&orphan[0]));
            let statement = match &orphan[1] {
                libsql::Value::Integer(rowid) => format!("DELETE FROM {} WHERE rowid = {rowid}", table.sql()),
                _ => delete_orphans(connection, &table, integer(&orphan[3])).await,
            };
            let by_column_name = connection.run(&statement).await.is_err();
            if by_column_name {
                connection.run(&format!("DELETE FROM {}", table.sql())).await?;
            }
        }
        let left = self::orphans(connection).await?;
        if left.len() >= orphans.len() {
            // a column called rowid hid the row: empty the tables concerned
            for orphan in &left {
                connection.run(&format!("DELETE FROM {}", Name::from(text(&orphan[0])).sql())).await?;
            }
        }
    }
}

/// The rows that refer to no row of a table that there is.
async fn orphans(connection: &Connection) -> Result<Vec<Row>, EngineError> {
    let (mut orphans, _) = foreign_key_check(connection).await?;
    if !orphans.is_empty() {
        let tables = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").await?;
        let tables: BTreeSet<Name> = tables.iter().map(|row| Name::from(text(&row[0]))).collect();
        orphans.retain(|orphan| tables.contains(&Name::from(text(&orphan[2]))));
    }
    Ok(orphans)
}

/// Without rowids the check does not say which rows it means: the statement that deletes all that break the key `id`.
async fn delete_orphans(connection: &Connection, table: &Name, id: i64) -> String {
    let own = table.sql();
    let key = format!(
        "SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list({}) WHERE id = {id}",
        quote_string(table.as_str())
    );
    let rows = connection.rows(&key).await.unwrap_or_default();
    let mut parent = None;
    let mut present = Vec::new();
    let mut equal = Vec::new();
    for row in &rows {
        let (from, to) = (Name::from(text(&row[1])), Name::from(text(&row[2])));
        if to.as_str().is_empty() {
            // the parent's primary key, which is not worth looking up
            return format!("DELETE FROM {own}");
        }
        parent = Some(Name::from(text(&row[0])));
        present.push(format!("{own}.{} IS NOT NULL", from.sql()));
        equal.push(format!("parent.{} = {own}.{}", to.sql(), from.sql()));
    }
    let Some(parent) = parent else { return format!("DELETE FROM {own}") };
    format!(
        "DELETE FROM {own} WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS parent WHERE {})",
        present.join(" AND "),
        parent.sql(),
        equal.join(" AND ")
    )
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

/// The schema `old` with the constraints that `new` adds to it: rows that fit it are rows that the change is meant to
/// carry over. `None` if nothing is added.
pub fn restricted(old: &Schema, new: &Schema, renames: &Renames) -> Option<Schema> {
    let mut schema = old.clone();
    let mut differs = false;
    for after in &new.tables {
        let before = renames.table_before(&after.name).and_then(|name| schema.tables.get_mut(name));
        let Some(table) = before else { continue };
        let back = |column: &Name| renames.old_column(&after.name, column).clone();
        let names: Vec<Name> = table.columns.iter().map(|column| column.name.clone()).collect();
        let has =
            |column: &Name| renames.column_before(&after.name, column).is_some_and(|before| names.contains(before));
        for column in after.columns.iter().filter(|column| has(&column.name)) {
            let rejects = after.rejects_null(column);
            let declared = table.columns.iter_mut().find(|old| old.name == back(&column.name));
            if let Some(declared) =
                declared.filter(|declared| rejects && !declared.not_null && declared.generated.is_none())
            {
                declared.not_null = true;
                differs = true;
            }
        }
        for check in &after.checks {
            let mentioned: Vec<&Name> =
                after.columns.iter().map(|column| &column.name).filter(|name| check.expr.mentions(name)).collect();
            if mentioned.iter().all(|name| has(name)) {
                let mut check = check.clone();
                let renames: Vec<(Name, Name)> = mentioned.iter().map(|name| ((*name).clone(), back(name))).collect();
                check.expr = check.expr.with_columns_renamed(&after.name, &renames);
                check.expr = check.expr.with_qualifier_renamed(&after.name, &table.name);
                check.name = None;
                differs |= !table.checks.iter().any(|one| one.expr == check.expr);
                table.checks.push(check);
            }
        }
        for unique in after.uniques.iter().filter(|unique| unique.parts.iter().all(|part| has(&part.column))) {
            let mut unique = unique.clone();
            unique.parts.iter_mut().for_each(|part| part.column = back(&part.column));
            differs |= !table.uniques.contains(&unique);
            table.uniques.push(unique);
        }
        for key in after.foreign_keys.iter().filter(|key| key.columns.iter().all(has)) {
            let mut key = key.clone();
            let parent_columns = new.referenced_columns(&key).unwrap_or_default();
            key.columns.iter_mut().for_each(|column| *column = back(column));
            let Some(parent) = renames.table_before(&key.parent).and_then(|name| old.table(name)) else { continue };
            let before = |column: &Name| {
                let name = renames.column_before(&key.parent, column)?;
                parent.column(name).map(|column| column.name.clone())
            };
            let columns: Option<Vec<Name>> = parent_columns.iter().map(before).collect();
            let known = columns.is_some();
            key.parent_columns = columns.unwrap_or_default();
            key.parent = parent.name.clone();
            if known && !table.foreign_keys.contains(&key) {
                differs = true;
                // the new key first: values follow the first key of a column
                table.foreign_keys.insert(0, key);
            }
        }
    }
    differs.then_some(schema)
}

/// Fills the tables of a database that has `schema` with rows that also fit `restricted`, and empties `cleared`.
/// Triggers must not exist yet, foreign keys must be off.
///
/// # Errors
/// If the engine fails.
pub async fn populate_restricted(
    connection: &Connection,
    schema: &Schema,
    restricted: Option<&Schema>,
) -> Result<Populated, EngineError> {
    let Some(restricted) = restricted else { return populate(connection, schema).await };
    let scratch = Connection::in_memory().await?;
    scratch.run("PRAGMA foreign_keys = OFF").await?;
    for table in &restricted.tables {
        let mut bare = table.clone();
        bare.indexes = table.indexes.iter().filter(|index| index.unique).cloned().collect();
        // a constraint that the old rows cannot have at all leaves the table to the unrestricted rows
        if scratch.run(&create_table(&bare)).await.is_err() {
            return populate(connection, schema).await;
        }
        for index in &bare.indexes {
            scratch.run(&create_index(&bare.name, index)).await?;
        }
    }
    populate(&scratch, &Schema { tables: restricted.tables.clone(), ..Schema::default() }).await?;
    for table in &schema.tables {
        let stored: Vec<Name> = table
            .columns
            .iter()
            .filter(|column| column.generated.is_none())
            .map(|column| column.name.clone())
            .collect();
        let rowid = table.free_rowid_name().filter(|_| table.rowid_alias().is_none());
        let names: Vec<&Name> = rowid.iter().chain(&stored).collect();
        let values: Vec<String> = names.iter().map(|name| format!("quote({})", name.sql())).collect();
        for row in scratch.rows(&format!("SELECT {} FROM {}", values.join(", "), table.name.sql())).await? {
            let values: Vec<&str> = row.iter().map(text).collect();
            let target = sql_list(names.iter().copied());
            let insert = format!("INSERT OR ABORT INTO {} ({target}) VALUES ({})", table.name.sql(), values.join(", "));
            // rows that fit the restricted table fit this one
            connection.run(&insert).await?;
        }
    }
    finish(connection, schema).await
}
