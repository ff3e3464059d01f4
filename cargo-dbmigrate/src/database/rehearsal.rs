//! A database for a run of which nothing stays: of a file a copy, of a server a transaction that is rolled back.
//!
//! A file is copied under a lock for reading, so that nobody waits longer than for the copy, and a big rebuild writes
//! nothing beside the original. A server cannot be copied: its other writers wait as they do for the real run.

use std::io;

use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::owner::is_made_by_turso;
use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use super::copying::{COPY, copy_file};
use super::failure::engine_error;
use super::scratch::{Scratch, private_file};
use super::{file, open};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// A database to try something out on.
pub(crate) struct Rehearsal {
    database: Database,
    /// Where the copy lies. Declared last, so that the database is closed when it goes.
    _folder: Option<Scratch>,
}

impl Rehearsal {
    /// Makes one for the database of a URL, which may not be there yet.
    ///
    /// # Errors
    /// If the database could not be written, or cannot be copied.
    pub(crate) fn of(context: &Context, url: &DatabaseUrl, retries: u32) -> Result<Self> {
        let Some(path) = url.file() else {
            let database = open(context, url, false)?.retrying(retries).rehearsing();
            return Ok(Self { database, _folder: None });
        };
        file::check(url)?;
        let engine = |error: EngineError| {
            engine_error("cannot try the migrations", &error, url.into()).note("nothing was changed")
        };
        let copied = |error: io::Error| cannot_copy(url, &error);
        let folder = Scratch::in_folder(&std::env::temp_dir()).map_err(copied)?;
        let copy = folder.path().join(COPY);
        let exists = file::exists(url)?;
        file::verify_writable(path, exists).map_err(|error| error.note("nothing was changed"))?;
        if exists {
            let original = open(context, url, false)?.into_connection();
            // what keeps the real run from writing keeps it from this as well; a transaction without a statement
            // writes nothing
            block_on(original.begin()).map_err(engine)?;
            block_on(original.roll_back());
            let files = copy_file(&original, path, &copy).map_err(engine)?.map_err(copied)?;
            drop(original);
            drop(files);
        } else {
            private_file(&copy).map_err(copied)?;
        }
        let is_tursos = is_made_by_turso(&copy);
        let connection = block_on(Connection::open(&copy, true)).map_err(engine)?;
        // nobody reads it after a crash
        block_on(connection.run("PRAGMA synchronous = OFF")).map_err(engine)?;
        let database = Database::from_connection(connection).made_by_turso(is_tursos);
        let database = context.steps.on(database.ignoring(context.config.ignore.clone()));
        Ok(Self { database, _folder: Some(folder) })
    }

    /// The database.
    pub(crate) fn database(&mut self) -> &mut Database {
        &mut self.database
    }
}

fn cannot_copy(url: &DatabaseUrl, error: &io::Error) -> CommandError {
    let folder = std::env::temp_dir();
    CommandError::failed(format!("cannot copy `{url}` to `{}` for the dry run: {error}", folder.display()))
        .note("nothing was changed")
        .help("a dry run needs space for a copy of the database; to put it elsewhere: `TMPDIR=FOLDER`")
}
