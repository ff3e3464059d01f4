//! What an answer other than the wanted one means: who refused, and whether anything can have happened.

use std::time::Duration;

use libsql_hrana::proto;
use serde::Deserialize;

use super::token::Token;
use super::url::RemoteUrl;
use crate::engine::error::{EngineError, ErrorKind};

/// The most of a foreign text that is shown.
const SHOWN: usize = 300;

/// The error of a statement or of a stream, with SQLite's message as a local database says it.
pub(super) fn of_hrana(error: &proto::Error) -> EngineError {
    // once, and none but that of the code: what a trigger raises may begin with any of them
    let before = PREFIXES.iter().find(|(code, _)| *code == error.code).map_or("SQLite error: ", |(_, prefix)| prefix);
    let mut message = error.message.strip_prefix(before).unwrap_or(&error.message);
    if error.code == "SQL_INPUT_ERROR" {
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
        // a replica hands on what its primary said, without the code
        "PROXY_ERROR" => kind_by_words(message),
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

/// The error of a step. What a replica hands on has the statement at its end (`… in SELECT nope at offset 7`).
pub(super) fn of_step(error: &proto::Error, sql: &str) -> EngineError {
    let of_primary = error.code == "PROXY_ERROR";
    let before = error.message.rsplit_once(" at offset ").filter(|_| of_primary);
    match before.and_then(|(before, _)| before.strip_suffix(sql)?.strip_suffix(" in ")) {
        Some(message) => of_hrana(&proto::Error { message: message.to_owned(), code: error.code.clone() }),
        None => of_hrana(error),
    }
}

/// The kind of an error of which only the message is known. That of a `RAISE` may say anything.
fn kind_by_words(message: &str) -> ErrorKind {
    let words: [(&str, ErrorKind); 6] = [
        ("constraint failed", ErrorKind::Constraint),
        ("cannot store ", ErrorKind::Constraint),
        ("database is locked", ErrorKind::Locked),
        ("readonly database", ErrorKind::ReadOnly),
        ("database or disk is full", ErrorKind::DiskFull),
        ("ransaction timed", ErrorKind::Stolen),
    ];
    words.iter().find(|(words, _)| message.contains(words)).map_or(ErrorKind::Statement, |(_, kind)| *kind)
}

/// What servers put before a message with that code; before all others, it is `SQLite error: `.
const PREFIXES: [(&str, &str); 3] = [
    ("SQL_INPUT_ERROR", "SQL input error: "),
    ("SQL_PARSE_ERROR", "SQL string could not be parsed: "),
    ("PROXY_ERROR", "error executing a request on the primary: "),
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
    /// When the server wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl Answer<'_> {
    /// When it can be tried again, if that is said.
    fn later(&self) -> String {
        self.retry_after.map(|after| format!(" (to be asked again in {} s)", after.as_secs())).unwrap_or_default()
    }
}

/// What is known of the request that was answered.
pub(super) struct Asked<'a> {
    pub(super) url: &'a RemoteUrl,
    pub(super) token: Option<&'a Token>,
    pub(super) key: Option<&'a Token>,
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
        let said = said(&text);
        if let Some(Said { message: Some(message), code: Some(code), .. }) = &said {
            let error = of_hrana(&proto::Error { message: message.clone(), code: code.clone() });
            if (400..500).contains(&answer.status) && error.kind != ErrorKind::Statement {
                return error;
            }
        }
        let words = words(answer.body);
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
                (ErrorKind::StreamExpired, format!("the server no longer knows the stream{says}"))
            }
            429 => (ErrorKind::Unreachable, format!("`{url}` is not taking requests for now{says}{}", answer.later())),
            300..400 => {
                let to = answer.location.map(|to| format!(" to `{}`", shown(strip_query(to)))).unwrap_or_default();
                let message =
                    format!("`{url}` redirects{to}, and redirects are not followed: use the address of the database");
                (ErrorKind::Protocol, message)
            }
            400..500 => (ErrorKind::Protocol, format!("`{url}` refused the request with status {status}{says}")),
            200..300 if self.writes => (ErrorKind::Lost, format!("the answer of `{url}` cannot be read{says}")),
            200..300 => (ErrorKind::Protocol, format!("`{url}` does not answer like a libSQL server{says}")),
            _ if self.writes => (ErrorKind::Lost, format!("`{url}` answered with status {status}{says}")),
            _ => (ErrorKind::Unreachable, format!("`{url}` answered with status {status}{says}{}", answer.later())),
        };
        self.hiding(kind, &message)
    }

    /// An error in whose message no token and no key shows, whoever wrote it.
    pub(super) fn hiding(&self, kind: ErrorKind, message: &str) -> EngineError {
        let secrets = self.token.into_iter().chain(self.key);
        let message = secrets.fold(message.to_owned(), |message, secret| secret.hidden_in(&message));
        EngineError { kind, message }
    }

    fn unauthorized(&self, words: Option<&str>) -> String {
        let url = self.url;
        let Some(token) = self.token else { return format!("`{url}` requires a token, and none is set") };
        let claims = token.claims();
        let expired = words.is_some_and(|words| words.to_ascii_lowercase().contains("expired"));
        match claims.as_ref().and_then(super::token::Claims::expired) {
            Some(ago) => return format!("the token for `{url}` expired {ago}"),
            None if expired => return format!("the token for `{url}` has expired"),
            None => {}
        }
        if claims.is_none() {
            return format!("`{url}` does not accept the token: it is not a JWT");
        }
        let words = words.map(|words| words.strip_prefix("Unauthorized: ").unwrap_or(words).trim_matches('`'));
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
            return format!("the token for `{url}` is read-only");
        }
        format!("`{url}` forbids this{says}")
    }

    fn no_such_database(&self, says: &str) -> String {
        let url = self.url;
        let claims = self.token.and_then(Token::claims).unwrap_or_default();
        let wanted = self.namespace.or(url.namespace()).unwrap_or("default");
        let label = match url.host_label() {
            Some(label) if self.namespace.is_none() && url.is_loopback() && url.namespace().is_none() => {
                format!(" (a server with namespaces reads `{label}` as one: use `localhost`)")
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

/// What a body says in words that people can read.
pub(super) fn words(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    said(&text).as_ref().and_then(said_text).or_else(|| plain(&text))
}

fn said(text: &str) -> Option<Said> {
    serde_json::from_str(text).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(code: &str, message: &str) -> String {
        of_hrana(&proto::Error { message: message.to_owned(), code: code.to_owned() }).message
    }

    #[test]
    fn only_what_the_server_has_added_is_taken_off() {
        for (code, said, wanted) in [
            ("SQLITE_UNKNOWN", "SQLite error: no such table: x", "no such table: x"),
            ("SQL_INPUT_ERROR", "SQL input error: no such column: x (at offset 7)", "no such column: x"),
            ("SQL_INPUT_ERROR", "SQL input error: near \"x\": syntax error (at offset -1)", "near \"x\": syntax error"),
            (
                "SQL_INPUT_ERROR",
                "SQL input error: no such column: a (at offset 1) (at offset 2)",
                "no such column: a (at offset 1)",
            ),
            ("SQL_INPUT_ERROR", "SQL input error: no such column: a (at offset b)", "no such column: a (at offset b)"),
            ("SQLITE_CONSTRAINT", "SQLite error: no (at offset 7)", "no (at offset 7)"),
            ("SQLITE_CONSTRAINT", "SQLite error: SQLite error: no", "SQLite error: no"),
            (
                "SQLITE_CONSTRAINT",
                "SQLite error: SQL input error: no (at offset 7)",
                "SQL input error: no (at offset 7)",
            ),
            ("PROXY_ERROR", "error executing a request on the primary: SQLite error: no", "SQLite error: no"),
            ("ARGS_INVALID", "Arguments do not match", "Arguments do not match"),
        ] {
            assert_eq!(message(code, said), wanted, "{said}");
        }
    }

    #[test]
    fn the_statement_that_a_replica_appends_is_taken_off_if_it_is_that_statement() {
        let of = |message: &str, sql: &str| {
            of_step(&proto::Error { message: message.to_owned(), code: "PROXY_ERROR".to_owned() }, sql).message
        };
        let said = "error executing a request on the primary: no such column: a in SELECT a at offset 7";
        assert_eq!(of(said, "SELECT a"), "no such column: a");
        assert_eq!(of(said, "SELECT b"), "no such column: a in SELECT a at offset 7");
    }
}
