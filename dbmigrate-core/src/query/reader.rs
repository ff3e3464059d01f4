//! A cursor over the tokens of a statement: what all parts of the parser share.

use super::Mistake;
use super::ast::{Ident, Quote, Span};
use crate::keyword::is_reserved;
use crate::sql::token::{Token, TokenKind, significant, unquote};

/// The first mistake of the grammar ends the parsing.
pub(super) type Parsed<T> = Result<T, Box<Mistake>>;

/// How deep a statement may be nested. The engine's parser gives up at a hundred levels; what it takes has fewer.
const DEEPEST: usize = 100;

pub(super) struct Reader<'s> {
    sql: &'s str,
    tokens: Vec<Token<'s>>,
    at: usize,
    depth: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(sql: &'s str) -> Self {
        Self { sql, tokens: significant(sql), at: 0, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<&Token<'s>> {
        self.tokens.get(self.at)
    }

    pub(super) fn peek_at(&self, offset: usize) -> Option<&Token<'s>> {
        self.tokens.get(self.at + offset)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.peek().map(|token| token.kind)
    }

    /// Where the next token starts.
    pub(super) fn start(&self) -> usize {
        self.peek().map_or(self.sql.len(), |token| token.start)
    }

    /// Where the last token ended.
    pub(super) fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, Token::end)
    }

    /// From `start` to where the last token ended.
    pub(super) fn since(&self, start: usize) -> Span {
        start..self.end().max(start)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    pub(super) fn at_word_behind(&self, offset: usize, word: &str) -> bool {
        self.peek_at(offset).is_some_and(|token| token.is_word(word))
    }

    pub(super) fn at_kind(&self, kind: TokenKind) -> bool {
        self.kind() == Some(kind)
    }

    pub(super) fn at_operator(&self, operator: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Operator && token.text == operator)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(offset, word)| self.at_word_behind(offset, word));
        self.at += if found { words.len() } else { 0 };
        found
    }

    pub(super) fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.at_kind(kind);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_operator(&mut self, operator: &str) -> bool {
        let found = self.at_operator(operator);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("`{}`", word.to_ascii_uppercase()))) }
    }

    pub(super) fn expect_kind(&mut self, kind: TokenKind, text: &str) -> Parsed<()> {
        if self.eat_kind(kind) { Ok(()) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    pub(super) fn open(&mut self) -> Parsed<()> {
        self.expect_kind(TokenKind::Open, "(")
    }

    pub(super) fn close(&mut self) -> Parsed<()> {
        self.expect_kind(TokenKind::Close, ")")
    }

    /// A mistake of the grammar at the next token.
    #[expect(clippy::unnecessary_box_returns, reason = "a failure is boxed, see `Parsed`")]
    pub(super) fn expected(&self, what: &str) -> Box<Mistake> {
        let Some(token) = self.peek() else {
            let end = self.end();
            let from = self.tokens.last().map_or(0, |token| token.start);
            return Mistake::boxed(from..end, format!("expected {what}, but the statement ends"));
        };
        if token.kind == TokenKind::Illegal {
            return Mistake::boxed(token.start..token.end(), illegal(token));
        }
        Mistake::boxed(token.start..token.end(), format!("expected {what}, found `{}`", token.text))
    }

    /// Runs `read` one level deeper.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            let start = self.start();
            let end = self.peek().map_or(start, Token::end);
            return Err(Mistake::boxed(start..end, format!("nested deeper than {DEEPEST} levels")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// The items of a list that is separated by commas, at least one.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat_kind(TokenKind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Whether the next token may be a name. Words that nothing but a keyword can be may not.
    pub(super) fn at_name(&self) -> bool {
        self.peek().is_some_and(|token| match token.kind {
            TokenKind::Word => !is_reserved(token.text),
            TokenKind::QuotedName | TokenKind::String => true,
            _ => false,
        })
    }

    /// The next token as a name, if it may be one.
    pub(super) fn take_name(&mut self) -> Option<Ident<'s>> {
        if !self.at_name() {
            return None;
        }
        let token = self.tokens[self.at];
        self.at += 1;
        Some(ident(&token))
    }

    pub(super) fn name(&mut self, what: &str) -> Parsed<Ident<'s>> {
        match self.take_name() {
            Some(name) => Ok(name),
            None => Err(self.expected(what)),
        }
    }

    /// The mistake of a keyword where a name stands.
    pub(super) fn names_in_parentheses(&mut self, what: &str) -> Parsed<Vec<Ident<'s>>> {
        self.open()?;
        let names = self.list(|reader| reader.name(what))?;
        self.close()?;
        Ok(names)
    }
}

pub(super) fn ident<'s>(token: &Token<'s>) -> Ident<'s> {
    let span = token.start..token.end();
    let quote = match (token.kind, token.text.as_bytes().first()) {
        (TokenKind::String, _) => Quote::String,
        (TokenKind::QuotedName, Some(b'"')) => Quote::Double,
        (TokenKind::QuotedName, _) => Quote::Name,
        _ => Quote::None,
    };
    let text = if quote == Quote::None { token.text.into() } else { unquote(token.text).into() };
    Ident { text, span, quote }
}

/// What is wrong with a token that is none.
fn illegal(token: &Token<'_>) -> String {
    match token.text.as_bytes().first() {
        Some(b'\'') => "the string does not end".to_owned(),
        Some(b'"' | b'`' | b'[') => "the quoted name does not end".to_owned(),
        Some(b'x' | b'X') => "a blob has two hexadecimal digits for each byte".to_owned(),
        Some(byte) if byte.is_ascii_digit() => format!("`{}` is no number", token.text),
        _ => format!("`{}` has no meaning in SQL", token.text),
    }
}
