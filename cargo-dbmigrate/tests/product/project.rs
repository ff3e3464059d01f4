//! The harness: a project in a temporary directory, commands run in it, and everything that they leave behind.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "messages.rs"]
pub(crate) mod messages;
#[path = "suggested.rs"]
pub(crate) mod suggested;

use dbmigrate_core::engine::connection::display;
use dbmigrate_core::engine::{Connection, introspect};
use pollster::block_on;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cargo-dbmigrate");

/// What every source file of a project starts with.
const USE: &str = "use dbmigrate::{ColumnType, Json, Table, View};\n";

/// The path of a migration's SQL.
pub(crate) fn sql_of(name: &str) -> String {
    format!("migrations/{name}/migration.sql")
}

/// A package with structs, migrations and a database.
pub(crate) struct Project {
    directory: tempfile::TempDir,
    transcript: RefCell<String>,
    environment: RefCell<BTreeMap<String, String>>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Variables around the tests that would change what the binary does.
pub(crate) const AROUND: [&str; 19] = [
    "CI",
    "DBMIGRATE_EXTENSION_PATH",
    "DBMIGRATE_ALLOW_EXTENSIONS",
    "TURSO_DATABASE_URL",
    "TURSO_AUTH_TOKEN",
    "TURSO_DEMO_DATABASE_URL",
    "TURSO_DEMO_AUTH_TOKEN",
    "TURSO_API_TOKEN",
    "TURSO_PLATFORM_TOKEN",
    "TURSO_ORG",
    "TURSO_ORGANIZATION",
    "DBMIGRATE_TEST_TURSO_API",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "CARGO_TERM_COLOR",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "GITHUB_WORKSPACE",
];

impl Project {
    /// A package whose library declares these structs.
    pub(crate) fn new(structs: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let project = Self { directory, transcript: RefCell::default(), environment: RefCell::default() };
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndbmigrate-rs = \"0.1\"\n";
        project.write("Cargo.toml", manifest);
        project.structs(structs);
        project
    }

    /// The same with a first migration, and a database that has it.
    pub(crate) fn migrated(structs: &str) -> Self {
        let project = Self::generated(structs);
        project.runs("migrate");
        project.transcript.take();
        project
    }

    /// The same with a first migration, but no database.
    pub(crate) fn generated(structs: &str) -> Self {
        let project = Self::new(structs);
        project.runs("generate");
        project.transcript.take();
        project
    }

    /// Replaces the structs.
    pub(crate) fn structs(&self, structs: &str) {
        self.write("src/lib.rs", format!("{USE}{structs}"));
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("the directory is there")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("the directory is writable");
        fs_err::write(path, text).expect("the directory is writable");
    }

    /// Removes a directory.
    #[allow(dead_code, reason = "not every test binary needs it")]
    pub(crate) fn remove(&self, name: &str) {
        fs_err::remove_dir_all(self.path(name)).expect("it is there");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).expect("the file is there")
    }

