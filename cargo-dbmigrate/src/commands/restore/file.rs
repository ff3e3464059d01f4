//! Restores into a file: a new one is made beside the database, verified, and takes its place when it is complete. The
//! database that it replaces is kept under another name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dbmigrate_core::engine::backup::{self, Uncompared};
use dbmigrate_core::engine::owner::owner;
use dbmigrate_core::engine::{Connection, EngineError};
use pollster::block_on;

use super::restoring::Restoring;
use super::said;
use crate::database::failure::engine_error;
use crate::database::swap::{self, BESIDE, NewFile, WRITE_AHEAD, beside};
use crate::database::{Subject, file, open, owned};
use crate::error::{CommandError, Result};
use crate::exit;

/// Restores a backup to `path`.
///
/// # Errors
/// If the backup is not what its manifest says, or the database is in use. Then nothing was changed.
pub(super) fn run(restoring: &Restoring<'_>, path: &Path) -> Result<()> {
    let started = Instant::now();
    let url = restoring.url;
    file::check(url)?;
    let exists = file::exists(url)?;
    if let Some(owner) = owner(path) {
        return Err(owned(url, &owner));
    }
    let path = file::end_of_links(path);
    if exists && same_file(&path, restoring.backup) {
        return Err(CommandError::usage(format!("`{url}` is the backup itself")).note("nothing was changed"));
    }
    let new = NewFile::beside(&path);
    let old = if exists { open(restoring.context, url, false) } else { Err(CommandError::failed("")) };
    let is_wal = match &old {
        Ok(old) => swap::journal_mode(old, url)? == "wal",
        Err(_) => restoring.manifest.contents.settings.journal_mode.as_deref() == Some("wal"),
    };
    let uncompared = fill(&new, restoring, is_wal)?;
    let kept = match (exists, old) {
        (false, _) => None,
        (true, Ok(old)) => {
            let kept = swap::lock_out(&old, url, is_wal, restoring.command).and_then(|()| replace(&new, &path, true));
            if kept.is_err() {
                swap::let_in(&old, is_wal);
            }
            Some(kept?)
        }
        // damaged, or no database: that is what a backup is for
        (true, Err(error)) => {
            if error.exit_code() != exit::FAILED {
                return Err(error);
            }
            refuse_users(&path, restoring)?;
            restoring.context.printer.warning(&format!("the database is replaced unread: {}", error.message()), &[]);
            Some(replace(&new, &path, false)?)
        }
    };
    if kept.is_none() {
        new.publish(&path)?;
    }
    said::restored(restoring, started, kept.as_deref(), &[], &uncompared);
    Ok(())
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Makes sure that nobody has a lock on a file that SQLite cannot open.
fn refuse_users(path: &Path, restoring: &Restoring<'_>) -> Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{FlockOperation, fcntl_lock};

        let file = fs::OpenOptions::new().read(true).write(true).open(path);
        // SQLite's locks are of the same kind (sqlite.org/lockingv3.html#how_to)
        let in_use = file.is_ok_and(|file| {
            matches!(
                fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS)
            )
        });
        if in_use {
            let url = restoring.url;
            return Err(CommandError::failed(format!("`{url}` is in use: another program has it open"))
                .note("nothing was changed")
                .help(format!("stop that program, then run `{}` again", restoring.command)));
        }
    }
    #[cfg(not(unix))]
    let _ = (path, restoring);
    Ok(())
}

/// Copies the backup into the new file and verifies the copy. Returns the indexes that were not compared with their rows.
fn fill(new: &NewFile, restoring: &Restoring<'_>, is_wal: bool) -> Result<Vec<Uncompared>> {
    const NEW: Subject<'static> = Subject::Named("the new file");
    let engine =
        |error: EngineError| engine_error("cannot write the new file", &error, NEW).note("nothing was changed");
    let io = |error: std::io::Error| CommandError::io("write", new.path(), &error).note("nothing was changed");
    fs::copy(restoring.backup, new.path()).map_err(io)?;
    make_writable(new.path()).map_err(io)?;
    let uncompared = said::refuse_other(restoring, backup::contents(new.path(), Duration::ZERO, &()))?;
    if is_wal {
        let connection = block_on(Connection::open(new.path(), false)).map_err(engine)?;
        for pragma in WRITE_AHEAD {
            block_on(connection.rows(pragma)).map_err(engine)?;
        }
    }
    new.settle().map_err(io)?;
    Ok(uncompared)
}

/// Puts it into the place of a database, which nobody else uses now, and returns where that one is kept. `is_readable`
/// is whether SQLite can open that one.
fn replace(new: &NewFile, path: &Path, is_readable: bool) -> Result<PathBuf> {
    let kept = (1_u32..).map(|number| beside(path, &format!(".replaced-{number}")));
    let Some(kept) = kept.take(10_000).find(|path| fs::symlink_metadata(path).is_err()) else {
        return Err(CommandError::failed(format!("too many replaced databases beside `{}`", path.display())));
    };
    new.take_rights_of(path);
    let io = |error: std::io::Error| CommandError::io("keep", path, &error).note("nothing was changed");
    // a second name for the old one, so that there is a database at every moment; there are file systems without
    if fs::hard_link(path, &kept).is_err() {
        fs::copy(path, &kept).map_err(io)?;
    }
    if !is_readable {
        // what a file that cannot be opened would need to be repaired
        for suffix in BESIDE.iter().filter(|suffix| beside(path, suffix).exists()) {
            fs::rename(beside(path, suffix), beside(&kept, suffix)).map_err(io)?;
        }
    }
    new.publish(path)?;
    Ok(kept)
}

/// A backup may be read-only, and its copy with it.
fn make_writable(path: &Path) -> std::io::Result<()> {
    let mut rights = fs::metadata(path)?.permissions();
    if rights.readonly() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            rights.set_mode(rights.mode() | 0o600);
        }
        #[cfg(not(unix))]
        rights.set_readonly(false);
        fs::set_permissions(path, rights)?;
    }
    Ok(())
}
