//! `--with BIN`: a program of the package runs the steps in Rust of migrations, whatever it is.
//!
//! The program speaks as `serve_steps` does, and is compiled without the crate, which would have to wait for C. That
//! `serve_steps` speaks so is tested where it is.

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

/// A package with a program, and a database with rows that lacks a migration with a step and one behind it.
fn pending() -> Project {
    let project = Project::new("");
    project.write("derive/Cargo.toml", "[package]\nname = \"dbmigrate-rs\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nname = \"dbmigrate\"\nproc-macro = true\n");
    project.write("derive/src/lib.rs", DERIVE);
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndbmigrate-rs = { path = \"derive\" }\n\n[workspace]\n";
    project.write("Cargo.toml", manifest);
    project.write("src/lib.rs", format!("use dbmigrate::Table;\n{STRUCTS}"));
    project.write("src/bin/steps.rs", PROGRAM);
    project.set("CARGO_TARGET_DIR", &format!("{}/steps", env!("CARGO_TARGET_TMPDIR")));
    project.set("CARGO_NET_OFFLINE", "true");
    project.runs("generate");
    project.runs("migrate");
    project.sql("INSERT INTO users VALUES (1, 'a', NULL), (2, 'b', NULL); INSERT INTO posts VALUES (7, 1), (8, 2)");
    project.runs("generate --rust hash_tokens");
    let file = sql_of("0002_hash_tokens");
    let text = project.read(&file);
    project.write(&file, text + "UPDATE users SET token = NULL;\n");
    project.runs("generate --custom");
    project.runs("generate --custom --name later");
    project.transcript();
    let lock = Checksum::of_sql(&project.read("migrations/migrations.lock")).to_hex();
    project.set("APP_LOCK", &lock);
    project
}

const BEFORE: [&str; 2] = ["1|a|", "2|b|"];
const AFTER: [&str; 2] = ["1||ha", "2||hb"];

#[test]
fn the_program_of_the_application_runs_the_steps_and_gets_no_token() {
    let project = pending();
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"dev.db\"\ntoken_env = \"PRODUCTION_TOKEN\"\n");
    for (name, value) in
        [("PRODUCTION_TOKEN", "secret"), ("DBMIGRATE_SECRET", "secret"), ("TURSO_DATABASE_URL", "dev.db")]
    {
        project.set(name, value);
    }
    let run = project.refuses(0, "migrate --dry-run --with steps");
    assert!(run.out.contains("-- dbmigrate: rust"), "{}", run.out);
    assert!(run.err.contains("ROWS {\"rows\":{\"rows\":[[{\"integer\":2}]]}}"), "the step sees the rows: {}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), BEFORE);
    project.refuses(0, "migrate --rehearse-only --with steps");
    let run = project.runs("migrate --rehearse --with steps");
    assert!(run.err.contains("CHANGED {\"changed\":{\"rows\":2}}"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), AFTER);
    assert_eq!(project.query("SELECT * FROM posts"), ["7|1", "8|2"]);
    assert_eq!(
        project.query("SELECT kind FROM _dbmigrate_history ORDER BY position"),
        ["migration", "rust", "migration"]
    );
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    let run = project.runs("status");
    assert!(run.out.contains(" with its step in Rust\n"), "{}", run.out);
    project.runs("reset --accept rows --with steps");
    assert_eq!(
        project.query("SELECT kind FROM _dbmigrate_history ORDER BY position"),
        ["migration", "rust", "migration"]
    );
    project.runs("plan --rehearse --with steps");
}

#[test]
fn a_step_that_does_not_end_well_is_rolled_back() {
    let project = pending();
    for (wanted, said) in [
        ("fail", "the step in Rust of `0002_hash_tokens` failed: no luck"),
        ("exit", "failed: `steps` ended with exit code 3"),
        ("abort", "failed: `steps` was ended by a signal: 6"),
        ("garbage", "failed: `steps` wrote `debug: 1 of 2` to standard output"),
        ("half", "failed: `steps` wrote `{\\\"done\\\"` to standard output"),
        ("binary", "failed: `steps` wrote `\\u{fffd}\\u{fffd}` to standard output"),
        ("hang", "failed: `steps` did nothing for 2 s, and was ended"),
        ("commit", "failed: it may not commit"),
        ("dangling", "`posts` has 2 dangling references to `users` after the migration"),
    ] {
        project.set("APP_WANTED", wanted);
        let code = if wanted == "dangling" { 3 } else { 1 };
        let run = project.ends(code, "migrate --with steps --step-timeout 2");
        assert!(run.err.contains(said), "{wanted}: {}", run.err);
        if wanted == "commit" {
            assert!(run.err.contains("SAID {\"refused\":{\"message\":\"`COMMIT` in a step"), "{}", run.err);
        }
        assert_eq!(project.query("SELECT * FROM users"), BEFORE, "{wanted}");
        assert_eq!(project.query("SELECT * FROM posts"), ["7|1", "8|2"], "{wanted}");
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"], "{wanted}");
        assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0], "{wanted}");
    }
}

#[test]
fn a_program_that_is_not_the_one_is_refused_before_anything_is_touched() {
    let project = pending();
    for (wanted, said) in [
        ("no program", "`steps` is not a program with steps: `steps` wrote `hello, world` to standard output"),
        ("old", "`steps` speaks version 7, and this cargo-dbmigrate version 1"),
        ("silent", "`steps` is not a program with steps: `steps` did nothing for 1 s"),
    ] {
        project.set("APP_WANTED", wanted);
        let run = project.ends(1, "migrate --with steps --step-timeout 1");
        assert!(run.err.contains(said), "{wanted}: {}", run.err);
        assert!(run.err.contains("nothing was changed"), "{wanted}: {}", run.err);
    }
    project.set("APP_WANTED", "");
    project.set("APP_LOCK", "another");
    let run = project.ends(1, "migrate --with steps");
    assert!(run.err.contains("`steps` has embedded other migrations than those of `migrations`"), "{}", run.err);
    let run = project.ends(1, "migrate --with stpes");
    assert!(run.err.contains("cannot build the program `stpes` of `app`"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), BEFORE);
    let run = project.ends(2, "migrate --step-timeout 3");
    assert!(run.err.contains("--with"), "{}", run.err);
}

#[test]
fn check_runs_the_steps_in_memory_and_on_generated_rows() {
    let project = pending();
    let run = project.refuses(0, "check --with steps");
    assert!(run.err.contains("ROWS {\"rows\":{\"rows\":[[{\"integer\":0}]]}}"), "on an empty database: {}", run.err);
    let proved = "Proved the step in Rust of 0002_hash_tokens, on ";
    assert!(run.err.contains(proved), "{}", run.err);
    assert!(!run.err.contains("not run"), "{}", run.err);
    project.set("APP_WANTED", "dangling");
    let run = project.refuses(5, "check --with steps");
    assert!(run.err.contains("dangling references to `users` after the migration"), "{}", run.err);
    assert!(run.err.contains("it was tried on generated rows"), "{}", run.err);
    project.set("APP_WANTED", "exit");
    let run = project.refuses(5, "check --with steps");
    assert!(run.err.contains("`steps` ended with exit code 3"), "{}", run.err);
}
