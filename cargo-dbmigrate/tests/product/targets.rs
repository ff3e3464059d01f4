//! Which database a command goes to: never one that nobody named, and never a new file in the place of a server.

use crate::project::{Project, Run};

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";

/// The commands that open a database.
const COMMANDS: [&str; 7] =
    ["migrate", "migrate --dry-run", "push", "status", "baseline", "pull", "diff --from database --to head"];

fn no_database(project: &Project) {
    let names = std::fs::read_dir(project.root()).expect("it is there");
    let mut names: Vec<String> =
        names.map(|entry| entry.expect("it is there").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !["Cargo.toml", "src", "migrations", ".env", "dbmigrate.toml"].contains(&name.as_str()));
    assert!(names.is_empty(), "there are new files: {names:?}");
}

#[test]
fn a_blank_variable_is_an_error() {
    let project = Project::generated(USERS);
    for blank in ["", " ", "\n", "\"\"", "''", " ' ' ", "\u{feff}"] {
        project.set("TURSO_DATABASE_URL", blank);
        for command in COMMANDS {
            let run = project.refuses(2, command);
            let wanted = "error: the environment variable `TURSO_DATABASE_URL` is set, but blank";
            assert!(run.err.starts_with(wanted), "{command} {blank:?}: {}", run.err);
        }
    }
    no_database(&project);
    // a flag comes first
    project.runs("migrate --url a.db");
}

#[test]
fn a_blank_line_in_dot_env_is_an_error() {
    let project = Project::generated(USERS);
    for blank in ["", "\"\"", "' '", "${NOBODY_HAS_THIS}"] {
        project.write(".env", format!("TURSO_DATABASE_URL={blank}\nTURSO_DATABASE_URL=later.db\n"));
        let run = project.refuses(2, "migrate");
        assert!(run.err.starts_with("error: `TURSO_DATABASE_URL` in `.env` is set, but blank"), "{}", run.err);
    }
    no_database(&project);
    project.set("TURSO_DATABASE_URL", "env.db");
    project.runs("migrate");
}

#[test]
fn a_blank_url_in_the_configuration_or_of_a_flag_is_an_error() {
    let project = Project::generated(USERS);
    for blank in ["", " ", "''"] {
        let run = Run::of(&mut project.command(&["migrate", "--url", blank]));
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.starts_with("error: `--url` is set, but blank"), "{}", run.err);
        project.write("dbmigrate.toml", format!("url = \"{blank}\"\n"));
        let run = project.refuses(2, "migrate");
        assert!(run.err.starts_with("error: `url` is blank") && run.err.contains("dbmigrate.toml:1:1"), "{}", run.err);
        project.write("dbmigrate.toml", "");
    }
    no_database(&project);
}

#[test]
fn a_blank_token_is_an_error() {
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", "http://127.0.0.1:1");
    for blank in ["", " ", "\"\""] {
        project.set("TURSO_AUTH_TOKEN", blank);
        let run = project.refuses(2, "migrate");
        assert!(
            run.err.starts_with("error: the environment variable `TURSO_AUTH_TOKEN` is set, but blank"),
            "{}",
            run.err
        );
    }
    project.set("OTHER", "");
    project.write("dbmigrate.toml", "token_env = \"OTHER\"\n");
    assert!(project.refuses(2, "status").err.contains("`OTHER` is set, but blank"));
    project.write("dbmigrate.toml", "token_env = \"THIRD\"\n");
    project.write(".env", "THIRD=\n");
    assert!(project.refuses(2, "status").err.starts_with("error: `THIRD` in `.env` is set, but blank"));
    let run = Run::of(&mut project.command(&["status", "--url", "http://127.0.0.1:1?authToken="]));
    assert_eq!(run.code, 2, "{}", run.err);
    // a file needs none
    project.runs("migrate --url a.db");
}

#[test]
fn in_ci_nothing_is_taken_for_granted() {
    for on in ["true", "1", "yes", "woodpecker"] {
        let project = Project::generated(USERS);
        project.set("CI", on);
        for command in COMMANDS {
            let run = project.refuses(2, command);
            assert!(run.err.contains("no database given") && run.err.contains("`--url dev.db`"), "{}", run.err);
        }
        no_database(&project);
        project.runs("check");
        project.runs("generate");
        // what the message says
        project.runs("migrate --url dev.db");
        project.write("dbmigrate.toml", "url = \"dev.db\"\n");
        project.runs("status");
    }
    for off in ["", "0", "false", "False"] {
        let project = Project::generated(USERS);
        project.set("CI", off);
        project.runs("migrate");
    }
}

#[test]
fn white_space_around_a_url_is_no_part_of_it() {
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", " env.db\n");
    project.runs("migrate");
    assert!(project.path("env.db").is_file());
    project.set("TURSO_DATABASE_URL", "\u{feff}libsql://nobody.invalid\r\n");
    let run = project.ends(1, "status");
    assert!(run.err.contains("`libsql://nobody.invalid` cannot be reached"), "{}", run.err);
}

