//! What stands around a command and says something about databases: the environment, `.env`, `dbmigrate.toml`.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use dbmigrate_core::config::is_blank;
use dbmigrate_core::engine::remote::Token;

use super::dot_env::DotEnv;
use super::source::UrlSource;
use super::token::TokenSource;
use crate::error::{CommandError, Result};
use crate::project::config::Config;
use crate::report::Printer;

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
pub(crate) fn in_ci() -> bool {
    let value = std::env::var_os(CI).unwrap_or_default().to_string_lossy().trim().to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "false")
}

/// A URL in a variable, which has not been read yet.
pub(super) struct Given {
    pub(super) text: String,
    /// Where a relative path starts.
    pub(super) base: PathBuf,
    pub(super) source: UrlSource,
}

/// What the environment, `.env` and `dbmigrate.toml` say about databases.
pub(crate) struct Surroundings<'a> {
    pub(super) package_root: &'a Path,
    pub(crate) config: &'a Config,
    /// Asks whether a server may get a token.
    pub(super) printer: &'a Printer,
    /// Whether no server is asked, so that none needs a token.
    pub(crate) is_offline: bool,
    /// Read when it is needed: most commands need nothing of it.
    dot_env: OnceCell<Option<DotEnv>>,
}

impl<'a> Surroundings<'a> {
    pub(crate) fn new(package_root: &'a Path, config: &'a Config, printer: &'a Printer) -> Self {
        Self { package_root, config, printer, is_offline: false, dot_env: OnceCell::new() }
    }

    pub(super) fn dot_env(&self) -> Result<Option<&DotEnv>> {
        if let Some(read) = self.dot_env.get() {
            return Ok(read.as_ref());
        }
        let read = DotEnv::near(self.package_root)?;
        Ok(self.dot_env.get_or_init(|| read).as_ref())
    }

    /// The URL in a variable of the environment, else of `.env`.
    pub(super) fn url(&self, name: &str) -> Result<Option<Given>> {
        if let Some(text) = environment(name)? {
            return Ok(Some(Given { text, base: PathBuf::new(), source: UrlSource::Environment(name.to_owned()) }));
        }
        let Some(file) = self.dot_env()? else { return Ok(None) };
        let Some(text) = file.get(name)? else { return Ok(None) };
        let base = file.file.parent().unwrap_or(Path::new("")).to_owned();
        let source = UrlSource::DotEnv(file.file.clone(), name.to_owned());
        Ok(Some(Given { text: text.to_owned(), base, source }))
    }

    /// The value of a variable of the environment, else of `.env`.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>> {
        Ok(self.url(name)?.map(|given| given.text))
    }

    /// Whether a variable is set, be it blank.
    pub(crate) fn is_set(&self, name: &str) -> Result<bool> {
        Ok(self.url(name)?.is_some())
    }

    /// Whether a variable has a value that says something.
    pub(super) fn has(&self, name: &str) -> Result<bool> {
        Ok(self.url(name)?.is_some_and(|given| !is_blank(&given.text)))
    }

    /// What is in a variable of the environment, else of `.env`, that is sent to a server and shown to nobody; `what`
    /// says what it is.
    ///
    /// # Errors
    /// Exit code 2 if it is blank, or cannot be sent.
    pub(super) fn secret(&self, name: &str, what: &str) -> Result<(Option<Token>, TokenSource)> {
        let Some(given) = self.url(name)? else { return Ok((None, TokenSource::Missing(name.to_owned()))) };
        let source = match given.source {
            UrlSource::DotEnv(file, name) => TokenSource::DotEnv(file, name),
            _ => TokenSource::Environment(name.to_owned()),
        };
        Ok((Some(secret(&given.text, &source, what)?), source))
    }
}

/// What the secret for the platform API of Turso Cloud is called.
pub(super) const PLATFORM_TOKEN: &str = "platform token";

/// A secret as it was copied: what stands around it is no part of it.
fn secret(text: &str, source: &TokenSource, what: &str) -> Result<Token> {
    if is_blank(text) {
        let error = CommandError::usage(format!("{source} is set, but blank: it has no {what}"));
        let error = match source {
            _ if what == PLATFORM_TOKEN => error.help(new_platform_token()),
            TokenSource::Environment(name) => error
                .note("in CI, a secret that is not set becomes an empty variable")
                .help(format!("set the {what}, `{name}=…`; for a server without {what}s: `unset {name}`")),
            _ => error.help(format!("set the {what}; for a server without {what}s, remove the line")),
        };
        return Err(error);
    }
    Token::parse(text).map_err(|error| {
        let wrong = CommandError::usage(format!("the {what} from {source} is not valid: {error}"));
        wrong.help(match what {
            "token" => "copy it again: `turso db tokens create NAME`",
            PLATFORM_TOKEN => new_platform_token(),
            _ => "copy it again",
        })
    })
}

/// How a platform token is to be had.
pub(crate) fn new_platform_token() -> &'static str {
    "create one: `turso auth api-tokens mint NAME`, and set it in the environment or in `.env`: `TURSO_API_TOKEN=…`"
}
