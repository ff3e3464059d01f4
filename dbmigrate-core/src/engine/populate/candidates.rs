//! Values that are made up for columns: by their types, and by what is known of how they are used.

use serde_json::{Map, Value};

use super::uses::Hints;
use crate::schema::{Column, Table, Vector};
use crate::sql::expr::Affinity;
use crate::sql::name::quote_string;
use crate::sql::token::{TokenKind, significant};

/// A value of a column that nothing is known of but its type.
pub(super) fn made_up(column: &Column, row: i64) -> String {
    if let Some(made) = Vector::of(&column.decl_type) {
        return format!("{}({})", made.function(), vector(made.dimensions, row));
    }
    match column.decl_type.affinity() {
        Affinity::Integer => row.to_string(),
        Affinity::Numeric => format!("{row}"),
        Affinity::Real => format!("{row}.25"),
        Affinity::Text => quote_string(&format!("{} {row}", column.name)),
        Affinity::Blob => format!("x'00ff0{row}'"),
    }
}

fn vector(dimensions: usize, row: i64) -> String {
    let first = usize::try_from(row).unwrap_or(1);
    let values: Vec<String> = (0..dimensions).map(|at| ((at + first) % 7).to_string()).collect();
    quote_string(&format!("[{}]", values.join(",")))
}

/// What a column may hold by how it is used, the likeliest first. Empty if nothing is known of it, or if it holds
/// numbers, which no use asks to be anything else.
pub(super) fn by_use(table: &Table, column: &Column, hints: &Hints, row: i64) -> Vec<String> {
    let affinity = table.affinity(column);
    // the type of a vector says more than its uses
    let is_vector = Vector::of(&column.decl_type).is_some();
    if hints.is_empty() || is_vector || matches!(affinity, Affinity::Integer | Affinity::Real) {
        return Vec::new();
    }
    let holds_blobs = table.strict && column.decl_type.as_str().eq_ignore_ascii_case("blob");
    let mut found = Vec::new();
    if let Some(paths) = &hints.json {
        let written = |text: String| match holds_blobs {
            true => format!("jsonb({})", quote_string(&text)),
            false => quote_string(&text),
        };
        found.extend(documents(paths, hints.is_array, row).into_iter().map(written));
    }
    if let Some(dimensions) = hints.vector {
        let text = vector(dimensions, row);
        found.push(if affinity == Affinity::Blob { format!("vector32({text})") } else { text });
    }
    if holds_blobs {
        return found;
    }
    let mut texts = Vec::new();
    if hints.is_date {
        texts.push(format!("2024-01-{row:02}"));
        texts.push(format!("2024-01-{row:02}T03:04:05Z"));
    }
    texts.extend(hints.patterns.0.iter().map(|pattern| like(pattern, row)));
    texts.extend(hints.patterns.1.iter().map(|pattern| glob(pattern, row)));
    if hints.is_hex {
        texts.push(format!("{row:04x}"));
    }
    if hints.is_number {
        texts.push(row.to_string());
        texts.push(format!("{row}.5"));
    }
    found.extend(texts.iter().map(|text| quote_string(text)));
    found
}

/// What is put where a path ends.
fn leaves(row: i64) -> [Value; 7] {
    [
        Value::from(row),
        Value::from(format!("a {row}")),
        Value::from(format!("2024-01-{row:02}")),
        Value::from(vec![Value::from(row)]),
        serde_json::json!({ "a": row }),
        Value::from(true),
        Value::from(format!("{row:08x}-0000-4000-8000-{row:012x}")),
    ]
}

/// JSON in which the paths lead somewhere.
fn documents(paths: &[String], is_array: bool, row: i64) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for leaf in leaves(row) {
        let mut document = if is_array { Value::from(vec![leaf.clone()]) } else { Value::Null };
        for path in paths {
            put(&mut document, path.trim_start_matches('$'), &leaf);
        }
        if document.is_null() {
            document = Value::Object(Map::from_iter([("a".to_owned(), leaf)]));
        }
        found.push(document.to_string());
    }
    found.extend(["[]", "{}", "null"].map(str::to_owned));
    found
}

