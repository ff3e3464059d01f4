//! Risks that have a name, so that they can be accepted by it.

use std::fmt;
use std::str::FromStr;

/// A risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lint {
    /// A table with all its rows is dropped. Object: `table`.
    DropTable,
    /// A column with all its values is dropped. Object: `table.column`.
    DropColumn,
    /// A column becomes generated, which discards the values that it has. Object: `table.column`.
    DiscardValues,
    /// A column that is NOT NULL and has no default is added without a backfill: works on an empty table only.
    /// Object: `table.column`.
    NotNullWithoutDefault,
    /// A change of type may change values on conversion. Object: `table.column`. Accepting it takes the check for such
    /// values out of the migration.
    LossyConversion,
}

/// A name that is no lint's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLint(pub String);

impl fmt::Display for UnknownLint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown lint `{}`", self.0)
    }
}

impl std::error::Error for UnknownLint {}

impl Lint {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::DropTable, Self::DropColumn, Self::DiscardValues, Self::NotNullWithoutDefault, Self::LossyConversion];

    /// What it is about the loss of, or the lack: `row`, `value`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::DropTable => "row",
            _ => "value",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropTable => "drop_table",
            Self::DropColumn => "drop_column",
            Self::DiscardValues => "discard_values",
            Self::NotNullWithoutDefault => "not_null_without_default",
            Self::LossyConversion => "lossy_conversion",
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Lint {
    type Err = UnknownLint;

    fn from_str(name: &str) -> Result<Self, UnknownLint> {
        Self::ALL.into_iter().find(|lint| lint.name() == name).ok_or_else(|| UnknownLint(name.to_owned()))
    }
}
