//! The file beside a backup: what it was made of, when, and what has to be in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error::BackupError;
use super::fingerprint::Contents;
use super::local::Local;
use super::publish::{Unpublished, beside};
use crate::engine::connection::{integer, text};
use crate::engine::error::EngineError;
use crate::engine::introspect::HISTORY_TABLE;
use crate::folder::write::sync_directory;

/// What is behind the name of a backup in the name of its manifest.
pub const MANIFEST: &str = ".manifest.json";

/// The version of the format. It grows when an older program could not tell what it means.
const VERSION: u32 = 1;

/// What is known of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub version: u32,
    /// The version of the program that made it.
    pub tool_version: String,
    /// The database that was copied, without credentials.
    pub source: String,
    /// The target that it was, if it has a name.
    pub target: Option<String>,
    /// When, in UTC: `2026-11-29T12:00:00.000Z`.
    pub taken_at: String,
    /// How many migrations the database had.
    pub position: u64,
    /// The last of them.
    pub last_migration: Option<String>,
    /// How large the file is, in bytes.
    pub bytes: u64,
    /// What is in it.
    pub contents: Contents,
}

/// Why there is no manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// There is none.
    #[error("`{}` has no manifest", path.display())]
    Missing {
        /// The backup.
        path: PathBuf,
    },
    /// It cannot be understood.
    #[error("the manifest `{}` cannot be read: {message}", path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

/// What every version of the format has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Manifest {
    /// Where the manifest of a backup is.
    pub fn path(backup: &Path) -> PathBuf {
        beside(backup, MANIFEST)
    }

    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// If there is none, or it cannot be understood.
    pub fn read(backup: &Path) -> Result<Self, ManifestError> {
        let path = Self::path(backup);
        let unreadable = |message: String| ManifestError::Unreadable { path: path.clone(), message };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ManifestError::Missing { path: backup.to_owned() });
            }
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let Version { version } = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if version > VERSION {
            return Err(unreadable("a later version of this program has written it".to_owned()));
        }
        serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))
    }
}

impl Unpublished {
    /// Writes the manifest and gives the backup its name, in this order: a backup without a manifest is no backup.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub fn publish_with(self, source: String, target: Option<String>) -> Result<Manifest, BackupError> {
        let file = self.file();
        let read = || -> Result<(String, u64, Option<String>), EngineError> {
            let local = Local::open(file, false, Duration::ZERO)?;
            let now = local.rows("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")?;
            let has_history = format!("SELECT count(*) FROM sqlite_schema WHERE name = '{HISTORY_TABLE}'");
            let now = now.first().map(|row| text(&row[0]).to_owned()).unwrap_or_default();
            if local.rows(&has_history)?.first().is_none_or(|row| integer(&row[0]) == 0) {
                return Ok((now, 0, None));
            }
            let records = format!("SELECT position, name FROM {HISTORY_TABLE} WHERE position >= 1");
            let last = format!("{records} ORDER BY position DESC LIMIT 1");
            let last = local.rows(&last).unwrap_or_default();
            let last = last.first().map(|row| (integer(&row[0]).unsigned_abs(), text(&row[1]).to_owned()));
            Ok((now, last.as_ref().map_or(0, |(position, _)| *position), last.map(|(_, name)| name)))
        };
        let (taken_at, position, last_migration) = read().map_err(BackupError::copy(file))?;
        let manifest = Manifest {
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            source,
            target,
            taken_at,
            position,
            last_migration,
            bytes: fs::metadata(file).map_err(BackupError::io("read", file))?.len(),
            contents: self.contents().clone(),
        };
        let path = Manifest::path(self.to());
        let failed = BackupError::io("write", &path);
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let part = beside(&path, &format!(".{}{}", std::process::id(), super::PART));
        let written = fs::write(&part, text)
            .and_then(|()| fs::File::open(&part)?.sync_all())
            .and_then(|()| fs::rename(&part, &path))
            .and_then(|()| sync_directory(path.parent().unwrap_or(Path::new(""))));
        if let Err(error) = written {
            let _ = fs::remove_file(&part);
            return Err(failed(error));
        }
        self.publish().inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(manifest)
    }
}
