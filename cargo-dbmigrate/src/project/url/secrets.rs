//! Which token and which key a server gets, and whether it may have them. A token goes only to a server that its owner
//! has named, or has agreed to: a file that came with a checkout is somebody else's word.

use dbmigrate_core::config::{Target, url_variable};
use dbmigrate_core::engine::remote::{RemoteUrl, Token};

use super::source::UrlSource;
use super::surroundings::{Surroundings, in_ci};
use super::token::TokenSource;
use crate::error::{CommandError, Result};
use crate::git;
use crate::project::agreed;
use crate::project::config::FILE_NAME;

/// The servers that may have a token though a checkout names them, in the configuration of the repository, which is no
/// part of a checkout.
pub(super) const REMEMBERED: &str = "dbmigrate.tokenhost";

/// What it takes to be let in.
pub(super) struct Secrets {
    pub(super) token: Option<Token>,
    pub(super) token_source: TokenSource,
    pub(super) encryption_key: Option<Token>,
}

/// The secrets for the server at `url`. `in_url` is the token that came with the URL.
///
/// # Errors
/// Exit code 2 for secrets that are blank or missing, and for a server that may not have them.
pub(super) fn of(
    around: &Surroundings<'_>,
    url: &RemoteUrl,
    in_url: Option<Token>,
    source: &UrlSource,
    target: Option<&Target>,
) -> Result<Secrets> {
    if around.is_offline {
        return Ok(Secrets { token: None, token_source: TokenSource::Url, encryption_key: None });
    }
    let variable = match (target, source) {
        (Some(target), _) => target.token_variable(),
        (None, UrlSource::Config(_)) => around.config.token_env.as_deref(),
        (None, _) => Some(around.config.token_variable()),
    };
    let (token, token_source) = match (in_url, variable) {
        (Some(token), _) => (Some(token), TokenSource::Url),
        (None, Some(variable)) => around.secret(variable, "token")?,
        (None, None) => (None, unpaired(around, target)),
    };
    let (encryption_key, key_source) = match target.and_then(|target| target.encryption_key_env.as_deref()) {
        None => (None, None),
        Some(variable) => match around.secret(variable, "key")? {
            (Some(key), source) => (Some(key), Some(source)),
            (None, _) => return Err(no_key(target, variable)),
        },
    };
    let token_from = token.as_ref().map(|_| ("token", &token_source));
    let secrets: Vec<(&str, &TokenSource)> =
        token_from.into_iter().chain(key_source.as_ref().map(|source| ("key", source))).collect();
    if is_of_a_checkout(around, source, &secrets)? {
        permit(around, url, source, &secrets)?;
    }
    Ok(Secrets { token, token_source, encryption_key })
}

/// That no variable is named for the token.
fn unpaired(around: &Surroundings<'_>, target: Option<&Target>) -> TokenSource {
    match (target, around.config.database_name()) {
        (None, Some(name)) => {
            TokenSource::UnpairedOf { database: name.to_owned(), variable: around.config.token_variable().to_owned() }
        }
        (target, _) => TokenSource::Unpaired(target.map(|target| target.name.clone())),
    }
}

fn no_key(target: Option<&Target>, variable: &str) -> CommandError {
    let name = target.map_or("", |target| &target.name);
    CommandError::usage(format!("target `{name}` has no encryption key: `{variable}` is not set"))
        .help(format!("set it in the environment or in `.env`: `{variable}=…`"))
        .help(format!("for a database without one, remove `encryption_key_env` in `{FILE_NAME}`"))
}

/// Whether a file of the checkout names the server, while the secrets are somebody's own. What stands beside the URL
/// in one and the same `.env` belongs together, unless the file takes it from the environment.
fn is_of_a_checkout(around: &Surroundings<'_>, source: &UrlSource, secrets: &[(&str, &TokenSource)]) -> Result<bool> {
    Ok(match source {
        UrlSource::Config(_) | UrlSource::Target(_) => !secrets.is_empty(),
        UrlSource::DotEnv(file, _) => {
            let is_in_it = |(_, source): &(&str, &TokenSource)| match source {
                TokenSource::Url => true,
                TokenSource::DotEnv(other, _) => other == file,
                _ => false,
            };
            let expands = around.dot_env()?.is_some_and(|file| file.expands);
            (expands || !secrets.iter().all(is_in_it)) && git::has(file)
        }
        // of a fleet, all servers are agreed to at once
        UrlSource::Argument
        | UrlSource::Side(_)
        | UrlSource::Environment(_)
        | UrlSource::Default
        | UrlSource::Fleet(_) => false,
    })
}

/// Lets a server have secrets: one on this machine, any in a pipeline, and those that somebody has agreed to.
///
/// # Errors
/// Exit code 2 where nobody can be asked, 3 if the answer is no.
fn permit(
    around: &Surroundings<'_>,
    url: &RemoteUrl,
    source: &UrlSource,
    secrets: &[(&str, &TokenSource)],
) -> Result<()> {
    if url.is_loopback() || in_ci() {
        return Ok(());
    }
    let (root, server) = (around.package_root, url.server());
    if agreed::is(root, REMEMBERED, &server) {
        return Ok(());
    }
    let secrets: Vec<String> = secrets.iter().map(|(what, from)| format!("the {what} from {from}")).collect();
    let secrets = if secrets.is_empty() { "what it has".to_owned() } else { secrets.join(" and ") };
    if around.printer.can_ask() {
        let question = format!("{source} comes with the checkout and names `{server}`. Send {secrets} there?");
        return agreed::ask(around.printer, root, (REMEMBERED, &server), &question, "nothing was sent");
    }
    let message = format!("{secrets} is not sent to `{server}` before you have agreed to it");
    let error = CommandError::usage(message)
        .note(format!("{source} names that server, and comes with the checkout"))
        .note("nothing was sent");
    Err(if let Some(command) = agreed::command(root, REMEMBERED, &server) {
        error.help(format!("if you trust that server: `{command}`"))
    } else {
        let note = "without a git repository, it cannot be remembered that you trust that server";
        error.note(note).help(match source {
            UrlSource::Target(target) => {
                format!("name the variable that has its URL instead of `url`: `url_env = \"{}\"`", url_variable(target))
            }
            _ => format!("if you trust it, set its URL in the environment: `{}=…`", around.config.url_variable()),
        })
    })
}
