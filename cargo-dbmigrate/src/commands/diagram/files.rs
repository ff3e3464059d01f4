//! The files of a picture: written where they differ from what is there, or only compared with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::pictures::markdown::{is_ours, is_page};
use crate::project::Context;
use crate::project::path::for_display;
use crate::project::write::{self, Before, Wanted};

/// Files that are to be there, and those that no longer are.
pub(super) struct Files {
    pub(super) wanted: Vec<Wanted>,
    pub(super) gone: Vec<PathBuf>,
}

impl Files {
    /// One file.
    ///
    /// # Errors
    /// If there is something else in its place.
    pub(super) fn one(path: &Path, text: String) -> Result<Self> {
        let begins = |text: &str| text.split_whitespace().next().map(str::to_owned);
        refuse_others(path, |found| begins(found).is_none_or(|word| begins(&text) == Some(word)))?;
        Ok(Self { wanted: vec![Wanted { path: path.to_owned(), text }], gone: Vec::new() })
    }

    /// The pages of a folder. What another run has written for tables that are no longer there goes.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn pages(folder: &Path, pages: Vec<(String, String)>) -> Result<Self> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let entries = entries.map_err(|error| CommandError::io("read", &for_display(folder), &error))?;
        let mut gone = Vec::new();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_wanted = pages.iter().any(|(wanted, _)| *wanted == name);
            if !is_wanted && fs::read_to_string(entry.path()).is_ok_and(|text| is_ours(&name, &text)) {
                gone.push(entry.path());
            }
        }
        gone.sort();
        for (name, _) in pages.iter().filter(|(name, _)| is_page(name)) {
            refuse_others(&folder.join(name), |found| is_ours(name, found))?;
        }
        let wanted = pages.into_iter().map(|(name, text)| Wanted { path: folder.join(name), text });
        Ok(Self { wanted: wanted.collect(), gone })
    }

    /// The files that are not as they would be written: the path of each, and why.
    ///
    /// # Errors
    /// If one cannot be read.
    pub(super) fn stale(&self) -> Result<Vec<(PathBuf, &'static str)>> {
        let mut stale = Vec::new();
        for wanted in &self.wanted {
            match write::look(wanted)? {
                Before::Same => {}
                Before::Nothing => stale.push((for_display(&wanted.path), "is missing")),
                Before::Other => stale.push((for_display(&wanted.path), "shows another schema")),
            }
        }
        stale.extend(self.gone.iter().map(|path| (for_display(path), "is of a table that is gone")));
        Ok(stale)
    }

    /// Writes them, and says what was done. Returns their paths.
    ///
    /// # Errors
    /// If one cannot be written or removed.
    pub(super) fn write(&self, context: &Context) -> Result<Written> {
        let (mut paths, mut verbs) = (Vec::new(), Vec::new());
        for wanted in &self.wanted {
            let before = write::look(wanted)?;
            verbs.push(before);
            if before != Before::Same {
                if let Some(folder) = wanted.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    fs::create_dir_all(folder).map_err(|error| CommandError::io("create", folder, &error))?;
                }
                write::write(wanted)?;
            }
            let shown = for_display(&wanted.path);
            context.printer.wrote(&shown, before.action());
            paths.push(shown);
        }
        for path in &self.gone {
            fs::remove_file(path).map_err(|error| CommandError::io("remove", &for_display(path), &error))?;
            context.printer.wrote(&for_display(path), FileAction::Removed);
        }
        let verb = match &verbs[..] {
            [only] => only.verb(),
            all if self.gone.is_empty() && all.iter().all(|before| *before == Before::Same) => Before::Same.verb(),
            all if all.iter().all(|before| *before == Before::Nothing) => Before::Nothing.verb(),
            _ => "Updated",
        };
        Ok(Written { paths, verb })
    }
}

/// What was done.
pub(super) struct Written {
    pub(super) paths: Vec<PathBuf>,
    /// The verb for all of it.
    pub(super) verb: &'static str,
}

/// Refuses to write over a file that is none of ours: a mistyped path must not cost anybody a text.
fn refuse_others(path: &Path, is_ours: impl Fn(&str) -> bool) -> Result<()> {
    let found = match fs::read(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CommandError::io("read", &for_display(path), &error)),
    };
    if is_ours(&String::from_utf8_lossy(&found)) {
        return Ok(());
    }
    let shown = for_display(path);
    Err(CommandError::usage(format!("`{}` exists and is not a picture", shown.display()))
        .help("name another path, or remove it"))
}
