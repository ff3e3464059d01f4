//! Declarations to the model: the one function that the derives and the subcommand share.

use super::ast::Item;
use super::declaration::{Declaration, Derive, Object};
use super::error::DeclareError;
use super::errors::Errors;
use super::lower_table;
use super::lowering::Lowering;
use super::parse::parse;
use super::resolve::Resolve;
use crate::schema::{Comments, ForeignKey};

/// Lowers a struct with `#[derive(Table)]` or `#[derive(View)]`.
///
/// # Errors
/// Everything that is wrong with the declaration, in the order of the source as far as possible.
pub fn lower(
    input: &syn::DeriveInput,
    derive: Derive,
    resolve: &dyn Resolve,
) -> Result<Declaration, Vec<DeclareError>> {
    let (item, errors) = parse(input, derive);
    lower_item(&item, errors, resolve)
}

/// Lowers a struct that has been parsed, with the errors that were found in doing so.
///
/// # Errors
/// Everything that is wrong with the declaration.
pub fn lower_item(item: &Item, errors: Errors, resolve: &dyn Resolve) -> Result<Declaration, Vec<DeclareError>> {
    if item.fields.is_empty() && !item.may_have_no_fields() {
        return errors.finish(()).and(Err(Vec::new()));
    }
    let mut lowering = Lowering::new(item, resolve, errors);
    lowering.check_columns();
    let object = match (item.derive, &item.module) {
        (Derive::View, _) => lowering.view(),
        (Derive::Table, Some(module)) => Some(Object::VirtualTable(lowering.virtual_table(module))),
        (Derive::Table, None) => lower_table::table(&mut lowering).map(Object::Table),
    };
    let triggers = lowering.triggers();
    let renamed_columns = item
        .fields
        .iter()
        .filter_map(|field| Some((field.renamed_from.as_ref()?.value.clone(), field.name().value)))
        .collect();
    let Lowering { errors, places, by_name, deferred, reads, .. } = lowering;
    let Some(object) = object else { return errors.finish(()).and(Err(Vec::new())) };
    let renamed_from = item.renamed_from.as_ref().map(|name| name.value.clone());
    let docs = docs(item);
    errors.finish(Declaration {
        object,
        triggers,
        docs,
        reads,
        renamed_from,
        renamed_columns,
        places,
        by_name,
        deferred,
    })
}

/// The foreign keys of a struct that has been lowered already, with another [`Resolve`].
pub fn lower_foreign_keys(item: &Item, resolve: &dyn Resolve) -> Vec<ForeignKey> {
    let errors = Errors::default();
    let mut lowering = Lowering::new(item, resolve, errors);
    lower_table::foreign_keys(&mut lowering)
}

/// What is said of the item and its fields.
fn docs(item: &Item) -> Comments {
    let columns = item.fields.iter().filter_map(|field| Some((field.name().value, field.docs.clone()?)));
    Comments { table: item.docs.clone(), columns: columns.collect() }
}
