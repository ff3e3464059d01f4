//! `boolean_as_text`.

use crate::lint::words::{is_named_as_boolean, listed_values};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Table};
use crate::sql::Expr;
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
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    for column in &table.columns {
        let Some(why) = why(table, column) else { continue };
        let object = path([&table.name, &column.name]);
        let name = column.name.sql();
        let finding = Finding::new(&RULE, &object, format!("`{object}` holds true and false as text: {why}"))
            .at(Place::Column(table.name.clone(), column.name.clone()))
            .note(format!("`WHERE {name}` takes text for a number, and 'true' for 0, so that no row is found"));
        let default = default_of(column);
        let default = default.as_deref().and_then(truth);
        // the type says what is meant, and no row has the text yet
        found.push(match default.filter(|_| is_boolean_type(column) && migration.is_created(table)) {
            Some(value) => {
                let mut fixed = table.clone();
                let default = Expr::new(if value { "TRUE" } else { "FALSE" });
                let says = format!("write `DEFAULT {default}`, without quotes");
                let columns = fixed.columns.iter_mut().filter(|one| one.name == column.name);
                columns.for_each(|one| one.default = Some(default.clone()));
                finding.fix(says, fixed)
            }
            None => finding.help(format!("declare it `{}`", declaration(&name, column, default))),
        });
    }
}

/// What tells that a column holds true and false as text.
fn why(table: &Table, column: &Column) -> Option<String> {
    // a number is none, whatever else is said of it
    if ["INTEGER", "INT", "REAL", "BLOB"].iter().any(|plain| column.decl_type.as_str().eq_ignore_ascii_case(plain)) {
        return None;
    }
    let is_boolean_type = is_boolean_type(column);
    let is_text = table.affinity(column) == Affinity::Text;
    if !is_text && !is_boolean_type {
        return None;
    }
    if let Some(word) = &default_of(column) {
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

fn is_boolean_type(column: &Column) -> bool {
    column.decl_type.as_str().to_ascii_uppercase().contains("BOOL")
}

/// The text that a column has by default.
fn default_of(column: &Column) -> Option<String> {
    match &significant(column.effective_default()?.as_str())[..] {
        [one] if one.kind == TokenKind::String => Some(unquote(one.text)),
        _ => None,
    }
}

/// The column as a number, with the default that it has, and NULL if it may be that.
fn declaration(name: &str, column: &Column, default: Option<bool>) -> String {
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    let default = default.map(|value| format!(" DEFAULT {}", u8::from(value))).unwrap_or_default();
    format!("{name} INTEGER{not_null}{default} CHECK ({name} IN (0, 1))")
}

/// What a text says, if it is one for true or false.
fn truth(text: &str) -> Option<bool> {
    let is = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "t", "yes", "y", "on", "1"]) => Some(true),
        () if is(["false", "f", "no", "n", "off", "0"]) => Some(false),
        () => None,
    }
}

/// Whether a text is one for true or false.
fn is_word(text: &str) -> bool {
    truth(text).is_some()
}
