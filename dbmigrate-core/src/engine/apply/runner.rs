//! What is to be done, whatever the database is: written once, above [`Target`].

use super::drift::{Drift, Drifted, Tolerated};
use super::history::{self, Record};
use super::phase::{self, Phase, waiting};
use super::read::Scripts;
use super::{
    Advanced, Announcement, ApplyError, Attempt, Done, Failure, Loss, Prepared, Restored, State, Stop, Target,
};
use crate::diff::differences;
use crate::diff::{Renames, diff};
use crate::engine::engines::{Refusal, Turso, lacking};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::introspect::Unreadable;
use crate::engine::progress::Progress;
use crate::folder::script::{Script, ScriptError};
use crate::folder::{Folder, FolderError, Migration, RustStep};
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;
use crate::sql::Statement;

/// Is told what happens while it happens.
pub trait Observer {
    /// A migration begins: its name, and which of how many it is, counted from 1.
    fn begin(&mut self, name: &str, number: usize, of: usize);
    /// A migration is about to lose something, with permission.
    fn loses(&mut self, loss: &Loss);
    /// Something is worth knowing before a migration begins: its name, and what.
    fn announce(&mut self, _name: &str, _announcement: &Announcement) {}
    /// A migration was applied.
    fn applied(&mut self, applied: &Applied);
    /// The database has drifted, which was accepted.
    fn drifted(&mut self, _drifted: &Drifted) {}
    /// Whether what is lost is worth being counted.
    fn wants_losses(&self) -> bool {
        true
    }
    /// A migration that is several transactions has gone on by one.
    fn advanced(&mut self, _advanced: &Advanced) {}
    /// A migration is gone on with that was begun before: how far it is.
    fn resumes(&mut self, _progress: &Progress) {}
    /// Whether no further migration is to be begun, and one that is several transactions is left where it is.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// How far to go, and what to put up with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The last migration to apply.
    pub to: Option<&'a str>,
    /// Which part of a deployment they are for; see [`mod@super::phase`].
    pub phase: Option<Phase>,
    /// Whether a database that has drifted is migrated beside its drift; see [`mod@super::drift`].
    pub accept_drift: bool,
    /// Whether all migrations are applied in one transaction, or none.
    pub atomic: bool,
    /// The only state that is migrated: what was looked at before is what is there when the first migration has the
    /// lock, whoever else was here meanwhile.
    pub expected: Option<&'a State>,
    /// The migrations of the folder, if they were read before: for runs on many databases.
    pub read: Option<&'a Scripts<'a>>,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What it has brought back of what was kept.
    pub restored: Vec<Restored>,
    /// Whether it has rebuilds, and all of them were made without writing a row.
    pub in_place: bool,
    /// For how much of that rows were asked while others could write, in milliseconds.
    pub unlocked_milliseconds: u64,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What this run applied, in order.
    pub applied: Vec<Applied>,
    /// How many migrations were applied before, or meanwhile by others.
    pub before: usize,
}

/// Where a database stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// The recorded migrations.
    pub history: Vec<Record>,
    /// How many of the folder's migrations are applied.
    pub applied: usize,
    /// How many records the history has: the place behind which the next migration is recorded. More than migrations
    /// are applied, where one of them replaces several that the database has.
    pub position: usize,
    /// The migration that is under way, if one is.
    pub under_way: Option<Progress>,
}

impl Status {
    /// What is in the way of going on with what is under way.
    pub fn obstacle(&self, folder: &Folder) -> Option<&'static str> {
        let progress = self.under_way.as_ref()?;
        match folder.migrations().get(self.applied) {
            Some(next) if next.name.as_str() != progress.name => Some("is not the next one of the folder"),
            Some(next) if next.sql.to_hex() != progress.checksum => Some("was edited since it began"),
            Some(_) => None,
            None => Some("is not in the folder"),
        }
    }
}

/// What a database is, compared with the snapshot that it should be at.
#[derive(Debug)]
pub enum Standing {
    /// What its last migration left; empty, if it has none.
    AsRecorded,
    /// Something else.
    Drifted(Box<Drifted>),
    /// It has no history, but these objects.
    NotEmpty(Vec<String>),
}

impl Standing {
    /// The error that it is for somebody who wants to migrate.
    pub fn into_error(self) -> Option<ApplyError> {
        match self {
            Self::AsRecorded => None,
            Self::Drifted(drifted) => Some(drifted.into_error()),
            Self::NotEmpty(objects) => Some(ApplyError::NotEmpty { objects }),
        }
    }
}

