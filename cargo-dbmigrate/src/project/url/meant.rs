//! Text that would be the path of a file, and was meant as something else: a server without its scheme, a URL in quotes,
//! a variable that nobody has expanded. Whether a file of that name is there, the caller knows.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::url_text::{REMOTE_SCHEMES, scheme};

/// The hosts of Turso end so.
const TURSO: &str = "turso.io";

/// How files of databases end: a name that ends so is none of a server.
const EXTENSIONS: [&str; 10] = ["db", "db2", "db3", "libsql", "s3db", "sdb", "sl3", "sqlite", "sqlite2", "sqlite3"];

/// Names of the public name service end so, and hardly any file does.
const DOMAINS: [&str; 24] = [
    "ai", "app", "ch", "cloud", "co", "com", "de", "dev", "eu", "fr", "info", "internal", "io", "lan", "me", "net",
    "nl", "online", "org", "run", "site", "tech", "uk", "xyz",
];

/// What programs write where there is no value.
const NOTHING: [&str; 6] = ["null", "(null)", "undefined", "none", "nil", "<nil>"];

/// What a text was meant as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// A server: its host, the URLs that it may have, and whether a scheme was written.
    Server { host: String, urls: Vec<String>, has_scheme: bool },
    /// What the quotes are around.
    Quoted(String),
    /// A variable or a placeholder in the place of its value.
    Unexpanded,
    /// No value.
    Nothing,
    /// What stands behind the name of a variable and its `=`.
    Assigned(String),
    /// A path below the home folder, for which `~` stands in a shell only: what is behind it.
    Home(String),
    /// A URL, though not of which database.
    Url,
}

/// What a text was meant as, if not as the path of a file. It shows no password and no token. A URL that can be read is
/// `None` as well.
pub(super) fn of(text: &str) -> Option<Meant> {
    if let Some(value) = assigned(text).filter(|value| !value.contains("://")) {
        return Some(Meant::Assigned(value.to_owned()));
    }
    let is_quote = |char: char| matches!(char, '"' | '\'' | '`' | '“' | '”' | '‘' | '’');
    if text.starts_with(is_quote) || text.ends_with(is_quote) {
        return Some(Meant::Quoted(text.trim_matches(|char| is_quote(char) || char.is_whitespace()).to_owned()));
    }
    if NOTHING.contains(&text.to_ascii_lowercase().as_str()) {
        return Some(Meant::Nothing);
    }
    let surrounded = |before: char, after: char| text.starts_with(before) && text.ends_with(after);
    if text.starts_with('$') || text.contains("${") || surrounded('%', '%') || surrounded('<', '>') {
        return Some(Meant::Unexpanded);
    }
    if let Some(below) = text.strip_prefix('~').filter(|below| below.is_empty() || below.starts_with('/')) {
        return Some(Meant::Home(below.to_owned()));
    }
    if let Some(server) = of_scheme(text) {
        return Some(server);
    }
    if scheme(text).is_some() {
        return None;
    }
    let Some(at) = text.find("://") else {
        let has_token = text.to_ascii_lowercase().contains("authtoken=");
        return of_host(text).or((has_token || is_of_other_scheme(text)).then_some(Meant::Url));
    };
    // `NAME=libsql://…`
    let before = text[..at].to_ascii_lowercase();
    let known = REMOTE_SCHEMES.iter().find(|scheme| before.ends_with(**scheme));
    let server = known.and_then(|scheme| of_scheme(&format!("{scheme}:///{}", &text[at + 3..])));
    Some(server.unwrap_or(Meant::Url))
}

/// The value of a line that assigns it: `export NAME=value`.
fn assigned(text: &str) -> Option<&str> {
    let (name, value) = text.strip_prefix("export ").unwrap_or(text).split_once('=')?;
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (name.len() > 1 && name.bytes().all(is_name)).then(|| value.trim().trim_matches(['"', '\'']))
}

/// Whether the text begins as a URL does and is none of ours: `jdbc:sqlite:dev.db`, `env:NAME`.
fn is_of_other_scheme(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_word = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'+');
    let is_file = EXTENSIONS.iter().any(|extension| rest.ends_with(&format!(".{extension}")));
    let is_database = ["jdbc", "sqlite", "sqlite3", "turso", "sqld"].contains(&scheme.to_ascii_lowercase().as_str());
    scheme.len() > 1 && is_word && !rest.is_empty() && (is_database || !is_file)
}

