//! What can be typed after `push`.

use clap::Args;

use crate::decisions::answers::Answers;
use crate::project::Retry;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate push
  cargo dbmigrate push --dry-run
  cargo dbmigrate push --rename users.nick=handle --backfill users.age=0
  cargo dbmigrate push --accept drop_column:users.legacy

`--accept` takes besides lints: keep_table:TABLE, drop_view:VIEW, history.
The database is the first of these that is there: --url, TURSO_DATABASE_URL in the environment,
TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml, dev.db.
The token for a server is TURSO_AUTH_TOKEN, in the environment or in .env.")]
pub(crate) struct Push {
    /// Show the SQL, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How often to try again.
    #[command(flatten)]
    pub retry: Retry,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}
