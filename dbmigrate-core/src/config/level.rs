//! How seriously a lint is taken.

use std::fmt;
use std::str::FromStr;

/// How seriously a lint is taken: as rustc has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is said.
    Allow,
    /// A warning.
    Warn,
    /// An error.
    Deny,
}

impl Level {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Deny];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// A level that the configuration sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLevel {
    /// The name of a lint or a group.
    pub name: String,
    /// The level.
    pub level: Level,
    /// Where the name stands: line and column, both counted from 1.
    pub at: (usize, usize),
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.word() == word);
        found.ok_or_else(|| format!("unknown level `{word}`: expected `allow`, `warn` or `deny`"))
    }
}