/// The first part of a path: of a folder that is there, no server is meant.
pub(super) fn first_part(text: &str) -> &str {
    text.split('/').next().unwrap_or(text)
}

/// A known scheme with another number of slashes behind it, or without its colon.
fn of_scheme(text: &str) -> Option<Meant> {
    let lower = text.to_ascii_lowercase();
    // `https` before `http`
    let mut schemes = REMOTE_SCHEMES;
    schemes.sort_unstable_by_key(|scheme| std::cmp::Reverse(scheme.len()));
    let scheme = schemes.into_iter().find(|scheme| lower.starts_with(scheme))?;
    let rest = &text[scheme.len()..];
    let after = rest.trim_start_matches([':', '/', ';', ',', '.', '\\', ' ']);
    let between = &rest[..rest.len() - after.len()];
    let is_meant = (between.starts_with(':') || between.contains("//")) && between != "://";
    let (host, _, address) = address(after).filter(|_| is_meant)?;
    Some(Meant::Server { host, urls: vec![format!("{scheme}://{address}")], has_scheme: true })
}

/// A host without a scheme.
fn of_host(text: &str) -> Option<Meant> {
    let text = text.strip_prefix("//").unwrap_or(text);
    if text.starts_with(['.', '/', '~']) || text.contains(['\\', ' ']) {
        return None;
    }
    let (host, port, address) = address(text)?;
    let (bare, labels) = (host.trim_start_matches('[').trim_end_matches(']'), host.split('.').collect::<Vec<_>>());
    let is_name = labels.iter().all(|label| is_label(label));
    let of_turso = host == TURSO || host.strip_suffix(TURSO).is_some_and(|rest| rest.ends_with('.'));
    let is_here = host == "localhost" || host.ends_with(".localhost");
    let is_address = bare.parse::<Ipv4Addr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok();
    let last = labels.last().copied().unwrap_or_default();
    let is_long = match labels.len() {
        0 | 1 => false,
        2 => DOMAINS.contains(&last),
        _ => is_domain(last),
    };
    let is_long = is_long && is_name && !host.contains('_');
    let urls = match port {
        _ if !(is_name || is_address) => return None,
        _ if of_turso => vec![format!("libsql://{}", without_port(&address, port, 443))],
        Some(443) => vec![format!("libsql://{}", without_port(&address, port, 443))],
        Some(80) => vec![format!("http://{}", without_port(&address, port, 80))],
        _ if is_here || is_address || (port.is_some() && labels.len() == 1) => vec![format!("http://{address}")],
        Some(_) => vec![format!("libsql://{address}"), format!("http://{address}")],
        None if is_long => vec![format!("libsql://{address}")],
        None => return None,
    };
    Some(Meant::Server { host, urls, has_scheme: false })
}

/// The last label of a name of the public name service, such as `com`, unless files of databases end so.
fn is_domain(label: &str) -> bool {
    label.len() > 1 && label.bytes().all(|byte| byte.is_ascii_alphabetic()) && !EXTENSIONS.contains(&label)
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.bytes().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
}

/// Host, port, and both with the path, as they stand in a URL: without user, password and parameters, any of which may
/// be secret.
fn address(text: &str) -> Option<(String, Option<u16>, String)> {
    let text = text.split(['?', '#']).next().unwrap_or(text);
    let (authority, path) = text.find('/').map_or((text, ""), |at| text.split_at(at));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
    let is_bare = authority.parse::<Ipv6Addr>().is_ok();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !is_bare && !port.ends_with(']') => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(port.parse::<u16>().ok().filter(|port| digits && *port > 0)?))
        }
        _ => (authority, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let host = if is_bare { format!("[{host}]") } else { host };
    if host.is_empty() {
        return None;
    }
    let port_text = port.map(|port| format!(":{port}")).unwrap_or_default();
    let address = format!("{host}{port_text}{}", path.trim_end_matches('/'));
    Some((host, port, address))
}

