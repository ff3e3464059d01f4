//! What can be typed after `pull`.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use super::tables::TablePattern;
use crate::project::Yes;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Exits with 3 if a file exists with other content, unless --overwrite is given.")]
pub(crate) struct Pull {
    /// Write to a file, or to a folder with one file per table [default: stdout]
    #[arg(long, value_name = "FILE.rs|DIR/")]
    pub out: Option<PathBuf>,

    /// Overwrite existing files
    #[arg(long, requires = "out")]
    pub overwrite: bool,

    /// Select tables and views by name, or exclude them with a leading `!`
    #[arg(long, value_name = "[!]GLOB")]
    pub tables: Vec<TablePattern>,

    /// Write enums for columns with a CHECK that lists their values
    #[arg(long)]
    pub enums: bool,

    /// Also write the first migration, and record it as applied
    #[arg(long, conflicts_with = "tables")]
    pub baseline: bool,

    /// Import the history of a database from drizzle-kit's migrations folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tables", "baseline"])]
    pub from_drizzle: Option<PathBuf>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
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
