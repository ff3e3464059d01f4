//! Declarations as their author would write them, and the model or the messages that come of them.

mod columns;
mod followed;
mod messages;
mod objects;
mod package;
mod tables;
mod types;

use serde_json::Value;

use package::{Package, declaration};

use super::{ColumnType, Declaration, Derive, Object};
use crate::schema::Table;

fn declared(source: &str) -> Declaration {
    declaration(Derive::Table, source).unwrap_or_else(|errors| {
        panic!("{source}: {:?}", errors.iter().map(|error| &error.message).collect::<Vec<_>>())
    })
}

fn table(source: &str) -> Table {
    match declared(source).object {
        Object::Table(table) => table,
        other => panic!("not a table: {other:?}"),
    }
}

/// The table of a struct with these attributes on it and columns `a`, `b`, `c` of type `i64`.
fn table_with(attributes: &str) -> Value {
    json(&table(&format!("#[table({attributes})] struct T {{ a: i64, b: i64, c: i64 }}")))
}

/// A table `t` with the one field.
fn table_of(field: &str) -> Value {
    json(&table(&format!("struct T {{ {field} }}")))
}

/// The column of a table with the one field.
fn column_of(field: &str) -> Value {
    table_of(field)["columns"][0].clone()
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The errors of a declaration as `token: message (help)`.
fn errors(derive: Derive, source: &str) -> Vec<String> {
    let errors = declaration(derive, source).err().unwrap_or_else(|| panic!("accepted: {source}"));
    errors
        .into_iter()
        .map(|error| {
            error.help.iter().for_each(|help| followed::check(help, &error.message));
            let token = error.span.source_text().unwrap_or_else(|| "?".to_owned());
            let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{token}: {}{help}", error.message)
        })
        .collect()
}

/// The only error of a table.
fn error(source: &str) -> String {
    let mut errors = errors(Derive::Table, source);
    assert_eq!(errors.len(), 1, "{source}: {errors:#?}");
    errors.remove(0)
}