/// Puts `leaf` where `path` (without its `$`) leads to, on the way making what is not there.
fn put(place: &mut Value, path: &str, leaf: &Value) {
    if let Some(rest) = path.strip_prefix('.') {
        let (key, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        if let Some(object) = place.as_object_mut() {
            put(object.entry(key).or_insert(Value::Null), rest, leaf);
        }
    } else if let Some(rest) = path.strip_prefix('[') {
        let (index, rest) = rest.split_once(']').unwrap_or((rest, ""));
        // one from the end is the last of as many as there are
        let index = index.parse::<usize>().unwrap_or_default().min(16);
        if !place.is_array() {
            *place = Value::Array(Vec::new());
        }
        if let Some(array) = place.as_array_mut() {
            while array.len() <= index {
                array.push(leaf.clone());
            }
            put(&mut array[index], rest, leaf);
        }
    } else if !(place.is_object() || place.is_array()) {
        *place = leaf.clone();
    }
}

/// A text that fits a pattern of `LIKE`, and differs by row where the pattern leaves room.
fn like(pattern: &str, row: i64) -> String {
    let any = row.to_string();
    let mut text = String::new();
    for character in pattern.chars() {
        match character {
            '%' => text.extend(["a", &any]),
            '_' => text.push('b'),
            other => text.push(other),
        }
    }
    text
}

/// A text that fits a pattern of `GLOB`, and differs by row where the pattern leaves room.
fn glob(pattern: &str, row: i64) -> String {
    let mut text = String::new();
    let mut rest = pattern.chars().peekable();
    let mut nth = 0;
    while let Some(character) = rest.next() {
        match character {
            '*' => text.push_str(&row.to_string()),
            '?' => text.push('b'),
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let first = rest.next().unwrap_or(']');
                let mut last = first;
                // a bracket that stands first is one of the characters
                for other in rest.by_ref().take_while(|other| *other != ']') {
                    last = if other == '-' { last } else { other };
                }
                let ends = if negated { ['~', '!'] } else { [first, last] };
                // each row another bit pattern of first and last
                text.push(ends[usize::from((row >> (nth % 3)) & 1 == 1)]);
                nth += 1;
            }
            other => text.push(other),
        }
    }
    text
}

/// Values that checks themselves talk about, those next to them, and some that expressions like.
pub(super) fn usual(table: &Table, row: i64) -> Vec<String> {
    let mut found = usual_in_order(table, row);
    // rows differ where a key wants them to
    let offset = usize::try_from(row).unwrap_or_default() % found.len().max(1);
    found.rotate_left(offset);
    found
}

/// The same, each form of value at the same place for every row.
pub(super) fn usual_in_order(table: &Table, row: i64) -> Vec<String> {
    let mut found = Vec::new();
    for check in &table.checks {
        for token in significant(check.expr.as_str()) {
            match token.kind {
                TokenKind::String | TokenKind::Blob => found.push(token.text.to_owned()),
                TokenKind::Number => {
                    found.push(token.text.to_owned());
                    found.push(format!("{} + {row}", token.text));
                    found.push(format!("{} - {row}", token.text));
                    if let Ok(length @ 1..=4096) = token.text.parse::<usize>() {
                        found.push(quote_string(&"x".repeat(length)));
                        found.push(quote_string(&"0".repeat(length)));
                        found.push(format!("zeroblob({length})"));
                    }
                }
                _ => {}
            }
        }
    }
    let usual = [
        "0",
        "1",
        "'{}'",
        "'[]'",
        "'a'",
        "'A'",
        "''",
        "NULL",
        "'2024-01-02'",
        "'2024-01-02T03:04:05Z'",
        "0.5",
        "-1",
        "100",
        "'0'",
        "'/a'",
        "x'00'",
    ];
    found.extend(usual.into_iter().map(str::to_owned));
    // what has to be unique as well as of a form
    for form in ["a{}@b.c", "https://a.b/{}", "000{}", "A{}"] {
        found.push(quote_string(&form.replace("{}", &row.to_string())));
    }
    found.push(quote_string(&format!("{row:08x}-0000-4000-8000-{row:012x}")));
    found.push(quote_string(&format!("v{row}")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_what_its_paths_ask_for() {
        let first = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            documents(&paths, false, 2).swap_remove(0)
        };
        assert_eq!(first(&["$.a.b", "$.c"]), r#"{"a":{"b":2},"c":2}"#);
        assert_eq!(first(&["$.tags[0]", "$.tags[1].x"]), r#"{"tags":[2,{"x":2}]}"#);
        assert_eq!(first(&["$.\"a b\"", "$"]), r#"{"a b":2}"#);
        assert_eq!(first(&["$[#-1]"]), "[2]");
        assert_eq!(documents(&[], true, 3)[0], "[3]");
    }

    #[test]
    fn patterns_are_filled_in() {
        assert_eq!(like("%_@_%.%", 1), "a1b@ba1.a1");
        assert_eq!(glob("[0-9][0-9]-*", 1), "90-1");
        assert_eq!(glob("[^a]?", 2), "~b");
    }
}
