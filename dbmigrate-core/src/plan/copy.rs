//! What a rebuild copies: which columns of the new table are filled, and from which expressions over the old one.

use super::Input;
use super::decide::needs_backfill;
use crate::ddl::render::default_value;
use crate::diff::TableDiff;
use crate::schema::{Column, Table};
use crate::sql::Name;

/// The columns to fill and the expressions to fill them from.
pub(super) struct Copy {
    pub(super) columns: Vec<String>,
    pub(super) expressions: Vec<String>,
}

/// How a column of the new table gets its values.
pub(super) enum Source {
    /// As they are.
    Column,
    /// As they are, with this SQL in the place of NULL.
    Filled(String),
    /// From a backfill expression.
    Backfill(String),
    /// From the column's default, by leaving it out.
    Default,
    /// Computed by SQLite.
    Generated,
}

impl Copy {
    pub(super) fn of(input: &Input<'_>, diff: &TableDiff) -> Self {
        let (before, after) = (input.before(&diff.name), input.after(&diff.name));
        let mut copy = Self { columns: Vec::new(), expressions: Vec::new() };
        if let Some((to, from)) = rowids(before, after) {
            copy.push(&to, from.sql().into_owned());
        }
        for column in &after.columns {
            match source(input, before, after, column) {
                Source::Column => copy.push(&column.name, column.name.sql().into_owned()),
                Source::Filled(value) => copy.push(&column.name, format!("coalesce({}, {value})", column.name.sql())),
                Source::Backfill(value) => copy.push(&column.name, value),
                Source::Default | Source::Generated => {}
            }
        }
        copy
    }

    fn push(&mut self, column: &Name, expression: String) {
        self.columns.push(column.sql().into_owned());
        self.expressions.push(expression);
    }
}

/// Where the values of a column of the new table come from.
pub(super) fn source(input: &Input<'_>, before: &Table, after: &Table, column: &Column) -> Source {
    if column.generated.is_some() {
        return Source::Generated;
    }
    let backfill = input.decisions.backfill(&after.name, &column.name).map(|expr| match expr.is_literal() {
        true => expr.to_string(),
        false => format!("({expr})"),
    });
    let Some(old) = before.column(&column.name) else {
        return backfill.map_or(Source::Default, Source::Backfill);
    };
    let was_nullable = !before.rejects_null(old);
    let default = column.effective_default().map(default_value).filter(|_| after.rejects_null(column));
    match backfill.or(default) {
        Some(value) if was_nullable => Source::Filled(value),
        _ => Source::Column,
    }
}

/// Whether rows with NULL in the column are left without a value: it becomes NOT NULL, and nothing fills it.
pub(super) fn may_fail_on_null(input: &Input<'_>, before: &Table, after: &Table, column: &Column) -> bool {
    matches!(source(input, before, after, column), Source::Column)
        && before.column(&column.name).is_some_and(|old| !before.rejects_null(old))
        && needs_backfill(after, column)
}

/// The names under which the implicit rowids are written and read, if both tables have them and the new table's
/// rowid is not a column of its own.
fn rowids(before: &Table, after: &Table) -> Option<(Name, Name)> {
    if after.rowid_alias().is_some() {
        return None;
    }
    Some((after.free_rowid_name()?, before.free_rowid_name()?))
}
