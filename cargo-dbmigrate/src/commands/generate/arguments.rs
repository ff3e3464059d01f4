//! What can be typed after `generate`.

use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use crate::decisions::answers::Answers;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate generate
  cargo dbmigrate generate --rename users.nick=handle
  cargo dbmigrate generate --rename users=people --name people
  cargo dbmigrate generate --backfill users.age=0
  cargo dbmigrate generate --convert \"users.age=CAST(age AS INTEGER)\"
  cargo dbmigrate generate --accept drop_column:users.legacy
  cargo dbmigrate generate --undo
  cargo dbmigrate generate --amend

`--undo` and `--amend` look at every database that is named (--url, TURSO_DATABASE_URL, `url` in
dbmigrate.toml) and at dev.db: a migration that one of them has stays (exit 5).")]
pub(crate) struct Generate {
    /// Name of the migration; else it says what changed
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Show the migration, write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Exit with 4 if there is something to generate, write nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,

    /// Write a migration to be edited by hand, also if nothing changed; once edited, record it
    #[arg(long, conflicts_with = "check")]
    pub custom: bool,

    /// Take the last migration back, unless a database has it; the structs stay
    #[arg(long, conflicts_with_all = ["name", "check", "custom", "amend", "rename", "backfill", "convert"])]
    pub undo: bool,

    /// Write the last migration anew, with what has changed since, unless a database has it
    #[arg(long, conflicts_with_all = ["check", "custom"])]
    pub amend: bool,

    /// With `--undo` and `--amend`: do not ask servers whether they have the migration
    #[arg(long)]
    pub offline: bool,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// The database that `--undo` and `--amend` look at first.
    #[command(flatten)]
    pub connect: Connect,
}

impl Generate {
    /// The command as it was typed, so that a flag can be put behind it.
    pub(super) fn command_line(&self) -> String {
        let mut text = self.command();
        self.answers.push_to(&mut text, |_| true);
        text
    }

    /// The same without the answers.
    pub(super) fn command(&self) -> String {
        let mut text = "cargo dbmigrate generate".to_owned();
        let flags = [
            (self.undo, " --undo"),
            (self.amend, " --amend"),
            (self.dry_run, " --dry-run"),
            (self.custom, " --custom"),
            (self.offline, " --offline"),
        ];
        for (set, flag) in flags {
            if set {
                text.push_str(flag);
            }
        }
        if let Some(name) = &self.name {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag("--name", name));
        }
        text
    }
}
