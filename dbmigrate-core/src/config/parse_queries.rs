//! Reads `[queries]`.

use super::fields::{Field, Value};
use super::parse::{Misread, unknown};
use super::{QUERY_CHECK_FIELDS, Queries};
use crate::sql::glob::Glob;

/// Reads the table. The databases that it names, and where, are added to `mentioned`.
pub(super) fn queries(value: Value, mentioned: &mut Vec<(String, usize)>) -> Result<Queries, Misread> {
    let mut queries = Queries::default();
    for Field { name, at, value } in value.fields("a table, such as `[queries]`")? {
        match name.as_str() {
            "level" => queries.level = value.parsed()?,
            "skip" => queries.skip = patterns(value)?,
            "methods" => queries.methods = names(value, "methods = [\"fetch_rows\"]")?,
            "functions" => queries.functions = names(value, "functions = [\"db::fetch\"]")?,
            "macros" => queries.macros = names(value, "macros = [\"my_query\"]")?,
            "databases" => {
                for Field { name, at, value } in value.fields("databases, such as `{ stats = [\"src/stats/*\"] }`")? {
                    mentioned.push((name.clone(), at));
                    queries.databases.push((name, patterns(value)?));
                }
            }
            _ => return Err(unknown(&name, at, &QUERY_CHECK_FIELDS)),
        }
    }
    Ok(queries)
}

/// Patterns for paths.
fn patterns(value: Value) -> Result<Vec<Glob>, Misread> {
    Ok(value.list()?)
}

/// Names in Rust.
fn names(value: Value, example: &str) -> Result<Vec<String>, Misread> {
    let mut names = Vec::new();
    for value in value.values("a list of names")? {
        let at = value.at();
        let name = value.string()?;
        let is_word = |part: &str| {
            !part.is_empty()
                && !part.starts_with(|first: char| first.is_ascii_digit())
                && part.chars().all(|char| char.is_alphanumeric() || char == '_')
        };
        if !name.split("::").all(is_word) {
            return Err(
                Misread::from((format!("`{name}` is no name in Rust"), at)).help(format!("such as `{example}`"))
            );
        }
        names.push(name);
    }
    Ok(names)
}
