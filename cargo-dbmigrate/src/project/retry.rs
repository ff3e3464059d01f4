//! The flag that says how often a server is tried again, for every command that writes to one.

use clap::Args;
use dbmigrate_core::config::MOST_RETRIES;

use crate::project::url::DatabaseUrl;

/// How often to retry.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Retry {
    /// How often to retry when another client takes the lock [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_RETRIES)))]
    pub retries: Option<u32>,
}

impl Retry {
    /// What was typed, else what is configured for the database.
    pub(crate) fn of(self, url: &DatabaseUrl) -> u32 {
        self.retries.unwrap_or_else(|| url.retries())
    }
}
