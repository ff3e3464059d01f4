//! The databases that have names: `[targets.NAME]`.

use std::path::PathBuf;
use std::time::Duration;

use super::fleet::Fleet;
use super::rollout::{ROLLOUT_FIELDS, Rollout};
use super::{TOKEN_VARIABLE, URL_VARIABLE};

/// The target that is the database of an application's users.
pub const PRODUCTION: &str = "production";

/// The target that is beside it for everybody to try.
pub const DEMO: &str = "demo";

/// What stands for every target, and so is the name of none.
pub const ALL_TARGETS: &str = "all";

/// The names of the fields of a target.
pub const TARGET_FIELDS: [&str; 20] = [
    "database",
    "url",
    "url_env",
    "fleet",
    "token_env",
    "encryption_key_env",
    "protected",
    "optional",
    "timeout",
    "retries",
    "keep_days",
    "backups",
    "max_write_lock",
    ROLLOUT_FIELDS[0],
    ROLLOUT_FIELDS[1],
    ROLLOUT_FIELDS[2],
    ROLLOUT_FIELDS[3],
    ROLLOUT_FIELDS[4],
    ROLLOUT_FIELDS[5],
    ROLLOUT_FIELDS[6],
];

/// What the variable with the URL of a target is called, or could be.
pub fn url_variable(target: &str) -> String {
    named(target, "DATABASE_URL", |(_, url, _)| url)
}

/// What the variable with its token is called, or could be.
pub fn token_variable(target: &str) -> String {
    named(target, "AUTH_TOKEN", |(_, _, token)| token)
}

type Implied = (&'static str, &'static str, &'static str);

fn named(target: &str, what: &str, variable: fn(Implied) -> &'static str) -> String {
    let implied = Target::IMPLIED.into_iter().find(|(name, ..)| *name == target);
    implied.map_or_else(
        || format!("{}_{what}", target.to_ascii_uppercase().replace('-', "_")),
        |implied| variable(implied).to_owned(),
    )
}

/// A database that has a name, as it is configured: what is missing has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name: ASCII letters, digits, `-` and `_`.
    pub name: String,
    /// The database of the package that it is one of: its name in `[databases]`. None: the default one.
    pub database: Option<String>,
    /// Its URL, relative to the package.
    pub url: Option<String>,
    /// The environment variable that has its URL.
    pub url_env: Option<String>,
    /// Where its members come from, if it is not one database but a fleet of them.
    pub fleet: Option<Fleet>,
    /// The environment variable that has the token for its server.
    pub token_env: Option<String>,
    /// The environment variable that has the key that its server encrypts it with.
    pub encryption_key_env: Option<String>,
    /// Whether whatever writes to it needs consent.
    pub protected: Option<bool>,
    /// Whether it is skipped if its variables are not set.
    pub optional: Option<bool>,
    /// How many seconds to wait for its server, or its file.
    pub timeout: Option<u64>,
    /// How often a change is tried again that its server has given up for another writer.
    pub retries: Option<u32>,
    /// For how many days what is kept is wanted there.
    pub keep_days: Option<u32>,
    /// The folder for its backups, relative to the package.
    pub backups: Option<PathBuf>,
    /// How long pending migrations may keep others from writing to it.
    pub max_write_lock: Option<Duration>,
    /// How it is migrated, if it is a fleet.
    pub rollout: Rollout,
}

impl Target {
    /// The targets that there are without a table: by name, the variables with URL and token.
    pub const IMPLIED: [(&'static str, &'static str, &'static str); 2] =
        [(PRODUCTION, URL_VARIABLE, TOKEN_VARIABLE), (DEMO, "TURSO_DEMO_DATABASE_URL", "TURSO_DEMO_AUTH_TOKEN")];

    /// A target of which nothing is configured.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn implied(&self) -> Option<(&str, &str, &str)> {
        Self::IMPLIED.into_iter().find(|(name, ..)| *name == self.name)
    }

    /// The variable that has its URL, unless the URL itself is configured, or where those of its members come from.
    pub fn url_variable(&self) -> Option<&str> {
        match (&self.url, &self.fleet) {
            (Some(_), _) | (_, Some(_)) => None,
            (None, None) => self.url_env.as_deref().or_else(|| Some(self.implied()?.1)),
        }
    }

    /// The variable that has its token. A URL that is configured has none but the one that stands beside it.
    pub fn token_variable(&self) -> Option<&str> {
        match (&self.token_env, &self.url) {
            (Some(name), _) => Some(name),
            (None, Some(_)) => None,
            (None, None) => self.implied().map(|(_, _, token)| token),
        }
    }

    /// Whether whatever writes to it needs consent.
    pub fn is_protected(&self) -> bool {
        self.protected.unwrap_or(self.name == PRODUCTION)
    }

    /// Whether it is skipped if its variables are not set.
    pub fn is_optional(&self) -> bool {
        self.optional.unwrap_or(self.name == DEMO)
    }
}
