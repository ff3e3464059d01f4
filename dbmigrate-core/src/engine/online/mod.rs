//! Rebuilds that nobody waits for: a table is copied beside its use, and takes its place in one short transaction.
//!
//! ```text
//! prepare   the new table, hidden and empty, with its indexes; a log of keys; triggers that log what is written
//! copy      in the order of a key, a piece in each transaction: first what the log has, then the next rows
//! verify    in pieces, in a file without the lock: as many rows on both sides, and the same values where they are copied as they are
//! swap      what the log still has; the old table aside, the new one in its place; views, triggers, checks, the record
//! empty     the old table goes in pieces until `DROP TABLE` is short, which takes as long as a table is large
//! ```
//!
//! The triggers log keys and compute nothing, so that no write of an application fails that did not fail before: a row
//! that the new definition does not take is found when it is copied. A row goes without its trigger where another one
//! replaces it (`INSERT OR REPLACE`: sqlite.org/lang_conflict.html), so that keys are logged beforehand of whatever rows
//! a written one is about to replace.
//!
//! All that is known of how far it is stands in a table of the database ([`AT`]), is read and moved by the same
//! transaction as the rows, and never leaves the database: no death can part the two, and no key is ever a value here.
//!
//! The new table has no foreign keys before it takes its place: with them, an application's `DELETE` of a parent would
//! be held back by a row that is already gone from the old table.

pub(in crate::engine) mod chunk;
pub(in crate::engine) mod copy;
mod follow;
mod key;
pub(in crate::engine) mod swap;
#[cfg(all(test, feature = "libsql"))]
mod tests;

pub(in crate::engine) use copy::Copy;

use crate::sql::Name;

/// What the names of everything begin with that there is while a table is rebuilt online, besides triggers of a table.
pub const ONLINE_PREFIX: &str = "_dbmigrate_online_";
/// The new table.
pub const COPY: &str = "_dbmigrate_online_copy";
/// The old table, behind the swap.
pub const OLD: &str = "_dbmigrate_online_old";
/// The keys of rows that were written.
pub const LOG: &str = "_dbmigrate_online_log";
/// How far it is.
pub const AT: &str = "_dbmigrate_online_at";

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Rows are copied.
    Copy,
    /// Both tables are compared.
    Verify,
    /// The new table can take the place of the old one.
    Ready,
    /// The new table has taken its place, and indexes are made.
    Indexes,
    /// The old table is emptied, or the new one, if it was given up.
    Empty,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Copy, Self::Verify, Self::Ready, Self::Indexes, Self::Empty];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Verify => "verify",
            Self::Ready => "ready",
            Self::Indexes => "indexes",
            Self::Empty => "empty",
        }
    }

    /// The stage of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Why a table cannot be rebuilt online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOnline(pub String);

/// Whether something of this name belongs to a rebuild that is under way.
pub fn is_online(name: &Name) -> bool {
    name.folded().starts_with(ONLINE_PREFIX)
}
