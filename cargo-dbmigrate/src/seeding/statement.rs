//! The statements for rows of a set, with parameters where a row has values.

use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::sql_list;

use super::keys::key_of;
use super::model::{Cell, Given, Seed};
use super::rows::Value;

/// What stands for a cell in a statement; its values are added to those of the statement.
pub(crate) fn slot(seed: &Seed, cell: &Cell, values: &mut Vec<Value>) -> String {
    match &cell.given {
        Given::Value(value) | Given::Secret(value) => {
            values.push(value.clone());
            "?".to_owned()
        }
        Given::Sql(sql) => format!("({sql})"),
        Given::Lookup { row, column } => lookup(seed, *row, *column, values),
    }
}

/// A query for a column of another row of the set, by what tells that row apart.
fn lookup(seed: &Seed, row: usize, column: usize, values: &mut Vec<Value>) -> String {
    let target = &seed.rows[row];
    let table = seed.table_of(row);
    let key = key_of(seed, target);
    // in the order in which they stand in the condition
    let slots: Vec<(usize, String)> = key
        .columns()
        .into_iter()
        .filter_map(|column| Some((column, slot(seed, target.cell(column)?, values))))
        .collect();
    let of = |column: usize| {
        slots.iter().find(|(at, _)| *at == column).map_or_else(|| "NULL".to_owned(), |(_, slot)| slot.clone())
    };
    let condition = key.condition(table, "", of);
    format!("(SELECT {} FROM {} WHERE {condition} LIMIT 1)", table.columns[column].name.sql(), table.name.sql())
}

/// The cells of a row as they stand in parentheses: `?, ?, (unixepoch())`.
pub(crate) fn tuple(seed: &Seed, cells: &[Cell], values: &mut Vec<Value>) -> String {
    let slots: Vec<String> = cells.iter().map(|cell| slot(seed, cell, values)).collect();
    slots.join(", ")
}

/// Inserts rows of one shape; `tuples` are what stands in the parentheses of each.
pub(crate) fn insert(table: &Name, columns: &[&Name], tuples: &[&str]) -> String {
    if columns.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.sql());
    }
    let rows: Vec<String> = tuples.iter().map(|tuple| format!("({tuple})")).collect();
    format!("INSERT INTO {} ({}) VALUES {}", table.sql(), sql_list(columns.iter().copied()), rows.join(", "))
}

/// The names of the columns of a row.
pub(crate) fn columns(seed: &Seed, row: usize) -> Vec<&Name> {
    let table = seed.table_of(row);
    seed.rows[row].cells.iter().map(|cell| &table.columns[cell.column].name).collect()
}

/// The statement that inserts a row, for a run of rows most of which look alike.
#[derive(Default)]
pub(crate) struct Inserts {
    /// The table and the columns of the last row all of whose cells were values, and its statement.
    last: Option<(usize, Vec<usize>, String)>,
}

impl Inserts {
    /// The statement for a row, and its values.
    pub(crate) fn of(&mut self, seed: &Seed, row: usize) -> (String, Vec<Value>) {
        let known = &seed.rows[row];
        let is_plain = known.cells.iter().all(|cell| cell.value().is_some());
        if is_plain && let Some((table, columns, sql)) = &self.last {
            let is_same =
                *table == known.table && known.cells.iter().map(|cell| cell.column).eq(columns.iter().copied());
            if is_same {
                return (sql.clone(), known.cells.iter().filter_map(|cell| cell.value().cloned()).collect());
            }
        }
        let mut values = Vec::with_capacity(known.cells.len());
        let tuple = tuple(seed, &known.cells, &mut values);
        let sql = insert(&seed.table_of(row).name, &columns(seed, row), &[&tuple]);
        if is_plain {
            let columns = known.cells.iter().map(|cell| cell.column).collect();
            self.last = Some((known.table, columns, sql.clone()));
        }
        (sql, values)
    }
}
