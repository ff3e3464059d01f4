//! Every command with every flag where all is well.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::project::{Project, sql_of};

const USER: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64 }\n";

/// Two migrations, none of them applied.
fn project() -> Project {
    let project = Project::generated(USER);
    project.structs(&format!("{USER}{POST}"));
    project.runs("generate");
    project.transcript();
    project
}

#[test]
fn the_first_day() {
    let project = Project::new("");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    project.write("src/main.rs", "mod schema;\nfn main() {}\n");
    project.write(".gitignore", "/target\n");
    for command in ["init", "generate", "status", "migrate", "status", "migrate", "check", "generate", "init"] {
        project.run(command);
    }
    assert_snapshot!(project.transcript() + &project.file_names());
}

#[test]
fn a_package_without_tables_is_told_so() {
    let project = Project::new("");
    project.refuses(0, "generate");
    for command in ["check", "migrate", "status"] {
        project.refuses(5, command);
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn generate_writes_what_it_has_shown() {
    let project = Project::migrated(USER);
    project.structs(&format!("{USER}{POST}"));
    let shown = project.refuses(0, "generate --dry-run");
    project.refuses(4, "generate --check");
    project.runs("generate -v");
    assert_eq!(project.read(&sql_of("0002_create_posts")), shown.out);
    project.refuses(0, "generate --check");
    assert_snapshot!(project.transcript());
}

#[test]
fn generating_is_deterministic() {
    let made = || {
        let project = project();
        project.tree()
    };
    assert!(made() == made());
}

#[test]
fn generate_takes_a_name() {
    let project = Project::new(USER);
    project.runs("generate --name The-First!");
    assert!(project.path("migrations/0001_the_first/snapshot.json").is_file(), "{}", project.file_names());
}

#[test]
fn status_and_migrate_dry_run_change_nothing() {
    let project = project();
    project.refuses(4, "status");
    project.refuses(0, "migrate --dry-run");
    project.refuses(0, "migrate --dry-run -v --to 0001_create_users");
    assert!(!project.path("dev.db").exists());
    project.runs("migrate --to 0001_create_users");
    project.refuses(4, "status");
    project.refuses(0, "migrate --dry-run");
    assert_snapshot!(project.transcript());
}

#[test]
fn migrate_stops_where_it_is_told_to() {
    let project = project();
    project.runs("migrate --to 0001_create_users");
    project.refuses(0, "migrate --to 0001_create_users");
    assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_create_users"]);
    project.runs("migrate");
    project.refuses(2, "migrate --to 0001_create_users");
    project.refuses(2, "migrate --to 0003_create_moon");
    assert!(!project.path("other.db").exists());
    project.refuses(2, "migrate --url other.db --to 0003_create_moon");
    assert!(!project.path("other.db").exists());
    assert_snapshot!(project.transcript());
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let project = project();
    for command in ["migrate -q", "migrate -q", "check -q", "generate -q", "init -q"] {
        let run = project.runs(command);
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""), "{command}");
    }
}

#[test]
fn json_is_one_object_with_a_reason_per_line() {
    let project = Project::new(USER);
    let mut shapes = String::new();
    for (command, reasons) in [
        ("init", &["init"][..]),
        ("generate --dry-run", &["plan"]),
        ("generate", &["generated"]),
        ("generate", &["generated"]),
        ("status", &["migration", "status"]),
        ("migrate --dry-run", &["pending"]),
        ("migrate", &["applied", "migrated"]),
        ("migrate", &["migrated"]),
        ("status", &["migration", "status"]),
        ("check", &["checked", "linted"]),
        ("migrate --to nowhere", &["error"]),
    ] {
        let run = project.run(&format!("{command} --message-format json"));
        let objects = run.json();
        let found: Vec<&str> = objects.iter().filter_map(|object| object["reason"].as_str()).collect();
        assert_eq!(found, reasons, "{command}: {}", run.out);
        for object in objects.iter().filter_map(serde_json::Value::as_object) {
            let keys: Vec<&str> = object.keys().map(String::as_str).filter(|key| *key != "reason").collect();
            writeln!(shapes, "{}: {}", object["reason"], keys.join(", ")).expect("it is a string");
        }
    }
    assert_snapshot!(shapes);
}

