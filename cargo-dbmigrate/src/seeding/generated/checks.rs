//! Reads checks: what they say of one column, and which of two columns has to be the greater one. What is not understood
//! is left to the engine, which is asked about each row then.

use std::collections::BTreeMap;

use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::expr::without_outer_parentheses;
use dbmigrate_core::sql::token::{Token, TokenKind, significant, unquote};

use super::limits::{Case, JsonType, Limits};
use super::terms::{Compare, Kind, Tokens, enclosed, found, literal, operator, split, split_at};
use crate::seeding::rows::Value;

/// What the checks of a table say.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// By the column's place in the table.
    pub(super) limits: BTreeMap<usize, Limits>,
    /// Columns that have to stay below others: lower, higher, and whether they may not be equal.
    pub(super) orders: Vec<(usize, usize, bool)>,
    /// For each check, whether all of it was understood.
    pub(super) understood: Vec<bool>,
}

impl Checks {
    pub(super) fn of(table: &Table) -> Self {
        let mut checks = Self::default();
        for check in &table.checks {
            let tokens = significant(check.expr.as_str());
            let understood = Reader { table, checks: &mut checks }.all_of(&tokens);
            checks.understood.push(understood);
        }
        checks
    }
}

struct Reader<'a> {
    table: &'a Table,
    checks: &'a mut Checks,
}

/// The formats of `strftime` that columns are written in.
const FORMATS: [(&str, &str); 5] = [
    ("%Y-%m-%dT%H:%M:%fZ", "iso_ms"),
    ("%Y-%m-%dT%H:%M:%SZ", "iso"),
    ("%Y-%m-%d %H:%M:%S", "datetime"),
    ("%Y-%m-%d", "date"),
    ("%H:%M:%S", "time"),
];

/// What a comparison is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Itself,
    Length,
    Lower,
    Upper,
    Trim,
    JsonType,
    TypeOf,
    Moment(&'static str),
    /// What is left when divided by this.
    Rest(i64),
    /// How many characters from the first on.
    Start,
    /// Where a text is in it.
    Finds,
}

