//! Backups: verified copies of whole databases with their manifests, where they lie and how many are kept.

mod estimate;
mod failure;
mod folder;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use dbmigrate_core::engine::backup::{self, At, BackupError, Source, Uncompared};

pub(crate) use estimate::Estimate;
pub(crate) use failure::{damaged, failed, manifest_error};
pub(crate) use folder::folder;

use crate::database::{client, file};
use crate::error::{CommandError, Result};
use crate::messages;
use crate::project::url::{DatabaseUrl, Place};
use crate::project::{Context, path};
use crate::report::counted;
use crate::report::duration::Elapsed;
use crate::report::progress::Progress;
use crate::report::size::Bytes;

/// Makes a backup of a database at `to`, and says so.
///
/// # Errors
/// If there is no database, or no room, or the copy is not what the database has. Then there is no file.
pub(crate) fn make(context: &Context, url: &DatabaseUrl, to: &Path) -> Result<()> {
    let started = Instant::now();
    if !file::exists(url)? {
        return Err(CommandError::failed(format!("`{url}` does not exist")).note("nothing was backed up"));
    }
    let estimate = Estimate::of(context, url)?;
    estimate.refuse_without_room(to)?;
    let printer = &context.printer;
    printer.status("Backing up", format!("{url} ({estimate})"));
    let copied = with_source(context, url, |source, progress| backup::copy(source, to, progress))?;
    let target = url.target().map(|target| target.name.clone());
    let manifest = copied.publish_with(url.to_string(), target).map_err(|error| failed(&error, url))?;
    let shown = path::for_display(to);
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let contents = &manifest.contents;
    printer.message(|| messages::Backup {
        on: url.into(),
        path: shown.display().to_string(),
        bytes: manifest.bytes,
        tables: contents.tables.len(),
        rows: contents.rows(),
        position: manifest.position,
        not_compared: indexes(&contents.uncompared),
        milliseconds: took,
    });
    let rows = counted(usize::try_from(contents.rows()).unwrap_or(usize::MAX), "row");
    let size = Bytes(manifest.bytes);
    printer
        .status("Backed up", format!("{url} to {}, verified ({rows}, {size}) in {}", shown.display(), Elapsed(took)));
    say_uncompared(context, &contents.uncompared);
    Ok(())
}

/// Says which indexes of a copy were not compared with its rows, and who can do it.
pub(crate) fn say_uncompared(context: &Context, uncompared: &[Uncompared]) {
    for Uncompared { index, functions, .. } in uncompared {
        let functions: Vec<String> = functions.iter().map(|name| format!("`{name}`")).collect();
        let functions = functions.join(", ");
        context.printer.status(
            "Not compared",
            format!(
                "index `{index}` with its rows: only the application has {functions} (there: `PRAGMA integrity_check`)"
            ),
        );
    }
}

/// The names of such indexes.
pub(crate) fn indexes(uncompared: &[Uncompared]) -> Vec<String> {
    uncompared.iter().map(|one| one.index.to_string()).collect()
}

/// Makes a backup in a folder, under a name of its own, which is returned, and removes the oldest ones of the same database there.
///
/// # Errors
/// As for [`make`].
pub(crate) fn make_in(context: &Context, url: &DatabaseUrl, folder: &Path) -> Result<PathBuf> {
    let path = folder::name_in(context, folder, url)?;
    make(context, url, &path)?;
    let kept = usize::try_from(context.config.keep_backups).unwrap_or(usize::MAX);
    folder::prune(context, folder, url, kept);
    Ok(path)
}

fn with_source<T>(
    context: &Context,
    url: &DatabaseUrl,
    run: impl FnOnce(Source<'_>, &dyn backup::Progress) -> std::result::Result<T, BackupError>,
) -> Result<T> {
    let shown = Shown(Mutex::new(context.printer.progress("Copying", 0)));
    let result = match url.place() {
        Place::File(path) => run(Source::File { path, busy_timeout: url.timeout() }, &shown),
        Place::Server(server) => run(Source::Server(&client(context, url, server)), &shown),
    };
    drop(shown);
    result.map_err(|error| failed(&error, url))
}

/// Shows how far it is.
pub(crate) struct Shown(pub(crate) Mutex<Progress>);

impl backup::Progress for Shown {
    fn at(&self, at: At<'_>) {
        let Ok(progress) = self.0.lock() else { return };
        match at {
            At::Rows { table, done, of } => {
                progress.of(of);
                progress.step(done, format!("{table}"));
            }
            At::Verifying => progress.step(0, "verifying"),
            _ => {}
        }
    }
}
