//! The macros of `dbmigrate-rs`. The derives read a declaration with the same code as the subcommand, report everything
//! that is wrong with it on its tokens, and implement the traits that rustc evaluates the rest by.
//! `embed_migrations!()` takes the migrations into the program.
//!
//! Attributes and their meaning are in the documentation of the crate `dbmigrate-rs`.

mod check;
mod column_type;
mod embed;
mod project;
mod rows;
mod rustc;
mod statements;
mod table;

use dbmigrate_core::declare::{DeclareError, Derive};
use proc_macro::TokenStream;
use quote::{quote, quote_spanned};

/// Declares a table. See the documentation of the crate for `#[table(…)]` and `#[column(…)]`.
#[proc_macro_derive(Table, attributes(table, column))]
pub fn derive_table(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    table::expand(&input, Derive::Table).unwrap_or_else(|errors| compile_errors(&errors)).into()
}

/// Declares a view. See the documentation of the crate for `#[view(…)]`.
#[proc_macro_derive(View, attributes(view, column))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    table::expand(&input, Derive::View).unwrap_or_else(|errors| compile_errors(&errors)).into()
}

/// Makes a type one that columns can have. See the documentation of the crate for `#[column_type(…)]`.
#[proc_macro_derive(ColumnType, attributes(column_type))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    column_type::expand(&input).unwrap_or_else(|errors| compile_errors(&errors)).into()
}

/// The migrations of the package, as a value for a `const` or a `static`. Needs the feature `migrate`; see the
/// documentation of `dbmigrate::migrate`.
#[proc_macro]
pub fn embed_migrations(input: TokenStream) -> TokenStream {
    let arguments = syn::parse_macro_input!(input as embed::Arguments);
    embed::expand(&arguments).unwrap_or_else(|error| compile_error(&error)).into()
}

/// All errors, each at its token.
fn compile_errors(errors: &[DeclareError]) -> proc_macro2::TokenStream {
    errors.iter().map(compile_error).map(|error| quote!(#error;)).collect()
}

/// An error at its token, as an expression.
fn compile_error(error: &DeclareError) -> proc_macro2::TokenStream {
    let message = match &error.help {
        Some(help) => format!("{}\nhelp: {help}", error.message),
        None => error.message.clone(),
    };
    quote_spanned!(error.span=> ::core::compile_error!(#message))
}

/// The path of the facade crate.
fn facade(path: Option<&syn::Path>) -> proc_macro2::TokenStream {
    path.map_or_else(|| quote!(::dbmigrate), |path| quote!(#path))
}
