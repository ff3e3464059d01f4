//! States that many databases are in: what was found out of one of them holds for all. For runs on many databases, on as
//! many threads.
//!
//! A state is all that is recorded and all that is stored of a schema, byte by byte. Which state a database is in takes
//! one small request; where that state stands, and what the pending migrations lead to from there, is found out once. A
//! migration that begins at a state compares all of it again, with the lock held, and whatever is not as it was is looked
//! at as if nothing were known.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::database::Database;
use super::database::known::Base;
use super::runner::{Standing, inspect};
use super::{ApplyError, Status};
use crate::engine::error::ErrorKind;
use crate::folder::Folder;

/// So many states are kept. A fleet has hardly more than it has migrations.
const MOST: usize = 1000;

/// All that tells states apart. Of a database that has every migration, and whose schema nobody has changed since, that
/// is only what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    /// What is recorded; `None` without a history.
    pub(super) history: Option<Vec<u8>>,
    /// What is stored.
    pub(super) schema: Option<Stored>,
}

/// What is stored of a schema, in an encoding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub(super) objects: Option<Vec<u8>>,
    pub(super) rows: i64,
    pub(super) word: Vec<u8>,
}

/// A state that a database was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen(u32);

/// Where a database stands.
#[derive(Debug)]
pub struct Inspected {
    /// How many of the folder's migrations are applied.
    pub applied: usize,
    /// Whether it is what the last of them left.
    pub standing: Standing,
    /// Its state, if that is one that is kept.
    pub seen: Option<Seen>,
}

/// What is known of a state.
struct Known {
    applied: usize,
    /// What migrations begin at, unless all are applied.
    base: Option<Arc<Base>>,
}

/// The states of databases with migrations of one folder, of which the same is ignored.
pub struct States {
    /// The names that the history ends with where all migrations are applied.
    last: Vec<String>,
    found: Mutex<Found>,
    learned: Condvar,
}

#[derive(Default)]
struct Found {
    known: Vec<Known>,
    by_mark: HashMap<Mark, u32>,
    /// Those that somebody is looking at.
    at_work: HashSet<Mark>,
}

impl States {
    /// None yet.
    pub fn of(folder: &Folder) -> Self {
        let last = folder.head().map(|head| head.last_names().into_iter().map(str::to_owned).collect());
        Self { last: last.unwrap_or_default(), found: Mutex::default(), learned: Condvar::new() }
    }

    /// Where a database stands, as [`inspect`] would say it.
    ///
    /// # Errors
    /// As for [`inspect`].
    pub async fn inspect(&self, database: &mut Database, folder: &Folder) -> Result<Inspected, ApplyError> {
        let mark = match database.mark(&self.last).await {
            Ok(mark) => mark,
            // what is odd about it is said by whoever looks closely
            Err(error) if error.kind == ErrorKind::Statement => None,
            Err(error) => return Err(ApplyError::Engine { action: "cannot read the history", error }),
        };
        let Some(mark) = mark else {
            let (status, standing) = inspect(database, folder).await?;
            return Ok(Inspected { applied: status.applied, standing, seen: None });
        };
        if let Some(known) = self.known_or_taken(&mark) {
            return Ok(known);
        }
        let result = self.learn(database, folder, &mark).await;
        self.lock().at_work.remove(&mark);
        self.learned.notify_all();
        result
    }

    /// What migrations begin at that are applied to a database in that state.
    pub fn base(&self, seen: Seen) -> Option<Arc<Base>> {
        self.lock().known.get(usize::try_from(seen.0).ok()?)?.base.clone()
    }

    /// What is known of a state. If nobody has looked at one yet, it is for the caller to do so; the others wait.
    fn known_or_taken(&self, mark: &Mark) -> Option<Inspected> {
        let mut found = self.lock();
        loop {
            if let Some(number) = found.by_mark.get(mark) {
                let known = found.known.get(usize::try_from(*number).ok()?)?;
                let seen = Some(Seen(*number));
                return Some(Inspected { applied: known.applied, standing: Standing::AsRecorded, seen });
            }
            if found.at_work.insert(mark.clone()) {
                return None;
            }
            found = self.learned.wait(found).unwrap_or_else(PoisonError::into_inner);
            if !found.at_work.contains(mark) && !found.by_mark.contains_key(mark) {
                // one that is not kept, which nobody has to wait for
                return None;
            }
        }
    }

    async fn learn(&self, database: &mut Database, folder: &Folder, mark: &Mark) -> Result<Inspected, ApplyError> {
        let (status, standing) = inspect(database, folder).await?;
        let applied = status.applied;
        let mut seen = None;
        // one that is under way is looked at closely, each by itself
        if matches!(standing, Standing::AsRecorded)
            && status.under_way.is_none()
            && let Some(known) = self.known(database, folder, (mark, status)).await
        {
            let mut found = self.lock();
            if let Ok(number) = u32::try_from(found.known.len())
                && found.known.len() < MOST
            {
                found.known.push(known);
                found.by_mark.insert(mark.clone(), number);
                seen = Some(Seen(number));
            }
        }
        Ok(Inspected { applied, standing, seen })
    }

    /// What is known of the state that a database is in, if it still is.
    async fn known(&self, database: &mut Database, folder: &Folder, (mark, status): (&Mark, Status)) -> Option<Known> {
        let applied = status.applied;
        let base = match folder.migrations().len() > applied && mark.schema.is_some() {
            true => {
                let last = applied.checked_sub(1).and_then(|at| folder.migrations().get(at));
                Some(Arc::new(database.base((mark, &self.last), status.history, last).await.ok()?))
            }
            false => None,
        };
        let again = database.mark(&self.last).await.ok()?;
        (again.as_ref() == Some(mark)).then_some(Known { applied, base })
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
