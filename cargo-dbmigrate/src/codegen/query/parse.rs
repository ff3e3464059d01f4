//! Reads a query into its tree. Of clauses that only choose rows it reads where they end. What it does not understand
//! ends the reading: the caller then knows nothing of the query.

use dbmigrate_core::sql::keyword::is_reserved;
use dbmigrate_core::sql::token::{Token, TokenKind, significant};
use dbmigrate_core::sql::{DeclType, Name};

use super::ast::{Call, Column, Core, Cte, Expr, Join, Joined, Select, Source};
use super::functions;

/// SQLite itself refuses expressions that are nested more deeply than a thousand levels.
const DEEPEST: usize = 200;

/// Words that end a clause of a query.
const CLAUSES: [&str; 9] = ["where", "group", "having", "window", "order", "limit", "union", "except", "intersect"];

/// Words that begin a join.
const JOINS: [&str; 7] = ["join", "left", "right", "full", "inner", "cross", "natural"];

/// The whole text of a query.
pub(super) fn query(text: &str) -> Option<Select> {
    let tokens = significant(text);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let select = parser.select()?;
    (parser.at == tokens.len()).then_some(select)
}

pub(super) struct Parser<'t, 's> {
    pub(super) tokens: &'t [Token<'s>],
    pub(super) at: usize,
    depth: usize,
}

