//! `seed`: writes the rows of a set into a database.

mod arguments;
mod consent;
mod said;

use dbmigrate_core::engine::apply::{Database, Standing, Target as _, inspect};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

pub(crate) use arguments::Seed;
use consent::{Accepted, Consent};

use crate::database::failure::{drift_message, engine_error};
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::seeding::documents::Documents;
use crate::seeding::write::{Job, write};
use crate::seeding::{self, Found};
use crate::structs;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Seed) -> Result<u8> {
    let databases = fleet::databases(context, &arguments.connect, &arguments.which)?;
    databases.refuse_consent_to_others(&arguments.consent.yes)?;
    let accepted = Accepted::new(&arguments.accept)?;
    let documents = seeding::read(context, arguments.set.as_deref())?;
    let declared = structs::as_far_as_readable(context);
    databases.each(context, |context, url| {
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        one(context, arguments, (&documents, declared.as_ref()), &accepted, url)?;
        Ok(exit::DONE)
    })
}

/// Seeds one database.
fn one(
    context: &Context,
    arguments: &Seed,
    (documents, declared): (&Documents, Option<&Schema>),
    accepted: &Accepted,
    url: &DatabaseUrl,
) -> Result<()> {
    let folder = context.folder()?;
    if !file::exists(url)? {
        return Err(CommandError::failed(format!("`{url}` does not exist")).helps(schema_first(&folder)));
    }
    let mut database = open(context, url, false)?;
    let schema = schema(context, &mut database, &folder, url)?;
    let consent = Consent { context, arguments, accepted, set: &documents.name, url };
    let found = Found { connection: database.connection(), database: url.into() };
    let ready = seeding::prepare(context, documents, (&schema, declared), &found)?;
    let report = write(&Job {
        printer: &context.printer,
        connection: database.connection(),
        database: url.into(),
        schema: &schema,
        seed: &ready.seed,
        units: &ready.units,
        generators: &ready.generators,
        open: &ready.open,
        only_missing: arguments.only_missing,
        retries: arguments.retry.of(url),
        may_write: &|rows| consent.to_write(rows),
        may_delete: &|deletions| consent.to_delete(deletions),
    })?;
    said::report(context, &ready, &report, url);
    Ok(())
}

/// The schema of a database that has all migrations.
fn schema(context: &Context, database: &mut Database, folder: &Folder, url: &DatabaseUrl) -> Result<Schema> {
    if !folder.migrations().is_empty() {
        let (status, standing) = block_on(inspect(database, folder)).map_err(|error| failure(error, url.into()))?;
        let pending = folder.migrations().len() - status.applied;
        match standing {
            Standing::Drifted(drifted) => {
                let help = [
                    "show the change: `cargo dbmigrate status`".to_owned(),
                    "to keep it, and bring it to every database: `cargo dbmigrate capture`".to_owned(),
                ];
                context.printer.warning(&drift_message(&url.to_string(), &drifted.migration), &help);
            }
            Standing::AsRecorded if pending > 0 => {
                let migrations = counted(pending, "migration");
                return Err(CommandError::failed(format!("`{url}` lacks {migrations} of the folder"))
                    .note("nothing was written")
                    .helps(schema_first(folder)));
            }
            // the latter was made by `push`
            Standing::AsRecorded | Standing::NotEmpty(_) => {}
        }
    }
    let read = block_on(database.schema());
    let (schema, _) =
        read.map_err(|error| engine_error("cannot read the schema", &error, url.into()).note("nothing was written"))?;
    if schema.tables.is_empty() {
        return Err(CommandError::failed(format!("`{url}` has no tables"))
            .note("nothing was written")
            .helps(schema_first(folder)));
    }
    Ok(schema)
}

/// How a database gets its tables.
fn schema_first(folder: &Folder) -> [String; 1] {
    [match folder.migrations().is_empty() {
        true => "create its tables first: `cargo dbmigrate push`".to_owned(),
        false => "apply the migrations first: `cargo dbmigrate migrate`".to_owned(),
    }]
}
