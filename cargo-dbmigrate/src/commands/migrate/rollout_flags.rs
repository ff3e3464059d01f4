//! The flags of `migrate` that say how a fleet is migrated.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use dbmigrate_core::config::{Group, MOST_PARALLEL, Rollout, Share};
use dbmigrate_core::duration;
use dbmigrate_core::shell::shell_flag;

use crate::error::{CommandError, Result};
use crate::rollout::Shard;

/// The flags of a roll-out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct RolloutFlags {
    /// Members that are migrated first: a count, a share, or a label such as
    /// `plan=internal` [default: 1]
    #[arg(long, value_name = "MEMBERS")]
    pub canary: Option<Group>,

    /// Waves that follow, each a share or count of all that are behind, or a
    /// label [default: 1%,10%,100%]
    #[arg(long, value_name = "MEMBERS", value_delimiter = ',')]
    pub waves: Vec<Group>,

    /// How long to wait between waves, such as 30s [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub pause: Option<Duration>,

    /// How many members may fail, a count or a share; one more stops the run
    /// [default: 1%]
    #[arg(long, value_name = "MEMBERS")]
    pub max_failures: Option<Share>,

    /// How many members are worked on at once at most [default: 16]
    #[arg(long, value_name = "N", value_parser = parallel)]
    pub parallel: Option<usize>,

    /// Only this part of the members, such as 3/16 for the third of 16
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,

    /// Also write the summary to this file, for `summary merge`
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

fn time(text: &str) -> std::result::Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("expected {}", duration::EXPECTED))
}

fn parallel(text: &str) -> std::result::Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_PARALLEL).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {MOST_PARALLEL}"))
}

impl RolloutFlags {
    /// The flags as they were typed.
    pub(super) fn typed(&self) -> String {
        let waves: Vec<String> = self.waves.iter().map(ToString::to_string).collect();
        let pause = self.pause.map(|pause| format!("{}ms", pause.as_millis()));
        let all = [
            ("--canary", self.canary.as_ref().map(ToString::to_string)),
            ("--waves", (!waves.is_empty()).then(|| waves.join(","))),
            ("--pause", pause),
            ("--max-failures", self.max_failures.map(|share| share.to_string())),
            ("--parallel", self.parallel.map(|count| count.to_string())),
            ("--shard", self.shard.map(|shard| shard.to_string())),
            ("--summary", self.summary.as_ref().map(|path| path.to_string_lossy().into_owned())),
        ];
        all.iter().filter_map(|(flag, value)| Some(format!(" {}", shell_flag(flag, value.as_ref()?)))).collect()
    }

    /// Refuses them where one database is migrated.
    ///
    /// # Errors
    /// Exit code 2.
    pub(super) fn refuse(&self) -> Result<()> {
        let typed = self.typed();
        let Some(flag) = typed.split([' ', '=']).find(|word| word.starts_with("--")) else { return Ok(()) };
        Err(CommandError::usage(format!("`{flag}` is for fleets, and no fleet is named"))
            .help("name one: `-t NAME`; a fleet is a target with `fleet = …` in `dbmigrate.toml`"))
    }

    /// What is configured, with the flags in its place.
    pub(super) fn over(&self, configured: &Rollout) -> Rollout {
        let waves = (!self.waves.is_empty()).then(|| self.waves.clone());
        Rollout {
            canary: self.canary.clone().or_else(|| configured.canary.clone()),
            waves: waves.or_else(|| configured.waves.clone()),
            pause: self.pause.or(configured.pause),
            max_failures: self.max_failures.or(configured.max_failures),
            parallel: self.parallel.or(configured.parallel),
            ..configured.clone()
        }
    }
}
