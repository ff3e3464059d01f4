//! The migrations that a test is compiled with: read and verified once per compiler process, however many tests there
//! are.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::declare::errors::{closest, suggest};
use dbmigrate_core::folder::Checksum;
use dbmigrate_core::seed_sets::sets;
use proc_macro2::TokenStream;

use crate::check::is_compiler;
use crate::embed::verified;
use crate::project::{Project, ProjectError, tracked};

/// The migrations of a package.
pub(super) struct Source {
    /// The directory of the package.
    pub(super) root: PathBuf,
    /// The folder, as it is named.
    pub(super) folder: String,
    /// The checksum of its lock.
    pub(super) checksum: String,
    /// The names of the migrations, in order.
    pub(super) names: Vec<String>,
    /// What databases may have besides.
    pub(super) ignore: Vec<String>,
    /// Its sets of rows.
    pub(super) seeds: Seeds,
    /// Everything that decides about it.
    files: Vec<PathBuf>,
}

/// Where the sets of rows of a database are.
#[derive(Debug, Clone)]
pub(super) struct Seeds {
    /// Their folder, relative to the package.
    pub(super) folder: String,
    /// The name of the database; empty for the default one.
    pub(super) database: String,
}

impl Seeds {
    /// Those of the database that the configuration is of.
    pub(super) fn of(project: &Project) -> Self {
        Self {
            folder: project.config.seeds.to_string_lossy().into_owned(),
            database: project.config.database_name().unwrap_or_default().to_owned(),
        }
    }

    /// Refuses a set of rows that is not there.
    ///
    /// # Errors
    /// If there is none of that name, with the one that was probably meant.
    pub(super) fn refuse_unknown(&self, wanted: &str) -> Result<(), ProjectError> {
        let folder = &self.folder;
        let known = sets(&Project::known()?.root.join(folder))
            .map_err(|error| ProjectError::new(format!("cannot read `{folder}`: {error}")))?;
        if known.iter().any(|set| set == wanted) {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let error = ProjectError::new(format!("no set named `{wanted}` in `{folder}`"));
        Err(match names[..] {
            [] => error.help(format!("create it: `{folder}/{wanted}/TABLE.toml`")),
            _ => error.help(suggest(wanted, &names)),
        })
    }
}

impl Source {
    /// The migrations of the package that is being compiled, in the folder that is named or the one of `dbmigrate.toml`.
    pub(super) fn find(named: Option<&Path>) -> Result<Arc<Self>, ProjectError> {
        type Found = HashMap<Option<PathBuf>, Result<Arc<Source>, ProjectError>>;
        static FOUND: Mutex<Option<Found>> = Mutex::new(None);
        if !is_compiler() {
            // an editor's server lives for days, in which files change
            return Self::read(named).map(Arc::new);
        }
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let found = found.get_or_insert_default();
        found.entry(named.map(Path::to_owned)).or_insert_with(|| Self::read(named).map(Arc::new)).clone()
    }

    fn read(named: Option<&Path>) -> Result<Self, ProjectError> {
        let (project, relative) = Project::known()?.naming(named)?;
        let (folder, with_step) = verified(&project.root.join(&relative), &relative)?;
        if let Some(name) = with_step.first() {
            let error = ProjectError::new(format!("`{name}` has a step in Rust, which only the program has"));
            return Err(
                error.help("name the value of `embed_migrations!` that has it: `migrations = crate::MIGRATIONS`")
            );
        }
        project.refuse_hidden(&folder.head_schema()?)?;
        let lock = std::fs::read(folder.lock_path())
            .map_err(|error| ProjectError::new(format!("cannot read `{}`: {error}", folder.lock_path().display())))?;
        let sql = folder.migrations().iter().map(|migration| folder.sql_path(migration));
        let files = project.files().map(Path::to_owned).chain([folder.lock_path()]).chain(sql).collect();
        Ok(Self {
            folder: relative.to_string_lossy().into_owned(),
            checksum: Checksum::of_text(&lock).to_hex(),
            names: folder.migrations().iter().map(|migration| migration.name.to_string()).collect(),
            ignore: project.config.ignore.patterns().map(ToString::to_string).collect(),
            seeds: Seeds::of(&project),
            files,
            root: project.root,
        })
    }

    /// The migration of that name, or with that number, as it is called.
    ///
    /// # Errors
    /// If there is none, with the one that was probably meant.
    pub(super) fn named(&self, wanted: &str) -> Result<&str, ProjectError> {
        let number: Option<u32> = wanted.parse().ok();
        let number_of = |name: &str| name.split('_').next().and_then(|digits| digits.parse::<u32>().ok());
        let is_it = |name: &&String| *name == wanted || (number.is_some() && number_of(name) == number);
        self.names.iter().find(is_it).map(String::as_str).ok_or_else(|| {
            let error = ProjectError::new(format!("no migration named `{wanted}` in `{}`", self.folder));
            match (closest(wanted, self.names.iter().map(String::as_str)), self.names.last()) {
                (Some(meant), _) => error.help(format!("did you mean `{meant}`?")),
                (None, Some(last)) => error.help(format!("the last one is `{last}`")),
                (None, None) => error.help("it has none yet: `cargo dbmigrate generate`"),
            }
        })
    }

    /// Items that make cargo compile the crate again when the migrations change: once in a crate is enough.
    pub(super) fn tracked(&self) -> Result<TokenStream, ProjectError> {
        static TRACKED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
        let mut known = TRACKED.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get_or_insert_default().insert(self.root.join(&self.folder)) || !is_compiler() {
            tracked(self.files.iter().map(PathBuf::as_path))
        } else {
            Ok(TokenStream::new())
        }
    }
}
