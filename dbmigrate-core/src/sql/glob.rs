//! Patterns for names: `*` stands for any characters, `?` for one, the case of ASCII letters makes no difference.

use std::fmt;
use std::str::FromStr;

use super::Name;

/// A pattern for the names of tables, such as `legacy_*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Box<str>);

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GlobError {
    /// There is nothing in it, so it would stand for no name.
    Empty,
    /// Other tools give this character a meaning, which would go unheeded here.
    Unsupported {
        /// The pattern.
        pattern: String,
        /// The character.
        character: char,
    },
    /// White space around it, which no name that is meant has.
    Space {
        /// The pattern.
        pattern: String,
    },
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the pattern is empty"),
            Self::Unsupported { pattern, character } => {
                write!(f, "`{pattern}` contains `{character}`, but only `*` and `?` are wildcards: write `?` for it")
            }
            Self::Space { pattern } => write!(f, "`{pattern}` starts or ends with white space"),
        }
    }
}

impl std::error::Error for GlobError {}

impl Glob {
    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern that stands for a name, as it is typed: `?` is there for characters that no pattern has.
    pub fn of(name: &Name) -> String {
        let last = name.as_str().chars().count().saturating_sub(1);
        let in_place = |(at, char): (usize, char)| {
            let is_edge = at == 0 || at == last;
            if has_meaning_elsewhere(char) || (is_edge && char.is_whitespace()) { '?' } else { char }
        };
        name.as_str().chars().enumerate().map(in_place).collect()
    }

    /// Whether the pattern stands for `name`, the whole of it.
    pub fn matches(&self, name: &Name) -> bool {
        let (mut pattern, mut text) = (self.0.chars(), name.as_str().chars());
        // where to go on if what follows the last `*` does not fit: the `*` takes one character more
        let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
        loop {
            let before = text.clone();
            match (pattern.next(), text.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    text = before.clone();
                    retry = Some((pattern.clone(), before));
                }
                (Some(wanted), Some(found)) if wanted == '?' || wanted.eq_ignore_ascii_case(&found) => {}
                _ => {
                    let Some((after_star, taken)) = &mut retry else { return false };
                    if taken.next().is_none() {
                        return false;
                    }
                    (pattern, text) = (after_star.clone(), taken.clone());
                }
            }
        }
    }
}

/// Whether other tools give the character a meaning.
fn has_meaning_elsewhere(character: char) -> bool {
    matches!(character, '[' | ']' | '{' | '}' | '!' | '\\')
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let pattern = text.to_owned();
        if text.trim().is_empty() {
            return Err(GlobError::Empty);
        }
        if text.trim() != text {
            return Err(GlobError::Space { pattern });
        }
        match text.chars().find(|character| has_meaning_elsewhere(*character)) {
            Some(character) => Err(GlobError::Unsupported { pattern, character }),
            None => Ok(Self(pattern.into())),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_whole_names_without_case() {
        for (pattern, name, wanted) in [
            ("users", "Users", true),
            ("users", "users2", false),
            ("*", "", true),
            ("*", "anything at all", true),
            ("legacy_*", "LEGACY_users", true),
            ("legacy_*", "my_legacy_users", false),
            ("*_log", "audit_log_log", true),
            ("*_log", "audit_logs", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a**c", "ac", true),
            ("t?", "tä", true),
            ("t?", "t", false),
            ("?*", "", false),
            ("100%", "100%", true),
        ] {
            let glob: Glob = pattern.parse().expect(pattern);
            assert_eq!(glob.matches(&Name::from(name)), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn what_would_stand_for_nothing_or_mean_something_else_is_refused() {
        for (pattern, wanted) in [
            ("", "the pattern is empty"),
            (" ", "the pattern is empty"),
            (" a", "white space"),
            ("log_[0-9]", "contains `[`"),
            ("{a,b}", "contains `{`"),
            ("!users", "contains `!`"),
        ] {
            let error = pattern.parse::<Glob>().expect_err(pattern);
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    #[test]
    fn stars_are_not_tried_in_every_combination() {
        let glob: Glob = "*a".repeat(40).parse().expect("a pattern");
        assert!(!glob.matches(&Name::from("a".repeat(5000) + "b")));
    }
}
