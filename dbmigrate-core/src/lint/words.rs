//! What a column says of what it holds: by its name, its type, its checks and its default.

use crate::schema::{Column, Reads, Schema, Table};
use crate::sql::expr::{Affinity, without_outer_parentheses};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

/// Whether a column holds true or false, as numbers: by its type, by the struct's field, by a check for 0 and 1, or by the
/// name of an integer (`is_active`).
pub fn is_boolean(schema: &Schema, table: &Table, column: &Column) -> bool {
    let upper = column.decl_type.as_str().to_ascii_uppercase();
    let reads = schema.reads.get(&(table.name.clone(), column.name.clone()));
    upper.contains("BOOL")
        || reads == Some(&Reads::Bool)
        || listed_values(table, &column.name).is_some_and(|mut values| {
            values.sort();
            values == ["0", "1"]
        })
        || (table.affinity(column) == Affinity::Integer && is_named_as_boolean(&column.name))
}

/// Whether a name begins as that of something that is true or false: `is_open`, `hasImage`.
pub fn is_named_as_boolean(name: &Name) -> bool {
    let text = name.as_str();
    let camel = |prefix: &str| {
        text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_uppercase()))
    };
    begins(text, "is_") || begins(text, "has_") || camel("is") || camel("has")
}

/// Whether a text begins with another, in any case of letters.
fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
}

/// Whether a text ends with another, in any case of letters.
fn ends(text: &str, with: &str) -> bool {
    text.len().checked_sub(with.len()).and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(with))
}

/// The values that a check allows, as they are written: `status IN ('a', 'b')`, `flag BETWEEN 0 AND 1`, also with `OR status
/// IS NULL`.
pub fn listed_values(table: &Table, column: &Name) -> Option<Vec<String>> {
    let name = column.as_str().as_bytes();
    let names_it = |check: &Expr| {
        name.is_empty() || check.as_str().as_bytes().windows(name.len()).any(|part| part.eq_ignore_ascii_case(name))
    };
    table.checks.iter().filter(|check| names_it(&check.expr)).find_map(|check| values_of(&check.expr, column))
}

fn values_of(check: &Expr, column: &Name) -> Option<Vec<String>> {
    let tokens = significant(check.as_str());
    let tokens = without_outer_parentheses(&tokens);
    let is_column = |token: &Token<'_>| is_name(token) && token.identifier().is_some_and(|name| *column == *name);
    tokens.split(|token| token.is_word("or")).find_map(|condition| match without_outer_parentheses(condition) {
        [name, word, open, values @ .., close]
            if is_column(name)
                && word.is_word("in")
                && open.kind == TokenKind::Open
                && close.kind == TokenKind::Close =>
        {
            let values = values.split(|token| token.kind == TokenKind::Comma);
            values.map(|value| if let [value] = value { Some(value.text.to_owned()) } else { None }).collect()
        }
        [name, between, low, and, high]
            if is_column(name)
                && between.is_word("between")
                && and.is_word("and")
                && (low.text, high.text) == ("0", "1") =>
        {
            Some(vec!["0".to_owned(), "1".to_owned()])
        }
        _ => None,
    })
}

/// How a column holds times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// As text.
    Text,
    /// As a number of seconds.
    Seconds,
    /// As a number of milliseconds.
    Milliseconds,
    /// As an integer that nothing tells the unit of.
    Integer,
    /// As a number with a fraction.
    Real,
}

impl Times {
    /// Whether a column that holds times in one way cannot be compared with one that holds them in the other.
    pub fn contradicts(self, other: Self) -> bool {
        let is_integer = |times| matches!(times, Self::Seconds | Self::Milliseconds | Self::Integer);
        match (self, other) {
            (Self::Integer, other) | (other, Self::Integer) => !is_integer(other),
            (one, other) => one != other,
        }
    }

    /// What they are, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Integer => "integers",
            Self::Real => "numbers with a fraction",
        }
    }
}

