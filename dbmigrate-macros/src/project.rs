//! The package that is being compiled: its `dbmigrate.toml`, and where its migrations are. Reads that one file, writes
//! nothing and starts nothing.
//!
//! A macro that reads files must tell cargo, or its expansion outlives them: [`tracked`] is an expansion that makes
//! cargo compile the crate again when one of the files changes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dbmigrate_core::config::{Config, DEFAULT_DATABASE, FILE_NAME};
use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::closest;
use dbmigrate_core::folder::FolderError;
use dbmigrate_core::schema::Schema;
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// What cargo sets while it compiles a package (doc.rust-lang.org/cargo/reference/environment-variables.html).
const ROOT_VARIABLE: &str = "CARGO_MANIFEST_DIR";

/// The package that is being compiled.
#[derive(Debug)]
pub(crate) struct Project {
    /// The directory of its `Cargo.toml`, absolute.
    pub(crate) root: PathBuf,
    /// Its `dbmigrate.toml`, or the defaults.
    pub(crate) config: Config,
    /// `dbmigrate.toml`, if there is one.
    config_file: Option<PathBuf>,
}

/// Why a macro cannot do what it is for, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectError {
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// What to do about it, a line each.
    pub(crate) help: Vec<String>,
}

impl ProjectError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The error as one that is reported at `span`.
    pub(crate) fn at(self, span: Span) -> DeclareError {
        let error = DeclareError::new(span, self.message);
        if self.help.is_empty() { error } else { error.help(self.help.join("\nhelp: ")) }
    }
}

impl From<FolderError> for ProjectError {
    fn from(error: FolderError) -> Self {
        let help = match &error {
            // it is the crate that is too old for the folder, and not the subcommand
            FolderError::Newer { .. } => vec!["update the crate: `cargo update -p dbmigrate-rs`".to_owned()],
            _ => error.help(),
        };
        Self { message: error.to_string(), help }
    }
}

impl Project {
    /// The package that cargo is compiling. `None` outside of cargo, where there is none.
    ///
    /// # Errors
    /// If its `dbmigrate.toml` cannot be read or understood.
    pub(crate) fn find() -> Result<Option<Self>, ProjectError> {
        Self::root().map(Self::at).transpose()
    }

    /// The package that cargo is compiling, for macros that are nothing without one.
    ///
    /// # Errors
    /// As for [`Project::find`], and outside of cargo.
    pub(crate) fn known() -> Result<Self, ProjectError> {
        Self::find()?.ok_or_else(|| {
            ProjectError::new("the package is unknown: `CARGO_MANIFEST_DIR` is not set")
                .help("compile it with `cargo build`")
        })
    }

    /// The directory of the package that cargo is compiling.
    pub(crate) fn root() -> Option<PathBuf> {
        std::env::var_os(ROOT_VARIABLE).map(PathBuf::from)
    }

    /// The package in a directory.
    ///
    /// # Errors
    /// As for [`Project::find`].
    pub(crate) fn at(root: PathBuf) -> Result<Self, ProjectError> {
        let file = root.join(FILE_NAME);
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(Self { root, config: parse(&text)?, config_file: Some(file) }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Self { root, config: Config::default(), config_file: None })
            }
            Err(error) => Err(ProjectError::new(format!("cannot read `{FILE_NAME}`: {error}"))),
        }
    }

    /// The same for one of its databases; `None` is the default one.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(crate) fn of(self, database: Option<&str>) -> Result<Self, ProjectError> {
        match self.config.of(database) {
            Some(config) => Ok(Self { config, ..self }),
            None => Err(unknown_database(&self.config, database.unwrap_or_default())),
        }
    }

    /// The same for what a macro names: a database, or a folder relative to the package; nothing is the default database.
    /// With the folder.
    ///
    /// # Errors
    /// Of a database that is configured: none.
    pub(crate) fn naming(self, named: Option<&Path>) -> Result<(Self, PathBuf), ProjectError> {
        let names = |name: &str| named.and_then(Path::to_str) == Some(name);
        let has_folder = |folder: &Path| named.is_some_and(|named| self.root.join(named) == self.root.join(folder));
        let known = self.config.databases.iter().find(|one| names(&one.name) || has_folder(&one.migrations()));
        let known = known.map(|database| database.name.clone());
        let is_default = named.is_none() || (names(DEFAULT_DATABASE) && !self.config.databases.is_empty());
        let project = self.of(known.as_deref())?;
        let folder = match named {
            Some(named) if !is_default && known.is_none() => named.to_owned(),
            _ => project.config.migrations.clone(),
        };
        Ok((project, folder))
    }

    /// The migrations folder that is configured, absolute. It need not exist.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join(&self.config.migrations)
    }

    /// Refuses migrations that make what `ignore` hides in databases.
    ///
    /// # Errors
    /// If they do.
    pub(crate) fn refuse_hidden(&self, schema: &Schema) -> Result<(), ProjectError> {
        let Some((name, pattern)) = self.config.ignore.hidden_in(schema) else { return Ok(()) };
        let message = format!("the migrations create `{name}`, but the pattern `{pattern}` hides it in databases");
        Err(ProjectError::new(message)
            .help(format!("remove the pattern from {} in `{FILE_NAME}`", self.config.key("ignore"))))
    }

    /// Refuses a `root` that is not there: no crate would be the one that it names.
    ///
    /// # Errors
    /// If there is no such file.
    pub(crate) fn refuse_missing_root(&self) -> Result<(), ProjectError> {
        match &self.config.root {
            Some(named) if !self.root.join(named).is_file() => {
                let message = format!("no crate root at `{}`, set in `{FILE_NAME}`", named.display());
                Err(ProjectError::new(message)
                    .help("remove it, or name a file relative to the package: `root = \"src/lib.rs\"`"))
            }
            _ => Ok(()),
        }
    }

    /// The files that were read to know this.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.config_file.as_deref().into_iter()
    }
}

