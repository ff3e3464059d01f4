//! Migrations replayed in memory.

use dbmigrate_core::engine::apply::{Applied, ApplyError, Database, Failure, Loss, Observer, apply_pending};
use dbmigrate_core::engine::replay::{OBJECTS_IN_A_PART, Replayed, replay_in_parts};
use dbmigrate_core::engine::{Connection, Ignore};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use crate::database::Subject;
use crate::database::failure::{apply_error, migration_error};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::WithSteps;

/// The database that migrations are replayed in.
const MEMORY: Subject<'static> = Subject::Named("the database in memory");

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

/// All migrations replayed in memory, each with its checks: in parts, if that shows everything.
///
/// # Errors
/// As for [`replay_to`].
pub(crate) fn replay_all(folder: &Folder, ignore: &Ignore) -> Result<Replayed> {
    // what is ignored may be named by any statement
    if ignore.is_empty()
        && let Some(replayed) = block_on(replay_in_parts(folder, OBJECTS_IN_A_PART))
    {
        return Ok(replayed);
    }
    replay_to(folder, folder.migrations().len(), ignore).map(Replayed::whole)
}

/// A database in memory to which the first `count` migrations are applied, each with its checks. As in the real one,
/// what is ignored is not looked at.
///
/// # Errors
/// At the first that fails or does not lead to its snapshot.
pub(crate) fn replay_to(folder: &Folder, count: usize, ignore: &Ignore) -> Result<Connection> {
    replay_in(folder, count, ignore, Database::without_steps)
}

/// All migrations replayed in memory with their steps in Rust, which see no rows but those that migrations write.
///
/// # Errors
/// As for [`replay_to`].
pub(crate) fn replay_with_steps(folder: &Folder, ignore: &Ignore, steps: &WithSteps) -> Result<()> {
    replay_in(folder, folder.migrations().len(), ignore, |database| steps.on(database)).map(drop)
}

fn replay_in(
    folder: &Folder,
    count: usize,
    ignore: &Ignore,
    steps: impl FnOnce(Database) -> Database,
) -> Result<Connection> {
    let connection = block_on(Connection::in_memory()).map_err(|error| CommandError::failed(error.to_string()))?;
    let mut database = steps(Database::from_connection(connection).ignoring(ignore.clone()));
    if let Some(last) = count.checked_sub(1).and_then(|at| folder.migrations().get(at)) {
        block_on(apply_pending(&mut database, folder, Some(last.name.as_str()), &mut Silent)).map_err(|error| {
            let inconsistent = matches!(
                &error,
                ApplyError::Migration { failure, .. }
                    if !matches!(**failure, Failure::Engine { .. } | Failure::Rewrites { .. })
            );
            let shown = match &error {
                // nobody has to be told in which state a database in memory is
                ApplyError::Migration { name, file, failure, differences } => {
                    migration_error(name, file, failure, differences, MEMORY)
                }
                _ => apply_error(&error, MEMORY),
            };
            if inconsistent { shown.with_exit_code(exit::INCONSISTENT) } else { shown }
        })?;
    }
    Ok(database.into_connection())
}
