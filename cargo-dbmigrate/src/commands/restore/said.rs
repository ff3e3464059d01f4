//! What is said of a restored database, and of a backup that is none.

use std::path::Path;
use std::time::Instant;

use dbmigrate_core::engine::backup::{BackupError, Uncompared};

use super::restoring::Restoring;
use crate::backups::{damaged, indexes, say_uncompared};
use crate::error::{CommandError, Result};
use crate::messages;
use crate::project::path;
use crate::report::counted;
use crate::report::duration::Elapsed;

/// Says that it is done.
pub(super) fn restored(
    restoring: &Restoring<'_>,
    started: Instant,
    kept: Option<&Path>,
    left_out: &[String],
    uncompared: &[Uncompared],
) {
    let Restoring { context, url, backup, manifest, .. } = restoring;
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let rows = manifest.contents.rows();
    let kept = kept.map(|path| path::for_display(path).display().to_string());
    context.printer.message(|| messages::Restored {
        on: (*url).into(),
        path: path::for_display(backup).display().to_string(),
        rows,
        position: manifest.position,
        kept: kept.clone(),
        left_out: left_out.to_vec(),
        not_compared: indexes(uncompared),
        milliseconds: took,
    });
    for what in left_out {
        context.printer.warning(&format!("{what} cannot be written to a server, and was left out"), &[]);
    }
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    let at = manifest.last_migration.as_deref().map(|name| format!(", at `{name}`")).unwrap_or_default();
    let text = format!("{url} as of {}, verified ({rows}{at}) in {}", manifest.taken_at, Elapsed(took));
    context.printer.status("Restored", text);
    say_uncompared(context, uncompared);
    if let Some(kept) = kept {
        context.printer.status("Kept", format!("{kept}, the database that was replaced"));
    }
}

/// Refuses a file that has not what its manifest says. Returns the indexes of the others that were not compared with
/// their rows.
///
/// # Errors
/// If that is so.
pub(super) fn refuse_other(
    restoring: &Restoring<'_>,
    found: std::result::Result<dbmigrate_core::engine::backup::Contents, BackupError>,
) -> Result<Vec<Uncompared>> {
    let name = path::for_display(restoring.backup).display().to_string();
    let help = "restore another backup: `cargo dbmigrate restore PATH`";
    let (differences, uncompared) = match found {
        Ok(found) => (restoring.manifest.contents.differences(&found), found.uncompared),
        Err(BackupError::Damaged { problems }) => {
            let error = damaged(format!("the backup `{name}` is damaged"), &problems);
            return Err(error.note("nothing was changed").help(help));
        }
        Err(error) => {
            return Err(CommandError::failed(format!("cannot read the backup `{name}`: {error}"))
                .note("nothing was changed")
                .help(help));
        }
    };
    if differences.is_empty() {
        return Ok(uncompared);
    }
    let error = damaged(format!("the backup `{name}` is not what its manifest says"), &differences);
    Err(error.note("nothing was changed").help(help))
}
