//! A struct and its attributes, read as a whole.

use syn::spanned::Spanned as _;

use super::ast::Item;
use super::declaration::Derive;
use super::errors::Errors;
use super::{parse_column, parse_table};

/// Reads a struct and its attributes, and everything that is wrong with them: what can be read is there still, so
/// that lowering can find the rest of the errors.
pub fn parse(input: &syn::DeriveInput, derive: Derive) -> (Item, Errors) {
    let mut errors = Errors::default();
    let mut item = Item::new(input, derive);
    let word = match derive {
        Derive::Table => "Table",
        Derive::View => "View",
    };
    for param in &input.generics.params {
        if !matches!(param, syn::GenericParam::Lifetime(_)) {
            errors.add_with_help(
                param.span(),
                format!("`#[derive({word})]` on a generic struct: one struct is one {}", word.to_lowercase()),
                "write a struct for each, or give the field a concrete type",
            );
        }
    }
    let before = errors.count();
    parse_table::parse(&input.attrs, &mut item, &mut errors);
    item.has_errors = errors.count() > before;
    let syn::Data::Struct(data) = &input.data else {
        errors.add_with_help(
            input.ident.span(),
            format!("`#[derive({word})]` is for structs with named fields"),
            "for an enum stored in a column, use `#[derive(ColumnType)]`",
        );
        return (item, errors);
    };
    match &data.fields {
        syn::Fields::Named(fields) if !fields.named.is_empty() || item.may_have_no_fields() => {
            item.fields.reserve_exact(fields.named.len());
            for field in &fields.named {
                item.fields.extend(parse_column::parse(field, &item.ident, &mut errors));
            }
        }
        syn::Fields::Unnamed(_) => errors.add_with_help(
            input.ident.span(),
            format!("`#[derive({word})]` is for structs with named fields"),
            "for a type stored in a column, use `#[derive(ColumnType)]`",
        ),
        _ => errors.add_with_help(
            input.ident.span(),
            format!("`{}` has no fields, and a {} needs columns", input.ident, word.to_lowercase()),
            "each field is a column: `id: i64`",
        ),
    }
    (item, errors)
}
