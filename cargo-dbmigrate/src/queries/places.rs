//! Statements and what they use, in words.

use std::collections::BTreeMap;

use dbmigrate_core::engine::trial::Access;

/// The tables that are read or written, each with the columns.
pub(super) fn by_table(accesses: &[Access], is_write: bool) -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for access in accesses.iter().filter(|access| access.is_write == is_write) {
        let columns = tables.entry(access.table.clone()).or_default();
        if let Some(column) = &access.column
            && !columns.contains(column)
        {
            columns.push(column.clone());
        }
    }
    tables
}

/// `users (id, email), posts`.
pub(super) fn said(tables: &BTreeMap<String, Vec<String>>) -> String {
    let table = |(table, columns): (&String, &Vec<String>)| match columns.as_slice() {
        [] => table.clone(),
        columns => format!("{table} ({})", columns.join(", ")),
    };
    tables.iter().map(table).collect::<Vec<_>>().join(", ")
}

/// The longest line of a statement.
const WIDTH: usize = 76;

/// A statement on one line, cut off where that is long.
pub(super) fn on_one_line(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDTH { line } else { line.chars().take(WIDTH - 2).collect::<String>() + " …" }
}

/// `12 queries`.
pub(crate) fn queries(count: usize) -> String {
    if count == 1 { "1 query".to_owned() } else { format!("{count} queries") }
}
