//! Addresses of servers: what people write in `TURSO_DATABASE_URL`, and where the requests then go.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::token::{Token, TokenError};
use crate::config::{is_blank, trimmed};

/// The address of a database on a server, without any credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    scheme: Scheme,
    tls: bool,
    /// In lower case; an IPv6 address in brackets.
    host: String,
    port: Option<u16>,
    /// The path before `/v3/pipeline`, empty or from its `/` on, without one at the end.
    prefix: String,
}

/// The schemes as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Libsql,
    Https,
    Http,
    Wss,
    Ws,
}

impl Scheme {
    const ALL: [(&str, Self); 5] =
        [("libsql", Self::Libsql), ("https", Self::Https), ("http", Self::Http), ("wss", Self::Wss), ("ws", Self::Ws)];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, scheme)| *scheme == self).map_or("libsql", |(name, _)| name)
    }
}

/// What is wrong with an address. No message shows a password or a token.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// Nothing at all, as a variable has it that is set and empty.
    #[error("the URL is blank: it names no server")]
    Blank,
    /// No `://`. What stands there instead may be a secret that landed in the wrong variable.
    #[error("the URL has no scheme: start it with `libsql://`, `https://`, `http://`, `wss://` or `ws://`")]
    NoScheme,
    /// Something before `://` that is no scheme of a server.
    #[error("`{0}` is not the scheme of a server: use `libsql`, `https`, `http`, `wss` or `ws`")]
    Scheme(String),
    /// No host, or something that cannot be one.
    #[error("the URL has no host")]
    Host,
    /// A port that is no number up to 65535.
    #[error("the port of the URL is not a number from 1 to 65535")]
    Port,
    /// `user:password@`.
    #[error(
        "the URL of `{0}` contains a user or password, which libSQL servers do not use: remove it, and set the token \
         in its variable"
    )]
    Credentials(String),
    /// A query parameter other than `tls` and `authToken`.
    #[error("the URL has the unknown parameter `{0}`: use `tls` or `authToken`")]
    Parameter(String),
    /// `tls=` with something else than 0 or 1, or against the scheme.
    #[error("`tls` in the URL must be 0 or 1 and agree with the scheme `{0}`")]
    Tls(&'static str),
    /// `libsql://host?tls=0`: there is no usual port for that.
    #[error("a `libsql` URL with `tls=0` must have a port")]
    PortWithoutTls,
    /// A token in the URL that cannot be one.
    #[error("the token in the URL is unusable: {0}")]
    Token(#[from] TokenError),
}

impl RemoteUrl {
    /// Whether a text is the URL of a server, as opposed to a path.
    pub fn is_remote(text: &str) -> bool {
        let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|scheme| Scheme::ALL.iter().any(|(name, _)| *name == scheme))
    }

    /// Reads a URL. A token in its `authToken` is returned beside it.
    ///
    /// # Errors
    /// If it is no URL of a server, or has credentials of another kind.
    pub fn parse(text: &str) -> Result<(Self, Option<Token>), UrlError> {
        let text = trimmed(text);
        if is_blank(text) {
            return Err(UrlError::Blank);
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Err(UrlError::NoScheme) };
        let scheme = scheme.to_ascii_lowercase();
        let Some((_, scheme)) = Scheme::ALL.into_iter().find(|(name, _)| *name == scheme) else {
            return Err(UrlError::Scheme(scheme));
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (credentials, authority) =
            authority.rsplit_once('@').map_or((false, authority), |(_, authority)| (true, authority));
        let (host, port) = host_and_port(authority)?;
        if credentials {
            return Err(UrlError::Credentials(host));
        }
        let mut tls = matches!(scheme, Scheme::Libsql | Scheme::Https | Scheme::Wss);
        let mut token = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "tls" => {
                    let asked = match value {
                        "0" => false,
                        "1" => true,
                        _ => return Err(UrlError::Tls(scheme.name())),
                    };
                    if scheme != Scheme::Libsql && asked != tls {
                        return Err(UrlError::Tls(scheme.name()));
                    }
                    tls = asked;
                }
                "authToken" => token = Some(Token::parse(&percent_decoded(value))?),
                other => return Err(UrlError::Parameter(other.to_owned())),
            }
        }
        if scheme == Scheme::Libsql && !tls && port.is_none() {
            return Err(UrlError::PortWithoutTls);
        }
        let prefix = path.trim_end_matches('/').to_owned();
        if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Host);
        }
        Ok((Self { scheme, tls, host, port, prefix }, token))
    }

    /// Whether both name one database, whatever scheme they are written with, and however this machine is called.
    pub fn is_same_database(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }

    /// What [`RemoteUrl::is_same_database`] compares, as text that can be looked up.
    pub fn identity(&self) -> String {
        let (host, port, database) = self.parts();
        format!("{host}:{port}/{database}")
    }

    fn parts(&self) -> (&str, u16, &str) {
        let host = if self.is_loopback() { "localhost" } else { self.host.trim_end_matches('.') };
        let port = self.port.unwrap_or(if self.tls { 443 } else { 80 });
        (host, port, self.namespace().unwrap_or(&self.prefix))
    }

    /// The server, fit for remembering that it may be sent a token: the host, with the port if one is given, and with
    /// the scheme if nothing is encrypted.
    pub fn server(&self) -> String {
        let scheme = if self.tls { "" } else { "http://" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}{}{port}", self.host)
    }

    /// The host in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the requests are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls
    }

    /// The namespace that the URL asks for: that of `/dev/NS`, or the first label of `NS.localhost`. `None` if it asks
    /// for none, or if only the server knows what its name means.
    pub fn namespace(&self) -> Option<&str> {
        self.path_namespace().or_else(|| self.host.strip_suffix(".localhost")?.split('.').next())
    }

    /// What a server with namespaces makes of the host where neither the path nor a header names one: its first label,
    /// `127` for `127.0.0.1`. `None` for a host of one label, and where the path names the namespace.
    pub fn host_label(&self) -> Option<&str> {
        match self.path_namespace() {
            Some(_) => None,
            None => self.host.split_once('.').map(|(label, _)| label),
        }
    }

    fn path_namespace(&self) -> Option<&str> {
        self.prefix.strip_prefix("/dev/").filter(|namespace| !namespace.is_empty() && !namespace.contains('/'))
    }

    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is a database of Turso Cloud.
    pub fn is_turso_cloud(&self) -> bool {
        self.host.trim_end_matches('.').ends_with(".turso.io")
    }

    /// Whether it is at that host, which may be written with a dot at its end.
    pub fn is_at(&self, host: &str) -> bool {
        self.host.trim_end_matches('.').eq_ignore_ascii_case(host.trim_end_matches('.'))
    }

    /// The same way to another host: scheme and port stay.
    ///
    /// # Errors
    /// If that is no host.
    pub fn with_host(&self, host: &str) -> Result<Self, UrlError> {
        match host_and_port(host)? {
            (host, None) => Ok(Self { host, ..self.clone() }),
            _ => Err(UrlError::Host),
        }
    }

    /// Whether `other`, which a server named, may be sent what was meant for this URL: the same host or one below it,
    /// and not without encryption if this one has it.
    pub(super) fn trusts(&self, other: &Self) -> bool {
        let below = other.host.strip_suffix(&self.host).is_some_and(|rest| rest.ends_with('.'));
        (other.host == self.host || below) && (other.tls || !self.tls)
    }

    /// Where the requests of a path go. `*.localhost` is this machine whatever the name service thinks of it (RFC 6761),
    /// so the name `localhost` is connected to; [`RemoteUrl::host_header`] keeps the name.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), self.prefix)
    }

    /// The same at the root of the server.
    pub(super) fn root_address(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    fn origin(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let host = if self.host.ends_with(".localhost") { "localhost" } else { &self.host };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}")
    }

    /// The `Host` of the requests.
    pub(super) fn host_header(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        match self.port {
            Some(port) if port != usual => format!("{}:{port}", self.host),
            _ => self.host.clone(),
        }
    }
}

