//! What is to be done, whatever the database is: written once, above [`Target`].

use super::history::{self, Record};
use super::{ApplyError, Failure, Loss, Prepared, Step, Target};
use crate::engine::prove::differences;
use crate::folder::script::Script;
use crate::folder::{Folder, Migration};
use crate::schema::Schema;

/// Is told what happens while it happens.
pub trait Observer {
    /// A migration begins: its name, and which of how many it is, counted from 1.
    fn begin(&mut self, name: &str, number: usize, of: usize);
    /// A migration is about to lose something, with permission.
    fn loses(&mut self, loss: &Loss);
    /// A migration was applied.
    fn applied(&mut self, applied: &Applied);
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What this run applied, in order.
    pub applied: Vec<Applied>,
    /// How many migrations were applied before.
    pub before: usize,
}

/// Where a database stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// The recorded migrations.
    pub history: Vec<Record>,
    /// How many of the folder's migrations are applied.
    pub applied: usize,
}

/// Where the database stands, if history and folder agree.
///
/// # Errors
/// If they do not, or the database cannot be read.
pub async fn status(target: &mut impl Target, folder: &Folder) -> Result<Status, ApplyError> {
    let history =
        target.history().await.map_err(|error| ApplyError::Engine { action: "cannot read the history", error })?;
    let applied = history::compare(&history, folder.migrations())?;
    Ok(Status { history, applied })
}

/// The migrations that are to be applied: those behind the first `applied`, up to the one called `to`.
///
/// # Errors
/// If there is no such migration, or it is applied already.
pub fn pending<'f>(folder: &'f Folder, applied: usize, to: Option<&str>) -> Result<&'f [Migration], ApplyError> {
    let all = folder.migrations();
    let Some(name) = to else { return Ok(&all[applied.min(all.len())..]) };
    let end = folder.find(name).ok_or_else(|| ApplyError::Unknown { name: name.to_owned() })?.index + 1;
    if end < applied {
        return Err(ApplyError::Behind { name: name.to_owned(), later: applied - end });
    }
    Ok(&all[applied..end])
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
    let result = run(target, folder, to, observer).await;
    let finished = target.finish().await;
    let outcome = result?;
    finished.map_err(|error| ApplyError::Engine { action: "cannot restore the connection's settings", error })?;
    Ok(outcome)
}

async fn run(
    target: &mut impl Target,
    folder: &Folder,
    to: Option<&str>,
    observer: &mut impl Observer,
) -> Result<Outcome, ApplyError> {
    let mut outcome = Outcome { before: status(target, folder).await?.applied, ..Outcome::default() };
    let mut done = outcome.before;
    let mut verified = false;
    loop {
        let pending = pending(folder, done, to)?;
        let Some(migration) = pending.first() else { return Ok(outcome) };
        if !verified {
            if let Err(error) = verify_start(target, folder, done).await {
                // another runner may have applied something between the two looks at the database
                let now = status(target, folder).await?.applied;
                if now == done {
                    return Err(error);
                }
                done = now;
                continue;
            }
            verified = true;
        }
        let name = migration.name.as_str();
        let number = outcome.applied.len() + 1;
        observer.begin(name, number, outcome.applied.len() + pending.len());
        let file = folder.sql_path(migration);
        let text = folder.sql(migration)?;
        let prepared = Prepared { migration, script: Script::parse(&text, &file)?, file };
        for loss in target.losses(&prepared.script).await {
            observer.loses(&loss);
        }
        let step = if prepared.script.no_transaction {
            target.apply_without_transaction(&prepared, done).await
        } else {
            target.apply(&prepared, done).await
        };
        match step {
            Ok(Step::Applied { milliseconds }) => {
                let applied = Applied { name: name.to_owned(), milliseconds };
                observer.applied(&applied);
                outcome.applied.push(applied);
                done += 1;
            }
            Ok(Step::Overtaken) => {
                done = status(target, folder).await?.applied;
                verified = false;
            }
            Err(failure) => {
                let reason = match &failure {
                    Failure::NotUndone(reason) => reason,
                    failure => failure,
                };
                let differences = match reason {
                    Failure::Structure { found, unreadable } => {
                        let wanted = folder.schema_at(migration)?;
                        name_differences(found, unreadable, &wanted)
                    }
                    _ => Vec::new(),
                };
                let file = prepared.file;
                return Err(ApplyError::Migration {
                    name: name.to_owned(),
                    file,
                    failure: Box::new(failure),
                    differences,
                });
            }
        }
    }
}

/// The database must be what the last applied migration left, or empty.
async fn verify_start(target: &mut impl Target, folder: &Folder, applied: usize) -> Result<(), ApplyError> {
    let engine = |error| ApplyError::Engine { action: "cannot read the schema", error };
    let last = applied.checked_sub(1).and_then(|at| folder.migrations().get(at));
    let wanted_hash =
        last.map_or_else(|| crate::schema::canonical::SchemaHash::default().to_hex(), |last| last.schema.to_hex());
    if target.has_schema(&wanted_hash).await.map_err(engine)? {
        return Ok(());
    }
    let (found, unreadable) = target.schema().await.map_err(engine)?;
    let Some(last) = last else {
        let names = found.tables.iter().map(|table| table.name.to_string());
        let views = found.views.iter().map(|view| view.name.to_string());
        return Err(ApplyError::NotEmpty { objects: names.chain(views).chain(unreadable).collect() });
    };
    let wanted = folder.schema_at(last)?;
    let differences = name_differences(&found, &unreadable, &wanted);
    Err(ApplyError::Drift { migration: Some(last.name.to_string()), differences })
}

pub(super) fn name_differences(found: &Schema, unreadable: &[String], wanted: &Schema) -> Vec<String> {
    let mut all = differences(found, wanted);
    all.extend(unreadable.iter().map(|object| format!("drop {object}, which cannot be represented")));
    all
}