    /// Changes a file, which must have what is to be changed.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "`{from}` is not in {name}:\n{text}");
        self.write(name, text.replace(from, to));
    }

    /// Every file, apart from databases.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut waiting = vec![self.root()];
        while let Some(directory) = waiting.pop() {
            for entry in fs_err::read_dir(directory).expect("the directory is readable") {
                let path = entry.expect("the directory is readable").path();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.extension().is_none_or(|extension| extension != "db") {
                    let bytes = fs_err::read(&path).expect("the file is readable");
                    files.insert(path.strip_prefix(self.root()).expect("it is inside").to_owned(), bytes);
                }
            }
        }
        files
    }

    /// The names of the files, one per line.
    pub(crate) fn file_names(&self) -> String {
        let names: Vec<String> = self.tree().keys().map(|path| path.display().to_string()).collect();
        names.join("\n") + "\n"
    }

    /// A database file as it lies on the disk.
    pub(crate) fn bytes(&self, database: &str) -> Vec<u8> {
        fs_err::read(self.path(database)).expect("the database is there")
    }

    /// A command with these words, ready to run in the project.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(words);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.root());
        for variable in AROUND {
            command.env_remove(variable);
        }
        command.envs(&*self.environment.borrow());
    }

    /// Sets a variable for all commands from now on.
    #[allow(dead_code, reason = "not every test binary needs it")]
    pub(crate) fn set(&self, variable: &str, value: &str) {
        self.environment.borrow_mut().insert(variable.to_owned(), value.to_owned());
    }

    /// Takes a variable out of the environment again.
    pub(crate) fn unset(&self, variable: &str) {
        self.environment.borrow_mut().remove(variable);
    }

    /// Runs `cargo-dbmigrate` with the words of a line and writes down what it says. A word cannot contain a space.
    pub(crate) fn run(&self, line: &str) -> Run {
        let run = Run::of(&mut self.command(&line.split_whitespace().collect::<Vec<_>>()));
        self.note(&format!("cargo dbmigrate {line}"), &run);
        run
    }

    /// Runs a line as a user types it: a shell finds `cargo`, and cargo finds the binary under test.
    pub(crate) fn shell(&self, line: &str) -> Run {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line);
        self.prepare(&mut command);
        let folder = |program: &Path| program.parent().expect("a program is in a directory").to_owned();
        // the cargo that runs the tests, before one that first looks for which it has to start
        let cargo = std::env::var_os("CARGO").map(|cargo| folder(Path::new(&cargo)));
        let around = std::env::var_os("PATH").unwrap_or_default();
        let folders = [folder(Path::new(BINARY))].into_iter().chain(cargo).chain(std::env::split_paths(&around));
        let path = std::env::join_paths(folders).expect("no folder has a separator in its name");
        let run = Run::of(command.env("PATH", path));
        self.note(line, &run);
        run
    }

    /// Runs a line that must succeed.
    #[track_caller]
    pub(crate) fn runs(&self, line: &str) -> Run {
        self.ends(0, line)
    }

    /// Runs a line that must end with an exit code.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, line: &str) -> Run {
        let run = self.run(line);
        assert_eq!(run.code, code, "`{line}` said\n{}{}", run.out, run.err);
        run
    }

    /// Runs a line that must end with an exit code and leave every file and the database as they are.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, line: &str) -> Run {
        let database = self.path("dev.db");
        let before = (self.tree(), fs_err::read(&database).ok());
        let run = self.ends(code, line);
        let after = (self.tree(), fs_err::read(&database).ok());
        assert!(before == after, "`{line}` has changed something; now there are\n{}", self.file_names());
        run
    }

    fn note(&self, line: &str, run: &Run) {
        let text = self.redacted(&format!("$ {line}\n{}{}[exit {}]\n\n", run.out, run.err, run.code));
        self.transcript.borrow_mut().push_str(&text);
    }

    /// What was typed and said since the last time, without what differs from run to run.
    pub(crate) fn transcript(&self) -> String {
        self.transcript.take()
    }

    /// Puts something back that was taken out of the transcript.
    pub(crate) fn say(&self, text: &str) {
        self.transcript.borrow_mut().push_str(text);
    }

    /// A text without the name of the temporary directory, durations, dates and ports.
    fn redacted(&self, text: &str) -> String {
        let text = text.replace(&self.root().display().to_string(), "[ROOT]");
        let mut parts = text.split("localhost:");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str("localhost:[PORT]");
            text.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
        }
        let words = text.split_inclusive(char::is_whitespace).map(|word| {
            let (bare, space) = word.split_at(word.trim_end().len());
            // `(0.02s)`, `in 2.77s`
            let number = bare.trim_start_matches('(').trim_end_matches(')');
            let is_duration =
                number.strip_suffix('s').and_then(|number| number.split_once('.')).is_some_and(|(seconds, rest)| {
                    rest.len() == 2 && seconds.parse::<u64>().is_ok() && rest.parse::<u64>().is_ok()
                });
            if is_duration { format!("{}{space}", bare.replace(number, "[N]s")) } else { without_dates(word) }
        });
        let redacted: String = words.collect();
        let lines: Vec<&str> = redacted.lines().map(str::trim_end).collect();
        lines.join("\n") + "\n"
    }
}

