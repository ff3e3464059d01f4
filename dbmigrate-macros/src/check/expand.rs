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
use proc_macro2::{Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote, quote_spanned};

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
    wrapped(vec![tracked(files)])
}

/// The error that nothing can be compared.
pub(crate) fn broken(error: &ProjectError, span: Span) -> TokenStream {
    wrapped(vec![crate::compile_errors(&[error.clone().at(span)])])
}

pub(crate) fn expand(compared: &Compared, head: &Head, path: &TokenStream, facade: &syn::Path) -> TokenStream {
    let mut parts = vec![tracked(&head.files), whole::declared(&compared.name, compared.at, facade)];
    parts.extend(compared.differences.iter().map(|difference| self::difference(difference, head.level)));
    if !compared.assumptions.is_empty() {
        parts.push(assumptions(compared, head, path, facade));
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

fn assumptions(compared: &Compared, head: &Head, path: &TokenStream, facade: &syn::Path) -> TokenStream {
    let is_error = head.level == CompileCheck::Error;
    let is_type = |assumption: &Assumption| matches!(assumption.what, What::Type { .. });
    let is_spelled = |assumption: &&Assumption| assumption.is_spelled && is_error;
    let (spelled, others): (Vec<_>, Vec<_>) = compared.assumptions.iter().partition(is_spelled);
    let has_own = others.iter().any(|assumption| is_type(assumption));
    let tail = if is_error { tail(head, &compared.help, None) } else { String::new() };
    let columns = |facade| quote!(__p::Compared(<#path as #facade::Table>::COLUMNS, #tail));
    let shared = has_own.then(|| columns(facade)).map(|columns| quote!(const __C: __p::Compared = #columns;));
    let spelled = (!spelled.is_empty()).then(|| {
        let (name, first) = if has_own {
            ("__C", None)
        } else {
            let columns = columns(facade);
            ("__c", Some(quote!(let __c = #columns;)))
        };
        let calls = Calls { spelled, head, help: &compared.help, compared: Ident::new(name, Span::call_site()) };
        quote!(const _: () = { #first #calls };)
    });
    let others = others.into_iter().map(|other| assumption(other, head, &compared.help));
    quote! {
        use #facade::__private as __p;
        #shared
        #spelled
        #(#others)*
    }
}

/// What holds by what is written, in one constant: a constant costs rustc several times what a call in it does. Only
/// names that hide those of std make one of them fail; then the first of them is the error.
struct Calls<'a> {
    spelled: Vec<&'a Assumption>,
    head: &'a Head,
    help: &'a str,
    compared: Ident,
}

impl ToTokens for Calls<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for assumption in &self.spelled {
            column(assumption, self.head, self.help, &self.compared, tokens);
        }
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
    let name = Ident::new("differs_from_the_migrations", span);
    quote! {
        const _: fn() = {
            #[deprecated(note = #text)]
            fn #name() {}
            #name
        };
    }
}

/// What ends every message.
fn tail(head: &Head, help: &str, further: Option<&String>) -> String {
    let tail = format!("{}\nhelp: {help}", as_of(head));
    further.map_or_else(|| tail.clone(), |further| format!("{tail}\nhelp: {further}"))
}

/// Adds the call that refuses a column whose type is not what the migrations say, if that is what is assumed. It is short,
/// because there is one for each column of a crate, and rustc reads all of them.
fn column(assumption: &Assumption, head: &Head, help: &str, compared: &Ident, calls: &mut TokenStream) {
    let What::Type { at, field, help: further, .. } = &assumption.what else { return };
    let (first, last) = (assumption.span.start.0, assumption.span.end.0);
    let Some(expected) = Expected::of(&assumption.what) else { return };
    let at = Literal::usize_unsuffixed(*at);
    let (sql_type, nullable) = (expected.sql_type, Literal::u8_unsuffixed(expected.nullable));
    let type_hash = Literal::u64_unsuffixed(expected.hashes.0);
    let (function, check) = if expected.checks.is_empty() {
        ("column", None)
    } else {
        let (hash, text) = (Literal::u64_unsuffixed(expected.hashes.1), expected.checks.join(" and "));
        ("checked_column", Some(quote!(, (#hash, #text))))
    };
    let arguments = if further.is_some() {
        let tail = tail(head, help, further.as_ref());
        quote!(__p::Compared(#compared.0, #tail), #at, #nullable, #field, #type_hash, #sql_type #check)
    } else {
        quote!(#compared, #at, #nullable, #field, #type_hash, #sql_type #check)
    };
    // token by token: each stream that is put into another one costs calls of the compiler
    calls.append(Ident::new("__p", first));
    calls.append(Punct::new(':', Spacing::Joint));
    calls.append(Punct::new(':', Spacing::Alone));
    calls.append(Ident::new(function, first));
    calls.append(parentheses(arguments, last));
    calls.append(Punct::new(';', Spacing::Alone));
}

/// What the migrations say of a column, as constants have it.
struct Expected<'a> {
    sql_type: &'a str,
    /// 1 if it may be NULL, 0 if not, 2 if that makes no difference.
    nullable: u8,
    /// Of the type and of the check.
    hashes: (u64, u64),
    /// The checks as people write them.
    checks: Vec<String>,
}

impl<'a> Expected<'a> {
    fn of(what: &'a What) -> Option<Self> {
        let What::Type { name, decl_type, nullable, checks, .. } = what else { return None };
        let sql_type = decl_type.as_ref().map_or("", DeclType::as_str);
        let type_hash = decl_type.as_ref().map_or(hash::NOTHING, |_| hash::hash(sql_type));
        let check_hash = match &checks[..] {
            [] => hash::NOTHING,
            [check] => hash::hash(check.as_str()),
            // a type has one at most
            several => hash::hash(&format!("{several:?}")),
        };
        let check = |check: &Expr| format!("CHECK ({})", check.as_str().replace("{}", name.as_str()));
        Some(Self {
            sql_type,
            nullable: nullable.map_or(2, u8::from),
            hashes: (type_hash, check_hash),
            checks: checks.iter().map(check).collect(),
        })
    }
}

fn assumption(assumption: &Assumption, head: &Head, help: &str) -> TokenStream {
    let (first, last) = (assumption.span.start.0, assumption.span.end.0);
    let is_error = head.level == CompileCheck::Error;
    if is_error && matches!(assumption.what, What::Type { .. }) {
        let mut call = quote!(const _: () =);
        column(assumption, head, help, &Ident::new("__C", Span::call_site()), &mut call);
        return call;
    }
    let mut elided = TokenStream::new();
    let (condition, message) = match &assumption.what {
        what @ What::Type { at, field, decl_type, nullable, help: further, .. } => {
            let Some(Expected { sql_type, nullable: may_be_null, hashes, checks }) = Expected::of(what) else {
                return TokenStream::new();
            };
            let mut words = Vec::new();
            words.extend(decl_type.as_ref().map(|_| if sql_type.is_empty() { "without a type" } else { sql_type }));
            words.extend(nullable.map(|nullable| if nullable { "nullable" } else { "NOT NULL" }));
            words.extend(checks.iter().map(String::as_str));
            let tail = tail(head, help, further.as_ref());
            let message = format!("{field} here, but {} {tail}", words.join(", "));
            let (at, type_hash, check_hash) = (*at, hashes.0, hashes.1);
            (quote_spanned!(first=> __C.is(#at, #type_hash, #may_be_null, #check_hash)), message)
        }
        What::Default { path, column, value } => {
            let then = dbmigrate_core::ddl::render::default_value(value);
            let message =
                format!("`{column}` has the default `{}` here, but {then} {}", text_of(path), tail(head, help, None));
            let value = default_value(value, first);
            (quote_spanned!(first=> __p::Default(#path).is(&#value)), message)
        }
        What::Parent { child, path, table, column } => {
            let Some((owner, field)) = owner_and_field(path) else { return TokenStream::new() };
            let (field, table, column) = (unraw(&field), table.as_str(), column.as_str());
            let message = format!(
                "`{child}` references `{}` here, but `{table}.{column}` {}",
                text_of(path),
                tail(head, help, None)
            );
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
