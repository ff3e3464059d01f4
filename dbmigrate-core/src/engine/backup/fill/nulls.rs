//! Rows of a backup that no server takes: NULLs in columns that are NOT NULL, which `ALTER COLUMN` leaves behind.

use crate::engine::backup::inventory::Inventory;
use crate::engine::backup::local::Local;
use crate::engine::connection::{integer, text};
use crate::engine::error::EngineError;
use crate::engine::introspect::is_virtual;
use crate::sql::Name;
use crate::sql::name::quote_string;
use crate::sql::path::path;

/// The columns with such rows, each with their number: `2 rows have NULL in users.name`.
pub(super) fn unmet(local: &Local, inventory: &Inventory) -> Result<Vec<String>, EngineError> {
    let mut found = Vec::new();
    let objects = inventory.objects.iter().filter(|object| object.kind == "table" && !is_virtual(&object.sql));
    for table in objects.map(|object| Name::from(object.name.as_str())) {
        let columns = format!(
            "SELECT name FROM pragma_table_xinfo({}) WHERE \"notnull\" AND hidden = 0",
            quote_string(table.as_str())
        );
        let columns: Vec<Name> = local.rows(&columns)?.iter().map(|row| Name::from(text(&row[0]))).collect();
        if columns.is_empty() {
            continue;
        }
        // `IS NULL` would be taken for false without a look at the rows
        let counts = columns.iter().map(|column| format!("sum(typeof({}) = 'null')", column.sql()));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let Some(row) = local.rows(&format!("SELECT {counts} FROM {}", table.sql()))?.into_iter().next() else {
            continue;
        };
        for (column, count) in columns.iter().zip(&row) {
            match integer(count) {
                0 => {}
                1 => found.push(format!("1 row has NULL in `{}`", path([&table, column]))),
                count => found.push(format!("{count} rows have NULL in `{}`", path([&table, column]))),
            }
        }
    }
    Ok(found)
}