#[test]
fn what_looks_like_a_host_is_an_error_with_the_url_that_was_meant() {
    let project = Project::generated(USERS);
    for (typed, wanted) in [
        ("mydb.turso.io", "libsql://mydb.turso.io"),
        ("mydb-org.aws-eu-west-1.turso.io", "libsql://mydb-org.aws-eu-west-1.turso.io"),
        ("app.turso.io:443", "libsql://app.turso.io"),
        ("localhost", "http://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("[::1]:8080", "'http://[::1]:8080'"),
        ("db.example.com", "libsql://db.example.com"),
        ("libsql:/app.turso.io", "libsql://app.turso.io"),
        ("libsql:app.turso.io", "libsql://app.turso.io"),
        ("libsql//app.turso.io", "libsql://app.turso.io"),
        ("https:/x", "https://x"),
        ("'libsql://x'", "libsql://x"),
        ("\"libsql://x\"", "libsql://x"),
        ("TURSO_DATABASE_URL=libsql://x", "libsql://x"),
        ("example.com", "libsql://example.com"),
        ("app.dev", "libsql://app.dev"),
        ("TURSO_DATABASE_URL=x.db", "x.db"),
        ("export TURSO_DATABASE_URL=x.db", "x.db"),
    ] {
        for command in ["migrate", "push", "status"] {
            let run = Run::of(&mut project.command(&[command, "--url", typed]));
            assert_eq!(run.code, 2, "{typed}: {}", run.err);
            assert!(run.err.contains(&format!("`--url {wanted}`")), "{typed}: {}", run.err);
            assert!(!run.err.contains("mkdir") && !run.err.contains("``"), "{typed}: {}", run.err);
        }
        project.set("TURSO_DATABASE_URL", typed);
        let run = project.refuses(2, "migrate");
        assert!(run.err.contains(&format!("`TURSO_DATABASE_URL={wanted}`")), "{typed}: {}", run.err);
    }
    for typed in [
        "$URL",
        "${{ secrets.URL }}",
        "<url>",
        "null",
        "undefined",
        "libsql://",
        "turso://x",
        "a://",
        ".",
        "~/x.db",
        "env:URL",
        "jdbc:sqlite:x.db",
        "sqlite3:x.db",
    ] {
        let run = Run::of(&mut project.command(&["migrate", "--url", typed]));
        assert_eq!(run.code, 2, "{typed}: {}", run.err);
        assert!(!run.err.contains("mkdir") && !run.err.contains("``"), "{typed}: {}", run.err);
    }
    let run = Run::of(&mut project.command(&["migrate", "--url", " libsql://nobody.invalid"]));
    assert!(run.code == 1 && !run.err.contains("mkdir"), "{}", run.err);
    let run = Run::of(&mut project.command(&["diff", "--from", "localhost:8080"]));
    assert!(run.code == 2 && run.err.contains("`--from http://localhost:8080`"), "{}", run.err);
    no_database(&project);
}

#[test]
fn names_of_files_stay_files() {
    for name in [
        "dev.db",
        "app.sqlite3",
        "data.prod.db",
        "db.v2",
        "my.data",
        "backup",
        "./localhost",
        "./mydb.turso.io",
        "./app.dev",
        "./env:URL",
        "file:localhost",
        "file:db.example.com",
        "a:b.db",
    ] {
        let project = Project::generated(USERS);
        let run = Run::of(&mut project.command(&["migrate", "--url", name]));
        assert_eq!(run.code, 0, "{name}: {}", run.err);
        let path = project.path(name.trim_start_matches("file:"));
        assert!(path.is_file(), "{name}");
        // and what is there under a name that looks like a host is what is meant
        let bare = name.trim_start_matches("file:").trim_start_matches("./");
        let run = Run::of(&mut project.command(&["status", "--url", bare]));
        assert_eq!(run.code, 0, "{bare}: {}", run.err);
    }
    let project = Project::generated(USERS);
    std::fs::create_dir(project.path("db.example.com")).expect("it is writable");
    project.runs("migrate --url db.example.com/app");
}

#[test]
fn no_secret_of_a_url_that_is_refused_is_printed() {
    let project = Project::generated(USERS);
    for typed in [
        "x?authToken=s3cret",
        "me:s3cret@x.turso.io",
        "x.turso.io?authToken=s3cret",
        "'libsql://x?authToken=s3cret'",
        "libsql:/x?authToken=s3cret",
        "URL=libsql://me:s3cret@x",
        "libsql://${HOST}?authToken=s3cret",
    ] {
        let run = Run::of(&mut project.command(&["migrate", "--url", typed]));
        assert_eq!(run.code, 2, "{typed}: {}", run.err);
        assert!(!(run.out + &run.err).contains("s3cret"), "{typed}");
    }
    no_database(&project);
}
