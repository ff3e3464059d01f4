//! `#[dbmigrate::test]`: a thousand tests with a database of thirty tables each, beside the same tests with
//! `#[sqlx::test]` and beside tests without a database. Each competitor is a package that cargo compiles, and its program
//! of tests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dbmigrate_core::ddl::read::{Object, read};
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::schema::Schema;
use tempfile::TempDir;

use crate::contest::{Contest, milliseconds};

const TESTS: usize = 1000;
const TABLES: usize = 30;

/// Beside their own work, all tests together.
const LIMIT: f64 = 2000.0;

pub(crate) fn run() {
    println!("test, {TESTS} tests with a database of {TABLES} tables each");
    let packages = [
        Package::new("without", "", "use std::hint::black_box as _;", "#[test]\nfn t_N() {}"),
        Package::new(
            "ours",
            "dbmigrate-rs = { path = \"ROOT\", features = [\"libsql\", \"test\"] }\nlibsql = { version = \"0.10\", \
             default-features = false, features = [\"core\"] }",
            "",
            "#[dbmigrate::test]\nasync fn t_N(db: libsql::Connection) {\n    assert!(db.is_autocommit());\n}",
        ),
        Package::new(
            "sqlx_test",
            "sqlx = { version = \"0.9\", default-features = false, features = [\"macros\", \"migrate\", \
             \"runtime-tokio\", \"sqlite-bundled\"] }\ntokio = { version = \"1\", features = [\"macros\", \"rt\"] }",
            "use sqlx::{Connection as _, SqlitePool};",
            "#[sqlx::test]\nasync fn t_N(pool: SqlitePool) {\n    pool.acquire().await.unwrap().ping().await.unwrap();\n}",
        ),
    ];
    let programs: Vec<(&Package, Option<PathBuf>)> =
        packages.iter().map(|package| (package, package.program())).collect();
    let mut contest = Contest::default();
    let mut shown = Vec::new();
    for (package, program) in &programs {
        let Some(program) = program else {
            println!("  {} is left out: cargo cannot build it", package.name);
            continue;
        };
        shown.push(package.name);
        contest.add(package.name, move || {
            let mut command = Command::new(program);
            command.args(["--quiet"]).current_dir(package.root.path());
            command
        });
    }
    let costs = contest.show(7);
    let cost = |name: &str| shown.iter().position(|known| *known == name).map(|at| costs[at].wall);
    if let (Some(without), Some(ours)) = (cost("without"), cost("ours")) {
        let beside = milliseconds(ours.saturating_sub(without));
        let each = beside / f64::from(u32::try_from(TESTS).unwrap_or(u32::MAX));
        println!("  beside their own work: {beside:.0} ms, {each:.2} ms a test, limit {LIMIT:.0} ms");
    }
}

/// A package of tests.
struct Package {
    name: &'static str,
    root: TempDir,
}

impl Package {
    fn new(name: &'static str, dependencies: &str, head: &str, test: &str) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let package = Self { name, root: tempfile::tempdir().expect("a temporary directory") };
        let dependencies = dependencies.replace("ROOT", &workspace.display().to_string());
        package.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\n{dependencies}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n\
                 [profile.dev.package.\"*\"]\nopt-level = 2\n"
            ),
        );
        package.write("dbmigrate.toml", "compile_check = \"off\"\n");
        let mut tests = head.to_owned();
        for number in 0..TESTS {
            let _ = write!(tests, "\n\n{}", test.replace("_N", &format!("_{number}")));
        }
        package.write("src/lib.rs", "");
        package.write("tests/all.rs", &tests);
        package.migrations(name == "sqlx_test");
        package
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&path)).expect("it is writable");
        std::fs::write(path, text).expect("it is writable");
    }

    /// The tables, each with two indexes and a reference to the one before.
    fn migrations(&self, is_plain: bool) {
        let mut sql = String::new();
        let mut schema = Schema::default();
        for number in 0..TABLES {
            let _ = writeln!(
                sql,
                "CREATE TABLE table_{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, \
                 parent INTEGER REFERENCES table_{} (id), created_at INTEGER NOT NULL DEFAULT (unixepoch()));",
                number.saturating_sub(1)
            );
        }
        for statement in dbmigrate_core::sql::split(&sql) {
            if let Ok(Object::Table(table)) = read(statement.text) {
                schema.tables.insert(table);
            }
        }
        if is_plain {
            return self.write("migrations/0001_tables.sql", &sql);
        }
        let mut folder = Folder::open(self.root.path().join("migrations")).expect("an empty folder");
        let slug = Slug::sanitize("tables").expect("a name");
        folder.add(&slug, &sql, &Snapshot::from(schema)).expect("it can be written");
    }

    /// Compiles its tests. `None` if that is not possible, for lack of a dependency.
    fn program(&self) -> Option<PathBuf> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/testing");
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["test", "--no-run", "--test", "all", "--message-format", "json", "--target-dir"])
            .arg(target)
            .current_dir(self.root.path())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        let messages = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs.next_back().filter(|_| output.status.success())
    }
}
