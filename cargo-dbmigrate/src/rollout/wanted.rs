//! A roll-out that is wanted: the members, how far, and in which way.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::config::Rollout;
use dbmigrate_core::engine::apply::{Options, Phase, is_after_deploy};
use dbmigrate_core::engine::pieces::Limits;
use dbmigrate_core::folder::{Folder, Migration};

use super::pool;
use super::shard::Shard;
use crate::error::Result;
use crate::fleet::Member;
use crate::project::{Context, Retry};

/// A roll-out that is wanted.
pub(crate) struct Wanted<'a> {
    /// The command.
    pub context: &'a Context,
    /// The migrations.
    pub folder: &'a Folder,
    /// The name of the fleet.
    pub fleet: &'a str,
    /// Its members, or those of the shard.
    pub members: &'a [Member],
    /// The part of the fleet that they are.
    pub shard: Option<Shard>,
    /// Up to where, and what is put up with.
    pub options: Options<'a>,
    /// Canary, waves, budget.
    pub rollout: &'a Rollout,
    /// How large the pieces of migrations are that are several transactions.
    pub pace: Limits,
    /// How often a server is tried again.
    pub retries: Retry,
    /// Whether nothing is to be written.
    pub is_dry: bool,
    /// Whether the migrations are rehearsed on some members first.
    pub rehearses: bool,
    /// Whether nothing else is done.
    pub rehearses_only: bool,
    /// The folder for the copies of a rehearsal, if one was named.
    pub place: Option<&'a Path>,
    /// The file that gets the summary, if one is wanted.
    pub summary: Option<&'a Path>,
    /// The command, as it goes on.
    pub again: &'a str,
    /// Gets consent to these migrations on so many members, before the first is written to.
    pub consent: &'a dyn Fn(&[Migration], usize) -> Result<()>,
}

impl Wanted<'_> {
    pub(super) fn pause(&self) -> Duration {
        self.rollout.pause.unwrap_or_default()
    }

    /// How much is done at once.
    pub(super) fn pool(&self) -> pool::Pool {
        pool::Pool::of(self.rollout).telling(&self.context.printer)
    }

    /// The migration that members are to be at.
    pub(super) fn head(&self) -> Option<String> {
        let named = self.options.to.and_then(|to| self.folder.find(to));
        let last = named.or_else(|| self.folder.head())?;
        let waits = |migration: &&Migration| is_after_deploy(self.folder, migration).unwrap_or(false);
        let mut up_to = self.folder.migrations()[..=last.index].iter().rev();
        let head = match self.options.phase {
            // what waits until the release is deployed is left
            Some(Phase::Before) => up_to.find(|migration| !waits(migration)).unwrap_or(last),
            _ => last,
        };
        Some(head.name.to_string())
    }
}
