//! What can be typed after `repair`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use dbmigrate_core::shell::shell_flag;

use crate::project::Yes;
use crate::project::url::Connect;

/// What a repair needs to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// That a migration has other statements than those that databases have run.
    Edits,
    /// That a database does not have the schema that the migration produces.
    Schema,
}

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate repair
  cargo dbmigrate repair --edited 0003_posts --accept edits
  cargo dbmigrate repair --renamed 0003_posts
  cargo dbmigrate repair --snapshot 0003_posts
  cargo dbmigrate repair --lock
  cargo dbmigrate repair --applied 0003_posts -t production --yes
  cargo dbmigrate repair --not-applied 0003_posts

Without a flag it says what is wrong, and which command repairs it (exit 5).
No statement of a migration is run. What is changed in a database is written
into its history: `cargo dbmigrate status -v`.")]
pub(crate) struct Repair {
    /// Accept the edit of a migration, in the lock and in the database
    #[arg(long, value_name = "NAME", group = "what")]
    pub edited: Option<String>,

    /// Accept the new name of a migration, in the lock and in the database
    #[arg(long, value_name = "NAME", group = "what")]
    pub renamed: Option<String>,

    /// Write a lost or edited snapshot again, by replaying the migrations
    #[arg(long, value_name = "NAME", group = "what")]
    pub snapshot: Option<String>,

    /// Make a lost or edited `migrations.lock` again, from the directories
    #[arg(long, group = "what")]
    pub lock: bool,

    /// Record a migration as applied, and those before it, without running them
    #[arg(long, value_name = "NAME", group = "what")]
    pub applied: Option<String>,

    /// Remove a migration, and those after it, from the history
    #[arg(long, value_name = "NAME", group = "what")]
    pub not_applied: Option<String>,

    /// Accept other statements (`edits`), or another schema (`schema`)
    #[arg(long, value_name = "WORD")]
    pub accept: Vec<Word>,

    /// Show what would be repaired, without changing anything
    #[arg(long)]
    pub dry_run: bool,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

impl Repair {
    /// Whether something was accepted.
    pub(super) fn accepts(&self, word: Word) -> bool {
        self.accept.contains(&word)
    }

    /// The command as it was typed, so that a flag can be put behind it.
    pub(super) fn command_line(&self) -> String {
        let mut text = "cargo dbmigrate repair".to_owned();
        let named = [
            ("--edited", &self.edited),
            ("--renamed", &self.renamed),
            ("--snapshot", &self.snapshot),
            ("--applied", &self.applied),
            ("--not-applied", &self.not_applied),
        ];
        for (flag, name) in named {
            if let Some(name) = name {
                // writing to a string cannot fail
                let _ = write!(text, " {}", shell_flag(flag, name));
            }
        }
        text.push_str(if self.lock { " --lock" } else { "" });
        for word in &self.accept {
            text.push_str(match word {
                Word::Edits => " --accept edits",
                Word::Schema => " --accept schema",
            });
        }
        text.push_str(if self.dry_run { " --dry-run" } else { "" });
        text
    }
}
