//! Writes source files: each whole or not at all, and none over one that says something else unless that is wanted.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::path::for_display;

/// A file that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Its path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// What there is in the place of a file before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Nothing,
    /// The same text.
    Same,
    /// Another text.
    Other,
}

impl Before {
    /// What was done, for programs.
    pub(crate) fn action(self) -> FileAction {
        match self {
            Self::Nothing => FileAction::Created,
            Self::Same => FileAction::Unchanged,
            Self::Other => FileAction::Overwrote,
        }
    }

    /// What was done, as the verb of a status line.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Nothing => "Created",
            Self::Same => "Unchanged",
            Self::Other => "Overwrote",
        }
    }
}

/// Looks at what there is in the place of a file.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn look(wanted: &Wanted) -> Result<Before> {
    match fs::read(&wanted.path) {
        Ok(found) if found == wanted.text.as_bytes() => Ok(Before::Same),
        Ok(_) => Ok(Before::Other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Before::Nothing),
        Err(error) => Err(CommandError::io("read", &for_display(&wanted.path), &error)),
    }
}

/// Writes a file beside its place and moves it there. Not flushed to the disk: it can be written again.
///
/// # Errors
/// If it cannot be written. Nothing is left behind.
pub(crate) fn write(wanted: &Wanted) -> Result<()> {
    let parent = wanted.path.parent().unwrap_or(Path::new(""));
    let name = wanted.path.file_name().unwrap_or_default().to_string_lossy();
    let staged = parent.join(format!(".{name}.{}.staged", std::process::id()));
    let written = fs::File::create_new(&staged)
        .and_then(|mut file| file.write_all(wanted.text.as_bytes()))
        .and_then(|()| fs::rename(&staged, &wanted.path));
    written.map_err(|error| {
        // best effort: it is hidden
        let _ = fs::remove_file(&staged);
        CommandError::io("write", &for_display(&wanted.path), &error)
    })
}
