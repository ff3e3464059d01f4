//! `kept drop`: ends what is kept.

use dbmigrate_core::engine::kept::drop_kept;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::arguments::Drop;
use crate::database::failure::engine_error;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::keeping::{Thing, things};
use crate::messages;
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};
use crate::report::counted;

/// Runs it on one database.
pub(super) fn run(context: &Context, arguments: &Drop, folder: Option<&Folder>, url: &DatabaseUrl) -> Result<u8> {
    let printer = &context.printer;
    let mut database = if file::exists(url)? { Some(open(context, url, false)?) } else { None };
    let things = match &mut database {
        Some(database) => things(database, folder, url)?,
        None => Vec::new(),
    };
    let chosen = chosen(context, arguments, &things, url)?;
    let (Some(database), false) = (database, chosen.is_empty()) else {
        printer.status("Unchanged", format!("{url}: nothing was kept for longer than it is wanted"));
        return Ok(exit::DONE);
    };
    let objects: Vec<String> = chosen.iter().flat_map(|thing| thing.objects.clone()).collect();
    let what = format!("drop what is kept of `{}`", objects.join("`, `"));
    let expired = arguments.expired.then(|| "--expired".to_owned());
    let words = expired.into_iter().chain(arguments.names.iter().map(|name| shell_quoted(name)));
    let words: Vec<String> = std::iter::once("cargo dbmigrate kept drop".to_owned()).chain(words).collect();
    let command = words.join(" ");
    let intent = Intent { what: &what, command: &command, why: None, untouched: "nothing was dropped" };
    context.consent(url, (&arguments.consent).into(), intent)?;
    let tables: Vec<Name> = chosen.iter().map(|thing| thing.there.name.clone()).collect();
    block_on(drop_kept(database.connection(), &tables))
        .map_err(|error| engine_error("cannot drop what is kept", &error, url.into()).note("nothing was dropped"))?;
    for thing in &chosen {
        let rows = usize::try_from(thing.there.rows).unwrap_or(usize::MAX);
        let (name, objects) = (&thing.there.name, thing.objects.join(", "));
        printer.status("Removed", format!("{objects} from {url} ({name}, {})", counted(rows, "row")));
        printer.message(|| messages::KeptDropped {
            on: url.into(),
            table: name.to_string(),
            objects: thing.objects.clone(),
            rows: thing.there.rows,
        });
    }
    Ok(exit::DONE)
}

/// What was named, or is no longer wanted.
fn chosen<'t>(context: &Context, arguments: &Drop, things: &'t [Thing], url: &DatabaseUrl) -> Result<Vec<&'t Thing>> {
    if arguments.expired {
        let Some(days) = context.config.keep_days(url.target().map(|target| target.name.as_str())) else {
            let error = CommandError::usage(format!("nothing says for how long things are kept in `{url}`"));
            return Err(error
                .note("nothing was dropped")
                .help(format!("set it in `dbmigrate.toml`: {}", context.config.setting("keep_days = 90"))));
        };
        return Ok(things.iter().filter(|thing| thing.is_expired(Some(days))).collect());
    }
    let mut chosen: Vec<&Thing> = Vec::new();
    for name in &arguments.names {
        let found: Vec<&Thing> = things.iter().filter(|thing| thing.is_called(name)).collect();
        if found.is_empty() {
            let error =
                CommandError::usage(format!("`{url}` keeps nothing called `{name}`")).note("nothing was dropped");
            return Err(error.help("list what it keeps: `cargo dbmigrate kept`"));
        }
        chosen.extend(found);
    }
    let mut seen: Vec<&Name> = Vec::new();
    chosen.retain(|thing| {
        let is_new = !seen.contains(&&thing.there.name);
        seen.push(&thing.there.name);
        is_new
    });
    Ok(chosen)
}
