//! Migrating a database when it is opened: nothing to do costs one small read, and what is to be done is done once,
//! while the others wait.

mod flight;
mod held;
mod known;
mod patience;
mod place;

use std::sync::{Arc, Mutex};

use dbmigrate_core::engine::apply::{ApplyError, glance};
use dbmigrate_core::folder::FolderError;

use self::flight::{End, Joined};
use self::held::Held;
use self::patience::Patience;
pub(crate) use self::place::Place;
use crate::Migrations;
use crate::error::MigrateError;
use crate::report::Report;
use crate::runner::Runner;
use crate::target::sealed::Opening;
use crate::thread::lock;

/// What a database with all migrations has recorded.
struct Complete {
    recorded: String,
    last: String,
}

impl Complete {
    /// Of these migrations, which are read once.
    fn of(migrations: &Migrations) -> Result<Arc<Self>, FolderError> {
        static ALL: Mutex<Vec<(usize, Arc<Complete>)>> = Mutex::new(Vec::new());
        let which = migrations.identity();
        if let Some((_, complete)) = lock(&ALL).iter().find(|(known, _)| *known == which) {
            return Ok(Arc::clone(complete));
        }
        let folder = migrations.open(None)?;
        let last = folder.head().map(|head| head.name.to_string()).unwrap_or_default();
        let complete = Arc::new(Self { recorded: glance::recorded(folder.migrations()), last });
        lock(&ALL).push((which, Arc::clone(&complete)));
        Ok(complete)
    }
}

/// Makes a database ready: see [`Runner::ready`].
pub(crate) async fn ready(runner: Runner, opening: Opening<'_>) -> Result<Report, MigrateError> {
    let mut held = Held::of(opening).await?;
    let complete = Complete::of(&runner.migrations()).map_err(ApplyError::from)?;
    let which = runner.identity();
    let mut patience = Patience::new(runner.most_patience());
    loop {
        let seen = held.look().await?;
        if let Some(seen) = &seen {
            let key = seen.at.as_ref().map(|at| (which, at.place.clone()));
            if key.as_ref().is_some_and(|key| known::is_ready(key, &seen.glance)) {
                return Ok(runner.nothing_to_do());
            }
            // what a run would find, in fewer words
            let is_complete = runner.goes_to_the_end()
                && seen.glance.is_unchanged()
                && seen.glance.last() == complete.last
                && held.has_recorded(seen, &complete.recorded).await;
            if is_complete {
                if let Some(key) = key {
                    known::remember(key, &seen.glance);
                }
                return Ok(runner.nothing_to_do());
            }
        }
        let at = match seen.and_then(|seen| seen.at) {
            None => held.at().await,
            at => at,
        };
        let Some(at) = at else { return held.migrate(runner, None, &mut patience).await };
        match flight::join(&(which, at.place)) {
            Joined::Leads(lead) => return held.migrate(runner, Some((lead, at.name)), &mut patience).await,
            Joined::Follows(mut follow) => match patience.within(&mut follow).await {
                Some(End::LookAgain) => {}
                Some(End::Failed(error)) => return Err(error.for_another()),
                None => return Err(MigrateError::maintenance(&at.name, follow.flight().age())),
            },
        }
    }
}
