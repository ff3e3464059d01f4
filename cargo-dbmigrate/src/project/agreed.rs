//! What somebody has agreed to once, though a file of a checkout asks for it: in the configuration of the repository,
//! which is no part of a checkout.

use std::path::Path;

use dbmigrate_core::shell::{shell_quoted, shell_word};

use crate::error::{CommandError, Result};
use crate::git;
use crate::report::Printer;
use crate::report::prompt::NoAnswer;

/// Whether that was agreed to.
pub(crate) fn is(root: &Path, key: &str, value: &str) -> bool {
    git::configured(root, key).iter().any(|agreed| agreed == value)
}

/// Asks, where somebody can be asked, and remembers a yes.
///
/// # Errors
/// Exit code 3 if the answer is no; `untouched` says what did not happen.
pub(crate) fn ask(
    printer: &Printer,
    root: &Path,
    (key, value): (&str, &str),
    question: &str,
    untouched: &str,
) -> Result<()> {
    match printer.confirm(question) {
        Ok(true) => {
            // what begins so is a flag of git
            if value.starts_with('-') || !git::runs(root, &["config", "--local", "--add", key, value]) {
                printer.warning(&format!("`{value}` could not be remembered in git's configuration"), &[]);
            }
            Ok(())
        }
        Ok(false) | Err(NoAnswer::Cancelled) => Err(CommandError::cancelled(untouched)),
        Err(NoAnswer::Failed(error)) => Err(CommandError::failed(format!("no answer: {error}"))),
    }
}

/// The command that agrees, where there is a repository to remember it.
pub(crate) fn command(root: &Path, key: &str, value: &str) -> Option<String> {
    git::is_inside(root).then(|| format!("git {}config --local --add {key} {}", elsewhere(root), shell_quoted(value)))
}

/// How git is told to work in a folder, if the working directory is not inside.
fn elsewhere(root: &Path) -> String {
    let is_inside = std::env::current_dir().is_ok_and(|here| here.starts_with(root));
    if is_inside { String::new() } else { format!("-C {} ", shell_word(root)) }
}
