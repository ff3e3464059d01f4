//! The databases of a fleet: their URLs, and whether their servers may have its token.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dbmigrate_core::config::Target;
use dbmigrate_core::engine::remote::RemoteUrl;

use super::connect::Connect;
use super::database::{DatabaseUrl, Place};
use super::secrets::REMEMBERED;
use super::source::UrlSource;
use super::surroundings::{Surroundings, in_ci};
use super::token::TokenSource;
use crate::error::{CommandError, Result};
use crate::git;
use crate::project::agreed;

/// How many servers that may not have a token are named.
const MOST_NAMED: usize = 3;

/// Where a member is.
#[derive(Debug, Clone)]
pub(crate) enum At<'t> {
    /// In this file.
    File(PathBuf),
    /// At this URL; a relative path starts at the folder.
    Url(&'t str, &'t Path),
}

impl DatabaseUrl {
    /// The database of a member of the fleet `target`. Whether its server may have the token, [`permit`] says.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`].
    pub(crate) fn of_member(at: At<'_>, target: &Target, connect: &Connect, around: &Surroundings<'_>) -> Result<Self> {
        let source = UrlSource::Fleet(target.name.clone());
        match at {
            At::File(path) => Ok(Self::in_file(path, source, (connect, Some(target)), around)),
            At::Url(text, base) => Self::read(text, base, source, (connect, Some(target)), around),
        }
    }
}

/// Lets the servers of a fleet have its secrets, though `file` names them and may be of a checkout.
///
/// # Errors
/// Exit code 2 where nobody can be asked, 3 if the answer is no.
pub(crate) fn permit<'u>(
    around: &Surroundings<'_>,
    file: &Path,
    fleet: &str,
    members: impl Iterator<Item = &'u DatabaseUrl>,
) -> Result<()> {
    let servers = members.filter_map(|url| match url.place() {
        Place::Server(server) if !server.url.is_loopback() => Some(server),
        _ => None,
    });
    // what came with the URLs is theirs
    let sent = servers.filter(|server| {
        (server.token.is_some() && server.token_source != TokenSource::Url) || server.encryption_key.is_some()
    });
    let mut from = None;
    let mut places = BTreeSet::new();
    for server in sent {
        from.get_or_insert_with(|| server.token_source.to_string());
        places.insert(place(&server.url));
    }
    let Some(from) = from.filter(|_| !in_ci() && git::has(file)) else { return Ok(()) };
    let root = around.package_root;
    let known = git::configured(root, REMEMBERED);
    let unknown: Vec<&String> = places.iter().filter(|place| !known.contains(place)).collect();
    let names = crate::project::path::for_display(file).display().to_string();
    if unknown.is_empty() {
        return Ok(());
    }
    if around.printer.can_ask() && unknown.len() <= MOST_NAMED {
        for place in unknown {
            let question = format!(
                "`{names}` comes with the checkout and names `{place}` for the fleet `{fleet}`. Send the token from \
                 {from} there?"
            );
            agreed::ask(around.printer, root, (REMEMBERED, place), &question, "nothing was sent")?;
        }
        return Ok(());
    }
    let shown: Vec<String> = unknown.iter().take(MOST_NAMED).map(|place| format!("`{place}`")).collect();
    let more = match unknown.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message =
        format!("the token from {from} is not sent to {}{more} before you have agreed to it", shown.join(", "));
    let commands = unknown.iter().take(MOST_NAMED).filter_map(|place| agreed::command(root, REMEMBERED, place));
    Err(CommandError::usage(message)
        .note(format!("`{names}` names the servers of the fleet `{fleet}`, and comes with the checkout"))
        .note("nothing was sent")
        .helps(commands.map(|command| format!("if you trust it: `{command}`"))))
}

/// What is agreed to: a server, or with a star in place of the name of a database, all of a domain.
fn place(url: &RemoteUrl) -> String {
    let server = url.server();
    match url.host().split_once('.') {
        Some((label, domain)) if domain.contains('.') && domain.contains(|char: char| char.is_ascii_alphabetic()) => {
            server.replacen(&format!("{label}."), "*.", 1)
        }
        _ => server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_domain_are_agreed_to_at_once() {
        for (url, wanted) in [
            ("libsql://acme-org.eu.turso.io", "*.eu.turso.io"),
            ("http://acme.db.example.com:8080", "http://*.db.example.com:8080"),
            ("libsql://example.com", "example.com"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("http://db:8080", "http://db:8080"),
        ] {
            let (url, _) = RemoteUrl::parse(url).expect("the URL of a server");
            assert_eq!(place(&url), wanted);
        }
    }
}
