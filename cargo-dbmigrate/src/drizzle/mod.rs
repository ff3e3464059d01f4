//! A migrations folder of drizzle-kit, and what it takes to go on from there.
//!
//! [`journal`] reads the folder in the two layouts that there have been: a journal beside numbered SQL files up to 0.31
//! (snapshot versions 5 and 6), a directory for each migration from 1.0 on (version 7). [`outline`] reads the
//! snapshots, as far as they can be compared with what the SQL leads to. [`convert`] makes our SQL of drizzle-kit's,
//! [`applied`] finds out what of it a database has.

pub mod applied;
pub mod convert;
pub mod journal;
pub mod outline;

use crate::report::Printer;

pub use journal::{DrizzleFolder, Entry};

/// The table in which drizzle-kit and drizzle-orm record what they have applied, unless they are told otherwise.
pub const TABLE: &str = dbmigrate_core::engine::introspect::DRIZZLE_TABLE;

/// Something that does not stop the take-over, but should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Warning {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Shows it.
    pub fn show(&self, printer: &Printer) {
        printer.warning(&self.message, &self.help);
    }
}
