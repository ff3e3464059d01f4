//! Defaults: as a Rust literal where that says the same, else as SQL.

use dbmigrate_core::declare::LiteralKind;
use dbmigrate_core::sql::Expr;
use dbmigrate_core::sql::name::quote_string;
use dbmigrate_core::sql::token::{TokenKind, significant, unquote};

use super::arguments::Argument;
use super::literal::string;

/// `default = …` or `default_sql = "…"` of a field whose literals are of `kind`, and one of `values` if it is an enum.
pub(super) fn argument(default: &Expr, kind: LiteralKind, values: Option<&[String]>) -> Argument {
    let is_value = || values.is_none_or(|values| values.iter().any(|value| Expr::new(quote_string(value)) == *default));
    match literal(default, kind).filter(|_| is_value()) {
        Some(literal) => Argument::Plain(format!("default = {literal}")),
        None => Argument::text("default_sql", default.as_str()),
    }
}

fn literal(default: &Expr, kind: LiteralKind) -> Option<String> {
    let tokens = significant(default.as_str());
    let (sign, token) = match &tokens[..] {
        [token] => ("", token),
        [minus, token] if minus.text == "-" => ("-", token),
        _ => return None,
    };
    let number = || (token.kind == TokenKind::Number).then(|| format!("{sign}{}", token.text));
    match kind {
        LiteralKind::Integer => number().filter(|text| is_integer(text)),
        LiteralKind::Float => number().filter(|text| is_integer(text) || is_decimal(text)),
        // SQLite has no other values for them than 0 and 1
        LiteralKind::Bool => match default.canonical().as_str() {
            "0" | "false" => Some("false".to_owned()),
            "1" | "true" => Some("true".to_owned()),
            _ => None,
        },
        LiteralKind::Text if token.kind == TokenKind::String => {
            Some(unquote(token.text)).filter(|text| !text.contains('\0')).map(|text| string(&text))
        }
        LiteralKind::Bytes if token.kind == TokenKind::Blob => bytes(token.text),
        _ => None,
    }
}

/// An integer that Rust and SQL write alike: no sign but minus, no leading zeros, no hexadecimal digits.
fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|value| value.to_string() == text)
}

fn is_decimal(text: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.split_once('.').is_some_and(|(whole, part)| all_digits(whole) && all_digits(part))
}

/// `x'00ff'` as `b"\x00\xff"`.
fn bytes(blob: &str) -> Option<String> {
    let digits = blob.get(2..)?.strip_suffix('\'')?;
    let values: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    Some(format!("b\"{}\"", values?.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_the_fields_type_are_written_in_rust() {
        for (sql, kind, expected) in [
            ("-1", LiteralKind::Integer, Some("-1")),
            ("0x10", LiteralKind::Integer, None),
            ("007", LiteralKind::Integer, None),
            ("'1'", LiteralKind::Integer, None),
            ("1.50", LiteralKind::Float, Some("1.50")),
            ("1", LiteralKind::Float, Some("1")),
            ("1e3", LiteralKind::Float, None),
            ("1", LiteralKind::Bool, Some("true")),
            ("FALSE", LiteralKind::Bool, Some("false")),
            ("2", LiteralKind::Bool, None),
            ("'it''s'", LiteralKind::Text, Some("\"it's\"")),
            ("1", LiteralKind::Text, None),
            ("X'00fF41'", LiteralKind::Bytes, Some("b\"\\x00\\xffA\"")),
            ("CURRENT_TIMESTAMP", LiteralKind::Text, None),
            ("- -1", LiteralKind::Integer, None),
        ] {
            assert_eq!(literal(&Expr::new(sql), kind).as_deref(), expected, "{sql}");
        }
    }
}
