//! What can go wrong with a server, and what can be done about it. What is wrong is said by the engine.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::error::ErrorKind;

use super::subject::Subject;
use crate::error::CommandError;
use crate::url::{DatabaseUrl, Server, TokenSource};

/// The hosts of Turso end so.
const TURSO: &str = ".turso.io";

/// The error of a server; `action` is what was being done. `None` if it is none of a server.
pub(super) fn of(action: &str, error: &EngineError, database: Subject<'_>) -> Option<CommandError> {
    let (server, url) = (database.server()?, database.url()?);
    let said = || CommandError::failed(error.message.clone());
    let during = || CommandError::failed(format!("{action}: {error}"));
    Some(match error.kind {
        ErrorKind::Unreachable => unreachable(said(), error, server, url),
        ErrorKind::Unauthorized => unauthorized(said(), server),
        ErrorKind::Forbidden => {
            with_token(said(), server).help(format!("use a token that may write: {}", new_token(server)))
        }
        ErrorKind::NoSuchDatabase => no_such_database(said(), server, url),
        ErrorKind::Stolen => during()
            .note(
                "a libSQL server takes the lock from a transaction of over 5 seconds when another writer waits for it",
            )
            .help("run it again while nobody else writes, or let it try more often: `--retries 20`"),
        ErrorKind::Lost => during().help("see what it has, as soon as it answers: `cargo dbmigrate status`"),
        ErrorKind::StreamExpired => during().help("run it again"),
        ErrorKind::TooLarge => during().help("make several migrations of it, with less text or fewer rows in each"),
        ErrorKind::Protocol => said()
            .note(format!("the URL is from {}", url.source()))
            .help("name the address of the database itself, not of a page or a dashboard"),
        ErrorKind::Locked => CommandError::failed(format!("`{database}` is locked: somebody else is writing to it"))
            .help("run it again when that is done"),
        ErrorKind::ReadOnly
        | ErrorKind::DiskFull
        | ErrorKind::Io
        | ErrorKind::Corrupt
        | ErrorKind::NotADatabase
        | ErrorKind::CannotOpen => CommandError::failed(format!("{action}: the server of `{database}` says: {error}"))
            .help("look at its disk and at its log"),
        _ => return None,
    })
}

fn unreachable(shown: CommandError, error: &EngineError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = shown.note(format!("the URL is from {}", url.source()));
    let seconds = url.timeout().as_secs();
    let text = url.to_string();
    if let (true, true, Some((_, address))) =
        (server.url.is_encrypted(), error.message.contains("TLS"), text.split_once("://"))
    {
        return shown.help(format!("if that server has no TLS: `http://{address}`"));
    }
    if error.message.contains("refused") {
        return shown.help("start the server, or name another one: `--url URL`");
    }
    shown.help(format!("check the URL and the network; to wait longer than {seconds} s: `--timeout {}`", seconds * 4))
}

fn unauthorized(shown: CommandError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(variable) => shown
            .help(format!("put it into the environment, or into `.env`: `{variable}=…`"))
            .help(format!("to get one, {}", new_token(server))),
        _ => with_token(shown, server).help(format!("use another one: {}", new_token(server))),
    }
}

fn no_such_database(shown: CommandError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = with_token(shown, server).note(format!("the URL is from {}", url.source()));
    if server.url.host().ends_with(TURSO) {
        return shown
            .help("see its URL: `turso db show NAME --url`")
            .help(format!("or use another token: {}", new_token(server)));
    }
    let address = url.to_string();
    let port = address.rsplit_once(':').map_or("", |(_, port)| port.split('/').next().unwrap_or_default());
    shown.help(format!("a namespace is named by the host, `http://NAME.localhost:{port}`, or by the path, `/dev/NAME`"))
}

/// How to get a token.
fn new_token(server: &Server) -> &'static str {
    if server.url.host().ends_with(TURSO) {
        "`turso db tokens create NAME`"
    } else {
        "sign it with the key of the server, or ask who runs it"
    }
}

/// The error, with where the token is from.
fn with_token(shown: CommandError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(_) => shown,
        source => shown.note(format!("the token is from {source}")),
    }
}
