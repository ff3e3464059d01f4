//! What can be typed after `pull`.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use super::tables::TablePattern;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Without `--out` the structs go to the standard output. A file that says something else is only
overwritten with `--overwrite`; without it the exit code is 3 and nothing is written.")]
pub(crate) struct Pull {
    /// File to write, or a folder for one file per table and a `mod.rs`
    #[arg(long, value_name = "FILE.rs|DIR/")]
    pub out: Option<PathBuf>,

    /// Overwrite files that are there
    #[arg(long, requires = "out")]
    pub overwrite: bool,

    /// Only tables and views of such a name, without them behind a `!`: `*` and `?` stand for characters
    #[arg(long, value_name = "[!]GLOB")]
    pub tables: Vec<TablePattern>,

    /// Enums for columns whose CHECK lists the texts that they hold
    #[arg(long)]
    pub enums: bool,

    /// Also write the first migration, and record it in the database as applied
    #[arg(long, conflicts_with = "tables")]
    pub baseline: bool,

    /// Take over the history of a database that drizzle-kit has managed, from its migrations folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tables", "baseline"])]
    pub from_drizzle: Option<PathBuf>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

impl Pull {
    /// The flags that say what goes where, as they were typed.
    pub(super) fn again(&self) -> String {
        let flag = |flag: &str, value: String| format!(" {}", shell_flag(flag, &value));
        let tables = self.tables.iter().map(|pattern| flag("--tables", pattern.to_string()));
        let out = self.out.iter().map(|out| flag("--out", out.display().to_string()));
        let enums = self.enums.then(|| " --enums".to_owned());
        tables.chain(out).chain(enums).collect()
    }
}
