//! The shell around the commands: what is typed, what is said, which exit code.

#[path = "product/messages.rs"]
mod messages;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// A package in a directory of its own.
struct Project {
    directory: TempDir,
}

impl Project {
    /// As `cargo new --bin app` makes it.
    fn new() -> Self {
        let project = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        project.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write("src/main.rs", "fn main() {}\n");
        project.write(".gitignore", "/target");
        fs_err::create_dir(project.path(".git")).expect("the directory is writable");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("the directory is writable");
        fs_err::write(path, text).expect("the directory is writable");
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).expect("the file is there")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = dbmigrate(arguments);
        command.current_dir(self.directory.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }
}

fn dbmigrate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command
        .args(arguments)
        .env_remove("TURSO_DATABASE_URL")
        .env_remove("CI")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary runs");
        messages::check_lines(&output);
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).expect("what is said is UTF-8");
        Self { code: status.code().expect("no signal"), out: text(stdout), err: text(stderr) }
    }

    /// The objects of `--message-format json`.
    fn json(&self) -> Vec<serde_json::Value> {
        let lines = self.out.lines().map(|line| serde_json::from_str(line).expect("every line is JSON"));
        let mut objects: Vec<serde_json::Value> = lines.collect();
        assert_eq!(objects.pop().expect("there is a last one")["reason"], "finished");
        objects
    }
}

#[test]
fn both_ways_of_calling_it_are_the_same() {
    let project = Project::new();
    for help in [&["--help"][..], &["generate", "--help"], &["frobnicate"], &["status", "--url", "http://h"]] {
        let direct = project.run(help);
        let through_cargo = project.run(&[&["dbmigrate"], help].concat());
        assert_eq!(
            (direct.code, &direct.out, &direct.err),
            (through_cargo.code, &through_cargo.out, &through_cargo.err)
        );
    }
}

