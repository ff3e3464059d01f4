//! What can be typed after `generate`.

use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use crate::decisions::answers::Answers;
use crate::decisions::keeping::Keeps;
use crate::linting::LintLevels;
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
  cargo dbmigrate generate --accept drop_column:users.legacy --keep
  cargo dbmigrate generate --rust hash_tokens
  cargo dbmigrate generate --phased --rename users.nick=handle
  cargo dbmigrate generate --undo
  cargo dbmigrate generate --amend

--undo and --amend check every configured database (--url, TURSO_DATABASE_URL,
`url` in dbmigrate.toml) and dev.db, and exit with 5 if one has the migration.")]
pub(crate) struct Generate {
    /// Name of the migration [default: named after the changes]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Print the migration without writing it
    #[arg(long)]
    pub dry_run: bool,

    /// Exit with 4 if there are changes, without writing anything
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,

    /// Write a migration to edit by hand, or record the edit of the last one
    #[arg(long, conflicts_with = "check")]
    pub custom: bool,

    /// Write a migration with a step in Rust, which this function runs
    #[arg(long, value_name = "FUNCTION", conflicts_with_all = ["check", "undo", "amend"])]
    pub rust: Option<String>,

    /// Write two migrations, between which the release that runs and the one
    /// that comes both work: one to apply before the deployment, one after it
    #[arg(long, conflicts_with_all = ["check", "custom", "rust", "undo"])]
    pub phased: bool,

    /// What rows of the new release have in a column that goes, as SQL over the
    /// new columns (with --phased)
    #[arg(long, value_name = "TABLE.COLUMN=SQL", requires = "phased")]
    pub back: Vec<String>,

    /// Remove the last migration, unless a database has it
    #[arg(long, conflicts_with_all = ["name", "check", "custom", "amend", "rename", "backfill", "convert"])]
    pub undo: bool,

    /// Add the changes to the last migration, unless a database has it
    #[arg(long, conflicts_with_all = ["check", "custom"])]
    pub amend: bool,

    /// Rebuild the table while others use it, in many short transactions
    #[arg(long, conflicts_with_all = ["check", "custom", "rust", "undo"])]
    pub online: bool,

    /// Keep what is dropped or converted in hidden tables, to be able to revert
    /// it [default: `keep` in dbmigrate.toml]
    #[arg(long, overrides_with = "no_keep", conflicts_with_all = ["check", "undo"])]
    pub keep: bool,

    /// Drop it for good, whatever dbmigrate.toml says
    #[arg(long, overrides_with = "keep", conflicts_with_all = ["check", "undo"])]
    pub no_keep: bool,

    /// Do not check servers for the migration (with --undo, --amend)
    #[arg(long)]
    pub offline: bool,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Levels of lints.
    #[command(flatten)]
    pub levels: LintLevels,

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

    /// Whether it can be about one database of the package only.
    pub(crate) fn is_for_one(&self) -> bool {
        self.undo || self.amend || self.is_by_hand()
    }

    /// Whether a migration is written although nothing has changed.
    pub(super) fn is_by_hand(&self) -> bool {
        self.custom || self.rust.is_some()
    }

    /// Whether what is dropped or converted is kept, where that is the default.
    pub(super) fn keeps(&self, by_default: bool) -> bool {
        self.keep || (by_default && !self.no_keep)
    }

    /// The same for whoever asks: what is typed is the answer to a loss.
    pub(super) fn keeps_of(&self, by_default: bool, sequence: u32) -> Keeps {
        match (self.keep, self.keeps(by_default)) {
            (true, _) => Keeps::Typed,
            (false, true) => Keeps::ByDefault,
            (false, false) if self.no_keep => Keeps::Never,
            (false, false) => Keeps::IfAsked(sequence),
        }
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
            (self.online, " --online"),
            (self.keep, " --keep"),
            (self.no_keep, " --no-keep"),
            (self.phased, " --phased"),
        ];
        for (set, flag) in flags {
            if set {
                text.push_str(flag);
            }
        }
        for back in &self.back {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag("--back", back));
        }
        if let Some(function) = &self.rust {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag("--rust", function));
        }
        self.levels.push_to(&mut text);
        if let Some(name) = &self.name {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag("--name", name));
        }
        text
    }
}
