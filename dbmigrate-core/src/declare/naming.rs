//! Names that are derived from other names: default names of tables and indexes, and `rename_all`.

use std::fmt::Write as _;

/// The spelling of an identifier without `r#`.
pub fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// `HTTPServer2Config` to `http_server2_config`.
pub fn snake_case(name: &str) -> String {
    words(name).join("_")
}

/// The lower-case words of an identifier in any case.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut starts_word = true;
    for (at, &char) in chars.iter().enumerate() {
        if char == '_' {
            starts_word = true;
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]);
        let after_lower = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
        // the last capital of an acronym begins the next word: `HTTPServer`
        let ends_acronym =
            before.is_some_and(char::is_uppercase) && chars.get(at + 1).is_some_and(|after| after.is_lowercase());
        if starts_word || (char.is_uppercase() && (after_lower || ends_acronym)) {
            words.push(String::new());
            starts_word = false;
        }
        if let Some(word) = words.last_mut() {
            word.extend(char.to_lowercase());
        }
    }
    words
}

/// The rules of `rename_all`, with serde's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `lowercase`.
    Lower,
    /// `UPPERCASE`.
    Upper,
    /// `PascalCase`.
    Pascal,
    /// `camelCase`.
    Camel,
    /// `snake_case`.
    Snake,
    /// `SCREAMING_SNAKE_CASE`.
    ScreamingSnake,
    /// `kebab-case`.
    Kebab,
    /// `SCREAMING-KEBAB-CASE`.
    ScreamingKebab,
}

impl Case {
    /// All rules by the names under which they are written.
    pub const ALL: [(&'static str, Self); 8] = [
        ("snake_case", Self::Snake),
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// Applies the rule to an identifier.
    pub fn apply(self, name: &str) -> String {
        let words = words(name);
        match self {
            Self::Snake => words.join("_"),
            Self::Lower => words.concat(),
            Self::Upper => words.concat().to_uppercase(),
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Kebab => words.join("-"),
            Self::ScreamingKebab => words.join("-").to_uppercase(),
            Self::Pascal => words.iter().map(|word| capitalized(word)).collect(),
            Self::Camel => {
                let mut words = words.iter();
                let first = words.next().cloned().unwrap_or_default();
                words.fold(first, |text, word| text + &capitalized(word))
            }
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The default name of an index: `<table>_<parts>_idx`, or `…_key` for a unique one. What is not a letter, digit or
/// underscore in a part (an expression's punctuation) separates words.
pub fn index_name<'a>(table: &str, parts: impl IntoIterator<Item = &'a str>, unique: bool) -> String {
    let mut name = table.to_owned();
    for part in parts {
        for word in part.split(|char: char| !char.is_alphanumeric() && char != '_').filter(|word| !word.is_empty()) {
            let _ = write!(name, "_{word}");
        }
    }
    name.push_str(if unique { "_key" } else { "_idx" });
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn struct_names_become_snake_case() {
        for (name, expected) in [
            ("User", "user"),
            ("BlogPost", "blog_post"),
            ("HTTPServer", "http_server"),
            ("OAuth2Account", "o_auth2_account"),
            ("already_snake", "already_snake"),
            ("V2", "v2"),
            ("Ärger", "ärger"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn every_rename_rule_is_applied_to_words() {
        let renamed: Vec<String> = Case::ALL.iter().map(|(_, case)| case.apply("InReview")).collect();
        assert_eq!(
            renamed,
            ["in_review", "inreview", "INREVIEW", "InReview", "inReview", "IN_REVIEW", "in-review", "IN-REVIEW"]
        );
    }

    #[test]
    fn index_names_are_made_of_the_words_of_their_parts() {
        assert_eq!(index_name("users", ["email"], true), "users_email_key");
        assert_eq!(index_name("users", ["lower(email)", "org_id"], false), "users_lower_email_org_id_idx");
    }
}
