//! Errors on words inside a string literal.
//!
//! A compiler that has spans of parts of literals is given one. A stable one has none, but makes them itself: for
//! what stands in braces in the text of `format_args!`. So a word is covered by braces in a raw string of blanks that has the literal's
//! span, and what the braces name is of a type without `Display`, for a reason that is the message.
//! Where even that does not work, the error is at the whole literal, and shows the line.

use std::ops::Range;

use dbmigrate_core::query::Mistake;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::text::{Place, Text};
use crate::check::is_compiler;

/// What stands before the first byte of a raw string.
const QUOTE: usize = 2;

/// The shortest name in braces.
const SHORTEST: usize = 3;

/// What is wrong with the use of a statement, which itself is right.
pub(super) fn mistake(span: &Range<usize>, message: impl Into<String>, help: Option<String>) -> Mistake {
    Mistake { span: span.clone(), message: message.into(), help, engine_accepts: true }
}

/// Items that are errors, or warnings, for a block of the expansion.
pub(super) fn items(text: &Text, mistakes: &[Mistake], is_warning: bool) -> TokenStream {
    mistakes.iter().map(|mistake| item(text, mistake, is_warning)).collect()
}

fn item(text: &Text, mistake: &Mistake, is_warning: bool) -> TokenStream {
    let place = text.place(&mistake.span);
    let subspan = place.as_ref().and_then(|place| place.literal.subspan(place.range.clone()));
    let span = subspan.unwrap_or_else(|| place.as_ref().map_or_else(|| text.span(), |place| place.literal.span()));
    let mut said = mistake.message.clone();
    if let (false, None, Some(place)) = (is_warning, subspan, &place)
        && let Some(tokens) = covered(place, mistake)
    {
        return tokens;
    }
    if subspan.is_none() {
        said.push_str(&shown(text, place.as_ref(), &mistake.span));
    }
    if let Some(help) = &mistake.help {
        said.push_str("\nhelp: ");
        said.push_str(help);
    }
    if is_warning {
        let name = Ident::new("does_not_fit_the_migrations", span);
        return quote! {
            const _: fn() = {
                #[deprecated(note = #said)]
                fn #name() {}
                #name
            };
        };
    }
    quote_spanned!(span=> ::core::compile_error!(#said);)
}

/// The error with rustc's own span of the word; `None` if the word stands where none can be made.
fn covered(place: &Place<'_>, mistake: &Mistake) -> Option<TokenStream> {
    if !proc_macro::is_available() || !is_compiler() || place.range.start < QUOTE {
        return None;
    }
    let whole = place.literal.span();
    let length = place.range.len().max(SHORTEST);
    let name = "x".repeat(length - 2);
    let text = format!("r\"{}{{{name}}}\"", " ".repeat(place.range.start - QUOTE));
    let mut literal: Literal = text.parse().ok()?;
    literal.set_span(whole);
    // the name is looked up where the literal is
    let name = Ident::new(&name, whole);
    // what else rustc shows is one line instead of the whole literal
    let begin = Span::from(whole.unwrap().start());
    let (message, label) = (escaped(&mistake.message), escaped(mistake.help.as_deref().unwrap_or("")));
    let items = quote_spanned! {begin=>
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        trait Fits {}
        struct Word;
        struct At<T>(T);
        impl<T: Fits> ::core::fmt::Display for At<T> {
            fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::result::Result::Ok(())
            }
        }
    };
    Some(quote! {
        const _: fn() = {
            #items
            fn check() {
                let #name = At(Word);
                let _ = ::core::format_args!(#literal);
            }
            check
        };
    })
}

/// Braces have a meaning in such messages.
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The line with the word underlined, where rustc shows neither.
fn shown(text: &Text, place: Option<&Place<'_>>, range: &Range<usize>) -> String {
    match place {
        Some(place) if place.written.contains('\n') => {
            let first = place.literal.span().start().line;
            excerpt(place.written, &place.range, first, None)
        }
        Some(_) => String::new(),
        None => {
            let file = text.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            excerpt(&text.sql, range, 1, Some(&file))
        }
    }
}

/// The line that a range begins in, with its number, and marks under the range.
fn excerpt(text: &str, range: &Range<usize>, first: usize, file: Option<&str>) -> String {
    let start = boundary(text, range.start);
    let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let line = text[begin..end].trim_end();
    let number = first + text[..begin].matches('\n').count();
    let column = text[begin..start].chars().count();
    let marked = text[start..boundary(text, range.end.min(end)).max(start)].chars().count().max(1);
    let margin = number.to_string();
    let blank = " ".repeat(margin.len());
    let at = file.map(|file| format!("\n{blank}--> {file}:{number}:{}", column + 1)).unwrap_or_default();
    format!(
        "{at}\n{blank} |\n{margin} | {}\n{blank} | {}{}",
        line.replace('\t', " "),
        " ".repeat(column),
        "^".repeat(marked)
    )
}

/// The last place where a character begins, up to some byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_with_its_number() {
        let text = "SELECT id,\n\tä, nam\nFROM users";
        let at = text.find("nam").expect("it is there");
        let expected = "\n --> q.sql:2:5\n  |\n2 |  ä, nam\n  |     ^^^";
        assert_eq!(excerpt(text, &(at..at + 3), 1, Some("q.sql")), expected);
        assert_eq!(excerpt("a", &(1..1), 9, None), "\n  |\n9 | a\n  |  ^");
    }

    #[test]
    fn what_needs_a_compiler_falls_back_to_the_literal() {
        let text: Text = syn::parse_str("\"SELECT nam\"").expect("a text");
        let mistake = self::mistake(&(7..10), "no column `nam`", Some("did you mean `name`?".to_owned()));
        let tokens = items(&text, std::slice::from_ref(&mistake), false).to_string();
        assert!(
            tokens.contains("compile_error") && tokens.contains("no column `nam`\\nhelp: did you mean `name`?"),
            "{tokens}"
        );
        let tokens = items(&text, &[mistake], true).to_string();
        assert!(tokens.contains("deprecated") && !tokens.contains("compile_error"), "{tokens}");
    }
}