#[test]
fn help_goes_to_the_standard_output_and_names_every_command() {
    let run = Run::of(&mut dbmigrate(&["--help"]));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for wanted in ["cargo dbmigrate", "init", "generate", "migrate", "status", "check", "Examples:", "Exit codes:"] {
        assert!(run.out.contains(wanted), "{wanted} is missing in\n{}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn every_command_takes_the_common_flags() {
    let flags = ["--package", "--manifest-path", "--features", "--all-features", "--no-default-features", "--color"];
    let more = ["--quiet", "--verbose", "--message-format"];
    for command in ["init", "generate", "migrate", "status", "check"] {
        let run = Run::of(&mut dbmigrate(&[command, "--help"]));
        assert_eq!(run.code, 0, "{}", run.err);
        for flag in flags.iter().chain(&more) {
            assert!(run.out.contains(flag), "{flag} is missing in the help of {command}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for flag in ["--version", "-V"] {
        let run = Run::of(&mut dbmigrate(&["dbmigrate", flag]));
        assert_eq!((run.code, run.out), (0, format!("cargo-dbmigrate {}\n", env!("CARGO_PKG_VERSION"))));
    }
}

#[test]
fn wrong_usage_exits_with_2_and_suggests() {
    for (arguments, wanted) in [
        (&[][..], "Usage:"),
        (&["migrat"], "'migrate'"),
        (&["generate", "--dryrun"], "'--dry-run'"),
        (&["generate", "--check", "--dry-run"], "cannot be used with"),
        (&["status", "-q", "-v"], "cannot be used with"),
        (&["status", "--message-format", "xml"], "possible values: human, json, github"),
    ] {
        let run = Run::of(&mut dbmigrate(arguments));
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains(wanted), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn colours_are_used_when_asked_for() {
    let project = Project::new();
    assert!(project.run(&["status", "--url", "http://h", "--color", "always"]).err.contains('\u{1b}'));
    assert!(!project.run(&["status", "--url", "http://h", "--color=never"]).err.contains('\u{1b}'));
    assert!(project.run(&["frobnicate", "--color", "always"]).err.contains('\u{1b}'));
}

#[test]
fn init_prepares_a_fresh_package_and_says_what_is_next() {
    let project = Project::new();
    let run = project.run(&["init"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    let wanted = "     Created migrations/migrations.lock\n     Created src/schema.rs (an example table to edit)\n     \
                  Created seeds/full/users.toml, seeds/demo/users.toml (rows for `cargo dbmigrate seed`)\n       \
                  Added `.env`, `dev.db*` to .gitignore\n        Next `cargo add dbmigrate-rs`\n             add `mod schema;` to \
                  src/main.rs\n             `cargo dbmigrate generate`\n             `cargo dbmigrate migrate`\n";
    assert_eq!(run.err, wanted);
    assert_eq!(project.read(".gitignore"), "/target\n.env\ndev.db*\n");
    assert!(project.read("src/schema.rs").contains("#[derive(Table)]"));
    assert_eq!(project.read("migrations/migrations.lock").lines().count(), 1);
    assert_eq!(project.read("src/main.rs"), "fn main() {}\n");
}

#[test]
fn init_again_changes_nothing() {
    let project = Project::new();
    project.run(&["init"]);
    project.write("src/schema.rs", "// mine\n");
    let again = project.run(&["init"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(project.read("seeds/demo/users.toml").contains("ADMIN_EMAIL"));
    assert!(!again.err.contains("Created") && !again.err.contains("Added"), "{}", again.err);
    assert_eq!(project.read("src/schema.rs"), "// mine\n");
    assert_eq!(project.read(".gitignore"), "/target\n.env\ndev.db*\n");
}

#[test]
fn init_leaves_out_what_a_package_already_has() {
    let project = Project::new();
    let manifest =
        "[package]\nname = \"app\"\n[dependencies]\ndb = { package = \"dbmigrate-rs\", version = \"0.1\" }\n";
    project.write("Cargo.toml", manifest);
    project.write("src/tables.rs", "use dbmigrate::Table;\n#[derive(Table)]\nstruct User { id: i64 }\n");
    project.write(".gitignore", "*.db*\n.env*\n");
    let run = project.run(&["init"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!project.path("src/schema.rs").exists());
    assert!(!run.err.contains("cargo add") && !run.err.contains("mod schema"), "{}", run.err);
    assert_eq!(project.read(".gitignore"), "*.db*\n.env*\n");
}

#[test]
fn init_puts_the_first_struct_where_structs_are_read() {
    let project = Project::new();
    project.write("dbmigrate.toml", "root = \"src/tables.rs\"\n");
    let run = project.run(&["init"]);
    assert!(
        run.err.contains("Created src/tables.rs (an example table") && !run.err.contains("mod schema"),
        "{}",
        run.err
    );
    assert!(!project.path("src/schema.rs").exists());
    assert!(!project.run(&["init"]).err.contains("Created"));
}

#[test]
fn init_in_json_is_one_object_with_the_same_facts() {
    let project = Project::new();
    let run = project.run(&["init", "-q", "--message-format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let [object] = &run.json()[..] else { panic!("not one object: {}", run.out) };
    assert_eq!(object["reason"], "init");
    assert_eq!(object["created"][0], "migrations/migrations.lock");
}

#[test]
fn without_a_package_it_says_so() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let run = Run::of(dbmigrate(&["status"]).current_dir(directory.path()));
    assert_eq!(run.code, 1);
    assert!(run.err.starts_with("error: could not find `Cargo.toml` in "), "{}", run.err);
    assert!(run.err.contains("  = help: create a package: `cargo init`\n"), "{}", run.err);
}

#[test]
fn a_package_is_found_from_below_by_path_and_by_name() {
    let project = Project::new();
    let below = Run::of(project.command(&["init"]).current_dir(project.path("src")));
    assert_eq!(below.code, 0, "{}", below.err);
    assert!(project.path("migrations/migrations.lock").is_file());
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let manifest = project.path("Cargo.toml").display().to_string();
    let run = Run::of(dbmigrate(&["init", "--manifest-path", &manifest]).current_dir(elsewhere.path()));
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(project.run(&["init", "-p", "app"]).code, 0);
    for (arguments, wanted) in [
        (&["init", "--manifest-path", "src"][..], "help: use `--manifest-path src/Cargo.toml`"),
        (&["init", "--manifest-path", "x/Cargo.toml"], "manifest path `x/Cargo.toml` does not exist"),
        (&["init", "-p", "ap"], "help: did you mean `-p app`?"),
    ] {
        let run = project.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(wanted), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn in_a_workspace_the_one_package_with_migrations_is_meant() {
    let project = Project::new();
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n");
    for member in ["one", "two"] {
        project
            .write(&format!("{member}/Cargo.toml"), &format!("[package]\nname = \"{member}\"\nversion = \"0.1.0\"\n"));
        project.write(&format!("{member}/src/lib.rs"), "");
    }
    let run = project.run(&["init"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("help: say `-p one` or `-p two`"), "{}", run.err);
    let run = project.run(&["init", "-p", "two"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate generate -p two`"), "{}", run.err);
    assert!(project.path("two/migrations/migrations.lock").is_file());
    // from now on it is clear
    assert_eq!(project.run(&["init"]).code, 0);
}

/// The database that `status -v` names, and where it was named.
fn database(project: &Project, argument: Option<&str>, environment: Option<&str>) -> String {
    let mut command = project.command(&["status", "-v"]);
    command.args(argument.map(|url| format!("--url={url}")));
    command.envs(environment.map(|url| ("TURSO_DATABASE_URL", url)));
    let run = Run::of(&mut command);
    let line = run.err.lines().find_map(|line| line.trim_start().strip_prefix("Database "));
    line.unwrap_or_else(|| panic!("no database in {}", run.err)).to_owned()
}

#[test]
fn the_database_is_the_first_that_is_named() {
    let project = Project::new();
    let root = project.directory.path().canonicalize().expect("it exists");
    let inside = |line: String| line.replace(&format!("{}/", root.display()), "");
    assert_eq!(inside(database(&project, None, None)), "dev.db (from the default)");
    project.write("dbmigrate.toml", "url = \"config.db\"\n");
    assert_eq!(inside(database(&project, None, None)), "config.db (from `url` in `dbmigrate.toml`)");
    project.write(".env", "OTHER=1\nTURSO_DATABASE_URL='file:dotenv.db'\n");
    assert_eq!(inside(database(&project, None, None)), "dotenv.db (from `TURSO_DATABASE_URL` in `.env`)");
    let environment = database(&project, None, Some("env.db"));
    assert_eq!(environment, "env.db (from the environment variable `TURSO_DATABASE_URL`)");
    assert_eq!(database(&project, Some("arg.db"), Some("env.db")), "arg.db (from `--url`)");
}

#[test]
fn no_secret_is_ever_printed() {
    let secret = "libsql://me:hunter2@db.example.com?authToken=s3cret";
    let project = Project::new();
    let hidden = |run: Run, what: &str| {
        assert_eq!(run.code, 2, "{what}: {}", run.err);
        let said = run.out + &run.err;
        assert!(said.contains("db.example.com") || said.contains(".env"), "{what}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("s3cret"), "{what}: {said}");
    };
    hidden(project.run(&["migrate", "--url", secret]), "argument");
    hidden(project.run(&["migrate", secret]), "an argument too many");
    hidden(project.run(&["migrate", &format!("--color={secret}")]), "value of another argument");
    hidden(project.run(&["migrate", "--message-format", "json", "--url", secret]), "JSON");
    hidden(Run::of(project.command(&["status", "-v"]).env("TURSO_DATABASE_URL", secret)), "environment");
    project.write(".env", &format!("TURSO_DATABASE_URL={secret}\n"));
    hidden(project.run(&["status", "-v"]), ".env");
    // nobody listens there
    let url = "http://127.0.0.1:1";
    project.write(".env", "");
    for token in ["s3 cret hunter2", "s3cret\"hunter2"] {
        let run = Run::of(project.command(&["status", "--url", url]).env("TURSO_AUTH_TOKEN", token));
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("the token from the environment variable `TURSO_AUTH_TOKEN`"), "{}", run.err);
        assert!(!run.err.contains("hunter2") && !run.err.contains("s3"), "{}", run.err);
    }
    project.write(".env", "TURSO_AUTH_TOKEN s3cret hunter2\n");
    hidden(project.run(&["status", "-v"]), "broken .env");
}

#[test]
fn a_token_is_no_argument() {
    let project = Project::new();
    for arguments in
        [&["migrate", "--token", "s3cret"][..], &["status", "--auth-token=s3cret"], &["--token=s3cret", "push"]]
    {
        let run = project.run(arguments);
        assert_eq!(run.code, 2, "{}", run.err);
        let wanted = "error: a token cannot be passed as an argument: anyone on this machine can read command \
                      lines\n  \
                      = help: set it in the environment or in `.env`: `TURSO_AUTH_TOKEN=…`\n  \
                      = help: or name another variable in `dbmigrate.toml`: `token_env = \"NAME\"`\n";
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", wanted));
    }
}

#[test]
fn a_mistake_in_the_configuration_is_shown_at_its_place() {
    let project = Project::new();
    project.write("dbmigrate.toml", "# ours\nmigratons = \"db\"\n");
    let run = project.run(&["status"]);
    assert_eq!(run.code, 2);
    let wanted = "error: unknown field `migratons`\n --> dbmigrate.toml:2:1\n  = help: did you mean `migrations`?\n";
    assert_eq!(run.err, wanted);
}

#[test]
fn an_error_in_json_has_its_exit_code_and_help() {
    let project = Project::new();
    let run = project.run(&["status", "--message-format=json", "--url", "postgres://localhost:8080"]);
    assert_eq!((run.code, run.err.as_str()), (2, ""));
    let [error] = &run.json()[..] else { panic!("not one object: {}", run.out) };
    assert_eq!((&error["reason"], &error["exit_code"]), (&"error".into(), &2.into()));
    assert!(
        error["message"].as_str().is_some_and(|message| message.contains("`postgres:` is not the scheme")),
        "{error}"
    );
    assert!(error["help"][0].is_string(), "{error}");
}

#[test]
fn an_inconsistent_folder_exits_with_5_and_its_advice() {
    let project = Project::new();
    project.write("migrations/0001_a/migration.sql", "SELECT 1;\n");
    let run = project.run(&["init"]);
    assert_eq!(run.code, 5, "{}", run.err);
    let wanted = "error: `migrations/migrations.lock` is missing, but there are migrations next to it\n  \
                  = help: it is not in git: copy it from another checkout or a backup\n  \
                  = help: or make it again from the directories: `cargo dbmigrate repair --lock`\n";
    assert_eq!(run.err, wanted);
    assert!(!project.path("migrations/migrations.lock").exists());
}
