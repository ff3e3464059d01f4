//! Which database: its URL, from where it was taken, and a form of it that is fit for printing.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::error::{CommandError, Result};
use crate::package;

/// The environment variable that names the database.
pub const ENVIRONMENT_VARIABLE: &str = "TURSO_DATABASE_URL";

/// The database that is used when nothing names another one, relative to the package.
pub const DEFAULT: &str = "dev.db";

/// The schemes of databases on a server.
const REMOTE_SCHEMES: [&str; 5] = ["libsql", "https", "http", "wss", "ws"];

/// Where a URL was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// `--url`.
    Argument,
    /// Another flag that takes a database.
    Side(&'static str),
    /// The environment.
    Environment,
    /// A `.env` file.
    DotEnv(PathBuf),
    /// `dbmigrate.toml`.
    Config,
    /// Nothing named one.
    Default,
}

impl fmt::Display for UrlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("`--url`"),
            Self::Side(flag) => write!(f, "`{flag}`"),
            Self::Environment => write!(f, "the environment variable `{ENVIRONMENT_VARIABLE}`"),
            Self::DotEnv(path) => write!(f, "`{ENVIRONMENT_VARIABLE}` in `{}`", path.display()),
            Self::Config => write!(f, "`url` in `{}`", crate::config::FILE_NAME),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// A database. It can be printed: it has no credentials in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    path: PathBuf,
    source: UrlSource,
}

impl DatabaseUrl {
    /// Reads a URL: a path, or `file:` and a path. Relative paths start at `base`.
    ///
    /// # Errors
    /// Exit code 2, for anything that is not a file. The message contains no credentials.
    pub fn parse(url: &str, base: &Path, source: UrlSource) -> Result<Self> {
        let shown = redacted(url);
        let error = |what: &str| {
            let help = format!("name a file, such as `{DEFAULT}` or `file:data/app.db`");
            Err(CommandError::usage(format!("{what} (from {source})")).help(help))
        };
        let path = match scheme(url) {
            Some((scheme, _)) if REMOTE_SCHEMES.contains(&scheme.as_str()) => {
                return error(&format!("remote databases are not supported yet by this version: `{shown}`"));
            }
            Some((scheme, rest)) if scheme == "file" => {
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                let read_only = |pair: &str| matches!(pair, "mode=ro" | "immutable=1" | "immutable=true");
                if query.split('&').any(read_only) {
                    return error(&format!("`{shown}` is read-only, and migrations write"));
                }
                if query.split('&').any(|pair| pair == "mode=memory") {
                    return error(&format!("`{shown}` is in memory, and would be gone when the command ends"));
                }
                match file_path(path) {
                    Some(path) => path,
                    None => return error(&format!("`{shown}` is not the URL of a file on this machine")),
                }
            }
            Some((scheme, _)) => return error(&format!("`{scheme}:` is not the scheme of a libSQL database")),
            None => PathBuf::from(url),
        };
        match path.to_str() {
            Some("") => error("the database URL is empty"),
            Some(":memory:") => error("`:memory:` is in memory, and would be gone when the command ends"),
            _ => Ok(Self { path: clean(&base.join(path)), source }),
        }
    }

    /// The database to use, by precedence: `--url`, the environment, `.env`, `dbmigrate.toml`, `dev.db`.
    ///
    /// A relative path starts where it was written: `--url` and the environment at the working directory, `.env` at
    /// its own directory, the others at the package. The environment of this process is only read.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::parse`], and if `.env` cannot be read.
    pub fn find(argument: Option<&str>, package_root: &Path, config: &Config) -> Result<Self> {
        let here = Path::new("");
        if let Some(url) = argument {
            return Self::parse(url, here, UrlSource::Argument);
        }
        if let Some(value) = std::env::var_os(ENVIRONMENT_VARIABLE).filter(|value| !value.is_empty()) {
            return Self::parse(&value.to_string_lossy(), here, UrlSource::Environment);
        }
        if let Some((file, url)) = from_dot_env(package_root)? {
            let base = file.parent().unwrap_or(here).to_owned();
            return Self::parse(&url, &base, UrlSource::DotEnv(file));
        }
        match &config.url {
            Some(url) => Self::parse(url, package_root, UrlSource::Config),
            None => Self::parse(DEFAULT, package_root, UrlSource::Default),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the URL was taken from.
    pub fn source(&self) -> &UrlSource {
        &self.source
    }
}

/// As it can be typed in the working directory.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        package::for_display(&self.path).display().fmt(f)
    }
}

/// Whether a URL has a user, a password or a token in it.
pub fn has_credentials(url: &str) -> bool {
    redacted(url).contains("//…@") || url.to_ascii_lowercase().contains("authtoken=")
}

