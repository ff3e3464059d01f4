//! Names of tables, columns and other objects: compared as SQLite compares them, quoted where they have to be.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

pub use crate::quote::{quote_blob, quote_name, quote_string};

/// An unquoted name. Two names are equal when they differ in the case of ASCII letters only, as in SQLite.
///
/// [`Name::sql`] is the only way into SQL text, so that a name is never used unquoted by mistake.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(Box<str>);

impl Name {
    /// Makes a name from its unquoted spelling.
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// The spelling, unquoted: for messages, file names and comparisons, not for SQL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in SQL: bare where that is unambiguous, else in double quotes.
    pub fn sql(&self) -> Cow<'_, str> {
        quote_name(&self.0)
    }

    /// The name in lower case, the form in which equal names are the same text.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether both are spelled the same, case included.
    pub fn same_spelling(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// The names as a comma-separated SQL list.
pub fn sql_list<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    names.into_iter().map(Name::sql).collect::<Vec<_>>().join(", ")
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        *self == *other.0
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        // names of one schema often begin alike and end in a number
        let last = |name: &str| name.as_bytes().last().map(u8::to_ascii_lowercase);
        self.0.len() == other.len() && last(&self.0) == last(other) && self.0.eq_ignore_ascii_case(other)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        // sets of names are what migrations are followed with: most bytes are the same, and need not be folded
        for (one, two) in self.0.bytes().zip(other.0.bytes()).filter(|(one, two)| one != two) {
            match one.to_ascii_lowercase().cmp(&two.to_ascii_lowercase()) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        self.0.len().cmp(&other.0.len())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_are_quoted_where_needed() {
        let (users, shouted) = (Name::from("Users"), Name::from("USERS"));
        assert_eq!(users, shouted);
        assert_eq!(Name::from("users").sql(), "users");
        assert_eq!(Name::from("Order").sql(), "\"Order\"");
        assert_eq!(Name::from("a b").sql(), "\"a b\"");
        assert_eq!(Name::from("a\"b").sql(), "\"a\"\"b\"");
        assert_eq!(Name::from("1a").sql(), "\"1a\"");
        assert_eq!(Name::from("").sql(), "\"\"");
        let (first, second) = (Name::from("a"), Name::from("B"));
        assert!(first < second);
        let ascending = ["", "A_", "a_b", "A_B0", "a_c", "B"].map(Name::from);
        assert!(ascending.is_sorted(), "{ascending:?}");
        assert_eq!(Name::from("T_A").cmp(&Name::from("t_a")), Ordering::Equal);
    }
}
