//! Runs that would be green and have done nothing: what was forgotten is said.

use crate::project::{Project, Run};

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";
const MORE: &str = "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64, pub nick: Option<String> }";
const POST: &str = "use dbmigrate::Table;\n#[derive(Table)]\npub struct Post { #[column(primary_key)] pub id: i64 }\n";

fn remove(project: &Project, name: &str) {
    std::fs::remove_dir_all(project.path(name)).expect("it is there");
}

#[test]
fn a_migrations_folder_that_is_missing_is_an_error() {
    let project = Project::migrated(USERS);
    let served = "http://127.0.0.1:1";
    for state in ["no folder", "no lock", "no folder and no database"] {
        remove(&project, "migrations");
        match state {
            "no lock" => std::fs::create_dir(project.path("migrations")).expect("it is writable"),
            "no folder" => {}
            _ => std::fs::remove_file(project.path("dev.db")).expect("it is there"),
        }
        for command in ["migrate", "migrate --dry-run", "status", "check", "baseline", "diff --from head"] {
            let run = project.refuses(5, command);
            assert!(
                run.err.contains("migrations") && run.err.contains("COPY migrations"),
                "{state} {command}: {}",
                run.err
            );
        }
        project.refuses(5, &format!("migrate --url {served}"));
        std::fs::create_dir_all(project.path("migrations")).expect("it is writable");
    }
    // migrations without their lock, and a lock without its migrations
    let project = Project::migrated(USERS);
    let lock = project.read("migrations/migrations.lock");
    std::fs::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
    project.refuses(5, "migrate");
    project.write("migrations/migrations.lock", &lock);
    remove(&project, "migrations/0001_create_users");
    project.refuses(5, "migrate");
}

#[test]
fn a_folder_that_init_has_made_is_right_for_a_database_without_a_history() {
    let project = Project::new(USERS);
    project.runs("init");
    for command in ["migrate", "migrate --dry-run", "status"] {
        project.runs(command);
    }
    assert!(!project.path("dev.db").exists());
    project.ends(2, "migrate --to 1");
    project.sql("CREATE TABLE a (id INTEGER)");
    project.runs("migrate");
    // the server is asked
    project.ends(1, "migrate --url http://127.0.0.1:1");
}

#[test]
fn an_empty_folder_beside_a_history_is_an_error() {
    let project = Project::migrated(USERS);
    let lock = project.read("migrations/migrations.lock");
    remove(&project, "migrations");
    project.write("migrations/migrations.lock", format!("{}\n", lock.lines().next().unwrap_or_default()));
    for command in ["migrate", "migrate --dry-run", "status"] {
        let run = project.refuses(5, command);
        assert!(run.err.contains("the database is newer than the folder"), "{command}: {}", run.err);
    }
}

#[test]
fn an_empty_leftover_directory_is_ignored() {
    let project = Project::generated(USERS);
    std::fs::create_dir_all(project.path("migrations/0002_users_add_nick")).expect("it is writable");
    project.write("migrations/0007_old/.DS_Store", "x");
    project.write("migrations/0008_old/migration.sql~", "x");
    for command in ["migrate", "status", "check", "generate"] {
        project.runs(command);
    }
    project.structs(MORE);
    // the name of one of them is taken
    project.runs("generate");
    project.runs("migrate");
    project.runs("check");
    project.write("migrations/0009_other/migration.sql", "");
    project.refuses(5, "migrate");
}

#[test]
fn a_generate_that_was_forgotten_is_said() {
    let project = Project::migrated(USERS);
    assert!(!project.runs("migrate").err.contains("warning"));
    project.structs(MORE);
    for command in ["migrate", "status"] {
        let run = project.runs(command);
        let wanted = "warning: the structs have changed since the last migration\n  = help: write the next one: `cargo dbmigrate generate`\n";
        assert!(run.err.contains(wanted), "{command}: {}", run.err);
    }
    // it is no error, and where it cannot be told, nothing is said: no source, source that is broken or only a part
    for source in ["fn main() {", "", "macro_rules! m { () => { #[derive(Table)] struct A { id: i64 } } }"] {
        project.write("src/lib.rs", source);
        assert!(!project.runs("migrate").err.contains("warning"), "{source}");
    }
    remove(&project, "src");
    assert!(!project.runs("migrate").err.contains("warning"));
}