/// That there is no database of that name.
pub(crate) fn unknown_database(config: &Config, name: &str) -> ProjectError {
    let error = ProjectError::new(format!("no database named `{name}` in `{FILE_NAME}`"));
    match closest(name, config.database_names().filter(|_| !config.databases.is_empty())) {
        Some(known) => error.help(format!("did you mean `{known}`?")),
        None => error.help(format!("add it: `[databases.{name}]`")),
    }
}

fn parse(text: &str) -> Result<Config, ProjectError> {
    Config::parse(text).map_err(|problem| {
        let place = problem.place.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let message = format!("{FILE_NAME}{place}: {}", problem.message);
        ProjectError { message, help: problem.help.into_iter().collect() }
    })
}

/// Items without effect that make cargo compile the crate again when one of the files changes.
///
/// # Errors
/// If a path is not text, which it would have to be in Rust.
pub(crate) fn tracked<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<TokenStream, ProjectError> {
    let paths = files.into_iter().map(literal).collect::<Result<Vec<_>, _>>()?;
    // constants that nothing uses are not part of the program
    Ok(quote! { #(const _: &[u8] = ::core::include_bytes!(#paths);)* })
}

/// A path as a literal for `include_str!`, which takes an absolute one as it is.
///
/// # Errors
/// If it is not text.
pub(crate) fn literal(path: &Path) -> Result<&str, ProjectError> {
    path.to_str().ok_or_else(|| {
        ProjectError::new(format!("the path `{}` is not UTF-8 text, so a macro cannot use it", path.display()))
            .help("move the package to a folder with a UTF-8 name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(config: Option<&str>) -> (tempfile::TempDir, Result<Project, ProjectError>) {
        let root = tempfile::tempdir().expect("a folder can be made");
        if let Some(text) = config {
            std::fs::write(root.path().join(FILE_NAME), text).expect("the folder is writable");
        }
        let found = Project::at(root.path().to_owned());
        (root, found)
    }

    #[test]
    fn without_a_file_everything_has_its_default_and_no_file_is_tracked() {
        let (root, found) = project(None);
        let found = found.expect("nothing is wrong");
        assert_eq!(found.folder(), root.path().join("migrations"));
        assert_eq!((found.files().count(), found.config), (0, Config::default()));
    }

    #[test]
    fn the_folder_is_the_one_of_the_file_which_is_tracked() {
        let (root, found) = project(Some("migrations = \"db/steps\"\nignore = [\"legacy_*\"]"));
        let found = found.expect("the file is right");
        assert_eq!(found.folder(), root.path().join("db/steps"));
        assert!(found.config.ignore.hides(&"legacy_users".into()));
        let tracked = tracked(found.files()).expect("the path is text").to_string();
        assert!(tracked.contains("include_bytes") && tracked.contains(FILE_NAME), "{tracked}");
    }

    #[test]
    fn what_cannot_be_understood_is_an_error_at_its_place() {
        let error = |text: &str| project(Some(text)).1.expect_err("the file is wrong");
        let unknown = error("url = \"a\"\nmigratons = \"x\"");
        assert_eq!(unknown.message, "dbmigrate.toml:2:1: unknown field `migratons`");
        assert_eq!(unknown.help, ["did you mean `migrations`?"]);
        assert!(error("migrations = 1").message.starts_with("dbmigrate.toml:1:14: invalid type"));
        let empty = error("migrations = \"\"");
        assert_eq!(empty.message, "dbmigrate.toml: `migrations` is empty");
        assert_eq!(empty.help, ["name a folder: `migrations = \"migrations\"`"]);
    }
}
