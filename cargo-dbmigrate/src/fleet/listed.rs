//! The members of a fleet that a file or a program lists: one URL a line, or JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Deserializer, Map, Value};

use super::entry::{Entries, Entry, EntryAt};
use crate::error::{CommandError, Result, did_you_mean};
use crate::project::path;

/// The fields of a member in JSON.
const FIELDS: [&str; 3] = ["name", "url", "labels"];

/// What a list looks like, for those who have written something else.
const EXAMPLE: &str = "one URL a line, or JSON such as `{\"name\": \"acme\", \"url\": \"libsql://HOST\"}`";

/// The members in a file.
///
/// # Errors
/// Exit code 2 for what cannot be understood, with its place; 1 if the file cannot be read.
pub(super) fn file(root: &Path, list: &Path, is_optional: bool) -> Result<Entries> {
    let file = root.join(list);
    let shown = path::for_display(&file).display().to_string();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_optional => String::new(),
        Err(error) => return Err(CommandError::io("read", &file, &error)),
    };
    let base = file.parent().unwrap_or(Path::new("")).to_owned();
    text_of(&text, &base, (&shown, true), Some(file))
}

/// The members in what `origin` has printed.
///
/// # Errors
/// Exit code 2 for what cannot be understood.
pub(super) fn text(text: &str, base: &Path, origin: &str, named_in: Option<PathBuf>) -> Result<Entries> {
    text_of(text, base, (origin, false), named_in)
}

fn text_of(text: &str, base: &Path, (origin, is_file): (&str, bool), named_in: Option<PathBuf>) -> Result<Entries> {
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['[', '{']);
    let place = match (is_json, is_file) {
        (false, true) => (format!("{origin}:#"), true),
        (false, false) => (format!("line # of what {origin} prints"), false),
        (true, true) => (format!("entry # of `{origin}`"), false),
        (true, false) => (format!("entry # of what {origin} prints"), false),
    };
    let all = if is_json { json(text, &place)? } else { lines(text) };
    let nothing = match is_file {
        true => format!("`{origin}` has no URL in it"),
        false => format!("{origin} prints no URL"),
    };
    Ok(Entries { all, base: base.to_owned(), place, named_in, nothing })
}

/// One a line; a `#` begins a comment.
fn lines(text: &str) -> Vec<Entry> {
    let lines = text.lines().map(str::trim).zip(1..);
    let meaning = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    meaning.map(|(line, number)| Entry { number, at: EntryAt::Url(line.to_owned()), ..Entry::default() }).collect()
}

/// A list, or one value after the other.
fn json(text: &str, place: &(String, bool)) -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| {
            let what = place.0.replace("entry # of ", "");
            let at = format!("line {}, column {}", error.line(), error.column());
            // what it says may repeat a token
            CommandError::usage(format!("{what} is no JSON that can be read: {at}")).help(format!("write {EXAMPLE}"))
        })?;
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let number = all.len() + 1;
            all.push(Entry { number, ..entry(value, &place_of(place, number))? });
        }
    }
    Ok(all)
}

/// Where the entry with this number is.
pub(super) fn place_of(place: &(String, bool), number: usize) -> String {
    place.0.replace('#', &number.to_string())
}

/// A member in JSON.
fn entry(value: Value, place: &str) -> Result<Entry> {
    let wrong = |what: &str| CommandError::usage(format!("{place}: {what}")).help(format!("write {EXAMPLE}"));
    let fields = match value {
        Value::String(url) => return Ok(Entry { at: EntryAt::Url(url), ..Entry::default() }),
        Value::Object(fields) => fields,
        _ => return Err(wrong("is neither a URL nor an object")),
    };
    let mut entry = Entry::default();
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("name", Value::String(name)) => entry.name = Some(name),
            ("url", Value::String(url)) => entry.at = EntryAt::Url(url),
            ("labels", Value::Object(labels)) => entry.labels = texts(labels, place)?,
            ("name" | "url" | "labels", Value::Null) => {}
            ("name" | "url", _) => return Err(wrong(&format!("`{field}` is not text"))),
            ("labels", _) => return Err(wrong("`labels` is not an object, such as `{\"plan\": \"free\"}`")),
            _ => {
                let error = CommandError::usage(format!("{place}: unknown field `{field}`"));
                return Err(match did_you_mean(&field, FIELDS) {
                    Some(known) => error.help(format!("did you mean `{known}`?")),
                    None => error.help(format!("what else is known is a label: `\"labels\": {{\"{field}\": …}}`")),
                });
            }
        }
    }
    Ok(entry)
}

/// Labels with their values as text.
fn texts(labels: Map<String, Value>, place: &str) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for (name, value) in labels {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => {
                let error = CommandError::usage(format!("{place}: the label `{name}` is not one value"));
                return Err(error.help("write text, a number, `true` or `false`"));
            }
        };
        texts.insert(name, text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Entry> {
        let entries = text_of(text, Path::new(""), ("tenants", true), None).expect("a list");
        entries.all.into_iter().map(|entry| Entry { number: 0, ..entry }).collect()
    }

    #[test]
    fn a_list_is_lines_or_json_in_every_form() {
        let url = |url: &str| Entry { at: EntryAt::Url(url.to_owned()), ..Entry::default() };
        assert_eq!(read("\u{feff}a.db\r\n\n# no\n  b.db\n"), [url("a.db"), url("b.db")]);
        assert_eq!(read("[\"a.db\", \"b.db\"]"), [url("a.db"), url("b.db")]);
        let labels = BTreeMap::from([("n".to_owned(), "1".to_owned())]);
        let with = || Entry { name: Some("a".to_owned()), labels: labels.clone(), ..url("a.db") };
        let one = r#"{"name": "a", "url": "a.db", "labels": {"n": 1, "x": null}}"#;
        assert_eq!(read(one), [with()]);
        assert_eq!(read(&format!("{one}\n{{\"url\": \"b.db\"}}\n")), [with(), url("b.db")]);
        assert_eq!(read(&format!(" [{one}]")), [with()]);
    }

    #[test]
    fn what_is_wrong_in_a_list_is_said_at_its_place_without_a_token() {
        for (text, wanted) in [
            ("[{\"nam\": 1}]", "entry 1 of `tenants`: unknown field `nam`"),
            ("[\"a\", 7]", "entry 2 of `tenants`: is neither a URL nor an object"),
            ("{\"url\": 1}", "entry 1 of `tenants`: `url` is not text"),
            ("{\"url\": \"a?authToken=s3cret}", "`tenants` is no JSON that can be read: line 1, column 28"),
            ("{\"url\": \"a\", \"labels\": {\"x\": []}}", "entry 1 of `tenants`: the label `x` is not one value"),
        ] {
            let error = text_of(text, Path::new(""), ("tenants", true), None).expect_err(text);
            assert_eq!(error.message(), wanted);
        }
    }
}
