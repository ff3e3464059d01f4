//! What can be typed after `reset`.

use std::path::PathBuf;

use clap::Args;

use crate::decisions::answers::Answers;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate reset                      make dev.db anew; asks if it has rows
  cargo dbmigrate reset --accept rows        the same, and the rows that it has are lost
  cargo dbmigrate reset --seed seed.sql      make it anew with the rows of a file
  cargo dbmigrate reset --keep-data          keep the rows, change the rest

For databases of development, such as one that has a migration of another branch. Only files: a server
is never reset. Without `--keep-data`, `--accept` takes `rows`.")]
pub(crate) struct Reset {
    /// Keep the rows: change the schema to that of the last migration, and record the migrations
    #[arg(long)]
    pub keep_data: bool,

    /// File of SQL that puts rows into the new database
    #[arg(long, value_name = "FILE", conflicts_with = "keep_data")]
    pub seed: Option<PathBuf>,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}
