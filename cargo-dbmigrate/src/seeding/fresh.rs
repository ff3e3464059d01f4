//! Rows for a new database: those of a file, or of a set.

use std::path::Path;

use dbmigrate_core::engine::apply::{Database, Target as _};
use pollster::block_on;

use crate::database::Subject;
use crate::database::failure::engine_error;
use crate::error::Result;
use crate::project::Context;
use crate::report::counted;
use crate::seeding::documents::Documents;
use crate::seeding::script::Script;
use crate::seeding::write::{Job, write};
use crate::seeding::{self, Found};
use crate::structs;

/// What `--seed` names.
pub(crate) enum Seeds<'a> {
    /// A file of SQL.
    Script(Script<'a>),
    /// A set.
    Set(Documents),
}

impl<'a> Seeds<'a> {
    /// Reads it, before anything is done. What is a file is one, and everything else that has no extension a set.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(context: &Context, name: &'a Path) -> Result<Self> {
        if name.is_file() || name.extension().is_some() || name.components().count() > 1 {
            return Ok(Self::Script(Script::read(name)?));
        }
        let set = name.to_string_lossy();
        Ok(Self::Set(seeding::read(context, Some(&set))?))
    }

    /// Writes the rows.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn apply(&self, context: &Context, database: &mut Database, subject: Subject<'_>) -> Result<()> {
        let documents = match self {
            Self::Script(script) => return script.apply(database, subject, &context.printer),
            Self::Set(documents) => documents,
        };
        let read = block_on(database.schema());
        let (schema, _) = read.map_err(|error| engine_error("cannot read the schema", &error, subject))?;
        let declared = structs::as_far_as_readable(context);
        let found = Found { connection: database.connection(), database: subject };
        let ready = seeding::prepare(context, documents, (&schema, declared.as_ref()), &found)?;
        let report = write(&Job {
            printer: &context.printer,
            connection: database.connection(),
            database: subject,
            schema: &schema,
            seed: &ready.seed,
            units: &ready.units,
            generators: &ready.generators,
            open: &ready.open,
            only_missing: false,
            retries: 0,
            // nobody has ever seen the rows that migrations insert
            may_write: &|_| Ok(()),
            may_delete: &|_| Ok(()),
        })?;
        let rows: u64 = report.tables.iter().map(|count| count.inserted + count.updated).sum();
        let rows = rows + report.scripts.iter().sum::<u64>();
        let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
        context.printer.status("Seeded", format!("{rows} of the set `{}`", ready.seed.name));
        Ok(())
    }
}
