//! The last snapshot of the package that is being compiled: read once per compiler process, and again when one of the
//! files changes, because the process of an editor lives for days.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use dbmigrate_core::config::{CompileCheck, Config, Engine, database_flag};
use dbmigrate_core::folder::{Folder, FolderError, SNAPSHOT_FILE};
use dbmigrate_core::schema::Schema;

use super::manifest::Manifest;
use super::target::{Crate, Root};
use crate::project::{self, Project, ProjectError};

/// What there is to compare with.
#[derive(Debug)]
pub(crate) enum Found {
    /// No package, or one without migrations.
    Nothing,
    /// A folder without migrations yet; the files by which cargo notices the first.
    Empty(Vec<PathBuf>),
    /// The last migration.
    Head(Box<Head>),
    /// Files that cannot be read or contradict each other.
    Broken {
        /// Why.
        error: ProjectError,
        /// Whether somebody has said so.
        told: AtomicBool,
    },
}

/// The last migration and its snapshot.
#[derive(Debug)]
pub(crate) struct Head {
    /// The directory of the package.
    pub(crate) root: PathBuf,
    /// The database of the package that it is of, if it is not the default one.
    pub(crate) database: Option<String>,
    /// What differences are to the compiler.
    pub(crate) level: CompileCheck,
    /// The name of the migration.
    pub(crate) name: String,
    /// The schema that it leads to.
    pub(crate) schema: Schema,
    /// The renames that migrations have made, see [`dbmigrate_core::folder::Snapshot`].
    pub(crate) renamed_from: Vec<String>,
    /// The command that makes a migration of this package.
    pub(crate) command: String,
    /// The files by which cargo notices that there is something else to compare with.
    pub(crate) files: Vec<PathBuf>,
    /// Whether the structs of this crate are compared at all, if that is known.
    pub(crate) is_compared: Option<bool>,
    /// What the application adds to the engine.
    pub(crate) engine: Engine,
}

/// A file's modification time and length; `None` if it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// What was found for a database of a package, and the files that it was found in, as they were.
struct Known {
    stamps: Vec<(PathBuf, Stamp)>,
    found: Arc<Found>,
    config: Option<Arc<Config>>,
}

/// What there is to compare the structs of a database with, and the configuration of the default one if it can be read
/// and counts.
#[derive(Clone)]
pub(crate) struct Heads {
    /// What there is to compare with.
    pub(crate) found: Arc<Found>,
    /// The configuration.
    pub(crate) config: Option<Arc<Config>>,
}

/// What there is to compare the structs of a database of the current package with; `None` is the default one.
pub(crate) fn find(database: Option<&str>) -> Heads {
    found(database, false)
}

/// The head of a database, also where structs are not compared with it: in a package from a registry, and with
/// `compile_check = "off"`.
pub(crate) fn known(database: Option<&str>) -> Arc<Found> {
    found(database, true).found
}

fn found(database: Option<&str>, always: bool) -> Heads {
    type All = HashMap<(PathBuf, Option<String>, bool), Known>;
    static KNOWN: Mutex<Option<All>> = Mutex::new(None);
    let Some(root) = Project::root() else { return Heads { found: Arc::new(Found::Nothing), config: None } };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let key = (root, database.map(str::to_owned), always);
    if let Some(known) = known.get(&key)
        && known.stamps.iter().all(|(file, then)| stamp(file) == *then)
    {
        return known.heads();
    }
    let fresh = Known::read(&key.0, database, always);
    let heads = fresh.heads();
    known.insert(key, fresh);
    heads
}

impl Known {
    fn read(root: &Path, database: Option<&str>, always: bool) -> Self {
        let (mut read, mut config) = (Vec::new(), None);
        let found = Found::read(root, database, always, &mut read, &mut config).unwrap_or_else(|error| {
            let told = AtomicBool::new(false);
            Found::Broken { error, told }
        });
        let stamps = read.into_iter().map(|file| (stamp(&file), file)).map(|(stamp, file)| (file, stamp)).collect();
        Self { stamps, found: Arc::new(found), config }
    }

    fn heads(&self) -> Heads {
        Heads { found: Arc::clone(&self.found), config: self.config.clone() }
    }
}

