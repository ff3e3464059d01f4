//! Where backups lie that nobody has named: a folder of the package, with the newest of each database.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_core::engine::backup::{MANIFEST, Manifest, PART};

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::url::{DatabaseUrl, Place};
use crate::project::{Context, path};
use crate::turso::moment::Moment;

/// The folder, in the package, unless another one is configured.
const FOLDER: &str = "backups";

/// The folder for the backups of a database that nobody has named another one for.
pub(crate) fn folder(context: &Context, url: &DatabaseUrl) -> PathBuf {
    let target = url.target().map(|target| target.name.as_str());
    let folder = context.config.backups(target).unwrap_or(Path::new(FOLDER));
    path::for_display(&context.package.root.join(folder))
}

/// What is left of a run that died is removed when it is as old as this.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The path of a new backup in a folder, which is made if there is none: the name of the database and the time.
///
/// # Errors
/// If the folder cannot be made.
pub(super) fn name_in(context: &Context, folder: &Path, url: &DatabaseUrl) -> Result<PathBuf> {
    make_private(context, folder)?;
    let name = name_of(url);
    let time = Moment::now().stamp();
    let path = |suffix: &str| folder.join(format!("{name}-{time}{suffix}.db"));
    let taken = |path: &Path| fs::symlink_metadata(path).is_ok() || fs::symlink_metadata(Manifest::path(path)).is_ok();
    // two within a second
    let others = (2..100).map(|number| path(&format!("-{number}")));
    Ok(std::iter::once(path("")).chain(others).find(|path| !taken(path)).unwrap_or_else(|| path("")))
}

/// The rows of users are for nobody else, and not for git.
fn make_private(context: &Context, folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| CommandError::io("create", folder, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // best effort: not every file system has permissions
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    let ignore = folder.join(".gitignore");
    fs::write(&ignore, "*\n").map_err(|error| CommandError::io("write", &ignore, &error))?;
    context.printer.wrote(&ignore, FileAction::Created);
    Ok(())
}

/// What a database is called in the names of its backups.
fn name_of(url: &DatabaseUrl) -> String {
    let name = match (url.target(), url.place()) {
        (Some(target), _) => target.name.clone(),
        (None, Place::File(path)) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        (None, Place::Server(_)) => "server".to_owned(),
    };
    let fit = |char: char| if char.is_alphanumeric() || matches!(char, '-' | '_') { char } else { '_' };
    name.chars().map(fit).collect()
}

/// Removes the oldest backups of a database in a folder, so that `kept` are left, and what runs that died have left.
/// Only what has a manifest which says that it is a backup of this database is ever removed.
pub(super) fn prune(context: &Context, folder: &Path, url: &DatabaseUrl, kept: usize) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut backups = Vec::new();
    for path in entries {
        let name = path.to_string_lossy().into_owned();
        if name.ends_with(PART) && is_forgotten(&path) {
            let _ = fs::remove_file(&path);
        }
        let Some(backup) = name.strip_suffix(MANIFEST).map(PathBuf::from) else { continue };
        let Ok(manifest) = Manifest::read(&backup) else { continue };
        if manifest.source == url.to_string() && backup.is_file() {
            backups.push((manifest.taken_at, backup));
        }
    }
    backups.sort();
    let surplus = backups.len().saturating_sub(kept);
    for (_, backup) in backups.into_iter().take(surplus) {
        // the manifest last: without it nobody would remove the rest
        if fs::remove_file(&backup).is_ok() && fs::remove_file(Manifest::path(&backup)).is_ok() {
            let shown = crate::project::path::for_display(&backup);
            context.printer.wrote(&shown, FileAction::Removed);
            context.printer.detail("Removed", format!("{}, an older backup", shown.display()));
        }
    }
}

fn is_forgotten(path: &Path) -> bool {
    let age = fs::metadata(path).and_then(|file| file.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age > FORGOTTEN)
}
