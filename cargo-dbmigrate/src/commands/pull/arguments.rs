//! What can be typed after `pull`.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use super::tables::TablePattern;
use crate::error::{CommandError, Result};
use crate::project::Yes;
use crate::project::url::Connect;
use crate::tools::argument::From;
use crate::tools::by_name;

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

    /// Import the migrations of another tool, and what it has applied to the database
    #[arg(long, value_name = "TOOL|TOOL=DIR|DIR", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["tables", "baseline"], group = "other")]
    pub from: Option<From>,

    /// The same as `--from TOOL=DIR`
    #[arg(value_name = "DIR", hide = true, requires = "from")]
    pub folder: Option<PathBuf>,

    /// The table of the other tool, if it is not called as usual
    #[arg(long, value_name = "NAME", requires = "other")]
    pub history_table: Option<String>,

    /// The same as `--from drizzle=DIR`
    #[arg(long, value_name = "DIR", hide = true, group = "other", conflicts_with_all = ["tables", "baseline", "from"])]
    pub from_drizzle: Option<PathBuf>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

impl Pull {
    /// The other tool, as far as it is said.
    pub(super) fn from(&self) -> Option<From> {
        let drizzle = |folder: &PathBuf| From { tool: by_name("drizzle"), folder: Some(folder.clone()) };
        let from = self.from.clone().or_else(|| self.from_drizzle.as_ref().map(drizzle))?;
        let folder = from.folder.or_else(|| self.folder.clone());
        Some(From { folder, ..from })
    }

    /// # Errors
    /// If its folder is said twice.
    pub(super) fn has_one_folder(&self) -> Result<()> {
        let said = self.from.as_ref().and_then(|from| from.folder.as_ref());
        let (Some(one), Some(other)) = (said, &self.folder) else { return Ok(()) };
        let message = format!("two folders are named: `{}` and `{}`", one.display(), other.display());
        Err(CommandError::usage(message).help("give one: `cargo dbmigrate pull --from TOOL=DIR`"))
    }

    /// The flag that says what is done besides pulling, as it was typed.
    pub(super) fn mode(&self) -> String {
        match self.from() {
            Some(from) => match from.to_string() {
                text if text.is_empty() => " --from".to_owned(),
                text => format!(" {}", shell_flag("--from", &text)),
            },
            None if self.baseline => " --baseline".to_owned(),
            None => String::new(),
        }
    }

    /// The flags that say what goes where, as they were typed.
    pub(super) fn again(&self) -> String {
        let flag = |flag: &str, value: String| format!(" {}", shell_flag(flag, &value));
        let tables = self.tables.iter().map(|pattern| flag("--tables", pattern.to_string()));
        let out = self.out.iter().map(|out| flag("--out", out.display().to_string()));
        let enums = self.enums.then(|| " --enums".to_owned());
        let history = self.history_table.iter().map(|table| flag("--history-table", table.clone()));
        history.chain(tables).chain(out).chain(enums).collect()
    }
}
