//! A migrations folder of drizzle-kit, and what it takes to go on from there.
//!
//! [`journal`] reads the folder in the two layouts that there have been: a journal beside numbered SQL files up to 0.31
//! (snapshot versions 5 and 6), a directory for each migration from 1.0 on (version 7). [`outline`] reads the
//! snapshots, as far as they can be compared with what the SQL leads to. [`convert`] makes our SQL of drizzle-kit's,
//! [`applied`] finds out what of it a database has.

pub(crate) mod applied;
pub(crate) mod convert;
pub(crate) mod journal;
mod json;
pub(crate) mod outline;
mod warning;

pub(crate) use applied::TABLE;
pub(crate) use journal::{DrizzleFolder, Entry};
pub(crate) use warning::Warning;
