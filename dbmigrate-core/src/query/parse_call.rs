//! Calls of functions, with windows and their frames, and terms of `ORDER BY`.

use super::ast::{Call, Expr, ExprKind, Over, Term, Window};
use super::reader::{Parsed, Reader, ident};
use crate::keyword;
use crate::sql::token::TokenKind;

impl<'s> Reader<'s> {
    pub(super) fn call(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        let Some(name) = self.peek().map(ident) else { return Err(self.expected("a function")) };
        self.skip();
        self.open()?;
        let mut call = Call {
            name,
            arguments: Vec::new(),
            distinct: false,
            star: false,
            order: Vec::new(),
            filter: None,
            over: None,
        };
        if self.eat_operator("*") {
            call.star = true;
        } else {
            call.distinct = self.eat_word("distinct");
            if !call.distinct {
                self.eat_word("all");
            }
            if !self.at_kind(TokenKind::Close) && !self.at_word("order") {
                call.arguments = self.exprs()?;
            }
            if self.eat_words(&["order", "by"]) {
                call.order = self.terms()?;
            }
        }
        self.close()?;
        if self.at_word("filter") && self.peek_at(1).is_some_and(|token| token.kind == TokenKind::Open) {
            self.skip();
            self.open()?;
            self.expect_word("where")?;
            call.filter = Some(self.expr()?);
            self.close()?;
        }
        let next = self.peek_at(1).map(|token| token.kind);
        let is_reserved = self.peek_at(1).is_some_and(|token| keyword::is_reserved(token.text));
        let names_window =
            matches!(next, Some(TokenKind::Open | TokenKind::Word | TokenKind::QuotedName)) && !is_reserved;
        if self.at_word("over") && names_window {
            self.skip();
            call.over = Some(match self.at_kind(TokenKind::Open) {
                true => Over::Window(self.window()?),
                false => Over::Name(self.name("the name of a window")?),
            });
        }
        Ok(Expr { kind: ExprKind::Call(Box::new(call)), span: self.since(start) })
    }

    /// A window in its parentheses.
    pub(super) fn window(&mut self) -> Parsed<Window<'s>> {
        self.open()?;
        let mut window = Window::default();
        let begins = ["partition", "order", "range", "rows", "groups"];
        let is_word = begins.iter().any(|word| self.at_word(word));
        if self.at_name() && (!is_word || self.peek_at(1).is_some_and(|next| next.kind == TokenKind::Close)) {
            window.base = self.take_name();
        }
        if self.eat_word("partition") {
            self.expect_word("by")?;
            window.partition = self.exprs()?;
        }
        if self.eat_word("order") {
            self.expect_word("by")?;
            window.order = self.terms()?;
        }
        if ["range", "rows", "groups"].iter().any(|word| self.eat_word(word)) {
            window.has_frame = true;
            self.frame(&mut window)?;
        }
        self.close()?;
        Ok(window)
    }

    fn frame(&mut self, window: &mut Window<'s>) -> Parsed<()> {
        if self.eat_word("between") {
            self.bound(window, true)?;
            self.expect_word("and")?;
        }
        self.bound(window, true)?;
        if self.eat_word("exclude") {
            let known = self.eat_words(&["no", "others"])
                || self.eat_words(&["current", "row"])
                || self.eat_word("group")
                || self.eat_word("ties");
            if !known {
                return Err(self.expected("`NO OTHERS`, `CURRENT ROW`, `GROUP` or `TIES`"));
            }
        }
        Ok(())
    }

    fn bound(&mut self, window: &mut Window<'s>, may_be_unbounded: bool) -> Parsed<()> {
        if self.eat_words(&["current", "row"]) {
            return Ok(());
        }
        if !(may_be_unbounded && self.eat_word("unbounded")) {
            window.frame.push(self.expr()?);
        }
        if self.eat_word("preceding") || self.eat_word("following") {
            return Ok(());
        }
        Err(self.expected("`PRECEDING` or `FOLLOWING`"))
    }

    /// The terms behind `ORDER BY`.
    pub(super) fn terms(&mut self) -> Parsed<Vec<Term<'s>>> {
        self.list(|reader| {
            let expr = reader.expr()?;
            if !reader.eat_word("asc") {
                reader.eat_word("desc");
            }
            if reader.eat_word("nulls") && !reader.eat_word("first") && !reader.eat_word("last") {
                return Err(reader.expected("`FIRST` or `LAST`"));
            }
            Ok(Term { expr })
        })
    }
}