/// A URL without what may be secret: user, password, and everything from the `?` on. Text that is no URL stays.
pub fn redacted(text: &str) -> String {
    // also in `--url=libsql://…`
    let start = text.find("://").map_or(0, |at| {
        let scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
        at - text.as_bytes()[..at].iter().rev().take_while(|byte| scheme(byte)).count()
    });
    let (before, url) = text.split_at(start);
    let Some((scheme, rest)) = scheme(url) else {
        // a token on its own: `authToken=…`
        return match text.to_ascii_lowercase().find("authtoken=") {
            Some(at) => format!("{}authToken=…", &text[..at]),
            None => text.to_owned(),
        };
    };
    let (address, query) = match rest.split_once(['?', '#']) {
        Some((address, _)) => (address, "?…"),
        None => (rest, ""),
    };
    let after_slashes = address.strip_prefix("//");
    let (authority, path) = match after_slashes {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", address),
    };
    let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("…@{host}"));
    let slashes = if after_slashes.is_some() { "//" } else { "" };
    format!("{before}{scheme}:{slashes}{host}{path}{query}")
}

/// The scheme in lower case and what follows the colon. A drive letter is no scheme, and neither is a word before a
/// colon that nobody knows and no `//` follows: `:` is allowed in paths.
fn scheme(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let valid = scheme.len() > 1
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    let scheme = scheme.to_ascii_lowercase();
    let known = scheme == "file" || scheme == "sqlite" || REMOTE_SCHEMES.contains(&scheme.as_str());
    (valid && (known || rest.starts_with("//"))).then_some((scheme, rest))
}

/// The path of a `file:` URL (sqlite.org/uri.html): `file:a`, `file:/a`, `file:///a`, `file://localhost/a`.
fn file_path(rest: &str) -> Option<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            path.starts_with('/').then_some(path)?
        }
        None => rest,
    };
    let path = path.split('#').next().unwrap_or(path);
    // `file:///C:/a`
    let drive = path.as_bytes().get(2) == Some(&b':') && path.starts_with('/');
    percent_decoded(if cfg!(windows) && drive { &path[1..] } else { path }).map(PathBuf::from)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = (*first == b'%').then(|| text_of(after.get(..2)?)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The path without `.` parts, as it is shown.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

/// The variable in the nearest `.env` from `root` up to the repository that it is in.
fn from_dot_env(root: &Path) -> Result<Option<(PathBuf, String)>> {
    let start = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let mut directories = start.ancestors();
    let found = loop {
        let Some(directory) = directories.next() else { return Ok(None) };
        let file = directory.join(".env");
        if file.is_file() {
            break file;
        }
        if directory.join(".git").exists() {
            return Ok(None);
        }
    };
    let file = crate::package::for_display(&found);
    let unreadable = |why: &dyn fmt::Display| {
        CommandError::usage(format!("cannot read `{}`: {why}", file.display()))
            .help(format!("or name the database: `--url {DEFAULT}`"))
    };
    let lines = dotenvy::from_path_iter(&found).map_err(|error| unreadable(&error))?;
    for line in lines {
        match line {
            Ok((name, value)) if name == ENVIRONMENT_VARIABLE && !value.is_empty() => return Ok(Some((file, value))),
            Ok(_) => {}
            // the line itself may hold a secret
            Err(dotenvy::Error::LineParse(..)) => return Err(unreadable(&"a line in it is not `NAME=value`")),
            Err(error) => return Err(unreadable(&error)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> std::result::Result<String, String> {
        DatabaseUrl::parse(url, Path::new("base"), UrlSource::Argument)
            .map(|url| url.to_string())
            .map_err(|error| format!("{} {}", error.exit_code(), error.message()))
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
            assert_eq!(path(url).as_deref(), Ok(wanted), "{url}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_as_wrong_usage() {
        for (url, wanted) in [
            ("", "is empty"),
            ("file:", "is empty"),
            (":memory:", "in memory"),
            ("file::memory:", "in memory"),
            ("file:a.db?mode=memory", "in memory"),
            ("file:a.db?mode=ro", "read-only"),
            ("file://server/a.db", "on this machine"),
            ("postgres://localhost/a", "`postgres:` is not the scheme"),
            ("sqlite:dev.db", "`sqlite:` is not the scheme"),
        ] {
            let message = path(url).expect_err(url);
            assert!(message.starts_with("2 ") && message.contains(wanted), "{url}: {message}");
        }
    }

    #[test]
    fn servers_are_refused_without_showing_credentials() {
        for scheme in REMOTE_SCHEMES {
            let message = path(&format!("{scheme}://me:hunter2@db.example.com/x?authToken=s3cret")).expect_err(scheme);
            assert!(message.contains("remote databases are not supported yet by this version"), "{message}");
            assert!(message.contains(&format!("`{scheme}://…@db.example.com/x?…`")), "{message}");
            assert!(!message.contains("hunter2") && !message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn secrets_are_taken_out_of_arguments_too() {
        assert_eq!(redacted("--url=libsql://u:p@h/x?authToken=t"), "--url=libsql://…@h/x?…");
        assert_eq!(redacted("authToken=t"), "authToken=…");
        assert_eq!(redacted("users.nick=handle"), "users.nick=handle");
        assert_eq!(redacted("libsql://h"), "libsql://h");
        assert_eq!(redacted("file:a.db?authToken=t"), "file:a.db?…");
    }
}
