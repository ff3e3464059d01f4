//! A cursor over the significant tokens of one statement: what the readers of `CREATE` statements share.

use super::error::ReadError;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

/// A cursor over tokens. Cheap to make for a part of a statement.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t, 's> {
    sql: &'s str,
    tokens: &'t [Token<'s>],
    at: usize,
}

/// Tokens of a statement, as input for a [`Cursor`].
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = significant(sql);
    while tokens.last().is_some_and(|token| token.kind == TokenKind::Semicolon) {
        tokens.pop();
    }
    tokens
}

impl<'t, 's> Cursor<'t, 's> {
    pub(super) fn new(sql: &'s str, tokens: &'t [Token<'s>]) -> Self {
        Self { sql, tokens, at: 0 }
    }

    /// The whole text, of which this cursor may be over a part.
    pub(super) fn sql(&self) -> &'s str {
        self.sql
    }

    pub(super) fn peek(&self) -> Option<&'t Token<'s>> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'t Token<'s>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn error(&self, expected: &str) -> ReadError {
        match self.peek() {
            Some(token) => ReadError::new(format!("expected {expected} near `{}`", token.text)),
            None => ReadError::new(format!("expected {expected} at the end")),
        }
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    /// Whether the next tokens are these words.
    pub(super) fn at_words(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.tokens.get(self.at + offset).is_some_and(|token| token.is_word(word)))
    }

    /// Steps over these words if they come next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            self.at += words.len();
        }
        found
    }

    pub(super) fn expect(&mut self, word: &str) -> Result<(), ReadError> {
        if self.eat(&[word]) { Ok(()) } else { Err(self.error(&format!("`{}`", word.to_ascii_uppercase()))) }
    }

    pub(super) fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == kind);
        self.at += usize::from(found);
        found
    }

    pub(super) fn name(&mut self) -> Result<Name, ReadError> {
        let name = self.peek().and_then(Token::identifier).ok_or_else(|| self.error("a name"))?;
        self.at += 1;
        Ok(Name::from(name))
    }

    /// `name` or `schema.name`, of which the schema is dropped.
    pub(super) fn qualified_name(&mut self) -> Result<Name, ReadError> {
        let name = self.name()?;
        if self.eat_kind(TokenKind::Dot) { self.name() } else { Ok(name) }
    }

    /// `( … )`: a cursor over what is between the parentheses.
    pub(super) fn parenthesized(&mut self) -> Result<Self, ReadError> {
        if !self.eat_kind(TokenKind::Open) {
            return Err(self.error("`(`"));
        }
        let start = self.at;
        let mut depth = 1_usize;
        while let Some(token) = self.next() {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Self::new(self.sql, &self.tokens[start..self.at - 1]));
            }
        }
        Err(self.error("`)`"))
    }

    /// The text from the cursor to its end.
    pub(super) fn rest(&self) -> &'s str {
        match (self.peek(), self.tokens.last()) {
            (Some(first), Some(last)) => &self.sql[first.start..last.end()],
            _ => "",
        }
    }

    /// The text from the token at `from` (an earlier [`Cursor::position`]) to the cursor.
    pub(super) fn since(&self, from: usize) -> &'s str {
        match (self.tokens.get(from), self.at.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if from < self.at => &self.sql[first.start..last.end()],
            _ => "",
        }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The tokens from the cursor to its end.
    pub(super) fn remaining(&self) -> &'t [Token<'s>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    /// Everything that is left, as an expression.
    pub(super) fn rest_as_expr(&self) -> Expr {
        Expr::new(self.rest())
    }

    /// A cursor over some of the tokens.
    pub(super) fn over(&self, tokens: &'t [Token<'s>]) -> Self {
        Self::new(self.sql, tokens)
    }

    /// A list of names, the whole of what this cursor is over.
    pub(super) fn names(&mut self) -> Result<Vec<Name>, ReadError> {
        let mut names = vec![self.name()?];
        while self.eat_kind(TokenKind::Comma) {
            names.push(self.name()?);
        }
        if self.is_at_end() { Ok(names) } else { Err(self.error("`,`")) }
    }

    /// Splits what is left at the commas outside parentheses.
    pub(super) fn split_at_commas(&self) -> Vec<Self> {
        let tokens = self.remaining();
        let mut parts = Vec::new();
        let (mut depth, mut start) = (0_usize, 0);
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Comma if depth == 0 => {
                    parts.push(Self::new(self.sql, &tokens[start..at]));
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(Self::new(self.sql, &tokens[start..]));
        parts
    }
}