#[test]
fn what_is_said_in_passing_is_what_generate_says() {
    let structs = "#[derive(Table)] #[table(name = \"users\")] pub struct User { #[column(primary_key)] pub id: i64 }\n\
                   #[cfg(not(feature = \"slim\"))] #[derive(Table)] pub struct Log { #[column(primary_key)] pub id: i64 }\n\
                   #[cfg(target_pointer_width = \"64\")] mod wide {}\n";
    let project = Project::new(structs);
    project.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\ndefault = [\"slim\"]\nslim = []\n\
         [dependencies]\ndb = { package = \"dbmigrate-rs\", version = \"0.1\" }\n",
    );
    project.replace("src/lib.rs", "use dbmigrate::", "use db::");
    project.runs("generate");
    project.runs("migrate");
    assert!(!project.runs("migrate").err.contains("warning"));
    // nobody but rustc knows the width of a pointer
    project.replace("src/lib.rs", "pub id: i64 }\n#[cfg(not", "pub id: i64, pub a: i64 }\n#[cfg(not");
    assert!(!project.runs("migrate").err.contains("warning"));
    project.replace("src/lib.rs", "#[cfg(target_pointer_width = \"64\")]", "");
    assert!(project.runs("migrate").err.contains("warning: the structs have changed"));
}

#[test]
fn a_mod_that_was_forgotten_is_named_with_its_line() {
    for (root, line) in
        [("main.rs", "add `mod schema;` to src/main.rs"), ("lib.rs", "add `pub mod schema;` to src/lib.rs")]
    {
        let project = Project::new("");
        std::fs::remove_file(project.path("src/lib.rs")).expect("it is there");
        project.write(&format!("src/{root}"), "fn main() {}\n");
        project.runs("init");
        for command in ["generate", "generate --check", "push", "check", "diff --from structs --to empty"] {
            let run = project.refuses(1, command);
            assert!(run.err.contains(line), "{command}: {}", run.err);
        }
        project.write(&format!("src/{root}"), "pub mod schema;\nfn main() {}\n");
        project.runs("generate");
        project.runs("check");
    }
}

#[test]
fn a_struct_in_a_file_that_no_mod_reaches_is_said() {
    let project = Project::new(USERS);
    project.write("src/models/post.rs", POST);
    let run = project.runs("generate");
    assert!(run.err.contains("warning: `Post` is not read: no `mod` declares `src/models/post.rs`"), "{}", run.err);
    assert!(run.err.contains("add `pub mod models { pub mod post; }` to src/lib.rs"), "{}", run.err);
    project.write("src/models/mod.rs", "");
    let run = project.runs("check");
    assert!(run.err.contains("add `pub mod post;` to src/models/mod.rs"), "{}", run.err);
    assert!(run.err.contains("add `pub mod models;` to src/lib.rs"), "{}", run.err);
    // as it was said
    project.write("src/models/mod.rs", "pub mod post;\n");
    let lib = project.read("src/lib.rs");
    project.write("src/lib.rs", format!("pub mod models;\n{lib}"));
    let run = project.runs("generate");
    assert!(run.err.contains("0002_") && !run.err.contains("warning"), "{}", run.err);
}

#[test]
fn what_is_no_table_of_ours_or_not_meant_is_not_spoken_of() {
    let project = Project::new(&format!("{USERS}\n#[cfg(test)] mod tests;\n#[cfg(any())] mod old;\n"));
    project.write("src/tests.rs", POST);
    project.write("src/tests/deeper.rs", POST);
    project.write("src/old.rs", POST);
    project.write("src/notes.rs", "// #[derive(Table)] with dbmigrate\n");
    project.write("src/other.rs", "use tabled::Table;\n#[derive(Table)] struct A;\n");
    project.write("src/bin/tool.rs", "fn main() {}\n");
    let run = project.runs("generate");
    assert!(!run.err.contains("not read"), "{}", run.err);
}

