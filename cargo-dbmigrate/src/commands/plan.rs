//! `plan`: writes down what `migrate` would do to a database, for somebody to approve.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::Verify;
use dbmigrate_core::shell::{shell_flag, shell_word};

use crate::database::failure::apply_error;
use crate::database::{Run, Subject};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, ApprovedPlan};
use crate::planning::{make, text};
use crate::project::path;
use crate::project::url::{Connect, databases_help};
use crate::project::write::{self, look, write};
use crate::project::{Acceptable, Context, When};
use crate::rehearsing::{self, Rehearse, Rehearsed};
use crate::report::restored::words;
use crate::report::{Printer, counted};
use crate::stepping::With;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = databases_help!())]
pub(crate) struct Plan {
    /// File to write instead of the standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Rehearsal.
    #[command(flatten)]
    pub rehearse: Rehearse,

    /// The program with the steps, for the rehearsal.
    #[command(flatten)]
    pub with: With,

    /// Last migration to apply, by name or number [default: the last one]
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,

    /// What a release needs before its deployment, or what waits until it runs
    /// everywhere [default: both]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub phase: Option<When>,

    /// Apply all migrations in one transaction
    #[arg(long)]
    pub atomic: bool,

    /// Migrate despite schema changes made by hand
    #[arg(long, value_enum, value_name = "WORD")]
    pub accept: Vec<Acceptable>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What `migrate` would end with before it changes anything.
pub(crate) fn run(context: &Context, arguments: &Plan) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let to = arguments.to.as_deref();
    if let Some(name) = to.filter(|name| folder.find(name).is_none()) {
        let error = dbmigrate_core::engine::apply::ApplyError::Unknown { name: name.to_owned() };
        return Err(apply_error(&error, Subject::Named("the database")));
    }
    if arguments.with.with.is_some() && !arguments.rehearse.rehearse {
        return Err(CommandError::usage("`--with` requires `--rehearse`: `plan` itself runs no migration"));
    }
    let context = &arguments.with.started(context, &folder)?;
    let accept_drift = arguments.accept.contains(&Acceptable::Drift);
    let phase = arguments.phase.map(Into::into);
    let options = Options { to, phase, accept_drift, atomic: arguments.atomic, ..Options::default() };
    let place = arguments.rehearse.rehearse_in.as_deref();
    let wanted = Run { context, folder: &folder, url: &url, options, place };
    let rehearsed = if arguments.rehearse.rehearse { rehearsing::rehearse(&wanted, None, |_| {})? } else { None };
    let rehearsed = rehearsed.map(|Rehearsed { report, state, .. }| (report, state));
    let plan = make(&wanted, rehearsed)?;
    let printer = &context.printer;
    say(printer, &plan);
    let file = arguments.out.as_ref().map(|file| path::for_display(file).display().to_string());
    match &arguments.out {
        None => printer.result(text(&plan).trim_end()),
        Some(out) => {
            let wanted = write::Wanted { path: out.clone(), text: text(&plan) };
            let before = look(&wanted)?;
            if before.action() != messages::FileAction::Unchanged {
                write(&wanted)?;
            }
            printer.wrote(&path::for_display(out), before.action());
            let count = counted(plan.migrations.len(), "migration");
            printer.status(before.verb(), format!("{} ({count} for {url})", path::for_display(out).display()));
        }
    }
    if let (Some(out), false) = (&arguments.out, plan.migrations.is_empty()) {
        let flag = shell_flag("--plan", &shell_word(&path::for_display(out)));
        printer.next(&[format!("apply exactly this: `cargo dbmigrate migrate {flag}`")]);
    }
    printer.message(|| messages::Planned { on: (&url).into(), file, plan });
    Ok(exit::DONE)
}

/// Says what would be done.
fn say(printer: &Printer, plan: &ApprovedPlan) {
    for migration in &plan.migrations {
        let statements = counted(migration.statements, "statement");
        let mut lines = vec![format!("{} ({}, {statements})", migration.name, migration.cost)];
        lines.extend(migration.changes.iter().map(|one| format!("{} ({})", one.change, one.cost)));
        lines.extend(migration.losses.iter().map(|loss| {
            let verb = if loss.kept.is_some() { "keeps" } else { "loses" };
            match loss.count {
                Some(count) => format!("{verb} `{}` ({count}), as accepted", loss.object),
                None => format!("{verb} `{}`, as accepted", loss.object),
            }
        }));
        lines.extend(migration.restores.iter().map(|one| format!("restores {}", words(one))));
        printer.status("Pending", lines.join("\n"));
    }
    if plan.migrations.is_empty() {
        printer.status("Unchanged", format!("{}: nothing to apply", plan.database));
    }
}
