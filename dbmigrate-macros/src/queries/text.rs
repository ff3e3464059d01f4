//! The text of a query as a macro gets it: string literals, or a file; and where each of its words is written.

use std::ops::Range;
use std::path::PathBuf;

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::sql::literal::Literal;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream};

use crate::project::{self, ProjectError};

/// What a macro says in place of a text.
const EXPECTED: &str = "expected a statement as a string literal, or `concat!` of literals";

/// A text with its places.
pub(super) struct Text {
    /// What the engine gets.
    pub(super) sql: String,
    places: Literal,
    pieces: Vec<Piece>,
    /// The file that it was read from.
    pub(super) file: Option<PathBuf>,
    /// What it is in the expansion.
    tokens: TokenStream,
}

/// One of the literals.
struct Piece {
    literal: proc_macro2::Literal,
    /// The number of its first byte among those of all literals.
    start: usize,
    written: String,
}

/// Bytes of one of the literals.
pub(super) struct Place<'a> {
    /// The literal.
    pub(super) literal: &'a proc_macro2::Literal,
    /// As it is written.
    pub(super) written: &'a str,
    /// The bytes of that.
    pub(super) range: Range<usize>,
}

impl Parse for Text {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut text = Self {
            sql: String::new(),
            places: Literal::default(),
            pieces: Vec::new(),
            file: None,
            tokens: TokenStream::new(),
        };
        text.tokens = text.read(input)?;
        text.sql = text.places.value().to_owned();
        Ok(text)
    }
}

impl Text {
    /// Whether a text is next.
    pub(super) fn is_next(input: ParseStream<'_>) -> bool {
        let fork = input.fork();
        fork.peek(syn::LitStr)
            || (fork.call(syn::Path::parse_mod_style).is_ok_and(|path| is_concat(&path)) && fork.peek(syn::Token![!]))
    }

    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<TokenStream> {
        if input.peek(syn::Lit) {
            let lit: syn::Lit = input.parse()?;
            self.add(&lit)?;
            return Ok(lit.to_token_stream());
        }
        if !Self::is_next(input) {
            let next: proc_macro2::TokenTree =
                input.parse().map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            return Err(syn::Error::new(next.span(), EXPECTED));
        }
        let call: syn::Macro = input.parse()?;
        call.parse_body_with(|inner: ParseStream<'_>| {
            while !inner.is_empty() {
                self.read(inner)?;
                if !inner.is_empty() {
                    inner.parse::<syn::Token![,]>()?;
                }
            }
            Ok(())
        })?;
        Ok(call.to_token_stream())
    }

    fn add(&mut self, lit: &syn::Lit) -> syn::Result<()> {
        let start = self.pieces.last().map_or(0, |last| last.start + last.written.len() + 1);
        let (literal, written) = if let syn::Lit::Bool(lit) = lit {
            let mut word = proc_macro2::Literal::string(if lit.value { "true" } else { "false" });
            word.set_span(lit.span);
            (word, lit.value.to_string())
        } else {
            let mut tokens = lit.to_token_stream().into_iter();
            let Some(proc_macro2::TokenTree::Literal(literal)) = tokens.next() else {
                return Err(syn::Error::new_spanned(lit, EXPECTED));
            };
            let written = literal.to_string();
            (literal, written)
        };
        let whole = start..start + written.len();
        let read = match lit {
            syn::Lit::Str(_) => Literal::read(&written, start),
            syn::Lit::Char(char) => Some(Literal::of_text(&char.value().to_string(), whole)),
            syn::Lit::Int(int) => Some(Literal::of_text(int.base10_digits(), whole)),
            syn::Lit::Float(float) => Some(Literal::of_text(float.base10_digits(), whole)),
            syn::Lit::Bool(_) => Some(Literal::of_text(&written, whole)),
            _ => None,
        };
        let read = read.ok_or_else(|| syn::Error::new_spanned(lit, EXPECTED))?;
        self.places.push(&read);
        self.pieces.push(Piece { literal, start, written });
        Ok(())
    }

    /// The text of the file that this one names, relative to the package.
    pub(super) fn of_file(self) -> Result<Self, DeclareError> {
        let span = self.span();
        let Some(root) = project::Project::root() else {
            return Err(ProjectError::new("the package is unknown: `CARGO_MANIFEST_DIR` is not set").at(span));
        };
        let path = root.join(&self.sql);
        let sql = std::fs::read_to_string(&path).map_err(|error| {
            ProjectError::new(format!("cannot read `{}`: {error}", self.sql))
                .help("name a file relative to the package: `sql_file!(\"queries/users.sql\")`")
                .at(span)
        })?;
        let literal = project::literal(&path).map_err(|error| error.at(span))?;
        let tokens = quote!(::core::include_str!(#literal));
        Ok(Self { sql, file: Some(PathBuf::from(&self.sql)), tokens, ..self })
    }

    /// What it is in the expansion: a `&'static str`.
    pub(super) fn tokens(&self) -> &TokenStream {
        &self.tokens
    }

    /// The first literal.
    pub(super) fn span(&self) -> Span {
        self.pieces.first().map_or_else(Span::call_site, |piece| piece.literal.span())
    }

    /// Where some bytes of the text are written; `None` for a file.
    pub(super) fn place(&self, range: &Range<usize>) -> Option<Place<'_>> {
        if self.file.is_some() {
            return None;
        }
        let source = self.places.source(range);
        let piece = self.pieces.iter().rfind(|piece| piece.start <= source.start)?;
        let begin = source.start - piece.start;
        let end = (source.end - piece.start).min(piece.written.len());
        Some(Place { literal: &piece.literal, written: &piece.written, range: begin..end.max(begin) })
    }

    /// The narrowest span of some bytes that this compiler has: on a stable one, the literal.
    pub(super) fn span_of(&self, range: &Range<usize>) -> Span {
        let Some(place) = self.place(range) else { return self.span() };
        place.literal.subspan(place.range.clone()).unwrap_or_else(|| place.literal.span())
    }
}

