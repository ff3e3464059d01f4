//! The database that those of new tenants are copied from: what it was made of is written beside it, by which it is seen to
//! agree with the migrations and the sets of rows.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dbmigrate_core::folder::{Checksum, Folder};
use dbmigrate_core::shell::shell_word;
use serde::{Deserialize, Serialize};

use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;

/// What a template was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The checksum of the lock.
    migrations: String,
    /// The sets of rows, with the checksums of their files.
    seeds: Vec<(String, String)>,
    /// The checksum of the template.
    file: String,
}

/// The name of the template, in the package: each of several databases has its own.
fn file_name(context: &Context) -> String {
    context.config.database_name().map_or_else(|| "template.db".to_owned(), |name| format!("template-{name}.db"))
}

/// Where the template of a database is.
pub(crate) fn path(context: &Context) -> PathBuf {
    context.package.root.join(file_name(context))
}

/// Where a set of rows is.
fn folder_of(context: &Context, set: &str) -> PathBuf {
    context.package.root.join(&context.config.seeds).join(set)
}

/// Where it is written what it was made of.
pub(crate) fn manifest(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

impl Made {
    /// What a template in a file is made of now.
    ///
    /// # Errors
    /// If something of it cannot be read.
    pub(crate) fn of(context: &Context, folder: &Folder, sets: &[String], file: &Path) -> Result<Self> {
        let seeds = sets.iter().map(|set| Ok((set.clone(), checksum_of_set(&folder_of(context, set))?)));
        Ok(Self {
            migrations: checksum(&folder.lock_path())?,
            seeds: seeds.collect::<Result<_>>()?,
            file: checksum(file)?,
        })
    }

    /// What is written beside a template, if it can be understood.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(manifest(path)).ok()?).ok()
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The sets of rows.
    pub(crate) fn sets(&self) -> Vec<String> {
        self.seeds.iter().map(|(set, _)| set.clone()).collect()
    }

    /// Why it is not what it would be now, if it is not.
    pub(crate) fn differs(&self, now: &Self) -> Option<String> {
        if self.file != now.file {
            return Some("it was changed after it was made".to_owned());
        }
        if self.migrations != now.migrations {
            return Some("it was made of other migrations".to_owned());
        }
        let set = self.seeds.iter().zip(&now.seeds).find(|(then, now)| then != now);
        set.map(|((name, _), _)| format!("the set `{name}` has changed"))
    }
}

/// The command that makes a template with these sets.
pub(crate) fn command(sets: &[String]) -> String {
    let mut command = "cargo dbmigrate template build".to_owned();
    for set in sets {
        command.push_str(" --seed ");
        command.push_str(&shell_word(Path::new(set)));
    }
    command
}

/// Refuses a template that is out of step. A package without one needs none, and a file of that name that was made
/// otherwise is somebody's own.
///
/// # Errors
/// If it is, or cannot be read.
pub(crate) fn check(context: &Context, folder: &Folder) -> Result<()> {
    let path = path(context);
    let Some(made) = Made::read(&path).filter(|_| path.is_file()) else { return Ok(()) };
    let sets = made.sets();
    let file = file_name(context);
    let is_gone = |set: &&String| !folder_of(context, set).is_dir();
    let why = match sets.iter().find(is_gone) {
        Some(gone) => Some(format!("no set named `{gone}`")),
        None => made.differs(&Made::of(context, folder, &sets, &path)?),
    };
    let Some(why) = why else {
        context.printer.detail("Checked", format!("`{file}` is up to date"));
        return Ok(());
    };
    let sets: Vec<String> = sets.into_iter().filter(|set| !is_gone(&set)).collect();
    Err(CommandError::new(exit::DIFFERENCE, format!("`{file}` is out of date: {why}"))
        .help(format!("make it again: `{}`", command(&sets))))
}

fn checksum(path: &Path) -> Result<String> {
    match fs::read(path) {
        Ok(bytes) => Ok(Checksum::of_text(&bytes).to_hex()),
        // a package without migrations has no lock
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(CommandError::io("read", path, &error)),
    }
}

/// Of names and contents of the files in a folder.
fn checksum_of_set(folder: &Path) -> Result<String> {
    let io = |error: std::io::Error| CommandError::io("read", folder, &error);
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort();
    let mut all = String::new();
    for path in paths {
        let checksum = if path.is_dir() { checksum_of_set(&path)? } else { checksum(&path)? };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        all.extend([&*name, "\0", &checksum, "\n"]);
    }
    Ok(Checksum::of_text(all.as_bytes()).to_hex())
}
