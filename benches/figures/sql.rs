//! `cargo check` of a crate of 100 structs with 500 statements: in `sql!`, against the same structs with serde's two
//! derives and no statement, and against sqlx's `query!` with its stored query data (`SQLX_OFFLINE`).
//!
//! sqlx is not among the dependencies of this workspace, so this one asks the registry for it the first time.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use dbmigrate_core::sha256::Sha256;

use crate::contest::{Contest, cost_of, milliseconds};

const TABLES: usize = 100;
const STATEMENTS: usize = 500;

/// A kind of crate: its name, the derives of its structs, its dependencies.
const KINDS: [(&str, &str, &str); 3] = [
    (
        "serde",
        "#[derive(serde::Serialize, serde::Deserialize)]",
        "serde = { version = \"1\", features = [\"derive\"] }",
    ),
    ("sql", "", "dbmigrate-rs = { path = \"FACADE\" }"),
    (
        "sqlx",
        "",
        "sqlx = { version = \"0.9\", default-features = false, features = [\"macros\", \"runtime-tokio\", \"sqlite-bundled\"] }",
    ),
];

pub(crate) fn run() {
    let bench = Bench::new();
    println!("cargo check, incremental, of {TABLES} structs: with serde's derives, or with {STATEMENTS} statements");
    let mut contest = Contest::default();
    for (kind, ..) in KINDS {
        let bench = &bench;
        contest.add(kind, move || bench.check(kind));
    }
    let costs = contest.show(5);
    let ratio = |at: usize| milliseconds(costs[1].cpu) / milliseconds(costs[at].cpu);
    println!("  `sql!` takes {:.2}x the CPU of serde's derives, {:.2}x that of sqlx's `query!`", ratio(0), ratio(2));
}

struct Bench {
    root: PathBuf,
    /// Makes each edit another one.
    edits: Cell<usize>,
}

impl Bench {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures-sql");
        let facade = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
        let _ = std::fs::remove_dir_all(&root);
        let bench = Self { root, edits: Cell::new(0) };
        for (kind, derives, dependencies) in KINDS {
            let dependencies = dependencies.replace("FACADE", &facade.display().to_string());
            let manifest = format!(
                "[package]\nname = \"figures-sql-{kind}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                 {dependencies}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n"
            );
            bench.write(kind, "Cargo.toml", &manifest);
            bench.write(kind, "src/lib.rs", &source(kind, derives, 0));
        }
        for at in 0..STATEMENTS {
            let text = statement(at);
            let hash = Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").expect("a string takes it");
                text
            });
            let columns = ["id", "label", "note"].iter().enumerate().map(|(at, name)| {
                let ty = if at == 0 { "Integer" } else { "Text" };
                format!("{{\"name\":\"{name}\",\"ordinal\":{at},\"type_info\":\"{ty}\"}}")
            });
            let columns = columns.collect::<Vec<_>>().join(",");
            let data = format!(
                "{{\"db_name\":\"SQLite\",\"query\":{text:?},\"describe\":{{\"columns\":[{columns}],\
                 \"parameters\":{{\"Right\":1}},\"nullable\":[false,false,true]}},\"hash\":\"{hash}\"}}"
            );
            bench.write("sqlx", &format!(".sqlx/query-{hash}.json"), &data);
        }
        // the migrations come from structs, which this crate has not
        bench.write("sql", "src/lib.rs", &tables());
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        command.args(["generate", "--name", "first", "--manifest-path"]).arg(bench.root.join("sql/Cargo.toml"));
        cost_of(&mut command);
        for (kind, ..) in KINDS {
            // what it depends on is compiled before
            let _ = bench.check(kind).status();
        }
        bench
    }

    /// A check after one statement or struct has changed.
    fn check(&self, kind: &str) -> Command {
        self.edits.set(self.edits.get() + 1);
        let derives = KINDS.iter().find(|(known, ..)| *known == kind).map_or("", |(_, derives, _)| derives);
        self.write(kind, "src/lib.rs", &source(kind, derives, self.edits.get()));
        let mut command = Command::new("cargo");
        command.args(["check", "--quiet"]).current_dir(self.root.join(kind));
        command
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("CARGO_INCREMENTAL", "1")
            .env("SQLX_OFFLINE", "true");
        command
    }

    fn write(&self, kind: &str, file: &str, text: &str) {
        let path = self.root.join(kind).join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }
}

/// One of the statements; they differ.
fn statement(at: usize) -> String {
    let table = at % TABLES;
    format!("SELECT id, label, note FROM table{table} WHERE parent = ? AND rank > {at} ORDER BY label")
}

fn structs(derives: &str, edit: usize) -> String {
    let structs = (0..TABLES).map(|at| {
        let edited = if at == 0 { edit } else { 0 };
        format!(
            "{derives}\npub struct Table{at} {{\n    pub id: i64,\n    pub label_{edited}: String,\n    pub note: Option<String>,\n    \
             pub share: f64,\n    pub parent: Option<i64>,\n    pub is_on: bool,\n    pub data: Vec<u8>,\n    pub rank: i64,\n}}\n"
        )
    });
    structs.collect()
}

/// The structs that the migrations are made from.
fn tables() -> String {
    let tables = structs("#[derive(dbmigrate::Table)]", 0).replace("label_0", "label");
    let mut text = String::new();
    for line in tables.lines() {
        if let Some(at) = line.strip_prefix("pub struct Table").and_then(|rest| rest.split(' ').next()) {
            writeln!(text, "#[table(name = \"table{at}\")]").expect("a string takes it");
        }
        if line.contains("pub id:") {
            text.push_str("    #[column(primary_key)]\n");
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn source(kind: &str, derives: &str, edit: usize) -> String {
    let mut text = structs(derives, edit);
    for at in 0..STATEMENTS {
        let sql = statement(at);
        let written = match kind {
            "sql" => writeln!(text, "pub fn query{at}() -> &'static str {{ dbmigrate::sql!(\"{sql}\") }}"),
            "sqlx" => writeln!(
                text,
                "pub async fn query{at}(pool: &sqlx::SqlitePool, parent: i64) {{ let _ = sqlx::query!(\"{sql}\", parent).fetch_all(pool).await; }}"
            ),
            _ => Ok(()),
        };
        written.expect("a string takes it");
    }
    text
}
