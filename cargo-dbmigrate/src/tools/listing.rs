//! The names in a folder, and what they say: numbers, dates, titles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::project::path;

/// The names in a folder, sorted. Those that begin with a dot are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// The folder, as it can be shown.
    pub path: PathBuf,
    /// The files.
    pub files: BTreeSet<String>,
    /// The folders in it.
    pub directories: BTreeSet<String>,
}

impl Listing {
    /// Reads a folder. One that does not exist has nothing in it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = path::for_display(folder);
        let failed = |error: std::io::Error| CommandError::io("read", &path, &error);
        let mut listing = Self { path: path.clone(), ..Self::default() };
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok(listing);
            }
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            match entry.path().is_dir() {
                true => listing.directories.insert(name),
                false => listing.files.insert(name),
            };
        }
        Ok(listing)
    }

    /// The files that end in this, without the end.
    pub(super) fn stems<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.iter().filter_map(move |name| name.strip_suffix(end))
    }

    /// The folders that have a file of this name.
    pub(super) fn with<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a str> {
        let has = move |name: &&String| self.path.join(name).join(file).is_file();
        self.directories.iter().filter(has).map(String::as_str)
    }

    /// Whether there is a file or folder of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.path.join(path).exists()
    }

    /// The error that it is no folder of a tool.
    pub(super) fn is_none_of(&self, title: &str, lacks: &str, help: &str) -> CommandError {
        let shown = self.path.display();
        let error = if self.path.is_dir() {
            CommandError::usage(format!("`{shown}` is not a migrations folder of {title}")).note(lacks)
        } else {
            CommandError::failed(format!("no such folder: `{shown}`"))
        };
        error.help(help)
    }
}

/// The digits at the beginning of a name.
pub(super) fn number(name: &str) -> &str {
    let end = name.find(|char: char| !char.is_ascii_digit()).unwrap_or(name.len());
    &name[..end]
}

/// A name without the number or date at its beginning.
pub(super) fn title(name: &str) -> String {
    let rest = name.trim_start_matches(|char: char| char.is_ascii_digit());
    // a date in several parts
    let rest = match rest.strip_prefix('-') {
        Some(more) if more.starts_with(|char: char| char.is_ascii_digit()) => return title(more),
        _ => rest,
    };
    let rest = rest.trim_start_matches(['_', '-', '.', ' ']);
    if rest.is_empty() { name.to_owned() } else { rest.to_owned() }
}
