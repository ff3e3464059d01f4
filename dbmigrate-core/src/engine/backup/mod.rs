//! Copies of whole databases as of one moment: of a file, or over the wire of a database on a server; verified before
//! they get their names.
//!
//! Everything here blocks, and uses threads of its own.

mod absent;
mod build;
mod bytes;
mod error;
mod file;
mod fill;
mod fingerprint;
mod inventory;
mod local;
mod manifest;
mod page;
mod publish;
mod schema;
mod server;
mod verify;

use std::path::Path;
use std::time::Duration;

pub use absent::Uncompared;
pub use error::BackupError;
pub use fill::{FillError, Filled, fill};
pub use fingerprint::{Contents, TableContent};
pub use inventory::Settings;
pub use manifest::{MANIFEST, Manifest, ManifestError};
pub use publish::{BESIDE, PART, Unpublished, beside};

use publish::Part;

use crate::engine::remote::Client;
use crate::sql::Name;

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub enum Source<'s> {
    /// A database file. Nobody can write to it for the moment in which the snapshot is taken; where it has no
    /// write-ahead log, for as long as the copy takes.
    File {
        /// Where it is.
        path: &'s Path,
        /// How long locks of others are waited for.
        busy_timeout: Duration,
    },
    /// A database on a server, which is read in one transaction.
    Server(&'s Client),
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum At<'a> {
    /// The file is copied as a whole.
    Copying,
    /// The rows of a table are copied: so many of so many.
    Rows {
        /// The table.
        table: &'a Name,
        /// How many rows were copied.
        done: u64,
        /// How many it has.
        of: u64,
    },
    /// The copy is compared with its source.
    Verifying,
}

/// Is told how far a copy is, from whichever thread.
pub trait Progress: Sync {
    /// It is there.
    fn at(&self, at: At<'_>);
}

/// Does not care.
impl Progress for () {
    fn at(&self, _: At<'_>) {}
}

/// Copies a database as of one moment to a file beside `to` and verifies the copy: it is opened again, passes
/// `integrity_check`, has as many violations of foreign keys, and its schema and every row of every table, with rowid and
/// storage class, are those of the snapshot that was read. The copy gets its name with [`Unpublished::publish`].
///
/// # Errors
/// If there is something at `to`, the source cannot be read, the copy cannot be written, or they are not the same.
pub fn copy(source: Source<'_>, to: &Path, progress: &dyn Progress) -> Result<Unpublished, BackupError> {
    let part = Part::of(to)?;
    let contents = match source {
        Source::File { path, busy_timeout } => file::copy(path, &part, busy_timeout, progress)?,
        Source::Server(client) => server::copy(client, &part, progress)?,
    };
    Ok(part.finished(contents))
}

/// The same, and gives the copy its name.
///
/// # Errors
/// As for [`copy`].
pub fn copy_to(source: Source<'_>, to: &Path, progress: &dyn Progress) -> Result<Contents, BackupError> {
    copy(source, to, progress)?.publish()
}

/// What a database file has in it, if it is sound.
///
/// # Errors
/// If it cannot be read or is damaged.
pub fn contents(path: &Path, busy_timeout: Duration, progress: &dyn Progress) -> Result<Contents, BackupError> {
    progress.at(At::Verifying);
    verify::sound_contents(path, busy_timeout)
}
