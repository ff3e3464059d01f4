//! `seed`: writes the rows of a set into a database.

mod arguments;
mod consent;
mod said;

use dbmigrate_core::engine::apply::{Database, Standing, Target as _, inspect};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

pub(crate) use arguments::Seed;
use consent::Consent;

use crate::database::failure::{drift_message, engine_error};
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::seeding;
use crate::seeding::documents::Documents;
use crate::seeding::write::{Job, write};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Seed) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let documents = seeding::read(&context.package.root, arguments.set.as_deref(), &context.printer)?;
    let consent = Consent::new(context, arguments, &documents.name)?;
    one(context, arguments, &documents, &consent, &url)?;
    Ok(exit::DONE)
}

/// Seeds one database.
fn one(
    context: &Context,
    arguments: &Seed,
    documents: &Documents,
    consent: &Consent<'_>,
    url: &DatabaseUrl,
) -> Result<()> {
    let folder = context.folder()?;
    if !file::exists(url)? {
        return Err(CommandError::failed(format!("`{url}` does not exist")).helps(schema_first(&folder)));
    }
    let mut database = open(context, url, false)?;
    let schema = schema(context, &mut database, &folder, url)?;
    let variable = |name: &str| context.variable(name);
    let ready = seeding::prepare(documents, &schema, &context.config.ignore, &variable, &context.printer)?;
    let report = write(&Job {
        printer: &context.printer,
        connection: database.connection(),
        url,
        schema: &schema,
        seed: &ready.seed,
        units: &ready.units,
        generators: &ready.generators,
        open: &ready.open,
        only_missing: arguments.only_missing,
        retries: arguments.retry.or(&context.config),
        may_delete: &|deletions| consent.to(deletions, url),
    })?;
    said::report(context, &ready.seed, &report, url);
    Ok(())
}

/// The schema of a database that has all migrations.
fn schema(context: &Context, database: &mut Database, folder: &Folder, url: &DatabaseUrl) -> Result<Schema> {
    if !folder.migrations().is_empty() {
        let (status, standing) = block_on(inspect(database, folder)).map_err(|error| failure(error, url.into()))?;
        let pending = folder.migrations().len() - status.applied;
        match standing {
            // made by `push`
            Standing::NotEmpty(_) => {}
            Standing::Drifted(drifted) => {
                let help = ["show the change: `cargo dbmigrate status`".to_owned()];
                context.printer.warning(&drift_message(&url.to_string(), &drifted.migration), &help);
            }
            Standing::AsRecorded if pending > 0 => {
                let migrations = counted(pending, "migration");
                return Err(CommandError::failed(format!("`{url}` lacks {migrations} of the folder"))
                    .note("nothing was written")
                    .helps(schema_first(folder)));
            }
            Standing::AsRecorded => {}
        }
    }
    let read = block_on(database.schema());
    let (schema, _) = read.map_err(|error| engine_error("cannot read the schema", &error, url.into()))?;
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
