//! Patterns for the names that a project wants: a way of writing, or a shape.

use std::fmt;
use std::str::FromStr;

use crate::declare::naming::Case;
use crate::sql::Name;
use crate::sql::glob::Glob;

/// What stands for names of the schema in a pattern, in braces.
pub const PLACEHOLDERS: [&str; 3] = ["table", "columns", "parent"];

/// A pattern for names: conditions with spaces between them, all of which have to hold. `snake_case *_idx`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// A way of writing: `snake_case`.
    Case(Case),
    /// A shape: `{table}_*_idx`.
    Shape(String),
}

impl Pattern {
    /// Whether a name is as it is wanted. `of` are the names that placeholders stand for.
    pub fn fits(&self, name: &str, of: &[(&str, &str)]) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Case(case) => is_written(name, *case),
            Condition::Shape(shape) => {
                let named = |key: &str| of.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
                let glob =
                    filled(shape, |key| named(key).map_or_else(|| "*".to_owned(), |name| Glob::of(&name.into())));
                // what names of a schema make of it may be no pattern any more, and is no reason to complain
                glob.parse::<Glob>().map_or(true, |glob| glob.matches(&Name::from(name)))
            }
        })
    }

    /// The placeholders in it.
    pub fn placeholders(&self) -> Vec<&'static str> {
        let is_in = |key: &str| {
            let has = |condition: &Condition| matches!(condition, Condition::Shape(shape) if shape.contains(&format!("{{{key}}}")));
            self.conditions.iter().any(has)
        };
        PLACEHOLDERS.into_iter().filter(|key| is_in(key)).collect()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let condition = |word: &str| {
            if let Some((_, case)) = Case::ALL.iter().find(|(name, _)| *name == word) {
                return Ok(Condition::Case(*case));
            }
            let glob = filled(word, |_| "x".to_owned());
            if glob.contains('{') {
                let known = PLACEHOLDERS.map(|key| format!("`{{{key}}}`")).join(", ");
                return Err(format!("`{word}` has braces around something else than {known}"));
            }
            glob.parse::<Glob>().map_err(|error| error.to_string())?;
            // a word that is nearly one of these is no name that all tables have
            let is_case = word.to_ascii_lowercase().replace(['-', '_'], "").ends_with("case");
            if is_case && !word.contains(['*', '?']) {
                let known = Case::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
                return Err(format!("`{word}` is no way of writing: expected one of {known}"));
            }
            Ok(Condition::Shape(word.to_owned()))
        };
        let conditions: Vec<Condition> = text.split_whitespace().map(condition).collect::<Result<_, String>>()?;
        match conditions.is_empty() {
            true => Err("the pattern is empty".to_owned()),
            false => Ok(Self { text: text.trim().to_owned(), conditions }),
        }
    }
}

/// A shape with something in place of its placeholders.
fn filled(shape: &str, value: impl Fn(&str) -> String) -> String {
    let mut text = shape.to_owned();
    for key in PLACEHOLDERS {
        let placeholder = format!("{{{key}}}");
        if text.contains(&placeholder) {
            text = text.replace(&placeholder, &value(key));
        }
    }
    text
}

/// Whether a name is written in a way. Digits are of every way, and letters that have no case.
fn is_written(name: &str, case: Case) -> bool {
    let words = |separator: char, upper: bool| {
        let fits =
            |char: char| char.is_alphanumeric() && if upper { !char.is_lowercase() } else { !char.is_uppercase() };
        name.split(separator).all(|word| !word.is_empty() && word.chars().all(fits))
    };
    let one_word = |is_first: fn(char) -> bool| name.starts_with(is_first) && name.chars().all(char::is_alphanumeric);
    match case {
        Case::Snake => words('_', false),
        Case::ScreamingSnake => words('_', true),
        Case::Kebab => words('-', false),
        Case::ScreamingKebab => words('-', true),
        Case::Lower => one_word(|first| !first.is_uppercase()) && !name.contains(char::is_uppercase),
        Case::Upper => one_word(|first| !first.is_lowercase()) && !name.contains(char::is_lowercase),
        Case::Pascal => one_word(|first| !first.is_lowercase()),
        Case::Camel => one_word(|first| !first.is_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_writing_takes_what_is_written_so() {
        for (case, right, wrong) in [
            ("snake_case", "user_id2 x ärger _", "userId User user-id a__b _a a_ "),
            ("SCREAMING_SNAKE_CASE", "USER_ID A1", "User user_id USER-ID"),
            ("kebab-case", "user-id", "user_id User"),
            ("SCREAMING-KEBAB-CASE", "USER-ID", "user-id"),
            ("lowercase", "userid", "user_id userId"),
            ("UPPERCASE", "USERID", "USER_ID UserID"),
            ("PascalCase", "HTTPServer User", "httpServer User_Id"),
            ("camelCase", "userID user", "UserId user_id"),
        ] {
            let pattern: Pattern = case.parse().expect("a way of writing");
            for name in right.split(' ').filter(|name| *name != "_") {
                assert!(pattern.fits(name, &[]), "{case} {name}");
            }
            for name in wrong.split(' ') {
                assert!(!pattern.fits(name, &[]), "{case} {name:?}");
            }
        }
    }

    #[test]
    fn a_shape_stands_for_names_of_the_schema() {
        let fits = |pattern: &str, name: &str, of: &[(&str, &str)]| {
            pattern.parse::<Pattern>().expect("a pattern").fits(name, of)
        };
        let of = [("table", "users"), ("columns", "a_b")];
        assert!(fits("{table}_{columns}_idx", "users_a_b_idx", &of));
        assert!(!fits("{table}_{columns}_idx", "users_a_idx", &of));
        assert!(fits("snake_case *_idx", "a_idx", &of) && !fits("snake_case *_idx", "A_idx", &of));
        // a name that is no pattern
        assert!(fits("{table}_idx", "a[b_idx", &[("table", "a[b")]));
        assert_eq!("{parent}_id".parse::<Pattern>().expect("a pattern").placeholders(), ["parent"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, wanted) in [
            ("", "is empty"),
            ("{tabel}_idx", "has braces around something else than `{table}`, `{columns}`, `{parent}`"),
            ("idx[0-9]", "contains `[`"),
            ("snakecase", "is no way of writing: expected one of `snake_case`"),
            ("Snake_Case", "is no way of writing"),
        ] {
            let error = text.parse::<Pattern>().expect_err(text);
            assert!(error.contains(wanted), "{error}");
        }
    }
}
