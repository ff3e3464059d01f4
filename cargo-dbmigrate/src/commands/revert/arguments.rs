//! What can be typed after `revert`.

use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::shell::{shell_flag, shell_quoted};

use crate::decisions::answers::Answers;
use crate::decisions::keeping::Keeps;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate revert
  cargo dbmigrate revert 0007
  cargo dbmigrate revert --last 3
  cargo dbmigrate revert --to 0004 --dry-run
  cargo dbmigrate revert --accept drop_column:users.bio --write

It writes a new migration that takes the schema back, and changes no database:
apply it with `cargo dbmigrate migrate`. A migration that no database has yet is
removed by `cargo dbmigrate generate --undo` instead.")]
pub(crate) struct Revert {
    /// Migration to revert, by name or number; later ones stay [default: the last one]
    #[arg(value_name = "NAME", conflicts_with_all = ["last", "to"])]
    pub name: Option<String>,

    /// Revert this many migrations, from the last one
    #[arg(long, value_name = "N", conflicts_with = "to")]
    pub last: Option<usize>,

    /// Revert all migrations after this one
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,

    /// Print the migration without writing it
    #[arg(long)]
    pub dry_run: bool,

    /// Change the structs back as well, where that is mechanical
    #[arg(long)]
    pub write: bool,

    /// Leave what was kept where it is, and do not bring it back
    #[arg(long)]
    pub without_kept: bool,

    /// Keep what is dropped in hidden tables, to be able to revert it as well
    /// [default: `keep` in dbmigrate.toml]
    #[arg(long, overrides_with = "no_keep")]
    pub keep: bool,

    /// Drop it for good, whatever dbmigrate.toml says
    #[arg(long, overrides_with = "keep")]
    pub no_keep: bool,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,
}

impl Revert {
    /// Whether what is dropped is kept, given what the configuration says.
    pub(super) fn keeps(&self, by_default: bool) -> bool {
        self.keep || (by_default && !self.no_keep)
    }

    /// The same for whoever asks. What is added is dropped when it is taken back, which is said by name.
    pub(super) fn keeps_of(&self, by_default: bool, sequence: u32) -> Keeps {
        match self.keeps(by_default) {
            true => Keeps::ByDefault,
            false if self.no_keep => Keeps::Never,
            false => Keeps::IfAsked(sequence),
        }
    }

    /// The command that plans the same again, on one line: with the answers, and without what says what to do with it.
    pub(super) fn command_again(&self) -> String {
        let mut again = Self { dry_run: false, write: false, ..self.clone() }.command();
        self.answers.push_to(&mut again, |_| true);
        // a comment ends at the line
        again.lines().collect::<Vec<_>>().join(" ")
    }

    /// The command as it was typed, without the answers.
    pub(super) fn command(&self) -> String {
        let mut text = "cargo dbmigrate revert".to_owned();
        // writing to a string cannot fail
        if let Some(name) = &self.name {
            let _ = write!(text, " {}", shell_quoted(name));
        }
        if let Some(count) = self.last {
            let _ = write!(text, " --last {count}");
        }
        if let Some(name) = &self.to {
            let _ = write!(text, " {}", shell_flag("--to", name));
        }
        let flags = [
            (self.without_kept, " --without-kept"),
            (self.keep, " --keep"),
            (self.no_keep, " --no-keep"),
            (self.dry_run, " --dry-run"),
            (self.write, " --write"),
        ];
        for (set, flag) in flags {
            text.push_str(if set { flag } else { "" });
        }
        text
    }
}
