//! What every command needs: the package, its configuration, and somebody to speak through.

use std::path::PathBuf;
use std::sync::Arc;

use dbmigrate_core::config::Target;
use dbmigrate_core::folder::{Folder, SNAPSHOT_FILE, SQL_FILE, Verify, lock};
use dbmigrate_core::schema::Schema;

use super::selection::Selection;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::FileAction;
use crate::project::WithSteps;
use crate::project::config::{self, Config, FILE_NAME};
use crate::project::gitignore;
use crate::project::package::Package;
use crate::project::path;
use crate::project::url::{Connect, DatabaseUrl, Place, PlatformAccess, Surroundings, TokenSource, UrlSource};
use crate::report::{Printer, counted};

/// What every command needs. Made without running cargo, except where `-p` or a workspace ask for it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Speaks to the user.
    pub printer: Printer,
    /// `dbmigrate.toml`, or its defaults, for one of the databases that the package has.
    pub config: Config,
    /// The package.
    pub package: Package,
    /// The features that the structs are read with.
    pub selection: Selection,
    /// The migrations folder, relative to the working directory if it is inside.
    pub folder_path: PathBuf,
    /// The steps in Rust that migrations can have.
    pub steps: WithSteps,
    /// The same for the default database, from which the others are made.
    pub whole: Arc<Config>,
    /// Whether the command is run on several databases of the package.
    pub is_one_of_several: bool,
    /// Finds the member of a fleet by its name: what reads the sources of fleets opens databases, and lies above.
    pub find_member: FindMember,
}

/// Finds the member of a fleet that has a name.
pub(crate) type FindMember = fn(&Context, &Connect, &Target, &str) -> Result<DatabaseUrl>;

impl Context {
    /// Finds the package and reads its configuration.
    ///
    /// # Errors
    /// If there is no package, or its configuration cannot be understood.
    pub(crate) fn new(selection: Selection, printer: Printer, find_member: FindMember) -> Result<Self> {
        let package = Package::find(&selection)?;
        let config = config::read(&package.root)?;
        config::bring(&package.root, &config, &printer)?;
        let folder_path = path::for_display(&package.root.join(&config.migrations));
        Ok(Self {
            printer,
            whole: Arc::new(config.clone()),
            config,
            package,
            selection,
            folder_path,
            steps: WithSteps::default(),
            is_one_of_several: false,
            find_member,
        })
    }

    /// Opens the migrations folder: reads the lock and the listing, not the migrations.
    ///
    /// # Errors
    /// Exit code 5 if the lock is not whole, 2 if a table of the last snapshot is ignored in databases.
    pub(crate) fn folder(&self) -> Result<Folder> {
        let folder = Folder::open(&self.folder_path)?;
        if !self.config.ignore.is_empty() {
            self.refuse_ignored(&folder.head_snapshot()?.schema)?;
        }
        Ok(folder)
    }

    /// The same without a look at a snapshot, which may be what is wrong.
    ///
    /// # Errors
    /// Exit code 5 if the lock is not whole.
    pub(crate) fn folder_as_listed(&self) -> Result<Folder> {
        Ok(Folder::open(&self.folder_path)?)
    }

    /// The same for a command that goes by the migrations, which are then not written but read: a folder that is not
    /// there was forgotten somewhere, and a run that has nothing to do because of it is none that went well.
    ///
    /// # Errors
    /// As for [`Context::folder`], and exit code 5 if there is no folder.
    pub(crate) fn existing_folder(&self) -> Result<Folder> {
        let folder = self.folder()?;
        self.refuse_missing(&folder)?;
        Ok(folder)
    }

    /// Refuses a folder that is not there.
    ///
    /// # Errors
    /// Exit code 5.
    pub(crate) fn refuse_missing(&self, folder: &Folder) -> Result<()> {
        if folder.exists() {
            return Ok(());
        }
        // migrations without a lock
        folder.verify(Verify::Listing)?;
        let path = folder.path().display().to_string();
        let error = match folder.path().is_dir() {
            true => CommandError::new(exit::INCONSISTENT, format!("`{path}` has no `{}`", lock::FILE_NAME)),
            false => CommandError::new(exit::INCONSISTENT, format!("no migrations folder at `{path}`")),
        };
        let copy = format!("`COPY {0} ./{0}`", self.config.migrations.display());
        Err(error
            .help(format!("in a container, copy it next to `Cargo.toml`: {copy}"))
            .help("in a new package, create it: `cargo dbmigrate init`")
            .help("for an existing database: `cargo dbmigrate pull --baseline --out src/schema.rs`"))
    }

    /// Notes for programs that the files of a migration were written or removed, and the lock with them.
    pub(crate) fn wrote_migration(&self, folder: &Folder, name: &str, done: FileAction) {
        let migration = folder.path().join(name);
        self.printer.wrote(&migration.join(SQL_FILE), done);
        self.printer.wrote(&migration.join(SNAPSHOT_FILE), done);
        self.printer.wrote(&folder.lock_path(), FileAction::Updated);
    }

