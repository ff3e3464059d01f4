//! What can be typed after `kept`.

use clap::{Args, Subcommand};

use crate::project::YesNamed;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cargo dbmigrate kept
  cargo dbmigrate kept -t production
  cargo dbmigrate kept drop users.legacy
  cargo dbmigrate kept drop --expired -t production --yes production

`generate --keep` keeps it. `keep_days` in dbmigrate.toml says for how long it is
wanted; nothing is dropped until `kept drop` does it."
)]
pub(crate) struct Kept {
    /// What to do.
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// What can be done with it.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Action {
    /// Drop it for good
    Drop(Drop),
}

/// The arguments of `kept drop`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Drop {
    /// What to drop: `users.legacy`, `audit`, a migration, or the hidden table
    #[arg(value_name = "NAME", required_unless_present = "expired")]
    pub names: Vec<String>,

    /// Drop all that was kept for longer than `keep_days`
    #[arg(long, conflicts_with = "names")]
    pub expired: bool,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: YesNamed,
}

impl Kept {
    /// Which database it is about.
    pub(crate) fn connect(&self) -> &Connect {
        match &self.action {
            Some(Action::Drop(arguments)) => &arguments.connect,
            None => &self.connect,
        }
    }
}
