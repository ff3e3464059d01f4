//! What a difference between a struct and the migrations is called.

use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::Difference;
use super::head::Head;

/// Speaks about one table or view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    /// Its name.
    pub(crate) table: &'a Name,
    /// The struct.
    pub(crate) owner: &'a str,
    /// Whether a macro makes it.
    pub(crate) is_made_by_macro: bool,
    /// What it is compared with.
    pub(crate) head: &'a Head,
}

impl Words<'_> {
    /// A difference that a migration would make good.
    pub(crate) fn difference(&self, span: Span, message: String) -> Difference {
        // SQL in it may have several lines
        let lines: Vec<&str> = message.lines().map(str::trim).collect();
        let message = if lines.len() > 1 { lines.join(" ") } else { message };
        Difference::new(span, message).help(self.help())
    }

    /// What to do about a difference.
    pub(crate) fn help(&self) -> String {
        let command = &self.head.command;
        match self.is_made_by_macro {
            true => format!(
                "`generate` does not expand macros: write out the struct that this macro generates, then \
                             `{command}`"
            ),
            false => format!("`{command}`"),
        }
    }

    /// `as of migration …`.
    pub(crate) fn then(&self) -> String {
        as_of(self.head)
    }

    /// No migration creates the table or view.
    pub(crate) fn unknown(&self, what: &str) -> String {
        format!("no migration creates {what} `{}`", self.table)
    }

    pub(crate) fn no_column(&self, column: &Name) -> String {
        format!("`{}` has no column `{column}` {}", self.table, self.then())
    }

    pub(crate) fn no_field(&self, column: &Name) -> String {
        format!("`{}` has a column `{column}` {}, but `{}` has no field for it", self.table, self.then(), self.owner)
    }

    pub(crate) fn still_called(&self, what: &str, new: &str, old: &Name) -> String {
        format!("{what} `{new}` is still called `{old}` {}", self.then())
    }

    pub(crate) fn no_default(&self, column: &Name, here: &str) -> String {
        format!("`{column}` has the default {here} here, but none {}", self.then())
    }

    pub(crate) fn no_foreign_key(&self, columns: &[Name], parents: &str) -> String {
        let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        format!("{columns} references {parents} here, but is not a foreign key of `{}` {}", self.table, self.then())
    }

    /// Something about the table or a column that is `here` in the struct and `before` in the migrations.
    pub(crate) fn is_but(&self, what: &str, here: &str, before: &str) -> String {
        format!("{what} is {here} here, but {before} {}", self.then())
    }

    /// A clause that a column has `here` in the struct and `before` in the migrations.
    pub(crate) fn has_but(&self, what: &str, here: Option<&str>, before: Option<&str>) -> String {
        let then = self.then();
        match (here, before) {
            (Some(here), Some(before)) => format!("{what} has {here} here, but {before} {then}"),
            (Some(here), None) => format!("{what} has {here} here, but not {then}"),
            (None, Some(before)) => format!("{what} has {before} {then}, but not here"),
            (None, None) => format!("{what} is different {then}"),
        }
    }
}

/// `as of migration …`.
pub(crate) fn as_of(head: &Head) -> String {
    format!("as of migration `{}`", head.name)
}
