//! For applications that migrate their database themselves. Depend on `dbmigrate-rs` with its feature `migrate`, where
//! this crate is the module `dbmigrate::migrate`.
//!
#![doc = include_str!("embedding.md")]

mod create;
mod driver;
mod error;
mod lent;
mod queue;
mod ready;
mod report;
mod runner;
mod serve;
#[cfg(feature = "remote")]
mod server;
mod steps;
mod target;
#[cfg(feature = "test")]
pub mod testing;
mod thread;
mod trace;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use dbmigrate_core::engine::{Connection, replay};
use dbmigrate_core::folder::{Embedded, Folder, FolderError, Migration};
use dbmigrate_core::schema::Schema;

pub use dbmigrate_core::engine::EngineError;
pub use dbmigrate_core::engine::apply::{Applied, Loss, Restored};
pub use dbmigrate_core::engine::driver::{Compiled, Driver, Scratch};
pub use dbmigrate_core::engine::error::ErrorKind;
pub use dbmigrate_core::engine::step::{FromStep, Row as StepRow, Step, StepError, StepFn, StepResult};
pub use dbmigrate_core::engine::value::{Row, Value};
pub use driver::{AsyncDriver, OnAsyncDriver, OnDriver};
pub use error::{MigrateError, MigrateErrorKind};
pub use report::{AppliedBefore, Plan, Planned, Report, Standing, Status};
pub use runner::{Runner, Running};
pub use serve::serve_steps;
#[cfg(feature = "remote")]
pub use server::Server;
pub use target::Target;

/// The migrations of a package, embedded in the program: the value of `embed_migrations!()`.
#[derive(Clone, Copy)]
pub struct Migrations {
    folder: &'static str,
    lock: &'static str,
    sql: &'static [&'static str],
    ignore: &'static [&'static str],
    busy_timeout: u64,
    steps: &'static [(&'static str, StepFn)],
}

impl Migrations {
    #[doc(hidden)]
    pub const fn __embedded(
        folder: &'static str,
        lock: &'static str,
        sql: &'static [&'static str],
        ignore: &'static [&'static str],
        busy_timeout: u64,
    ) -> Self {
        Self { folder, lock, sql, ignore, busy_timeout, steps: &[] }
    }

    /// The functions of the migrations that have a step in Rust; the macro has checked that they are those.
    #[doc(hidden)]
    #[must_use]
    pub const fn __steps(mut self, steps: &'static [(&'static str, StepFn)]) -> Self {
        self.steps = steps;
        self
    }

    /// Applies the pending migrations; [`Runner::run`] without options.
    ///
    /// # Errors
    /// As for [`Runner::run`].
    pub fn run<'t>(&self, target: impl Target<'t>) -> Running<'t, Report> {
        self.runner().run(target)
    }

    /// Applies the pending migrations to a database that is being opened, unless there are none; [`Runner::ready`]
    /// without options.
    ///
    /// # Errors
    /// As for [`Runner::ready`].
    pub fn ready<'t>(&self, target: impl Target<'t>) -> Running<'t, Report> {
        self.runner().ready(target)
    }

    /// Makes a new database as a copy of a template, which has all of these migrations and which
    /// `cargo dbmigrate template build` makes. The copy gets its name when it is whole and on the disk, and never that of
    /// a database which is there: of several that make the same one, one does.
    ///
    /// Both are files; opening the template takes the feature of a driver. It is looked at by the first call, and again
    /// when it was changed.
    ///
    /// # Errors
    /// [`MigrateErrorKind::Exists`] if there is a database already, [`MigrateErrorKind::Template`] if the template has
    /// not exactly these migrations, and [`MigrateErrorKind::Database`] if it cannot be copied.
    pub fn create_from(&self, template: impl AsRef<Path>, path: impl AsRef<Path>) -> Running<'static, ()> {
        let (template, path) = (template.as_ref().to_owned(), path.as_ref().to_owned());
        Running::of(create::create(self.runner(), template, path))
    }

    /// The status of the database; [`Runner::status`] without options.
    ///
    /// # Errors
    /// As for [`Runner::status`].
    pub fn status<'t>(&self, target: impl Target<'t>) -> Running<'t, Status> {
        self.runner().status(target)
    }

    /// What [`Migrations::run`] would do; [`Runner::plan`] without options.
    ///
    /// # Errors
    /// As for [`Runner::plan`].
    pub fn plan<'t>(&self, target: impl Target<'t>) -> Running<'t, Plan> {
        self.runner().plan(target)
    }

    /// A runner, to set options before it runs.
    pub fn runner(&self) -> Runner {
        Runner::new(*self)
    }

    /// What tells them from others in this program: it has one copy of each lock.
    pub(crate) fn identity(&self) -> usize {
        self.lock.as_ptr() as usize
    }

    /// The folder that consists of the lock and the SQL.
    fn open(&self, scratch: Option<Scratch>) -> Result<Folder, FolderError> {
        let schemas = Arc::new(move |folder: &Folder, last: &Migration| schema_at(folder, last, scratch.as_ref()));
        Folder::embedded(self.folder, self.lock, Embedded { sql: self.sql, schemas })
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.sql.len();
        f.debug_struct("Migrations").field("folder", &self.folder).field("count", &count).finish_non_exhaustive()
    }
}

/// Snapshots are not embedded: they are larger than all the SQL, and only needed to say what is wrong with a database.
fn schema_at(folder: &Folder, last: &Migration, scratch: Option<&Scratch>) -> Result<Schema, String> {
    let scratch = scratch.ok_or("this connection opens no databases in memory")?;
    let connection = Connection::from_driver(scratch().map_err(|error| error.to_string())?);
    // a database in memory never waits
    pollster::block_on(replay::schema_in(&connection, folder, last))
}
