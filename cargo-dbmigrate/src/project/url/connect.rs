//! The flags that say which database, for every command that opens one.

use clap::Args;
use dbmigrate_core::config::LONGEST_TIMEOUT;

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
