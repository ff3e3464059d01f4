//! The database of a URL as Turso Cloud knows it: its organization, its name, its group.

use std::sync::Arc;

use dbmigrate_core::engine::remote::RemoteUrl;
use dbmigrate_core::engine::remote::platform::{CloudDatabase, Filter, Platform, PlatformErrorKind};

use super::failure::platform_error;
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::{DatabaseUrl, Place, PlatformAccess};

/// A database of Turso Cloud, and the way to its platform API.
pub(crate) struct Cloud {
    /// The API.
    pub platform: Platform,
    /// How it was let in.
    pub access: PlatformAccess,
    /// The organization of the database.
    pub organization: String,
    /// All of its databases that the token may see.
    pub databases: Vec<CloudDatabase>,
    /// The database.
    pub database: CloudDatabase,
}

/// Refuses a database that is not one of Turso Cloud; `what` is what needs one.
///
/// # Errors
/// Exit code 2.
pub(crate) fn refuse_others(url: &DatabaseUrl, what: &str) -> Result<()> {
    let error =
        |why: &str| Err(CommandError::usage(format!("{what} needs a database of Turso Cloud, and `{url}` {why}")));
    match url.place() {
        Place::File(_) => error("is a file"),
        Place::Server(server) if !server.url.is_turso_cloud() => error("is another server"),
        // the key is for the host of the target and for no other
        Place::Server(server) if server.encryption_key.is_some() => {
            error("has a key of its own, which no other host is sent")
        }
        Place::Server(_) => Ok(()),
    }
}

impl Cloud {
    /// Finds a database. Nothing is sent if the token is missing, or if it is none of Turso Cloud.
    ///
    /// # Errors
    /// Exit code 2 for what is missing or wrong in the environment, 1 if the API fails.
    pub(crate) fn of(context: &Context, url: &DatabaseUrl, what: &str) -> Result<Self> {
        refuse_others(url, what)?;
        let access = context.platform()?;
        let printer = context.printer.clone();
        let address = access.api.host().to_owned();
        let platform = Platform::new(access.api.clone(), access.token.clone(), url.timeout()).telling_of_waits(
            Arc::new(move |wait| {
                let wait = wait.as_secs_f32();
                printer.status("Waiting", format!("{address} is limiting requests: trying again in {wait:.1} s"));
            }),
        );
        let Place::Server(server) = url.place() else { return Err(CommandError::usage(format!("`{url}` is a file"))) };
        let organization = organization(&platform, &access, &server.url)?;
        let databases = platform
            .databases(&organization, Filter::default())
            .map_err(|error| platform_error(&error, &access).note("nothing was changed"))?;
        let Some(database) = find(&databases, &server.url).cloned() else {
            return Err(not_there(&access, &organization, &server.url));
        };
        Ok(Self { platform, access, organization, databases, database })
    }

    /// The database with that name, which is a copy of this one, if it is there by now.
    pub(crate) fn copy_named(&self, name: &str) -> Result<Option<CloudDatabase>> {
        let filter = Filter { group: Some(&self.database.group), parent: Some(&self.database.id) };
        let all = self.platform.databases(&self.organization, filter);
        let all = all.map_err(|error| platform_error(&error, &self.access))?;
        let is_it = |one: &CloudDatabase| {
            one.name == name && one.parent.as_ref().is_some_and(|parent| parent.id == self.database.id)
        };
        Ok(all.into_iter().find(is_it))
    }
}

/// The database at a host; by the name in front of it, if the region is not said the same way.
fn find<'d>(databases: &'d [CloudDatabase], url: &RemoteUrl) -> Option<&'d CloudDatabase> {
    let label = |host: &str| host.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let exact = databases.iter().find(|one| url.is_at(&one.host));
    exact.or_else(|| databases.iter().find(|one| label(&one.host) == label(url.host())))
}

/// The organization that a database belongs to: the one that a variable names, else the one that its host ends with.
fn organization(platform: &Platform, access: &PlatformAccess, url: &RemoteUrl) -> Result<String> {
    if let Some((name, _)) = &access.organization {
        return Ok(name.clone());
    }
    let help = "name it in the environment or in `.env`: `TURSO_ORG=…`";
    let all = platform.organizations().map_err(|error| {
        let shown = platform_error(&error, access).note("nothing was changed");
        if error.kind == PlatformErrorKind::Forbidden { shown.help(help) } else { shown }
    })?;
    let label = url.host().split('.').next().unwrap_or_default();
    let is_it = |slug: &str| label.strip_suffix(slug).is_some_and(|name| name.len() > 1 && name.ends_with('-'));
    let named = all.iter().map(|one| one.slug.as_str()).filter(|slug| is_it(slug)).max_by_key(|slug| slug.len());
    let named = named.or(match &all[..] {
        [only] => Some(only.slug.as_str()),
        _ => None,
    });
    named.map(str::to_owned).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(|one| format!("`{}`", one.slug)).collect();
        let error = CommandError::usage(format!("cannot tell which organization `{url}` belongs to"));
        let error = if known.is_empty() { error } else { error.note(format!("the token is for {}", known.join(", "))) };
        error.note("nothing was changed").help(help)
    })
}

fn not_there(access: &PlatformAccess, organization: &str, url: &RemoteUrl) -> CommandError {
    let message = format!("organization `{organization}` has no database at `{}`", url.host());
    let error = CommandError::usage(message).note("nothing was changed");
    let error = match &access.organization {
        Some((_, variable)) => error.note(format!("the organization comes from `{variable}`")),
        None => error,
    };
    error
        .note(format!("the platform token comes from {}", access.token_source))
        .help("check the URL and the organization, and that the token is for the group of the database")
}
