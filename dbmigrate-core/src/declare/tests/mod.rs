//! Declarations as their author would write them, and the model or the messages that come of them.

mod columns;
mod followed;
mod messages;
mod objects;
mod tables;
mod types;

use serde_json::Value;

use super::rust_types::{TypeNames, column_type, joined, spelled_full_path, unresolved};
use super::{ColumnType, Declaration, DeclareError, Derive, LiteralKind, Object, Resolve, lower};
use crate::schema::Table;
use crate::sql::{Expr, Name};

/// A package with a few items: an enum `State`, a newtype `OrgId`, structs `User` and `Org`, and consts.
struct Package;

impl TypeNames for Package {
    fn full_path(&self, path: &syn::Path) -> Option<String> {
        let known = ["chrono::", "uuid::", "serde_json::", "dbmigrate::", "jiff::", "time::", "rust_decimal::"];
        let text = joined(path);
        match spelled_full_path(path) {
            Some(full) => Some(full),
            None if ["Cow", "Rc", "Arc"].contains(&text.as_str()) => Some(match text.as_str() {
                "Cow" => "alloc::borrow::Cow".to_owned(),
                "Rc" => "std::rc::Rc".to_owned(),
                _ => "std::sync::Arc".to_owned(),
            }),
            None if text == "Json" => Some("dbmigrate::Json".to_owned()),
            None => known.iter().any(|root| text.starts_with(root)).then_some(text),
        }
    }

    fn own_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        match quote::quote!(#ty).to_string().as_str() {
            "OrgId" => Ok(Some(ColumnType::new("INTEGER", Some(LiteralKind::Integer)))),
            "State" => Ok(Some(ColumnType {
                check: Some(Expr::new("{} IN ('draft', 'pub{}lic')")),
                values: Some(vec!["draft".to_owned(), "pub{}lic".to_owned()]),
                ..ColumnType::new("TEXT", Some(LiteralKind::Text))
            })),
            "Later" => Ok(None),
            _ => Err(unresolved(ty)),
        }
    }

    fn length(&self, length: &syn::Expr) -> Result<Option<u64>, DeclareError> {
        match super::rust_types::literal_length(length) {
            Some(length) => Ok(Some(length)),
            None => Ok(Some(768)),
        }
    }
}

impl Resolve for Package {
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        column_type(ty, self)
    }

    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError> {
        let text = joined(path);
        let (owner, field) = text.rsplit_once("::").unwrap_or_default();
        match owner {
            "Later" => Ok(None),
            "Missing" => Err(DeclareError::new(syn::spanned::Spanned::span(path), "there is no struct `Missing`")),
            _ => Ok(Some((format!("{}s", owner.to_lowercase()).into(), field.into()))),
        }
    }

    fn constant(&self, path: &syn::Path) -> Result<Option<syn::Lit>, DeclareError> {
        Ok(match joined(path).as_str() {
            "LOWEST" => Some(syn::parse_quote!(-5)),
            "TITLE" => Some(syn::parse_quote!("it's")),
            _ => None,
        })
    }
}

fn declaration(derive: Derive, source: &str) -> Result<Declaration, Vec<DeclareError>> {
    let input: syn::DeriveInput = syn::parse_str(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    lower(&input, derive, &Package)
}

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
