//! What stands around a command and says something about databases: the environment, `.env`, `dbmigrate.toml`.

use std::cell::OnceCell;
use std::path::Path;

use dbmigrate_core::config::is_blank;
use dbmigrate_core::engine::remote::Token;

use super::dot_env::DotEnv;
use super::token::TokenSource;
use crate::error::{CommandError, Result};
use crate::project::config::Config;

/// The variable that pipelines set: GitHub, GitLab and most others.
const CI: &str = "CI";

/// A variable of this process, which is only read. One that is set and empty is set.
///
/// # Errors
/// Exit code 2 if it is no text.
pub(super) fn environment(name: &str) -> Result<Option<String>> {
    let Some(value) = std::env::var_os(name) else { return Ok(None) };
    value.into_string().map(Some).map_err(|_| {
        // what can be read of it may be a secret
        CommandError::usage(format!("the environment variable `{name}` is not UTF-8 text"))
    })
}

/// Whether this is a pipeline.
pub(super) fn in_ci() -> bool {
    let value = std::env::var_os(CI).unwrap_or_default().to_string_lossy().trim().to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "false")
}

/// What the environment, `.env` and `dbmigrate.toml` say about databases.
pub(super) struct Surroundings<'a> {
    package_root: &'a Path,
    pub(super) config: &'a Config,
    /// Read when it is needed: most commands need nothing of it.
    dot_env: OnceCell<Option<DotEnv>>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(package_root: &'a Path, config: &'a Config) -> Self {
        Self { package_root, config, dot_env: OnceCell::new() }
    }

    pub(super) fn dot_env(&self) -> Result<Option<&DotEnv>> {
        if let Some(read) = self.dot_env.get() {
            return Ok(read.as_ref());
        }
        let read = DotEnv::near(self.package_root)?;
        Ok(self.dot_env.get_or_init(|| read).as_ref())
    }

    /// The token for a server whose URL has none.
    pub(super) fn token(&self) -> Result<(Option<Token>, TokenSource)> {
        let name = self.config.token_variable().to_owned();
        if let Some(value) = environment(&name)? {
            let source = TokenSource::Environment(name);
            return Ok((Some(token(&value, &source)?), source));
        }
        let Some(file) = self.dot_env()? else { return Ok((None, TokenSource::Missing(name))) };
        match file.get(&name)? {
            Some(value) => {
                let source = TokenSource::DotEnv(file.file.clone(), name);
                Ok((Some(token(value, &source)?), source))
            }
            None => Ok((None, TokenSource::Missing(name))),
        }
    }
}

/// A token as it was copied: what stands around it is no part of it.
fn token(text: &str, source: &TokenSource) -> Result<Token> {
    if is_blank(text) {
        let error = CommandError::usage(format!("{source} is set, but blank: it has no token"));
        let error = match source {
            TokenSource::Environment(name) => error
                .note("in CI, a secret that is not set becomes an empty variable")
                .help(format!("set the token, `{name}=…`; for a server without tokens: `unset {name}`")),
            _ => error.help("set the token; for a server without tokens, remove the line"),
        };
        return Err(error);
    }
    Token::parse(text).map_err(|error| {
        CommandError::usage(format!("the token from {source} is not valid: {error}"))
            .help("copy it again: `turso db tokens create NAME`")
    })
}