/// Where the database stands, if history and folder agree.
///
/// # Errors
/// If they do not, or the database cannot be read.
pub async fn status(target: &mut impl Target, folder: &Folder) -> Result<Status, ApplyError> {
    let last = folder.head().map(|head| head.last_names().into_iter().map(str::to_owned).collect());
    target.expect_last(last.unwrap_or_default());
    let history =
        target.history().await.map_err(|error| ApplyError::Engine { action: "cannot read the history", error })?;
    let applied = history::compare(&history, folder.migrations())?;
    let position = history.len();
    let read = |error| ApplyError::Engine { action: "cannot read what is under way", error };
    let under_way = target.under_way().await.map_err(read)?;
    Ok(Status { history, applied, position, under_way })
}

/// The migrations that are to be applied: those behind the first `applied`, up to the one called `to`.
///
/// # Errors
/// If there is no such migration, or it is applied already.
pub fn pending<'f>(folder: &'f Folder, applied: usize, to: Option<&str>) -> Result<&'f [Migration], ApplyError> {
    let all = folder.migrations();
    let Some(name) = to else { return Ok(&all[applied.min(all.len())..]) };
    let unknown = || match folder.replacement(name) {
        Some(by) => ApplyError::Replaced { name: name.to_owned(), by: by.name.to_string() },
        None => ApplyError::Unknown { name: name.to_owned() },
    };
    let end = folder.find(name).ok_or_else(unknown)?.index + 1;
    if end < applied {
        return Err(ApplyError::Behind { name: name.to_owned(), later: applied - end });
    }
    Ok(&all[applied..end])
}

/// Where the database stands, and whether it is what its last migration left.
///
/// With a migration pending that is always looked at. With none, only where the schema may have been changed since the
/// last one: see [`Record::schema_version`].
///
/// # Errors
/// As for [`status`], and if the last snapshot cannot be read.
pub async fn inspect(target: &mut impl Target, folder: &Folder) -> Result<(Status, Standing), ApplyError> {
    let mut now = status(target, folder).await?;
    loop {
        let is_done = now.applied == folder.migrations().len();
        let standing = standing(target, folder, &now, is_done).await?;
        if matches!(standing, Standing::AsRecorded) {
            return Ok((now, standing));
        }
        // another runner may have applied something between the two looks at the database
        let again = status(target, folder).await?;
        if again.applied == now.applied {
            return Ok((again, standing));
        }
        now = again;
    }
}

/// The state that the database is in, of which its history is known.
///
/// # Errors
/// If it cannot be read.
pub async fn state(target: &mut impl Target, now: &Status) -> Result<State, ApplyError> {
    let (schema, unreadable) =
        target.schema().await.map_err(|error| ApplyError::Engine { action: "cannot read the schema", error })?;
    Ok(State::of(&now.history, &schema, &unreadable))
}

/// Applies what is pending, up to the migration called `to`.
///
/// # Errors
/// At the first thing that is wrong. Migrations before it stay applied; the database is then exactly behind the last
/// one that was reported to the observer.
pub async fn apply_pending(
    target: &mut impl Target,
    folder: &Folder,
    to: Option<&str>,
    observer: &mut impl Observer,
) -> Result<Outcome, ApplyError> {
    apply_pending_with(target, folder, Options { to, ..Options::default() }, observer).await
}

/// Applies what is pending, with options.
///
/// # Errors
/// As for [`apply_pending`].
pub async fn apply_pending_with(
    target: &mut impl Target,
    folder: &Folder,
    options: Options<'_>,
    observer: &mut impl Observer,
) -> Result<Outcome, ApplyError> {
    let result = run(target, folder, options, observer).await;
    let finished = target.finish().await;
    let outcome = result?;
    finished.map_err(|error| ApplyError::Engine { action: "cannot restore the connection's settings", error })?;
    Ok(outcome)
}

