//! The tokens of an attribute, argument by argument: every error is one token's, and the next argument is still read.
//!
//! `syn`'s parser stops at the first error and reports a missing token at the end of the whole macro, so the grammar
//! of the attributes (`index(a, b desc, where = "…")`, which is no Rust expression) is read from token trees here.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use super::ast::At;
use super::error::DeclareError;
use super::errors::{Errors, suggest};
use super::literal::text_of;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

type Result<T> = std::result::Result<T, DeclareError>;

/// A list of tokens that is read from the left.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    list: Vec<TokenTree>,
    at: usize,
    /// The place to report when a token is missing.
    last: Span,
}

/// The key of an argument.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Tokens {
    /// The tokens of `stream`; `owner` is the token whose argument they are.
    pub(super) fn new(stream: TokenStream, owner: Span) -> Self {
        let mut list = Vec::new();
        flatten(stream, &mut list);
        Self { list, at: 0, last: owner }
    }

    /// Reads `#[word(…)]`: its arguments, or none if it has errors.
    pub(super) fn of_attribute(attribute: &syn::Attribute, word: &str, errors: &mut Errors) -> Vec<Self> {
        let span = attribute.path().segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
        if let syn::Meta::List(list) = &attribute.meta {
            return Self::new(list.tokens.clone(), span).arguments(errors);
        }
        errors.add_with_help(span, format!("`{word}` without arguments"), format!("write `#[{word}(…)]`"));
        Vec::new()
    }

    /// Splits at the commas.
    pub(super) fn arguments(self, errors: &mut Errors) -> Vec<Self> {
        let mut arguments = Vec::new();
        let mut current = Vec::new();
        let mut last = self.last;
        for token in self.list.into_iter().skip(self.at) {
            let span = token.span();
            if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
                if current.is_empty() {
                    errors.add(span, "an argument is missing before this comma");
                } else {
                    arguments.push(Self { list: std::mem::take(&mut current), at: 0, last });
                }
            } else {
                current.push(token);
            }
            last = span;
        }
        if !current.is_empty() {
            arguments.push(Self { list: current, at: 0, last });
        }
        arguments
    }

    fn peek(&self) -> Option<&TokenTree> {
        self.list.get(self.at)
    }

    fn next(&mut self) -> Option<TokenTree> {
        let token = self.list.get(self.at).cloned()?;
        self.at += 1;
        self.last = token.span();
        Some(token)
    }

    /// The place of the next token, or of the last one if there is none.
    pub(super) fn span(&self) -> Span {
        self.peek().map_or(self.last, TokenTree::span)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.list.len()
    }

    fn unexpected(&self, expected: &str) -> DeclareError {
        let message = match self.peek() {
            Some(token) => format!("expected {expected}, found `{token}`"),
            None => format!("expected {expected}"),
        };
        DeclareError::new(self.span(), message)
    }

    /// Whether a literal comes next.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.peek(), Some(TokenTree::Literal(_)))
    }

    /// Whether `word =` or `word(…)` comes next.
    pub(super) fn is_keyed(&self) -> bool {
        matches!(self.peek(), Some(TokenTree::Ident(_)))
            && match self.list.get(self.at + 1) {
                Some(TokenTree::Punct(punct)) => punct.as_char() == '=',
                Some(TokenTree::Group(_)) => true,
                _ => false,
            }
    }

    /// Whether the bare word `word` is all that is left.
    pub(super) fn is_flag(&self, word: &str) -> bool {
        self.list.len() == self.at + 1 && matches!(self.peek(), Some(TokenTree::Ident(ident)) if ident == word)
    }

    /// A key: any word.
    pub(super) fn key(&mut self) -> Result<Key> {
        let ident = self.ident("a key")?;
        Ok(Key { text: ident.to_string(), span: ident.span() })
    }

    /// A word.
    pub(super) fn ident(&mut self, expected: &str) -> Result<Ident> {
        match self.peek() {
            Some(TokenTree::Ident(ident)) => {
                let ident = ident.clone();
                self.next();
                Ok(ident)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The word, if it comes next.
    pub(super) fn take_word(&mut self, word: &str) -> Option<Span> {
        match self.peek() {
            Some(TokenTree::Ident(ident)) if ident == word => self.next().map(|token| token.span()),
            _ => None,
        }
    }

    /// The `=` behind a key.
    pub(super) fn equals(&mut self, key: &Key, example: &str) -> Result<()> {
        match self.peek() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
                self.next();
                Ok(())
            }
            _ => Err(DeclareError::new(key.span, format!("`{}` needs a value", key.text))
                .help(format!("write `{} = {example}`", key.text))),
        }
    }

    /// The end of a flag that takes no value.
    pub(super) fn flag(&self, key: &Key) -> Result<Span> {
        if self.is_empty() {
            return Ok(key.span);
        }
        Err(DeclareError::new(self.span(), format!("`{}` takes no value", key.text)))
    }

    /// The end of an argument.
    pub(super) fn end(&self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(DeclareError::new(token.span(), format!("unexpected `{token}`"))
                .help("arguments are separated by commas")),
        }
    }

    /// The arguments in parentheses behind a key.
    pub(super) fn list(&mut self, key: &Key, example: &str, errors: &mut Errors) -> Result<Vec<Self>> {
        match self.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let arguments = inner(group).arguments(errors);
                self.next();
                self.end()?;
                Ok(arguments)
            }
            _ => Err(DeclareError::new(key.span, format!("`{}` needs arguments", key.text))
                .help(format!("write `{example}`"))),
        }
    }

    /// Whether a group in parentheses comes next.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
    }

    /// A literal.
    pub(super) fn literal(&mut self) -> Option<syn::Lit> {
        match self.peek()? {
            TokenTree::Literal(literal) => {
                let literal = syn::Lit::new(literal.clone());
                self.next();
                Some(literal)
            }
            TokenTree::Ident(ident) if ident == "true" || ident == "false" => {
                let literal = syn::LitBool::new(ident == "true", ident.span());
                self.next();
                Some(syn::Lit::Bool(literal))
            }
            _ => None,
        }
    }

    /// The minus before a number, if it comes next.
    pub(super) fn take_minus(&mut self) -> bool {
        let minus = matches!(self.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '-');
        if minus {
            self.next();
        }
        minus
    }

    /// A string literal.
    pub(super) fn string(&mut self, expected: &str) -> Result<At<String>> {
        let before = self.clone();
        match self.literal() {
            Some(syn::Lit::Str(text)) => Ok(At::new(text_of(&text), text.span())),
            _ => Err(before.unexpected(expected)),
        }
    }

    /// The rest as a path.
    pub(super) fn path(&mut self, expected: &str) -> Result<syn::Path> {
        let error = self.unexpected(expected);
        let rest: TokenStream = self.list.drain(self.at..).collect();
        syn::parse2(rest).map_err(|_| error)
    }

    /// Tokens up to the next group, as a path; for `Parent(a, b)`.
    pub(super) fn path_before_list(&mut self, expected: &str) -> Result<syn::Path> {
        let error = self.unexpected(expected);
        let end = self.list[self.at..]
            .iter()
            .position(|token| matches!(token, TokenTree::Group(_)))
            .map_or(self.list.len(), |offset| self.at + offset);
        let path: TokenStream = self.list.drain(self.at..end).collect();
        syn::parse2(path).map_err(|_| error)
    }

    /// Whether the tokens that are left contain a group: `Parent(a, b)`.
    pub(super) fn has_list(&self) -> bool {
        self.list[self.at..].iter().any(|token| matches!(token, TokenTree::Group(_)))
    }

    /// The text of a string as a name.
    pub(super) fn name(&mut self, expected: &str) -> Result<At<Name>> {
        let text = self.string(expected)?;
        if text.value.is_empty() || text.value.contains('\0') {
            return Err(DeclareError::new(text.span, "a name cannot be empty"));
        }
        Ok(At::new(text.value.into(), text.span))
    }

    /// A name as a word or a string.
    pub(super) fn name_or_word(&mut self, expected: &str) -> Result<At<Name>> {
        match self.peek() {
            Some(TokenTree::Ident(ident)) => {
                let name = At::new(super::naming::unraw(ident).into(), ident.span());
                self.next();
                Ok(name)
            }
            _ => self.name(expected),
        }
    }

    /// A string that holds an SQL expression.
    pub(super) fn sql(&mut self, expected: &str) -> Result<At<Expr>> {
        let text = self.string(expected)?;
        check_sql(&text, false)?;
        Ok(At::new(Expr::new(&text.value), text.span))
    }

    /// A string that holds one query, whose comments are kept.
    pub(super) fn query(&mut self) -> Result<At<Expr>> {
        let text = self.string("a query in quotes")?;
        check_sql(&text, false)?;
        Ok(At::new(Expr::script(&text.value), text.span))
    }

    /// A string that holds SQL statements or options, in which semicolons are allowed.
    pub(super) fn sql_script(&mut self, expected: &str) -> Result<At<Expr>> {
        let text = self.string(expected)?;
        check_sql(&text, true)?;
        Ok(At::new(Expr::script(&text.value), text.span))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, what: &str, choices: &[(&str, T)]) -> Result<At<T>> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let span = self.span();
        let before = self.clone();
        match self.next() {
            Some(TokenTree::Ident(ident)) => {
                let text = ident.to_string();
                match choices.iter().find(|(word, _)| *word == text) {
                    Some((_, value)) => Ok(At::new(*value, span)),
                    None => {
                        Err(DeclareError::new(span, format!("unknown {what} `{text}`")).help(suggest(&text, &words)))
                    }
                }
            }
            Some(TokenTree::Literal(literal)) => {
                let text = literal.to_string();
                Err(DeclareError::new(span, format!("expected a word for {what}, found `{text}`"))
                    .help(format!("without quotes; {}", suggest(text.trim_matches('"'), &words))))
            }
            _ => Err(before.unexpected(what).help(suggest("", &words))),
        }
    }
}

