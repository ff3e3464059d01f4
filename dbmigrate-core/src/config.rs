//! `dbmigrate.toml`, beside the package's `Cargo.toml`: what can be in it, for the subcommand and for the macros, which
//! both parse it. Everything has a default; the file may be missing.

use std::path::PathBuf;

use serde::Deserialize;

use crate::ignore::Ignore;

/// The name of the file.
pub const FILE_NAME: &str = "dbmigrate.toml";

/// The names of the fields.
pub const FIELDS: [&str; 6] = ["migrations", "root", "url", "busy_timeout", "ignore", "compile_check"];

/// The longest time to wait for a locked database, in seconds: a day.
const LONGEST_TIMEOUT: u64 = 86_400;

/// What can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder of the migrations, relative to the package.
    pub migrations: PathBuf,
    /// The crate root to read structs from, relative to the package. If it is missing, those of the package's library
    /// and binaries.
    pub root: Option<PathBuf>,
    /// The database, if neither `--url` nor the environment names one. Relative to the package.
    pub url: Option<String>,
    /// How many seconds to wait for a database that is locked by somebody else.
    pub busy_timeout: u64,
    /// The tables and views of somebody else in the same database: patterns for their names.
    pub ignore: Ignore,
    /// What the compiler says of a struct that differs from the migrations.
    pub compile_check: CompileCheck,
}

/// What the compiler says of a struct that differs from the migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompileCheck {
    /// It does not compile.
    #[default]
    Error,
    /// It compiles with a warning.
    Warn,
    /// Nothing: structs are not compared.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            migrations: PathBuf::from("migrations"),
            root: None,
            url: None,
            busy_timeout: 10,
            ignore: Ignore::default(),
            compile_check: CompileCheck::default(),
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Config {
    /// What is wrong with a configuration that can be read.
    pub fn problem(&self) -> Option<Problem> {
        if self.busy_timeout > LONGEST_TIMEOUT {
            let message = format!("`busy_timeout` is more than a day ({LONGEST_TIMEOUT} seconds)");
            return Some(Problem { message, help: None });
        }
        if self.migrations.as_os_str().is_empty() {
            let help = Some("name a folder: `migrations = \"migrations\"`".to_owned());
            return Some(Problem { message: "`migrations` is empty".to_owned(), help });
        }
        None
    }
}

/// Line and column of a byte of the file, both counted from 1.
pub fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