/// How a column holds times; `None` if it does not seem to hold any, or does not say.
pub fn times(table: &Table, column: &Column) -> Option<Times> {
    // most columns are none, and all columns of a table are looked at whenever one changes
    let declared = column.decl_type.as_str();
    let is_typed = begins(declared, "DATETIME") || begins(declared, "TIMESTAMP");
    if !is_typed && !is_named_as_time(&column.name) {
        return None;
    }
    let default = column.default.as_ref().map(|default| default.as_str().to_ascii_lowercase()).unwrap_or_default();
    let counts_seconds = default.contains("unixepoch") || default.contains("%s");
    let unit = match default.contains("1000") || default.contains("subsec") {
        true => Times::Milliseconds,
        false => Times::Seconds,
    };
    let is_text = default.contains("current_timestamp") || (default.contains("('now'") && default.contains("date"));
    match table.affinity(column) {
        Affinity::Text => Some(Times::Text),
        Affinity::Real => Some(Times::Real),
        _ if counts_seconds => Some(unit),
        // what is stored in an integer then is text all the same, which is `default_type_mismatch`
        Affinity::Integer if is_text => None,
        Affinity::Integer if ["_ms", "millis"].iter().any(|end| ends(column.name.as_str(), end)) => {
            Some(Times::Milliseconds)
        }
        Affinity::Integer => Some(Times::Integer),
        Affinity::Numeric | Affinity::Blob => is_text.then_some(Times::Text),
    }
}

/// Whether a name is that of a time: `created_at`, `updatedAt`, `timestamp`.
fn is_named_as_time(name: &Name) -> bool {
    let text = name.as_str();
    let camel = || {
        text.strip_suffix("At").is_some_and(|rest| rest.ends_with(|char: char| char.is_ascii_lowercase()))
            && text.starts_with(|char: char| char.is_ascii_lowercase())
    };
    let end = ["_ms", "_utc"].iter().find(|end| ends(text, end)).map_or(0, |end| end.len());
    let stem = &text[..text.len() - end];
    ends(stem, "_at") || stem.eq_ignore_ascii_case("timestamp") || ends(stem, "_timestamp") || camel()
}

/// Whether a token can be a name.
pub fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    #[test]
    fn a_time_is_known_by_its_type_or_its_name_and_its_unit_by_its_default() {
        let is = |column: &str| {
            let Ok(Object::Table(table)) = read(&format!("CREATE TABLE t ({column})")) else { panic!("{column}") };
            times(&table, &table.columns[0])
        };
        for (column, wanted) in [
            ("created_at TEXT", Some(Times::Text)),
            ("createdAt INTEGER", Some(Times::Integer)),
            ("created_at INTEGER DEFAULT (unixepoch())", Some(Times::Seconds)),
            ("created_at INTEGER DEFAULT (strftime('%s', 'now') * 1000)", Some(Times::Milliseconds)),
            ("seen DATETIME DEFAULT CURRENT_TIMESTAMP", Some(Times::Text)),
            ("seen DATETIME DEFAULT (datetime('now'))", Some(Times::Text)),
            ("seen TIMESTAMP", None),
            ("seen_at REAL", Some(Times::Real)),
            ("format TEXT", None),
            ("CREATEDAT TEXT", None),
            ("lat REAL", None),
        ] {
            assert_eq!(is(column), wanted, "{column}");
        }
    }

    #[test]
    fn a_boolean_is_known_by_its_type_its_check_or_its_name() {
        let is = |column: &str| {
            let Ok(Object::Table(table)) = read(&format!("CREATE TABLE t ({column})")) else { panic!("{column}") };
            is_boolean(&Schema::default(), &table, &table.columns[0])
        };
        for column in [
            "a BOOLEAN",
            "a bool NOT NULL",
            "a INTEGER CHECK (a IN (0, 1))",
            "a INTEGER CHECK (\"a\" in (1,0) or a is null)",
            "a INT CHECK (a BETWEEN 0 AND 1)",
            "is_open INTEGER",
            "hasImage INT",
        ] {
            assert!(is(column), "{column}");
        }
        for column in ["a INTEGER", "a INTEGER CHECK (a IN (0, 1, 2))", "is_open TEXT", "issue INTEGER", "hash INTEGER"]
        {
            assert!(!is(column), "{column}");
        }
    }
}
