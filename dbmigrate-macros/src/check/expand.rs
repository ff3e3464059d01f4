//! Turns the differences into errors or warnings.
//!
//! Everything is in one constant that nothing uses. A warning is a use of a deprecated item, with the message as its
//! note. What rustc must decide is in [`super::assume`].

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use dbmigrate_core::config::CompileCheck;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::compare::Compared;
use super::head::Head;
use super::{Difference, assume, target, whole};
use crate::project::{self, ProjectError};

/// What makes cargo compile the crate again when there is something to compare with.
pub(crate) fn tracked_only(files: &[PathBuf]) -> TokenStream {
    wrapped(vec![tracked(files)])
}

/// The error that nothing can be compared.
pub(crate) fn broken(error: &ProjectError, span: Span) -> TokenStream {
    wrapped(vec![crate::compile_errors(&[error.clone().at(span)])])
}

pub(crate) fn expand(compared: &Compared, head: &Head, path: &TokenStream, facade: &syn::Path) -> TokenStream {
    let mut parts = vec![tracked(&head.files), whole::declared(&compared.name, compared.at, head, facade)];
    parts.extend(compared.differences.iter().map(|difference| self::difference(difference, head.level)));
    if !compared.assumptions.is_empty() {
        parts.push(assume::expand(compared, head, path, facade));
    }
    wrapped(parts)
}

/// Unit tests are compiled from the same source, and may have structs of their own. No lint is allowed for all of it,
/// because a crate may forbid it.
pub(super) fn wrapped(mut parts: Vec<TokenStream>) -> TokenStream {
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[cfg(not(test))]
        const _: () = { #(#parts)* };
    }
}

/// Once for a crate: a compiler looks at what it was told to include, whoever told it. An editor's server expands what
/// it wants, and each expansion stands for itself.
pub(crate) fn tracked(files: &[PathBuf]) -> TokenStream {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if target::is_compiler() && TOLD.swap(true, Ordering::Relaxed) {
        return TokenStream::new();
    }
    // what cannot be said has been reported
    project::tracked(files.iter().map(PathBuf::as_path)).unwrap_or_default()
}

fn difference(difference: &Difference, level: CompileCheck) -> TokenStream {
    let mut text = difference.message.clone();
    for help in &difference.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let span = difference.span;
    if level == CompileCheck::Error {
        return quote_spanned!(span=> ::core::compile_error!(#text););
    }
    let name = Ident::new("differs_from_the_migrations", span);
    quote! {
        const _: fn() = {
            #[deprecated(note = #text)]
            fn #name() {}
            #name
        };
    }
}
