//! What can be typed after `reset`.

use clap::Args;

use crate::decisions::answers::Answers;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate reset                Recreate dev.db; asks if it has rows
  cargo dbmigrate reset --accept rows  Recreate it and lose its rows
  cargo dbmigrate reset --keep-data    Keep the rows and change the schema

For development databases, such as one with a migration from another branch.
Works on files only: a server is never reset. Without --keep-data, --accept
takes `rows`.")]
pub(crate) struct Reset {
    /// Keep the rows, change the schema and record the migrations as applied
    #[arg(long)]
    pub keep_data: bool,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}