async fn run(
    target: &mut impl Target,
    folder: &Folder,
    options: Options<'_>,
    observer: &mut impl Observer,
) -> Result<Outcome, ApplyError> {
    let mut now = status(target, folder).await?;
    let options = phase::of_run(options, now.applied);
    let mut outcome = Outcome::default();
    let mut drift = None;
    let mut verified = false;
    loop {
        if let (Some(why), Some(progress)) = (now.obstacle(folder), &now.under_way) {
            return Err(ApplyError::UnderWay { progress: Box::new(progress.clone()), why });
        }
        let pending = waiting(folder, now.applied, options)?;
        let count = if options.atomic { pending.len() } else { pending.len().min(target.at_once()) };
        let texts = match options.read {
            Some(_) => Vec::new(),
            None => pending[..count].iter().map(|one| folder.sql(one)).collect::<Result<Vec<String>, FolderError>>()?,
        };
        let scripts = match options.read {
            Some(read) => scripts(folder, pending, read.of(&pending[..count]), (options, target.is_rehearsal()))?,
            None => scripts(folder, pending, parsed(folder, pending, &texts), (options, target.is_rehearsal()))?,
        };
        if !verified {
            refuse_missing_step(target, folder, pending, options)?;
            target.expect(&scripts);
            let standing = standing(target, folder, &now, pending.is_empty()).await?;
            if !matches!(standing, Standing::AsRecorded) {
                // another runner may have applied something between the two looks at the database
                let again = status(target, folder).await?;
                if again.applied != now.applied {
                    now = again;
                    continue;
                }
            }
            drift = accept(standing, options, observer)?;
            if let Some(turso) = target.turso() {
                refuse_lacked(folder, pending, turso)?;
            }
            if let Some(expected) = options.expected.filter(|_| outcome.applied.is_empty()) {
                let found = state(target, &now).await?;
                if found != *expected {
                    return Err(ApplyError::OtherState {
                        expected: Box::new(expected.clone()),
                        found: Box::new(found),
                    });
                }
            }
            target.expect_history(
                options.expected.filter(|_| outcome.applied.is_empty()).map(|state| &state.history[..]),
            );
            verified = true;
        }
        if pending.is_empty() || observer.is_stopped() {
            outcome.before = now.applied.saturating_sub(outcome.applied.len());
            return Ok(outcome);
        }
        // what runs outside of a transaction cannot be taken back, and of what is under way a part is done
        let is_begun = now.under_way.is_some();
        if target.is_rehearsal() && (is_begun || scripts.iter().any(|script| script.no_transaction)) {
            return Ok(Outcome { before: now.applied, ..outcome });
        }
        let group = group(folder, pending, scripts, drift.as_ref(), options.atomic || target.is_rehearsal())?;
        let name_of = |at: usize| group[at].migration.name.as_str();
        for prepared in &group {
            // of what is under way it was said when it began, and counting reads the whole table
            if observer.wants_losses() && !is_begun {
                for loss in super::losses(target, (folder, prepared.migration), &prepared.script).await {
                    observer.loses(&loss);
                }
            }
            for announcement in target.announcements(&prepared.script) {
                observer.announce(prepared.migration.name.as_str(), &announcement);
            }
        }
        observer.begin(name_of(0), outcome.applied.len() + 1, outcome.applied.len() + pending.len());
        if let Some(progress) = now.under_way.take() {
            observer.resumes(&progress);
        }
        let attempt = match &group[..] {
            [alone] if alone.script.is_in_pieces() && !target.is_rehearsal() => {
                let mut told = |advanced: &Advanced| {
                    observer.advanced(advanced);
                    !observer.is_stopped()
                };
                target.apply_in_pieces(alone, now.position, &mut told).await
            }
            [alone] if alone.script.no_transaction => {
                let step = target.apply_without_transaction(alone, now.position).await;
                Attempt::from(step.map(|step| (step, Vec::new())))
            }
            group => target.apply(group, now.position, options.atomic).await,
        };
        for (at, done) in attempt.applied.into_iter().enumerate() {
            let Done { milliseconds, restored, in_place, unlocked_milliseconds } = done;
            let name = name_of(at).to_owned();
            let applied = Applied { name, milliseconds, restored, in_place, unlocked_milliseconds };
            observer.applied(&applied);
            outcome.applied.push(applied);
            now.applied += 1;
            now.position += 1;
        }
        match attempt.stopped {
            None if target.is_rehearsal() => {
                // nothing of it is there any more
                return Ok(Outcome { before: now.applied - outcome.applied.len(), ..outcome });
            }
            None => {}
            Some(Stop::Interrupted) => {
                outcome.before = now.applied.saturating_sub(outcome.applied.len());
                return Ok(outcome);
            }
            Some(Stop::Overtaken) => {
                now = status(target, folder).await?;
                verified = false;
            }
            Some(Stop::Failed { at, failure }) => {
                let migration = group[at].migration;
                let differences = differences_of(&failure, folder, migration, drift.as_ref())?;
                return Err(failed(folder, migration, failure, differences));
            }
        }
    }
}

