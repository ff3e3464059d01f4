//! The members of a fleet that a program lists. It is one of the checkout, or started by a file of it, so that somebody
//! agrees to it first.

use std::path::Path;
use std::process::{Command, Stdio};

use dbmigrate_core::shell::shell_quoted;

use super::entry::Entries;
use super::listed;
use crate::error::{CommandError, Result};
use crate::git;
use crate::project::config::FILE_NAME;
use crate::project::url::in_ci;
use crate::project::{Context, agreed, path};

/// The commands that may be run, in the configuration of the repository.
const REMEMBERED: &str = "dbmigrate.fleetcommand";

/// Runs the program in the package. What it says on stderr goes to stderr.
///
/// # Errors
/// Exit code 2 if it may not be run, 1 if it fails, and for what it prints as for a list.
pub(super) fn entries(context: &Context, words: &[String], fleet: &str) -> Result<Entries> {
    let root = &context.package.root;
    let line = words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ");
    permit(context, &line, fleet)?;
    let Some((program, arguments)) = words.split_first() else { return listed::text("", root, "", None) };
    // a relative program is one of the package
    let program = if program.contains('/') { root.join(program) } else { Path::new(program).to_owned() };
    let mut command = Command::new(&program);
    command.args(arguments).current_dir(if root.as_os_str().is_empty() { Path::new(".") } else { root });
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| {
        CommandError::failed(format!("cannot run `{line}`: {error}"))
            .note(format!("it lists the members of the fleet `{fleet}`"))
            .help(format!("correct `command` of `[targets.{fleet}]` in `{FILE_NAME}`"))
    })?;
    if !output.status.success() {
        return Err(CommandError::failed(format!("`{line}` failed: {}", output.status))
            .note(format!("it lists the members of the fleet `{fleet}`; nothing was changed"))
            .help("run it by hand in the folder of the package, and repair what it says"));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| CommandError::failed(format!("`{line}` prints something that is not UTF-8 text")))?;
    listed::text(&text, root, &format!("`{line}`"), None)
}

/// Lets a command of a checkout be run.
fn permit(context: &Context, line: &str, fleet: &str) -> Result<()> {
    let root = &context.package.root;
    let config = root.join(FILE_NAME);
    if in_ci() || !git::has(&config) || agreed::is(root, REMEMBERED, line) {
        return Ok(());
    }
    let shown = path::for_display(&config).display().to_string();
    if context.printer.can_ask() {
        let question =
            format!("`{shown}` comes with the checkout, and lists the fleet `{fleet}` by running `{line}`. Run it?");
        return agreed::ask(&context.printer, root, (REMEMBERED, line), &question, "nothing was run");
    }
    let error = CommandError::usage(format!("`{line}` is not run before you have agreed to it"))
        .note(format!("`{shown}` names it for the fleet `{fleet}`, and comes with the checkout"))
        .note("nothing was run");
    Err(error.helps(agreed::command(root, REMEMBERED, line).map(|command| format!("if you trust it: `{command}`"))))
}
