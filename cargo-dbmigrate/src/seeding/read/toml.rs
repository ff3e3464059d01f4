//! A TOML file as a tree of values.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, Kind, Node};
use crate::diagnostic::Diagnostic;

/// Reads a file's text.
///
/// # Errors
/// Where it is not TOML.
pub(crate) fn parse(text: &str, file: &Path) -> Result<Node, Box<Diagnostic>> {
    let table = DeTable::parse(text).map_err(|error| {
        // its messages may take several lines
        let lines = error.message().lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.collect::<Vec<_>>().join(", ");
        Box::new(Diagnostic::error(message).at(file, error.span().unwrap_or(0..0), ""))
    })?;
    let span = table.span();
    let kind = Kind::Table(entries(table.into_inner(), file)?);
    Ok(Node { span, kind })
}

fn entries(table: DeTable<'_>, file: &Path) -> Result<Vec<Entry>, Box<Diagnostic>> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let (key_span, key) = (key.span(), key.into_inner().into_owned());
        entries.push(Entry { key, key_span, value: node(value, file)? });
    }
    // the crate keeps them by name
    entries.sort_by_key(|entry| entry.key_span.start);
    Ok(entries)
}

fn node(value: Spanned<DeValue<'_>>, file: &Path) -> Result<Node, Box<Diagnostic>> {
    let span = value.span();
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Boolean(value) => Kind::Bool(value),
        DeValue::Datetime(date) => Kind::Date(date),
        DeValue::Integer(integer) => {
            let Ok(integer) = i64::from_str_radix(integer.as_str(), integer.radix()) else {
                let message = "the number does not fit in an SQL integer, which has 64 bits and a sign";
                return Err(Box::new(Diagnostic::error(message).at(file, span, "")));
            };
            Kind::Integer(integer)
        }
        DeValue::Float(float) => Kind::Real(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Array(list) => Kind::List(list.into_iter().map(|value| node(value, file)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => Kind::Table(entries(table, file)?),
    };
    Ok(Node { span, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_places_and_keep_the_order_of_the_file() {
        let text = "b = 1\na = { x = 0xFF }\n[[users]]\nborn = 2024-01-02\n[[users]]\nrate = 1_0.5\n";
        let node = parse(text, Path::new("a.toml")).expect("it is TOML");
        let keys: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "users"]);
        let hex = node.get("a").and_then(|a| a.get("x")).expect("it is there");
        assert_eq!((&text[hex.span.clone()], &hex.kind), ("0xFF", &Kind::Integer(255)));
        let Some(Kind::List(rows)) = node.get("users").map(|users| &users.kind) else { panic!("{node:?}") };
        let Some(Kind::Date(born)) = rows[0].get("born").map(|born| &born.kind) else { panic!("{rows:?}") };
        assert_eq!(born.to_string(), "2024-01-02");
        assert_eq!(rows[1].get("rate").map(|rate| &rate.kind), Some(&Kind::Real(10.5)));
        let error = parse("a = 9223372036854775808", Path::new("a.toml")).expect_err("it is too large");
        assert!(error.message.contains("64 bits"), "{error:?}");
        let error = parse("a = \nb = 1", Path::new("a.toml")).expect_err("it is no TOML");
        assert!(!error.message.is_empty() && !error.labels.is_empty(), "{error:?}");
    }
}
