//! What can be typed after `seed`.

use clap::Args;

use crate::fleet::Where;
use crate::project::url::Connect;
use crate::project::{Retry, YesNamed};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate seed                 Write the rows of seeds/full
  cargo dbmigrate seed demo            Write those of seeds/demo
  cargo dbmigrate seed --only-missing  Leave rows that are there as they are
  cargo dbmigrate seed --accept delete_rows:plans

A set is a folder in seeds/ with a file for each table: `.toml`, `.json`, `.csv`
or `.sql`. All of it is checked before the first row is written, and a second
run finds nothing to do. docs/seeding.md describes the files.")]
pub(crate) struct Seed {
    /// Name of the set [default: full, or the only one]
    #[arg(value_name = "SET")]
    pub set: Option<String>,

    /// Insert the rows that are missing, and change no others
    #[arg(long)]
    pub only_missing: bool,

    /// Delete the rows of a `sync` table that the set does not have
    #[arg(long, value_name = "delete_rows:TABLE")]
    pub accept: Vec<String>,

    /// How often to retry.
    #[command(flatten)]
    pub retry: Retry,

    /// Consent to writing to a protected target.
    #[command(flatten)]
    pub consent: YesNamed,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,
}
