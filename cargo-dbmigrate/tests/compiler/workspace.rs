//! The harness: a workspace of packages, each with migrations of its own, that cargo checks at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::lanes::Lane;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_cargo-dbmigrate");

/// What every library of a case starts with.
pub(crate) const HEAD: &str =
    "#![allow(dead_code, unused_imports, unused_macros)]\n\nuse dbmigrate::{ColumnType, Json, Table, View};\n\n";

/// A workspace outside of this one, that depends on what applications depend on. All that share a target folder have one
/// profile, so that nothing is compiled twice.
const MANIFEST: &str = r#"[workspace]
members = [MEMBERS]
resolver = "3"

[workspace.dependencies]
dbmigrate-rs = { path = "FACADE" }

[profile.dev]
debug = false
"#;

const MEMBER: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[dependencies]
dbmigrate-rs = { workspace = true }
"#;

/// Embeds the migrations, with something that stands in for the runner, which would bring the engine along. Needs the
/// crate `dbmigrate_macros`.
pub(crate) const EMBEDDED: &str = "
pub mod facade {
    pub use dbmigrate::__private;
    pub struct Migrations;
    impl Migrations {
        pub const fn __embedded(_: &str, _: &str, _: &[&str], _: &[&str], _: u64) -> Self {
            Self
        }
    }
}

pub static MIGRATIONS: facade::Migrations = dbmigrate_macros::embed_migrations!(crate = crate::facade);
";

/// A workspace on the disk. The folder is kept for the next time.
pub(crate) struct Workspace {
    root: PathBuf,
    lane: Lane,
}

/// What was said of the packages, by their names: the diagnostics as cargo shows them.
pub(crate) type Said = BTreeMap<String, String>;

impl Workspace {
    /// A workspace of packages without source. Their names have to be different in all workspaces: they share a target
    /// folder, and cargo takes packages of one name for one.
    pub(crate) fn new(folder: &str, members: &[String]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let facade = repository();
        let list: Vec<String> = members.iter().map(|member| format!("\"{member}\"")).collect();
        let workspace = Self { root, lane: Lane::new() };
        let manifest = MANIFEST.replace("MEMBERS", &list.join(", ")).replace("FACADE", &facade.display().to_string());
        workspace.write("Cargo.toml", &manifest);
        for member in members {
            let folder = workspace.root.join(member);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).expect("the folder is ours");
            }
            workspace.write(&format!("{member}/Cargo.toml"), &MEMBER.replace("NAME", member));
            // cargo asks for a target of every member
            workspace.write(&format!("{member}/src/lib.rs"), "");
        }
        // the versions that this workspace has, so that nothing has to be downloaded
        std::fs::copy(facade.join("Cargo.lock"), workspace.root.join("Cargo.lock")).expect("it can be copied");
        workspace
    }

    /// Lets a member use the crate of the macros, as [`EMBEDDED`] does.
    pub(crate) fn with_macros(&self, member: &str) {
        let manifest = format!("{member}/Cargo.toml");
        let (text, path) = (self.read(&manifest), repository().join("dbmigrate-macros"));
        self.write(&manifest, &format!("{text}dbmigrate-macros = {{ path = \"{}\" }}\n", path.display()));
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("the file is there")
    }

    /// Changes a file, which must have what is to be changed.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "`{from}` is not in {file}:\n{text}");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Makes a migration of a package's structs; `arguments` are further ones.
    #[track_caller]
    pub(crate) fn generate(&self, member: &str, arguments: &[&str]) -> String {
        let generated = self.try_generate(member, arguments);
        generated.unwrap_or_else(|(code, said)| panic!("{member} ({code}): {said}"))
    }

    /// The same, which may fail: with the exit code.
    pub(crate) fn try_generate(&self, member: &str, arguments: &[&str]) -> Result<String, (i32, String)> {
        let mut command = Command::new(BINARY);
        command.args(["generate", "--manifest-path"]).arg(self.path(member).join("Cargo.toml"));
        let output =
            command.args(arguments).current_dir(&self.root).env_remove("TURSO_DATABASE_URL").env_remove("CI").output();
        let output = output.expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(said) } else { Err((output.status.code().unwrap_or_default(), said)) }
    }

    /// Runs `cargo check`; returns what it says of each package.
    pub(crate) fn check(&self, arguments: &[&str]) -> Said {
        let (_, said) = self.cargo("check", arguments);
        said
    }

    /// Runs cargo; returns whether it succeeded, and what it says of each package.
    pub(crate) fn cargo(&self, command: &str, arguments: &[&str]) -> (bool, Said) {
        let output = self.output(command, arguments);
        let said = said(&output);
        assert!(
            output.status.success() || !said.is_empty(),
            "{}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        (output.status.success(), said)
    }
}

impl Workspace {
    /// Runs cargo; returns all that it says.
    pub(crate) fn output(&self, command: &str, arguments: &[&str]) -> Output {
        cargo_in(self.target(), &self.root, command, arguments)
    }

    /// The target folder of what is compiled here.
    pub(crate) fn target(&self) -> &'static Path {
        self.lane.folder()
    }
}

/// A package that depends on everything that those of the tests depend on, and has nothing in it.
pub(crate) fn primer() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiler-primer");
    let facade = repository();
    let member = MEMBER.replace("NAME", "primer").replace("{ workspace = true }", "{ path = \"FACADE\" }");
    let profile = MANIFEST.split_once("[profile.dev]").map(|(_, profile)| profile).unwrap_or_default();
    let manifest = format!(
        "{member}dbmigrate-macros = {{ path = \"FACADE/dbmigrate-macros\" }}\n\n[workspace]\n\n[profile.dev]{profile}"
    );
    std::fs::create_dir_all(root.join("src")).expect("the folder is writable");
    let manifest = manifest.replace("FACADE", &facade.display().to_string());
    std::fs::write(root.join("Cargo.toml"), manifest).expect("the folder is writable");
    std::fs::write(root.join("src/lib.rs"), "").expect("the folder is writable");
    std::fs::copy(facade.join("Cargo.lock"), root.join("Cargo.lock")).expect("it can be copied");
    root
}

/// The root of this repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("it is there")
}

/// Runs cargo in a folder, without the network.
pub(crate) fn cargo_in(target: &Path, folder: &Path, command: &str, arguments: &[&str]) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .arg(command)
        .args(["--offline", "--message-format=json", "--target-dir"])
        .arg(target)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("cargo runs")
}

/// The diagnostics by package, without the summaries that point nowhere.
pub(crate) fn said(output: &Output) -> Said {
    let mut said = Said::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["reason"] != "compiler-message" {
            continue;
        }
        let is_summary = message["message"]["spans"].as_array().is_none_or(Vec::is_empty);
        let name = message["target"]["name"].as_str().unwrap_or_default();
        let text = message["message"]["rendered"].as_str().unwrap_or_default();
        if !is_summary {
            said.entry(name.to_owned()).or_default().push_str(&without_levels(text));
        }
    }
    said
}

/// The text without the note that says which lint it was, which is there once in a crate.
fn without_levels(text: &str) -> String {
    let keep = |line: &&str| !line.trim_start().starts_with("= note: `#[warn(");
    let kept: Vec<&str> = text.lines().filter(keep).collect();
    kept.join("\n").replace("  |\n\n", "\n") + "\n"
}
