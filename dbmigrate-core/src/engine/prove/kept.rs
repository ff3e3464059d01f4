//! That what a plan keeps is what was there: every value with its storage class, beside the key of its row.

use super::ProofError;
use crate::diff::Renames;
use crate::engine::connection::Connection;
use crate::engine::content::{Rows, all_rows, exact, rows};
use crate::engine::error::EngineError;
use crate::kept::shape::COUNT;
use crate::kept::{Kept, KeptColumn, KeptColumns, KeptTable, shape, tally_name};
use crate::plan::Plan;
use crate::schema::Schema;
use crate::sql::Name;

/// What is to be kept, as it was before the statements ran.
pub(super) struct Before<'a>(Vec<(&'a KeptTable, Rows)>);

impl<'a> Before<'a> {
    /// Reads it on the old schema.
    pub(super) async fn read(
        connection: &Connection,
        plan: &'a Plan,
        old: &Schema,
        new: &Schema,
        renames: &Renames,
    ) -> Result<Self, EngineError> {
        let mut all = Vec::with_capacity(plan.kept.len());
        for kept in &plan.kept {
            let found = match &kept.kept {
                Kept::Whole => match old.table(&kept.of) {
                    Some(table) => all_rows(connection, table).await?,
                    None => Rows::new(),
                },
                Kept::Columns(columns) => {
                    let was = Was { kept, old, new, renames };
                    rows(connection, renames.old_table(&kept.of), &was.expressions(columns)).await?
                }
            };
            all.push((kept, found));
        }
        Ok(Self(all))
    }

    /// Compares it with what there is after they ran.
    pub(super) async fn compare(self, connection: &Connection, old: &Schema) -> Result<(), ProofError> {
        for (kept, before) in self.0 {
            let error = |what: &str| Err(ProofError::Rows { table: kept.name.clone(), what: what.to_owned() });
            let after = match &kept.kept {
                Kept::Whole => match old.table(&kept.of) {
                    Some(table) => all_rows(connection, &shape::moved(table, &kept.name)).await?,
                    None => Rows::new(),
                },
                Kept::Columns(columns) => {
                    let originals = columns.values.iter().map(|value| &value.original);
                    rows(connection, &kept.name, &exactly(columns, originals)).await?
                }
            };
            if before != after {
                return error("what is kept differs from what was there");
            }
            let Kept::Columns(columns) = &kept.kept else { continue };
            if columns.is_counted {
                let counted = rows(connection, &tally_name(&kept.name), &[exact(COUNT)]).await?;
                if counted != [[before.len().to_string()]] {
                    return error("the number of rows that are kept is not what it is said to be");
                }
            }
            let converted: Vec<&KeptColumn> = columns.values.iter().filter(|value| value.after.is_some()).collect();
            let remembered = exactly(columns, converted.iter().filter_map(|value| value.after.as_ref()));
            let there = exactly(columns, converted.iter().map(|value| &value.column));
            if rows(connection, &kept.name, &remembered).await? != rows(connection, &kept.of, &there).await? {
                return error("what is remembered differs from what the values have become");
            }
        }
        Ok(())
    }
}

/// The key, and these columns.
fn exactly<'n>(columns: &'n KeptColumns, values: impl Iterator<Item = &'n Name>) -> Vec<String> {
    columns.key.iter().map(|column| &column.name).chain(values).map(|name| exact(&name.sql())).collect()
}

/// A table as it was before.
struct Was<'a> {
    kept: &'a KeptTable,
    old: &'a Schema,
    new: &'a Schema,
    renames: &'a Renames,
}

impl Was<'_> {
    fn expressions(&self, columns: &KeptColumns) -> Vec<String> {
        let key = columns.key.iter().map(|column| self.of_key(&column.name));
        let values = columns.values.iter().map(|value| self.of_value(value));
        key.chain(values).map(|name| exact(&name.sql())).collect()
    }

    /// A column of the key, or the rowid that it takes over.
    fn of_key(&self, column: &Name) -> Name {
        let table = self.old.table(self.renames.old_table(&self.kept.of));
        let name = self.renames.old_column(&self.kept.of, column);
        let rowid = table.filter(|table| table.column(name).is_none()).and_then(crate::schema::Table::free_rowid_name);
        rowid.unwrap_or_else(|| name.clone())
    }

    /// A column that loses its values. One that is dropped may have given its name to another one.
    fn of_value(&self, value: &KeptColumn) -> Name {
        let column = self.new.table(&self.kept.of).and_then(|table| table.column(&value.column));
        let stays = value.after.is_some() || column.is_some_and(|column| column.generated.is_some());
        if stays { self.renames.old_column(&self.kept.of, &value.column).clone() } else { value.column.clone() }
    }
}
