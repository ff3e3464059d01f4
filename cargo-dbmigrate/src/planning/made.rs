//! Makes a plan: looks at a database, and changes nothing.

use std::path::Path;

use dbmigrate_core::engine::apply::runner::state;
use dbmigrate_core::engine::apply::{Database, Standing, State, inspect, losses, waiting};
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::plan::Cost;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use super::file::sealed;
use crate::database::state::failure;
use crate::database::{Run, file, open};
use crate::drafting::told;
use crate::error::Result;
use crate::messages::{
    ApprovedPlan, PLAN_FORMAT, PlannedChange, PlannedLoss, PlannedMigration, PlannedState, Rehearsal,
};
use crate::project::Context;
use crate::project::url::{DatabaseUrl, Place};
use crate::report::restored::counts;

/// Where a database stands.
pub(super) struct Stands {
    pub(super) state: State,
    /// How many migrations of the folder are applied.
    pub(super) applied: usize,
    pub(super) drift: Vec<String>,
    pub(super) database: Option<Database>,
}

/// Looks at the database.
///
/// # Errors
/// What `migrate` would end with.
pub(super) fn look(wanted: &Run<'_>) -> Result<Stands> {
    let Run { context, folder, url, options, .. } = *wanted;
    if !file::exists(url)? {
        let state = State::of(&[], &Schema::default(), &[]);
        return Ok(Stands { state, applied: 0, drift: Vec::new(), database: None });
    }
    let failed = |error| failure(error, url.into());
    let mut database = open(context, url, false)?;
    let (status, standing) = block_on(inspect(&mut database, folder)).map_err(failed)?;
    let drift = match standing {
        Standing::Drifted(drifted) if options.accept_drift => drifted.lines(),
        standing => match standing.into_error() {
            Some(error) => return Err(failed(error)),
            None => Vec::new(),
        },
    };
    let state = block_on(state(&mut database, &status)).map_err(failed)?;
    Ok(Stands { state, applied: status.applied, drift, database: Some(database) })
}

/// Makes the plan. `rehearsed` is what a rehearsal found, and the state of what it was made on.
///
/// # Errors
/// What `migrate` would end with before it changes anything.
pub(crate) fn make(wanted: &Run<'_>, rehearsed: Option<(Rehearsal, State)>) -> Result<ApprovedPlan> {
    let Run { context, folder, url, options, .. } = *wanted;
    let Stands { state, applied, drift, mut database } = look(wanted)?;
    if let Some((_, then)) = rehearsed.as_ref().filter(|(_, then)| *then != state) {
        return Err(crate::database::changed::other_state(then, &state, url.into())
            .help("run it again: `cargo dbmigrate plan --rehearse`"));
    }
    let position = state.history.len();
    let waiting = waiting(folder, applied, options).map_err(|error| failure(error, url.into()))?;
    let mut migrations = Vec::with_capacity(waiting.len());
    for migration in waiting {
        migrations.push(planned(folder, migration, database.as_mut())?);
    }
    Ok(sealed(ApprovedPlan {
        format: PLAN_FORMAT,
        package: context.package.name.clone(),
        target: url.target().map(|target| target.name.clone()),
        database: address(context, url),
        state: PlannedState {
            hash: state.hash(),
            position,
            history: state.history,
            schema: state.schema,
            unreadable: state.unreadable,
            drift,
        },
        // a phase is what of the migrations that wait now is for it, whatever waits later
        to: match options.phase {
            Some(_) => waiting.last().map(|last| last.name.to_string()),
            None => options.to.and_then(|name| folder.find(name)).map(|migration| migration.name.to_string()),
        },
        atomic: options.atomic,
        accept_drift: options.accept_drift,
        lock: waiting.last().map(|last| folder.seal_at(last).to_hex()),
        migrations,
        rehearsal: rehearsed.map(|(rehearsal, _)| rehearsal),
        seal: String::new(),
    }))
}

/// What a migration would do.
pub(super) fn planned(
    folder: &Folder,
    migration: &Migration,
    database: Option<&mut Database>,
) -> Result<PlannedMigration> {
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &folder.sql_path(migration))?;
    let told = told(migration.name.as_str(), &text, &script);
    let allows: Vec<_> = script.allows.iter().filter(|allow| allow.accepts().is_some()).collect();
    let (mut counted, mut restores) = (Vec::new(), Vec::new());
    if let Some(database) = database {
        counted = block_on(losses(database, (folder, migration), &script));
        // what cannot be counted is said to be unknown
        restores = block_on(database.restores(&script)).unwrap_or_default();
    }
    let losses = allows.iter().map(|allow| {
        let found = counted.iter().find(|one| one.lint == allow.lint && one.object == allow.object);
        PlannedLoss {
            lint: allow.lint.clone(),
            object: allow.object.clone(),
            count: found.map(|one| one.count),
            kept: script.keep_of(allow).map(|keep| keep.kept.to_string()),
        }
    });
    let mut risks: Vec<String> = allows.iter().map(|allow| allow.lint.clone()).collect();
    risks.extend((!script.preflights.is_empty()).then(|| "may_be_refused".to_owned()));
    risks.sort_unstable();
    risks.dedup();
    let message = |one: &dbmigrate_core::folder::Preflight| one.message.clone().unwrap_or_else(|| one.query.clone());
    Ok(PlannedMigration {
        name: migration.name.to_string(),
        sql: migration.sql.to_hex(),
        snapshot: migration.snapshot.to_hex(),
        statements: script.statements.len(),
        cost: told.iter().map(|one| one.cost).max().unwrap_or(Cost::Instant).word().to_owned(),
        changes: told
            .into_iter()
            .map(|one| PlannedChange { change: one.title, cost: one.cost.word().to_owned() })
            .collect(),
        risks,
        losses: losses.collect(),
        restores: restores.iter().map(counts).collect(),
        checks: script.preflights.iter().map(message).collect(),
        no_transaction: script.no_transaction,
    })
}

/// A database as it is called on every machine: a URL without credentials, or a path from the package on.
pub(super) fn address(context: &Context, url: &DatabaseUrl) -> String {
    let Place::File(path) = url.place() else { return url.to_string() };
    let whole = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // the file itself need not be there
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        folder.and_then(|folder| Some(folder.join(path.file_name()?))).unwrap_or(path)
    };
    let (path, root) =
        (whole(path), context.package.root.canonicalize().unwrap_or_else(|_| context.package.root.clone()));
    let inside = path.strip_prefix(&root).map_or_else(|_| path.clone(), Path::to_owned);
    let parts: Vec<String> = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let text = parts.join("/");
    // the root of a path is a part of its own
    text.strip_prefix("//").map_or(text.clone(), |rest| format!("/{rest}"))
}
