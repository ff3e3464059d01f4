//! A database by its URL: where it is, from where that was taken, and a form of it that is fit for printing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_core::config::Target;
use dbmigrate_core::engine::remote::{RemoteUrl, Token, UrlError};

use super::connect::Connect;
use super::file;
use super::given::{ci_without_url, given, refuse_what_was_not_meant};
use super::secrets::{self, Secrets};
use super::source::{DEFAULT, UrlSource, default_file};
use super::surroundings::{Given, Surroundings, environment, in_ci};
use super::token::TokenSource;
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
    retries: u32,
    max_write_lock: Option<Duration>,
    target: Option<Named>,
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
    /// The key that the server encrypts the database with.
    pub encryption_key: Option<Token>,
}

impl Server {
    /// Whether others on the network can read what it takes to be let in.
    pub(crate) fn shows_secrets(&self) -> bool {
        let has_secret = self.token.is_some() || self.encryption_key.is_some();
        has_secret && !self.url.is_encrypted() && !self.url.is_loopback()
    }
}

/// What is known of a database by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// The name.
    pub name: String,
    /// Whether whatever writes to it needs consent.
    pub is_protected: bool,
    /// Whether it was chosen by its name, and not by its URL.
    pub is_chosen: bool,
}

impl Named {
    /// Whether that is its name, or the one of the fleet that it is a member of.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.split_once('/').is_some_and(|(fleet, _)| fleet == name)
    }
}

impl From<&Target> for Named {
    fn from(target: &Target) -> Self {
        Self { name: target.name.clone(), is_protected: target.is_protected(), is_chosen: true }
    }
}

impl DatabaseUrl {
    /// The database to use, by precedence: `--url`, the environment, `.env`, `dbmigrate.toml`, `dev.db`.
    ///
    /// A relative path starts where it was written: `--url` and the environment at the working directory, `.env` at
    /// its own directory, the others at the package. The environment of this process is only read.
    ///
    /// # Errors
    /// Exit code 2 for what is no database, without its credentials, for a variable that is set and blank, if `.env`
    /// cannot be read, in CI if nothing names a database, and for a server that may not have its token.
    pub(crate) fn find(connect: &Connect, around: &Surroundings<'_>) -> Result<Self> {
        let read = |text: &str, base: &Path, source| Self::read(text, base, source, (connect, None), around);
        let of_database = || around.config.database_name().map(str::to_owned);
        if let Some(url) = &connect.url {
            return read(url, Path::new(""), UrlSource::Argument);
        }
        if let Some(Given { text, base, source }) = around.url(around.config.url_variable())? {
            return read(&text, &base, source);
        }
        match &around.config.url {
            Some(url) => read(url, around.package_root, UrlSource::Config(of_database())),
            None if in_ci() => Err(ci_without_url(around.package_root, around.config)),
            None => read(&default_file(around.config), around.package_root, UrlSource::Default),
        }
    }

    /// Every database that is named apart from `--url` and the targets, and the default one.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`].
    pub(crate) fn named(connect: &Connect, around: &Surroundings<'_>) -> Result<Vec<Self>> {
        let read = |text: &str, base: &Path, source| Self::read(text, base, source, (connect, None), around);
        let mut all = Vec::new();
        let variable = around.config.url_variable();
        if let Some(value) = environment(variable)? {
            all.push(read(&value, Path::new(""), UrlSource::Environment(variable.to_owned()))?);
        }
        if let Some(file) = around.dot_env()?
            && let Some(url) = file.get(variable)?
        {
            let base = file.file.parent().unwrap_or(Path::new(""));
            all.push(read(url, base, UrlSource::DotEnv(file.file.clone(), variable.to_owned()))?);
        }
        if let Some(url) = &around.config.url {
            let source = UrlSource::Config(around.config.database_name().map(str::to_owned));
            all.push(read(url, around.package_root, source)?);
        }
        all.push(read(&default_file(around.config), around.package_root, UrlSource::Default)?);
        Ok(all)
    }

    /// The files that the configuration names, or the one that is used where it names none.
    pub(crate) fn local_files(package_root: &Path, config: &Config) -> Vec<PathBuf> {
        let names = std::iter::once(None).chain(config.databases.iter().map(|one| Some(one.name.as_str())));
        let all: Vec<Config> = names.filter_map(|name| config.of(name)).collect();
        let own: Vec<String> =
            all.iter().map(|config| config.url.clone().unwrap_or_else(|| default_file(config))).collect();
        let targets = config.targets.iter().chain(&config.other_targets).filter_map(|target| target.url.as_deref());
        let urls = own.iter().map(String::as_str).chain(targets);
        let files = urls.filter(|text| scheme(text).is_none_or(|(scheme, _)| scheme == "file"));
        files.filter_map(|text| file::path_of(text.trim(), package_root).ok()).collect()
    }

    /// The database that was typed for another flag than `--url`.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`].
    pub(crate) fn of_side(
        text: &str,
        flag: &'static str,
        connect: &Connect,
        around: &Surroundings<'_>,
    ) -> Result<Self> {
        Self::read(text, Path::new(""), UrlSource::Side(flag), (connect, None), around)
    }

