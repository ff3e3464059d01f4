//! A project with structs, a migrations folder and a database file, driven by the subcommand.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_dbmigrate::codegen::{self, Rendered};
use cargo_dbmigrate::exit;
use dbmigrate_core::ddl::Comments;
use dbmigrate_core::engine::check::{Broken, broken_objects};
use dbmigrate_core::engine::prove::check_declaration;
use dbmigrate_core::engine::{Connection, ViewColumns, introspect, view_columns};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::ProblemKind;
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::Name;
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;

use crate::place::Place;
use crate::support::{Change, example_backfills, run_script, scratch_folder};
use crate::ways::{Ending, Refusal, Way};

/// A schema as a database has it, with what only the engine knows.
pub(crate) struct Loaded {
    pub(crate) schema: Schema,
    pub(crate) views: ViewColumns,
    pub(crate) comments: BTreeMap<Name, Comments>,
    /// Whether the engine does not compile a view or trigger.
    pub(crate) broken: bool,
}

/// Loads a script into a database in memory.
pub(crate) fn load(sql: &str) -> Result<Loaded, String> {
    block_on(async {
        let connection = Connection::in_memory().await.map_err(|error| error.to_string())?;
        run_script(&connection, sql).await?;
        let mut found = introspect(&connection).await.map_err(|error| error.to_string())?;
        if let Some(unreadable) = found.unreadable.first() {
            return Err(format!("{}: {}", unreadable.object.sql, unreadable.reason));
        }
        let views = view_columns(&connection, &found.schema).await.map_err(|error| error.to_string())?;
        let broken = broken_objects(&connection, &found.schema).await.map_err(|error| error.to_string())?;
        for Broken { name, .. } in &broken {
            found.schema.views.get_mut(name).into_iter().for_each(|view| view.unchecked = true);
            found.schema.triggers.get_mut(name).into_iter().for_each(|trigger| trigger.unchecked = true);
        }
        let broken = !broken.is_empty();
        let comments = found.comments();
        Ok(Loaded { schema: found.schema, views, comments, broken })
    })
}

/// The structs of a schema, as `pull --enums` makes them.
pub(crate) fn rendered(loaded: &Loaded, enums: bool) -> Rendered {
    let Loaded { schema, views, comments, .. } = loaded;
    codegen::structs(&codegen::Request { schema, view_columns: views, comments, unreadable: &[], enums })
}

/// The structs of a schema in one file.
pub(crate) fn structs(loaded: &Loaded) -> Result<String, String> {
    text(&rendered(loaded, true))
}

/// The text, or why it is not all that it should be.
pub(crate) fn text(rendered: &Rendered) -> Result<String, String> {
    let errors: Vec<String> = rendered.inexpressible.iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(rendered.file()) } else { Err(errors.join("; ")) }
}

/// What is wrong with a schema, so that no structs can declare it.
pub(crate) fn what_is_wrong(loaded: &Loaded) -> Option<String> {
    let mut problems = loaded.schema.problems().into_iter();
    // a key that cannot be enforced is tolerated
    let problem = problems.find(|problem| problem.kind == ProblemKind::Declaration).map(|problem| problem.message);
    problem.or_else(|| structs(loaded).err()).or_else(|| faults(loaded).into_iter().next())
}

/// What a schema declares and can never use, which is refused where it is new.
pub(crate) fn faults(loaded: &Loaded) -> Vec<String> {
    let faults = block_on(check_declaration(&loaded.schema, &[])).unwrap_or_default();
    faults.into_iter().map(|fault| fault.message).collect()
}

/// How the subcommand is run, and on what.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// As a function, which is what `main` calls.
    InProcess,
    /// As the binary.
    Spawned,
    /// As a function, on a database on a server.
    Served(&'static Server),
}

pub(crate) struct Project {
    directory: tempfile::TempDir,
    pub(crate) place: Place,
    run: Run,
}

