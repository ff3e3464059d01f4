//! `status`: which migrations a database has, lacks, or has in another version.

use clap::Args;
use dbmigrate_core::engine::apply::{Record, RecordKind, status};
use dbmigrate_core::folder::Verify;
use pollster::block_on;
use serde_json::json;

use super::migrate::failure;
use super::open::open;
use crate::context::Context;
use crate::error::Result;
use crate::exit;
use crate::report::counted;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Exits with 4 if a migration is to be applied, with 5 if the database has others.")]
pub struct Status {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Status) -> Result<u8> {
    let database = context.database(arguments.url.as_deref())?;
    let printer = &context.printer;
    printer.detail("Database", format!("{database} (from {})", database.source()));
    let folder = context.folder()?;
    folder.verify(Verify::Sql)?;
    let shown = database.to_string();
    let exists = database.path().exists();
    let history = if exists {
        let mut target = open(context, &database, false)?;
        block_on(status(&mut target, &folder)).map_err(|error| failure(error, &shown))?.history
    } else {
        Vec::new()
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
    printer.json("status", &json!({ "database": shown, "applied": applied, "pending": pending }));
    let missing = if exists { "" } else { " (the file does not exist yet)" };
    if pending == 0 {
        printer.status("Current", format!("{shown}: {applied} of {} applied{missing}", counted(all, "migration")));
        return Ok(exit::DONE);
    }
    printer.status("Pending", format!("{shown}: {applied} of {} applied{missing}", counted(all, "migration")));
    printer.next(&["apply the rest: `cargo dbmigrate migrate`".to_owned()]);
    Ok(exit::DIFFERENCE)
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
