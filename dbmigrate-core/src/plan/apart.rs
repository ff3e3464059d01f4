//! Types that are so far apart that what becomes of the values is asked before any of them is looked at.

use super::conversion::example;
use super::decide::{Decisions, Question};
use super::lint::Lint;
use crate::diff::Diff;
use crate::schema::{Column, Reads, Schema, Vector};
use crate::sql::path::path;

/// The decisions about conversions that are missing where rows are not at hand: where most values of the old type cannot
/// be read as the new one. Whether those of a database can is seen before it is touched.
pub fn conversions(diff: &Diff, new: &Schema, decisions: &Decisions) -> Vec<Question> {
    let mut found = Vec::new();
    for table in &diff.tables {
        let (Some(before), Some(after)) = (diff.renamed.table(&table.name), new.table(&table.name)) else { continue };
        for change in &table.changed {
            let (Some(old), Some(column)) = (before.column(&change.name), after.column(&change.name)) else { continue };
            let Some(reads) = new.reads(&after.name, column) else { continue };
            let stored = old.generated.is_none() && column.generated.is_none();
            if !stored || old.decl_type == column.decl_type || !is_worlds_apart(old, column, &reads) {
                continue;
            }
            let object = path([&table.name, &column.name]);
            let is_decided = decisions.accepted.has(Lint::LossyConversion, &object)
                || decisions.conversion(&table.name, &column.name).is_some();
            if !is_decided {
                found.push(Question::Conversion {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    types: [type_name(old), type_name(column), reads.describe()],
                    example: example(column, old, &reads),
                });
            }
        }
    }
    found
}

/// Whether hardly a value of one type can be read as another.
fn is_worlds_apart(before: &Column, after: &Column, reads: &Reads) -> bool {
    use crate::sql::expr::Affinity::{Blob, Integer, Real, Text};
    if after.decl_type.is_empty() || after.decl_type.canonical() == "any" {
        return false;
    }
    let from = before.decl_type.affinity();
    match reads {
        Reads::Bool => from == Text,
        Reads::Bytes => from != Blob && Vector::of(&before.decl_type).is_none(),
        // what is in a column of any blobs may be such vectors
        Reads::Vector(vector) => match Vector::of(&before.decl_type) {
            Some(before) => before != *vector,
            None => from != Blob,
        },
        Reads::Text => before.decl_type.canonical() == "blob" || Vector::of(&before.decl_type).is_some(),
        Reads::Date | Reads::Time | Reads::DateTime | Reads::Uuid | Reads::Words(_) => matches!(from, Integer | Real),
        _ => false,
    }
}

fn type_name(column: &Column) -> String {
    if column.decl_type.is_empty() { "no type".to_owned() } else { column.decl_type.to_string() }
}
