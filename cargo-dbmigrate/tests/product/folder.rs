//! A migrations folder that is not what the tool left: which file, and what to do. Exit code 5, for every command.

use insta::assert_snapshot;

use crate::project::{Project, sql_of};

const FIRST: &str = "0001_create_users";
const SECOND: &str = "0002_users_email";

/// Two migrations, both applied to `dev.db`.
fn project() -> Project {
    let project = Project::generated(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64 }",
    );
    project.structs(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, email: Option<String> }",
    );
    project.runs("generate");
    project.runs("migrate");
    assert!(project.path(&sql_of(FIRST)).is_file() && project.path(&sql_of(SECOND)).is_file());
    project.transcript();
    project
}

/// What every command says, which must be the same, and what `status` lists before; nothing is changed.
#[track_caller]
fn inconsistent(project: &Project) -> String {
    let mut said: Vec<String> = Vec::new();
    for command in ["generate", "migrate", "check", "status"] {
        project.refuses(5, command);
        said.push(project.transcript().replace(&format!("dbmigrate {command}\n"), "dbmigrate …\n"));
    }
    said.dedup();
    said.concat()
}

#[test]
fn an_edited_migration_is_named() {
    let project = project();
    project.replace(&sql_of(FIRST), "users", "people");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn an_edited_last_migration_can_be_recorded() {
    let project = project();
    project.replace(&sql_of(SECOND), "users", "people");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_missing_migration_is_named() {
    let project = project();
    fs_err::remove_dir_all(project.path(&format!("migrations/{FIRST}"))).expect("it is there");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_missing_script_is_named() {
    let project = project();
    fs_err::remove_file(project.path(&sql_of(SECOND))).expect("it is there");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_directory_that_nobody_listed_is_named() {
    let project = project();
    project.write("migrations/0003_mine/migration.sql", "SELECT 1;\n");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_stray_script_is_named() {
    let project = project();
    project.write("migrations/0003_mine.sql", "SELECT 1;\n");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_lock_that_was_changed_by_hand_is_named_with_its_line() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    let swapped = lock.replace(FIRST, "0001_create_person");
    project.write("migrations/migrations.lock", swapped);
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_lock_without_its_last_line_leaves_a_directory_over() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    let lines: Vec<&str> = lock.lines().collect();
    project.write("migrations/migrations.lock", format!("{}\n", lines[..lines.len() - 1].join("\n")));
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_missing_lock_is_named() {
    let project = project();
    fs_err::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn a_lock_of_a_newer_version_asks_for_an_update() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    let first = lock.lines().next().expect("it has a header");
    let newer: String = first.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    assert_ne!(first, newer, "the header has the format");
    project.write("migrations/migrations.lock", lock.replacen(first, &newer, 1));
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn conflict_markers_in_the_lock_are_recognized() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    let last = lock.lines().last().expect("it has lines").to_owned();
    let conflict = format!("<<<<<<< HEAD\n{last}\n=======\n{last}\n>>>>>>> other\n");
    project.write("migrations/migrations.lock", lock.replace(&format!("{last}\n"), &conflict));
    assert_snapshot!(inconsistent(&project));
}

#[test]
fn an_edited_snapshot_is_named_by_the_commands_that_read_it() {
    let project = project();
    project.replace(&format!("migrations/{SECOND}/snapshot.json"), "email", "e_mail");
    for command in ["check", "generate --custom"] {
        project.refuses(5, command);
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn a_snapshot_of_a_newer_version_asks_for_an_update() {
    let project = project();
    let path = format!("migrations/{SECOND}/snapshot.json");
    let text = project.read(&path);
    let newer = text.replacen(": 1", ": 9", 1);
    assert_ne!(text, newer, "the first number is the format");
    project.write(&path, newer);
    project.refuses(5, "check");
    assert_snapshot!(project.transcript());
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let project = project();
    for (path, bytes) in project.tree() {
        let path = path.display().to_string();
        if path.starts_with("migrations") {
            let text = String::from_utf8(bytes).expect("it is text");
            assert!(!text.contains('\r'));
            project.write(&path, text.replace('\n', "\r\n"));
        }
    }
    for command in ["check", "status", "migrate", "generate", "migrate --url fresh.db"] {
        project.refuses(0, command);
    }
    assert_eq!(
        project.database("fresh.db").query("SELECT name, checksum FROM _dbmigrate_history"),
        project.query("SELECT name, checksum FROM _dbmigrate_history")
    );
    // what is added has the ends of the tool, and the rest stays readable
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, email: Option<String>, age: Option<i64> }");
    project.runs("generate");
    project.runs("check");
    project.runs("migrate");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_is_left() {
    let project = Project::new("#[derive(Table)]\nstruct User { id: i64 }");
    // also root cannot make a directory where a file is
    project.write("migrations", "");
    project.refuses(1, "generate");
    project.refuses(1, "init");
    assert_snapshot!(project.transcript());
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn a_folder_without_the_right_to_write_is_named_and_nothing_is_left() {
    use std::os::unix::fs::PermissionsExt as _;

    let project = project();
    let folder = project.path("migrations");
    let mode = |mode| fs_err::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    mode(0o555);
    let can_write_anyway = std::fs::write(folder.join("probe"), "").is_ok();
    if can_write_anyway {
        mode(0o755);
        eprintln!("not tested: this user may write to directories without the right to write");
        return;
    }
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64 }");
    let run = project.refuses(1, "generate --accept all");
    mode(0o755);
    assert!(run.err.contains("cannot write to `migrations`"), "{}", run.err);
    assert!(run.err.contains("help: see its owner and permissions: `ls -ld migrations`"), "{}", run.err);
}
