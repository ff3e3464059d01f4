//! `rebase` that is killed at any moment, and changes that were stashed.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::branches::{two_branches, users};
use crate::project::{BINARY, Project};
use crate::repository::Repository;

fn names(project: &Project) -> Vec<String> {
    let lock = project.read("migrations/migrations.lock");
    let names = lock.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "#").map(str::to_owned).collect()
}

const BOTH: [&str; 3] = ["0001_create_users", "0002_users_nick", "0003_users_bio"];

#[test]
fn a_rebase_that_is_killed_is_finished_by_the_next_one() {
    let repository = two_branches();
    let project = &repository.project;
    let mut killed = 0;
    for delay in (0..90).step_by(6) {
        repository.git(&["reset", "-q", "--hard", "feature"]);
        repository.git(&["clean", "-q", "-d", "-f", "migrations"]);
        repository.fails(&["merge", "main"]);
        let mut command = Command::new(BINARY);
        command.args(["dbmigrate", "rebase"]).current_dir(project.root()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(delay));
        killed += usize::from(child.try_wait().expect("it is ours").is_none());
        // if it has ended, there is nothing to kill
        let _ = child.kill();
        child.wait().expect("it is ours");
        project.runs("rebase");
        assert_eq!(names(project), BOTH, "after {delay} ms");
        project.structs(&users(&["nick", "bio"]));
        project.runs("check");
    }
    assert!(killed > 0, "it was never killed");
}

#[test]
fn what_was_stashed_is_put_behind_what_came_meanwhile() {
    let repository = Repository::new(&users(&[]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    project.structs(&users(&["bio"]));
    project.runs("generate");
    repository.git(&["stash", "-q", "--include-untracked"]);
    repository.add(&users(&["nick"]), "meanwhile");
    repository.fails(&["stash", "pop"]);
    project.runs("rebase");
    assert_eq!(names(project), BOTH);
    project.structs(&users(&["nick", "bio"]));
    project.runs("check");
    project.runs("migrate");
}
