//! Reads expressions, operators by their precedence (sqlite.org/lang_expr.html).

use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::keyword::is_reserved;
use dbmigrate_core::sql::token::{Token, TokenKind};

use super::ast::Expr;
use super::parse::Parser;

/// What binds more strongly is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Equal,
    Less,
    Bits,
    Sum,
    Product,
    Concat,
}

impl<'s> Parser<'_, 's> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Option<Expr> {
        self.binding(Binding::Or)
    }

    /// An expression of operators that bind at least so strongly.
    fn binding(&mut self, least: Binding) -> Option<Expr> {
        self.nested(|parser| parser.operators(least))
    }

    fn operators(&mut self, least: Binding) -> Option<Expr> {
        let mut left = if least <= Binding::Not && self.is_word("not") && !self.is_not_exists() {
            self.at += 1;
            Expr::Condition(vec![self.binding(Binding::Not)?])
        } else {
            self.unary()?
        };
        while let Some(binding) = self.peek_operator().filter(|binding| *binding >= least) {
            left = self.infix(left, binding)?;
        }
        Some(left)
    }

    fn is_not_exists(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|next| next.is_word("exists"))
    }

    /// How strongly the operator binds that comes next.
    fn peek_operator(&self) -> Option<Binding> {
        let token = self.peek()?;
        if token.kind == TokenKind::Operator {
            return match token.text {
                "=" | "==" | "<>" | "!=" => Some(Binding::Equal),
                "<" | "<=" | ">" | ">=" => Some(Binding::Less),
                "&" | "|" | "<<" | ">>" => Some(Binding::Bits),
                "+" | "-" => Some(Binding::Sum),
                "*" | "/" | "%" => Some(Binding::Product),
                "||" | "->" | "->>" => Some(Binding::Concat),
                _ => None,
            };
        }
        let is = |words: &[&str]| words.iter().any(|word| token.is_word(word));
        if is(&["or"]) {
            Some(Binding::Or)
        } else if is(&["and"]) {
            Some(Binding::And)
        } else if is(&["is", "in", "like", "glob", "match", "regexp", "between", "isnull", "notnull", "not"]) {
            Some(Binding::Equal)
        } else {
            None
        }
    }

    /// The operator that comes next, with what stands to its right.
    fn infix(&mut self, left: Expr, binding: Binding) -> Option<Expr> {
        let operator = self.next()?;
        let stronger = match binding {
            Binding::Or => Binding::And,
            Binding::And => Binding::Not,
            Binding::Not | Binding::Equal => Binding::Less,
            Binding::Less => Binding::Bits,
            Binding::Bits => Binding::Sum,
            Binding::Sum => Binding::Product,
            Binding::Product => Binding::Concat,
            Binding::Concat => return self.tight(&operator, left),
        };
        if operator.kind == TokenKind::Word && binding == Binding::Equal {
            return self.condition(&operator, left);
        }
        let right = self.binding(stronger)?;
        let (left, right) = (Box::new(left), Box::new(right));
        Some(match operator.text {
            "+" | "-" | "*" => Expr::Arithmetic(left, right),
            "/" | "%" => Expr::Division(left, right),
            _ if binding == Binding::Bits => Expr::Bits(vec![*left, *right]),
            _ => Expr::Condition(vec![*left, *right]),
        })
    }

    /// `||` and what reads JSON.
    fn tight(&mut self, operator: &Token<'_>, left: Expr) -> Option<Expr> {
        let right = self.unary()?;
        Some(match operator.text {
            "||" => Expr::Concat(Box::new(left), Box::new(right)),
            "->" => Expr::Json,
            _ => Expr::Unknown,
        })
    }

    /// The words that compare.
    fn condition(&mut self, operator: &Token<'_>, left: Expr) -> Option<Expr> {
        let negated = operator.is_word("not");
        let operator = if negated { self.next()? } else { *operator };
        if operator.is_word("isnull") || operator.is_word("notnull") || (negated && operator.is_word("null")) {
            return Some(Expr::Certain);
        }
        if operator.is_word("is") {
            self.word("not");
            if self.word("distinct") && !self.word("from") {
                return None;
            }
            self.binding(Binding::Less)?;
            return Some(Expr::Certain);
        }
        if operator.is_word("between") {
            let low = self.binding(Binding::Less)?;
            if !self.word("and") {
                return None;
            }
            let high = self.binding(Binding::Less)?;
            return Some(Expr::Condition(vec![left, low, high]));
        }
        if operator.is_word("in") {
            return self.among(left);
        }
        let right = self.binding(Binding::Less)?;
        if self.word("escape") {
            self.binding(Binding::Less)?;
        }
        let is_ours = operator.is_word("like") || operator.is_word("glob");
        Some(if is_ours { Expr::Condition(vec![left, right]) } else { Expr::Unknown })
    }

    /// `IN` behind its word.
    fn among(&mut self, left: Expr) -> Option<Expr> {
        if !self.take(TokenKind::Open) {
            // `IN table`, which may have NULLs
            self.name()?;
            if self.take(TokenKind::Dot) {
                self.name()?;
            }
            if self.take(TokenKind::Open) {
                self.skip_parentheses()?;
            }
            return Some(Expr::Condition(vec![Expr::Null]));
        }
        if self.begins_query() {
            let query = self.select()?;
            self.expect(TokenKind::Close)?;
            return Some(Expr::InQuery(Box::new(left), Box::new(query)));
        }
        let mut list = self.list()?;
        list.push(left);
        Some(Expr::Condition(list))
    }

    /// What is before a primary, the primary, and the collations behind it.
    fn unary(&mut self) -> Option<Expr> {
        let operator = self.peek()?;
        let expr = match operator.text {
            "-" => {
                self.at += 1;
                Expr::Minus(Box::new(self.nested(Self::unary)?))
            }
            "+" => {
                self.at += 1;
                self.nested(Self::unary)?
            }
            "~" => {
                self.at += 1;
                Expr::Bits(vec![self.nested(Self::unary)?])
            }
            _ => self.primary()?,
        };
        while self.word("collate") {
            self.name()?;
        }
        Some(expr)
    }

    fn primary(&mut self) -> Option<Expr> {
        let token = self.next()?;
        match token.kind {
            TokenKind::Number => Some(number(token.text)),
            TokenKind::String => Some(Expr::Text),
            TokenKind::Blob => Some(Expr::Blob),
            TokenKind::Open if self.begins_query() => {
                let query = self.select()?;
                self.expect(TokenKind::Close)?;
                Some(Expr::Query(Box::new(query)))
            }
            TokenKind::Open => {
                let list = self.list()?;
                let mut list = list.into_iter();
                let first = list.next()?;
                // a row has a type of its own only where it is compared
                Some(if list.next().is_some() { Expr::Unknown } else { first })
            }
            TokenKind::QuotedName => self.named(&token),
            TokenKind::Word => self.begun(&token),
            _ => None,
        }
    }

    /// What begins with a word.
    fn begun(&mut self, word: &Token<'s>) -> Option<Expr> {
        let calls = self.is(TokenKind::Open);
        let is = |text: &str| word.is_word(text);
        if is("null") {
            return Some(Expr::Null);
        }
        if is("current_date") || is("current_time") || is("current_timestamp") {
            return Some(Expr::Text);
        }
        if is("case") {
            return self.case();
        }
        if is("cast") {
            return self.cast();
        }
        if (is("not") && self.word("exists")) || is("exists") {
            self.expect(TokenKind::Open)?;
            self.select()?;
            self.expect(TokenKind::Close)?;
            return Some(Expr::Certain);
        }
        if is("raise") {
            self.expect(TokenKind::Open)?;
            self.skip_parentheses()?;
            return Some(Expr::Null);
        }
        if calls {
            self.at += 1;
            return self.call(word.text);
        }
        if is_reserved(word.text) {
            return None;
        }
        self.named(word)
    }

    /// A column, with the table or without.
    fn named(&mut self, first: &Token<'s>) -> Option<Expr> {
        let quoted = first.kind == TokenKind::QuotedName && first.text.starts_with('"');
        if self.is(TokenKind::Open) {
            self.at += 1;
            return self.call(&first.identifier()?);
        }
        let mut names = vec![Name::from(first.identifier()?)];
        while self.take(TokenKind::Dot) {
            names.push(self.name()?);
        }
        let name = names.pop()?;
        let table = names.pop();
        Some(Expr::Column { quoted: quoted && table.is_none(), table, name })
    }

    fn case(&mut self) -> Option<Expr> {
        if !self.is_word("when") {
            self.expr()?;
        }
        let mut values = Vec::new();
        while self.word("when") {
            self.expr()?;
            if !self.word("then") {
                return None;
            }
            values.push(self.expr()?);
        }
        values.push(if self.word("else") { self.expr()? } else { Expr::Null });
        self.word("end").then_some(Expr::Case(values))
    }
}

/// A number without a sign: what does not fit into 64 bits is a real one.
fn number(text: &str) -> Expr {
    let text = text.replace('_', "").to_ascii_lowercase();
    if text.starts_with("0x") {
        return Expr::Integer { zero: text.trim_start_matches(['0', 'x']).is_empty() };
    }
    match text.parse::<i64>() {
        Ok(number) => Expr::Integer { zero: number == 0 },
        Err(_) => Expr::Real { zero: text.parse() == Ok(0.0) },
    }
}
