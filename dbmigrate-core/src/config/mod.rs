//! `dbmigrate.toml`, beside the package's `Cargo.toml`: what can be in it, for the subcommand and for the macros, which
//! read it with [`Config::parse`]. Everything has a default; the file may be missing.

mod databases;
mod engine;
#[cfg(feature = "declare")]
mod fields;
mod fleet;
mod level;
#[cfg(feature = "declare")]
mod parse;
#[cfg(feature = "declare")]
mod parse_databases;
#[cfg(feature = "declare")]
mod parse_engine;
#[cfg(feature = "declare")]
mod parse_fleet;
#[cfg(feature = "declare")]
mod parse_queries;
#[cfg(feature = "declare")]
mod parse_rollout;
#[cfg(feature = "declare")]
mod parse_rules;
#[cfg(feature = "declare")]
mod pattern;
mod queries;
mod rollout;
#[cfg(feature = "declare")]
mod rules;
mod target;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

pub use self::databases::{Chosen, DATABASE_FIELDS, DEFAULT_DATABASE, Database, database_flag};
pub use self::engine::{ANY_NUMBER, ENGINE_FIELDS, Engine, FUNCTION_FIELDS, Function, MOST_ARGUMENTS, Returns};
pub use self::fleet::{FLEET_BESIDE, FLEET_FIELDS, Fleet, FleetSource, NAME_PLACEHOLDER};
pub use self::level::{Level, SetLevel};
#[cfg(feature = "declare")]
pub use self::pattern::{PLACEHOLDERS, Pattern};
pub use self::queries::{QUERY_CHECK_FIELDS, Queries};
pub use self::rollout::{Group, MOST_PARALLEL, ROLLOUT_FIELDS, Rollout, Share};
#[cfg(feature = "declare")]
pub use self::rules::{NameOf, Query, RULE_FIELDS, Rules};
pub use self::target::{ALL_TARGETS, DEMO, PRODUCTION, TARGET_FIELDS, Target, token_variable, url_variable};
use crate::ignore::Ignore;

/// The name of the file.
pub const FILE_NAME: &str = "dbmigrate.toml";

/// The names of the fields.
pub const FIELDS: [&str; 21] = [
    "migrations",
    "root",
    "url",
    "token_env",
    "timeout",
    "retries",
    "busy_timeout",
    "ignore",
    "compile_check",
    "keep",
    "keep_days",
    "backup",
    "backups",
    "keep_backups",
    "max_write_lock",
    "engine",
    "lints",
    "rules",
    "queries",
    "databases",
    "targets",
];

/// The environment variable that names the database, and that of the target [`PRODUCTION`].
pub const URL_VARIABLE: &str = "TURSO_DATABASE_URL";

/// The environment variable that has the token for a server, unless `token_env` names another one.
pub const TOKEN_VARIABLE: &str = "TURSO_AUTH_TOKEN";

/// The longest time to wait for a database, in seconds: a day.
pub const LONGEST_TIMEOUT: u64 = 86_400;

/// The highest number of retries.
pub const MOST_RETRIES: u32 = 100;

/// What can be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The database that all of this is of, if it is not the default one: see [`Config::of`].
    pub database: Option<Chosen>,
    /// The folder of the migrations, relative to the package.
    pub migrations: PathBuf,
    /// The folder of the sets of rows, relative to the package.
    pub seeds: PathBuf,
    /// The crate root to read structs from, relative to the package. If it is missing, those of the package's library
    /// and binaries.
    pub root: Option<PathBuf>,
    /// The database, if neither `--url` nor the environment names one. Relative to the package.
    pub url: Option<String>,
    /// The environment variable that has the token for a server, if it is not [`TOKEN_VARIABLE`].
    pub token_env: Option<String>,
    /// How many seconds to wait for a server that does not answer.
    pub timeout: u64,
    /// How often a change is tried again that a server has given up for another writer.
    pub retries: u32,
    /// How many seconds to wait for a locked file.
    pub busy_timeout: u64,
    /// The tables and views of other programs in the same database: patterns for their names.
    pub ignore: Ignore,
    /// What the compiler says of a struct that differs from the migrations.
    pub compile_check: CompileCheck,
    /// Whether `generate` keeps what it drops and converts.
    pub keep: bool,
    /// For how many days what is kept is wanted; `None` until somebody drops it.
    pub keep_days: Option<u32>,
    /// When `migrate` makes a backup first.
    pub backup: BackupFirst,
    /// The folder for backups, relative to the package.
    pub backups: Option<PathBuf>,
    /// How many backups of a database are kept in their folder.
    pub keep_backups: u32,
    /// How long the pending migrations may keep others from writing, as a rehearsal finds.
    pub max_write_lock: Option<Duration>,
    /// What the application adds to libSQL.
    pub engine: Engine,
    /// The levels of lints, in the order of the file.
    pub lints: Vec<SetLevel>,
    /// What the project wants of its schema.
    #[cfg(feature = "declare")]
    pub rules: Rules,
    /// Where the application has its SQL.
    pub queries: Queries,
    /// Further databases with migrations of their own, in the order of the file.
    pub databases: Vec<Database>,
    /// The databases that have names, in the order of the file.
    pub targets: Vec<Target>,
    /// Those of the other databases of the package, once one is chosen.
    pub other_targets: Vec<Target>,
}