impl Found {
    /// Reads the head of a database of the package in `root`; the files that decide about it are added to `read`, and
    /// what `dbmigrate.toml` says is put into `config`.
    fn read(
        root: &Path,
        database: Option<&str>,
        always: bool,
        read: &mut Vec<PathBuf>,
        config: &mut Option<Arc<Config>>,
    ) -> Result<Self, ProjectError> {
        let current = Crate::of_this_process();
        if current.is_foreign && !always {
            return Ok(Self::Nothing);
        }
        read.push(root.join(dbmigrate_core::config::FILE_NAME));
        let project = Project::at(root.to_owned())?;
        *config = Some(Arc::new(project.config.clone()));
        let project = project.of(database)?;
        read.push(project.folder().join(dbmigrate_core::folder::lock::FILE_NAME));
        let level = project.config.compile_check;
        let folder_path = project.folder();
        let mut files: Vec<PathBuf> = project.files().map(Path::to_owned).collect();
        if level == CompileCheck::Off && !always {
            // a folder that is not looked at may be in any state
            return Ok(if files.is_empty() { Self::Nothing } else { Self::Empty(files) });
        }
        // errors name files as somebody in the workspace would
        let here = std::env::current_dir().ok();
        let shown = here.and_then(|here| folder_path.strip_prefix(here).ok().map(Path::to_owned));
        let folder = Folder::open(shown.unwrap_or_else(|| folder_path.clone()))?;
        if !folder.exists() {
            return match snapshot_without_lock(&folder_path) {
                true => Err(FolderError::MissingLock { path: folder.lock_path() }.into()),
                false if files.is_empty() => Ok(Self::Nothing),
                false => Ok(Self::Empty(files)),
            };
        }
        files.push(folder_path.join(dbmigrate_core::folder::lock::FILE_NAME));
        let Some(migration) = folder.head() else { return Ok(Self::Empty(files)) };
        let snapshot = folder_path.join(&migration.name).join(SNAPSHOT_FILE);
        read.push(snapshot.clone());
        files.push(snapshot);
        for file in &files {
            // said once, where it can be said
            project::literal(file)?;
        }
        let snapshot = folder.snapshot_at(migration)?;
        project.refuse_missing_root()?;
        project.refuse_hidden(&snapshot.schema)?;
        let manifest = || Manifest::of(root);
        let features = match current.root {
            Root::Unknown => String::new(),
            Root::File(_) | Root::Elsewhere => manifest().arguments(&current.features),
        };
        Ok(Self::Head(Box::new(Head {
            level,
            name: migration.name.as_str().to_owned(),
            schema: snapshot.schema,
            renamed_from: snapshot.renamed_from,
            command: command(root, database, &features),
            database: database.map(str::to_owned),
            files,
            is_compared: current.root.is_compared(root, project.config.root.as_deref(), manifest),
            root: root.to_owned(),
            engine: project.config.engine.clone(),
        })))
    }
}

/// Whether there are migrations of ours in a folder that has no lock. Other tools have folders of that name.
fn snapshot_without_lock(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.path().join(SNAPSHOT_FILE).is_file())
}

/// The command, with the package where the working directory, which is the workspace's, does not tell it, and with the
/// features that the crate is compiled with.
fn command(root: &Path, database: Option<&str>, features: &str) -> String {
    let is_here = std::env::current_dir().is_ok_and(|here| here == root);
    let package = std::env::var("CARGO_PKG_NAME").ok().filter(|_| !is_here);
    let package = package.map(|package| format!(" -p {package}")).unwrap_or_default();
    format!("cargo dbmigrate generate{package}{}{features}", database_flag(database))
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_changed_file_is_noticed_and_an_unchanged_one_is_not_read_again() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let file = root.path().join("dbmigrate.toml");
        std::fs::write(&file, "compile_check = \"off\"").expect("the folder is writable");
        let known = Known::read(root.path(), None, false);
        assert!(matches!(&*known.found, Found::Empty(files) if files.len() == 1));
        assert!(known.stamps.iter().all(|(file, then)| stamp(file) == *then));
        std::fs::write(&file, "compile_check = \"warn\" ").expect("the folder is writable");
        assert!(known.stamps.iter().any(|(file, then)| stamp(file) != *then));
        // and one that was not there
        std::fs::create_dir(root.path().join("migrations")).expect("the folder is writable");
        let known = Known::read(root.path(), None, false);
        std::fs::write(root.path().join("migrations/migrations.lock"), "").expect("the folder is writable");
        assert!(known.stamps.iter().any(|(file, then)| stamp(file) != *then));
        assert!(matches!(&*Known::read(root.path(), None, false).found, Found::Broken { .. }));
    }

    #[test]
    fn a_folder_of_another_tool_is_nothing_and_one_that_lost_its_lock_is_an_error() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let migration = root.path().join("migrations/0001_users");
        std::fs::create_dir_all(&migration).expect("the folder is writable");
        std::fs::write(migration.join("up.sql"), "").expect("the folder is writable");
        assert!(matches!(&*Known::read(root.path(), None, false).found, Found::Nothing));
        std::fs::write(migration.join(SNAPSHOT_FILE), "").expect("the folder is writable");
        let known = Known::read(root.path(), None, false);
        let Found::Broken { error, .. } = &*known.found else { panic!("{:?}", known.found) };
        assert!(error.message.contains("migrations.lock` is missing"), "{}", error.message);
    }
}