impl Project {
    pub(crate) fn new(run: Run) -> Self {
        let directory = scratch_folder().expect("a temporary directory");
        let place = match run {
            Run::Served(server) => Place::served(server, directory.path()),
            Run::InProcess | Run::Spawned => Place::File(directory.path().join("test.db")),
        };
        let project = Self { directory, place, run };
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                        dbmigrate-rs = \"0.1\"\n\n[workspace]\n";
        std::fs::create_dir(project.path("src")).expect("the directory is writable");
        std::fs::write(project.path("Cargo.toml"), manifest).expect("the directory is writable");
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write_structs(&self, text: &str) {
        std::fs::write(self.path("src/lib.rs"), text).expect("the directory is writable");
    }

    fn arguments(&self, arguments: &[String]) -> Vec<OsString> {
        let manifest = self.path("Cargo.toml").into_os_string();
        let common = ["-q".into(), "--manifest-path".into(), manifest];
        let program = OsString::from("cargo-dbmigrate");
        std::iter::once(program).chain(arguments.iter().map(OsString::from)).chain(common).collect()
    }

    /// Runs a command and returns its exit code. What it says of errors goes where errors go.
    pub(crate) fn code(&self, arguments: &[String]) -> u8 {
        match self.run {
            Run::InProcess | Run::Served(_) => cargo_dbmigrate::run(self.arguments(arguments)),
            Run::Spawned => self.spawn(arguments).0,
        }
    }

    /// Runs a command, and says with what it was refused.
    pub(crate) fn attempt(&self, arguments: &[String]) -> Result<(), Refusal> {
        let code = self.code(arguments);
        if code == exit::DONE {
            return Ok(());
        }
        // what has been refused is refused again, and now it can be heard
        let (again, said) = self.spawn(arguments);
        let line: Vec<String> = arguments.iter().map(|argument| shell_quoted(argument)).collect();
        Err(Refusal { code, said: format!("`{}` exits with {code} (then {again}): {said}", line.join(" ")) })
    }

    /// Runs a command that has to exit with 0; the error is what it says otherwise.
    pub(crate) fn succeed(&self, arguments: &[String]) -> Result<(), String> {
        self.attempt(arguments).map_err(|refusal| refusal.said)
    }

    fn spawn(&self, arguments: &[String]) -> (u8, String) {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"))
            .args(self.arguments(arguments).into_iter().skip(1))
            .output()
            .expect("the binary runs");
        let code = output.status.code().and_then(|code| u8::try_from(code).ok()).expect("no signal");
        (code, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn migrations(&self) -> usize {
        let entries = std::fs::read_dir(self.path("migrations")).map(|entries| entries.flatten().collect::<Vec<_>>());
        entries.unwrap_or_default().iter().filter(|entry| entry.path().is_dir()).count()
    }

    /// From the schema that the database has to that of the structs. Afterwards the schema is the wanted one, the
    /// rows are there, and nothing is left to do; or the database is as it was.
    pub(crate) fn step(&self, way: Way, change: &Change) -> Result<Ending, String> {
        let before = if self.place.exists() { Some(change.image(&self.place.connect())?) } else { None };
        let content = self.place.content();
        if let Err(refusal) = way.apply(self, change) {
            return if self.place.content() == content {
                Ok(Ending::Refused(refusal))
            } else {
                Err(format!("refused, but the database was touched: {refusal}"))
            };
        }
        let connection = self.place.connect();
        if let Some(before) = before {
            change.check(&connection, &before)?;
        }
        let found = block_on(introspect(&connection)).map_err(|error| error.to_string())?;
        if found.schema.canonical() != change.desired.canonical() {
            return Err("the database has not the wanted schema".to_owned());
        }
        drop(connection);
        way.again(self)?;
        Ok(Ending::Applied)
    }
}

/// A change with all questions answered.
pub(crate) fn answered(mut change: Change) -> Result<Change, String> {
    change.accept_all = true;
    change.backfills = example_backfills(&change)?;
    Ok(change)
}

/// The files of a directory with an extension, in the order of their names.
pub(crate) fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|one| one == extension)).collect();
    files.sort();
    files
}
