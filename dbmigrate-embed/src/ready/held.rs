//! A database that is being opened: what is seen of it at a glance, and the run that it may need.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::apply::glance::{self, Glance};
use dbmigrate_core::engine::driver::Driver;
use dbmigrate_core::engine::value::{Row, text};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::flight::Lead;
use super::known;
use super::patience::Patience;
use super::place::Place;
use crate::error::MigrateError;
use crate::lent::{Lent, Together};
use crate::report::Report;
use crate::runner::{Runner, apply, no_result};
use crate::target::Source;
use crate::target::sealed::Opening;
use crate::thread::{Dropped, OnThread};
use crate::trace::Caller;

/// A database before it is known whether there is anything to do.
pub(super) enum Held<'t> {
    Owned(Box<dyn Driver>, bool),
    Lent(Lent<'t>),
    #[cfg(feature = "remote")]
    Server(Box<crate::Server>),
}

/// Which database it is.
#[derive(Debug, Clone)]
pub(super) struct At {
    /// For messages.
    pub(super) name: String,
    pub(super) place: Place,
}

impl At {
    /// The file at a path; none if the database is in memory.
    fn file(path: &str) -> Option<Self> {
        let place = Place::of_file(Path::new(path)).filter(|_| !path.is_empty())?;
        Some(Self { name: path.to_owned(), place })
    }
}

/// What was seen of a database.
pub(super) struct Seen {
    pub(super) glance: Glance,
    pub(super) at: Option<At>,
    /// All that is recorded, where that came along.
    recorded: Option<String>,
}

impl<'t> Held<'t> {
    pub(super) async fn of(opening: Opening<'t>) -> Result<Self, MigrateError> {
        Ok(match opening {
            Opening::Owned { driver, is_own } => Self::Owned(driver, is_own),
            Opening::Lent(lender) => Self::Lent(lender.lend().await?),
            #[cfg(feature = "remote")]
            Opening::Server(server) => Self::Server(server),
            Opening::Refused(error) => return Err(error),
        })
    }

    /// What there is at a glance, in one read; `None` if that does not tell, for whatever reason.
    ///
    /// # Errors
    /// If a server does not answer.
    pub(super) async fn look(&mut self) -> Result<Option<Seen>, MigrateError> {
        match self {
            #[cfg(feature = "remote")]
            Self::Server(server) => {
                let at = server.place().map(|(name, place)| At { name, place });
                let server = server.clone();
                let answers = OnThread::new(move |_| look_at_server(*server)).await.map_err(no_result)??;
                Ok(answers.map(|(glance, recorded)| Seen { glance, at, recorded: Some(recorded) }))
            }
            local => {
                let rows = local.rows(glance::IN_FILE).await.unwrap_or_default();
                let seen = rows.first().and_then(Glance::of).map(|(glance, file)| {
                    let at = file.and_then(At::file);
                    Seen { glance, at, recorded: None }
                });
                Ok(seen)
            }
        }
    }

    /// Whether exactly this is recorded.
    pub(super) async fn has_recorded(&mut self, seen: &Seen, recorded: &str) -> bool {
        if let Some(found) = &seen.recorded {
            return found == recorded;
        }
        let rows = self.rows(&glance::recorded_query()).await.unwrap_or_default();
        rows.first().and_then(|row| row.first()).is_some_and(|found| text(found) == recorded)
    }

    /// Which database it is, if a glance does not tell.
    pub(super) async fn at(&mut self) -> Option<At> {
        match self {
            #[cfg(feature = "remote")]
            Self::Server(server) => server.place().map(|(name, place)| At { name, place }),
            local => {
                let rows = local.rows(glance::FILE).await.ok()?;
                At::file(rows.first().and_then(|row| row.first()).map(text)?)
            }
        }
    }

    /// The first row of a query, over the connection itself.
    async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, EngineError> {
        match self {
            // the libsql crate panics on some answers of SQLite; the run says what is wrong
            Self::Owned(driver, _) => {
                catch_unwind(AssertUnwindSafe(|| driver.query(sql, Vec::new(), 1))).unwrap_or_else(|_| Ok(Vec::new()))
            }
            Self::Lent(lent) => lent.rows(sql, 1).await,
            #[cfg(feature = "remote")]
            Self::Server(_) => Ok(Vec::new()),
        }
    }

