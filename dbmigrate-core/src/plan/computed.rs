//! What a migration computes from the rows that are there: backfills and conversions, which are their author's to get
//! right.

use super::copy::{Source, source};
use super::{Input, Strategy};
use crate::diff::TableDiff;
use crate::schema::Column;
use crate::sql::{Expr, Name};

/// A column whose values an expression of the author's makes.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The table, by its old name.
    pub table: Name,
    /// The column as it is wanted.
    pub column: Column,
    /// The expression as it stands in the migration.
    pub written: Expr,
    /// The expression over the old table, whose columns it calls by their old names.
    pub value: Expr,
}

/// Everything that is computed by an expression that is more than a literal.
pub(super) fn computed(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Vec<Computed> {
    let mut found = Vec::new();
    for (diff, _) in strategies {
        let (before, after) = (input.before(&diff.name), input.after(&diff.name));
        let table = input.diff.renames.old_table(&diff.name);
        let old = |column: &Column| input.diff.renames.old_column(&diff.name, &column.name).clone();
        for column in &after.columns {
            let (value, is_given) = match source(input, before, after, column) {
                Source::Converted(value) => (value, true),
                Source::Backfill(value) | Source::Filled(value) => {
                    (value, input.decisions.backfill(&after.name, &column.name).is_some())
                }
                Source::Column | Source::Default | Source::Generated => continue,
            };
            let written = Expr::new(value);
            if written.is_literal() || !is_given {
                continue;
            }
            let renames: Vec<(Name, Name)> =
                before.columns.iter().map(|column| (column.name.clone(), old(column))).collect();
            let value = written.with_columns_renamed(&diff.name, &renames).with_qualifier_renamed(&diff.name, table);
            found.push(Computed { table: table.clone(), column: column.clone(), written, value });
        }
    }
    found
}
