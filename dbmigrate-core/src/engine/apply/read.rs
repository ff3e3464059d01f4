//! Migrations that are read and parsed once, for runs on many databases, on as many threads.

use super::ApplyError;
use crate::folder::script::{Script, ScriptError};
use crate::folder::{Folder, Migration};

/// The SQL of all migrations of a folder.
#[derive(Debug, Clone)]
pub struct Texts {
    texts: Vec<String>,
}

impl Texts {
    /// Reads them.
    ///
    /// # Errors
    /// As for [`Folder::sql`].
    pub fn read(folder: &Folder) -> Result<Self, ApplyError> {
        let texts = folder.migrations().iter().map(|migration| folder.sql(migration)).collect::<Result<_, _>>()?;
        Ok(Self { texts })
    }
}

/// The same parsed, for [`super::Options::read`].
#[derive(Debug, Clone)]
pub struct Scripts<'t> {
    scripts: Vec<Script<'t>>,
}

impl<'t> Scripts<'t> {
    /// Parses the texts of a folder.
    ///
    /// # Errors
    /// At the first script that is none.
    pub fn parse(folder: &Folder, texts: &'t Texts) -> Result<Self, ApplyError> {
        let all = folder.migrations().iter().zip(&texts.texts);
        let scripts = all.map(|(migration, text)| Script::parse(text, &folder.sql_path(migration)));
        Ok(Self { scripts: scripts.collect::<Result<_, ScriptError>>()? })
    }

    /// The script of a migration of that folder.
    pub fn get(&self, migration: &Migration) -> Option<&Script<'t>> {
        self.scripts.get(migration.index)
    }

    /// The scripts of migrations that follow each other, as they would be parsed.
    pub(super) fn of(&self, migrations: &[Migration]) -> impl Iterator<Item = Result<Script<'t>, ScriptError>> {
        migrations.iter().map_while(|migration| self.get(migration).cloned().map(Ok))
    }

    /// Whether a migration has a step in Rust.
    pub(super) fn has_step(&self, migration: &Migration) -> bool {
        self.get(migration).is_some_and(|script| script.rust.is_some())
    }
}
