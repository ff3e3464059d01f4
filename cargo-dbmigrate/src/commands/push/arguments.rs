//! What can be typed after `push`.

use clap::Args;

use crate::decisions::answers::Answers;
use crate::linting::LintLevels;
use crate::project::url::{Connect, databases_help};
use crate::project::{Retry, YesNamed};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
Examples:
  cargo dbmigrate push
  cargo dbmigrate push --dry-run
  cargo dbmigrate push --rename users.nick=handle --backfill users.age=0
  cargo dbmigrate push --accept drop_column:users.legacy

Besides lints, --accept takes keep_table:TABLE, drop_view:VIEW and history.

", databases_help!()))]
pub(crate) struct Push {
    /// Print the SQL without running it
    #[arg(long)]
    pub dry_run: bool,

    /// How often to retry.
    #[command(flatten)]
    pub retry: Retry,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Levels of lints.
    #[command(flatten)]
    pub levels: LintLevels,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: YesNamed,
}
