//! Whether what the page shows has changed since it was read: by the sizes and times of files, which costs next to nothing.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dbmigrate_core::folder::lock;

use crate::project::Context;
use crate::project::config::FILE_NAME;

/// What is looked at.
#[derive(Debug, Default)]
pub(super) struct Watched {
    files: Vec<PathBuf>,
    /// Those of local databases.
    databases: Vec<PathBuf>,
    sources: Vec<PathBuf>,
    src: PathBuf,
    migrations: PathBuf,
}

impl Watched {
    /// The manifest, the configuration, the migrations and local databases.
    pub(super) fn new(context: &Context, databases: Vec<PathBuf>) -> Self {
        let root = &context.package.root;
        let files =
            vec![context.package.manifest.clone(), root.join(FILE_NAME), context.folder_path.join(lock::FILE_NAME)];
        let with_log = |database: PathBuf| {
            let mut log = database.clone().into_os_string();
            log.push("-wal");
            [database, log.into()]
        };
        let databases = databases.into_iter().flat_map(with_log).collect();
        Self { files, databases, sources: Vec::new(), src: root.join("src"), migrations: context.folder_path.clone() }
    }

    /// The source files as well. Whether they are others than before.
    pub(super) fn follow(&mut self, mut sources: Vec<PathBuf>) -> bool {
        sources.sort();
        let is_new = self.sources != sources;
        self.sources = sources;
        is_new
    }

    /// Another text once a local database has changed.
    pub(super) fn of_databases(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.databases.iter().for_each(|file| look(file).hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    }

    /// Another text once something has changed.
    pub(super) fn stamp(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.files.iter().chain(&self.databases).chain(&self.sources).for_each(|file| look(file).hash(&mut hasher));
        // a module that cannot be read yet is not known as one
        rust_files(&self.src, 0, &mut hasher);
        // one that is edited keeps its name
        let mut inside: Vec<PathBuf> =
            fs::read_dir(&self.migrations).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inside.sort();
        for folder in inside {
            folder.hash(&mut hasher);
            look(&folder.join(dbmigrate_core::folder::SQL_FILE)).hash(&mut hasher);
            look(&folder.join(dbmigrate_core::folder::SNAPSHOT_FILE)).hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }
}

/// How deep modules are looked for.
const DEEPEST: usize = 12;

/// The files of a folder of modules.
fn rust_files(folder: &Path, depth: usize, hasher: &mut DefaultHasher) {
    let mut inside: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        if path.extension().is_some_and(|extension| extension == "rs") {
            path.hash(hasher);
            look(&path).hash(hasher);
        } else if depth < DEEPEST && path.is_dir() {
            rust_files(&path, depth + 1, hasher);
        }
    }
}

/// The size of a file, and when it was written; nothing if it is not there.
fn look(file: &Path) -> Option<(u64, SystemTime)> {
    let found = fs::metadata(file).ok()?;
    Some((found.len(), found.modified().ok()?))
}