/// Refuses a run in which a migration has a step in Rust that the target does not have, before anything is applied.
fn refuse_missing_step(
    target: &impl Target,
    folder: &Folder,
    pending: &[Migration],
    options: Options<'_>,
) -> Result<(), ApplyError> {
    let without = pending.iter().filter(|one| options.read.is_none_or(|read| read.has_step(one)));
    for migration in without.filter(|migration| target.lacks_step(migration.name.as_str())) {
        let text = folder.sql(migration)?;
        // most have none, and are not read twice
        if !text.contains(RustStep::WORD) {
            continue;
        }
        if let Some(step) = Script::parse(&text, &folder.sql_path(migration))?.rust {
            return Err(failed(folder, migration, Failure::NoStep { line: step.line }, Vec::new()));
        }
    }
    Ok(())
}

/// The scripts in texts.
fn parsed<'t>(
    folder: &Folder,
    migrations: &[Migration],
    texts: &'t [String],
) -> impl Iterator<Item = Result<Script<'t>, ScriptError>> {
    migrations.iter().zip(texts).map(|(migration, text)| Script::parse(text, &folder.sql_path(migration)))
}

/// The scripts of migrations that can be applied together.
fn scripts<'t>(
    folder: &Folder,
    migrations: &[Migration],
    parsed: impl Iterator<Item = Result<Script<'t>, ScriptError>>,
    (options, is_rehearsal): (Options<'_>, bool),
) -> Result<Vec<Script<'t>>, ApplyError> {
    let mut scripts = Vec::new();
    for (migration, script) in migrations.iter().zip(parsed) {
        let script = script?;
        if let Some((line, tables)) = script.broken_promise(|| folder.schema_before(migration).ok()) {
            return Err(failed(folder, migration, Failure::Rewrites { line, tables, why: None }, Vec::new()));
        }
        // a rehearsal is one transaction, of statements that any of them can be
        let runs_alone = if is_rehearsal { script.no_transaction } else { script.runs_alone() };
        if !runs_alone {
            scripts.push(script);
            continue;
        }
        if options.atomic && migrations.len() > 1 {
            return Err(ApplyError::NotAtomic { name: migration.name.to_string() });
        }
        // it is alone, or waits for those before it
        if scripts.is_empty() {
            scripts.push(script);
        }
        break;
    }
    Ok(scripts)
}

/// The same as migrations, beside a drift that was accepted. One that would touch it waits until those before it are
/// applied.
fn group<'f, 't>(
    folder: &Folder,
    migrations: &'f [Migration],
    scripts: Vec<Script<'t>>,
    drift: Option<&Drift>,
    atomic: bool,
) -> Result<Vec<Prepared<'t>>, ApplyError>
where
    'f: 't,
{
    let mut group = Vec::with_capacity(scripts.len());
    for (migration, script) in migrations.iter().zip(scripts) {
        let beside = drift.map(|drift| tolerate(drift, folder, migration, &script)).transpose();
        if beside.is_err() && !group.is_empty() && !atomic {
            break;
        }
        group.push(Prepared { migration, file: folder.sql_path(migration), script, drift: beside? });
    }
    Ok(group)
}

