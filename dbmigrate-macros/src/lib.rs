//! The macros of `dbmigrate-rs`. The derives read a declaration with the same code as the subcommand, report every
//! error at its tokens, and implement the traits with which rustc checks the rest. `embed_migrations!()` embeds the
//! migrations in the program.
//!
//! The documentation of the crate `dbmigrate-rs` explains the attributes.

mod check;
mod column_type;
mod embed;
mod project;
mod queries;
mod rows;
mod rustc;
mod statements;
mod table;
mod testing;

use dbmigrate_core::declare::{DeclareError, Derive};
use proc_macro::TokenStream;
use quote::{quote, quote_spanned};

/// Declares a table. See the documentation of the crate for `#[table(…)]` and `#[column(…)]`.
#[proc_macro_derive(Table, attributes(table, column))]
pub fn derive_table(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expanded(table::expand(&input, Derive::Table), || table::stub(&input, Derive::Table))
}

/// Declares a view. See the documentation of the crate for `#[view(…)]`.
#[proc_macro_derive(View, attributes(view, column))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expanded(table::expand(&input, Derive::View), || table::stub(&input, Derive::View))
}

/// Makes a type usable for columns. See the documentation of the crate for `#[column_type(…)]`.
#[proc_macro_derive(ColumnType, attributes(column_type))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expanded(column_type::expand(&input), || column_type::stub(&input))
}

/// The migrations of the package, as a value for a `const` or a `static`. Needs the feature `migrate`; see the
/// documentation of `dbmigrate::migrate`.
#[proc_macro]
pub fn embed_migrations(input: TokenStream) -> TokenStream {
    let arguments = syn::parse_macro_input!(input as embed::Arguments);
    let failed = |errors: Vec<DeclareError>| {
        // the last one is the value, so that its type is not an error too
        let errors = errors.iter().map(compile_error);
        quote!({ #(#errors);* })
    };
    embed::expand(&arguments).unwrap_or_else(failed).into()
}

/// The text of a statement as a `&'static str`, after holding it against the last migration: `sql!("SELECT id FROM users")`.
///
/// Each name that is not there is an error at its word, with the one that may be meant. Several statements are
/// separated by `;`. In a package with several databases, the module decides which is meant, as for structs, or
/// `sql!(database = "tenant", "…")`.
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    queries::sql(input.into(), queries::From::Literal).into()
}

/// The same for the text of a file, relative to the package: `sql_file!("queries/users.sql")`.
#[proc_macro]
pub fn sql_file(input: TokenStream) -> TokenStream {
    queries::sql(input.into(), queries::From::File).into()
}

/// A statement with its values, held against the last migration, whose rows have types. Needs the feature of a driver;
/// see the documentation of `dbmigrate::rows`.
///
/// `query!(User: "SELECT id, email FROM users WHERE id = ?", id)` reads rows as structs with the fields `id` and
/// `email`, `query!((i64): "SELECT count(*) FROM users")` the only value, `query!("SELECT id, email FROM users")` structs that are made up.
#[proc_macro]
pub fn query(input: TokenStream) -> TokenStream {
    queries::query(input.into(), queries::From::Literal).into()
}

/// The same for the statement of a file, relative to the package: `query_file!(User: "queries/users.sql", id)`.
#[proc_macro]
pub fn query_file(input: TokenStream) -> TokenStream {
    queries::query(input.into(), queries::From::File).into()
}

/// A test with a database of its own. Needs the feature `test`; see the documentation of `dbmigrate::testing`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    testing::expand(arguments.into(), &item.into()).into()
}

/// A test of a migration: rows before it, and what has become of them. Needs the feature `test`; see the documentation of
/// `dbmigrate::testing`.
#[proc_macro]
pub fn migration_test(input: TokenStream) -> TokenStream {
    testing::expand_migration(input.into()).into()
}

/// The derived code; or all errors and a stub, so that uses of the type are not errors too.
fn expanded(
    result: Result<proc_macro2::TokenStream, Vec<DeclareError>>,
    stub: impl FnOnce() -> proc_macro2::TokenStream,
) -> TokenStream {
    let tokens = result.unwrap_or_else(|errors| {
        let mut tokens = compile_errors(&errors);
        tokens.extend(stub());
        tokens
    });
    tokens.into()
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

/// The path of the facade crate. It is not a `TokenStream`, because each of those costs calls of the compiler wherever
/// it is put into another one.
fn facade(path: Option<&syn::Path>) -> syn::Path {
    path.cloned().unwrap_or_else(|| {
        let mut path = syn::Path::from(syn::Ident::new("dbmigrate", proc_macro2::Span::call_site()));
        path.leading_colon = Some(<syn::Token![::]>::default());
        path
    })
}
