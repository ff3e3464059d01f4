//! The triggers that log which rows of the old table were written.
//!
//! They append to a table without any constraint and read at most an index, so that they neither fail nor wait, whatever
//! `OR …` the statement has that fires them: its clause is that of the triggers' statements too.

use super::key::{Key, Side};
use super::{LOG, ONLINE_PREFIX};
use crate::ddl::render::default_value;
use crate::schema::Table;
use crate::sql::{Expr, Name};

/// What keeps rows of the old table apart, besides the key: a row that is written replaces those that are equal by it.
struct Unique {
    /// The expressions, each with the collation that it is compared by.
    parts: Vec<(Expr, Option<Name>)>,
    predicate: Option<Expr>,
}

/// The names of all triggers that there may be.
pub(super) fn names() -> [Name; 5] {
    ["insert", "update", "delete", "replace", "replace_by_update"]
        .map(|event| Name::from(format!("{ONLINE_PREFIX}{event}")))
}

/// The statements that make them.
pub(super) fn triggers(before: &Table, key: &Key) -> Vec<String> {
    let [insert, update, delete, replace, by_update] = names().map(|name| name.sql().into_owned());
    let table = before.name.sql();
    let (new, old) = (key.list(Side::Old, "NEW"), key.list(Side::Old, "OLD"));
    let moved = key.names(Side::Old).map(|name| format!("NEW.{0} IS NOT OLD.{0}", name.sql()));
    let moved = moved.collect::<Vec<_>>().join(" OR ");
    let log = |values: &str| format!("  INSERT INTO {LOG} VALUES ({values});\n");
    let mut triggers = vec![
        format!("CREATE TRIGGER {insert} AFTER INSERT ON {table}\nBEGIN\n{}END", log(&new)),
        format!(
            "CREATE TRIGGER {update} AFTER UPDATE ON {table}\nBEGIN\n{}  INSERT INTO {LOG} SELECT {new} WHERE {moved};\nEND",
            log(&old)
        ),
        format!("CREATE TRIGGER {delete} AFTER DELETE ON {table}\nBEGIN\n{}END", log(&old)),
    ];
    let victims: Vec<String> = uniques(before, key).iter().map(|unique| victims(before, key, unique)).collect();
    if !victims.is_empty() {
        let victims = victims.concat();
        for (name, event) in [(replace, "INSERT"), (by_update, "UPDATE")] {
            triggers.push(format!("CREATE TRIGGER {name} BEFORE {event} ON {table}\nBEGIN\n{victims}END"));
        }
    }
    triggers
}

fn uniques(table: &Table, key: &Key) -> Vec<Unique> {
    let constraints =
        table.primary_key.iter().map(|key| &key.parts).chain(table.uniques.iter().map(|unique| &unique.parts));
    let constraints = constraints.map(|parts| Unique {
        parts: parts.iter().map(|part| (Expr::new(part.column.sql()), part.collate.clone())).collect(),
        predicate: None,
    });
    let indexes = table.indexes.iter().filter(|index| index.unique).map(|index| Unique {
        parts: index.parts.iter().map(|part| (part.expr.clone(), part.collate.clone())).collect(),
        predicate: index.predicate.clone(),
    });
    // the row with the key itself is logged by what is written
    let is_key = |unique: &Unique| {
        let columns: Option<Vec<Name>> = unique.parts.iter().map(|(expr, _)| expr.as_column()).collect();
        unique.predicate.is_none() && columns.is_some_and(|columns| key.is_of(&columns))
    };
    constraints.chain(indexes).filter(|unique| !is_key(unique)).collect()
}

/// Logs the rows that are equal to the new one by what keeps them apart. What an expression makes of the new row is
/// computed in a query of its own, in which the columns are those of the new row.
fn victims(table: &Table, key: &Key, unique: &Unique) -> String {
    let name = table.name.sql();
    let new_row = || {
        let columns = table.columns.iter().map(|column| format!("NEW.{0} AS {0}", column.name.sql()));
        columns.collect::<Vec<_>>().join(", ")
    };
    let same = unique.parts.iter().map(|(expr, collate)| {
        let collate = collate.as_ref().map(|name| format!(" COLLATE {}", name.sql())).unwrap_or_default();
        let value = match expr.as_column() {
            Some(column) => value_of(table, &column),
            None => format!("(SELECT {expr} FROM (SELECT {}))", new_row()),
        };
        format!("({expr}){collate} = {value}")
    });
    let predicate = unique.predicate.as_ref().map(|predicate| format!("({predicate})"));
    let conditions: Vec<String> = same.chain(predicate).collect();
    // a table may be called `new`
    let key = key.list(Side::Old, "it");
    format!("  INSERT INTO {LOG} SELECT {key} FROM {name} AS it WHERE {};\n", conditions.join(" AND "))
}

/// The value of a column of the new row; `OR REPLACE` puts the default in the place of NULL where there may be none.
fn value_of(table: &Table, column: &Name) -> String {
    let new = format!("NEW.{}", column.sql());
    let default = table.column(column).filter(|column| column.not_null).and_then(|column| column.effective_default());
    match default {
        Some(default) => format!("ifnull({new}, {})", default_value(default)),
        None => new,
    }
}
