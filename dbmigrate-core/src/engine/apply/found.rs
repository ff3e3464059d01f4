//! What a preflight found, in words.

use std::fmt::Write as _;

use crate::engine::value::Value;

use crate::engine::connection::display;
use crate::plan::KEYS_SHOWN;

/// The message of a preflight, with the values of the row that came back in the places of its `{}`.
pub(super) fn fill(message: Option<&str>, row: &[Value]) -> String {
    filled_in(message, &row.iter().map(display).collect::<Vec<_>>())
}

/// The same with the values as they are shown.
pub fn filled_in(message: Option<&str>, values: &[String]) -> String {
    let Some(message) = message else {
        return format!("a query that must return no rows returned: {}", values.join(", "));
    };
    let mut values = values.iter();
    let mut filled = String::new();
    let mut parts = message.split("{}");
    filled.push_str(parts.next().unwrap_or_default());
    let mut is_one = false;
    for part in parts {
        let value = values.next().map_or("", String::as_str);
        is_one |= value == "1" && COUNTED.iter().any(|(plural, _)| part.starts_with(plural));
        filled.push_str(value);
        filled.push_str(&if is_one { singular(part) } else { part.to_owned() });
    }
    filled
}

/// Adds the keys behind the first one, which the message ends with.
pub(super) fn add_keys(message: &mut String, keys: &[Vec<Value>]) {
    let shown: Vec<String> = keys.iter().filter_map(|row| row.first()).map(display).collect();
    let others: Vec<&str> =
        shown.iter().map(String::as_str).filter(|key| !message.ends_with(&format!(": {key}"))).collect();
    if let Some(first) = others.get(..others.len().min(KEYS_SHOWN - 1)).filter(|first| !first.is_empty()) {
        let more = if shown.len() > KEYS_SHOWN { " and others" } else { "" };
        let _ = write!(message, ", also {}{more}", first.join(", "));
    }
}

/// What generated preflights count, with the verbs that go with it: for many, for one.
const COUNTED: [(&str, &str); 8] = [
    (" rows have ", " row has "),
    (" rows ", " row "),
    (" values ", " value "),
    (" are not ", " is not "),
    (" duplicates ", " duplicate "),
    (" violate CHECK ", " violates CHECK "),
    (" reference missing ", " references missing "),
    // as earlier versions wrote it
    (" refer through ", " refers through "),
];

fn singular(text: &str) -> String {
    COUNTED.iter().fold(text.to_owned(), |text, (plural, singular)| text.replacen(plural, singular, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_finding_is_said_in_the_singular() {
        let message = "{} values of `a.b` are not INTEGER, as the table becomes STRICT, first at rowid {}: {}";
        let said = |count| {
            fill(Some(message), &[Value::Integer(count), Value::Integer(1), Value::Text("'{} are not'".to_owned())])
        };
        let rest = "INTEGER, as the table becomes STRICT, first at rowid 1: '{} are not'";
        assert_eq!(said(1), format!("1 value of `a.b` is not {rest}"));
        assert_eq!(said(2), format!("2 values of `a.b` are not {rest}"));
    }
}