/// `concat`, however it is reached.
fn is_concat(path: &syn::Path) -> bool {
    let is_std = |first: &syn::PathSegment| first.ident == "core" || first.ident == "std";
    let last_is = path.segments.last().is_some_and(|last| last.ident == "concat");
    last_is && (path.segments.len() == 1 || (path.segments.len() == 2 && path.segments.first().is_some_and(is_std)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each word of the text is in its literal, and of which that is.
    fn said(source: &str, word: &str) -> String {
        let text: Text = syn::parse_str(source).expect("a text");
        let at = text.sql.find(word).unwrap_or_else(|| panic!("`{word}` is in {}", text.sql));
        let place = text.place(&(at..at + word.len())).expect("it is no file");
        place.written[place.range].to_owned()
    }

    #[test]
    fn a_word_is_found_in_the_literal_that_says_it() {
        assert_eq!(said(r##"r#"SELECT "a" FROM b"#"##, "b"), "b");
        assert_eq!(said("\"SELECT a,\\n \\\n   b FROM \\u{e4}c\"", "b"), "b");
        let joined = r##"concat!("SELECT a, ", r#""b" "#, concat!("FROM c", ' ', "LIMIT "), 10, true)"##;
        for (word, expected) in [("a", "a"), ("\"b\"", "\"b\""), ("c", "c"), ("10", "10"), ("LIMIT", "LIMIT")] {
            assert_eq!(said(joined, word), expected);
        }
        assert_eq!(said(joined, "true"), "true");
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        let error = |source: &str| syn::parse_str::<Text>(source).err().expect("it is no text").to_string();
        assert_eq!(error("SQL"), EXPECTED);
        assert_eq!(error("format!(\"a\")"), EXPECTED);
        assert_eq!(error("b\"a\""), EXPECTED);
        assert_eq!(error("concat!(\"a\", NAME)"), EXPECTED);
    }
}
