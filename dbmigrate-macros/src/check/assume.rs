//! Turns assumptions into code for rustc, which decides what the types, consts and structs are, and refuses what
//! differs from the migrations.
//!
//! Each assumption is a constant that panics with the message. rustc evaluates all of them, so all differences are
//! reported at once. Whatever holds by its spelling shares one constant for the struct. For a warning, rustc chooses
//! between two associated functions; one of them is deprecated.

use std::ops::Range;

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::declare::naming::unraw;
use dbmigrate_core::hash;
use dbmigrate_core::sql::token::{TokenKind, significant, unquote};
use dbmigrate_core::sql::{DeclType, Expr};
use proc_macro2::{Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote, quote_spanned};

use super::compare::Compared;
use super::complete::{Assumption, ByType, SpanEnd, What, text_of};
use super::head::Head;
use super::words::as_of;
use crate::table::{located_at, owner_and_field};

/// The code for the assumptions about a struct, of which there are some.
pub(super) fn expand(compared: &Compared, head: &Head, path: &TokenStream, facade: &syn::Path) -> TokenStream {
    let is_error = head.level == CompileCheck::Error;
    let (mut spelled, mut constants) = (Vec::new(), TokenStream::new());
    let mut has_own = false;
    for Assumption { span, what } in &compared.assumptions {
        match what {
            What::Type(column) if is_error && column.is_spelled => spelled.push((span, column)),
            _ => {
                has_own |= matches!(what, What::Type(_));
                constants.extend(constant(span, what, head, &compared.help));
            }
        }
    }
    let tail = if is_error { tail(head, &compared.help, None) } else { String::new() };
    let columns = |facade| quote!(__p::Compared(<#path as #facade::Table>::COLUMNS, #tail));
    let shared = has_own.then(|| columns(facade)).map(|columns| quote!(const __C: __p::Compared = #columns;));
    let spelled = (!spelled.is_empty()).then(|| {
        let columns = if has_own { quote!(__C) } else { columns(facade) };
        let spelled = Spelled { columns: spelled, head, help: &compared.help };
        quote!(const _: () = { let __c = #columns; #spelled };)
    });
    quote! {
        use #facade::__private as __p;
        #shared
        #spelled
        #constants
    }
}

/// What holds by what is written, in one constant: a constant costs rustc several times what a call in it does. Only
/// names that hide those of std make one of the calls fail; then the first of them is the error.
struct Spelled<'a> {
    columns: Vec<(&'a Range<SpanEnd>, &'a ByType)>,
    head: &'a Head,
    help: &'a str,
}

impl ToTokens for Spelled<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for (span, column) in &self.columns {
            call("__c", span, column, self.head, self.help, tokens);
        }
    }
}

/// What ends every message.
fn tail(head: &Head, help: &str, further: Option<&String>) -> String {
    let tail = format!("{}\nhelp: {help}", as_of(head));
    further.map_or_else(|| tail.clone(), |further| format!("{tail}\nhelp: {further}"))
}

/// Adds the call that refuses a column whose type is not what the migrations say. It is short, because there is one for
/// each column of a crate, and rustc reads all of them.
fn call(compared: &str, span: &Range<SpanEnd>, column: &ByType, head: &Head, help: &str, tokens: &mut TokenStream) {
    let (first, last) = (span.start.0, span.end.0);
    let Expected { sql_type, nullable, hashes, checks } = Expected::of(column);
    let (at, field) = (Literal::usize_unsuffixed(column.at), &column.field);
    let (nullable, hash) = (Literal::u8_unsuffixed(nullable), Literal::u64_unsuffixed(hashes.0));
    let (function, check) = if checks.is_empty() {
        ("column", None)
    } else {
        let (hash, text) = (Literal::u64_unsuffixed(hashes.1), checks.join(" and "));
        ("checked_column", Some(quote!(, (#hash, #text))))
    };
    let compared = Ident::new(compared, Span::call_site());
    let arguments = if column.help.is_some() {
        let tail = tail(head, help, column.help.as_ref());
        quote!(__p::Compared(#compared.0, #tail), #at, #nullable, #field, #hash, #sql_type #check)
    } else {
        quote!(#compared, #at, #nullable, #field, #hash, #sql_type #check)
    };
    // token by token: each stream that is put into another one costs calls of the compiler
    tokens.append(Ident::new("__p", first));
    tokens.append(Punct::new(':', Spacing::Joint));
    tokens.append(Punct::new(':', Spacing::Alone));
    tokens.append(Ident::new(function, first));
    tokens.append(parentheses(arguments, last));
    tokens.append(Punct::new(';', Spacing::Alone));
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
    fn of(column: &'a ByType) -> Self {
        let sql_type = column.decl_type.as_ref().map_or("", DeclType::as_str);
        let type_hash = column.decl_type.as_ref().map_or(hash::NOTHING, |_| hash::hash(sql_type));
        let check_hash = match &column.checks[..] {
            [] => hash::NOTHING,
            [check] => hash::hash(check.as_str()),
            // a type has one at most
            several => hash::hash(&format!("{several:?}")),
        };
        let check = |check: &Expr| format!("CHECK ({})", check.as_str().replace("{}", column.name.as_str()));
        Self {
            sql_type,
            nullable: column.nullable.map_or(2, u8::from),
            hashes: (type_hash, check_hash),
            checks: column.checks.iter().map(check).collect(),
        }
    }
}

/// A constant that is an error, or a warning, unless what is assumed is so.
fn constant(span: &Range<SpanEnd>, what: &What, head: &Head, help: &str) -> TokenStream {
    let (first, last) = (span.start.0, span.end.0);
    let is_error = head.level == CompileCheck::Error;
    let mut elided = TokenStream::new();
    let (condition, message) = match what {
        What::Type(column) if is_error => {
            let mut tokens = quote!(const _: () =);
            call("__C", span, column, head, help, &mut tokens);
            return tokens;
        }
        What::Type(column) => {
            let Expected { sql_type, nullable: may_be_null, hashes, checks } = Expected::of(column);
            let ByType { at, field, decl_type, nullable, help: further, .. } = column;
            let mut words = Vec::new();
            words.extend(decl_type.as_ref().map(|_| if sql_type.is_empty() { "without a type" } else { sql_type }));
            words.extend(nullable.map(|nullable| if nullable { "nullable" } else { "NOT NULL" }));
            words.extend(checks.iter().map(String::as_str));
            let tail = tail(head, help, further.as_ref());
            let message = format!("{field} here, but {} {tail}", words.join(", "));
            let (type_hash, check_hash) = hashes;
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