/// `2026-01-02T03:04:05.678Z`, wherever it is in a text.
fn without_dates(text: &str) -> String {
    const LENGTH: usize = 24;
    let is_date = |at: usize| {
        let part = text.get(at..at + LENGTH).unwrap_or_default().as_bytes();
        part.len() == LENGTH && part[4] == b'-' && part[10] == b'T' && part[23] == b'Z'
    };
    match (0..text.len()).find(|at| is_date(*at)) {
        Some(at) => format!("{}[TIME]{}", &text[..at], without_dates(&text[at + LENGTH..])),
        None => text.to_owned(),
    }
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary runs");
        messages::check(command, &output);
        let run = Self::from(output);
        suggested::check(command, &run.out, &run.err);
        run
    }

    /// The objects of `--message-format json`: every line must be one. Without the last, which says how it ended.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let mut objects = self.all_json();
        objects.pop();
        objects
    }

    /// The last object, which says how it ended.
    pub(crate) fn finished(&self) -> serde_json::Value {
        self.all_json().pop().expect("there is a last one")
    }

    fn all_json(&self) -> Vec<serde_json::Value> {
        let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.out.lines().map(object).collect()
    }

    /// The commands in what is said, as they are to be typed.
    pub(crate) fn suggested(&self) -> Vec<String> {
        suggested::ours(&self.out, &self.err)
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        messages::check_lines(&output);
        let text = |bytes| String::from_utf8(bytes).expect("what is said is UTF-8");
        // a process that a signal has ended has no exit code
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A database beside the commands: what the application would do with it.
pub(crate) struct Database(Connection);

impl Project {
    /// Opens a database of the project, which is made if it does not exist.
    pub(crate) fn database(&self, name: &str) -> Database {
        // a commit waits for whoever reads just then
        let path = self.path(name);
        let opened = Connection::open_waiting(&path, true, std::time::Duration::from_secs(20));
        Database(block_on(opened).expect("the database can be opened"))
    }

    /// Runs statements on `dev.db`.
    pub(crate) fn sql(&self, script: &str) {
        self.database("dev.db").run(script);
    }

    /// The rows of a query on `dev.db`, `|` between the values.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        self.database("dev.db").query(sql)
    }

    /// The rows of all tables of `dev.db`, without the history.
    pub(crate) fn dump(&self) -> String {
        self.database("dev.db").dump()
    }
}

impl Database {
    /// The rows of all tables, and the names of their columns, without the history.
    pub(crate) fn dump(&self) -> String {
        let found = block_on(introspect(&self.0)).expect("the schema is readable");
        assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
        let mut lines = Vec::new();
        for table in &found.schema.tables {
            lines.push(format!("-- {}", table.name));
            lines.push(table.columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join("|"));
            lines.extend(self.query(&format!("SELECT * FROM {} ORDER BY 1", table.name.sql())));
        }
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    #[track_caller]
    pub(crate) fn run(&self, script: &str) {
        for statement in dbmigrate_core::sql::split(script) {
            block_on(self.0.run(statement.text)).unwrap_or_else(|error| panic!("{error}: {}", statement.text));
        }
    }

    /// Runs a statement, and says whether it was done.
    #[allow(dead_code, reason = "not every test binary needs it")]
    pub(crate) fn tries(&self, sql: &str) -> bool {
        block_on(self.0.run(sql)).is_ok()
    }

    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.0.rows(sql)).unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.iter().map(|row| row.iter().map(display).collect::<Vec<_>>().join("|")).collect()
    }
}
