//! Reads `dbmigrate.toml`, for the subcommand and the macros alike: two readers that disagree about a file would migrate
//! one folder and check another.

use std::path::PathBuf;

use super::fields::{self, Field, Wrong};
use super::{Config, FIELDS, LONGEST_TIMEOUT, MOST_RETRIES, Problem, TOKEN_VARIABLE, is_blank, position};
use crate::declare::errors::closest;
use crate::ignore::Ignore;

impl Config {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// At the first thing that cannot be understood, and where values are none that anybody can mean.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let at = |(message, byte): Wrong| Problem { place: Some(position(text, byte)), message, help: None };
        let mut config = Self::default();
        for Field { name, at: name_at, value } in fields::read(text).map_err(at)? {
            match name.as_str() {
                "migrations" => config.migrations = PathBuf::from(value.string().map_err(at)?),
                "root" => config.root = Some(PathBuf::from(value.string().map_err(at)?)),
                "url" => {
                    let url = value.string().map_err(at)?;
                    if is_blank(&url) {
                        let help = "name a database: `url = \"dev.db\"`, or remove the line".to_owned();
                        let wrong = ("`url` is blank: it names no database".to_owned(), name_at);
                        return Err(Problem { help: Some(help), ..at(wrong) });
                    }
                    config.url = Some(url);
                }
                "token_env" => config.token_env = Some(value.string().map_err(at)?),
                "timeout" => config.timeout = value.integer().map_err(at)?,
                "retries" => config.retries = value.integer().map_err(at)?,
                "busy_timeout" => config.busy_timeout = value.integer().map_err(at)?,
                "ignore" => config.ignore = Ignore::new(value.list().map_err(at)?),
                "compile_check" => config.compile_check = value.parsed().map_err(at)?,
                _ => {
                    let help = match closest(&name, FIELDS) {
                        Some(known) => format!("did you mean `{known}`?"),
                        None => format!("expected one of `{}`", FIELDS.join("`, `")),
                    };
                    return Err(Problem { help: Some(help), ..at((format!("unknown field `{name}`"), name_at)) });
                }
            }
        }
        config.problem().map_or(Ok(config), Err)
    }

    /// What is wrong with a configuration that can be read.
    fn problem(&self) -> Option<Problem> {
        let problem = |message: String| Some(Problem { place: None, message, help: None });
        for (name, seconds) in [("timeout", self.timeout), ("busy_timeout", self.busy_timeout)] {
            if seconds > LONGEST_TIMEOUT {
                return problem(format!("`{name}` is more than a day ({LONGEST_TIMEOUT} seconds)"));
            }
        }
        if self.timeout == 0 {
            return problem("`timeout` is 0, but must be at least 1".to_owned());
        }
        if self.retries > MOST_RETRIES {
            return problem(format!("`retries` is more than {MOST_RETRIES}"));
        }
        if self.token_env.as_deref().is_some_and(|name| !is_variable(name)) {
            // what stands there instead may be a token
            let message = "`token_env` is not the name of an environment variable".to_owned();
            let help = format!("set the token in a variable and name it: `token_env = \"{TOKEN_VARIABLE}\"`");
            return Some(Problem { place: None, message, help: Some(help) });
        }
        if self.migrations.as_os_str().is_empty() {
            let help = Some("name a folder: `migrations = \"migrations\"`".to_owned());
            return Some(Problem { place: None, message: "`migrations` is empty".to_owned(), help });
        }
        None
    }
}

/// Whether every shell takes a name for that of a variable. A long one is rather a token.
fn is_variable(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.starts_with(|first: char| first.is_ascii_digit())
        && (1..=64).contains(&name.len())
        && name.bytes().all(is_word)
}
