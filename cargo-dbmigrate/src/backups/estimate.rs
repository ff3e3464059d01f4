//! What a backup is going to take, said before it begins.

use std::fmt;
use std::path::Path;

use dbmigrate_core::engine::connection::integer;
use pollster::block_on;

use crate::database::failure::engine_error;
use crate::database::open;
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;
use crate::project::{Context, path};
use crate::report::size::Bytes;

/// How many bytes of a file are copied and verified in a second, on a slow disk.
const FILE_SPEED: u64 = 60 * 1024 * 1024;

/// The same from a server nearby.
const SERVER_SPEED: u64 = 15 * 1024 * 1024;

/// How large a database is, and how long its backup takes about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate {
    /// Its size in bytes.
    pub bytes: u64,
    seconds: u64,
}

impl Estimate {
    /// Asks the database.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub(crate) fn of(context: &Context, url: &DatabaseUrl) -> Result<Self> {
        let database = open(context, url, false)?;
        let queries = ["PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"];
        let error = |error| engine_error("cannot read the database", &error, url.into());
        let answers = block_on(database.connection().ask_all(&queries)).map_err(error)?;
        let mut numbers = Vec::with_capacity(queries.len());
        for answer in answers {
            let rows = answer.map_err(error)?;
            numbers.push(rows.first().and_then(|row| row.first()).map_or(0, integer).unsigned_abs());
        }
        let [pages, free, size] = numbers[..] else { return Ok(Self { bytes: 0, seconds: 0 }) };
        let bytes = pages.saturating_sub(free) * size;
        let speed = if url.file().is_some() { FILE_SPEED } else { SERVER_SPEED };
        Ok(Self { bytes, seconds: bytes.div_ceil(speed) })
    }

    /// Refuses to begin where the copy does not fit.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) fn refuse_without_room(&self, to: &Path) -> Result<()> {
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match free(folder) {
            Some(free) if free < self.bytes => {
                let (needed, free) = (Bytes(self.bytes), Bytes(free));
                let shown = path::for_display(folder);
                let message = format!("the backup needs {needed}, and `{}` has {free}", shown.display());
                Err(CommandError::failed(message)
                    .note("nothing was changed")
                    .help("free up disk space, or put the backup elsewhere: `cargo dbmigrate backup PATH`"))
            }
            _ => Ok(()),
        }
    }
}

/// How many bytes can be written to a file system, if it says so.
fn free(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    return rustix::fs::statvfs(folder).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", Bytes(self.bytes))?;
        match self.seconds {
            0 | 1 => f.write_str("about a second"),
            seconds @ 2..120 => write!(f, "about {seconds} seconds"),
            seconds => write!(f, "about {} minutes", seconds.div_ceil(60)),
        }
    }
}
