//! A history with the name that it is called by, and how much of it is put behind another one.

use dbmigrate_core::folder::Migration;
use dbmigrate_core::folder::heads::shared;

/// A history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Side {
    /// How it is called: a branch, a commit, a file.
    pub(crate) label: String,
    /// Its migrations.
    pub(crate) migrations: Vec<Migration>,
}

impl Side {
    pub(super) fn new(label: impl Into<String>, migrations: Vec<Migration>) -> Self {
        Self { label: label.into(), migrations }
    }

    /// Whether its last migration has this name.
    pub(super) fn is_headed(&self, name: &str) -> bool {
        self.migrations.last().is_some_and(|last| last.name.as_str() == name)
    }
}

/// A history of which the end is put behind another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ours {
    /// The whole of it.
    pub(crate) side: Side,
    /// How many of its migrations stay where they are.
    pub(crate) base: usize,
}

impl Ours {
    /// All that another history has not.
    pub(super) fn behind(side: Side, onto: &Side) -> Self {
        let (base, there) = shared(&side.migrations, &onto.migrations);
        // one of the others may replace some of these, and more
        let originals = onto.migrations.get(there).filter(|next| !next.replaces.is_empty()).map(Migration::originals);
        let rest = side.migrations[base..].iter();
        let replaced = rest.zip(originals.unwrap_or_default()).take_while(|(one, other)| one.is_same(other)).count();
        Self { base: base + replaced, side }
    }

    /// The migrations that move.
    pub(crate) fn moved(&self) -> &[Migration] {
        &self.side.migrations[self.base..]
    }
}
