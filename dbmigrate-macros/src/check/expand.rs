//! Makes errors, or warnings, of what was compared.
//!
//! Everything stands in one constant that nothing uses, with a constant inside for each assumption: rustc evaluates all
//! of them, so that all that differs is reported at once. A warning is the use of an item that is deprecated, with the
//! message as its note; for an assumption rustc chooses between two associated functions, of which one is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::declare::naming::unraw;
use dbmigrate_core::hash;
use dbmigrate_core::sql::token::{TokenKind, significant, unquote};
use dbmigrate_core::sql::{DeclType, Expr};
use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};

use super::Difference;
use super::compare::Compared;
use super::complete::{Assumption, What, text_of};
use super::head::Head;
use super::words::as_of;
use super::{target, whole};
use crate::project::{self, ProjectError};
use crate::table::{located_at, owner_and_field};

/// What makes cargo compile the crate again when there is something to compare with.
pub(crate) fn tracked_only(files: &[PathBuf]) -> TokenStream {
    wrapped(tracked(files))
}

/// The error that nothing can be compared.
pub(crate) fn broken(error: &ProjectError, span: Span) -> TokenStream {
    wrapped(crate::compile_errors(&[error.clone().at(span)]))
}

pub(crate) fn expand(compared: &Compared, head: &Head, path: &TokenStream, facade: &TokenStream) -> TokenStream {
    let level = head.level;
    let mut body = tracked(&head.files);
    body.extend(whole::declared(&compared.name, compared.at, facade));
    for difference in &compared.differences {
        body.extend(self::difference(difference, level));
    }
    if !compared.assumptions.is_empty() {
        body.extend(quote! { use #facade::__private as __p; });
        if compared.assumptions.iter().any(|assumption| matches!(assumption.what, What::Type { .. })) {
            let tail = if level == CompileCheck::Error { tail(head, &compared.help) } else { String::new() };
            body.extend(quote! {
                const __C: __p::Compared = __p::Compared(<#path as #facade::Table>::COLUMNS, #tail);
            });
        }
        for assumption in &compared.assumptions {
            body.extend(self::assumption(assumption, head, &compared.help));
        }
    }
    wrapped(body)
}

/// Unit tests are compiled from the same source, and may have structs of their own. No lint is allowed for all of it,
/// because a crate may forbid it.
pub(super) fn wrapped(body: TokenStream) -> TokenStream {
    if body.is_empty() {
        return body;
    }
    quote! {
        #[cfg(not(test))]
        const _: () = { #body };
    }
}

/// Once for a crate: a compiler looks at what it was told to include, whoever told it. An editor's server expands what
/// it wants, and each expansion stands for itself.
fn tracked(files: &[PathBuf]) -> TokenStream {
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
    let name = proc_macro2::Ident::new("differs_from_the_migrations", span);
    quote! {
        const _: fn() = {
            #[deprecated(note = #text)]
            fn #name() {}
            #name
        };
    }
}

/// What ends every message.
fn tail(head: &Head, help: &str) -> String {
    format!("{}\nhelp: {help}", as_of(head))
}

fn assumption(assumption: &Assumption, head: &Head, help: &str) -> TokenStream {
    let (first, last) = (assumption.span.start.0, assumption.span.end.0);
    let is_error = head.level == CompileCheck::Error;
    let mut elided = TokenStream::new();
    let (condition, message) = match &assumption.what {
        What::Type { at, name, field, decl_type, nullable, checks, help: further } => {
            let tail = further.iter().fold(tail(head, help), |tail, help| format!("{tail}\nhelp: {help}"));
            let at = Literal::usize_unsuffixed(*at);
            let sql_type = decl_type.as_ref().map_or("", DeclType::as_str);
            let type_hash = Literal::u64_unsuffixed(decl_type.as_ref().map_or(hash::NOTHING, |_| hash::hash(sql_type)));
            let may_be_null = Literal::u8_unsuffixed(nullable.map_or(2, u8::from));
            let check_hash = Literal::u64_unsuffixed(match &checks[..] {
                [] => hash::NOTHING,
                [check] => hash::hash(check.as_str()),
                // a type has one at most
                several => hash::hash(&format!("{several:?}")),
            });
            let check = |check: &Expr| format!("CHECK ({})", check.as_str().replace("{}", name.as_str()));
            let checks: Vec<String> = checks.iter().map(check).collect();
            if is_error {
                // short, because there is one for each column of a crate, and rustc reads all of them
                let (call, check) = match &checks[..] {
                    [] => (quote_spanned!(first=> __p::column), None),
                    checks => {
                        let text = checks.join(" and ");
                        (quote_spanned!(first=> __p::checked_column), Some(quote!(, (#check_hash, #text))))
                    }
                };
                let compared = further.as_ref().map_or_else(|| quote!(__C), |_| quote!(__p::Compared(__C.0, #tail)));
                let arguments = quote!(#compared, #at, #may_be_null, #field, (#type_hash, #sql_type) #check);
                let arguments = parentheses(arguments, last);
                return quote! { const _: () = #call #arguments; };
            }
            let mut words = Vec::new();
            words.extend(decl_type.as_ref().map(|_| if sql_type.is_empty() { "without a type" } else { sql_type }));
            words.extend(nullable.map(|nullable| if nullable { "nullable" } else { "NOT NULL" }));
            words.extend(checks.iter().map(String::as_str));
            let message = format!("{field} here, but {} {tail}", words.join(", "));
            (quote_spanned!(first=> __C.is(#at, #type_hash, #may_be_null, #check_hash)), message)
        }
        What::Default { path, column, value } => {
            let then = dbmigrate_core::ddl::render::default_value(value);
            let message =
                format!("`{column}` has the default `{}` here, but {then} {}", text_of(path), tail(head, help));
            let value = default_value(value, first);
            (quote_spanned!(first=> __p::Default(#path).is(&#value)), message)
        }
        What::Parent { child, path, table, column } => {
            let Some((owner, field)) = owner_and_field(path) else { return TokenStream::new() };
            let (field, table, column) = (unraw(&field), table.as_str(), column.as_str());
            let message =
                format!("`{child}` references `{}` here, but `{table}.{column}` {}", text_of(path), tail(head, help));
            // nobody writes lifetimes there
            elided = quote!(#[allow(elided_lifetimes_in_paths)]);
            (quote_spanned!(first=> __p::refers_to_column::<#owner>(#field, #table, #column)), message)
        }
    };
    if is_error {
        let call = quote_spanned!(first=> __p::require);
        let arguments = parentheses(located_at(quote_spanned!(first=> #condition, #message), first), last);
        return quote! { #elided const _: () = #call #arguments; };
    }
    let call = located_at(quote_spanned!(first=> __Agrees::<{ #condition }>::with_the_migrations), first);
    let arguments = parentheses(TokenStream::new(), last);
    quote! {
        #elided
        const _: () = {
            struct __Agrees<const AGREES: bool>;
            impl __Agrees<true> {
                const fn with_the_migrations() {}
            }
            impl __Agrees<false> {
                #[deprecated(note = #message)]
                const fn with_the_migrations() {}
            }
            #call #arguments
        };
    }
}

fn parentheses(inside: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(proc_macro2::Delimiter::Parenthesis, inside);
    group.set_span(span);
    TokenTree::Group(group)
}

/// The default as the value of a const would be.
fn default_value(default: &Expr, span: Span) -> TokenStream {
    let tokens = significant(default.as_str());
    let (negative, rest) = match tokens.split_first() {
        Some((sign, rest)) if sign.text == "-" => (true, rest),
        Some((sign, rest)) if sign.text == "+" => (false, rest),
        _ => (false, &tokens[..]),
    };
    let other = quote_spanned!(span=> __p::Value::Other);
    let [only] = rest else { return other };
    let text = only.text;
    match only.kind {
        TokenKind::Number => {
            let digits = text.replace('_', "");
            let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
            let integer = match hexadecimal {
                Some(digits) => i128::from_str_radix(digits, 16).ok(),
                None => digits.parse::<i128>().ok(),
            };
            match (integer, digits.parse::<f64>()) {
                (Some(integer), _) => {
                    let integer = if negative { -integer } else { integer };
                    quote_spanned!(span=> __p::Value::Integer(#integer))
                }
                (None, Ok(real)) if real.is_finite() => {
                    let real = if negative { -real } else { real };
                    quote_spanned!(span=> __p::Value::Real(#real))
                }
                _ => other,
            }
        }
        TokenKind::String if !negative => {
            let text = unquote(text);
            quote_spanned!(span=> __p::Value::Text(#text))
        }
        TokenKind::Blob if !negative => {
            let digits = text.get(2..text.len() - 1).unwrap_or_default();
            let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
            let Some(bytes) = bytes else { return other };
            let bytes = Literal::byte_string(&bytes).into_token_stream();
            quote_spanned!(span=> __p::Value::Blob(#bytes))
        }
        TokenKind::Word if only.is_word("true") => quote_spanned!(span=> __p::Value::Integer(1)),
        TokenKind::Word if only.is_word("false") => quote_spanned!(span=> __p::Value::Integer(0)),
        _ => other,
    }
}
