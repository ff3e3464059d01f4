//! Where the URL of a database was taken from.

use std::fmt;
use std::path::PathBuf;

use dbmigrate_core::config::URL_VARIABLE;
use dbmigrate_core::shell::{shell_flag, shell_quoted};

use crate::project::config::{self, Config};

/// The environment variable that names the database, unless it is that of a database of its own.
pub(crate) const ENVIRONMENT_VARIABLE: &str = URL_VARIABLE;

/// The database that is used when nothing names another one, relative to the package.
pub(crate) const DEFAULT: &str = "dev.db";

/// The same of the database that a configuration is of.
pub(crate) fn default_file(config: &Config) -> String {
    config.database_name().map_or_else(|| DEFAULT.to_owned(), |name| format!("dev-{name}.db"))
}

/// Where a URL was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UrlSource {
    /// `--url`.
    Argument,
    /// Another flag that takes a database.
    Side(&'static str),
    /// This variable of the environment.
    Environment(String),
    /// This variable in a `.env` file.
    DotEnv(PathBuf, String),
    /// `url` in `dbmigrate.toml`, of a database if it is not the default one.
    Config(Option<String>),
    /// `url` of this target in `dbmigrate.toml`.
    Target(String),
    /// What `fleet` of this target in `dbmigrate.toml` names.
    Fleet(String),
    /// Nothing named one.
    Default,
}

impl UrlSource {
    /// How another URL is named there, as it can be typed.
    pub(super) fn with(&self, url: &str) -> String {
        match self {
            Self::Argument | Self::Default => shell_flag("--url", url),
            Self::Side(flag) => shell_flag(flag, url),
            Self::Environment(name) => format!("{name}={}", shell_quoted(url)),
            Self::DotEnv(_, name) => format!("{name}={}", in_dot_env(url)),
            // as it stands on a line of a list
            Self::Fleet(_) => url.to_owned(),
            Self::Config(_) | Self::Target(_) => format!("url = {}", config::toml_string(url)),
        }
    }
}

/// A value as it stands in `.env`: with escapes of its own, which are not those of a shell.
fn in_dot_env(value: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-.=:/,+%@".contains(char);
    if value.chars().all(plain) {
        value.to_owned()
    } else if value.contains('\'') {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
    } else {
        format!("'{value}'")
    }
}

impl fmt::Display for UrlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("`--url`"),
            Self::Side(flag) => write!(f, "`{flag}`"),
            Self::Environment(name) => write!(f, "the environment variable `{name}`"),
            Self::DotEnv(path, name) => write!(f, "`{name}` in `{}`", path.display()),
            Self::Config(None) => write!(f, "`url` in `{}`", config::FILE_NAME),
            Self::Config(Some(name)) => write!(f, "`url` of `[databases.{name}]` in `{}`", config::FILE_NAME),
            Self::Target(name) => write!(f, "`url` of `[targets.{name}]` in `{}`", config::FILE_NAME),
            Self::Fleet(name) => write!(f, "the fleet `{name}`"),
            Self::Default => f.write_str("the default"),
        }
    }
}
