//! What an answer other than the wanted one means: who refused, and whether anything can have happened.

use libsql_hrana::proto;
use serde::Deserialize;

use super::token::Token;
use super::url::RemoteUrl;
use crate::engine::error::{EngineError, ErrorKind};

/// The most of a foreign text that is shown.
const SHOWN: usize = 300;

/// The error of a statement or of a stream, with SQLite's message as a local database says it.
pub(super) fn of_hrana(error: &proto::Error) -> EngineError {
    let mut message = error.message.as_str();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| message.strip_prefix(prefix)) {
        message = rest;
    }
    if error.code == "SQL_INPUT_ERROR" || error.message.contains("SQL input error: ") {
        message = without_offset(message);
    }
    let kind = match error.code.as_str() {
        code if code.starts_with("SQLITE_CONSTRAINT") => ErrorKind::Constraint,
        "SQLITE_BUSY" | "SQLITE_LOCKED" | "TRANSACTION_BUSY" => ErrorKind::Locked,
        "SQLITE_READONLY" => ErrorKind::ReadOnly,
        "SQLITE_FULL" => ErrorKind::DiskFull,
        "SQLITE_IOERR" => ErrorKind::Io,
        "SQLITE_CORRUPT" => ErrorKind::Corrupt,
        "SQLITE_NOTADB" => ErrorKind::NotADatabase,
        "SQLITE_CANTOPEN" => ErrorKind::CannotOpen,
        "TRANSACTION_TIMEOUT" => ErrorKind::Stolen,
        "STREAM_EXPIRED" => ErrorKind::StreamExpired,
        "RESPONSE_TOO_LARGE" => ErrorKind::TooLarge,
        "BLOCKED" | "SQLITE_AUTH" => ErrorKind::Forbidden,
        _ if message.ends_with("constraint failed") => ErrorKind::Constraint,
        _ => ErrorKind::Statement,
    };
    let message = match kind {
        ErrorKind::Stolen => "the server gave the transaction's lock to another writer, and rolled it back".to_owned(),
        ErrorKind::TooLarge => "the answer would be larger than the server allows".to_owned(),
        _ => message.to_owned(),
    };
    EngineError { kind, message }
}

/// What servers put before SQLite's own message.
const PREFIXES: [&str; 4] = [
    "SQLite error: ",
    "SQL input error: ",
    "SQL string could not be parsed: ",
    "error executing a request on the primary: ",
];

/// The message without the ` (at offset 7)` that servers append to those about a place in the statement.
fn without_offset(message: &str) -> &str {
    let Some((before, offset)) = message.strip_suffix(')').and_then(|text| text.rsplit_once(" (at offset ")) else {
        return message;
    };
    let digits = offset.strip_prefix('-').unwrap_or(offset);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) { before } else { message }
}

/// An answer whose status is not 2xx, or whose body is not what was asked for.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
    pub(super) location: Option<&'a str>,
}

/// What is known of the request that was answered.
pub(super) struct Asked<'a> {
    pub(super) url: &'a RemoteUrl,
    pub(super) token: Option<&'a Token>,
    pub(super) namespace: Option<&'a str>,
    pub(super) writes: bool,
}

#[derive(Deserialize)]
struct Said {
    error: Option<serde_json::Value>,
    message: Option<String>,
    code: Option<String>,
}

