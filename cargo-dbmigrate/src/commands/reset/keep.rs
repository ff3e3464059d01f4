//! `reset --keep-data`: the schema of the last migration with the rows that are there, and the history of this folder.

use dbmigrate_core::engine::apply::history::{common, compare};
use dbmigrate_core::engine::apply::{Standing, Target as _, inspect};
use dbmigrate_core::folder::{Checksum, Folder, Migration, Script};
use dbmigrate_core::schema::canonical::SchemaHash;
use pollster::block_on;

use super::arguments::Reset;
use crate::adopting::open_existing;
use crate::database::failure::engine_error;
use crate::database::state::failure;
use crate::decisions::answers::FOR_RESET;
use crate::decisions::ask::Asker;
use crate::error::{CommandError, Result};
use crate::messages;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::pushing::Run;
use crate::report::counted;
use crate::source::Declared;
use crate::{drafting, exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What a push is refused for, and if there is nothing to reset.
pub(super) fn run(context: &Context, arguments: &Reset, folder: &Folder, url: &DatabaseUrl) -> Result<u8> {
    let Some(head) = folder.head() else { return Ok(exit::DONE) };
    let mut declared = structs::read_all(context)?;
    if head.schema != Checksum::from(SchemaHash::of(&declared.schema)) {
        let message = format!("the structs do not match the last migration `{}`", head.name);
        return Err(CommandError::new(exit::DIFFERENCE, message)
            .note("nothing was changed")
            .help("write the difference to a migration: `cargo dbmigrate generate`"));
    }
    let mut database = open_existing(context, url, "reset --keep-data")?;
    let history = block_on(database.history())
        .map_err(|error| engine_error("cannot read the history", &error, url.into()).note("nothing was changed"))?;
    let migrations = folder.migrations();
    let said = |recorded| messages::Reset { on: url.into(), migrations: migrations.len(), recorded, rows_lost: 0 };
    if !history.is_empty() && compare(&history, migrations).is_ok() {
        let (status, standing) =
            block_on(inspect(&mut database, folder)).map_err(|error| failure(error, url.into()))?;
        match (standing, migrations.len() - status.applied) {
            (Standing::AsRecorded, 0) => {
                context.printer.status("Unchanged", format!("{url}: already at {}", head.name));
                context.printer.message(|| said(0));
                return Ok(exit::DONE);
            }
            (Standing::AsRecorded, _) => {
                let message = format!("`{url}` only has pending migrations, which can be applied");
                return Err(CommandError::new(exit::DIFFERENCE, message)
                    .note("nothing was changed")
                    .help("apply them: `cargo dbmigrate migrate`"));
            }
            _ => {}
        }
    }
    drop(database);
    let kept = common(&history, migrations).migrations();
    expect_renames(&mut declared, folder, &migrations[kept..])?;
    let answers = (&arguments.answers, FOR_RESET);
    let command = "cargo dbmigrate reset --keep-data".to_owned();
    let asker = Asker::new(context, &declared, answers, command, "nothing was changed");
    let (retries, taking) = (url.retries(), Some(migrations));
    let consent = arguments.consent.into();
    Run { context, only_show: false, retries, url, declared: &declared, asker, taking, lints: None, consent }
        .to_the_end()?;
    let recorded = migrations.len() - kept;
    context.printer.message(|| said(recorded));
    let text = format!("{url}: {} recorded as applied, none run", counted(recorded, "migration"));
    context.printer.status("Adopted", text);
    // those leave no trace in a schema
    for migration in &migrations[kept..] {
        let before = migration.index.checked_sub(1).and_then(|at| migrations.get(at));
        let file = folder.sql_path(migration).display().to_string();
        if Script::parse(&folder.sql(migration)?, &folder.sql_path(migration))?.rust.is_some() {
            context.printer.warning(
                &format!("`{}` has a step in Rust, which was not run on `{url}`", migration.name),
                &[format!("do by hand what `{url}` needs of {file}")],
            );
        } else if before.is_some_and(|before| before.schema == migration.schema) {
            context.printer.warning(
                &format!("`{}` changes rows only and was not run on `{url}`", migration.name),
                &[format!("run by hand what `{url}` needs of {file}")],
            );
        }
    }
    Ok(exit::DONE)
}

/// Lets what the migrations that the database lacks rename be known, as if the structs said it.
fn expect_renames(declared: &mut Declared, folder: &Folder, lacking: &[Migration]) -> Result<()> {
    let Some(first) = lacking.first() else { return Ok(()) };
    let steps = lacking
        .iter()
        .map(|migration| Ok((folder.sql(migration)?, folder.sql_path(migration), folder.schema_at(migration)?)));
    let renames = drafting::traced(folder.schema_before(first)?, steps)?.renames();
    let Declared { schema, renamed_tables, renamed_columns, .. } = declared;
    for rename in renames.tables {
        if schema.table(&rename.0).is_none() && !renamed_tables.contains(&rename) {
            renamed_tables.push(rename);
        }
    }
    for rename in renames.columns {
        let (table, from, _) = &rename;
        let is_gone = schema.table(table).is_some_and(|table| table.column(from).is_none());
        if is_gone && !renamed_columns.contains(&rename) {
            renamed_columns.push(rename);
        }
    }
    Ok(())
}
