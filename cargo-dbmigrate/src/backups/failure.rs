//! Failures of backups, as the user sees them.

use std::path::Path;

use dbmigrate_core::engine::backup::{BackupError, MANIFEST, ManifestError};
use dbmigrate_core::engine::brought::{Missing, MissingKind};
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::shell::shell_word;

use crate::database::failure::engine_error;
use crate::database::{Subject, owned};
use crate::error::CommandError;
use crate::project::path;
use crate::project::url::DatabaseUrl;

/// How much of what is wrong is listed.
const MOST_SHOWN: usize = 5;

/// Why there is no backup of a database.
pub(crate) fn failed(error: &BackupError, url: &DatabaseUrl) -> CommandError {
    let shown = match error {
        BackupError::Owned { owner, .. } => return owned(url, owner),
        BackupError::Exists { path } => CommandError::usage(format!("`{}` already exists", shown(path)))
            .help("name another file, or none: `cargo dbmigrate backup`"),
        BackupError::Source(error) => engine_error("cannot read the database", error, url.into()),
        BackupError::Copy { error, path } if error.kind == ErrorKind::DiskFull => no_room(path),
        BackupError::Io { error, path, .. } if error.kind() == std::io::ErrorKind::StorageFull => no_room(path),
        BackupError::Copy { path, error } => {
            let name = shown(path);
            let shown = engine_error("cannot write the backup", error, Subject::Named(&name));
            match Missing::of(&error.message).filter(|missing| missing.kind == MissingKind::Application) {
                Some(_) => shown
                    .note("a server does not hand out what an index or a stored column has: it is made again")
                    .help("load the library that has it: `extensions` in `[engine]` of `dbmigrate.toml`"),
                None => shown,
            }
        }
        BackupError::Damaged { problems } => damaged(format!("`{url}` is damaged"), problems)
            .help("restore an earlier backup: `cargo dbmigrate restore PATH`"),
        BackupError::Differs { differences } => {
            let error = CommandError::failed(format!("the copy of `{url}` differs from it"));
            listed(error, differences).help("run the command again")
        }
        other => CommandError::failed(other.to_string()),
    };
    shown.note("no backup was made, and nothing is left of it")
}

fn no_room(path: &Path) -> CommandError {
    let folder = path.parent().unwrap_or(Path::new("."));
    CommandError::failed(format!("the disk of `{}` is full", shown(folder)))
        .help("free up disk space, or put the backup elsewhere: `cargo dbmigrate backup PATH`")
}

/// That a file is damaged, with what `integrity_check` says.
pub(crate) fn damaged(message: String, problems: &[String]) -> CommandError {
    listed(CommandError::failed(message), problems)
}

fn listed(error: CommandError, lines: &[String]) -> CommandError {
    let error = lines.iter().take(MOST_SHOWN).fold(error, |error, line| error.note(line.clone()));
    match lines.len().saturating_sub(MOST_SHOWN) {
        0 => error,
        more => error.note(format!("and {more} more")),
    }
}

/// Why a backup is refused whose manifest is not there, or no manifest.
pub(crate) fn manifest_error(error: &ManifestError, backup: &Path) -> CommandError {
    let name = shown(backup);
    match error {
        ManifestError::Missing { .. } => CommandError::failed(format!("`{name}` has no manifest"))
            .note(format!("without `{name}{MANIFEST}` it is unknown whether it is complete"))
            .help("put its manifest beside it, under this name")
            .help(format!(
                "to look at it all the same: `sqlite3 {} 'PRAGMA integrity_check'`",
                shell_word(Path::new(&name))
            )),
        other => CommandError::failed(other.to_string()).help("name another backup: `cargo dbmigrate restore PATH`"),
    }
    .note("nothing was changed")
}

fn shown(path: &Path) -> String {
    path::for_display(path).display().to_string()
}
