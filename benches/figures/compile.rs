//! `cargo check` of a crate of tables, with the comparison with the migrations on and off and with the row mapping, against
//! the same structs with serde's two derives and with none; and what the dependencies cost before the first struct.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::contest::{Contest, cost_of, milliseconds};

const SIZES: [usize; 2] = [100, 500];

/// The dependency of a crate that has no struct yet.
const DEPENDENCIES: [&str; 2] = ["serde", "dbmigrate-rs"];

/// A kind of crate: its name, its derives, and its `dbmigrate.toml`.
const KINDS: [(&str, &str, &str); 5] = [
    ("serde", "#[derive(serde::Serialize, serde::Deserialize)]", ""),
    ("bare", "", ""),
    ("off", "#[derive(dbmigrate::Table)]", "compile_check = \"off\"\n"),
    ("on", "#[derive(dbmigrate::Table)]", ""),
    ("rows", "#[derive(dbmigrate::Table)]", ""),
];

const MANIFEST: &str = r#"[workspace]
members = [MEMBERS]
resolver = "3"

[workspace.dependencies]
dbmigrate-rs = { path = "FACADE" }
serde = { version = "1", features = ["derive"] }

[profile.dev]
debug = "line-tables-only"
"#;

pub(crate) fn run() {
    let workspace = Workspace::new();
    println!("cargo build of a dependency and what it brings along, from nothing");
    let mut contest = Contest::default();
    for dependency in DEPENDENCIES {
        let workspace = &workspace;
        contest.add(dependency, move || workspace.first_build(dependency));
    }
    contest.show(3);
    for tables in SIZES {
        for (title, is_incremental) in [("from nothing", false), ("incremental, after one field", true)] {
            println!("cargo check of {tables} tables with 8 columns, {title}");
            let mut contest = Contest::default();
            for (kind, derives, _) in KINDS {
                let workspace = &workspace;
                contest.add(format!("{kind} ({derives})"), move || workspace.check(kind, tables, is_incremental));
            }
            let costs = contest.show(if tables > 100 { 3 } else { 5 });
            let ratio = |at: usize| milliseconds(costs[at].cpu) / milliseconds(costs[0].cpu);
            println!(
                "  with the check on: {:.2}x the CPU of serde's derives, off {:.2}x, with the row mapping {:.2}x",
                ratio(3),
                ratio(2),
                ratio(4)
            );
        }
    }
}

struct Workspace {
    root: PathBuf,
    /// Makes each edit another one.
    edits: Cell<usize>,
}

impl Workspace {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures-compile");
        let facade = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
        let _ = std::fs::remove_dir_all(&root);
        let workspace = Self { root, edits: Cell::new(0) };
        let mut members = Vec::new();
        for tables in SIZES {
            for (kind, derives, config) in KINDS {
                let name = format!("figures-{kind}-{tables}");
                let dependency = match kind {
                    "serde" => "serde = { workspace = true }",
                    "rows" => "dbmigrate-rs = { workspace = true, features = [\"libsql\"] }",
                    _ => "dbmigrate-rs = { workspace = true }",
                };
                workspace.write(&format!("{name}/Cargo.toml"), &manifest_of(&name, dependency));
                workspace.write(&format!("{name}/src/lib.rs"), &source(tables, derives));
                if !config.is_empty() {
                    workspace.write(&format!("{name}/dbmigrate.toml"), config);
                }
                members.push(format!("\"{name}\""));
            }
        }
        for dependency in DEPENDENCIES {
            let name = format!("figures-first-{dependency}");
            workspace.write(
                &format!("{name}/Cargo.toml"),
                &manifest_of(&name, &format!("{dependency} = {{ workspace = true }}")),
            );
            workspace.write(&format!("{name}/src/lib.rs"), "");
            members.push(format!("\"{name}\""));
        }
        let manifest =
            MANIFEST.replace("MEMBERS", &members.join(", ")).replace("FACADE", &facade.display().to_string());
        workspace.write("Cargo.toml", &manifest);
        std::fs::copy(facade.join("Cargo.lock"), workspace.root.join("Cargo.lock")).expect("the lock file");
        for tables in SIZES {
            for kind in ["on", "rows"] {
                let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
                let manifest = workspace.root.join(format!("figures-{kind}-{tables}/Cargo.toml"));
                command.args(["generate", "--name", "first", "--manifest-path"]).arg(manifest);
                cost_of(&mut command);
            }
        }
        // one by one, because the packages want other features of what they depend on
        for is_incremental in [false, true] {
            for (kind, ..) in KINDS {
                let package = format!("figures-{kind}-{}", SIZES[0]);
                cost_of(workspace.cargo(is_incremental).args(["check", "--package", &package]));
            }
        }
        workspace
    }

    /// A check of a crate that has to be compiled.
    fn check(&self, kind: &str, tables: usize, is_incremental: bool) -> Command {
        let name = format!("figures-{kind}-{tables}");
        let derives = KINDS.iter().find(|(known, ..)| *known == kind).map_or("", |(_, derives, _)| derives);
        let mut text = source(tables, derives);
        if is_incremental {
            // another name of a field, for the same column
            self.edits.set(self.edits.get() + 1);
            let field = format!("renamed_{}: String", self.edits.get());
            let column = if derives.contains("Table") { "#[column(name = \"label\")] pub " } else { "pub " };
            text = text.replacen("pub label: String", &format!("{column}{field}"), 1);
        }
        self.write(&format!("{name}/src/lib.rs"), &text);
        let mut command = self.cargo(is_incremental);
        command.args(["check", "--package", &name]);
        command
    }

    /// A build with an empty target directory.
    fn first_build(&self, dependency: &str) -> Command {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures-compile-first");
        let _ = std::fs::remove_dir_all(&target);
        let mut command = self.cargo(true);
        command.env("CARGO_TARGET_DIR", target).args(["build", "--package", &format!("figures-first-{dependency}")]);
        command
    }

    fn cargo(&self, is_incremental: bool) -> Command {
        let mut command = Command::new("cargo");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("figures-compile-{is_incremental}"));
        command.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", if is_incremental { "1" } else { "0" });
        command.args(["--offline", "--quiet"]).current_dir(&self.root);
        command
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }
}

fn manifest_of(name: &str, dependency: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n")
}

fn source(tables: usize, derives: &str) -> String {
    let has_columns = derives.contains("Table");
    let with = |attribute: &'static str| if has_columns { attribute } else { "" };
    let tables: Vec<String> = (0..tables)
        .map(|at| {
            let reference =
                if has_columns { format!("#[column(references = Table{}::id)] ", at.saturating_sub(1)) } else { String::new() };
            format!(
                "{derives}\npub struct Table{at} {{\n    {}pub id: i64,\n    pub label: String,\n    pub note: Option<String>,\n    \
                 pub share: f64,\n    {reference}pub parent: Option<i64>,\n    pub is_on: bool,\n    pub data: Vec<u8>,\n    {}pub rank: i64,\n}}\n",
                with("#[column(primary_key)] "),
                with("#[column(default = 1, index)] "),
            )
        })
        .collect();
    tables.concat()
}
