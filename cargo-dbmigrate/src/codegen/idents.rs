//! Identifiers of Rust for names of SQL: idiomatic, and none that rustc would refuse.

use std::collections::BTreeSet;

use dbmigrate_core::declare::naming::{Case, snake_case};
use dbmigrate_core::declare::rust_keyword::{can_be_raw, identifier, is_keyword};
use dbmigrate_core::sql::Name;

/// A word that stands in an attribute for a name: a check, a trigger, a collation. `None` if it has to be quoted.
pub(super) fn word(name: &str) -> Option<&str> {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !is_keyword(name)).then_some(name)
}

/// `blog_posts`, `blogPosts` and `blog posts` to `BlogPosts`.
pub(super) fn struct_name(table: &str) -> String {
    let name = Case::Pascal.apply(&identifier_characters(table));
    match name.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("T{name}"),
    }
}

/// The fields of columns, as they are written: none of them twice.
pub(super) fn field_names(columns: Vec<Name>) -> Vec<(Name, String)> {
    let mut taken = BTreeSet::new();
    // a column keeps the name that it has; who needs another one makes room
    let exact: Vec<bool> = columns.iter().map(|column| is_snake_case(column.as_str())).collect();
    taken.extend(columns.iter().zip(&exact).filter(|(_, exact)| **exact).map(|(column, _)| column.to_string()));
    let named = columns.into_iter().zip(exact).map(|(column, exact)| {
        let plain = if exact { column.to_string() } else { unused(&field_name(column.as_str()), "_", &mut taken) };
        (column, identifier(&plain).unwrap_or(plain))
    });
    named.collect()
}

/// Whether a column's name is a field's as it stands: rustc has nothing to say against it.
fn is_snake_case(name: &str) -> bool {
    let is_word = name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let bare = name.trim_matches('_');
    is_word && starts && !bare.is_empty() && !bare.contains("__") && can_be_raw(name)
}

fn field_name(column: &str) -> String {
    let name = snake_case(&identifier_characters(column));
    match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(_) if !can_be_raw(&name) => format!("{name}_"),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("_{name}"),
    }
}

/// What cannot be in an identifier separates words. Accents that stand alone are left out: rustc takes a letter with one
/// behind it for the letter that has it (`é` of two characters for `é`), which may be another column's. Letters of full
/// width are those of ASCII, or rustc warns of them.
fn identifier_characters(name: &str) -> String {
    let narrow = |char: char| match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        other => other,
    };
    let name: String = name.chars().filter(|char| !('\u{300}'..='\u{36f}').contains(char)).map(narrow).collect();
    let allowed = |char: char| {
        char.is_ascii_alphanumeric() || (!char.is_ascii() && syn::parse_str::<syn::Ident>(&format!("a{char}")).is_ok())
    };
    let text: String = name.chars().map(|char| if allowed(char) { char } else { '_' }).collect();
    // what may go on with a word may not begin one: combining marks, for example
    let begins =
        |text: &str| text.starts_with(|char: char| char.is_ascii()) || syn::parse_str::<syn::Ident>(text).is_ok();
    if text.split('_').filter(|word| !word.is_empty()).all(begins) {
        return text;
    }
    text.chars().map(|char| if char.is_ascii() { char } else { '_' }).collect()
}

/// `name`, or with a number behind it if that is taken.
pub(super) fn unused(name: &str, separator: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let separator = if name.ends_with(separator) { "" } else { separator };
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}{separator}{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_names(columns: &[&str]) -> Vec<String> {
        super::field_names(columns.iter().map(|column| Name::from(*column)).collect())
            .into_iter()
            .map(|(_, field)| field)
            .collect()
    }

    #[test]
    fn struct_names_are_upper_camel_case() {
        for (table, expected) in [
            ("users", "Users"),
            ("blog_posts", "BlogPosts"),
            ("AspNetUsers", "AspNetUsers"),
            ("HTTP log", "HttpLog"),
            ("2fa", "T2fa"),
            ("größen", "Größen"),
            ("a.b-c", "ABC"),
            ("…", "Unnamed"),
        ] {
            assert_eq!(struct_name(table), expected);
        }
    }

    #[test]
    fn field_names_are_snake_case_and_differ() {
        assert_eq!(field_names(&["type", "self", "userId", "user_id"]), ["r#type", "self_", "user_id_2", "user_id"]);
        assert_eq!(
            field_names(&["a b", "a-b", "1st", "", "_id", "a__b"]),
            ["a_b", "a_b_2", "_1st", "unnamed", "_id", "a_b_3"]
        );
        assert_eq!(field_names(&["self", "Self_"]), ["self_", "self_2"]);
        assert_eq!(field_names(&["é", "e\u{301}", "e"]), ["é", "e_2", "e"]);
        assert_eq!(field_names(&["ＡＢ", "ab"]), ["ab_2", "ab"]);
        assert_eq!(field_names(&["Größe", "\u{301}x", "gen", "_"]), ["größe", "x", "r#gen", "unnamed"]);
    }
}
