//! Pending migrations on a copy of a database, with its rows: what they do there, what they take, and whether that is
//! within the limits. The database itself is only read.

mod arguments;
mod copy;
mod estimate;
mod job;
mod limits;
mod measure;
mod refused;
mod said;
mod served;

use std::fs::File;
use std::sync::Arc;

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::apply::runner::state;
use dbmigrate_core::engine::apply::{
    ApplyError, Database, Meter, Options, Standing, State, Status, apply_pending_with, inspect, status, waiting,
};
use dbmigrate_core::engine::engines::Turso;
use dbmigrate_core::folder::Script;
use pollster::block_on;

use crate::database::state::failure;
use crate::database::{Run, file, open};
use crate::error::Result;
use crate::messages::{self, Rehearsal};
use copy::Copy;
use job::cannot;
use measure::Measuring;

pub(crate) use arguments::Rehearse;
pub(crate) use copy::refuse_missing;
pub(crate) use refused::{refuse_for_server, words};
pub(crate) use said::table;

/// What a rehearsal leaves behind it that went well.
pub(crate) struct Rehearsed {
    /// What came of it.
    pub report: Rehearsal,
    /// The state of what was copied.
    pub state: State,
    /// The database itself, which migrates only what was copied; `None` if it is new.
    pub original: Option<Original>,
}

/// A database of which a copy was made.
pub(crate) struct Original {
    /// The database. Declared first, so that it is closed first.
    pub database: Database,
    /// Its files, open as long as it is: see [`crate::database::copying`].
    pub files: Vec<File>,
}

/// The database of a URL and where it stands, if its history and its schema are such that it can be migrated.
///
/// # Errors
/// What the real run would end with.
pub(crate) fn look(plan: &Run<'_>, opened: Option<Database>) -> Result<(Option<Database>, usize)> {
    let Run { context, folder, url, options, .. } = *plan;
    let mut database = match opened {
        None if !file::exists(url)? => return Ok((None, 0)),
        None => open(context, url, false)?,
        Some(database) => database,
    };
    let failed = |error| failure(error, url.into());
    let (Status { applied, .. }, standing) = block_on(inspect(&mut database, folder)).map_err(failed)?;
    match standing {
        Standing::Drifted(_) if options.accept_drift => {}
        standing => {
            if let Some(error) = standing.into_error() {
                return Err(failed(error));
            }
        }
    }
    Ok((Some(database), applied))
}

/// Rehearses what is pending. `None` if nothing is. `opened` is the database, if it was opened before. What comes of it
/// is `told`, also if it does not go well.
///
/// # Errors
/// What the real run would end with, if there is no room for a copy, and exit code 3 if a limit does not hold.
pub(crate) fn rehearse(
    plan: &Run<'_>,
    opened: Option<Database>,
    told: impl FnOnce(&Rehearsal),
) -> Result<Option<Rehearsed>> {
    let Run { context, folder, url, options, .. } = *plan;
    let failed = |error: ApplyError| failure(error, url.into());
    // closed behind the database
    let mut files = Vec::new();
    let (original, applied) = look(plan, opened)?;
    let waiting = waiting(folder, applied, options).map_err(failed)?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let mut rewrites = false;
    let is_turso = original.as_ref().is_some_and(|database| database.turso() == Some(Turso::Runs));
    for migration in waiting {
        let text = folder.sql(migration)?;
        let script = Script::parse(&text, &folder.sql_path(migration))?;
        if options.atomic && script.runs_alone() && waiting.len() > 1 {
            return Err(failed(ApplyError::NotAtomic { name: migration.name.to_string() }));
        }
        if url.file().is_none() {
            refuse_for_server(folder, migration, is_turso).map_err(failed)?;
        }
        rewrites |= !dbmigrate_core::plan::rewrites(&script.statements, None).is_empty();
    }
    let mut copy = Copy::of(plan, original.as_ref().map(Database::connection), rewrites)?;
    files.append(&mut copy.files);
    let meter = Arc::new(Meter::default());
    let mut database = copy.open(context).map_err(|error| cannot(&error, url))?.measuring(&meter);
    let before = block_on(async {
        let status = status(&mut database, folder).await?;
        state(&mut database, &status).await
    });
    let before = before.map_err(failed)?;
    let mut measuring = Measuring::new(plan, &copy, meter, waiting.len());
    let each = Options { atomic: false, expected: None, ..options };
    let result = block_on(apply_pending_with(&mut database, folder, each, &mut measuring));
    let mut report = measuring.finish(&copy)?;
    if let Err(error) = result {
        let error = refused::failed(plan, &database, error, &mut report, &copy);
        told(&report);
        context.printer.message(|| messages::Rehearsed { on: url.into(), rehearsal: report });
        return Err(error);
    }
    report.exceeded = limits::judge(plan, &report)?;
    report.passed = report.exceeded.is_empty();
    said::conclude(plan, &report);
    told(&report);
    let all = report.clone();
    context.printer.message(|| messages::Rehearsed { on: url.into(), rehearsal: all });
    if !report.passed {
        return Err(refused::exceeded(plan, &report));
    }
    let original = original.map(|database| {
        let database = match copy.data_version {
            Some(version) => database.only_at(version),
            None => database,
        };
        Original { database, files }
    });
    Ok(Some(Rehearsed { report, state: before, original }))
}