/// The URL as it was written, without credentials and parameters.
impl fmt::Display for RemoteUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.name(), self.host)?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        formatter.write_str(&self.prefix)?;
        if self.scheme == Scheme::Libsql && !self.tls { formatter.write_str("?tls=0") } else { Ok(()) }
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), UrlError> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(UrlError::Host)?;
        let (host, rest) = authority.split_at(end + 1);
        host[1..end].parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
        (host, rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some(rest) }))
    } else {
        authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || !(host.starts_with('[') || host.bytes().all(is_name)) {
        return Err(UrlError::Host);
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?),
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        if let (b'%', Some(byte)) = (first, escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RemoteUrl {
        RemoteUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).0
    }

    #[test]
    fn schemes_are_mapped_to_http_and_https_and_shown_as_written() {
        for (text, address) in [
            ("libsql://db-org.turso.io", "https://db-org.turso.io/v3/pipeline"),
            ("wss://a:8443/", "https://a:8443/v3/pipeline"),
            ("ws://A.b:80", "http://a.b:80/v3/pipeline"),
            ("http://[::1]:8080/dev/x/", "http://[::1]:8080/dev/x/v3/pipeline"),
            ("libsql://localhost:8080?tls=0", "http://localhost:8080/v3/pipeline"),
            ("HTTPS://proxy/some/path#x", "https://proxy/some/path/v3/pipeline"),
            ("http://foo.localhost:8080", "http://localhost:8080/v3/pipeline"),
        ] {
            assert_eq!(url(text).address("/v3/pipeline"), address, "{text}");
        }
        assert_eq!(url("libsql://localhost:8080?tls=0").to_string(), "libsql://localhost:8080?tls=0");
        assert_eq!(url("wss://a:8443/x/").to_string(), "wss://a:8443/x");
        assert_eq!(url("http://foo.localhost:8080").host_header(), "foo.localhost:8080");
        assert_eq!(url("https://h:443").host_header(), "h");
    }

    #[test]
    fn namespaces_are_those_of_the_path_or_of_a_label_before_localhost() {
        assert_eq!(url("http://localhost:8080/dev/foo").namespace(), Some("foo"));
        assert_eq!(url("http://foo.localhost:8080").namespace(), Some("foo"));
        assert_eq!(url("http://localhost:8080").namespace(), None);
        assert_eq!(url("libsql://db-org.turso.io").namespace(), None);
        assert_eq!(url("http://127.0.0.1:8080").namespace(), None);
        assert_eq!(url("http://127.0.0.1:8080").host_label(), Some("127"));
        assert_eq!(url("http://127.0.0.1:8080/dev/foo").host_label(), None);
        assert_eq!(url("http://localhost:8080").host_label(), None);
    }

    #[test]
    fn a_token_is_taken_out_and_other_credentials_are_an_error_that_does_not_show_them() {
        let (url, token) = RemoteUrl::parse("libsql://h?authToken=abc%2Edef&tls=1").unwrap();
        assert_eq!((url.to_string().as_str(), token.unwrap().secret()), ("libsql://h", "abc.def"));
        let error = RemoteUrl::parse("https://me:s3cret@h:1/x").unwrap_err();
        assert_eq!(error, UrlError::Credentials("h".into()));
        for text in ["https://h?authToken=a%20b", "https://s3cret@h", "s3cret", "https://h:s3cret", "https://s3 cret"] {
            let error = RemoteUrl::parse(text).unwrap_err();
            assert!(!format!("{error}{error:?}").contains("s3"), "{error:?}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_an_error() {
        for blank in ["", " \n", "''", "\u{feff}"] {
            assert_eq!(RemoteUrl::parse(blank), Err(UrlError::Blank), "{blank:?}");
        }
        for text in ["db.turso.io", "localhost:8080", "libsql:h"] {
            assert_eq!(RemoteUrl::parse(text), Err(UrlError::NoScheme), "{text}");
        }
        for text in [
            "file:a.db",
            "a.db",
            "ftp://h",
            "http://",
            "http://:80",
            "http://h:0",
            "http://h:99999",
            "http://[::1",
            "http://[::1]x",
            "libsql://h?tls=0",
            "https://h?tls=0",
            "http://h?tls=1",
            "https://h?tls=2",
            "https://h?a=b",
        ] {
            assert!(RemoteUrl::parse(text).is_err(), "{text}");
        }
        assert!(
            RemoteUrl::is_remote("LIBSQL://x") && !RemoteUrl::is_remote("a.db") && !RemoteUrl::is_remote("file://a")
        );
    }

    #[test]
    fn what_is_meant_for_a_host_goes_only_there_or_below_it() {
        let given = url("https://db.example.com");
        assert!(given.trusts(&url("https://db.example.com:444")) && given.trusts(&url("https://a.db.example.com")));
        for other in ["http://db.example.com", "https://example.com", "https://evil-db.example.com", "https://x.com"] {
            assert!(!given.trusts(&url(other)), "{other}");
        }
    }

    #[test]
    fn loopback_is_found_by_name_and_by_address() {
        for text in ["http://localhost", "http://a.localhost", "http://127.1.2.3", "http://[::1]:80"] {
            assert!(url(text).is_loopback(), "{text}");
        }
        assert!(!url("http://localhost.example.com").is_loopback() && !url("http://10.0.0.1").is_loopback());
    }
}
