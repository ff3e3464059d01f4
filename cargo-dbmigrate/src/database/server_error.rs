//! What can go wrong with a server, and what can be done about it. What is wrong is said by the engine.

use dbmigrate_core::config::LONGEST_TIMEOUT;
use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::error::ErrorKind;

use crate::database::Subject;
use crate::error::CommandError;
use crate::project::url::{DatabaseUrl, Server, TokenSource};

/// The hosts of Turso end so.
const TURSO: &str = ".turso.io";

/// What can be done about a server that cannot be reached, by words of what is wrong.
const UNREACHABLE: [(&str, &str); 5] = [
    ("was refused", "start the server, or name another one: `--url URL`"),
    ("answered with status", "the server is there, but in trouble: look at its log, then run it again"),
    ("takes no more requests", "wait a while, then run it again"),
    ("was closed", "run it again; if it goes on, look at the log of the server, and for a proxy on the way"),
    ("name cannot be resolved", "check the host in the URL, and the network"),
];

/// The error of a server; `action` is what was being done. `None` if it is none of a server.
pub(crate) fn of(action: &str, error: &EngineError, database: Subject<'_>) -> Option<CommandError> {
    let (server, url) = (database.server()?, database.url()?);
    let said = || CommandError::failed(error.message.clone());
    let during = || CommandError::failed(format!("{action}: {error}"));
    Some(match error.kind {
        ErrorKind::Unreachable => unreachable(said(), error, server, url),
        ErrorKind::Unauthorized => unauthorized(said(), server),
        ErrorKind::Forbidden => with_token(said(), server).help(new_token(server)),
        ErrorKind::NoSuchDatabase if !error.message.contains(&url.to_string()) => {
            CommandError::failed(format!("`{url}` leads to another database: {error}"))
                .note(format!("the URL is from {}", url.source()))
                .help(
                    "a server without namespaces has one database: name it without one, by `localhost` or its address",
                )
        }
        ErrorKind::NoSuchDatabase => no_such_database(said(), server, url),
        ErrorKind::Stolen => during()
            .note(
                "a libSQL server takes the lock from a transaction of over 5 seconds when another writer waits for it",
            )
            .help("run it again while nobody else writes; to try more often: `--retries 20`"),
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
    let known = UNREACHABLE.iter().find(|(words, _)| error.message.contains(words));
    if let Some((_, help)) = known {
        return shown.help(*help);
    }
    let longer = seconds.saturating_mul(4).min(LONGEST_TIMEOUT);
    shown.help(format!("check the URL and the network; to wait longer than {seconds} s: `--timeout {longer}`"))
}

fn unauthorized(shown: CommandError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(variable) => {
            shown.help(format!("put it into the environment, or into `.env`: `{variable}=…`")).help(new_token(server))
        }
        _ => with_token(shown, server).help(new_token(server)),
    }
}

fn no_such_database(shown: CommandError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = with_token(shown, server).note(format!("the URL is from {}", url.source()));
    if server.url.host().ends_with(TURSO) {
        return shown.help("see its URL: `turso db show NAME --url`").help(new_token(server));
    }
    shown.help("a namespace is the first label of the host (`NAME.example.com`), or is named by the path (`/dev/NAME`)")
}

/// How to get a token.
fn new_token(server: &Server) -> &'static str {
    if server.url.host().ends_with(TURSO) {
        "to make a new token: `turso db tokens create NAME`"
    } else {
        "a token for a server of your own is signed with the server's key"
    }
}

/// The error, with where the token is from.
fn with_token(shown: CommandError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(_) => shown,
        source => shown.note(format!("the token is from {source}")),
    }
}
