//! What the default of a column is.

use crate::sql::Expr;
use crate::sql::expr::without_outer_parentheses;
use crate::sql::name::quote_string;
use crate::sql::token::{Token, TokenKind, significant, unquote};

/// A default, as far as its type is known.
pub(super) enum Value {
    Integer(String),
    Real(String, f64),
    Text(String),
    Boolean(bool),
    Blob,
    /// The time as text, with the words that it is written as.
    Clock(String),
    /// The time as a number of seconds.
    Seconds,
    /// What may be anything.
    Other,
}

impl Value {
    /// Reads a default.
    pub(super) fn of(default: &Expr) -> Self {
        let tokens = significant(default.as_str());
        let tokens = without_outer_parentheses(&tokens);
        match tokens {
            [one] => Self::of_token(one, ""),
            [sign, number] if matches!(sign.text, "-" | "+") && number.kind == TokenKind::Number => {
                Self::of_token(number, if sign.text == "-" { "-" } else { "" })
            }
            [function, open, inside @ .., close] if open.kind == TokenKind::Open && close.kind == TokenKind::Close => {
                let is = |names: &[&str]| names.iter().any(|name| function.is_word(name));
                let seconds = inside.first().is_some_and(|first| first.text.eq_ignore_ascii_case("'%s'"));
                match () {
                    () if inside.iter().any(|token| token.kind == TokenKind::Close) => Self::Other,
                    () if is(&["datetime", "date", "time"]) => Self::Clock(default.said()),
                    // `strftime('%s', 'now')` is text of digits, which a number is made of
                    () if is(&["strftime"]) && !seconds => Self::Clock(default.said()),
                    () if is(&["unixepoch"]) => Self::Seconds,
                    () => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }

    fn of_token(token: &Token<'_>, sign: &str) -> Self {
        let text = token.text.replace('_', "");
        match token.kind {
            TokenKind::Number if text.contains(['.', 'e', 'E']) && !text.starts_with("0x") => {
                Self::Real(format!("{sign}{text}"), text.parse().unwrap_or_default())
            }
            TokenKind::Number => Self::Integer(format!("{sign}{text}")),
            TokenKind::String => Self::Text(unquote(token.text)),
            TokenKind::Blob => Self::Blob,
            TokenKind::Word if token.is_word("true") => Self::Boolean(true),
            TokenKind::Word if token.is_word("false") => Self::Boolean(false),
            TokenKind::Word if CLOCKS.iter().any(|word| token.is_word(word)) => {
                Self::Clock(token.text.to_ascii_uppercase())
            }
            _ => Self::Other,
        }
    }

    /// The default as it is said in a message.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Integer(text) | Self::Real(text, _) => format!("the number {text}"),
            Self::Text(text) => quote_string(&Expr::new(text).said()),
            Self::Boolean(value) => value.to_string().to_uppercase(),
            Self::Blob => "a blob".to_owned(),
            Self::Clock(words) => format!("`{words}`"),
            Self::Seconds => "`unixepoch()`".to_owned(),
            Self::Other => "an expression".to_owned(),
        }
    }

    /// The text that a column of texts stores.
    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Integer(text) => quote_string(text),
            Self::Real(_, number) => quote_string(&format!("{number:?}")),
            Self::Boolean(value) => quote_string(&u8::from(*value).to_string()),
            other => other.said(),
        }
    }
}

/// The words for the time.
const CLOCKS: [&str; 3] = ["current_timestamp", "current_date", "current_time"];

/// Whether a column of numbers makes a number of a text.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(|char: char| char.is_ascii_digit() || matches!(char, '-' | '+' | '.')) && text.parse::<f64>().is_ok()
}

/// The expression that a text is, put into quotes by mistake: `'CURRENT_TIMESTAMP'`, `'now()'`.
pub(super) fn expression_in(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if CLOCKS.iter().any(|word| trimmed.eq_ignore_ascii_case(word)) {
        return Some(trimmed.to_ascii_uppercase());
    }
    let inside = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(trimmed);
    let (function, rest) = inside.split_once('(')?;
    if !rest.ends_with(')') {
        return None;
    }
    let function = function.trim().to_ascii_lowercase();
    match function.as_str() {
        "now" | "getdate" => Some("CURRENT_TIMESTAMP".to_owned()),
        "datetime" | "date" | "time" | "strftime" | "unixepoch" | "julianday" | "random" | "randomblob" => {
            Some(format!("({inside})"))
        }
        _ => None,
    }
}
