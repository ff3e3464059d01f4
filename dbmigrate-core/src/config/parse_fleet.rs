//! Reads `fleet` of `[targets.NAME]`.

use std::path::PathBuf;

use super::fields::{Field, Value};
use super::fleet::{FLEET_BESIDE, FLEET_FIELDS, Fleet, FleetSource, NAME_PLACEHOLDER};
use super::is_blank;
use super::parse::{Misread, unknown};

/// What a fleet can be, to be read behind "expected".
const EXPECTED: &str = "a pattern for files, or a table such as `{ list = \"tenants.txt\" }`";

/// Reads the value; `at` is the byte that its name begins at.
pub(super) fn fleet(value: Value, at: usize) -> Result<Fleet, Misread> {
    if value.is_string() {
        return Ok(Fleet { source: FleetSource::Files(pattern("fleet", value, at)?), namespaces: None });
    }
    let mut source: Option<FleetSource> = None;
    let (mut target, mut namespaces) = (None, None);
    for Field { name, at, value } in value.fields(EXPECTED)? {
        let field = name.as_str();
        let read = match field {
            "files" => FleetSource::Files(pattern(field, value, at)?),
            "list" => FleetSource::List(PathBuf::from(text(field, value, at)?)),
            "command" => FleetSource::Command(command(value, at)?),
            "query" => FleetSource::Query { sql: text(field, value, at)?, target: String::new() },
            "folder" => FleetSource::Folder(PathBuf::from(text(field, value, at)?)),
            "turso" => turso(&text(field, value, at)?, at)?,
            "target" => {
                target = Some((text(field, value, at)?, at));
                continue;
            }
            "namespaces" => {
                namespaces = Some((address(text(field, value, at)?, at)?, at));
                continue;
            }
            _ => return Err(unknown(field, at, &FLEET_FIELDS)),
        };
        if let Some(other) = &source {
            let misread = Misread::from((format!("the fleet has both `{}` and `{field}`", other.field()), at));
            return Err(misread.help("remove one of them"));
        }
        source = Some(read);
    }
    let Some(mut source) = source else {
        return Err(match namespaces {
            Some((_, at)) => Misread::from(("`namespaces` does not say which there are".to_owned(), at)).help(
                "a libSQL server does not list them: add `list`, `command` or `query` with their names, or its data \
                 folder, `folder = \"data.sqld\"`",
            ),
            None => Misread::from(("the fleet does not say where its members come from".to_owned(), at))
                .help(format!("add one of `{}`", FLEET_FIELDS[..FLEET_FIELDS.len() - FLEET_BESIDE.len()].join("`, `"))),
        });
    };
    match (&mut source, target) {
        (FleetSource::Query { target: queried, .. }, Some((target, _))) => *queried = target,
        (FleetSource::Query { .. }, None) => {
            return Err(Misread::from(("the fleet does not say which target `query` is for".to_owned(), at))
                .help("name it: `target = \"production\"`"));
        }
        (other, Some((_, at))) => {
            return Err(Misread::from((format!("`target` says nothing beside `{}`", other.field()), at))
                .help("it is the target that `query` is for"));
        }
        (_, None) => {}
    }
    match (&source, &namespaces) {
        (FleetSource::Files(_) | FleetSource::Turso { .. }, Some((_, at))) => {
            let message = format!("`namespaces` says nothing beside `{}`", source.field());
            Err(Misread::from((message, *at)).help("it is the address for names from `list`, `command` or `query`"))
        }
        (FleetSource::Folder(_), None) => {
            Err(Misread::from(("the fleet does not say which server the folder is of".to_owned(), at))
                .help("add its address: `namespaces = \"http://localhost:8080\"`"))
        }
        _ => Ok(Fleet { source, namespaces: namespaces.map(|(address, _)| address) }),
    }
}

/// Text that says something.
fn text(field: &str, value: Value, at: usize) -> Result<String, Misread> {
    let text = value.string()?;
    let example = match field {
        "list" => "tenants.txt",
        "query" => "SELECT name, url FROM tenants",
        "target" => "production",
        "folder" => "data.sqld",
        "namespaces" => "http://localhost:8080",
        "turso" => "ORG/GROUP",
        _ => "tenants/*.db",
    };
    match is_blank(&text) {
        true => Err(Misread::from((format!("`{field}` is blank: it names no databases"), at))
            .help(format!("such as `{field} = \"{example}\"`"))),
        false => Ok(text),
    }
}

/// A pattern for files.
fn pattern(field: &str, value: Value, at: usize) -> Result<String, Misread> {
    let pattern = text(field, value, at)?;
    // a server, or a token in its place, is not shown
    match pattern.contains("://") {
        true => Err(Misread::from((format!("`{field}` is a pattern for files, but has a URL in it"), at))
            .help("for servers, list their URLs in a file: `fleet = { list = \"tenants.txt\" }`")),
        false => Ok(pattern),
    }
}

/// A program and its arguments.
fn command(value: Value, at: usize) -> Result<Vec<String>, Misread> {
    if value.is_string() {
        let line = value.string()?;
        let words: Vec<String> = line.split_whitespace().map(|word| format!("\"{word}\"")).collect();
        let misread = Misread::from(("`command` is a string, but no shell reads it".to_owned(), at));
        return Err(misread.help(match line.contains(['\'', '"', '\\']) || words.is_empty() {
            true => "write a list of the program and its arguments: `command = [\"./list-tenants\"]`".to_owned(),
            false => format!("write a list of the program and its arguments: `command = [{}]`", words.join(", ")),
        }));
    }
    let words: Vec<String> = value.list()?;
    match words.first() {
        Some(program) if !is_blank(program) => Ok(words),
        _ => Err(Misread::from(("`command` names no program".to_owned(), at))
            .help("such as `command = [\"./list-tenants\"]`")),
    }
}

/// An organization and a group.
fn turso(text: &str, at: usize) -> Result<FleetSource, Misread> {
    let is_slug = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match text.split_once('/') {
        Some((organization, group)) if is_slug(organization) && is_slug(group) => {
            Ok(FleetSource::Turso { organization: organization.to_owned(), group: group.to_owned() })
        }
        _ => Err(Misread::from(("`turso` is not an organization and a group".to_owned(), at))
            .help("such as `turso = \"ORG/GROUP\"`; list yours: `turso org list`, `turso group list`")),
    }
}

/// The address of a server. What is secret in it is not shown.
fn address(text: String, at: usize) -> Result<String, Misread> {
    let wrong = |what: &str| {
        let misread = Misread::from((format!("`namespaces` {what}"), at));
        misread.help(format!("such as `namespaces = \"http://{NAME_PLACEHOLDER}.localhost:8080\"`"))
    };
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(wrong("is not the address of a server"));
    };
    if !["libsql", "https", "http", "wss", "ws"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(wrong("is not the address of a libSQL server"));
    }
    if rest.contains(['@', '?', '#']) {
        return Err(wrong("has more than an address in it, such as a token"));
    }
    let other = rest.replace(NAME_PLACEHOLDER, "");
    if other.contains(['{', '}']) {
        return Err(wrong(&format!("has braces around something else than `{NAME_PLACEHOLDER}`")));
    }
    Ok(text)
}
