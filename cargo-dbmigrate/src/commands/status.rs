//! `status`: which migrations a database has, lacks, or has in another version.

use clap::Args;
use dbmigrate_core::engine::apply::{Record, RecordKind, Standing, inspect};
use dbmigrate_core::folder::Verify;
use pollster::block_on;
use serde_json::json;

use crate::database::failure::{drift_help, drift_message, not_empty_help};
use crate::database::file;
use crate::database::open;
use crate::database::state::failure;
use crate::error::Result;
use crate::exit;
use crate::project::Context;
use crate::project::url::Connect;
use crate::report::counted;
use crate::report::difference;
use crate::structs;

/// What stands before what was changed by hand.
const PREFIX: &str = "by hand: ";

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Exits with 4 if a migration is to be applied or the database is not what its last migration left, with 5 if the
database has other migrations.")]
pub(crate) struct Status {
    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Status) -> Result<u8> {
    let database = context.database(&arguments.connect)?;
    let printer = &context.printer;
    printer.detail("Database", format!("{database} (from {})", database.source()));
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    let shown = database.to_string();
    let exists = file::exists(&database)?;
    let (history, standing) = if exists {
        let mut target = open(context, &database, false)?;
        let (status, standing) =
            block_on(inspect(&mut target, &folder)).map_err(|error| failure(error, (&database).into()))?;
        (status.history, standing)
    } else {
        (Vec::new(), Standing::AsRecorded)
    };
    let width = folder.migrations().iter().map(|migration| migration.name.as_str().len()).max().unwrap_or_default();
    for (at, migration) in folder.migrations().iter().enumerate() {
        let name = migration.name.as_str();
        let record = history.get(at);
        let state = record.map_or_else(|| "pending".to_owned(), state);
        printer.result(format!("{name:width$}  {state}"));
        let kind = record.map(|record| record.kind.word());
        let applied_at = record.map(|record| &record.applied_at);
        printer.json("migration", &json!({ "name": name, "applied_at": applied_at, "kind": kind }));
    }
    let (applied, all) = (history.len(), folder.migrations().len());
    let pending = all - applied;
    let drift = show_drift(context, &standing, &shown);
    printer.json("status", &json!({ "database": shown, "applied": applied, "pending": pending, "differences": drift }));
    let missing = if exists { "" } else { " (the file does not exist yet)" };
    let verb = match (pending, drift) {
        (_, 1..) => "Drifted",
        (0, _) => "Current",
        _ => "Pending",
    };
    printer.status(verb, format!("{shown}: {applied} of {} applied{missing}", counted(all, "migration")));
    match (&standing, pending, drift) {
        (Standing::Drifted(drifted), ..) => {
            printer.warning(&drift_message(&shown, &drifted.migration), &drift_help(&drifted.migration));
        }
        (Standing::NotEmpty(_), ..) => {
            let message = format!("`{shown}` has tables but no migration history, so that `migrate` refuses it");
            printer.warning(&message, &not_empty_help());
        }
        (_, 1.., _) => printer.next(&["apply the rest: `cargo dbmigrate migrate`".to_owned()]),
        _ => structs::warn_if_ahead(context, &folder),
    }
    Ok(if pending == 0 && drift == 0 { exit::DONE } else { exit::DIFFERENCE })
}

/// Shows what was changed by hand, and returns how much.
fn show_drift(context: &Context, standing: &Standing, database: &str) -> usize {
    let Standing::Drifted(drifted) = standing else { return 0 };
    let details = drifted.details();
    for detail in &details {
        difference::show(&context.printer, PREFIX, detail, None);
    }
    for object in &drifted.unreadable {
        difference::show_unreadable(&context.printer, PREFIX, database, object);
    }
    details.len() + drifted.unreadable.len()
}

/// Since when a database has a migration, and how it came to it.
fn state(record: &Record) -> String {
    let since = &record.applied_at;
    match record.kind {
        RecordKind::Baseline => format!("adopted {since}"),
        RecordKind::Drizzle => format!("adopted {since} from drizzle-kit"),
        _ => format!("applied {since}"),
    }
}
