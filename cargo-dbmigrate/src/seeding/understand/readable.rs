//! Whether the structs can read a value: SQLite stores `membr` in a column of text, and an enum cannot read it.

use dbmigrate_core::schema::Reads;
use toml::value::Datetime;

use crate::error::did_you_mean;
use crate::seeding::convert::Misfit;
use crate::seeding::rows::Value;

/// How many words are listed.
const MOST_LISTED: usize = 12;

/// Why a value cannot be read, if it cannot.
pub(super) fn misfit(reads: &Reads, value: &Value) -> Option<Misfit> {
    let wanted = match (reads, value) {
        (Reads::Words(words), Value::Text(text)) => return among(words, text),
        (Reads::Numbers(numbers), Value::Integer(number)) => return among(numbers, &number.to_string()),
        (Reads::Bool, Value::Integer(number)) if !matches!(number, 0 | 1) => "a boolean".to_owned(),
        (Reads::Integer(_, least, most), Value::Integer(number)) if !(*least..=*most).contains(number) => {
            format!("an integer from {least} to {most}")
        }
        (Reads::Char, Value::Text(text)) if text.chars().count() != 1 => "one character".to_owned(),
        (Reads::Json, Value::Text(text)) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() => {
            "JSON".to_owned()
        }
        (Reads::Date, Value::Text(text)) if !is_moment(text, (true, false)) => "a date such as 2024-02-29".to_owned(),
        (Reads::Time, Value::Text(text)) if !is_moment(text, (false, true)) => "a time such as 23:59:59".to_owned(),
        (Reads::DateTime, Value::Text(text)) if !is_moment(text, (true, true)) => {
            "a date with a time such as 2024-02-29 23:59:59".to_owned()
        }
        (Reads::Uuid, Value::Text(text)) if !is_uuid(text) => "a UUID".to_owned(),
        _ => return None,
    };
    Some(Misfit { wanted, help: None })
}

fn among(words: &[String], found: &str) -> Option<Misfit> {
    if words.iter().any(|word| word == found) {
        return None;
    }
    let listed: Vec<String> = words.iter().take(MOST_LISTED).map(|word| format!("`{word}`")).collect();
    let more = if words.len() > MOST_LISTED { ", …" } else { "" };
    let meant = did_you_mean(found, words.iter().map(String::as_str));
    let help = meant.map(|meant| format!("did you mean `{meant}`?"));
    Some(Misfit { wanted: format!("one of {}{more}", listed.join(", ")), help })
}

/// Whether a text is a date, a time, or both.
fn is_moment(text: &str, (has_date, has_time): (bool, bool)) -> bool {
    text.parse::<Datetime>().is_ok_and(|moment| moment.date.is_some() == has_date && moment.time.is_some() == has_time)
}

fn is_uuid(text: &str) -> bool {
    let digits: String = text.chars().filter(|char| !matches!(char, '-' | '{' | '}')).collect();
    let digits = digits.strip_prefix("urn:uuid:").unwrap_or(&digits);
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_structs_cannot_read_is_a_misfit() {
        let text = |text: &str| Value::Text(text.to_owned());
        let wanted = |reads: Reads, value: Value| misfit(&reads, &value).map(|misfit| misfit.wanted);
        let words = || Reads::Words(vec!["admin".to_owned(), "member".to_owned()]);
        assert_eq!(wanted(words(), text("admin")), None);
        assert_eq!(wanted(words(), text("Admin")), Some("one of `admin`, `member`".to_owned()));
        assert_eq!(wanted(Reads::Bool, Value::Integer(2)), Some("a boolean".to_owned()));
        assert_eq!(
            wanted(Reads::Integer("u8", 0, 255), Value::Integer(256)),
            Some("an integer from 0 to 255".to_owned())
        );
        assert_eq!(wanted(Reads::Char, text("ab")), Some("one character".to_owned()));
        assert_eq!(wanted(Reads::Json, text("{\"a\": [1]}")), None);
        assert_eq!(wanted(Reads::Json, text("{a: 1}")), Some("JSON".to_owned()));
        assert_eq!(wanted(Reads::Date, text("2024-02-29")), None);
        assert!(wanted(Reads::Date, text("2023-02-30")).is_some());
        assert_eq!(wanted(Reads::DateTime, text("2024-02-29 23:59:59")), None);
        assert_eq!(wanted(Reads::DateTime, text("2024-02-29T23:59:59Z")), None);
        assert!(wanted(Reads::Time, text("24:59")).is_some());
        assert_eq!(wanted(Reads::Uuid, text("67e55044-10b1-426f-9247-bb680e5fe0c8")), None);
        assert!(wanted(Reads::Uuid, text("67e55044")).is_some());
        assert_eq!(wanted(words(), Value::Null), None);
    }
}
