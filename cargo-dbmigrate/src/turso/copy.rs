//! A copy of a database of Turso Cloud, in the same group and under a name of ours.

use std::time::{Duration, Instant};

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::remote::platform::{Access, CloudDatabase, NewCopy, PlatformError, PlatformErrorKind};

use super::cloud::Cloud;
use super::failure::platform_error;
use super::name::PREFIX;
use super::verify::{Look, deadline, repeated};
use crate::database::open;
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// How long the token is good that the copy is verified with.
const MINUTES: u32 = 15;

/// How long a copy is looked for if the API has said that there is none.
const SOON: Duration = Duration::from_secs(2);

/// A copy, which is not verified yet.
pub(crate) struct Copied {
    /// Its name.
    pub name: String,
    /// Where it answers, with a token that may read.
    pub url: DatabaseUrl,
    /// It, opened.
    pub database: Database,
}

/// Whether a database was made here, and is a copy.
pub(crate) fn is_ours(database: &CloudDatabase) -> bool {
    database.name.starts_with(PREFIX) && database.parent.as_ref().is_some_and(|parent| !parent.id.is_empty())
}

/// Copies the database at `url`, as it is or was at a point in time.
///
/// # Errors
/// If it is not copied. What was made by then is dropped again.
pub(crate) fn copy(
    context: &Context,
    cloud: &Cloud,
    url: &DatabaseUrl,
    (name, at): (&str, Option<&str>),
) -> Result<Copied> {
    let Cloud { organization, database, .. } = cloud;
    let of = &database.name;
    context.printer.status("Creating", format!("{name}, a copy of `{of}` in `{organization}`"));
    let new = NewCopy { name, group: &database.group, of, at };
    let made = match cloud.platform.copy(organization, new) {
        Ok(made) => made,
        // the answer was lost, or came from somebody in between: whether it is there is looked up
        Err(error) if error.may_be_done => looked_up(cloud, url, name, (&not_copied(cloud, &error, at), &error))?,
        Err(error) => return Err(not_copied(cloud, &error, at)),
    };
    let token = cloud.platform.token(organization, name, Access::ReadOnly, MINUTES);
    let token = token.map_err(|error| drop_again(cloud, name, platform_error(&error, &cloud.access)))?;
    let at_host = url.copy_at(&made.host, token).ok().filter(|url| super::refuse_others(url, "").is_ok());
    let Some(url) = at_host else {
        let message =
            format!("the API says that `{name}` is at `{}`, which is no host of Turso Cloud", shown(&made.host));
        return Err(drop_again(cloud, name, CommandError::failed(message).note("nothing was sent there")));
    };
    let database = open(context, &url, false).map_err(|error| drop_again(cloud, name, error))?;
    Ok(Copied { name: name.to_owned(), url, database })
}

/// A copy that may have been made, though the API did not say so. That of a request without an answer can take its time.
fn looked_up(
    cloud: &Cloud,
    url: &DatabaseUrl,
    name: &str,
    (failed, error): (&CommandError, &PlatformError),
) -> Result<CloudDatabase> {
    let soon = Instant::now() + SOON;
    let until = if error.is_answered { soon.min(deadline(url)) } else { deadline(url) };
    repeated(until, || match cloud.copy_named(name) {
        Ok(Some(made)) => Look::Done(Ok(made)),
        Ok(None) => Look::NotYet(failed.clone()),
        Err(_) => Look::NotYet(
            failed
                .clone()
                .note(format!("it is unknown whether `{name}` was made"))
                .help("look for it: `cargo dbmigrate branch list`"),
        ),
    })
}

/// A foreign text, cut where nobody reads it.
fn shown(host: &str) -> String {
    host.chars().filter(|char| !char.is_control()).take(100).collect()
}

/// The error of a copy that is none, which is dropped again: nobody must take it for one.
pub(crate) fn drop_again(cloud: &Cloud, name: &str, error: CommandError) -> CommandError {
    match cloud.platform.drop_database(&cloud.organization, name) {
        Ok(()) => error.note(format!("`{name}` was dropped again")),
        Err(why) => error
            .note(format!("`{name}` could not be dropped again, and must not be used: {}", why.message))
            .help(format!("drop it later: `cargo dbmigrate branch drop {name}`")),
    }
}

/// Why there is no copy.
fn not_copied(cloud: &Cloud, error: &PlatformError, at: Option<&str>) -> CommandError {
    let (of, group) = (&cloud.database.name, &cloud.database.group);
    match (error.kind, at) {
        (PlatformErrorKind::Refused | PlatformErrorKind::NotFound, Some(at)) => {
            let plan = cloud.platform.organizations().unwrap_or_default();
            let plan = plan.into_iter().find(|one| one.slug == cloud.organization).and_then(|one| one.plan);
            let plan = plan.map(|plan| format!("; `{}` is on the plan `{plan}`", cloud.organization));
            let said = error.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            CommandError::failed(format!("Turso Cloud cannot restore `{of}` as of {at}{said}"))
                .note(format!(
                    "how far back it can go depends on the plan, 24 hours on the free one{}",
                    plan.unwrap_or_default()
                ))
                .note("a database cannot be restored to a time before it was created")
                .help("choose a later time: `cargo dbmigrate restore --at '2 hours ago'`")
        }
        (PlatformErrorKind::NotFound, None) => platform_error(error, &cloud.access)
            .note(format!("`{of}` is in group `{group}`; Turso Cloud says so also of a copy across groups")),
        (PlatformErrorKind::Conflict, _) => platform_error(error, &cloud.access)
            .help("choose another name: `--branch=NAME`")
            .help("list what there is: `cargo dbmigrate branch list`"),
        (PlatformErrorKind::Unavailable, _) if error.may_be_done => platform_error(error, &cloud.access)
            .note("the copy may still be made")
            .help("look for it later: `cargo dbmigrate branch list`"),
        _ => platform_error(error, &cloud.access),
    }
}