impl Asked<'_> {
    /// The error that an answer means.
    pub(super) fn error(&self, answer: &Answer<'_>) -> EngineError {
        let text = String::from_utf8_lossy(answer.body);
        let said = serde_json::from_str::<Said>(&text).ok();
        if let Some(Said { message: Some(message), code: Some(code), .. }) = &said {
            let error = of_hrana(&proto::Error { message: message.clone(), code: code.clone() });
            if (400..500).contains(&answer.status) && error.kind != ErrorKind::Statement {
                return error;
            }
        }
        let words = said.as_ref().and_then(said_text).or_else(|| plain(&text));
        let says = words.as_ref().map(|words| format!(": {words}")).unwrap_or_default();
        let (url, status) = (self.url, answer.status);
        let (kind, message) = match status {
            401 => (ErrorKind::Unauthorized, self.unauthorized(words.as_deref())),
            403 => (ErrorKind::Forbidden, self.forbidden(words.as_deref())),
            404 if said.is_some() && words.as_ref().is_some_and(|words| names_a_database(words)) => {
                (ErrorKind::NoSuchDatabase, self.no_such_database(&says))
            }
            404 => (ErrorKind::Protocol, format!("`{url}` is not a libSQL server (it has no `/v3/pipeline`)")),
            413 => (ErrorKind::TooLarge, format!("the request is larger than `{url}` allows{says}")),
            400 if text.contains("baton") => {
                (ErrorKind::StreamExpired, format!("the server does not know the stream any more{says}"))
            }
            429 => (ErrorKind::Unreachable, format!("`{url}` takes no more requests for now{says}")),
            300..400 => {
                let to = answer.location.map(|to| format!(" to `{}`", shown(strip_query(to)))).unwrap_or_default();
                let message = format!("`{url}` redirects{to}, which is not followed: use the address of the database");
                (ErrorKind::Protocol, message)
            }
            400..500 => (ErrorKind::Protocol, format!("`{url}` refused the request with status {status}{says}")),
            200..300 if self.writes => (ErrorKind::Lost, format!("the answer of `{url}` cannot be read{says}")),
            200..300 => (ErrorKind::Protocol, format!("`{url}` does not answer as a libSQL server does{says}")),
            _ if self.writes => (ErrorKind::Lost, format!("`{url}` answered with status {status}{says}")),
            _ => (ErrorKind::Unreachable, format!("`{url}` answered with status {status}{says}")),
        };
        self.hiding(kind, &message)
    }

    /// An error in whose message no token shows, whoever wrote it.
    pub(super) fn hiding(&self, kind: ErrorKind, message: &str) -> EngineError {
        let message = self.token.map_or_else(|| message.to_owned(), |token| token.hidden_in(message));
        EngineError { kind, message }
    }

    fn unauthorized(&self, words: Option<&str>) -> String {
        let url = self.url;
        let Some(token) = self.token else { return format!("`{url}` wants a token, and there is none") };
        let claims = token.claims();
        let expired = words.is_some_and(|words| words.to_ascii_lowercase().contains("expired"));
        match claims.as_ref().and_then(super::token::Claims::expired) {
            Some(ago) => return format!("the token for `{url}` expired {ago}"),
            None if expired => return format!("the token for `{url}` has expired"),
            None => {}
        }
        if claims.is_none() {
            return format!("`{url}` does not accept the token, which is no JWT");
        }
        let says = words.map(|words| format!(": {words}")).unwrap_or_default();
        format!("`{url}` does not accept the token: it is for another server, or is damaged{says}")
    }

    fn forbidden(&self, words: Option<&str>) -> String {
        let url = self.url;
        let says = words.map(|words| format!(": {words}")).unwrap_or_default();
        let claims = self.token.and_then(Token::claims).unwrap_or_default();
        let wanted = self.namespace.or(self.url.namespace());
        let writable = wanted.is_some_and(|wanted| claims.writable.iter().any(|name| name == wanted));
        let only_reads = claims.read_only || (!claims.databases.is_empty() && !writable && claims.writable.is_empty());
        if self.writes && only_reads {
            return format!("the token for `{url}` is for reading only");
        }
        format!("`{url}` forbids this{says}")
    }

    fn no_such_database(&self, says: &str) -> String {
        let url = self.url;
        let claims = self.token.and_then(Token::claims).unwrap_or_default();
        let wanted = self.namespace.or(url.namespace()).unwrap_or("default");
        let label = match url.host_label() {
            Some(label) if self.namespace.is_none() && url.is_loopback() && url.namespace().is_none() => {
                format!(" (a server with namespaces takes `{label}` for one: write `localhost`)")
            }
            _ => String::new(),
        };
        if claims.databases.is_empty() || claims.databases.iter().any(|name| name == wanted) {
            return format!("`{url}` has no such database{says}{label}");
        }
        let names: Vec<String> = claims.databases.iter().map(|name| format!("`{name}`")).collect();
        format!("the token for `{url}` is for the database {}, not for this one{says}{label}", names.join(", "))
    }
}

fn said_text(said: &Said) -> Option<String> {
    let error = match &said.error {
        Some(serde_json::Value::String(text)) => Some(text.as_str()),
        Some(other) => other.get("message").and_then(serde_json::Value::as_str),
        None => None,
    };
    error.or(said.message.as_deref()).and_then(plain)
}

/// The first line of a text that people can read: no HTML, no JSON.
fn plain(text: &str) -> Option<String> {
    let line = text.trim().lines().next()?.trim();
    let readable = !line.is_empty() && !line.starts_with(['<', '{', '[']) && !line.contains(char::is_control);
    readable.then(|| shown(line))
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn strip_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn names_a_database(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["namespace", "database"].iter().any(|word| words.contains(word))
}
