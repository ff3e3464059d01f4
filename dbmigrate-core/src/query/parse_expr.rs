//! Expressions, with the precedences of SQLite's grammar (sqlite.org/lang_expr.html).

use super::ast::{Binary, Case, ColumnRef, Expr, ExprKind, InSet, Literal, TableRef, Unary};
use super::reader::{Parsed, Reader};
use crate::sql::token::TokenKind;

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const EQUAL: u8 = 4;
const COMPARE: u8 = 5;
const BIT: u8 = 6;
const SUM: u8 = 7;
const PRODUCT: u8 = 8;
const CONCAT: u8 = 9;
const COLLATE: u8 = 10;

impl<'s> Reader<'s> {
    pub(super) fn expr(&mut self) -> Parsed<Expr<'s>> {
        self.deeper(|reader| reader.expr_above(OR))
    }

    pub(super) fn exprs(&mut self) -> Parsed<Vec<Expr<'s>>> {
        self.list(Self::expr)
    }

    /// An expression of operators that bind at least as tightly as `lowest`.
    fn expr_above(&mut self, lowest: u8) -> Parsed<Expr<'s>> {
        let start = self.start();
        let mut left = self.operand()?;
        // the precedence of the chain that `left` is
        let mut chain = 0;
        loop {
            let Some((level, operator)) = self.binary_operator() else { return Ok(left) };
            if level < lowest {
                return Ok(left);
            }
            let Some((operator, words)) = operator else {
                left = self.suffix(left, start)?;
                chain = 0;
                continue;
            };
            for _ in 0..words {
                self.skip();
            }
            let right = self.deeper(|reader| reader.expr_above(level + 1))?;
            if chain == level
                && let ExprKind::Chain(_, rest) = &mut left.kind
            {
                rest.push((operator, right));
                left.span = self.since(start);
            } else {
                let kind = ExprKind::Chain(Box::new(left), vec![(operator, right)]);
                left = Expr { kind, span: self.since(start) };
                chain = level;
            }
        }
    }

    /// The precedence of the operator that comes next, and the operator with its number of tokens if it is one between
    /// two expressions and nothing else.
    fn binary_operator(&self) -> Option<(u8, Option<(Binary, usize)>)> {
        let token = self.peek()?;
        let found = match token.kind {
            TokenKind::Operator => match token.text {
                "=" | "==" | "<>" | "!=" => (EQUAL, Binary::Equal),
                "<" | ">" | "<=" | ">=" => (COMPARE, Binary::Compare),
                "&" | "|" | "<<" | ">>" => (BIT, Binary::Bit),
                "+" | "-" => (SUM, Binary::Arithmetic),
                "*" => (PRODUCT, Binary::Arithmetic),
                "/" => (PRODUCT, Binary::Divide),
                "%" => (PRODUCT, Binary::Modulo),
                "||" => (CONCAT, Binary::Concat),
                "->" => (CONCAT, Binary::Json),
                "->>" => (CONCAT, Binary::JsonValue),
                _ => return None,
            },
            TokenKind::Word => {
                let is = |word| token.is_word(word);
                match token.text.len() {
                    2 if is("or") => (OR, Binary::Or),
                    3 if is("and") => (AND, Binary::And),
                    2 if is("is") => {
                        let not = usize::from(self.at_word_behind(1, "not"));
                        let distinct = self.at_word_behind(1 + not, "distinct") && self.at_word_behind(2 + not, "from");
                        return Some((EQUAL, Some((Binary::Is, 1 + not + 2 * usize::from(distinct)))));
                    }
                    2 if is("in") => return Some((EQUAL, None)),
                    3 if is("not") => {
                        let next = ["in", "like", "glob", "regexp", "match", "between", "null"];
                        return next.iter().any(|word| self.at_word_behind(1, word)).then_some((EQUAL, None));
                    }
                    4 if is("like") || is("glob") => return Some((EQUAL, None)),
                    5 if is("match") => return Some((EQUAL, None)),
                    6 if is("regexp") || is("isnull") => return Some((EQUAL, None)),
                    7 if is("between") || is("notnull") => return Some((EQUAL, None)),
                    7 if is("collate") => return Some((COLLATE, None)),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some((found.0, Some((found.1, 1))))
    }

    /// What stands behind an expression, with words of its own.
    fn suffix(&mut self, left: Expr<'s>, start: usize) -> Parsed<Expr<'s>> {
        if self.eat_word("collate") {
            let name = self.name("the name of a collation")?;
            return Ok(Expr { kind: ExprKind::Collate(Box::new(left), name), span: self.since(start) });
        }
        if self.eat_word("isnull") {
            return Ok(Expr { kind: ExprKind::Unary(Unary::IsNull, Box::new(left)), span: self.since(start) });
        }
        let not = self.eat_word("not");
        if self.eat_word("notnull") || (not && self.eat_word("null")) {
            return Ok(Expr { kind: ExprKind::Unary(Unary::NotNull, Box::new(left)), span: self.since(start) });
        }
        let kind = if self.eat_word("between") {
            let low = self.deeper(|reader| reader.expr_above(NOT))?;
            self.expect_word("and")?;
            let high = self.deeper(|reader| reader.expr_above(COMPARE))?;
            ExprKind::Between(Box::new([left, low, high]))
        } else if self.eat_word("in") {
            ExprKind::In(Box::new(left), Box::new(self.in_set()?))
        } else {
            let functions = ["like", "glob", "match", "regexp"];
            let Some(function) = functions.into_iter().find(|word| self.eat_word(word)) else {
                return Err(self.expected("`IN`, `LIKE` or `BETWEEN`"));
            };
            let mut operands = vec![left, self.deeper(|reader| reader.expr_above(COMPARE))?];
            if self.eat_word("escape") {
                operands.push(self.deeper(|reader| reader.expr_above(COMPARE))?);
            }
            ExprKind::Like(function, operands)
        };
        Ok(Expr { kind, span: self.since(start) })
    }

    fn in_set(&mut self) -> Parsed<InSet<'s>> {
        if !self.at_kind(TokenKind::Open) {
            let table = self.table_ref("a list, a query or a table")?;
            return Ok(InSet::Table(table));
        }
        self.skip();
        if self.at_select() {
            let query = self.select()?;
            self.close()?;
            return Ok(InSet::Query(query));
        }
        let list = if self.at_kind(TokenKind::Close) { Vec::new() } else { self.exprs()? };
        self.close()?;
        Ok(InSet::List(list))
    }

    /// A table, or a table-valued function with its arguments.
    pub(super) fn table_ref(&mut self, what: &str) -> Parsed<TableRef<'s>> {
        let (database, name) = self.qualified_name(what)?;
        let arguments = if self.at_kind(TokenKind::Open) { Some(self.arguments()?) } else { None };
        Ok(TableRef { database, name, arguments })
    }

    fn arguments(&mut self) -> Parsed<Vec<Expr<'s>>> {
        self.open()?;
        let arguments = if self.at_kind(TokenKind::Close) { Vec::new() } else { self.exprs()? };
        self.close()?;
        Ok(arguments)
    }

    pub(super) fn qualified_name(
        &mut self,
        what: &str,
    ) -> Parsed<(Option<super::ast::Ident<'s>>, super::ast::Ident<'s>)> {
        let first = self.name(what)?;
        if self.eat_kind(TokenKind::Dot) {
            let name = self.name(what)?;
            return Ok((Some(first), name));
        }
        Ok((None, first))
    }

    fn operand(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        let Some(token) = self.peek().copied() else { return Err(self.expected("an expression")) };
        let simple = |reader: &mut Self, kind| {
            reader.skip();
            Ok(Expr { kind, span: token.start..token.end() })
        };
        match token.kind {
            TokenKind::Number => simple(self, ExprKind::Literal(number(token.text))),
            TokenKind::Blob => simple(self, ExprKind::Literal(Literal::Blob)),
            TokenKind::Variable => simple(self, ExprKind::Variable),
            TokenKind::String if self.peek_at(1).is_none_or(|next| next.kind != TokenKind::Dot) => {
                simple(self, ExprKind::Literal(Literal::Text))
            }
            TokenKind::String | TokenKind::QuotedName => self.column(),
            TokenKind::Open => self.in_parentheses(),
            TokenKind::Operator => {
                let unary = match token.text {
                    "-" => Unary::Minus,
                    "+" => Unary::Plus,
                    "~" => Unary::BitNot,
                    _ => return Err(self.expected("an expression")),
                };
                self.skip();
                let operand = self.deeper(Self::operand)?;
                Ok(Expr { kind: ExprKind::Unary(unary, Box::new(operand)), span: self.since(start) })
            }
            TokenKind::Word => self.word_operand(),
            _ => Err(self.expected("an expression")),
        }
    }

    fn in_parentheses(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        self.open()?;
        if self.at_select() {
            let query = self.select()?;
            self.close()?;
            return Ok(Expr { kind: ExprKind::Subquery(Box::new(query)), span: self.since(start) });
        }
        let mut exprs = self.exprs()?;
        self.close()?;
        match (exprs.len(), exprs.pop()) {
            // also its parentheses are no part of it
            (1, Some(only)) => Ok(only),
            (_, last) => {
                exprs.extend(last);
                Ok(Expr { kind: ExprKind::Row(exprs), span: self.since(start) })
            }
        }
    }

    fn word_operand(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        let next = self.peek_at(1).map(|token| token.kind);
        let calls = next == Some(TokenKind::Open);
        let Some(token) = self.peek().copied() else { return Err(self.expected("an expression")) };
        let is = |word| token.is_word(word);
        match token.text.len() {
            3 if is("not") => {
                self.skip();
                let operand = self.deeper(|reader| reader.expr_above(NOT))?;
                return Ok(Expr { kind: ExprKind::Unary(Unary::Not, Box::new(operand)), span: self.since(start) });
            }
            4 if is("null") => {
                self.skip();
                return Ok(Expr { kind: ExprKind::Literal(Literal::Null), span: self.since(start) });
            }
            4 if is("case") => return self.case(),
            4 if is("cast") && calls => return self.cast(),
            5 if is("raise") && calls => return self.raise(),
            6 if is("exists") => {
                self.skip();
                self.open()?;
                let query = self.select()?;
                self.close()?;
                return Ok(Expr { kind: ExprKind::Exists(Box::new(query)), span: self.since(start) });
            }
            _ => {}
        }
        let is_time = ["current_date", "current_time", "current_timestamp"].iter().any(|word| token.is_word(word));
        if is_time && !calls && next != Some(TokenKind::Dot) {
            self.skip();
            return Ok(Expr { kind: ExprKind::Literal(Literal::Time), span: self.since(start) });
        }
        if !self.at_name() {
            return Err(self.expected("an expression"));
        }
        if calls { self.call() } else { self.column() }
    }

    fn column(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        if self.peek_at(1).is_some_and(|token| token.kind == TokenKind::Open) {
            // a function with a quoted name
            return self.call();
        }
        let mut names = vec![self.name("a column")?];
        while names.len() < 3 && self.eat_kind(TokenKind::Dot) {
            names.push(self.name("a column")?);
        }
        let mut names = names.into_iter().rev();
        let Some(column) = names.next() else { return Err(self.expected("a column")) };
        let (table, database) = (names.next(), names.next());
        let column = ColumnRef { database, table, column };
        Ok(Expr { kind: ExprKind::Column(Box::new(column)), span: self.since(start) })
    }

    fn case(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        self.skip();
        let operand = if self.at_word("when") { None } else { Some(self.expr()?) };
        let mut arms = Vec::new();
        while self.eat_word("when") {
            let condition = self.expr()?;
            self.expect_word("then")?;
            arms.push((condition, self.expr()?));
        }
        if arms.is_empty() {
            return Err(self.expected("`WHEN`"));
        }
        let otherwise = if self.eat_word("else") { Some(self.expr()?) } else { None };
        self.expect_word("end")?;
        let kind = ExprKind::Case(Box::new(Case { operand, arms, otherwise }));
        Ok(Expr { kind, span: self.since(start) })
    }

    fn cast(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        self.skip();
        self.open()?;
        let operand = self.expr()?;
        self.expect_word("as")?;
        let type_start = self.start();
        while self.take_name().is_some() {}
        if self.at_kind(TokenKind::Open) {
            self.skip();
            let number = |reader: &mut Self| {
                let _ = reader.eat_operator("-") || reader.eat_operator("+");
                reader.expect_kind(TokenKind::Number, "a number")
            };
            self.list(number)?;
            self.close()?;
        }
        let declared = self.since(type_start);
        self.close()?;
        Ok(Expr { kind: ExprKind::Cast(Box::new(operand), declared), span: self.since(start) })
    }

    fn raise(&mut self) -> Parsed<Expr<'s>> {
        let start = self.start();
        self.skip();
        self.open()?;
        let message = if self.eat_word("ignore") {
            None
        } else {
            if !["rollback", "abort", "fail"].iter().any(|word| self.eat_word(word)) {
                return Err(self.expected("`IGNORE`, `ROLLBACK`, `ABORT` or `FAIL`"));
            }
            self.expect_kind(TokenKind::Comma, ",")?;
            Some(Box::new(self.expr()?))
        };
        self.close()?;
        Ok(Expr { kind: ExprKind::Raise(message), span: self.since(start) })
    }
}

fn number(text: &str) -> Literal {
    let digits: String = text.chars().filter(|char| *char != '_').collect();
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return Literal::Integer(u64::from_str_radix(hex, 16).ok().map(u64::cast_signed));
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map_or(Literal::Real, |value| Literal::Integer(Some(value)));
    }
    Literal::Real
}
