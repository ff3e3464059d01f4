//! The libraries that the application loads into libSQL: where they are, and whether they may be loaded. A library is a
//! program: what a file of a checkout names is loaded only if somebody has allowed it by name.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use dbmigrate_core::config::FILE_NAME;
use dbmigrate_core::shell::shell_quoted;

use super::agreed;
use crate::error::{CommandError, Result};
use crate::report::Printer;

/// The folders in which libraries are looked for by their names.
const FOLDERS: &str = "DBMIGRATE_EXTENSION_PATH";

/// The paths that may be loaded, as they are written in the configuration: for pipelines.
const ALLOWED: &str = "DBMIGRATE_ALLOW_EXTENSIONS";

/// The paths that may be loaded, in the configuration of the repository.
const REMEMBERED: &str = "dbmigrate.extension";

/// The files of these libraries.
///
/// # Errors
/// Exit code 2 for one that is not there, or may not be loaded; 3 if somebody said no.
pub(crate) fn find(root: &Path, extensions: &[String], printer: &Printer) -> Result<Vec<PathBuf>> {
    extensions.iter().map(|extension| library(root, extension, printer)).collect()
}

fn library(root: &Path, extension: &str, printer: &Printer) -> Result<PathBuf> {
    if extension.contains(['/', '\\']) {
        let file = root.join(extension);
        let with_suffix = PathBuf::from(format!("{}{DLL_SUFFIX}", file.display()));
        let Some(file) = [file, with_suffix].into_iter().find(|file| file.is_file()) else {
            return Err(CommandError::usage(format!("no library at `{extension}`")).at(FILE_NAME).help(format!(
                "build it or fetch it, or correct its path in `extensions` of `{FILE_NAME}`, relative to the package"
            )));
        };
        permit(root, extension, printer)?;
        return Ok(file);
    }
    let names =
        [extension.to_owned(), format!("{extension}{DLL_SUFFIX}"), format!("{DLL_PREFIX}{extension}{DLL_SUFFIX}")];
    let folders = std::env::var_os(FOLDERS).unwrap_or_default();
    // a relative folder would be one of the checkout
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).filter(|folder| folder.is_absolute()).collect();
    let files = folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    files.into_iter().find(|file| file.is_file()).ok_or_else(|| {
        let error = CommandError::usage(format!("the library `{extension}` was not found")).at(FILE_NAME);
        let looked: Vec<String> = folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
        let error = match looked.is_empty() {
            true => error.note(format!("a name is looked for in the folders of `{FOLDERS}`, which names none")),
            false => error.note(format!("looked in {}", looked.join(", "))),
        };
        error
            .help(format!("name the folder that has it: `{FOLDERS}=/FOLDER`"))
            .help(format!("or write its path: `extensions = [\"PATH/{extension}{DLL_SUFFIX}\"]`"))
    })
}

/// Lets a library be loaded that the configuration names by its path.
fn permit(root: &Path, extension: &str, printer: &Printer) -> Result<()> {
    let allowed = std::env::var(ALLOWED).unwrap_or_default();
    if allowed.split([',', ';', ':']).any(|one| one.trim() == extension) || agreed::is(root, REMEMBERED, extension) {
        return Ok(());
    }
    let untouched = "nothing was loaded";
    if printer.can_ask() {
        let question = format!("`{FILE_NAME}` comes with the checkout and names the library `{extension}`. Load it?");
        return agreed::ask(printer, root, (REMEMBERED, extension), &question, untouched);
    }
    let message = format!("the library `{extension}` is not loaded before you have agreed to it");
    let error = CommandError::usage(message)
        .note(format!("`{FILE_NAME}` names that file, and comes with the checkout"))
        .note(untouched);
    let error = match agreed::command(root, REMEMBERED, extension) {
        Some(command) => error.help(format!("if you trust it: `{command}`")),
        None => error,
    };
    Err(error.help(format!("in CI, allow it by its name: `{ALLOWED}={}`", shell_quoted(extension))))
}