impl Reader<'_> {
    /// Terms that all have to hold.
    fn all_of(&mut self, tokens: Tokens<'_, '_>) -> bool {
        let tokens = without_outer_parentheses(tokens);
        let terms = split(tokens, "and");
        if terms.len() == 1 {
            return self.one_of(tokens);
        }
        // what is understood of them helps, even if something is not
        let mut understood = true;
        for term in terms {
            understood &= self.all_of(term);
        }
        understood
    }

    /// Terms of which one has to hold.
    fn one_of(&mut self, tokens: Tokens<'_, '_>) -> bool {
        let terms = split(tokens, "or");
        if terms.len() == 1 {
            return self.term(tokens);
        }
        // `a IS NULL OR …` about the same column
        let is_null = |term: &&[Token<'_>]| match term {
            [column @ .., is, null] if is.is_word("is") && null.is_word("null") => self.column(column),
            _ => None,
        };
        let terms: Vec<&[Token<'_>]> = terms.into_iter().map(without_outer_parentheses).collect();
        let nullable: Vec<usize> = terms.iter().filter_map(is_null).collect();
        let rest: Vec<&[Token<'_>]> = terms.iter().copied().filter(|term| is_null(term).is_none()).collect();
        if let ([column], [rest]) = (&nullable[..], &rest[..])
            && self.mentions_only(rest, *column)
        {
            return self.all_of(rest);
        }
        // `a = 1 OR a IN (2, 3)`
        let mut found: Option<(usize, Vec<Value>)> = None;
        for term in rest {
            let mut alone = Checks::default();
            let understood = Reader { table: self.table, checks: &mut alone }.term(term);
            let mut limits = alone.limits.into_iter();
            let (Some((column, limit)), None, true) = (limits.next(), limits.next(), understood) else { return false };
            let Some(values) = limit.one_of.clone() else { return false };
            if limit != (Limits { one_of: Some(values.clone()), ..Limits::default() }) {
                return false;
            }
            match &mut found {
                Some((known, all)) if *known == column => all.extend(values),
                Some(_) => return false,
                None => found = Some((column, values)),
            }
        }
        match found {
            Some((column, values)) if nullable.iter().all(|known| *known == column) => {
                self.limits(column).only(values);
                true
            }
            _ => false,
        }
    }

    fn limits(&mut self, column: usize) -> &mut Limits {
        self.checks.limits.entry(column).or_default()
    }

    /// One term; whether it was understood.
    fn term(&mut self, tokens: Tokens<'_, '_>) -> bool {
        let Some((at, operator)) = operator(tokens) else {
            return self.call_alone(tokens);
        };
        let (left, right) = (&tokens[..at], &tokens[at + operator.length..]);
        match operator.kind {
            Kind::Compare(compare) => {
                if let (Some(subject), Some(value)) = (self.subject(left), literal(right)) {
                    let value = if subject.0 == About::Finds { found(left, compare, &value) } else { Some(value) };
                    return value.is_some_and(|value| self.compare(subject, compare, value));
                }
                if let (Some(value), Some(subject)) = (literal(left), self.subject(right)) {
                    return self.compare(subject, compare.turned(), value);
                }
                self.two(left, compare, right)
            }
            Kind::Between => {
                let ends = split(right, "and");
                let [low, high] = ends[..] else { return false };
                match (self.subject(left), literal(low), literal(high)) {
                    (Some(subject), Some(low), Some(high)) => {
                        self.compare(subject, Compare::AtLeast, low) && self.compare(subject, Compare::AtMost, high)
                    }
                    _ => false,
                }
            }
            Kind::In(is_negated) => {
                let Some(inner) = enclosed(right) else { return false };
                let values: Option<Vec<Value>> =
                    split_at(inner, |token| token.kind == TokenKind::Comma).into_iter().map(literal).collect();
                match (self.subject(left), values) {
                    (Some((About::Itself, column)), Some(values)) if is_negated => {
                        self.limits(column).none_of.extend(values);
                        true
                    }
                    (Some((About::Itself, column)), Some(mut values)) => {
                        values.retain(|value| *value != Value::Null);
                        let mut distinct: Vec<Value> = Vec::new();
                        for value in values {
                            if !distinct.contains(&value) {
                                distinct.push(value);
                            }
                        }
                        self.limits(column).only(distinct);
                        true
                    }
                    (Some((About::JsonType, column)), Some(values)) if !is_negated => match values.first() {
                        Some(Value::Text(first)) => self.json(column, first),
                        _ => false,
                    },
                    _ => false,
                }
            }
            Kind::Pattern { is_glob, is_negated } => {
                let (Some((About::Itself, column)), [pattern]) = (self.subject(left), right) else { return false };
                if pattern.kind != TokenKind::String {
                    return false;
                }
                let limits = self.limits(column);
                let list = match (is_glob, is_negated) {
                    (false, false) => &mut limits.like,
                    (false, true) => &mut limits.unlike,
                    (true, false) => &mut limits.glob,
                    (true, true) => &mut limits.unglob,
                };
                list.push(unquote(pattern.text));
                true
            }
            Kind::NotNull => match self.subject(left) {
                Some((About::Moment(function), column)) => {
                    self.limits(column).moment = Some(function);
                    true
                }
                _ => false,
            },
        }
    }

    /// `json_valid(a)`
    fn call_alone(&mut self, tokens: Tokens<'_, '_>) -> bool {
        let [name, open, inner @ .., close] = tokens else { return false };
        if open.kind != TokenKind::Open || close.kind != TokenKind::Close || !name.is_word("json_valid") {
            return false;
        }
        match self.column(inner) {
            Some(column) => {
                self.limits(column).json.get_or_insert(JsonType::Any);
                true
            }
            None => false,
        }
    }

    fn json(&mut self, column: usize, kind: &str) -> bool {
        let kind = match kind {
            "array" => JsonType::Array,
            "object" => JsonType::Object,
            _ => return false,
        };
        self.limits(column).json = Some(kind);
        true
    }

    /// A column, or something that is known of it, on one side of a comparison.
    fn subject(&self, tokens: Tokens<'_, '_>) -> Option<(About, usize)> {
        let tokens = without_outer_parentheses(tokens);
        if let Some(column) = self.column(tokens) {
            return Some((About::Itself, column));
        }
        if let [column @ .., percent, number] = tokens
            && percent.text == "%"
            && let (Some(column), Ok(number)) = (self.column(column), number.text.parse::<i64>())
        {
            return Some((About::Rest(number), column));
        }
        let [name, open, inner @ .., close] = tokens else { return None };
        if name.kind != TokenKind::Word || open.kind != TokenKind::Open || close.kind != TokenKind::Close {
            return None;
        }
        let parts = split_at(inner, |token| token.kind == TokenKind::Comma);
        match (name.text.to_ascii_lowercase().as_str(), &parts[..]) {
            ("substr" | "substring", [column, [one], [_]]) if one.text == "1" => {
                return self.column(column).map(|column| (About::Start, column));
            }
            ("instr", [column, [text]]) if text.kind == TokenKind::String => {
                return self.column(column).map(|column| (About::Finds, column));
            }
            ("strftime", [[format], column]) => {
                let form = FORMATS.iter().find(|(known, _)| *known == unquote(format.text))?;
                return self.column(column).map(|column| (About::Moment(form.1), column));
            }
            _ => {}
        }
        let about = match name.text.to_ascii_lowercase().as_str() {
            "length" | "octet_length" => About::Length,
            "lower" => About::Lower,
            "upper" => About::Upper,
            "trim" => About::Trim,
            "json_type" => About::JsonType,
            "typeof" => About::TypeOf,
            "date" => About::Moment("date"),
            "time" => About::Moment("time"),
            "datetime" => About::Moment("datetime"),
            "julianday" | "unixepoch" => About::Moment("any"),
            _ => return None,
        };
        if about == About::Length
            && let Some((About::Trim, column)) = self.subject(inner)
        {
            return Some((About::Length, column));
        }
        self.column(inner).map(|column| (about, column))
    }

    fn compare(&mut self, (about, column): (About, usize), compare: Compare, value: Value) -> bool {
        let number = match &value {
            #[expect(clippy::cast_precision_loss, reason = "a bound of that size is met with room")]
            Value::Integer(integer) => Some(*integer as f64),
            Value::Real(real) => Some(*real),
            _ => None,
        };
        let limits = self.checks.limits.entry(column).or_default();
        match (about, compare) {
            (About::Itself, Compare::Equal) => limits.only(vec![value]),
            (About::Itself, Compare::Not) => limits.none_of.push(value),
            (About::Itself, _) => {
                let Some(number) = number else { return false };
                match compare {
                    Compare::Less => limits.at_most(number, true),
                    Compare::AtMost => limits.at_most(number, false),
                    Compare::More => limits.at_least(number, true),
                    _ => limits.at_least(number, false),
                }
            }
            (About::Length, _) => {
                let Value::Integer(length) = value else { return false };
                let Ok(length) = u64::try_from(length) else { return false };
                match compare {
                    Compare::Equal => {
                        limits.longer(length);
                        limits.shorter(length);
                    }
                    Compare::Less => limits.shorter(length.saturating_sub(1)),
                    Compare::AtMost => limits.shorter(length),
                    Compare::More => limits.longer(length + 1),
                    Compare::AtLeast => limits.longer(length),
                    Compare::Not if length == 0 => limits.longer(1),
                    Compare::Not => return false,
                }
            }
            (About::Start, Compare::Equal) => {
                let Value::Text(text) = value else { return false };
                // a pattern has no way to say these
                if text.contains(['%', '_']) || text.is_empty() {
                    return false;
                }
                limits.like.push(format!("{text}%"));
            }
            (About::Finds, Compare::Equal) => {
                let Value::Text(text) = value else { return false };
                limits.unlike.push(format!("%{text}%"));
            }
            (About::Trim, Compare::Not) if value == Value::Text(String::new()) => limits.longer(1),
            (About::JsonType, Compare::Equal) => {
                let Value::Text(kind) = value else { return false };
                return self.json(column, &kind);
            }
            (About::TypeOf, Compare::Equal) => {
                let Value::Text(kind) = value else { return false };
                limits.type_of = Some(kind);
            }
            (About::Rest(divisor), Compare::Equal) if value == Value::Integer(0) && divisor > 0 => {
                limits.multiple_of = Some(divisor);
            }
            _ => return false,
        }
        true
    }

    /// Two columns, or a column and something that is made of it.
    fn two(&mut self, left: Tokens<'_, '_>, compare: Compare, right: Tokens<'_, '_>) -> bool {
        let (Some((left, first)), Some((right, second))) = (self.subject(left), self.subject(right)) else {
            return false;
        };
        let strict = matches!(compare, Compare::Less | Compare::More);
        match (left, compare, right) {
            (About::Itself, Compare::Less | Compare::AtMost, About::Itself) if first != second => {
                self.checks.orders.push((first, second, strict));
                true
            }
            (About::Itself, Compare::More | Compare::AtLeast, About::Itself) if first != second => {
                self.checks.orders.push((second, first, strict));
                true
            }
            (About::Itself, Compare::Equal, about) | (about, Compare::Equal, About::Itself) if first == second => {
                let limits = self.limits(first);
                match about {
                    About::Lower => limits.case = Some(Case::Lower),
                    About::Upper => limits.case = Some(Case::Upper),
                    About::Trim => limits.is_trimmed = true,
                    About::Moment(function) if function != "any" => limits.moment = Some(function),
                    _ => return false,
                }
                true
            }
            _ => false,
        }
    }

    /// The column that these tokens are, bare or with its table.
    fn column(&self, tokens: Tokens<'_, '_>) -> Option<usize> {
        let token = match without_outer_parentheses(tokens) {
            [name] => name,
            [table, dot, name] if dot.kind == TokenKind::Dot && self.table.name == *table.identifier()?.as_str() => {
                name
            }
            _ => return None,
        };
        if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) {
            return None;
        }
        let name = Name::from(token.identifier()?);
        self.table.columns.iter().position(|column| column.name == name)
    }

    fn mentions_only(&self, tokens: Tokens<'_, '_>, column: usize) -> bool {
        let columns = self.table.columns.iter().enumerate();
        let is_it = |token: &Token<'_>, name: &Name| {
            matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
                && token.identifier().is_some_and(|text| *name == *text)
        };
        columns.filter(|(at, _)| *at != column).all(|(_, other)| !tokens.iter().any(|token| is_it(token, &other.name)))
    }
}
