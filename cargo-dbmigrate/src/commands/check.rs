//! `check`: the gate for CI: structs, snapshots and migrations agree, and lints find nothing that is denied in what is new.

use clap::Args;

use crate::error::{CommandError, Result};
use crate::linting::scope::{self, Since};
use crate::linting::shown::{Place, Shown, are_denied};
use crate::linting::{LintLevels, Linted, Set, run};
use crate::messages;
use crate::project::Context;
use crate::report::counted;
use crate::{exit, proof, structs};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Exits with 4 if the structs have changes to generate or a lint that is denied
finds something, with 5 if a migration was edited.

Lints look at the migrations that are new: that the branch this one goes to
does not have. It is that of the pull request in CI, else the default branch of
`origin`, else `main` or `master`. Without git, all are new.")]
pub(crate) struct Check {
    /// Lint the migrations that a branch, a commit or a lock does not have
    #[arg(long, value_name = "REF")]
    pub since: Option<String>,

    /// Lint all migrations
    #[arg(long, conflicts_with = "since")]
    pub all: bool,

    /// Levels of lints.
    #[command(flatten)]
    pub levels: LintLevels,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Check) -> Result<u8> {
    let set = Set::of(context, &arguments.levels)?;
    let folder = context.folder()?;
    let printer = &context.printer;
    let agreed = proof::agree(context, &folder, |declared, changes| {
        printer.annotate(|| structs::without_migration(declared, changes));
        printer.message(|| messages::Changes { changes: changes.iter().map(ToString::to_string).collect() });
    })?;
    let (count, tables) = (folder.migrations().len(), agreed.tables);
    printer.message(|| messages::Checked { migrations: count, tables });
    printer.status(
        "Checked",
        format!("{}: structs, snapshots and {} agree", counted(tables, "table"), counted(count, "migration")),
    );
    let since = match &arguments.since {
        Some(typed) => Since::typed(&folder, typed)?,
        None if arguments.all => Since::Nothing,
        None => Since::parted(context, &folder)?,
    };
    let new = since.new_ones(&folder);
    let linted = run::migrations(&folder, &new, (&set, &scope::target(context)?), Some(&agreed.declared))?;
    conclude(context, &linted, &set, &since)
}

/// Says what was found.
fn conclude(context: &Context, linted: &[Linted], set: &Set, since: &Since) -> Result<u8> {
    let printer = &context.printer;
    let shown = Shown::of(linted, set, Place::File);
    printer.diagnostics(&shown.warnings);
    let (denied, warnings) = (shown.denied.len(), shown.warnings.len());
    printer.message(|| messages::Linted {
        target: None,
        migrations: linted.iter().map(|one| one.name.clone()).collect(),
        since: since.label().map(str::to_owned),
        denied,
        warnings,
    });
    let what = since.said(linted.len());
    if denied > 0 {
        let error = CommandError::new(exit::DIFFERENCE, format!("{} in {what}", are_denied(denied)));
        return Err(error.diagnostics(printer.render(&shown.denied)));
    }
    printer.status("Linted", format!("{what}: {}", shown.tally()));
    Ok(exit::DONE)
}
