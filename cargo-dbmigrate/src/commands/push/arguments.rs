//! What can be typed after `push`.

use clap::Args;

use crate::decisions::answers::Answers;
use crate::project::url::Connect;
use crate::project::{Retry, YesNamed};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate push
  cargo dbmigrate push --dry-run
  cargo dbmigrate push --rename users.nick=handle --backfill users.age=0
  cargo dbmigrate push --accept drop_column:users.legacy

Besides lints, --accept takes keep_table:TABLE, drop_view:VIEW and history.

The first of these names the database: --target or --url, TURSO_DATABASE_URL in
the environment, TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml. Otherwise
it is dev.db. For a server, set its token in TURSO_AUTH_TOKEN, in the
environment or in .env. `timeout` and `retries` in dbmigrate.toml set other
defaults.

Targets are databases with names: `production` (TURSO_DATABASE_URL) and `demo`
(TURSO_DEMO_DATABASE_URL, TURSO_DEMO_AUTH_TOKEN), or [targets.NAME] in
dbmigrate.toml. Several run one after the other: -t production -t demo, -t all.")]
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

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: YesNamed,
}
