//! The flags that say which database, for every command that opens one.

use clap::Args;
use dbmigrate_core::config::LONGEST_TIMEOUT;

/// What the help of a command says of its databases: a literal, because that of each begins in its own way.
macro_rules! databases_help {
    () => {
        "\
The first of these names the database: --target or --url, TURSO_DATABASE_URL in
the environment, TURSO_DATABASE_URL in .env, `url` in dbmigrate.toml. Otherwise
it is dev.db. For a server, set its token in TURSO_AUTH_TOKEN, in the
environment or in .env. `timeout` and `retries` in dbmigrate.toml set other
defaults.

Targets are databases with names: `production` (TURSO_DATABASE_URL) and `demo`
(TURSO_DEMO_DATABASE_URL, TURSO_DEMO_AUTH_TOKEN), or [targets.NAME] in
dbmigrate.toml. Several run one after the other: -t production -t demo, -t all."
    };
}
pub(crate) use databases_help;

/// Which database, and how long to wait for it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct Connect {
    /// Name of the database: production, demo, or [targets.NAME]
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub target: Vec<String>,

    /// Path or URL of the database [env: TURSO_DATABASE_URL] [default: dev.db]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// How long to wait for a server or a locked file [default: 30 or 10]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=LONGEST_TIMEOUT))]
    pub timeout: Option<u64>,
}

impl Connect {
    /// Whether a database is named.
    pub(crate) fn names_one(&self) -> bool {
        self.url.is_some() || !self.target.is_empty()
    }

    /// The flag that names it.
    pub(crate) fn flag(&self) -> &'static str {
        if self.target.is_empty() { "--url" } else { "--target" }
    }
}