impl<'s> Parser<'_, 's> {
    pub(super) fn peek(&self) -> Option<&Token<'s>> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<Token<'s>> {
        let token = self.tokens.get(self.at).copied()?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }

    pub(super) fn take(&mut self, kind: TokenKind) -> bool {
        let found = self.is(kind);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, kind: TokenKind) -> Option<()> {
        self.take(kind).then_some(())
    }

    pub(super) fn name(&mut self) -> Option<Name> {
        Some(Name::from(self.next()?.identifier()?))
    }

    /// What is nested, unless it is nested too deeply.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    pub(super) fn begins_query(&self) -> bool {
        self.is_any(&["select", "with", "values"])
    }

    /// Skips tokens up to one that is in no parentheses and for which `ends` holds, or that closes what is open before.
    fn skip(&mut self, ends: impl Fn(&Token<'_>) -> bool) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => return,
                TokenKind::Close => depth -= 1,
                _ if depth == 0 && ends(token) => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Skips what is in parentheses that have been opened, with the one that closes them.
    pub(super) fn skip_parentheses(&mut self) -> Option<()> {
        self.skip(|_| false);
        self.expect(TokenKind::Close)
    }

    /// Skips a clause, and says whether the call of an aggregate is in it.
    fn skip_clause(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        self.skip(|token| CLAUSES.iter().any(|word| token.is_word(word)));
        let calls = self.tokens[start..self.at].windows(2).filter(|pair| pair[1].kind == TokenKind::Open);
        calls.map(|pair| pair[0].text.to_ascii_lowercase()).any(|name| functions::is_aggregate(&name, 1))
    }

    pub(super) fn select(&mut self) -> Option<Select> {
        self.nested(Self::select_nested)
    }

    fn select_nested(&mut self) -> Option<Select> {
        let mut with = Vec::new();
        if self.word("with") {
            self.word("recursive");
            loop {
                with.push(self.cte()?);
                if !self.take(TokenKind::Comma) {
                    break;
                }
            }
        }
        let mut first = self.core()?;
        let (mut more, mut is_cut) = (Vec::new(), false);
        loop {
            if self.word("union") {
                self.word("all");
                more.push(self.core()?);
            } else if self.word("except") || self.word("intersect") {
                // what is behind it takes rows away, and adds none
                is_cut = true;
                self.core()?;
            } else if self.is_word("order") {
                let has_aggregate = self.skip_clause();
                if let Core::Select { aggregates, .. } = &mut first {
                    *aggregates |= has_aggregate;
                }
            } else if self.is_word("limit") {
                is_cut = true;
                self.skip_clause();
            } else {
                return Some(Select { with, first, more, is_cut });
            }
        }
    }

    fn cte(&mut self) -> Option<Cte> {
        let name = self.name()?;
        let columns = if self.take(TokenKind::Open) { self.names()? } else { Vec::new() };
        if !self.word("as") {
            return None;
        }
        self.word("not");
        self.word("materialized");
        self.expect(TokenKind::Open)?;
        let query = self.select()?;
        self.expect(TokenKind::Close)?;
        Some(Cte { name, columns, query })
    }

    /// Names in parentheses that have been opened, with the one that closes them.
    fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            if self.take(TokenKind::Close) {
                return Some(names);
            }
            self.expect(TokenKind::Comma)?;
        }
    }

    fn core(&mut self) -> Option<Core> {
        if self.word("values") {
            let mut rows = Vec::new();
            loop {
                self.expect(TokenKind::Open)?;
                rows.push(self.list()?);
                if !self.take(TokenKind::Comma) {
                    return Some(Core::Values(rows));
                }
            }
        }
        if !self.word("select") {
            return None;
        }
        if !self.word("distinct") {
            self.word("all");
        }
        let mut columns = vec![self.column()?];
        while self.take(TokenKind::Comma) {
            columns.push(self.column()?);
        }
        let from = if self.word("from") { self.joins()? } else { Vec::new() };
        let (mut grouped, mut aggregates, mut filtered) = (false, false, false);
        while self.is_any(&CLAUSES[..4]) {
            grouped |= self.is_word("group");
            filtered |= self.is_word("having");
            aggregates |= self.skip_clause();
        }
        Some(Core::Select { columns, from, grouped, aggregates: aggregates || (filtered && !grouped), filtered })
    }

    fn column(&mut self) -> Option<Column> {
        let is_star = |token: Option<&Token<'_>>| token.is_some_and(|token| token.text == "*");
        if is_star(self.peek()) {
            self.at += 1;
            return Some(Column::Star);
        }
        let is_dot = self.tokens.get(self.at + 1).is_some_and(|token| token.kind == TokenKind::Dot);
        if is_dot && is_star(self.tokens.get(self.at + 2)) {
            let table = self.name()?;
            self.at += 2;
            return Some(Column::StarOf(table));
        }
        let expr = self.expr()?;
        let alias = self.alias()?;
        Some(Column::Expr(expr, alias))
    }

    /// `AS name`, or a name alone that is no keyword.
    #[expect(clippy::option_option, reason = "no alias is no error")]
    fn alias(&mut self) -> Option<Option<Name>> {
        if self.word("as") {
            return Some(Some(self.name()?));
        }
        let is_name = self.peek().is_some_and(|token| match token.kind {
            TokenKind::Word => !is_reserved(token.text) && !self.is_any(&JOINS) && !self.is_word("window"),
            TokenKind::QuotedName | TokenKind::String => true,
            _ => false,
        });
        Some(if is_name { Some(self.name()?) } else { None })
    }

    fn joins(&mut self) -> Option<Vec<Joined>> {
        let mut joined = vec![self.joined(Join::default())?];
        loop {
            if self.take(TokenKind::Comma) {
                joined.push(self.joined(Join::default())?);
                continue;
            }
            let mut join = Join::default();
            let mut begins = false;
            while self.is_any(&JOINS) || self.is_word("outer") {
                begins = true;
                let word = self.next()?;
                join.natural |= word.is_word("natural");
                join.keeps_left |= word.is_word("left") || word.is_word("full");
                join.keeps_right |= word.is_word("right") || word.is_word("full");
                if word.is_word("join") {
                    break;
                }
            }
            if !begins {
                return Some(joined);
            }
            joined.push(self.joined(join)?);
        }
    }

    fn joined(&mut self, join: Join) -> Option<Joined> {
        let source = self.source()?;
        let alias = self.alias()?;
        if self.word("not") {
            self.word("indexed").then_some(())?;
        } else if self.word("indexed") {
            self.word("by").then_some(())?;
            self.name()?;
        }
        let mut using = Vec::new();
        if self.word("on") {
            self.skip(|token| {
                let ends = |word: &&str| token.is_word(word);
                token.kind == TokenKind::Comma || CLAUSES.iter().any(ends) || JOINS.iter().any(ends)
            });
        } else if self.word("using") {
            self.expect(TokenKind::Open)?;
            using = self.names()?;
        }
        Some(Joined { source, alias, join, using })
    }

    fn source(&mut self) -> Option<Source> {
        if self.take(TokenKind::Open) {
            let source = if self.begins_query() {
                Source::Query(Box::new(self.select()?))
            } else {
                Source::Joins(self.nested(Self::joins)?)
            };
            self.expect(TokenKind::Close)?;
            return Some(source);
        }
        let mut name = self.name()?;
        if self.take(TokenKind::Dot) {
            name = self.name()?;
        }
        if self.take(TokenKind::Open) {
            self.skip_parentheses()?;
            return Some(Source::Function(name));
        }
        Some(Source::Table(name))
    }

    /// Expressions in parentheses that have been opened, with the one that closes them.
    pub(super) fn list(&mut self) -> Option<Vec<Expr>> {
        let mut list = Vec::new();
        if self.take(TokenKind::Close) {
            return Some(list);
        }
        loop {
            list.push(self.expr()?);
            if self.take(TokenKind::Close) {
                return Some(list);
            }
            self.expect(TokenKind::Comma)?;
        }
    }

    /// `CAST` behind its word.
    pub(super) fn cast(&mut self) -> Option<Expr> {
        self.expect(TokenKind::Open)?;
        let expr = self.expr()?;
        if !self.word("as") {
            return None;
        }
        let start = self.at;
        self.skip(|_| false);
        let declared: Vec<&str> = self.tokens[start..self.at].iter().map(|token| token.text).collect();
        self.expect(TokenKind::Close)?;
        Some(Expr::Cast(Box::new(expr), DeclType::new(declared.join(" "))))
    }

    /// A call behind its name and the parenthesis.
    pub(super) fn call(&mut self, name: &str) -> Option<Expr> {
        let mut arguments = Vec::new();
        if self.peek().is_some_and(|token| token.text == "*") {
            self.at += 1;
            self.expect(TokenKind::Close)?;
        } else if !self.take(TokenKind::Close) {
            if !self.word("distinct") {
                self.word("all");
            }
            loop {
                arguments.push(self.expr()?);
                if self.is_word("order") {
                    self.skip(|_| false);
                }
                if self.take(TokenKind::Close) {
                    break;
                }
                self.expect(TokenKind::Comma)?;
            }
        }
        let mut call = Call { name: name.to_ascii_lowercase(), arguments, filtered: false, windowed: false };
        let opens = |parser: &Self| parser.tokens.get(parser.at + 1).is_some_and(|next| next.kind == TokenKind::Open);
        if self.is_word("filter") && opens(self) {
            self.at += 2;
            self.skip_parentheses()?;
            call.filtered = true;
        }
        let is_named =
            self.tokens.get(self.at + 1).is_some_and(|next| next.identifier().is_some() && !is_reserved(next.text));
        if self.is_word("over") && (opens(self) || is_named) {
            self.at += 1;
            if self.take(TokenKind::Open) {
                self.skip_parentheses()?;
            } else {
                self.at += 1;
            }
            call.windowed = true;
        }
        Some(Expr::Call(call))
    }
}
