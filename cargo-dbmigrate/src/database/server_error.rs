//! What can go wrong with a server, and what can be done about it. What is wrong is said by the engine.

use dbmigrate_core::config::{FILE_NAME, LONGEST_TIMEOUT, PRODUCTION, TOKEN_VARIABLE, token_variable};
use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::error::{ErrorKind, UNANSWERED};

use crate::database::Subject;
use crate::error::CommandError;
use crate::project::url::{DatabaseUrl, Server, TokenSource};

/// What a long transaction on a server has to expect.
pub(crate) const TAKEN_AWAY: &str = "a libSQL server takes the lock from a transaction that runs over 5 seconds while another client \
     waits to write";

/// What can be done about a server that cannot be reached, by words of what is wrong.
const UNREACHABLE: [(&str, &str); 5] = [
    ("was refused", "start the server, or name another one: `{}`"),
    ("answered with status", "the server is up but failing: check its log, then run again"),
    ("is not taking requests", "wait a while, then run again"),
    ("was closed", "run again; if it keeps failing, check the server's log, and for a proxy in between"),
    ("name cannot be resolved", "check the host in the URL and the network"),
];

/// The error of a server; `action` is what was being done. `None` if it is none of a server.
pub(crate) fn of(action: &str, error: &EngineError, database: Subject<'_>) -> Option<CommandError> {
    let (server, url) = (database.server()?, database.url()?);
    let said = || CommandError::failed(error.message.clone());
    let during = || CommandError::failed(format!("{action}: {error}"));
    Some(match error.kind {
        ErrorKind::Lost | ErrorKind::Unreachable if error.message.contains(UNANSWERED) => during()
            .note("a statement of another client may have its lock for as long; `sqld` also hangs now and then")
            .help("if no client can write, restart it; to continue where it was: `cargo dbmigrate migrate`"),
        ErrorKind::Unreachable => unreachable(said(), error, server, url),
        ErrorKind::Unauthorized => unauthorized(said(), server, url),
        ErrorKind::Forbidden => with_token(said(), server).help(new_token(server)),
        ErrorKind::NoSuchDatabase if !error.message.contains(&url.to_string()) => {
            CommandError::failed(format!("`{url}` is another database: {error}"))
                .note(format!("the URL comes from {}", url.source()))
                .help("a server without namespaces has one database: use `localhost` or its address as the host")
        }
        ErrorKind::NoSuchDatabase => no_such_database(said(), server, url),
        ErrorKind::Stolen => {
            during().note(TAKEN_AWAY).help("run again when no other client writes; to retry more often: `--retries 20`")
        }
        ErrorKind::Lost => during().help("check its state once the server answers: `cargo dbmigrate status`"),
        ErrorKind::StreamExpired => during().help("run it again"),
        ErrorKind::TooLarge => during().help("split it into several migrations, with less text or fewer rows in each"),
        ErrorKind::Protocol => said()
            .note(format!("the URL comes from {}", url.source()))
            .help("use the address of the database itself, not of a web page or dashboard"),
        ErrorKind::Locked => CommandError::failed(format!("`{database}` is locked: another client is writing to it"))
            .help("run again when it is done"),
        ErrorKind::ReadOnly
        | ErrorKind::DiskFull
        | ErrorKind::Io
        | ErrorKind::Corrupt
        | ErrorKind::NotADatabase
        | ErrorKind::CannotOpen => {
            CommandError::failed(format!("{action}: the server of `{database}` reports: {error}"))
                .help("check its disk and its log")
        }
        _ => return None,
    })
}

fn unreachable(shown: CommandError, error: &EngineError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = shown.note(format!("the URL comes from {}", url.source()));
    let seconds = url.timeout().as_secs();
    let text = url.to_string();
    if let (true, true, Some((_, address))) =
        (server.url.is_encrypted(), error.message.contains("TLS"), text.split_once("://"))
    {
        return shown.help(format!("if that server has no TLS: `http://{address}`"));
    }
    let known = UNREACHABLE.iter().find(|(words, _)| error.message.contains(words));
    if let Some((_, help)) = known {
        return shown.help(help.replace("{}", &url.instead("URL")));
    }
    let longer = seconds.saturating_mul(4).min(LONGEST_TIMEOUT);
    shown.help(format!("check the URL and the network; to wait longer than {seconds} s: `--timeout {longer}`"))
}

fn unauthorized(shown: CommandError, server: &Server, url: &DatabaseUrl) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(variable) => {
            let shown = match url.target() {
                Some(target) if target.is_chosen && variable != TOKEN_VARIABLE && is_set(TOKEN_VARIABLE) => {
                    shown.note(format!("`{TOKEN_VARIABLE}` is not that of `{}`: `{variable}` is", target.name))
                }
                _ => shown,
            };
            shown.help(format!("set it in the environment or in `.env`: `{variable}=…`")).help(new_token(server))
        }
        source @ (TokenSource::Unpaired(_) | TokenSource::UnpairedOf { .. }) => {
            let variable = match source {
                TokenSource::UnpairedOf { variable, .. } => variable.clone(),
                TokenSource::Unpaired(Some(target)) => token_variable(target),
                _ => token_variable(PRODUCTION),
            };
            let why = source.to_string();
            shown
                .note(format!("no token was sent: {}", why.strip_prefix("nowhere: ").unwrap_or(&why)))
                .help(format!(
                    "name the variable that has it beside the URL, in `{FILE_NAME}`: `token_env = \"{variable}\"`"
                ))
                .help(new_token(server))
        }
        _ => with_token(shown, server).help(new_token(server)),
    }
}

/// Whether a variable of the environment says something.
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn no_such_database(shown: CommandError, server: &Server, url: &DatabaseUrl) -> CommandError {
    let shown = with_token(shown, server).note(format!("the URL comes from {}", url.source()));
    if server.url.is_turso_cloud() {
        return shown.help("show its URL: `turso db show NAME --url`").help(new_token(server));
    }
    shown.help("a namespace is the first label of the host (`NAME.example.com`), or is named by the path (`/dev/NAME`)")
}

/// How to get a token.
fn new_token(server: &Server) -> &'static str {
    if server.url.is_turso_cloud() {
        "create a new token: `turso db tokens create NAME`"
    } else {
        "on a server of your own, tokens are signed with the server's key"
    }
}

/// The error, with where the token is from.
fn with_token(shown: CommandError, server: &Server) -> CommandError {
    match &server.token_source {
        TokenSource::Missing(_) | TokenSource::Unpaired(_) | TokenSource::UnpairedOf { .. } => shown,
        source => shown.note(format!("the token comes from {source}")),
    }
}