/// What the compiler says of a struct that differs from the migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CompileCheck {
    /// It does not compile.
    #[default]
    Error,
    /// It compiles with a warning.
    Warn,
    /// Nothing: structs are not compared.
    Off,
}

/// When `migrate` makes a backup first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BackupFirst {
    /// Of a protected target, if a pending migration loses rows or values, or rewrites a table.
    #[default]
    Auto,
    /// Whenever something is pending.
    Always,
    /// If it is asked for.
    Never,
}

impl FromStr for BackupFirst {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(format!("unknown variant `{word}`, expected one of `auto`, `always`, `never`")),
        }
    }
}

impl FromStr for CompileCheck {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "off" => Ok(Self::Off),
            _ => Err(format!("unknown variant `{word}`, expected one of `error`, `warn`, `off`")),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: None,
            migrations: PathBuf::from("migrations"),
            seeds: PathBuf::from(crate::seed_sets::FOLDER),
            root: None,
            url: None,
            token_env: None,
            timeout: 30,
            retries: 3,
            busy_timeout: 10,
            ignore: Ignore::default(),
            compile_check: CompileCheck::default(),
            keep: false,
            keep_days: None,
            backup: BackupFirst::default(),
            backups: None,
            keep_backups: 5,
            max_write_lock: None,
            engine: Engine::default(),
            lints: Vec::new(),
            #[cfg(feature = "declare")]
            rules: Rules::default(),
            queries: Queries::default(),
            databases: Vec::new(),
            targets: Vec::new(),
            other_targets: Vec::new(),
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line and column, both counted from 1, if it is at one place.
    pub place: Option<(usize, usize)>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Config {
    /// The environment variable that names the database.
    pub fn url_variable(&self) -> &str {
        self.database.as_ref().map_or(URL_VARIABLE, |database| &database.url_variable)
    }

    /// The environment variable that has the token for a server.
    pub fn token_variable(&self) -> &str {
        let own = || self.database.as_ref().map_or(TOKEN_VARIABLE, |database| &database.token_variable);
        self.token_env.as_deref().unwrap_or_else(own)
    }

    /// The table of a target, or of the fleet of a member: `tenants/acme`.
    pub fn target(&self, name: &str) -> Option<&Target> {
        let (fleet, _) = name.split_once('/').unwrap_or((name, ""));
        self.targets.iter().find(|target| target.name == fleet)
    }

    /// For how many days what is kept is wanted in a target, or in a database without a name.
    pub fn keep_days(&self, target: Option<&str>) -> Option<u32> {
        let target = target.and_then(|name| self.target(name));
        target.and_then(|target| target.keep_days).or(self.keep_days)
    }

    /// The folder for backups of a target, or of a database without a name, if one is configured.
    pub fn backups(&self, target: Option<&str>) -> Option<&Path> {
        let target = target.and_then(|name| self.target(name));
        target.and_then(|target| target.backups.as_deref()).or(self.backups.as_deref())
    }
}

/// Whether a value is there and says nothing: white space, characters that nobody sees, quotes around nothing. That is
/// how a secret arrives that a pipeline does not have.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| is_around(char) || matches!(char, '"' | '\'' | '`'))
}

/// A value as it was meant, without the white space that was copied with it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_around)
}

/// What is no part of a value at its ends: white space, a byte order mark, spaces without a width.
fn is_around(char: char) -> bool {
    char.is_whitespace() || char.is_control() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}')
}

/// Line and column of a byte of the file, both counted from 1.
pub fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_blank() {
        for blank in ["", " ", "\n", "\t \r\n", "\"\"", "''", " '' ", "\" \"", "\u{feff}", "\u{200b}", "\u{a0}", "``"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for said in ["a", ".", "-", "'a'", "0"] {
            assert!(!is_blank(said), "{said:?}");
        }
        assert_eq!(trimmed("\u{feff} libsql://h\r\n"), "libsql://h");
    }
}
