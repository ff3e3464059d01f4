//! The migrations that a test is compiled with: read and verified once per compiler process, however many tests there
//! are.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::folder::Checksum;
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
    /// What databases may have besides.
    pub(super) ignore: Vec<String>,
    /// Everything that decides about it.
    files: Vec<PathBuf>,
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
        let project = Project::known()?;
        let relative = named.unwrap_or(&project.config.migrations);
        let folder = verified(&project.root.join(relative), relative)?;
        project.refuse_hidden(&folder.head_schema()?)?;
        let lock = std::fs::read(folder.lock_path())
            .map_err(|error| ProjectError::new(format!("cannot read `{}`: {error}", folder.lock_path().display())))?;
        let sql = folder.migrations().iter().map(|migration| folder.sql_path(migration));
        let files = project.files().map(Path::to_owned).chain([folder.lock_path()]).chain(sql).collect();
        Ok(Self {
            folder: relative.to_string_lossy().into_owned(),
            checksum: Checksum::of_text(&lock).to_hex(),
            ignore: project.config.ignore.patterns().map(ToString::to_string).collect(),
            files,
            root: project.root,
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