    /// Applies what is pending when it is its turn, for those who wait as well.
    pub(super) async fn migrate(
        self,
        runner: Runner,
        lead: Option<(Lead, String)>,
        patience: &mut Patience,
    ) -> Result<Report, MigrateError> {
        let caller = Caller::current(runner.migrations().folder);
        let (source, answering) = match self {
            Self::Owned(driver, is_own) => (Source::Driver(driver, is_own), None),
            Self::Lent(lent) => {
                let (driver, answering) = lent.into_parts();
                (Source::Driver(driver, false), Some(answering))
            }
            #[cfg(feature = "remote")]
            Self::Server(server) => (Source::Server(server), None),
        };
        let (mut lead, name) = lead.unzip();
        let flight = lead.as_ref().map(Lead::flight);
        let mut thread = OnThread::queued(runner.most_at_once(), move |dropped| {
            let result = caller.within(|| runner.with_database(source, dropped, applied));
            match (&mut lead, &result) {
                (Some(lead), Ok((_, Some(glance)))) => known::remember(lead.key().clone(), glance),
                (Some(lead), Err(error)) => lead.has_failed(error),
                _ => {}
            }
            result.map(|(report, _)| report)
        });
        let too_long = move || {
            let age = flight.map(|flight| flight.age()).unwrap_or_default();
            Err(MigrateError::maintenance(name.as_deref().unwrap_or("main"), age))
        };
        let result = match answering {
            None => {
                let Some(result) = patience.within(&mut thread).await else {
                    // it goes on, for whoever comes next
                    thread.leave();
                    return too_long();
                };
                result
            }
            Some(answering) => {
                let mut together = Together::new(thread, answering);
                match patience.within(&mut together).await {
                    Some(result) => result,
                    None if together.withdraw() => return too_long(),
                    // its connection is in use
                    None => together.await,
                }
            }
        };
        result.unwrap_or_else(|reason| Err(no_result(reason)))
    }
}

/// Applies what is pending; with the report, what there is at a glance of a database that needs nothing more.
fn applied(
    database: &mut Database,
    folder: &Folder,
    runner: &Runner,
    dropped: &Dropped,
) -> Result<(Report, Option<Glance>), MigrateError> {
    let is_local = database.connection().is_local();
    let before = if is_local { look_at(database.connection()) } else { None };
    let report = apply(database, folder, runner, dropped)?;
    // stopped before its end
    if dropped.is_set() {
        return Ok((report, None));
    }
    // somebody may have changed something behind the run: only what is as the run has left it, or found it, is known
    let after =
        look_at(database.connection()).filter(|glance| glance.is_unchanged() || before.as_ref() == Some(glance));
    Ok((report, after))
}

fn look_at(connection: &Connection) -> Option<Glance> {
    let query = if connection.is_local() { glance::IN_FILE } else { glance::ON_SERVER };
    let row = block_on(connection.first_row(query)).ok()??;
    Glance::of(&row).map(|(glance, _)| glance)
}

/// What there is on a server at a glance and all that is recorded, in one request.
#[cfg(feature = "remote")]
fn look_at_server(server: crate::Server) -> Result<Option<(Glance, String)>, MigrateError> {
    let database = server.database()?;
    let queries = [glance::ON_SERVER.to_owned(), glance::recorded_query()];
    let failed = |error| MigrateError::engine("cannot read the history", error);
    let mut answers = block_on(database.connection().ask_all(&queries)).map_err(failed)?.into_iter().flatten();
    let (Some(glance), Some(recorded)) = (answers.next(), answers.next()) else { return Ok(None) };
    let glance = glance.first().and_then(Glance::of).map(|(glance, _)| glance);
    let recorded = recorded.first().and_then(|row| row.first()).map(text).unwrap_or_default();
    Ok(glance.map(|glance| (glance, recorded.to_owned())))
}
