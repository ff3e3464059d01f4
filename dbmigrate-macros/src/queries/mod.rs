//! `sql!` and `query!`: statements of the application, held against the last migration while it is compiled.
//!
//! [`arguments`] reads what the macro is given, [`text`] its literals. [`catalog`] has the schema, once per compiler process. The core reads the
//! statement and looks up its names; [`mistakes`] puts what is wrong at the words. [`typed`] gives rows their types, and
//! [`parameters`] the parameters their values.

mod arguments;
mod catalog;
mod mistakes;
mod parameters;
mod text;
mod typed;

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::query;
use proc_macro2::TokenStream;
use quote::quote;

use self::arguments::Arguments;
use self::catalog::Schema;

/// Where the statement of a macro is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// In its arguments.
    Literal,
    /// In the file that they name.
    File,
}

/// `sql!` and `sql_file!`.
pub(crate) fn sql(input: TokenStream, from: From) -> TokenStream {
    let arguments = match parsed(input, from) {
        Ok(arguments) => arguments,
        Err(errors) => return nothing_but(&errors),
    };
    let tokens = arguments.text.tokens();
    if let Some(error) = arguments.surplus() {
        let error = error.into_compile_error();
        return quote!({ #error; #tokens });
    }
    let items = match Schema::of(&arguments, false) {
        Err(errors) => errors,
        Ok(Schema::Unchecked(tracked)) => tracked,
        Ok(Schema::Known { catalog, level, tracked }) => match query::resolve_script(&catalog, &arguments.text.sql) {
            Ok(_) => tracked,
            Err(mistakes) => {
                let wrong = mistakes::items(&arguments.text, &mistakes, level == CompileCheck::Warn);
                quote!(#tracked #wrong)
            }
        },
    };
    // the text also where it is wrong, so that nothing else is an error for it
    if items.is_empty() { tokens.clone() } else { quote!({ #items #tokens }) }
}

/// `query!` and `query_file!`.
pub(crate) fn query(input: TokenStream, from: From) -> TokenStream {
    let arguments = match parsed(input, from) {
        Ok(arguments) => arguments,
        Err(errors) => return nothing_but(&errors),
    };
    let (catalog, tracked) = match Schema::of(&arguments, true) {
        Ok(Schema::Known { catalog, tracked, .. }) => (catalog, tracked),
        Ok(Schema::Unchecked(items)) | Err(items) => {
            let refused = typed::refused(&arguments);
            return quote!({ #items #refused });
        }
    };
    let expanded = query::resolve(&catalog, &arguments.text.sql)
        .and_then(|resolved| typed::expand(&arguments, &resolved))
        .unwrap_or_else(|mistakes| {
            let wrong = mistakes::items(&arguments.text, &mistakes, false);
            let refused = typed::refused(&arguments);
            quote!(#wrong #refused)
        });
    quote!({ #tracked #expanded })
}

fn parsed(input: TokenStream, from: From) -> Result<Arguments, Vec<DeclareError>> {
    let arguments: Arguments =
        syn::parse2(input).map_err(|error| vec![DeclareError::new(error.span(), error.to_string())])?;
    match from {
        From::Literal => Ok(arguments),
        From::File => {
            let Arguments { text, .. } = arguments;
            let text = text.of_file().map_err(|error| vec![error])?;
            Ok(Arguments { text, ..arguments })
        }
    }
}

/// The errors as the value, so that its type is not an error too.
fn nothing_but(errors: &[DeclareError]) -> TokenStream {
    let errors = errors.iter().map(crate::compile_error);
    quote!({ #(#errors);* })
}