#[test]
fn a_dot_env_with_a_byte_order_mark_is_read() {
    let text = "TURSO_DATABASE_URL=marked.db\r\nTURSO_AUTH_TOKEN=s3cret\r\n";
    let wide = |mark: u16, bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(mark).chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>()
    };
    let utf_8 = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for bytes in [utf_8, wide(0xfeff, u16::to_le_bytes), wide(0xfeff, u16::to_be_bytes)] {
        let project = Project::generated(USER);
        project.write(".env", &bytes);
        let run = project.runs("migrate");
        assert!(run.err.contains("marked.db: 1 migration applied"), "{}", run.err);
        assert!(project.path("marked.db").exists() && !project.path("dev.db").exists());
    }
    // half a character, and no UTF-16 at all
    let project = Project::generated(USER);
    project.write(".env", b"\xff\xfeT\x00U\x00\xd8");
    project.ends(2, "status");
}

#[test]
fn the_database_comes_from_the_environment_and_dot_env() {
    let project = project();
    project.write(".env", "TURSO_DATABASE_URL=file:dotenv.db\nTURSO_AUTH_TOKEN=s3cret\n");
    let run = project.runs("migrate");
    assert!(run.err.contains("Finished dotenv.db: 2 migrations applied"), "{}", run.err);
    let mut command = project.command(&["migrate", "-v"]);
    let run = crate::project::Run::of(command.env("TURSO_DATABASE_URL", "env.db"));
    assert!(run.err.contains("Finished env.db: 2 migrations applied"), "{}", run.err);
    project.runs("migrate --url file:flag.db");
    for name in ["dotenv.db", "env.db", "flag.db"] {
        let applied = project.database(name).query("SELECT count(*) FROM _dbmigrate_history");
        assert_eq!(applied, ["2"], "{name}");
    }
    assert!(!project.path("dev.db").exists());
}

#[test]
fn both_ways_of_calling_it_do_the_same() {
    let project = project();
    let direct = project.ends(4, "status");
    let through_cargo = project.shell("cargo dbmigrate status");
    assert_eq!((direct.code, direct.out, direct.err), (through_cargo.code, through_cargo.out, through_cargo.err));
    let run = project.shell("cargo dbmigrate migrate && cargo-dbmigrate check && cargo dbmigrate status");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn what_is_to_be_typed_next_means_the_same_package_and_database() {
    let project = Project::new("");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n");
    fs_err::remove_dir_all(project.path("src")).expect("it is there");
    let members = ["one", "two"];
    for member in members {
        let manifest = "[package]\nname = \"NAME\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\nextra = []\n[dependencies]\ndbmigrate-rs = \"0.1\"\n";
        project.write(&format!("{member}/Cargo.toml"), manifest.replace("NAME", member));
        project.write(&format!("{member}/src/lib.rs"), format!("use dbmigrate::Table;\n{USER}"));
    }
    for member in members {
        project.runs(&format!("generate -p {member}"));
    }
    let with_age = USER.replace("name: String", "#[cfg(feature = \"extra\")] age: i64, name: String");
    project.write("two/src/lib.rs", format!("use dbmigrate::Table;\n{with_age}"));
    let run = project.refuses(3, "generate -p two --features extra");
    for command in run.suggested() {
        let run = project.shell(&format!("{command} --dry-run"));
        assert_eq!(run.code, 0, "`{command}` said {}", run.err);
    }
    project.refuses(4, "status -p two --url other.db");
    project.runs("migrate -p two --url other.db");
    project.database("other.db").run("CREATE TABLE mine (id)");
    project.runs("generate -p two --features extra --backfill users.age=0");
    project.refuses(5, "migrate -p two --url other.db");
    assert_snapshot!(project.transcript());
}

#[test]
fn features_decide_what_is_read() {
    let project = Project::new(&format!("{USER}#[cfg(feature = \"blog\")]\n{POST}"));
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\n[features]\ndefault = []\nblog = []\n"));
    let tables =
        |flags: &str| project.refuses(0, &format!("generate --dry-run {flags}")).out.matches("CREATE TABLE").count();
    assert_eq!(tables(""), 1);
    assert_eq!(tables("--features blog"), 2);
    assert_eq!(tables("--all-features"), 2);
    assert_eq!(tables("--no-default-features"), 1);
    let run = project.run("generate --features blgo");
    assert_ne!(run.code, 0, "{}", run.err);
    assert_snapshot!(run.err);
}
