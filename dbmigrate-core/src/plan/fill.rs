//! Whether the expressions that fill and convert columns have something to do: one that has nothing was meant for
//! something else.

use super::decide::Decisions;
use crate::diff::{Diff, TableDiff};
use crate::schema::Schema;
use crate::shell::shell_quoted;
use crate::sql::Name;
use crate::sql::path::path;

/// An expression that has nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// What is wrong, with the flag.
    pub message: String,
    /// What would do, if anything.
    pub help: Option<String>,
}

/// The first backfill or conversion that has nothing to do.
pub fn misplaced(decisions: &Decisions, diff: &Diff, new: &Schema) -> Option<Misplaced> {
    let backfills = decisions.backfills.iter().map(|(place, expr)| (false, place, expr));
    let conversions = decisions.conversions.iter().map(|(place, expr)| (true, place, expr));
    backfills.chain(conversions).find_map(|(converts, (table, column), expr)| {
        let (flag, other) = if converts { ("convert", "backfill") } else { ("backfill", "convert") };
        let instead = || Some(format!("`--{other} {}`", shell_quoted(&format!("{}={expr}", path([table, column])))));
        let wrong = |message: &str, help: Option<String>| {
            Some(Misplaced { message: format!("`--{flag} {table}.{column}`: {message}"), help })
        };
        if let Some(message) = unknown_column(new, table, column, flag) {
            return Some(Misplaced { message, help: None });
        }
        let changed = diff.tables.iter().find(|changed| changed.name == *table);
        let is_added = changed.is_some_and(|changed| changed.added.contains(column));
        let becomes_not_null = changed
            .is_some_and(|changed| changed.changed.iter().any(|change| change.name == *column && change.nullability));
        if converts {
            let before = diff.renamed.table(table).and_then(|before| before.column(column));
            let help = || match decisions.backfills.contains_key(&(table.clone(), column.clone())) {
                true => None,
                false => instead(),
            };
            return match before {
                _ if is_added => wrong("the column is new, so there is nothing to convert", help()),
                None => wrong("the table is new, so there is nothing to convert", None),
                Some(before) if before.generated.is_some() => {
                    wrong("the column was generated, so there is nothing to convert", None)
                }
                Some(_) if decisions.backfills.contains_key(&(table.clone(), column.clone())) => {
                    let fill = &decisions.backfills[&(table.clone(), column.clone())];
                    let both = format!("{}=coalesce({expr}, {fill})", path([table, column]));
                    let help = format!("in one expression: `--convert {}`", shell_quoted(&both));
                    wrong("the column has a `--backfill` too", Some(help))
                }
                Some(_) if changed.is_some_and(|changed| concerns(changed, new, column)) => None,
                Some(_) => {
                    let help = "to change values only, write the statement: `cargo dbmigrate generate --custom`";
                    wrong("no change to the table affects the column", Some(help.to_owned()))
                }
            };
        }
        match changed {
            _ if is_added || becomes_not_null => None,
            Some(changed) if concerns(changed, new, column) => {
                wrong("the column is neither new nor newly NOT NULL, so there is nothing to fill", instead())
            }
            _ => wrong("the column is neither new nor newly NOT NULL, so there is nothing to fill", None),
        }
    })
}

/// The first backfill or conversion of a column that no struct declares, whatever else is still to be decided.
pub fn of_unknown(decisions: &Decisions, new: &Schema) -> Option<Misplaced> {
    let backfills = decisions.backfills.keys().map(|place| ("backfill", place));
    let mut all = backfills.chain(decisions.conversions.keys().map(|place| ("convert", place)));
    let message = all.find_map(|(flag, (table, column))| unknown_column(new, table, column, flag))?;
    Some(Misplaced { message, help: None })
}

fn unknown_column(new: &Schema, table: &Name, column: &Name, flag: &str) -> Option<String> {
    let verb = if flag == "convert" { "convert" } else { "fill" };
    let what = match new.table(table) {
        None => format!("no struct declares a table `{table}`"),
        Some(declared) if declared.column(column).is_none_or(|column| column.generated.is_some()) => {
            format!("`{table}` has no column `{column}` to {verb}")
        }
        Some(_) => return None,
    };
    Some(format!("`--{flag} {table}.{column}`: {what}"))
}

/// Whether something that changes in a table is about a column: the column itself, a constraint or an index that names
/// it, or whether the table is STRICT.
fn concerns(diff: &TableDiff, new: &Schema, column: &Name) -> bool {
    let indexes = diff.created_indexes.iter().chain(&diff.changed_indexes);
    let mut indexes = indexes.filter_map(|name| new.table(&diff.name)?.indexes.get(name));
    let key = new.table(&diff.name).and_then(|table| table.primary_key.as_ref());
    diff.options
        || diff.changed.iter().any(|change| change.name == *column)
        || (diff.primary_key && key.is_some_and(|key| key.parts.iter().any(|part| part.column == *column)))
        || diff.added_uniques.iter().any(|unique| unique.parts.iter().any(|part| part.column == *column))
        || diff.added_checks.iter().any(|check| check.expr.mentions(column))
        || diff.added_foreign_keys.iter().any(|key| key.columns.contains(column))
        || indexes.any(|index| index.unique && index.mentions(column))
}
