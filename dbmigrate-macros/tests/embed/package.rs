//! A package that embeds migrations, compiled by cargo as anybody's is.
//!
//! In the place of the facade it has a type of its own that shows what it is given: a program with the engine in it would
//! have to wait for C. What a program does with its migrations is tested in `dbmigrate-embed`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dbmigrate_core::ddl::read::{Object, read};
use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::schema::Schema;

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[dependencies]
dbmigrate-macros = { path = "MACROS" }

[profile.dev]
debug = false

[workspace]
"#;

const MAIN: &str = r#"use dbmigrate_macros::embed_migrations;

pub mod stand_in {
    pub struct Migrations(
        &'static str,
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        u64,
        &'static [(&'static str, fn(&mut i64) -> Result<(), String>)],
    );

    impl Migrations {
        pub const fn __embedded(
            folder: &'static str,
            lock: &'static str,
            sql: &'static [&'static str],
            ignore: &'static [&'static str],
            busy_timeout: u64,
        ) -> Self {
            Self(folder, lock, sql, ignore, busy_timeout, &[])
        }

        pub const fn __steps(mut self, steps: &'static [(&'static str, fn(&mut i64) -> Result<(), String>)]) -> Self {
            self.5 = steps;
            self
        }

        pub fn show(&self) {
            print!("{}\n{}{}", self.0, self.1, self.2.concat());
            for pattern in self.3 {
                println!("{pattern}");
            }
            println!("{}", self.4);
            for (name, step) in self.5 {
                println!("{name}: {:?}", step(&mut 0));
            }
        }
    }
}

#[allow(dead_code)]
fn hash_tokens(_: &mut i64) -> Result<(), String> {
    Ok(())
}

const MIGRATIONS: stand_in::Migrations = include!("macro.in");

fn main() {
    MIGRATIONS.show();
}
"#;

/// A package, and its folder.
pub(crate) struct Package {
    root: tempfile::TempDir,
    name: String,
}

impl Package {
    /// Writes the configuration. That the tables have no structs is nothing to these tests.
    pub(crate) fn configure(&self, lines: &str) {
        self.write("dbmigrate.toml", &format!("{lines}compile_check = \"off\"\n"));
    }

    /// A package whose program has the value of `expression`.
    pub(crate) fn new(name: &str, expression: &str) -> Self {
        // its own name: the packages of these tests share what they are compiled into
        let package =
            Self { root: tempfile::tempdir().expect("a temporary directory"), name: format!("embeds_{name}") };
        let macros = env!("CARGO_MANIFEST_DIR");
        package.write("Cargo.toml", &MANIFEST.replace("NAME", &package.name).replace("MACROS", macros));
        package.write("src/main.rs", MAIN);
        package.write("src/macro.in", expression);
        package.configure("");
        // the versions that the workspace has, so that nothing has to be downloaded
        let lock = Path::new(macros).join("../Cargo.lock");
        std::fs::copy(lock, package.path("Cargo.lock")).expect("the workspace has one");
        package
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file is there")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }

    /// Makes an empty migrations folder, as `init` does.
    pub(crate) fn create(&self, folder: &str) {
        Folder::open(self.path(folder)).expect("it is whole").create().expect("it is writable");
    }

    /// Adds a migration, as `generate` does.
    pub(crate) fn add(&self, name: &str, sql: &str) {
        self.add_to("migrations", name, sql);
    }

    pub(crate) fn add_to(&self, folder: &str, name: &str, sql: &str) {
        let mut folder = Folder::open(self.path(folder)).expect("it is whole");
        let slug = Slug::sanitize(name).expect("it has letters");
        let mut schema = Schema::default();
        for statement in dbmigrate_core::sql::split(sql) {
            if let Ok(Object::Table(table)) = read(statement.text) {
                schema.tables.insert(table);
            }
        }
        folder.add(&slug, sql, &Snapshot::from(schema)).expect("it is writable");
    }

    fn cargo(&self, command: &str) -> Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Command::new(cargo)
            .args([command, "--offline", "--color=never", "--target-dir"])
            // that of the suites of the subcommand, which have compiled the macros there
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("check"))
            .current_dir(self.root.path())
            .env_remove("CARGO_MANIFEST_DIR")
            .output()
            .expect("cargo can be started")
    }

    /// Compiles and runs the program: what it writes, or what rustc says. Paths are relative to the package.
    pub(crate) fn run(&self) -> Result<String, String> {
        let output = self.cargo("run");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let root = self.root.path().canonicalize().expect("it is there");
        let said = text(&output.stderr).replace(&format!("{}/", root.display()), "");
        Err(said.replace(&format!("{}/", self.root.path().display()), ""))
    }

    /// Whether cargo compiles it now, or has nothing to do.
    pub(crate) fn is_compiled_again(&self) -> Result<bool, String> {
        let output = self.cargo("build");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(said.contains(&format!("Compiling {}", self.name))) } else { Err(said) }
    }
}