/// The address without the port that the scheme has anyway.
fn without_port(address: &str, port: Option<u16>, usual: u16) -> String {
    match port {
        Some(port) if port == usual => address.replacen(&format!(":{port}"), "", 1),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> String {
        match of(text) {
            Some(Meant::Server { urls, .. }) => urls.join(" "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_host_without_a_scheme_is_told_from_a_path() {
        for (text, wanted) in [
            ("mydb.turso.io", "libsql://mydb.turso.io"),
            ("MyDB.Turso.IO.", "libsql://mydb.turso.io"),
            ("app.turso.io:443", "libsql://app.turso.io"),
            ("app.turso.io:443/x", "libsql://app.turso.io/x"),
            ("app.turso.io?authToken=s3cret", "libsql://app.turso.io"),
            ("me:s3cret@app.turso.io", "libsql://app.turso.io"),
            ("mydb-org.aws-eu-west-1.turso.io", "libsql://mydb-org.aws-eu-west-1.turso.io"),
            ("//mydb.turso.io", "libsql://mydb.turso.io"),
            ("localhost", "http://localhost"),
            ("localhost:8080", "http://localhost:8080"),
            ("localhost:8080/dev/a", "http://localhost:8080/dev/a"),
            ("a.localhost:8080", "http://a.localhost:8080"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("[::1]", "http://[::1]"),
            ("::1", "http://[::1]"),
            ("sqld:8080", "http://sqld:8080"),
            ("db:443", "libsql://db"),
            ("db.internal:80", "http://db.internal"),
            ("db.internal:8080", "libsql://db.internal:8080 http://db.internal:8080"),
            ("db.example.com", "libsql://db.example.com"),
            ("example.com", "libsql://example.com"),
            ("app.dev/x", "libsql://app.dev/x"),
            ("db.example.com/x", "libsql://db.example.com/x"),
        ] {
            assert_eq!(urls(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_known_scheme_that_is_mistyped_is_mended() {
        for (text, wanted) in [
            ("libsql:/app.turso.io", "libsql://app.turso.io"),
            ("libsql:app.turso.io", "libsql://app.turso.io"),
            ("libsql//app.turso.io", "libsql://app.turso.io"),
            ("libsql:///app.turso.io", "libsql://app.turso.io"),
            ("libsql;//app.turso.io", "libsql://app.turso.io"),
            ("LIBSQL:/app.turso.io", "libsql://app.turso.io"),
            ("https:/x:1/y?authToken=s3cret", "https://x:1/y"),
            ("wss:x", "wss://x"),
            ("URL=libsql://app.turso.io", "libsql://app.turso.io"),
            ("URL=libsql://me:s3cret@app.turso.io?authToken=s3cret", "libsql://app.turso.io"),
        ] {
            assert_eq!(urls(text), wanted, "{text}");
        }
        assert_eq!(of("a b://c"), Some(Meant::Url));
        assert_eq!(of("x?authToken=s3cret"), Some(Meant::Url));
    }

    #[test]
    fn names_of_files_stay_files_and_urls_stay_urls() {
        for text in [
            "dev.db",
            "app.sqlite3",
            "data.prod.db",
            "a.b.c.sqlite",
            "db.v2",
            "my.data",
            "my_app.v1.data",
            "app.data.v2",
            ".env.local.db",
            "./localhost",
            "./mydb.turso.io",
            "../mydb.turso.io",
            "/mydb.turso.io",
            "//srv/a.db",
            "localhosts",
            "data/localhost",
            "data/mydb.turso.io",
            "a:b.db",
            "what?.db",
            "C:/a.db",
            r"C:\a.b.com",
            "libsql/data.db",
            "libsql.db",
            "http",
            "file:mydb.turso.io",
            "file:localhost",
            "libsql://h",
            "LIBSQL://h",
            "http://localhost:8080",
            "postgres://h",
            ":memory:",
            "turso.db",
            "my file.with.dots",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn quotes_placeholders_and_words_for_nothing_are_no_paths() {
        assert_eq!(of("'libsql://h'"), Some(Meant::Quoted("libsql://h".to_owned())));
        assert_eq!(of("\"dev.db"), Some(Meant::Quoted("dev.db".to_owned())));
        for text in ["$URL", "${URL}", "libsql://${HOST}", "${{ secrets.URL }}", "%URL%", "<url>"] {
            assert_eq!(of(text), Some(Meant::Unexpanded), "{text}");
        }
        for text in ["URL=a.db", "export URL=a.db", "URL= 'a.db"] {
            assert_eq!(of(text), Some(Meant::Assigned("a.db".to_owned())), "{text}");
        }
        assert_eq!(of("~/a.db"), Some(Meant::Home("/a.db".to_owned())));
        for text in ["jdbc:sqlite:dev.db", "sqlite3:dev.db", "env:DB", "postgresql:x"] {
            assert_eq!(of(text), Some(Meant::Url), "{text}");
        }
        for text in ["null", "undefined", "None"] {
            assert_eq!(of(text), Some(Meant::Nothing), "{text}");
        }
    }
}
