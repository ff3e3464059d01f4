//! Which database: its URL, from where it was taken, and a form of it that is fit for printing.

mod connect;
mod dot_env;
mod file;
mod given;
mod meant;
mod source;
mod surroundings;
mod token;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_core::engine::remote::{RemoteUrl, Token};

pub(crate) use self::connect::Connect;
use self::given::{ci_without_url, given, refuse_what_was_not_meant};
pub(crate) use self::source::{DEFAULT, ENVIRONMENT_VARIABLE, UrlSource};
use self::surroundings::{Surroundings, environment, in_ci};
pub(crate) use self::token::TokenSource;
use crate::error::{CommandError, Result, did_you_mean};
use crate::messages::On;
use crate::project::config::Config;
use crate::project::path;
use crate::url_text::{REMOTE_SCHEMES, redacted, scheme};

/// A database. It can be printed: as text it has no credentials in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl {
    place: Place,
    source: UrlSource,
    timeout: Duration,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// On a server.
    Server(Box<Server>),
}

/// A server and what it takes to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// The address.
    pub url: RemoteUrl,
    /// The token, if there is one.
    pub token: Option<Token>,
    /// Where the token was taken from.
    pub token_source: TokenSource,
}

impl DatabaseUrl {
    /// The database to use, by precedence: `--url`, the environment, `.env`, `dbmigrate.toml`, `dev.db`.
    ///
    /// A relative path starts where it was written: `--url` and the environment at the working directory, `.env` at
    /// its own directory, the others at the package. The environment of this process is only read.
    ///
    /// # Errors
    /// Exit code 2 for what is no database, without its credentials, for a variable that is set and blank, if `.env`
    /// cannot be read, and in CI if nothing names a database.
    pub(crate) fn find(connect: &Connect, package_root: &Path, config: &Config) -> Result<Self> {
        let around = Surroundings::new(package_root, config);
        let here = Path::new("");
        let read = |text: &str, base: &Path, source| Self::read(text, base, source, connect, &around);
        if let Some(url) = &connect.url {
            return read(url, here, UrlSource::Argument);
        }
        if let Some(value) = environment(ENVIRONMENT_VARIABLE)? {
            return read(&value, here, UrlSource::Environment);
        }
        if let Some(file) = around.dot_env()?
            && let Some(url) = file.get(ENVIRONMENT_VARIABLE)?
        {
            let base = file.file.parent().unwrap_or(here);
            return read(url, base, UrlSource::DotEnv(file.file.clone()));
        }
        match &config.url {
            Some(url) => read(url, package_root, UrlSource::Config),
            None if in_ci() => Err(ci_without_url(package_root)),
            None => read(DEFAULT, package_root, UrlSource::Default),
        }
    }

    /// Every database that is named apart from `--url`, and the default one.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`].
    pub(crate) fn named(connect: &Connect, package_root: &Path, config: &Config) -> Result<Vec<Self>> {
        let around = Surroundings::new(package_root, config);
        let here = Path::new("");
        let read = |text: &str, base: &Path, source| Self::read(text, base, source, connect, &around);
        let mut all = Vec::new();
        if let Some(value) = environment(ENVIRONMENT_VARIABLE)? {
            all.push(read(&value, here, UrlSource::Environment)?);
        }
        if let Some(file) = around.dot_env()?
            && let Some(url) = file.get(ENVIRONMENT_VARIABLE)?
        {
            let base = file.file.parent().unwrap_or(here);
            all.push(read(url, base, UrlSource::DotEnv(file.file.clone()))?);
        }
        if let Some(url) = &config.url {
            all.push(read(url, package_root, UrlSource::Config)?);
        }
        all.push(read(DEFAULT, package_root, UrlSource::Default)?);
        Ok(all)
    }

    /// The file that is used where nothing but the configuration names one; `None` if that is on a server.
    pub(crate) fn local_file(package_root: &Path, config: &Config) -> Option<PathBuf> {
        let text = config.url.as_deref().unwrap_or(DEFAULT);
        let is_file = scheme(text).is_none_or(|(scheme, _)| scheme == "file");
        is_file.then(|| file::path_of(text.trim(), package_root).ok()).flatten()
    }

    /// The database that was typed for another flag than `--url`.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`].
    pub(crate) fn of_side(
        text: &str,
        flag: &'static str,
        connect: &Connect,
        package_root: &Path,
        config: &Config,
    ) -> Result<Self> {
        let around = Surroundings::new(package_root, config);
        Self::read(text, Path::new(""), UrlSource::Side(flag), connect, &around)
    }

