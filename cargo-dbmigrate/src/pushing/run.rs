//! What the parts of a push share: what it was asked, what it found, what it decided.

use dbmigrate_core::diff::Diff;
use dbmigrate_core::engine::Introspected;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::check::Broken;
use dbmigrate_core::folder::Migration;
use dbmigrate_core::plan::Decisions;
use dbmigrate_core::plan::besides::Wanted;
use dbmigrate_core::schema::Schema;

use crate::decisions::ask::Asker;
use crate::linting::Set;
use crate::project::url::DatabaseUrl;
use crate::project::{Consent, Context};
use crate::source::Declared;

/// One run of the command.
pub(crate) struct Run<'a> {
    pub(crate) context: &'a Context,
    /// Whether the SQL is shown and nothing is changed.
    pub(crate) only_show: bool,
    /// How often it is tried again on a server.
    pub(crate) retries: u32,
    pub(crate) url: &'a DatabaseUrl,
    pub(crate) declared: &'a Declared,
    pub(crate) asker: Asker<'a>,
    /// The migrations that the history of the database is to have afterwards. It then becomes exactly what is declared,
    /// which is what they lead to: nothing is left alone.
    pub(crate) taking: Option<&'a [Migration]>,
    /// The levels of lints that look at the change; `None` for a change that is none of the structs.
    pub(crate) lints: Option<&'a Set>,
    /// The consent to write to a protected target.
    pub(crate) consent: Consent<'a>,
}

impl Run<'_> {
    /// What is wanted of a database that has `live`.
    pub(super) fn wanted(&self, live: &Schema, decisions: &Decisions) -> Wanted {
        let declared = &self.declared.schema;
        match self.taking {
            Some(_) => Wanted { schema: declared.clone(), ..Wanted::default() },
            None => Wanted::of(declared, live, decisions),
        }
    }
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