#[test]
fn a_struct_behind_a_feature_that_is_off_is_said() {
    for hidden in [
        "#[cfg(feature = \"audit\")] #[derive(Table)] pub struct Audit { #[column(primary_key)] pub id: i64 }",
        "#[cfg(feature = \"audit\")] mod audit { use dbmigrate::Table; #[derive(Table)] pub struct Audit { #[column(primary_key)] pub id: i64 } }",
        "#[cfg_attr(feature = \"audit\", derive(Table))] pub struct Audit { #[cfg_attr(feature = \"audit\", column(primary_key))] pub id: i64 }",
        "#[cfg(feature = \"audit\")] pub mod audit;",
        "pub mod within;",
    ] {
        let project = Project::new(&format!("{USERS}\n{hidden}\n"));
        project.replace("Cargo.toml", "[dependencies]", "[features]\naudit = []\n\n[dependencies]");
        let audit = "use dbmigrate::Table;\n#[derive(Table)] pub struct Audit { #[column(primary_key)] pub id: i64 }";
        project.write("src/audit.rs", if hidden.contains("mod audit;") { audit } else { "" });
        project.write("src/within.rs", format!("#![cfg(feature = \"audit\")]\n{audit}"));
        if !hidden.contains("within") {
            std::fs::remove_file(project.path("src/within.rs")).expect("it is there");
        }
        let run = project.runs("generate --dry-run");
        assert!(run.err.contains("warning: `Audit` is not read: the feature `audit` is off"), "{hidden}: {}", run.err);
        assert!(run.err.contains("`--features audit`") && !run.err.contains("no `mod`"), "{hidden}: {}", run.err);
        let run = project.runs("generate --dry-run --features audit");
        assert!(!run.err.contains("not read") && run.out.contains("audit"), "{hidden}: {}{}", run.out, run.err);
        // with nothing else there, nothing goes on
        project.structs(hidden);
        for command in ["generate", "push", "check"] {
            assert!(project.refuses(1, command).err.contains("`--features audit`"), "{hidden}");
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn git_is_told_to_ignore_secrets_and_databases() {
    for existing in
        [None, Some("/target\n"), Some("/target"), Some("*.db\r\n.env*\r\n!.env.example\r\n"), Some("dev.db*\n")]
    {
        let project = Project::new(USERS);
        if git(&project, &["init", "-q"]).is_none() {
            eprintln!("SKIPPED: git is not there");
            return;
        }
        if let Some(text) = existing {
            project.write(".gitignore", text);
        }
        project.runs("init");
        let text = project.read(".gitignore");
        assert!(text.starts_with(existing.unwrap_or_default()), "{text}");
        for name in [".env", "dev.db", "dev.db-wal", "dev.db-shm", "dev.db-journal"] {
            assert_eq!(git(&project, &["check-ignore", "-q", name]), Some(0), "{existing:?} {name}: {text}");
        }
        for name in [".env.example", "src/lib.rs", "migrations/migrations.lock", "Cargo.toml"] {
            assert_eq!(git(&project, &["check-ignore", "-q", name]), Some(1), "{existing:?} {name}: {text}");
        }
        project.runs("init");
        assert_eq!(project.read(".gitignore"), text);
    }
    // what somebody wants in git stays there
    let project = Project::new(USERS);
    project.write(".gitignore", "*.db*\n!dev.db\n!.env\n");
    let _ = git(&project, &["init", "-q"]);
    project.runs("init");
    assert_eq!(project.read(".gitignore"), "*.db*\n!dev.db\n!.env\n");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn a_pulled_baseline_is_kept_out_of_git_as_well() {
    let project = Project::new("");
    if git(&project, &["init", "-q"]).is_none() {
        eprintln!("SKIPPED: git is not there");
        return;
    }
    project.database("data.db").run("CREATE TABLE a (id INTEGER PRIMARY KEY)");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.runs("pull --baseline --url data.db --out src/schema.rs");
    assert_eq!(project.read(".gitignore"), ".env\ndev.db*\ndata.db*\n");
    project.runs("pull --baseline --url data.db --out src/schema.rs");
    assert_eq!(project.read(".gitignore"), ".env\ndev.db*\ndata.db*\n");
    // outside of a checkout nobody needs it
    let project = Project::new(USERS);
    project.runs("init");
    assert!(!project.path(".gitignore").exists());
}

fn git(project: &Project, arguments: &[&str]) -> Option<i32> {
    let mut git = std::process::Command::new("git");
    git.args(arguments).current_dir(project.root()).output().ok()?.status.code()
}

#[test]
fn commands_of_other_tools_are_told_what_there_is() {
    let project = Project::new(USERS);
    for (typed, wanted) in [
        ("rollback", "generate --undo"),
        ("undo", "generate --undo"),
        ("down", "generate --undo"),
        ("rollback", "revert"),
        ("reverse", "revert"),
        ("redo", "generate --amend"),
        ("up", "migrate"),
        ("run", "migrate"),
        ("apply", "migrate"),
        ("deploy", "migrate"),
        ("dev", "push"),
        ("db", "push"),
        ("new", "generate"),
        ("create", "generate"),
        ("add", "generate"),
        ("drop", "reset"),
        ("fixtures", "seed"),
        ("introspect", "pull"),
        ("schema", "pull"),
        ("validate", "check"),
        ("verify", "check"),
        ("list", "status"),
        ("info", "status"),
        ("version", "--version"),
    ] {
        let run = project.run(typed);
        assert_eq!(run.code, 2, "{typed}: {}", run.err);
        let start = format!("error: no such command: `{typed}`\n");
        assert!(run.err.starts_with(&start) && run.err.contains(&format!("`cargo dbmigrate {wanted}`")), "{}", run.err);
    }
    let run = project.run("studio --message-format json");
    assert_eq!((run.code, &run.json()[0]["reason"]), (2, &"error".into()));
    assert_eq!(project.run("frobnicate").code, 2);
}

#[test]
fn help_is_a_command() {
    let project = Project::new(USERS);
    let of = |line: &str| Run::of(&mut project.command(&line.split(' ').collect::<Vec<_>>()));
    assert_eq!((of("help").code, of("help").out), (0, of("--help").out));
    assert_eq!((of("help migrate").code, of("help migrate").code), (0, of("migrate --help").code));
    assert!(of("help migrate").out.contains("--dry-run"));
    assert_eq!(of("help rollback").code, 2);
}

#[test]
fn structs_behind_a_condition_that_never_holds_here_are_named_if_there_are_no_others() {
    for (line, file) in [
        ("#[cfg(test)]\nmod post;", Some("src/post.rs")),
        ("#[cfg(not(unix))]\n#[cfg(not(windows))]\nmod post;", Some("src/post.rs")),
        ("#[cfg(any())]\nmod post { use dbmigrate::Table; #[derive(Table)] struct Post { id: i64 } }", None),
    ] {
        let project = Project::new("");
        project.write("src/lib.rs", line);
        if let Some(file) = file {
            project.write(file, POST);
        }
        for command in ["generate", "check", "push"] {
            let run = project.refuses(1, command);
            assert!(run.err.contains("`Post` is not read: the `cfg` on it"), "{line} {command}: {}", run.err);
        }
        // beside others, it is meant
        project.write("src/lib.rs", format!("use dbmigrate::Table;\n{USERS}\n{line}"));
        let run = project.runs("generate");
        assert!(!run.err.contains("is not read"), "{}", run.err);
    }
}
