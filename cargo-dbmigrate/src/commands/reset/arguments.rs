//! What can be typed after `reset`.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use crate::decisions::answers::Answers;
use crate::project::Yes;
use crate::project::url::Connect;
use crate::stepping::With;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate reset                Recreate dev.db; asks if it has rows
  cargo dbmigrate reset --accept rows  Recreate it and lose its rows
  cargo dbmigrate reset --seed full    Recreate it with the rows of a set
  cargo dbmigrate reset --keep-data    Keep the rows and change the schema

For development databases, such as one with a migration from another branch.
Works on files only: a server is never reset. Without --keep-data, --accept
takes `rows`.")]
pub(crate) struct Reset {
    /// Keep the rows, change the schema and record the migrations as applied
    #[arg(long)]
    pub keep_data: bool,

    /// Set of rows in seeds/, or SQL file, for the new database
    #[arg(long, value_name = "SET|FILE", conflicts_with = "keep_data")]
    pub seed: Option<PathBuf>,

    /// The program with the steps.
    #[command(flatten)]
    pub with: With,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

impl Reset {
    /// The command as it was typed, so that a flag can be put behind it.
    pub(super) fn command_line(&self) -> String {
        let mut command = "cargo dbmigrate reset".to_owned();
        command.push_str(if self.keep_data { " --keep-data" } else { "" });
        command.extend(self.seed.iter().map(|file| format!(" {}", shell_flag("--seed", &file.display().to_string()))));
        command.push_str(&self.with.typed());
        self.answers.push_to(&mut command, |_| true);
        command
    }
}