    /// Reads a URL: a path, `file:` and a path, or the address of a server. Relative paths start at `base`.
    fn read(text: &str, base: &Path, source: UrlSource, connect: &Connect, around: &Surroundings<'_>) -> Result<Self> {
        let text = given(text, &source)?;
        refuse_what_was_not_meant(text, base, &source)?;
        let timeout = |default: u64| Duration::from_secs(connect.timeout.unwrap_or(default));
        let error = |what: String, help: &str| CommandError::usage(format!("{what} (from {source})")).help(help);
        match scheme(text) {
            Some((scheme, _)) if REMOTE_SCHEMES.contains(&scheme.as_str()) => {
                let (url, token) = RemoteUrl::parse(text).map_err(|wrong| {
                    let variable = around.config.token_variable();
                    CommandError::usage(wrong.to_string())
                        .note(format!("`{}`, from {source}", redacted(text)))
                        .help(format!("for a server: `libsql://HOST`, with its token in `{variable}`"))
                })?;
                let (token, token_source) = match token {
                    Some(token) => (Some(token), TokenSource::Url),
                    None => around.token()?,
                };
                let place = Place::Server(Box::new(Server { url, token, token_source }));
                Ok(Self { place, source, timeout: timeout(around.config.timeout) })
            }
            Some((scheme, _)) if scheme != "file" => {
                let help = format!("name a file, such as `{DEFAULT}`, or a server, such as `libsql://HOST`");
                let error = error(format!("`{scheme}:` is not the scheme of a libSQL database"), &help);
                Err(match mistaken_scheme(&scheme, text) {
                    Some(url) => error.help(format!("did you mean `{}`?", source.with(&url))),
                    None => error,
                })
            }
            _ => {
                let help = format!("name a file, such as `{DEFAULT}` or `file:data/app.db`");
                let path = file::path_of(text, base).map_err(|wrong| error(wrong, &help))?;
                Ok(Self { place: Place::File(path), source, timeout: timeout(around.config.busy_timeout) })
            }
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Server(_) => None,
        }
    }

    /// How long to wait for a server that does not answer, or for a file that is locked.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Where the URL was taken from.
    pub(crate) fn source(&self) -> &UrlSource {
        &self.source
    }
}

/// The URL with the scheme that was meant, if it can be shown: that of a server of Turso is the one of libSQL.
fn mistaken_scheme(scheme: &str, text: &str) -> Option<String> {
    let meant = if scheme == "turso" { "libsql" } else { did_you_mean(scheme, REMOTE_SCHEMES)? };
    let (_, rest) = text.split_once(':')?;
    let url = format!("{meant}:{rest}");
    RemoteUrl::parse(&url).ok().map(|(url, _)| url.to_string())
}

/// As it can be typed in the working directory; that of a server without credentials.
impl From<&DatabaseUrl> for On {
    fn from(url: &DatabaseUrl) -> Self {
        Self { database: url.to_string(), target: None }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => path::for_display(path).display().fmt(f),
            Place::Server(server) => server.url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<DatabaseUrl> {
        let config = Config { token_env: Some("DBMIGRATE_NOBODY_HAS_THIS".to_owned()), ..Config::default() };
        // no `.env` above it
        let around = Surroundings::new(Path::new("/"), &config);
        DatabaseUrl::read(url, Path::new("base"), UrlSource::Argument, &Connect::default(), &around)
    }

    fn shown(url: &str) -> std::result::Result<String, String> {
        read(url).map(|url| url.to_string()).map_err(|error| format!("{} {}", error.exit_code(), error.message()))
    }

    #[test]
    fn files_are_read_in_every_spelling() {
        for (url, wanted) in [
            ("dev.db", "base/dev.db"),
            ("./dev.db", "base/dev.db"),
            ("/data/dev.db", "/data/dev.db"),
            ("file:dev.db", "base/dev.db"),
            ("FILE:dev.db?cache=shared", "base/dev.db"),
            ("file:///data/a%20b.db", "/data/a b.db"),
            ("file://localhost/data/a.db#x", "/data/a.db"),
            ("file:100%.db", "base/100%.db"),
            ("a:b.db", "base/a:b.db"),
            ("what?.db", "base/what?.db"),
        ] {
            assert_eq!(shown(url).as_deref(), Ok(wanted), "{url}");
            assert_eq!(read(url).expect("it is one").timeout(), Duration::from_secs(10));
        }
    }

    #[test]
    fn what_is_no_database_is_refused_as_wrong_usage() {
        for (url, wanted) in [
            ("", "names no database"),
            ("' '", "names no database"),
            ("file:", "is empty"),
            (":memory:", "in memory"),
            ("file::memory:", "in memory"),
            ("file:a.db?mode=memory", "in memory"),
            ("file:a.db?mode=ro", "read-only"),
            ("file://server/a.db", "on this machine"),
            ("postgres://localhost/a", "`postgres:` is not the scheme"),
            ("sqlite:dev.db", "`sqlite:` is not the scheme"),
        ] {
            let message = shown(url).expect_err(url);
            assert!(message.starts_with("2 ") && message.contains(wanted), "{url}: {message}");
        }
    }

    #[test]
    fn servers_are_shown_without_their_token() {
        for scheme in REMOTE_SCHEMES {
            let url = read(&format!("{scheme}://db.example.com?authToken=s3cret")).expect("it is one");
            let Place::Server(server) = url.place() else { panic!("{scheme}: not a server") };
            assert_eq!(server.token_source, TokenSource::Url);
            let said = format!("{url} {url:?}");
            assert!(said.contains("db.example.com") && !said.contains("s3cret"), "{said}");
            assert!(url.file().is_none());
            assert_eq!(url.timeout(), Duration::from_secs(30));
        }
    }

    #[test]
    fn a_server_without_a_token_says_which_variable_could_have_it() {
        let url = read("libsql://db.example.com").expect("it is one");
        let Place::Server(server) = url.place() else { panic!("not a server") };
        assert_eq!(
            (&server.token, server.token_source.to_string().as_str()),
            (&None, "nowhere: `DBMIGRATE_NOBODY_HAS_THIS` is not set")
        );
    }
}
