//! What a rebuild copies: which columns of the new table are filled, and from which expressions over the old one.

use super::Input;
use super::decide::needs_backfill;
use crate::ddl::render::default_value;
use crate::diff::TableDiff;
use crate::schema::{Column, Table};
use crate::sql::Name;

/// The columns to fill, by name and as SQL, and the expressions to fill them from.
pub(super) struct Copy {
    pub(super) names: Vec<Name>,
    pub(super) columns: Vec<String>,
    pub(super) expressions: Vec<String>,
}

/// How a column of the new table gets its values.
pub(super) enum Source {
    /// As they are.
    Column,
    /// As they are, with this SQL in the place of NULL.
    Filled(String),
    /// From an expression over the row as it was.
    Converted(String),
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
        let mut copy = Self { names: Vec::new(), columns: Vec::new(), expressions: Vec::new() };
        let rowids = rowids(input, before, after);
        if let Some((to, from)) = &rowids {
            copy.push(to, from.sql().into_owned());
        }
        let filled = |column: &&Column| rowids.as_ref().is_some_and(|(to, _)| column.name == *to);
        for column in after.columns.iter().filter(|column| !filled(column)) {
            match source(input, before, after, column) {
                Source::Column => copy.push(&column.name, column.name.sql().into_owned()),
                Source::Filled(value) => copy.push(&column.name, format!("coalesce({}, {value})", column.name.sql())),
                Source::Converted(value) | Source::Backfill(value) => copy.push(&column.name, value),
                Source::Default | Source::Generated => {}
            }
        }
        // each row has to arrive, even if all that it holds are defaults
        let first = after.columns.iter().find(|column| column.generated.is_none());
        if let (true, Some(first)) = (copy.columns.is_empty(), first) {
            copy.push(&first.name, default_or_null(first));
        }
        copy
    }

    fn push(&mut self, column: &Name, expression: String) {
        self.names.push(column.clone());
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
    if let Some(expr) = input.decisions.conversion(&after.name, &column.name) {
        return Source::Converted(match default {
            Some(value) => format!("coalesce(({expr}), {value})"),
            None => format!("({expr})"),
        });
    }
    match backfill.or(default) {
        Some(value) if was_nullable => Source::Filled(value),
        _ => Source::Column,
    }
}

/// Whether rows with NULL in the column are left without a value: it becomes NOT NULL, and nothing fills it. SQLite
/// would make numbers up for a column that becomes the rowid, which are not the values that its rows had.
pub(super) fn may_fail_on_null(input: &Input<'_>, before: &Table, after: &Table, column: &Column) -> bool {
    let becomes_rowid = after.rowid_alias().is_some_and(|alias| alias.name == column.name);
    matches!(source(input, before, after, column), Source::Column)
        && before.column(&column.name).is_some_and(|old| !before.rejects_null(old))
        && (becomes_rowid || needs_backfill(after, column))
}

/// What a column gets that is left out.
pub(super) fn default_or_null(column: &Column) -> String {
    column.effective_default().map_or_else(|| "NULL".to_owned(), default_value)
}

/// The names under which the rowids are written and read, if both tables have them. A new column that is an alias for
/// the rowid takes over the one that each row has had all along; one that was there before has values of its own.
fn rowids(input: &Input<'_>, before: &Table, after: &Table) -> Option<(Name, Name)> {
    let from = before.free_rowid_name()?;
    let Some(alias) = after.rowid_alias() else { return Some((after.free_rowid_name()?, from)) };
    let is_new = matches!(source(input, before, after, alias), Source::Default);
    is_new.then(|| (alias.name.clone(), from))
}
