//! What the declarations of the tests can refer to.

use crate::declare::rust_types::{TypeNames, column_type, joined, literal_length, spelled_full_path, unresolved};
use crate::declare::{ColumnType, Declaration, DeclareError, Derive, LiteralKind, Resolve, lower};
use crate::sql::{Expr, Name};

/// A package with a few items: an enum `State`, a newtype `OrgId`, structs `User` and `Org`, and consts.
pub(super) struct Package;

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
        match literal_length(length) {
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

pub(super) fn declaration(derive: Derive, source: &str) -> Result<Declaration, Vec<DeclareError>> {
    let input: syn::DeriveInput = syn::parse_str(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    lower(&input, derive, &Package)
}
