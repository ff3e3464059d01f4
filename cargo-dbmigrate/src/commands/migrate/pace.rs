//! The flag that says how long others may wait for a migration that is several transactions.

use std::time::Duration;

use clap::Args;
use dbmigrate_core::duration::{self, EXPECTED};
use dbmigrate_core::engine::pieces::Limits;

/// How long others may wait.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Pace {
    /// How long others may wait to write beside a batched migration [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = parsed)]
    pub max_lag: Option<Duration>,
}

impl Pace {
    /// What it is for the pieces.
    pub(super) fn limits(self) -> Limits {
        let limits = Limits::default();
        Limits { lag: self.max_lag.unwrap_or(limits.lag), ..limits }
    }
}

fn parsed(text: &str) -> Result<Duration, String> {
    duration::parse(text).filter(|lag| !lag.is_zero()).ok_or_else(|| format!("expected {EXPECTED}"))
}
