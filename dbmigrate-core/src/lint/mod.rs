//! Lints: what may go wrong with a migration, named before it runs.
//!
//! A [`Rule`] looks at a [`Migration`]: both schemas, their difference, the statements. What it finds says what it is
//! about, where it stands, and, where the rows decide, a [`Probe`] that asks a database about them. Pure: nothing here
//! opens a database.
//!
//! A rule is a folder in [`mod@rules`]: `mod.rs` finds, `explanation.md` is its documentation with an example that it fires
//! on and one that it does not, `cases.sql` are its tests, `cases.snap` what they print. Nothing else knows of it, apart
//! from its line in `rules/mod.rs`.

mod added;
mod checks;
pub mod columns;
pub mod copy;
pub mod facts;
mod finding;
mod levels;
mod loss;
mod migration;
pub mod pace;
pub mod passage;
mod prepared;
pub mod query;
pub mod quoted;
mod redundant;
mod refusal;
mod release;
mod report;
mod rule_ref;
pub mod rules;
mod standing;
pub mod triggers;
mod unreleased;
mod value;
pub mod ways;
pub mod words;
mod work;
pub mod write;

use std::fmt;
use std::str::FromStr;

pub use crate::config::Level;
pub use facts::Facts;
pub use finding::{Finding, Fix, Probe, ProbeKind};
pub use levels::Levels;
pub use migration::{Migration, Query, Target};
pub use prepared::Prepared;
pub use refusal::to_amend;
pub use release::gone;
pub use report::{Report, UnusedAllow, lint};
pub use rule_ref::RuleRef;
pub use rules::{RULES, rule};
pub use standing::Standing;
pub use unreleased::Unreleased;
pub use work::counted;

/// Something that may be wrong with a migration.
pub struct Rule {
    /// Its name: what is wrong, in the words of SQLite, as `drop_column`.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// How seriously it is taken unless somebody says otherwise.
    pub level: Level,
    /// What it finds, in one sentence: lowercase, no trailing period.
    pub summary: &'static str,
    /// Its documentation in Markdown: why that matters, what to do, an example that it fires on and one that it does not.
    pub explanation: &'static str,
    /// Looks at a migration.
    pub find: fn(&Migration<'_>, &mut Vec<Finding>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({})", self.name)
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Rows or values are lost.
    DataLoss,
    /// Others have to wait while it runs.
    Availability,
    /// The release that runs meanwhile fails.
    Compatibility,
    /// Queries are slower, or files larger, than they need to be.
    Performance,
    /// It fails on rows that are there, or does not do what it seems to do.
    Correctness,
    /// What people agree on.
    Style,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DataLoss, Self::Availability, Self::Compatibility, Self::Performance, Self::Correctness, Self::Style];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataLoss => "data_loss",
            Self::Availability => "availability",
            Self::Compatibility => "compatibility",
            Self::Performance => "performance",
            Self::Correctness => "correctness",
            Self::Style => "style",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Group {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|group| group.name() == name).ok_or(())
    }
}
