//! What can go wrong with a server, and what can be done about it. What is wrong is said by the engine.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::error::ErrorKind;

use super::subject::Subject;
use crate::error::CommandError;
use crate::url::{DatabaseUrl, Server, TokenSource};

/// How Turso makes a token.
const NEW_TOKEN: &str = "`turso db tokens create NAME`";

/// The error of a server; `action` is what was being done. `None` if it is none of a server.
pub(super) fn of(action: &str, error: &EngineError, database: Subject<'_>) -> Option<CommandError> {
    let (server, url) = (database.server()?, database.url()?);
    let is_said = |help: &str| CommandError::failed(error.message.clone()).help(help);
    Some(match error.kind {
        ErrorKind::Unreachable => unreachable(error, server, url),
        ErrorKind::Lost => CommandError::failed(format!("{action}: {error}")),
        ErrorKind::Unauthorized => unauthorized(error, server),
        ErrorKind::Forbidden => {
            with_token(error, server).help(format!("use a token that may write, for this database: {NEW_TOKEN}"))
        }
        ErrorKind::NoSuchDatabase => with_token(error, server)
            .note(format!("the URL is from {}", url.source()))
            .help("a server of your own: is the namespace there, and is it the first label of the host?")
            .help(format!("Turso: see the URL with `turso db show NAME --url`, make a token with {NEW_TOKEN}")),
        ErrorKind::Stolen => CommandError::failed(format!("{action}: {error}"))
            .note("libSQL servers take a write transaction that is older than 5 seconds away when another writer waits")
            .help("run it while nobody else writes, or more often: `--retries 20`"),
        ErrorKind::StreamExpired => CommandError::failed(format!("{action}: {error}"))
            .note("libSQL servers give up what is silent for 10 seconds")
            .help("run it again"),
        ErrorKind::TooLarge => CommandError::failed(format!("{action}: {error}"))
            .help("make it several migrations with less in each, data in particular"),
        ErrorKind::Protocol => is_said("check the URL: it has to be that of the database, not of a page or a proxy")
            .note(format!("it is from {}", url.source())),
        ErrorKind::Locked => CommandError::failed(format!("`{database}` is locked: somebody else is writing to it"))
            .help("try again when that is done"),
        ErrorKind::ReadOnly
        | ErrorKind::DiskFull
        | ErrorKind::Io
        | ErrorKind::Corrupt
        | ErrorKind::NotADatabase
        | ErrorKind::CannotOpen => CommandError::failed(format!("{action}: the server of `{database}` says: {error}"))
            .help("look at it on the server"),
        _ => return None,
    })
}

fn unreachable(error: &EngineError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = CommandError::failed(error.message.clone()).note(format!("the URL is from {}", url.source()));
    let seconds = url.timeout().as_secs();
    if server.url.is_loopback() {
        shown.help("start the server, or name another one: `--url URL`")
    } else {
        shown.help(format!(
            "check the URL and the network; to wait longer than {seconds} s: `--timeout {}`",
            seconds.saturating_mul(4)
        ))
    }
}

fn unauthorized(error: &EngineError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(variable) => CommandError::failed(error.message.clone())
            .help(format!("put a token into the environment, or into `.env`: `{variable}=…`"))
            .help(format!("Turso makes one: {NEW_TOKEN}")),
        _ => with_token(error, server).help(format!("use another token: {NEW_TOKEN}")),
    }
}

/// The error, with where the token is from.
fn with_token(error: &EngineError, server: &Server) -> CommandError {
    let shown = CommandError::failed(error.message.clone());
    match &server.token_source {
        TokenSource::Missing(_) => shown,
        source => shown.note(format!("the token is from {source}")),
    }
}