/// What differs from the snapshot, if that is why a migration failed.
fn differences_of(
    failure: &Failure,
    folder: &Folder,
    migration: &Migration,
    drift: Option<&Drift>,
) -> Result<Vec<String>, ApplyError> {
    let reason = match failure {
        Failure::NotUndone(reason) | Failure::UnderWay { failure: reason, .. } => reason,
        failure => failure,
    };
    let Failure::Structure { found, unreadable } = reason else { return Ok(Vec::new()) };
    let wanted = match folder.schema_at(migration) {
        Ok(wanted) => wanted,
        // that it failed is more than why nobody can say what differs
        Err(FolderError::NotEmbedded { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(match drift {
        Some(drift) => differences_beside(drift, found, &wanted),
        None => name_differences(found, unreadable, &wanted),
    })
}

/// The drift to put up with, if there is one and it was accepted.
fn accept(standing: Standing, options: Options<'_>, observer: &mut impl Observer) -> Result<Option<Drift>, ApplyError> {
    match standing {
        Standing::Drifted(drifted) if options.accept_drift => {
            observer.drifted(&drifted);
            Ok(Some(drifted.drift()))
        }
        other => other.into_error().map_or(Ok(None), Err),
    }
}

/// Whether a migration leaves the drift alone, as far as that is known before it runs.
///
/// # Errors
/// If it would not, or a snapshot cannot be read.
pub fn touched(drifted: &Drifted, folder: &Folder, migration: &Migration) -> Result<(), ApplyError> {
    let text = folder.sql(migration)?;
    let script = Script::parse(&text, &folder.sql_path(migration))?;
    tolerate(&drifted.drift(), folder, migration, &script).map(drop)
}

/// The drift beside which a migration can be applied, or that it would touch.
fn tolerate(
    drift: &Drift,
    folder: &Folder,
    migration: &Migration,
    script: &Script<'_>,
) -> Result<Tolerated, ApplyError> {
    let before = folder.schema_before(migration)?.canonical();
    let wanted = folder.schema_at(migration)?.canonical();
    let objects = drift.touched(&before, &wanted, &script.statements);
    if objects.is_empty() {
        return Ok(Tolerated { drift: drift.clone(), wanted });
    }
    Err(failed(folder, migration, Failure::TouchesDrift { objects }, Vec::new()))
}

/// Refuses migrations that Turso Database has no answer to, before the first of them is begun.
///
/// # Errors
/// If there is one, or it cannot be read.
pub fn refuse_lacked(folder: &Folder, migrations: &[Migration], turso: Turso) -> Result<(), ApplyError> {
    for migration in migrations {
        let text = folder.sql(migration)?;
        let script = Script::parse(&text, &folder.sql_path(migration))?;
        if let Some(failure) = lacked(&script.statements, turso) {
            return Err(failed(folder, migration, failure, Vec::new()));
        }
    }
    Ok(())
}

/// The first statement that Turso Database has no answer to.
pub(super) fn lacked(statements: &[Statement<'_>], turso: Turso) -> Option<Failure> {
    let Refusal { index, line, reason } = lacking(statements, turso).into_iter().next()?;
    let error = EngineError { kind: ErrorKind::Statement, message: reason };
    let statement = statements[index].text.to_owned();
    Some(Failure::Statement { number: index + 1, line, statement, error })
}

fn failed(folder: &Folder, migration: &Migration, failure: Failure, differences: Vec<String>) -> ApplyError {
    let name = migration.name.to_string();
    ApplyError::Migration { name, file: folder.sql_path(migration), failure: Box::new(failure), differences }
}

/// What the database is, compared with the last applied migration. With `may_trust_version`, it is not compared if the
/// schema was not changed since that was recorded.
async fn standing(
    target: &mut impl Target,
    folder: &Folder,
    now: &Status,
    may_trust_version: bool,
) -> Result<Standing, ApplyError> {
    let engine = |error| ApplyError::Engine { action: "cannot read the schema", error };
    let last = now.applied.checked_sub(1).and_then(|at| folder.migrations().get(at));
    if may_trust_version {
        let recorded = now.history.last().and_then(|record| record.schema_version);
        let is_unchanged = recorded.is_some() && target.schema_version().await.map_err(engine)? == recorded;
        // without a migration there is nothing that it should be
        if is_unchanged || last.is_none() {
            return Ok(Standing::AsRecorded);
        }
    }
    let wanted_hash = last.map_or_else(|| SchemaHash::default().to_hex(), |last| last.schema.to_hex());
    // what is under way has left the state that it says
    let under_way = now.under_way.as_ref().map(|progress| progress.schema_hash.clone());
    let wanted_hash = under_way.unwrap_or(wanted_hash);
    if target.has_schema(&wanted_hash).await.map_err(engine)? {
        return Ok(Standing::AsRecorded);
    }
    let (found, unreadable) = target.schema().await.map_err(engine)?;
    let Some(last) = last else {
        let names = found.tables.iter().map(|table| table.name.to_string());
        let views = found.views.iter().map(|view| view.name.to_string());
        let unreadable = unreadable.iter().map(|object| object.object.name.to_string());
        return Ok(Standing::NotEmpty(names.chain(views).chain(unreadable).collect()));
    };
    let wanted = folder.schema_at(last)?;
    Ok(Standing::Drifted(Box::new(Drifted { migration: last.name.to_string(), wanted, found, unreadable })))
}

/// What differs between what was found and what is wanted, in words, with what cannot be represented.
pub fn name_differences(found: &Schema, unreadable: &[Unreadable], wanted: &Schema) -> Vec<String> {
    let mut all = differences(found, wanted);
    all.extend(unreadable.iter().map(|object| format!("drop {object}, which cannot be represented")));
    all
}

/// What differs apart from what had drifted before.
fn differences_beside(drift: &Drift, found: &Schema, wanted: &Schema) -> Vec<String> {
    let Ok(difference) = diff(found, wanted, &Renames::default()) else { return Vec::new() };
    let details = difference.details(found, wanted);
    let mut words: Vec<String> =
        details.iter().filter(|detail| !drift.has(detail)).map(|detail| detail.change.to_string()).collect();
    words.dedup();
    words
}
