//! What the parts of a `push` share: what it was asked, what it found, what it decided.

use dbmigrate_core::diff::Diff;
use dbmigrate_core::engine::Introspected;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::check::Broken;
use dbmigrate_core::plan::Decisions;
use dbmigrate_core::plan::besides::Wanted;

use super::arguments::Push;
use crate::decisions::ask::Asker;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::source::Declared;

/// One run of the command.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) arguments: &'a Push,
    pub(super) url: &'a DatabaseUrl,
    pub(super) declared: &'a Declared,
    pub(super) asker: Asker<'a>,
}

/// A database as it is before.
pub(super) struct Live {
    /// Nothing, if there is no file yet.
    pub(super) database: Option<Database>,
    pub(super) found: Introspected,
    /// Views and triggers that do not compile.
    pub(super) broken: Vec<Broken>,
    pub(super) has_history: bool,
}

/// What is to be done, with all decisions made.
pub(super) struct Decided {
    pub(super) decisions: Decisions,
    pub(super) diff: Diff,
    pub(super) wanted: Wanted,
    /// What is lost, with permission: lint, object, how much.
    pub(super) losses: Vec<dbmigrate_core::engine::apply::Loss>,
    /// Preflights that see to it that what was empty still is.
    pub(super) guards: Vec<dbmigrate_core::plan::Preflight>,
}
