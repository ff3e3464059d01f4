//! `constraint_taken_for_type`.

use crate::sql::distance::distance;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "constraint_taken_for_type",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a word that is meant as a constraint is no word of SQLite, which takes it for a part of the type",
    explanation: include_str!("explanation.md"),
    find,
};

/// Words of other databases, and what they are in SQLite.
const FOREIGN: &[(&str, &str)] = &[
    ("AUTO_INCREMENT", "remove it: `INTEGER PRIMARY KEY` numbers rows by itself"),
    ("IDENTITY", "remove it: `INTEGER PRIMARY KEY` numbers rows by itself"),
    ("PRIMARY_KEY", "write `PRIMARY KEY`"),
    ("NOT_NULL", "write `NOT NULL`"),
    ("ZEROFILL", "remove it: SQLite does not know it"),
];

/// The words that constraints begin with.
const CONSTRAINTS: &[&str] = &["AUTOINCREMENT", "COLLATE", "DEFAULT", "GENERATED", "PRIMARY", "REFERENCES", "UNIQUE"];

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for column in &table.columns {
        let Some((word, help)) = constraint(column) else { continue };
        let object = path([&table.name, &column.name]);
        let message = format!("SQLite takes `{word}` for a part of the type of `{object}`, and for no constraint");
        let mut finding = Finding::new(&RULE, &object, message)
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .note(format!("the type is `{}`", column.decl_type));
        let is_key = table.is_primary_key(&column.name) && table.rowid_alias().is_none();
        let begins = column.decl_type.as_str().split_whitespace().next();
        if is_key && begins.is_some_and(|word| word.eq_ignore_ascii_case("integer")) {
            finding = finding.note("so it is not the rowid, and SQLite does not number its rows");
        }
        found.push(finding.help(help));
    }
}

/// The word that is meant as a constraint, and what to do.
fn constraint(column: &Column) -> Option<(String, String)> {
    let declared = column.decl_type.as_str();
    // nearly all types are one word
    if !declared.contains(' ') {
        return None;
    }
    let words = declared.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|word| !word.is_empty());
    words.skip(1).find_map(|word| {
        let upper = word.to_ascii_uppercase();
        if let Some((_, help)) = FOREIGN.iter().find(|(foreign, _)| *foreign == upper) {
            return Some((word.to_owned(), (*help).to_owned()));
        }
        let meant = CONSTRAINTS.iter().find(|known| upper.len() > 4 && distance(upper.as_bytes(), known.as_bytes()) <= 2)?;
        Some((word.to_owned(), format!("write `{meant}`, if that is meant")))
    })
}
