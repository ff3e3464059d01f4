//! What makes generated rows impossible, said so that it can be configured away.

use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;

use super::unique::NoRoom;
use crate::diagnostic::Diagnostic;

/// What is impossible, and in which table.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) table: Rc<Table>,
    pub(super) file: PathBuf,
    pub(super) reason: Reason,
}

/// Why.
#[derive(Debug, Clone)]
pub(super) enum Reason {
    /// The parent of a foreign key has no rows.
    NoParents { columns: Vec<Name>, parent: Name, is_known: bool },
    /// A foreign key is computed, of these columns.
    Computed { columns: Vec<Name>, parent: Name, of: Vec<Name> },
    /// There are not enough different values.
    NoRoom { error: NoRoom, rows: u64 },
    /// `per` names the table itself.
    PerItself { span: Range<usize> },
    /// `per` names nothing that the table refers to.
    PerNothing { name: Name, span: Range<usize> },
    /// `per` names a table that is referred to by several keys.
    PerSeveral { name: Name, span: Range<usize>, columns: Vec<Name> },
    /// A share of NULL for a column that has none.
    NotNull { column: Name, span: Range<usize> },
    /// No value for a column is known.
    NothingFits { column: Name },
    /// The engine refuses rows whatever is tried.
    Refused { row: u64, message: String },
}

impl Problem {
    /// As it is shown; `rows` is where the number of rows is said.
    pub(super) fn diagnostic(&self, rows: &Range<usize>) -> Diagnostic {
        let table = &self.table.name;
        let at = |message: String, span: &Range<usize>| Diagnostic::error(message).at(&self.file, span.clone(), "");
        let list = |columns: &[Name]| columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        match &self.reason {
            Reason::NoParents { columns, parent, is_known } => {
                let message =
                    format!("`{table}.{}` refers to `{parent}`, which has no rows in this set", list(columns));
                let help = if *is_known {
                    format!("give `{parent}` rows in this set")
                } else {
                    format!("generate some in this set: `[{parent}]` with `rows = 10`")
                };
                at(message, rows).help(help)
            }
            Reason::Computed { columns, parent, of } => {
                let message = format!(
                    "`{table}.{}` is computed and refers to `{parent}`: which values match a row is not known",
                    list(columns)
                );
                let settings: Vec<String> =
                    of.iter().map(|column| format!("`{column} = {{ one_of = […] }}`")).collect();
                at(message, rows).help(format!("say in `[{table}]` what it is computed of: {}", settings.join(", ")))
            }
            Reason::NoRoom { error, rows: wanted } => {
                let (room, each) = (error.room, if error.is_per_parent { " for each parent" } else { "" });
                let noun = if room == 1 { "row" } else { "rows" };
                let message =
                    format!("{} of `{table}` has room for {room} {noun}{each}, and `rows` says {wanted}", error.what);
                let message = if error.is_per_parent {
                    format!("{} of `{table}` has room for {room} {noun}{each}, and `rows` says more", error.what)
                } else {
                    message
                };
                let columns: Vec<&str> =
                    error.columns.iter().map(|column| self.table.columns[*column].name.as_str()).collect();
                let values = format!("or say more values for `{}` in `[{table}]`", columns.join("` or `"));
                let help =
                    if error.is_per_parent { format!("`rows = \"1..{room}\"`") } else { format!("`rows = {room}`") };
                at(message, rows).help(format!("{help}, {values}"))
            }
            Reason::PerItself { span } => {
                let message = format!("rows of `{table}` cannot be counted by rows of `{table}`");
                at(message, span).help("`rows = 1000` without `per`: each row refers to an earlier one")
            }
            Reason::PerNothing { name, span } => {
                let message = format!("`{table}` has no foreign key to `{name}`");
                let mut parents: Vec<&str> = self.table.foreign_keys.iter().map(|key| key.parent.as_str()).collect();
                parents.dedup();
                let error = at(message, span);
                match &parents[..] {
                    [] => error.help("remove `per`: the table has no foreign keys"),
                    parents => error.help(format!("it refers to `{}`", parents.join("`, `"))),
                }
            }
            Reason::PerSeveral { name, span, columns } => {
                let message = format!("`{table}` has several foreign keys to `{name}`");
                let columns: Vec<String> = columns.iter().map(|column| format!("`per = \"{column}\"`")).collect();
                at(message, span).help(format!("name the column: {}", columns.join(" or ")))
            }
            Reason::NotNull { column, span } => {
                at(format!("`{table}.{column}` cannot be NULL"), span).help("remove `null`")
            }
            Reason::NothingFits { column } => {
                let message = format!("no values are known for `{table}.{column}`");
                at(message, rows).help(format!("say some in `[{table}]`: `{column} = {{ one_of = [\"…\"] }}`"))
            }
            Reason::Refused { row, message } => {
                let what = self.constraint(message);
                let message = format!("no values were found for row {} of `{table}` that satisfy {what}", row + 1);
                let columns = self.columns_of(&what);
                let shown = if columns.is_empty() { vec!["COLUMN".to_owned()] } else { columns };
                let settings: Vec<String> =
                    shown.iter().map(|column| format!("`{column} = {{ one_of = […] }}`")).collect();
                at(message, rows).help(format!("say in `[{table}]` which values fit: {}", settings.join(", ")))
            }
        }
    }

    /// The constraint that a message of the engine is about.
    fn constraint(&self, message: &str) -> String {
        for kind in ["CHECK", "UNIQUE", "NOT NULL"] {
            let Some((_, what)) = message.split_once(&format!("{kind} constraint failed: ")) else { continue };
            let what = what.trim().trim_end_matches('`');
            let named = self.table.checks.iter().find(|check| check.name.as_ref().is_some_and(|name| *name == *what));
            return match named {
                Some(check) => format!("CHECK `{what}` (`{}`)", check.expr.said()),
                None => format!("{kind} `{what}`"),
            };
        }
        format!("the table: {}", message.trim())
    }

    /// The columns that a constraint mentions.
    fn columns_of(&self, what: &str) -> Vec<String> {
        let expr = dbmigrate_core::sql::Expr::new(what.replace('`', " "));
        let columns = self.table.columns.iter().filter(|column| column.generated.is_none());
        columns.filter(|column| expr.mentions(&column.name)).map(|column| column.name.to_string()).collect()
    }
}
