//! `branch drop`: drops copies that were made here. Everything is verified before the first one goes.

use dbmigrate_core::engine::remote::platform::CloudDatabase;
use dbmigrate_core::shell::shell_quoted;

use super::arguments::{Drop, WHAT};
use crate::error::{CommandError, Result, did_you_mean};
use crate::exit;
use crate::messages;
use crate::project::Context;
use crate::project::url::{DatabaseUrl, Place};
use crate::report::prompt::NoAnswer;
use crate::turso::name::PREFIX;
use crate::turso::{Cloud, is_ours, platform_error};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Drop) -> Result<u8> {
    let mut named = context.every_database(&arguments.connect, true)?;
    // the one that is named comes first
    let url = match named.first().filter(|_| arguments.connect.names_one()) {
        Some(url) => url.clone(),
        None => context.database(&arguments.connect)?,
    };
    let cloud = Cloud::of(context, &url, WHAT)?;
    named.push(url);
    let mut chosen: Vec<&CloudDatabase> = Vec::new();
    for name in &arguments.names {
        let found = droppable(&cloud, name, &named).map_err(|error| error.note("nothing was dropped"))?;
        if chosen.iter().all(|one| one.name != found.name) {
            chosen.push(found);
        }
    }
    consent(context, arguments, &chosen)?;
    for (at, one) in chosen.iter().enumerate() {
        cloud.platform.drop_database(&cloud.organization, &one.name).map_err(|error| {
            let gone: Vec<String> = chosen[..at].iter().map(|one| format!("`{}`", one.name)).collect();
            let error = platform_error(&error, &cloud.access).note(format!("`{}` was not dropped", one.name));
            if gone.is_empty() { error } else { error.note(format!("dropped before it: {}", gone.join(", "))) }
        })?;
        context.printer.status("Removed", format!("{} from `{}`", one.name, cloud.organization));
        context
            .printer
            .message(|| messages::Dropped { name: one.name.clone(), organization: cloud.organization.clone() });
    }
    Ok(exit::DONE)
}

/// The branch of that name, if it may be dropped.
fn droppable<'c>(cloud: &'c Cloud, name: &str, named: &[DatabaseUrl]) -> Result<&'c CloudDatabase> {
    let organization = &cloud.organization;
    let Some(found) = cloud.databases.iter().find(|one| one.name == name) else {
        let ours = cloud.databases.iter().filter(|one| is_ours(one)).map(|one| one.name.as_str());
        return Err(CommandError::usage(format!("`{organization}` has no branch `{name}`"))
            .helps(did_you_mean(name, ours).map(|name| format!("did you mean `{name}`?")))
            .help("list them: `cargo dbmigrate branch list`"));
    };
    let user = named.iter().find(|url| match url.place() {
        Place::Server(server) => server.url.is_at(&found.host),
        Place::File(_) => false,
    });
    if let Some(url) = user {
        let what = match url.target() {
            Some(target) => format!("the database of target `{}`", target.name),
            None => format!("the database that {} names", url.source()),
        };
        return Err(CommandError::usage(format!("`{name}` is {what}, and is not dropped while it is")));
    }
    if !is_ours(found) {
        let why = match found.name.starts_with(PREFIX) {
            true => "it is a copy of no other database".to_owned(),
            false => format!("its name does not begin with `{PREFIX}`"),
        };
        let message = format!("`{name}` was not made by `migrate --branch` or `restore --at`: {why}");
        return Err(CommandError::usage(message).help("list what was: `cargo dbmigrate branch list`"));
    }
    if found.delete_protection == Some(true) {
        return Err(CommandError::failed(format!("`{name}` is protected from deletion"))
            .help("turn its delete protection off in Turso Cloud, then run again"));
    }
    Ok(found)
}

/// Asks, whatever the target is: what is dropped may be the last copy.
fn consent(context: &Context, arguments: &Drop, chosen: &[&CloudDatabase]) -> Result<()> {
    if arguments.consent.yes {
        return Ok(());
    }
    let names: Vec<String> = chosen.iter().map(|one| format!("`{}`", one.name)).collect();
    let (names, untouched) = (names.join(", "), "nothing was dropped");
    if context.printer.can_ask() {
        return match context.printer.confirm(&format!("drop {names} with everything in it?")) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CommandError::new(exit::DECISION, format!("cancelled, {untouched}"))),
            Err(NoAnswer::Cancelled) => Err(CommandError::cancelled(untouched)),
            Err(NoAnswer::Failed(error)) => Err(CommandError::failed(format!("no answer: {error}"))),
        };
    }
    let words: Vec<String> = chosen.iter().map(|one| shell_quoted(&one.name)).collect();
    Err(CommandError::new(exit::DECISION, format!("consent is needed to drop {names} with everything in it"))
        .note(untouched)
        .help(format!("to go ahead: `cargo dbmigrate branch drop {} --yes`", words.join(" "))))
}
