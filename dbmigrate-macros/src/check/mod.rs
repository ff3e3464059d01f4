//! Compares a struct with the last migration while it is compiled.
//!
//! [`target`] decides whether the structs of the crate are compared, [`database`] with which database of the package; [`head`] reads the last snapshot, once per
//! compiler process. What only rustc knows about a struct (types, consts, other structs) is [completed](complete) with
//! what the migrations say, and becomes an [assumption](complete::Assumption). Then [`compare`] finds what differs, in
//! the words of [`words`]. [`expand`] turns the differences into errors or warnings, and [`assume`] turns the
//! assumptions into constants, which rustc evaluates. [`whole`] finds what no struct declares.

mod assume;
pub(crate) mod compare;
mod complete;
pub(crate) mod database;
mod expand;
pub(crate) mod head;
mod inline_modules;
mod manifest;
mod object;
mod said;
mod target;
pub(crate) mod whole;
mod words;

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::declare::Declaration;
use dbmigrate_core::declare::ast::Item;
use proc_macro2::{Span, TokenStream};
use quote::quote;

use database::Own;
use dbmigrate_core::declare::DeclareError;
pub(crate) use expand::tracked;
use head::{Found, Head};
pub(crate) use target::{is_compiler, is_foreign};

/// A difference between a struct and the last migration, at the token that differs.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    /// The first token.
    pub(crate) span: Span,
    /// One line: what differs.
    pub(crate) message: String,
    /// What else to do than to generate a migration, a line each.
    pub(crate) help: Vec<String>,
}

impl Difference {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: Vec::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// What the comparison of a struct adds to its expansion. `declaration` is what the derive could lower, `path` the
/// struct as a type.
pub(crate) fn expansion(
    item: &Item,
    own: Result<Own, DeclareError>,
    declaration: &Declaration,
    path: &TokenStream,
    facade: &syn::Path,
) -> TokenStream {
    let own = match own {
        Ok(own) => own,
        Err(error) => return expand::wrapped(vec![crate::compile_errors(&[error])]),
    };
    let compared = match &*own.found {
        Found::Nothing => TokenStream::new(),
        Found::Empty(files) => expand::tracked_only(files),
        Found::Broken { error, told } => {
            // it is wrong for every struct; one says so
            let first = !told.swap(true, std::sync::atomic::Ordering::Relaxed);
            if first { expand::broken(error, item.ident.span()) } else { TokenStream::new() }
        }
        Found::Head(head) if head.level == CompileCheck::Off => expand::tracked_only(&head.files),
        Found::Head(head) if !target::is_compared(head, item.ident.span()) => TokenStream::new(),
        Found::Head(head) => compared(item, declaration, head, path, facade),
    };
    let located = expand::wrapped(vec![own.located(item, facade)]);
    quote!(#compared #located)
}

/// What is left of that for a declaration with errors: that there is a struct for the table.
pub(crate) fn only_declared(item: &Item, facade: &syn::Path) -> TokenStream {
    let Ok(own) = database::of(item) else { return TokenStream::new() };
    match &*own.found {
        Found::Head(head) if head.level != CompileCheck::Off && target::is_compared(head, item.ident.span()) => {
            expand::wrapped(vec![whole::declared(&item.name().value, item.ident.span(), head, facade)])
        }
        _ => TokenStream::new(),
    }
}

fn compared(
    item: &Item,
    declaration: &Declaration,
    head: &Head,
    path: &TokenStream,
    facade: &syn::Path,
) -> TokenStream {
    let mut compared = compare::compare(item, declaration, head);
    compared.differences.extend(database::elsewhere(item, head));
    expand::expand(&compared, head, path, facade)
}
