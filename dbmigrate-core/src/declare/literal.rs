//! Default values: a Rust literal as SQL, if it agrees with the type of its field.

use proc_macro2::Span;
use syn::Lit;

use super::error::DeclareError;
use super::errors::suggest;
use super::known_type::{ColumnType, LiteralKind};
use crate::sql::Expr;
use crate::sql::name::{quote_blob, quote_string};

type Result<T> = std::result::Result<T, DeclareError>;

/// The SQL of a literal as the default of a column of type `ty` (if that is known). Errors are reported at `span`.
pub(super) fn default_expr(literal: &Lit, negative: bool, ty: Option<&ColumnType>, span: Span) -> Result<Expr> {
    let (kind, sql) = sql(literal, negative, span)?;
    if let Some(ty) = ty {
        check_kind(kind, literal, ty, span)?;
        check_value(literal, negative, ty, span)?;
    }
    Ok(Expr::new(sql))
}

fn sql(literal: &Lit, negative: bool, span: Span) -> Result<(LiteralKind, String)> {
    let sign = if negative { "-" } else { "" };
    let signed = |digits: &str| format!("{sign}{digits}");
    if negative && !matches!(literal, Lit::Int(_) | Lit::Float(_)) {
        return Err(DeclareError::new(span, "only numbers can have a minus sign"));
    }
    match literal {
        // `1f64` is an integer to the parser, and SQLite would store one
        Lit::Int(int) if int.suffix().starts_with('f') => {
            Ok((LiteralKind::Float, format!("{}.0", signed(int.base10_digits()))))
        }
        Lit::Int(int) => {
            let text = signed(int.base10_digits());
            if text.parse::<i64>().is_err() {
                return Err(DeclareError::new(span, format!("`{text}` does not fit in an SQL integer"))
                    .help("integers have 64 bits and a sign"));
            }
            Ok((LiteralKind::Integer, text))
        }
        Lit::Float(float) => Ok((LiteralKind::Float, signed(float.base10_digits()))),
        Lit::Str(text) => {
            let text = text_of(text);
            if text.contains('\0') {
                return Err(DeclareError::new(span, "SQL text cannot contain NUL characters"));
            }
            Ok((LiteralKind::Text, quote_string(&text)))
        }
        Lit::Char(char) => Ok((LiteralKind::Char, quote_string(&char.value().to_string()))),
        Lit::Bool(bool) => Ok((LiteralKind::Bool, if bool.value { "TRUE" } else { "FALSE" }.to_owned())),
        Lit::ByteStr(bytes) => Ok((LiteralKind::Bytes, quote_blob(&bytes.value()))),
        _ => Err(DeclareError::new(span, "this kind of literal has no SQL form")
            .help("accepted: integers, floats, strings, `true`, `false`, byte strings")),
    }
}

/// What a string literal says. In a file with the line ends of Windows rustc sees none of them, so neither may we: an
/// escape is what it says, but a raw literal has no escapes.
pub(super) fn text_of(literal: &syn::LitStr) -> String {
    let text = literal.value();
    if text.contains("\r\n") && literal.token().to_string().starts_with('r') {
        return text.replace("\r\n", "\n");
    }
    text
}

fn check_kind(kind: LiteralKind, literal: &Lit, ty: &ColumnType, span: Span) -> Result<()> {
    let Some(expected) = ty.literal else { return Ok(()) };
    let agrees = match (expected, kind) {
        (LiteralKind::Float, LiteralKind::Integer) | (LiteralKind::Text, LiteralKind::Char) => true,
        (LiteralKind::Char, LiteralKind::Text) => {
            matches!(literal, Lit::Str(text) if text.value().chars().count() == 1)
        }
        (expected, kind) => expected == kind,
    };
    if agrees {
        return Ok(());
    }
    Err(DeclareError::new(span, format!("the default is {}, but the field holds {}", noun(kind), noun(expected))).help(
        format!(
            "write `default = {}`, or `default_sql = \"…\"` for an SQL expression",
            meant(literal, expected).unwrap_or_else(|| example(expected).to_owned())
        ),
    ))
}

/// The literal that was probably meant: `"false"` of a bool is `false`.
fn meant(literal: &Lit, expected: LiteralKind) -> Option<String> {
    let value = match literal {
        Lit::Str(text) => text_of(text),
        Lit::Char(char) => char.value().to_string(),
        Lit::Int(int) => int.base10_digits().to_owned(),
        Lit::Float(float) => float.base10_digits().to_owned(),
        Lit::Bool(bool) => bool.value.to_string(),
        Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok()?,
        _ => return None,
    };
    let word = value.trim();
    match expected {
        LiteralKind::Bool => match word.to_ascii_lowercase().as_str() {
            "true" | "1" => Some("true".to_owned()),
            "false" | "0" => Some("false".to_owned()),
            _ => None,
        },
        LiteralKind::Integer => match literal {
            Lit::Bool(bool) => Some(i64::from(bool.value).to_string()),
            _ => word.parse::<i64>().ok().map(|number| number.to_string()),
        },
        LiteralKind::Float => {
            let number = word.parse::<f64>().ok().filter(|number| number.is_finite())?;
            Some(format!("{number:?}"))
        }
        LiteralKind::Text => Some(format!("{value:?}")),
        LiteralKind::Char => {
            let mut chars = value.chars();
            let only = chars.next().filter(|_| chars.next().is_none())?;
            Some(format!("{only:?}"))
        }
        LiteralKind::Bytes => value.is_ascii().then(|| format!("b{value:?}")),
    }
}

fn check_value(literal: &Lit, negative: bool, ty: &ColumnType, span: Span) -> Result<()> {
    let Some(values) = &ty.values else { return Ok(()) };
    let value = match literal {
        Lit::Str(text) => text_of(text),
        Lit::Int(int) if negative => format!("-{}", int.base10_digits()),
        Lit::Int(int) => int.base10_digits().to_owned(),
        _ => return Ok(()),
    };
    if values.contains(&value) {
        return Ok(());
    }
    let accepted: Vec<&str> = values.iter().map(String::as_str).collect();
    Err(DeclareError::new(span, format!("`{value}` is not a value of the field's type"))
        .help(suggest(&value, &accepted)))
}

fn noun(kind: LiteralKind) -> &'static str {
    match kind {
        LiteralKind::Integer => "an integer",
        LiteralKind::Bool => "a bool",
        LiteralKind::Float => "a float",
        LiteralKind::Text => "a text",
        LiteralKind::Char => "a character",
        LiteralKind::Bytes => "bytes",
    }
}

fn example(kind: LiteralKind) -> &'static str {
    match kind {
        LiteralKind::Integer => "1",
        LiteralKind::Bool => "true",
        LiteralKind::Float => "1.5",
        LiteralKind::Text => "\"text\"",
        LiteralKind::Char => "'c'",
        LiteralKind::Bytes => "b\"bytes\"",
    }
}
