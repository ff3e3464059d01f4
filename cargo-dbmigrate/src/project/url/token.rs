//! The token for a server: only from the environment, `.env` or the URL, because everybody on a machine can read
//! command lines.

use std::fmt;
use std::path::PathBuf;

use crate::project::config::FILE_NAME;

/// Where a token was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// `authToken=` in the URL.
    Url,
    /// This variable of the environment.
    Environment(String),
    /// This variable in a `.env` file.
    DotEnv(PathBuf, String),
    /// The platform API has made it for this database.
    Minted,
    /// Nowhere: this is the variable that could have it.
    Missing(String),
    /// Nowhere: no variable is named beside the URL, which is in this table of `dbmigrate.toml`, or in the file itself.
    Unpaired(Option<String>),
    /// Nowhere: the same of a database of the package, with the variable that it would have.
    UnpairedOf {
        /// Its name.
        database: String,
        /// The variable.
        variable: String,
    },
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("`authToken` in the URL"),
            Self::Environment(name) => write!(f, "the environment variable `{name}`"),
            Self::DotEnv(path, name) => write!(f, "`{name}` in `{}`", path.display()),
            Self::Minted => f.write_str("the platform API of Turso Cloud"),
            Self::Missing(name) => write!(f, "nowhere: `{name}` is not set"),
            Self::Unpaired(Some(target)) => write!(f, "nowhere: target `{target}` has no `token_env`"),
            Self::Unpaired(None) => write!(f, "nowhere: the `url` in `{FILE_NAME}` has no `token_env` beside it"),
            Self::UnpairedOf { database, .. } => {
                write!(
                    f,
                    "nowhere: the `url` of `[databases.{database}]` in `{FILE_NAME}` has no `token_env` beside it"
                )
            }
        }
    }
}
