//! Rows that are made from a description: the seam between a set and what makes them.

use std::collections::BTreeMap;
use std::rc::Rc;

use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::token::significant;

use super::generated::{self, GivenRows, InputTable, Settings};
use super::model::{Seed, SeedRow};
use super::rows::{Generated, Value};
use crate::diagnostic::Diagnostic;

/// What makes the rows, for each of [`Seed::made`].
///
/// # Errors
/// All that is wrong with the descriptions, and what the schema has no room for.
pub(crate) fn generators(
    seed: &Seed,
    schema: &Schema,
    declared: Option<&Schema>,
) -> Result<Vec<Box<dyn Generated>>, Vec<Diagnostic>> {
    if seed.made.is_empty() {
        return Ok(Vec::new());
    }
    // what the fields of structs read says more than the types of columns
    let reads = declared.map(|declared| declared.reads.clone()).unwrap_or_default();
    let schema = &Schema { reads, ..schema.clone() };
    let mut errors = Vec::new();
    let mut settings: BTreeMap<usize, (usize, Settings)> = BTreeMap::new();
    for (at, made) in seed.made.iter().enumerate() {
        let table = &seed.tables[made.table].table;
        let file = &seed.files[made.file];
        if let Some((first, _)) = settings.get(&made.table) {
            let error = Diagnostic::error(format!("rows of `{}` are generated twice", table.name));
            let first = &seed.made[*first];
            errors.push(error.at(file, made.settings.span.clone(), "").at(
                &seed.files[first.file],
                first.settings.span.clone(),
                "first here",
            ));
        } else if let Some(read) = Settings::read(&made.settings, table, file, &mut errors) {
            settings.insert(made.table, (at, read));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let inputs = (0..seed.tables.len()).map(|table| InputTable {
        table: Rc::clone(&seed.tables[table].table),
        settings: settings.get(&table).map(|(_, settings)| settings.clone()),
        file: settings.get(&table).map(|(at, _)| seed.files[seed.made[*at].file].clone()).unwrap_or_default(),
        given: given(seed, table),
    });
    let generators = generated::generators(schema, inputs.collect(), seed.start)?;
    let mut by_table: BTreeMap<usize, Box<dyn Generated>> = BTreeMap::new();
    for generator in generators {
        let of = (0..seed.tables.len()).find(|table| seed.tables[*table].table.name == *generator.table());
        if let Some(of) = of {
            by_table.insert(of, Box::new(generator));
        }
    }
    Ok(seed.made.iter().filter_map(|made| by_table.remove(&made.table)).collect())
}

/// The rows of a table that are written in files, as far as they are known.
fn given(seed: &Seed, table: usize) -> GivenRows {
    let known = &seed.tables[table].table;
    seed.rows.iter().filter(|row| row.table == table).map(|row| given_row(known, row)).collect()
}

fn given_row(table: &Table, row: &SeedRow) -> Vec<Option<Value>> {
    let alias = table.rowid_alias();
    let value = |at: usize| {
        if let Some(cell) = row.cell(at) {
            return cell.value().cloned();
        }
        let column = &table.columns[at];
        if column.generated.is_some() || alias.is_some_and(|alias| alias.name == column.name) {
            return None;
        }
        match &column.default {
            None => Some(Value::Null),
            Some(default) => generated::literal(&significant(default.as_str())),
        }
    };
    (0..table.columns.len()).map(value).collect()
}
