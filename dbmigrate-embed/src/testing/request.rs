//! What a test asks for: which schema, which rows, and what it is called.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use dbmigrate_core::engine::Ignore;
use dbmigrate_core::folder::{Checksum, Folder};
use dbmigrate_core::sql::Glob;

use crate::steps::Registered;
use crate::{MigrateError, MigrateErrorKind, Migrations};

/// What a test asks for. The macros write one for each test.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The migrations.
    pub schema: Schema,
    /// How many of them the database has.
    pub until: Until,
    /// The set of rows that it has.
    pub seed: Option<&'static str>,
    /// The folder of the sets in the package, and the name of the database that they are for; empty for the default one.
    pub seeds: (&'static str, &'static str),
    /// The package, and its directory when it was compiled.
    pub package: (&'static str, &'static str),
    /// The module of the test, and its name.
    pub test: (&'static str, &'static str),
    /// Whether it passes if it panics.
    pub should_panic: bool,
}

/// How many migrations a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// All of them.
    Head,
    /// Those before the named one.
    Before(&'static str),
    /// Those up to the named one.
    At(&'static str),
}

/// Where the migrations are.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// In a folder of the package: its path there, the checksum that its lock had when the test was compiled, and the
    /// patterns of `ignore`.
    Folder(&'static str, &'static str, &'static [&'static str]),
    /// In the program.
    Program(fn() -> Migrations),
}

impl Request {
    /// The directory of the package, which may have been moved since it was compiled: cargo and nextest say where it is.
    pub(crate) fn root(&self) -> PathBuf {
        let now = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let has_name = |root: &PathBuf| root.join("Cargo.toml").is_file();
        now.filter(has_name).unwrap_or_else(|| PathBuf::from(self.package.1))
    }

    /// What is the same for the same migrations only.
    pub(crate) fn checksum(&self) -> String {
        match &self.schema {
            Schema::Folder(_, checksum, _) => (*checksum).to_owned(),
            Schema::Program(migrations) => checksum_of_program(migrations().lock),
        }
    }

    /// The migrations, as they were when the test was compiled.
    ///
    /// # Errors
    /// If they cannot be read, or are others by now.
    pub(crate) fn folder(&self) -> Result<Folder, MigrateError> {
        let (path, checksum) = match &self.schema {
            Schema::Folder(path, checksum, _) => (self.root().join(path), checksum),
            Schema::Program(migrations) => {
                return migrations()
                    .open(None)
                    .map_err(dbmigrate_core::engine::apply::ApplyError::from)
                    .map_err(Into::into);
            }
        };
        let folder = Folder::open(&path).map_err(dbmigrate_core::engine::apply::ApplyError::from)?;
        if checksum_of(&folder.lock_path()).as_deref() != Some(checksum) {
            let message =
                format!("the migrations in `{}` are not those that the test was compiled with", path.display());
            return Err(
                MigrateError::new(MigrateErrorKind::Embedded, message).with_help("compile it again: `cargo test`")
            );
        }
        Ok(folder)
    }

    /// The steps in Rust that the migrations have: those of a program only.
    pub(crate) fn steps(&self) -> Registered {
        match &self.schema {
            Schema::Folder(..) => Registered(&[]),
            Schema::Program(migrations) => Registered(migrations().steps),
        }
    }

    /// Whether some of it is what the program does.
    pub(crate) fn has_steps(&self) -> bool {
        !self.steps().0.is_empty()
    }

    /// What databases may have besides.
    pub(crate) fn ignored(&self) -> Result<Ignore, MigrateError> {
        let patterns = match &self.schema {
            Schema::Folder(.., patterns) => patterns,
            Schema::Program(migrations) => migrations().ignore,
        };
        let patterns = patterns.iter().map(|pattern| pattern.parse::<Glob>()).collect::<Result<Vec<Glob>, _>>();
        patterns.map(Ignore::new).map_err(|error| MigrateError::new(MigrateErrorKind::Option, error.to_string()))
    }

    /// The name of the test as libtest shows it, with its crate.
    pub(crate) fn name(&self) -> String {
        format!("{}::{}", self.test.0, self.test.1)
    }
}

/// Computed once, because tests are not optimized, and a lock grows with its migrations.
fn checksum_of_program(lock: &'static str) -> String {
    static KNOWN: Mutex<Vec<(&'static str, String)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, checksum)) = known.iter().find(|(text, _)| *text == lock) {
        return checksum.clone();
    }
    let checksum = Checksum::of_text(lock.as_bytes()).to_hex();
    known.push((lock, checksum.clone()));
    checksum
}

fn checksum_of(lock: &Path) -> Option<String> {
    Some(Checksum::of_text(&std::fs::read(lock).ok()?).to_hex())
}
