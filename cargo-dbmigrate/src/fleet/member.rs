//! A member of a fleet: its name, its database, its labels.

use std::collections::BTreeMap;
use std::path::Path;

use dbmigrate_core::config::{Fleet as Configured, NAME_PLACEHOLDER, Target, is_blank};
use dbmigrate_core::engine::remote::RemoteUrl;

use super::entry::{Entries, Entry, EntryAt};
use super::listed::place_of;
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::config::FILE_NAME;
use crate::project::url::{At, Connect, DatabaseUrl, Place, permit};
use crate::url_text::has_credentials;

/// No name is longer, in bytes: it has to fit into the name of a file.
const LONGEST_NAME: usize = 200;

/// A database of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its name in the fleet: no other member has it.
    pub name: String,
    /// Its database, which is the target `FLEET/NAME`.
    pub url: DatabaseUrl,
    /// What its source says of it beside that.
    pub labels: BTreeMap<String, String>,
}

/// The members that a source names.
///
/// # Errors
/// Exit code 2 for a URL or a name that is none, with its place; and for servers that may not have the token.
pub(super) fn members(
    context: &Context,
    (target, configured): (&Target, &Configured),
    connect: &Connect,
    entries: Entries,
) -> Result<Vec<Member>> {
    let around = context.surroundings();
    let mut members = Vec::with_capacity(entries.all.len());
    for entry in entries.all {
        let Entry { number, name, at, labels } = entry;
        let wrong = |error: CommandError| {
            let place = place_of(&entries.place, number);
            if entries.place.1 { error.at(place) } else { error.note(format!("it is {place}")) }
        };
        let (name, url) = match (name, at) {
            (name, EntryAt::File(path)) => (name, DatabaseUrl::of_member(At::File(path), target, connect, &around)),
            // the name of a namespace, where those are meant
            (None, EntryAt::Url(word)) if configured.namespaces.is_some() && !word.contains("://") => {
                let url = namespace(&word, target, configured).map_err(wrong)?;
                let url = DatabaseUrl::of_member(At::Url(&url, &entries.base), target, connect, &around);
                (Some(word), url)
            }
            (name, EntryAt::Url(url)) => {
                (name, DatabaseUrl::of_member(At::Url(&url, &entries.base), target, connect, &around))
            }
            (Some(name), EntryAt::Namespace) => {
                let url = namespace(&name, target, configured).map_err(wrong)?;
                let url = DatabaseUrl::of_member(At::Url(&url, &entries.base), target, connect, &around);
                (Some(name), url)
            }
            (None, EntryAt::Namespace) => {
                let error = CommandError::usage(format!("a member of the fleet `{}` has no URL", target.name));
                return Err(wrong(error.help("write it: `\"url\": \"libsql://HOST\"`")));
            }
        };
        let url = url.map_err(wrong)?;
        let name = match name {
            Some(name) => checked(name).map_err(wrong)?,
            None => name_of(&url).ok_or_else(|| {
                let error = CommandError::usage(format!("`{url}` has no name to go by"));
                wrong(error.help("give it one, in JSON: `{\"name\": \"acme\", \"url\": …}`"))
            })?,
        };
        let url = url.named_as(&name);
        members.push(Member { name, url, labels });
    }
    // the address of namespaces stands there, whoever names them
    let address = configured.namespaces.as_ref().map(|_| context.package.root.join(FILE_NAME));
    for file in entries.named_in.iter().chain(&address) {
        permit(&around, file, &target.name, members.iter().map(|member| &member.url))?;
    }
    Ok(members)
}

/// The URL of the namespace of that name.
fn namespace(name: &str, target: &Target, configured: &Configured) -> Result<String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(is_word) {
        let shown = if has_credentials(name) { "it" } else { &format!("`{name}`") };
        return Err(CommandError::usage(format!("{shown} is not the name of a namespace"))
            .note("a name has letters, digits, `-`, `_` and `.` only"));
    }
    configured.namespace(name).ok_or_else(|| {
        let fleet = &target.name;
        CommandError::usage(format!("the member `{name}` of the fleet `{fleet}` has no URL"))
            .help("write its URL in the column or field `url`")
            .help(format!(
                "for namespaces of a server, add its address: `namespaces = \"http://{NAME_PLACEHOLDER}.HOST:8080\"`"
            ))
    })
}

/// A name that can be shown, typed, and stand in the name of a file.
fn checked(name: String) -> Result<String> {
    let wrong =
        |what: &str| Err(CommandError::usage(format!("the name of a member {what}")).help("give it another one"));
    if is_blank(&name) {
        return wrong("is blank");
    }
    if has_credentials(&name) {
        return wrong("contains credentials");
    }
    if name.len() > LONGEST_NAME {
        return wrong(&format!("has more than {LONGEST_NAME} bytes"));
    }
    if name.chars().any(char::is_control) || name.trim() != name {
        return wrong("has control characters or white space around it");
    }
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !name.split('/').all(is_part) {
        return wrong(&format!("is a path that leads elsewhere: `{name}`"));
    }
    Ok(name)
}

/// What a database is called that has no name: the stem of its file, its namespace, or the first part of its host.
fn name_of(url: &DatabaseUrl) -> Option<String> {
    match url.place() {
        Place::File(path) => stem(path),
        Place::Server(server) => Some(of_server(&server.url)),
    }
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)
}

fn of_server(url: &RemoteUrl) -> String {
    if let Some(namespace) = url.namespace() {
        return namespace.to_owned();
    }
    let host = url.host().trim_end_matches('.');
    let is_name = host.contains('.') && host.rsplit('.').next().is_some_and(|last| last.parse::<u8>().is_err());
    match host.split_once('.').filter(|_| is_name) {
        Some((label, _)) => label.to_owned(),
        // what tells several apart on one machine
        None => url.server().trim_start_matches("http://").replace(['[', ']'], "").replace(':', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_by_its_namespace_or_the_first_label_of_its_host() {
        for (url, wanted) in [
            ("libsql://acme-org.eu.turso.io", "acme-org"),
            ("http://acme.localhost:8080", "acme"),
            ("http://localhost:8080/dev/acme", "acme"),
            ("https://acme.example.com", "acme"),
            ("http://localhost:8081", "localhost-8081"),
            ("http://10.0.0.7:8080", "10.0.0.7-8080"),
            ("http://db", "db"),
        ] {
            assert_eq!(of_server(&RemoteUrl::parse(url).expect("a URL").0), wanted, "{url}");
        }
    }

    #[test]
    fn a_name_can_be_shown_typed_and_stand_in_a_path() {
        for name in ["acme", "eu/acme", "Ärzte 7", "a.b"] {
            assert_eq!(checked(name.to_owned()).as_deref(), Ok(name));
        }
        for (name, wanted) in [
            (" ", "is blank"),
            ("libsql://u:p@h", "contains credentials"),
            ("a\nb", "control characters"),
            ("../a", "leads elsewhere"),
            ("/a", "leads elsewhere"),
        ] {
            let error = checked(name.to_owned()).expect_err(name);
            assert!(error.message().contains(wanted) && !error.message().contains("u:p"), "{}", error.message());
        }
    }
}
