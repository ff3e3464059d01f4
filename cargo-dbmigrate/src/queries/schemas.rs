//! The schemas that statements are held against: those of all databases of the package.

use dbmigrate_core::engine::trial::Trial;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::ignore::Ignore;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::tokenize;
use pollster::block_on;

use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::path;

/// The databases of the package, each with what is tried on it.
pub(crate) struct Schemas {
    pub(super) all: Vec<Tryable>,
}

/// A database of the package.
pub(super) struct Tryable {
    /// Its name; `None` for the default one.
    pub(super) name: Option<String>,
    /// Its schema.
    pub(super) schema: Schema,
    /// A database in memory with that.
    pub(super) trial: Trial,
}

impl Schemas {
    /// The schemas that the migrations of each database lead to. That of the database at hand is `head`.
    ///
    /// # Errors
    /// If a folder cannot be read, or nothing can be opened in memory.
    pub(crate) fn of(context: &Context, head: &Schema, made: &[String]) -> Result<Self> {
        let own = context.config.database_name();
        let mut all = vec![tryable(own, head.clone(), made, &context.config.ignore)?];
        let names = context.whole.databases.iter().map(|database| Some(database.name.as_str()));
        for name in std::iter::once(None).chain(names).filter(|name| *name != own) {
            let Some(config) = context.whole.of(name) else { continue };
            let folder = Folder::open(path::for_display(&context.package.root.join(&config.migrations)))?;
            if folder.exists() {
                all.push(tryable(name, folder.head_schema()?, made, &config.ignore)?);
            }
        }
        Ok(Self { all })
    }

    /// Another schema of the database at hand alone.
    ///
    /// # Errors
    /// If nothing can be opened in memory.
    pub(crate) fn only(context: &Context, schema: Schema, made: &[String]) -> Result<Self> {
        let config = &context.config;
        Ok(Self { all: vec![tryable(config.database_name(), schema, made, &config.ignore)?] })
    }
}

impl Tryable {
    /// How many of the names in a text are those of its tables.
    pub(super) fn knows(&self, sql: &str) -> usize {
        let names = tokenize(sql).filter_map(|token| token.identifier()).map(Name::from);
        let Schema { tables, views, virtual_tables, .. } = &self.schema;
        names.filter(|name| tables.contains(name) || views.contains(name) || virtual_tables.contains(name)).count()
    }
}

fn tryable(name: Option<&str>, schema: Schema, made: &[String], ignore: &Ignore) -> Result<Tryable> {
    let trial = block_on(Trial::of(&schema, made.to_vec()))
        .map_err(|error| CommandError::failed(format!("statements cannot be tried: {error}")))?;
    Ok(Tryable { name: name.map(str::to_owned), schema, trial: trial.beside(ignore) })
}
