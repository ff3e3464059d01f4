//! `boolean_as_text`.

use crate::lint::words::{is_named_as_boolean, listed_values};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table};
use crate::sql::expr::Affinity;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant, unquote};

pub(super) static RULE: Rule = Rule {
    name: "boolean_as_text",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a column holds true and false as text, which is never true in a condition",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(_: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for column in &table.columns {
        let Some(why) = why(table, column) else { continue };
        let object = path([&table.name, &column.name]);
        let name = column.name.sql();
        let finding = Finding::new(&RULE, &object, format!("`{object}` holds true and false as text: {why}"))
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .note(format!("`WHERE {name}` takes text for a number, and 'true' for 0, so that no row is found"))
            .help(format!("declare it `{name} INTEGER NOT NULL DEFAULT 0 CHECK ({name} IN (0, 1))`"));
        found.push(finding);
    }
}

/// What tells that a column holds true and false as text.
fn why(table: &Table, column: &Column) -> Option<String> {
    // a number is none, whatever else is said of it
    if ["INTEGER", "INT", "REAL", "BLOB"].iter().any(|plain| column.decl_type.as_str().eq_ignore_ascii_case(plain)) {
        return None;
    }
    let is_boolean_type = column.decl_type.as_str().to_ascii_uppercase().contains("BOOL");
    let is_text = table.affinity(column) == Affinity::Text;
    if !is_text && !is_boolean_type {
        return None;
    }
    let default = column.effective_default().and_then(|default| match &significant(default.as_str())[..] {
        [one] if one.kind == TokenKind::String => Some(unquote(one.text)),
        _ => None,
    });
    if let Some(word) = &default {
        let is_word = ["true", "false"].iter().any(|known| word.eq_ignore_ascii_case(known));
        if is_word || (is_boolean_type && word.parse::<f64>().is_err()) {
            return Some(format!("its default is the text '{word}'"));
        }
    }
    if let Some(values) = listed_values(table, &column.name) {
        let is_text_of_boolean = |value: &String| value.starts_with('\'') && is_word(&unquote(value));
        if values.len() == 2 && values.iter().all(is_text_of_boolean) {
            return Some(format!("it is one of {}", values.join(" and ")));
        }
        return None;
    }
    let is_named = is_text && is_named_as_boolean(&column.name) && !column.decl_type.as_str().contains('(');
    is_named.then(|| "by its name it says whether something is so".to_owned())
}

/// Whether a text is one for true or false.
fn is_word(text: &str) -> bool {
    ["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}
