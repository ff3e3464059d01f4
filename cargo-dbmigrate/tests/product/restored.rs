//! Commands of git that are suggested work as they are typed, and none is suggested that would not.

use std::process::Command;

use crate::project::{Project, Run, sql_of};

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64 }\n";
const MORE: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, age: Option<i64> }\n";

#[track_caller]
fn git(project: &Project, words: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let run = Run::of(Command::new("git").current_dir(project.root()).args(identity).args(words));
    assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
}

/// Two migrations, the first in a commit.
fn project() -> Project {
    let project = Project::generated(STRUCTS);
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "a"]);
    project.structs(MORE);
    project.runs("generate");
    project
}

fn commands(run: &Run) -> Vec<String> {
    let lines = run.err.lines().filter(|line| line.contains("help: "));
    lines.flat_map(|line| line.split('`').filter(|part| part.starts_with("git "))).map(str::to_owned).collect()
}

#[track_caller]
fn is_restored(project: &Project) {
    let run = project.run("check");
    assert_eq!(run.code, 5, "{}", run.err);
    let commands = commands(&run);
    assert_eq!(commands.len(), 1, "{}", run.err);
    let done = project.shell(&commands[0]);
    assert_eq!(done.code, 0, "{}: {}", commands[0], done.err);
    project.runs("check");
}

#[test]
fn what_is_in_git_is_restored_by_the_command_that_is_suggested() {
    let project = project();
    let first = sql_of("0001_create_users");
    project.replace(&first, "users", "people");
    is_restored(&project);
    project.replace(&first, "users", "people");
    git(&project, &["add", &first]);
    is_restored(&project);
    fs_err::remove_dir_all(project.path("migrations/0001_create_users")).expect("it is there");
    is_restored(&project);
    git(&project, &["rm", "-q", "-r", "migrations/0001_create_users"]);
    is_restored(&project);
}

#[test]
fn git_is_not_asked_to_restore_what_it_never_had() {
    let project = project();
    let file = sql_of("0002_users_age");
    let kept = project.read(&file);
    for step in ["untracked", "added"] {
        if step == "added" {
            git(&project, &["add", "."]);
        }
        let index = step == "added";
        project.replace(&file, "users", "people");
        let run = project.run("check");
        // what was added can be had back from the index
        assert_eq!(commands(&run).len(), usize::from(index), "{step}: {}", run.err);
        assert!(index || run.err.contains("`cargo dbmigrate generate --undo --accept edits`"), "{}", run.err);
        project.write(&file, &kept);
    }
    git(&project, &["rm", "-q", "-r", "--cached", "migrations/0002_users_age"]);
    fs_err::remove_dir_all(project.path("migrations/0002_users_age")).expect("it is there");
    let run = project.run("check");
    assert!(commands(&run).is_empty(), "{}", run.err);
    assert_eq!(run.suggested().last().map(String::as_str), Some("cargo dbmigrate generate --undo"), "{}", run.err);
    project.runs("generate --undo");
    project.runs("generate");
    project.runs("check");
}

#[test]
fn without_git_nobody_is_sent_to_it() {
    let project = Project::migrated(STRUCTS);
    project.replace(&sql_of("0001_create_users"), "CREATE TABLE", "create table");
    let run = project.run("check");
    assert!(run.code == 5 && !run.err.contains("`git "), "{}", run.err);
    project.runs("generate --custom");
    let run = project.run("migrate");
    assert!(run.code == 5 && !run.err.contains("`git "), "{}", run.err);
    project.structs(MORE);
    fs_err::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
    let run = project.run("migrate");
    assert!(run.code == 5 && !run.err.contains("`git "), "{}", run.err);
}

#[test]
fn an_edit_of_an_applied_migration_is_shown_by_the_command_that_is_suggested() {
    let project = project();
    project.runs("migrate");
    project.replace(&sql_of("0002_users_age"), "ALTER TABLE", "alter table");
    project.runs("generate --custom");
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "b"]);
    let run = project.run("migrate");
    let commands = commands(&run);
    assert_eq!((run.code, commands.len()), (5, 1), "{}", run.err);
    let log = project.shell(&format!("cd src && {}", commands[0]));
    assert!(log.code == 0 && log.out.contains("alter table"), "{}: {}{}", commands[0], log.out, log.err);
}

#[test]
fn a_migration_that_is_taken_back_is_said_to_be_in_git_if_it_is() {
    let project = project();
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "b"]);
    let run = project.runs("generate --undo");
    assert!(run.err.contains("Removed migrations/0002_users_age, it is in git (1 migration left)"), "{}", run.err);
    git(&project, &["restore", "migrations"]);
    project.runs("check");
}
