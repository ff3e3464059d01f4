//! The arguments of `migrate`, and the command that they were.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::engine::apply::ApplyError;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_flag;

use super::backup;
use super::branch::Wanted;
use super::pace::Pace;
use super::rollout_flags::RolloutFlags;
use crate::database::Subject;
use crate::database::failure::apply_error;
use crate::error::Result;
use crate::linting::LintLevels;
use crate::project::url::{Connect, databases_help};
use crate::project::{Acceptable, Retry, When, Yes};
use crate::rehearsing::Rehearse;
use crate::stepping::With;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = databases_help!())]
pub(crate) struct Migrate {
    /// Print the SQL of the pending migrations after a trial run
    #[arg(long)]
    pub dry_run: bool,

    /// Rehearsal.
    #[command(flatten)]
    pub rehearse: Rehearse,

    /// Run them on a copy only, and change nothing
    #[arg(long, conflicts_with_all = ["rehearse", "dry_run"])]
    pub rehearse_only: bool,

    /// Apply exactly what this file of `plan` says, or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "atomic", "accept"])]
    pub plan: Option<PathBuf>,

    /// Give up the migration that is under way, so that nothing is left of it
    #[arg(long, conflicts_with_all = ["dry_run", "rehearse", "rehearse_only", "plan", "to", "phase", "atomic", "branch", "backup",
        "canary", "waves", "pause", "max_failures", "parallel", "shard"])]
    pub abort: bool,

    /// Last migration to apply, by name or number [default: the last one]
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,

    /// Apply what a release needs before its deployment, or what waits until
    /// it runs everywhere (`generate --phased`) [default: both]
    #[arg(long, value_enum, value_name = "WHEN", conflicts_with = "plan")]
    pub phase: Option<When>,

    /// Apply all migrations in one transaction
    #[arg(long)]
    pub atomic: bool,

    /// Branch a Turso Cloud database first, and verify the branch
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, conflicts_with = "dry_run")]
    #[expect(clippy::option_option, reason = "a name that is blank is none that was left out")]
    pub branch: Option<Option<String>>,

    /// The backup before.
    #[command(flatten)]
    pub backup: backup::Flags,

    /// Levels of lints.
    #[command(flatten)]
    pub levels: LintLevels,

    /// How often to retry.
    #[command(flatten)]
    pub retry: Retry,

    /// How long others may wait.
    #[command(flatten)]
    pub pace: Pace,

    /// The program with the steps.
    #[command(flatten)]
    pub with: With,

    /// Migrate despite schema changes made by hand
    #[arg(long, value_enum, value_name = "WORD")]
    pub accept: Vec<Acceptable>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,

    /// Roll-outs.
    #[command(flatten)]
    pub fleet: RolloutFlags,
}

/// The branch that is wanted.
pub(super) fn wanted(arguments: &Migrate) -> Option<Wanted<'_>> {
    arguments.branch.as_ref().map(|name| Wanted(name.as_deref()))
}

/// The command as it was typed, so that a flag can be put behind it.
pub(super) fn command(arguments: &Migrate) -> String {
    let mut command = "cargo dbmigrate migrate".to_owned();
    command.extend(arguments.to.iter().map(|name| format!(" {}", shell_flag("--to", name))));
    command.extend(arguments.phase.map(When::typed));
    command.extend(arguments.plan.iter().map(|file| format!(" {}", shell_flag("--plan", &file.display().to_string()))));
    command.push_str(if arguments.rehearse.rehearse { " --rehearse" } else { "" });
    command.extend(wanted(arguments).map(Wanted::typed));
    command.push_str(&arguments.backup.typed());
    command.push_str(&arguments.with.typed());
    command.push_str(if arguments.atomic { " --atomic" } else { "" });
    command.push_str(if arguments.accept.is_empty() { "" } else { " --accept drift" });
    command
}

/// Refuses a name that is that of no migration.
///
/// # Errors
/// Exit code 2.
pub(super) fn check_name(folder: &Folder, to: Option<&str>) -> Result<()> {
    match to.filter(|name| folder.find(name).is_none()) {
        Some(name) => Err(apply_error(&ApplyError::Unknown { name: name.to_owned() }, Subject::Named("the database"))),
        None => Ok(()),
    }
}