    /// Reads a URL: a path, `file:` and a path, or the address of a server. Relative paths start at `base`.
    pub(super) fn read(
        text: &str,
        base: &Path,
        source: UrlSource,
        (connect, target): (&Connect, Option<&Target>),
        around: &Surroundings<'_>,
    ) -> Result<Self> {
        let text = given(text, &source)?;
        refuse_what_was_not_meant(text, base, &source)?;
        let configured = target.and_then(|target| target.timeout);
        let retries = target.and_then(|target| target.retries).unwrap_or(around.config.retries);
        let lock = target.and_then(|target| target.max_write_lock);
        let error = |what: String, help: &str| CommandError::usage(format!("{what} (from {source})")).help(help);
        match scheme(text) {
            Some((scheme, _)) if REMOTE_SCHEMES.contains(&scheme.as_str()) => {
                let (url, token) = RemoteUrl::parse(text).map_err(|wrong| {
                    let variable = match target {
                        Some(target) => target.token_variable().unwrap_or("token_env"),
                        None => around.config.token_variable(),
                    };
                    CommandError::usage(wrong.to_string())
                        .note(format!("`{}`, from {source}", redacted(text)))
                        .help(format!("for a server: `libsql://HOST`, with its token in `{variable}`"))
                })?;
                let Secrets { token, token_source, encryption_key } =
                    secrets::of(around, &url, token, &source, target)?;
                let place = Place::Server(Box::new(Server { url, token, token_source, encryption_key }));
                let timeout = connect.timeout.or(configured).unwrap_or(around.config.timeout);
                let timeout = Duration::from_secs(timeout);
                let max_write_lock = lock.or(around.config.max_write_lock);
                Ok(Self { place, source, timeout, retries, max_write_lock, target: target.map(Named::from) })
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
                Ok(Self::in_file(path, source, (connect, target), around))
            }
        }
    }

    /// The database in a file.
    pub(super) fn in_file(
        path: PathBuf,
        source: UrlSource,
        (connect, target): (&Connect, Option<&Target>),
        around: &Surroundings<'_>,
    ) -> Self {
        let configured = target.and_then(|target| target.timeout);
        let timeout = connect.timeout.or(configured).unwrap_or(around.config.busy_timeout);
        let lock = target.and_then(|target| target.max_write_lock);
        Self {
            place: Place::File(path),
            source,
            timeout: Duration::from_secs(timeout),
            retries: target.and_then(|target| target.retries).unwrap_or(around.config.retries),
            max_write_lock: lock.or(around.config.max_write_lock),
            target: target.map(Named::from),
        }
    }

    /// It with a token that the platform API has made, if it is on a server.
    #[must_use]
    pub(crate) fn with_minted(mut self, token: &Token) -> Self {
        if let Place::Server(server) = &mut self.place {
            (server.token, server.token_source) = (Some(token.clone()), TokenSource::Minted);
        }
        self
    }

    /// It as the member of its fleet that has this name: `acme` of `tenants` is `tenants/acme`.
    #[must_use]
    pub(crate) fn named_as(mut self, member: &str) -> Self {
        if let Some(target) = &mut self.target {
            target.name = format!("{}/{member}", target.name);
        }
        self
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

    /// How often a change is tried again that its server has given up.
    pub(crate) fn retries(&self) -> u32 {
        self.retries
    }

    /// For how long pending migrations may keep others from writing, if that is limited.
    pub(crate) fn max_write_lock(&self) -> Option<Duration> {
        self.max_write_lock
    }

    /// The target that it is, if it has a name.
    pub(crate) fn target(&self) -> Option<&Named> {
        self.target.as_ref()
    }

    /// Whether it is a member of a fleet, `tenants/acme`: the name of no other target has a slash in it.
    pub(crate) fn is_member(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.name.contains('/'))
    }

    /// How another database is named in place of this one: where its URL is from if it has a name, else by `--url`.
    pub(crate) fn instead(&self, url: &str) -> String {
        match &self.target {
            Some(target) if target.is_chosen => self.source.with(url),
            _ => UrlSource::Argument.with(url),
        }
    }

    /// How another database is named where the URL of this one is from.
    pub(crate) fn in_place(&self, url: &str) -> String {
        self.source.with(url)
    }

    /// A copy of it on another host of the same service, which has a token of its own. It is no target.
    ///
    /// # Errors
    /// If it is in a file, or that is no host.
    pub(crate) fn copy_at(&self, host: &str, token: Token) -> std::result::Result<Self, UrlError> {
        let Place::Server(server) = &self.place else { return Err(UrlError::Host) };
        let url = server.url.with_host(host)?;
        let server = Server { url, token: Some(token), token_source: TokenSource::Minted, encryption_key: None };
        Ok(Self { place: Place::Server(Box::new(server)), target: None, ..self.clone() })
    }

    /// The same database as one that has a name, which was not used.
    pub(crate) fn also(mut self, target: &Target) -> Self {
        self.max_write_lock = target.max_write_lock.or(self.max_write_lock);
        self.target = Some(Named { is_chosen: false, ..Named::from(target) });
        self
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

impl From<&DatabaseUrl> for On {
    fn from(url: &DatabaseUrl) -> Self {
        Self { database: url.to_string(), target: url.target.as_ref().map(|target| target.name.clone()) }
    }
}

/// As it can be typed in the working directory; that of a server without credentials.
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
    use crate::report::Printer;
    use crate::report::again::Again;
    use crate::report::output::Output;
    use crate::report::suggested::Typed;

    fn read(url: &str) -> Result<DatabaseUrl> {
        let config = Config { token_env: Some("DBMIGRATE_NOBODY_HAS_THIS".to_owned()), ..Config::default() };
        // no `.env` above it
        let printer = Printer::new(&Output::default(), Again::default(), Typed::default());
        let around = Surroundings::new(Path::new("/"), &config, &printer);
        DatabaseUrl::read(url, Path::new("base"), UrlSource::Argument, (&Connect::default(), None), &around)
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