/// The tokens inside a group.
pub(super) fn inner(group: &Group) -> Tokens {
    Tokens::new(group.stream(), group.span_open())
}

/// Takes off the invisible groups that `macro_rules!` puts around what it passes on.
fn flatten(stream: TokenStream, list: &mut Vec<TokenTree>) {
    for token in stream {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => flatten(group.stream(), list),
            other => list.push(other),
        }
    }
}

/// Puts a value into its slot, or says that it is there already.
pub(super) fn set<T>(slot: &mut Option<T>, key: &Key, value: Result<T>, errors: &mut Errors) {
    let Some(value) = errors.take(value) else { return };
    if slot.is_some() {
        errors.add(key.span, format!("`{}` is given twice", key.text));
    } else {
        *slot = Some(value);
    }
}

/// What can be said of SQL without a database: it is there, strings end, parentheses match, and an expression is one.
fn check_sql(text: &At<String>, is_script: bool) -> Result<()> {
    let error = |message: &str| Err(DeclareError::new(text.span, message));
    let tokens = significant(&text.value);
    if tokens.is_empty() {
        return error("the SQL is empty");
    }
    let mut depth = 0_usize;
    for token in &tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close if depth == 0 => return error("unmatched `)` in the SQL"),
            TokenKind::Close => depth -= 1,
            TokenKind::Illegal => {
                return error(&format!("`{}` is not SQL: unclosed quote or invalid character", token.text));
            }
            TokenKind::Semicolon if !is_script => return error("`;` in the SQL, which must be one expression"),
            _ => {}
        }
    }
    if depth > 0 {
        return error("unclosed `(` in the SQL");
    }
    Ok(())
}
