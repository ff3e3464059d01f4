//! A package with a program that runs the steps in Rust of its migrations.

use dbmigrate_core::folder::Checksum;

use crate::project::{Project, sql_of};

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User { #[column(primary_key)] pub id: i64, pub token: Option<String>, pub hash: Option<String> }\n\
#[derive(Table)]\n#[table(name = \"posts\")]\npub struct Post { #[column(primary_key)] pub id: i64, #[column(references = User::id)] pub user_id: i64 }\n";

/// The derive, which makes nothing.
const DERIVE: &str = "use proc_macro::TokenStream;\n#[proc_macro_derive(Table, attributes(table, column))]\npub fn table(_: TokenStream) -> TokenStream { TokenStream::new() }\n";

/// Hashes tokens, if nobody wants anything else of it.
const PROGRAM: &str = r#"use std::io::{BufRead, Write};

fn say(line: &str) {
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes()).unwrap();
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
}

fn main() {
    let wanted = std::env::var("APP_WANTED").unwrap_or_default();
    for name in ["TURSO_AUTH_TOKEN", "PRODUCTION_TOKEN", "DBMIGRATE_SECRET", "TURSO_DATABASE_URL"] {
        if std::env::var_os(name).is_some() {
            eprintln!("LEAKED {name}");
            std::process::exit(9);
        }
    }
    let lock = std::env::var("APP_LOCK").unwrap_or_default();
    let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
    let mut ask = |line: &str| {
        if !line.is_empty() {
            say(line);
        }
        lines.next().unwrap_or_default()
    };
    if wanted == "no program" {
        println!("hello, world");
    }
    let protocol = if wanted == "old" { 7 } else { 1 };
    let mut next = ask("");
    if wanted == "silent" {
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
    loop {
        if next.contains("hello") {
            next = ask(&format!("{{\"ready\":{{\"protocol\":{protocol},\"lock\":\"{lock}\",\"steps\":[\"0002_hash_tokens\"]}}}}"));
            continue;
        }
        if !next.contains("run") {
            return;
        }
        let update = |set: &str| format!("{{\"execute\":{{\"sql\":\"{set}\",\"rows\":[[]]}}}}");
        let rows = ask("{\"query\":{\"sql\":\"SELECT count(*) FROM users WHERE id > ?1\",\"values\":[{\"integer\":0}]}}");
        eprintln!("ROWS {rows}");
        let changed = ask(&update("UPDATE users SET hash = 'h' || token"));
        eprintln!("CHANGED {changed}");
        next = match wanted.as_str() {
            "fail" => ask("{\"failed\":{\"message\":\"no luck\"}}"),
            "exit" => std::process::exit(3),
            "abort" => std::process::abort(),
            "garbage" => ask("debug: 1 of 2"),
            "half" => {
                print!("{{\"done\"");
                std::io::stdout().flush().unwrap();
                std::process::exit(0)
            }
            "binary" => {
                std::io::stdout().write_all(b"\xff\xfe\n").unwrap();
                ask("{\"done\":{}}")
            }
            "hang" => {
                std::thread::sleep(std::time::Duration::from_secs(600));
                return;
            }
            "commit" => {
                let refused = ask(&update("COMMIT"));
                eprintln!("SAID {refused}");
                ask("{\"failed\":{\"message\":\"it may not commit\"}}")
            }
            "dangling" => {
                ask(&update("DELETE FROM users"));
                ask("{\"done\":{}}")
            }
            _ => ask("{\"done\":{}}"),
        };
    }
}
"#;

/// Rows of both tables, for a hand.
pub(crate) const ROWS: &str =
    "INSERT INTO users VALUES (1, 'a', NULL), (2, 'b', NULL); INSERT INTO posts VALUES (7, 1), (8, 2)";

/// Makes the package, with a first migration that is applied.
pub(crate) fn application(project: &Project) {
    project.write(
        "derive/Cargo.toml",
        "[package]\nname = \"dbmigrate-rs\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nname = \"dbmigrate\"\nproc-macro = true\n",
    );
    project.write("derive/src/lib.rs", DERIVE);
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndbmigrate-rs = { path = \"derive\" }\n\n[workspace]\n";
    project.write("Cargo.toml", manifest);
    project.write("src/lib.rs", format!("use dbmigrate::Table;\n{STRUCTS}"));
    project.write("src/bin/steps.rs", PROGRAM);
    project.set("CARGO_NET_OFFLINE", "true");
    project.runs("generate");
    project.runs("migrate");
}

/// Adds a migration with a step, which are the same after it, and one behind it.
pub(crate) fn add_step(project: &Project) {
    project.runs("generate --rust hash_tokens");
    let file = sql_of("0002_hash_tokens");
    let text = project.read(&file);
    project.write(&file, text + "UPDATE users SET token = NULL;\n");
    project.runs("generate --custom");
    project.runs("generate --custom --name later");
    project.transcript();
    let lock = Checksum::of_sql(&project.read("migrations/migrations.lock")).to_hex();
    project.set("APP_LOCK", &lock);
}