    /// What is ignored cannot be made by migrations.
    fn refuse_ignored(&self, schema: &Schema) -> Result<()> {
        let Some((name, pattern)) = self.config.ignore.hidden_in(schema) else { return Ok(()) };
        let message = format!("the migrations create `{name}`, but the pattern `{pattern}` hides it in databases");
        let help = format!("remove the pattern from {}, or make it narrower", self.config.key("ignore"));
        Err(CommandError::usage(message).at(path::for_display(&self.package.root.join(FILE_NAME)).display()).help(help))
    }

    /// What names databases around this command.
    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings::new(&self.package.root, &self.config, &self.printer)
    }

    /// The value of a variable of the environment, else of `.env`. It may be a secret.
    ///
    /// # Errors
    /// Exit code 2 if it is not UTF-8, or `.env` cannot be read.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>> {
        self.surroundings().variable(name)
    }

    /// What it takes to ask the platform API of Turso Cloud.
    ///
    /// # Errors
    /// Exit code 2 if a variable is missing, blank, or not usable.
    pub(crate) fn platform(&self) -> Result<PlatformAccess> {
        PlatformAccess::of(&self.surroundings())
    }

    /// The database that is meant, and all others that are named anywhere; with `offline`, servers cannot be asked.
    ///
    /// # Errors
    /// As for [`Context::database`].
    pub(crate) fn every_database(&self, connect: &Connect, offline: bool) -> Result<Vec<DatabaseUrl>> {
        // where nothing is named, the default one is looked at, also in CI
        let mut all = if connect.names_one() { vec![self.database(connect)?] } else { Vec::new() };
        let mut around = self.surroundings();
        around.is_offline = offline;
        let named = DatabaseUrl::named(connect, &around)?;
        for url in named.into_iter().chain(self.targets(connect, &around)?) {
            if all.iter().all(|known| known.to_string() != url.to_string()) {
                all.push(url);
            }
        }
        Ok(all)
    }

    /// Sees to it that git does not take `.env`, the database of this package and `database` in, and says so. Returns
    /// the file that was changed.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub(crate) fn ignore_in_git(&self, database: Option<&DatabaseUrl>) -> Result<Option<PathBuf>> {
        let root = &self.package.root;
        let named = database.and_then(DatabaseUrl::file).and_then(|file| std::path::absolute(file).ok());
        let databases: Vec<PathBuf> = DatabaseUrl::local_files(root, &self.whole).into_iter().chain(named).collect();
        let Some(added) = gitignore::see_to(root, &databases)? else { return Ok(None) };
        let done = if added.is_new { FileAction::Created } else { FileAction::Updated };
        self.printer.wrote(&added.file, done);
        let (lines, file) = (added.lines.join("`, `"), added.file.display());
        if added.is_new {
            self.printer.status("Created", format!("{file} (with `{lines}`)"));
        } else {
            self.printer.status("Added", format!("`{lines}` to {file}"));
        }
        Ok(Some(added.file))
    }

    /// The database that was typed for a flag that is not `--url`.
    ///
    /// # Errors
    /// As for [`Context::database`].
    pub(crate) fn database_at(&self, text: &str, flag: &'static str, connect: &Connect) -> Result<DatabaseUrl> {
        let url = DatabaseUrl::of_side(text, flag, connect, &self.surroundings());
        url.inspect(|url| self.warn_of_readers(url))
    }

    /// Says who can read the token of a fleet, once for all of its members.
    pub(crate) fn warn_of_readers_of<'u>(&self, fleet: &str, urls: impl Iterator<Item = &'u DatabaseUrl>) {
        let mut shown = urls.filter(|url| matches!(url.place(), Place::Server(server) if server.shows_secrets()));
        let Some(first) = shown.next() else { return };
        self.warn_of_network(&match shown.count() {
            0 => format!("`{first}` is not encrypted"),
            more => format!("{} of `{fleet}` are not encrypted, such as `{first}`", counted(more + 1, "member")),
        });
    }

    fn warn_of_network(&self, what: &str) {
        let message = format!("{what}: anyone on the network can read the token");
        self.printer.warning(&message, &["use `https://` or `libsql://`".to_owned()]);
    }

    /// Notes for programs which database is used, and says who else can read the token.
    pub(super) fn warn_of_readers(&self, url: &DatabaseUrl) {
        self.printer.uses(|| url.into(), url.source());
        let Place::Server(server) = url.place() else { return };
        let from = url.source();
        if server.shows_secrets() {
            self.warn_of_network(&format!("`{url}` is not encrypted"));
        }
        if server.token_source == TokenSource::Url && matches!(from, UrlSource::Argument | UrlSource::Side(_)) {
            let message = format!("anyone on this machine can read the token in {from}");
            let variable = self.config.token_variable();
            let help = format!("set it in the environment or in `.env`: `{variable}=…`");
            self.printer.warning(&message, &[help]);
        }
    }
}
