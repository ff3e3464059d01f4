//! `capture` on one database.

use dbmigrate_core::engine::apply::{Database, Drifted, Standing, Status, inspect};
use dbmigrate_core::folder::{Folder, Snapshot, Verify};
use dbmigrate_core::plan::{Trace, follow};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::split;
use pollster::block_on;

use super::arguments::Capture;
use super::draft::Draft;
use super::recording::{Unrecorded, record};
use super::{mirror, pending, recording, said};
use crate::adopting::open_existing;
use crate::database::state::failure;
use crate::error::Result;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::source::Declared;
use crate::{drafting, exit, rewriting, structs};

/// Runs it on a database, and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn one(context: &Context, arguments: &Capture, url: &DatabaseUrl) -> Result<u8> {
    let mut folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let mut database = open_existing(context, url, "capture")?;
    let (status, standing) = block_on(inspect(&mut database, &folder)).map_err(|error| failure(error, url.into()))?;
    let drifted = match standing {
        Standing::Drifted(drifted) => drifted,
        Standing::AsRecorded => {
            said::nothing(context, &folder, &status, url);
            return fit_later(context, arguments, &folder);
        }
        other @ Standing::NotEmpty(_) => {
            return other.into_error().map_or(Ok(exit::DONE), |error| Err(failure(error, url.into())));
        }
    };
    if status.applied < folder.migrations().len() {
        return with_pending(context, arguments, &folder, (&mut database, &status, &drifted), url);
    }
    let declared = structs::or_nothing(context)?;
    let draft = Draft::of(context, arguments, &folder, (&mut database, url), &declared)?;
    if arguments.dry_run {
        drafting::show(context, &draft.name, &draft.sql, &draft.plan);
        said::would(context, &draft.name, url);
        fit(context, arguments, declared, draft.change())?;
        return Ok(exit::DONE);
    }
    recording::consent(context, arguments, url, &draft.name)?;
    let added = folder.add(&draft.slug, &draft.sql, &draft.snapshot)?.clone();
    match record(&mut database, &status, std::slice::from_ref(&added), url) {
        Ok(()) => {}
        Err(Unrecorded::Known(error)) => {
            // only what the database has was captured
            folder.take_back_last()?;
            return Err(error.note("nothing was written"));
        }
        Err(Unrecorded::Unknown(error)) => {
            return Err(error
                .note(format!("`{}` was written", draft.name))
                .help("run it again: `cargo dbmigrate capture`"));
        }
    }
    said::captured(context, &folder, &draft, url);
    let is_left = fit(context, arguments, declared, draft.change())?;
    said::next(context, &folder, arguments, is_left);
    Ok(exit::DONE)
}

/// A database that also lacks migrations: nothing is planned.
fn with_pending(
    context: &Context,
    arguments: &Capture,
    folder: &Folder,
    (database, status, drifted): (&mut Database, &Status, &Drifted),
    url: &DatabaseUrl,
) -> Result<u8> {
    let same = pending::same_change(folder, status, drifted)?;
    let Some(last) = same.last() else { return Err(pending::first(folder, status, drifted, url)) };
    if arguments.dry_run {
        said::would(context, last.name.as_str(), url);
        return Ok(exit::DONE);
    }
    recording::consent(context, arguments, url, last.name.as_str())?;
    record(database, status, same, url).map_err(|error| match error {
        Unrecorded::Known(error) => error.note("nothing was changed"),
        Unrecorded::Unknown(error) => error.help("run it again: `cargo dbmigrate capture`"),
    })?;
    said::recorded(context, same, url);
    Ok(exit::DONE)
}

/// Changes the structs for a migration that was captured before, if it is the last one and that is asked for.
fn fit_later(context: &Context, arguments: &Capture, folder: &Folder) -> Result<u8> {
    let Some(last) = folder.head().filter(|_| arguments.write) else { return Ok(exit::DONE) };
    let sql = folder.sql(last)?;
    if drafting::is_captured(&sql) {
        let (head, snapshot) = (drafting::snapshot_before(folder, last)?, folder.snapshot_at(last)?);
        let (trace, _) = follow(&head.schema, &snapshot.schema, &split(&sql));
        fit(context, arguments, structs::or_nothing(context)?, (&head.schema, &snapshot.schema, &trace))?;
    }
    Ok(exit::DONE)
}

/// Changes the structs if that is asked for, and says what they lack then. Returns whether they lack anything.
fn fit(
    context: &Context,
    arguments: &Capture,
    declared: Declared,
    (head, captured, trace): (&Schema, &Schema, &Trace),
) -> Result<bool> {
    if declared.schema.is_empty() {
        return Ok(false);
    }
    let renamed = structs::pending_renames(&declared, &Snapshot::from(head.clone()));
    let wanted = mirror::wanted((&declared.schema, &renamed), head, captured, trace);
    let is_written = arguments.write && !arguments.dry_run;
    let declared =
        if is_written { rewriting::fit(context, declared, &wanted.schema, &wanted.trace)? } else { declared };
    let is_missing = rewriting::say_missing(context, &declared, &wanted.schema, &wanted.trace, is_written);
    Ok(rewriting::say(context, &declared, &wanted.contested, rewriting::LACKING) || is_missing)
}
