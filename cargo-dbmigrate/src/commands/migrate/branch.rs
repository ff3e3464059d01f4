//! `migrate --branch`: a verified copy of a database of Turso Cloud, before anything is applied to it.

use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_quoted;

use super::consent::{Opened, pending_on};
use crate::database::failure::engine_error;
use crate::database::open;
use crate::error::{CommandError, Result};
use crate::messages;
use crate::project::Context;
use crate::project::targets::Databases;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::turso::moment::Moment;
use crate::turso::{Cloud, Fingerprint, copy, drop_again, name, refuse_others, verify};

/// What needs a database of Turso Cloud.
const WHAT: &str = "`--branch`";

/// A branch, with its name if one was chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a>(pub(super) Option<&'a str>);

impl Wanted<'_> {
    /// The flag as it was typed.
    pub(super) fn typed(self) -> String {
        self.0.map_or_else(|| " --branch".to_owned(), |name| format!(" --branch={}", shell_quoted(name)))
    }
}

/// What was made, for when it is needed.
pub(super) struct Branched {
    ways_back: Vec<String>,
}

impl Branched {
    /// What can be done if the migration fails, or was wrong.
    pub(super) fn ways_back(&self) -> Vec<String> {
        self.ways_back.clone()
    }
}

/// Finds everything that is wrong with the flag before a database is opened.
///
/// # Errors
/// Exit code 2.
pub(super) fn check(context: &Context, databases: &Databases, branch: Option<Wanted<'_>>) -> Result<()> {
    let Some(Wanted(chosen)) = branch else { return Ok(()) };
    for url in databases.urls() {
        refuse_others(url, WHAT).map_err(|error| error.note("nothing was changed"))?;
    }
    if let Some(chosen) = chosen {
        name::chosen(chosen)?;
        if databases.urls().count() > 1 {
            let message = format!("`--branch={chosen}` names one branch, and several databases are migrated");
            return Err(CommandError::usage(message).help("let each get a name of its own: `--branch`"));
        }
    }
    context.platform().map(drop)
}

/// Makes a branch of the database if something is pending, and returns with it the database, opened.
///
/// # Errors
/// If there is none that has all that the database has. Nothing was applied then.
pub(super) fn make(
    context: &Context,
    folder: &Folder,
    url: &DatabaseUrl,
    options: Options<'_>,
    (opened, branch): (Opened, Option<Wanted<'_>>),
) -> Result<(Opened, Option<Branched>)> {
    let Some(Wanted(chosen)) = branch else { return Ok((opened, None)) };
    let mut database = match opened.database {
        Some(database) => database,
        None => open(context, url, false)?,
    };
    let (applied, waiting) = pending_on(&mut database, folder, url, options)?;
    if waiting.is_empty() {
        return Ok((Opened { database: Some(database), applied: Some(applied) }, None));
    }
    let untouched = |error: CommandError| error.note(format!("`{url}` was not changed"));
    let cloud = Cloud::of(context, url, WHAT)?;
    let name = match chosen {
        None => {
            let subject = url.target().map_or(cloud.database.name.as_str(), |target| &target.name);
            name::of_branch(subject, applied, &cloud.organization)
        }
        Some(chosen) => name::chosen(chosen)?,
    };
    let at = Moment::now();
    let before = Fingerprint::read(database.connection())
        .map_err(|error| engine_error("cannot read the database", &error, url.into()))
        .map_err(untouched)?;
    let copied = copy(context, &cloud, url, (&name, None)).map_err(untouched)?;
    let original = (database.connection(), url);
    let found = verify(original, &before, (copied.database.connection(), &copied.url))
        .map_err(|error| untouched(drop_again(&cloud, &name, error)))?;
    let ways_back = vec![
        format!(
            "to go back to the branch: `{}`, with a token of its own: `turso db tokens create {name}`",
            url.in_place(&copied.url.to_string())
        ),
        format!("or to this time, in another new database: `cargo dbmigrate restore --at {at}`"),
        format!("when it is no longer needed: `cargo dbmigrate branch drop {name}`"),
    ];
    let (tables, rows) = (found.tables(), usize::try_from(found.rows()).unwrap_or_default());
    let verified = format!("verified: {}, {}", counted(tables, "table"), counted(rows, "row"));
    let lines = std::iter::once(format!("{url} to {name} ({verified})")).chain(ways_back.iter().cloned());
    context.printer.status("Branched", lines.collect::<Vec<_>>().join("\n"));
    context.printer.message(|| messages::Branched {
        on: url.into(),
        name: name.clone(),
        branch: copied.url.to_string(),
        at: at.to_string(),
        tables,
        rows,
        schema_hash: found.schema_hash(),
        ways_back: ways_back.iter().map(|line| context.printer.typed(line)).collect(),
    });
    Ok((Opened { database: Some(database), applied: Some(applied) }, Some(Branched { ways_back })))
}
