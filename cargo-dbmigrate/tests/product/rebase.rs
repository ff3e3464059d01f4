//! `rebase` in real repositories: from the middle of a merge, a rebase and a cherry-pick, behind them, and without git.

use crate::branches::{two_branches, users};
use crate::project::Project;

/// The names that the lock lists, and that everything fits together and applies to a fresh database.
#[track_caller]
fn names(project: &Project) -> Vec<String> {
    let run = project.ends(4, "status --url fresh.db");
    let names = run.out.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    project.runs("migrate --url fresh.db");
    let broken = project.database("fresh.db").query("SELECT * FROM pragma_foreign_key_check");
    assert!(broken.is_empty(), "{broken:?}");
    std::fs::remove_file(project.path("fresh.db")).expect("it is there");
    names
}

const BOTH: [&str; 3] = ["0001_create_users", "0002_users_nick", "0003_users_bio"];

#[test]
fn a_merge_is_resolved_by_rebasing_this_branch() {
    for style in ["merge", "diff3", "zdiff3"] {
        let repository = two_branches();
        let project = &repository.project;
        repository.fails(&["-c", &format!("merge.conflictStyle={style}"), "merge", "main"]);
        project.refuses(0, "rebase --dry-run");
        project.transcript();
        project.runs("rebase");
        if style == "merge" {
            insta::assert_snapshot!(project.transcript());
        }
        assert_eq!(names(project), BOTH);
        // what it says to do works
        project.structs(&users(&["nick", "bio"]));
        project.runs("check");
        repository.git(&["add", "migrations", "src"]);
        repository.git(&["merge", "--continue"]);
        project.runs("check");
        let run = project.refuses(0, "rebase");
        assert!(run.err.contains("Unchanged"), "{}", run.err);
    }
}

#[test]
fn a_database_that_has_the_other_branch_gets_this_branch_and_keeps_its_rows() {
    let repository = two_branches();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    project.runs("migrate --url production.db");
    project.database("production.db").run("INSERT INTO users (id, nick) VALUES (1, 'ann'), (2, NULL)");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    project.runs("rebase");
    project.runs("migrate --url production.db");
    let rows = project.database("production.db").query("SELECT id, nick, bio FROM users ORDER BY id");
    assert_eq!(rows, ["1|ann|NULL", "2|NULL|NULL"]);
}

#[test]
fn a_rebase_of_git_is_resolved_commit_by_commit() {
    let repository = two_branches();
    let project = &repository.project;
    repository.add(&users(&["bio", "age"]), "feature again");
    repository.fails(&["rebase", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("`git rebase --continue`"), "{}", run.err);
    assert_eq!(names(project), BOTH);
    project.structs(&users(&["nick", "bio"]));
    repository.git(&["add", "migrations", "src"]);
    repository.fails(&["rebase", "--continue"]);
    project.runs("rebase");
    assert_eq!(names(project), [&BOTH[..], &["0004_users_age"]].concat());
    project.structs(&users(&["nick", "bio", "age"]));
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["rebase", "--continue"]);
    project.runs("check");
}

#[test]
fn a_cherry_pick_is_resolved() {
    let repository = two_branches();
    let project = &repository.project;
    repository.add(&users(&["bio", "age"]), "feature again");
    repository.git(&["checkout", "-q", "main"]);
    repository.fails(&["cherry-pick", "feature"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("`git cherry-pick --continue`"), "{}", run.err);
    // of the commit alone, not of what was before it
    assert_eq!(names(project), ["0001_create_users", "0002_users_nick", "0003_users_age"]);
}

#[test]
fn a_squash_merge_and_what_was_committed_broken_are_resolved() {
    let repository = two_branches();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    repository.fails(&["merge", "--squash", "feature"]);
    project.runs("rebase");
    assert_eq!(names(project), ["0001_create_users", "0002_users_bio", "0003_users_nick"]);
    // conflict markers that were committed
    let repository = two_branches();
    let project = &repository.project;
    repository.fails(&["merge", "main"]);
    repository.commit("with markers");
    project.runs("rebase");
    assert_eq!(names(project), BOTH);
    // the lock of one side that was committed, with both directories
    for side in ["ours", "theirs"] {
        let repository = two_branches();
        let project = &repository.project;
        repository.fails(&["merge", "main"]);
        repository.git(&["checkout", &format!("--{side}"), "migrations/migrations.lock"]);
        repository.commit("with one lock");
        project.runs("rebase");
        assert_eq!(names(project), BOTH, "{side}");
    }
    // a whole line twice
    let lock = project.read("migrations/migrations.lock");
    let last = lock.lines().last().expect("it has lines");
    project.write("migrations/migrations.lock", format!("{lock}{last}\n"));
    project.refuses(5, "check");
    project.runs("rebase");
    assert_eq!(project.read("migrations/migrations.lock"), lock);
}

#[test]
fn without_a_merge_the_other_branch_is_named() {
    let repository = two_branches();
    let project = &repository.project;
    let run = project.refuses(0, "rebase");
    assert!(run.err.contains("Unchanged"), "{}", run.err);
    project.refuses(2, "rebase --onto nowhere");
    project.runs("rebase --onto main");
    assert_eq!(names(project), BOTH);
    repository.commit("rebased");
    project.refuses(0, "rebase --onto main");
    // the merge that comes after it is none any more
    project.structs(&users(&["nick", "bio"]));
    repository.commit("structs");
    repository.fails(&["merge", "main"]);
    project.structs(&users(&["nick", "bio"]));
    assert_eq!(names(project), BOTH);
}

#[test]
fn without_git_a_lock_file_or_a_head_is_named() {
    let repository = two_branches();
    let other = tempfile::tempdir().expect("a temporary directory");
    let theirs = other.path().join("theirs");
    repository.git(&["worktree", "add", "-q", theirs.to_str().expect("UTF-8"), "main"]);
    let project = &repository.project;
    std::fs::remove_dir_all(project.path(".git")).expect("it is there");
    project.runs(&format!("rebase --onto {}", theirs.join("migrations/migrations.lock").display()));
    assert_eq!(names(project), BOTH);
    assert!(project.path("migrations/.replaced/0002_users_bio/migration.sql").is_file(), "{}", project.file_names());
    // the files alone
    let repository = two_branches();
    let project = &repository.project;
    repository.fails(&["merge", "main"]);
    std::fs::remove_dir_all(project.path(".git")).expect("it is there");
    let run = project.refuses(2, "rebase");
    let commands = run.suggested();
    assert_eq!(commands.len(), 2, "{}", run.err);
    let command = commands.iter().find(|line| line.ends_with("nick")).expect("it names the heads");
    assert_eq!(project.shell(command).code, 0);
    assert_eq!(names(project), BOTH);
}

#[test]
fn structs_with_conflict_markers_do_not_stop_it() {
    let repository = two_branches();
    let project = &repository.project;
    repository.fails(&["merge", "main"]);
    assert!(project.read("src/lib.rs").contains("<<<<<<<"));
    let run = project.runs("rebase");
    assert!(run.err.contains("resolve the structs"), "{}", run.err);
}

#[test]
fn a_migration_that_both_branches_made_is_left_out() {
    let repository = two_branches();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["nick", "bio"]), "the same");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("Left out 0002_users_bio"), "{}", run.err);
    assert_eq!(names(project), ["0001_create_users", "0002_users_nick", "0003_users_bio"]);
}

#[test]
fn custom_sql_is_kept_as_it_is_and_run_behind_the_others() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("generate --custom --name fill");
    let text = "-- by hand\nUPDATE users SET bio = 'none' WHERE bio IS NULL;\n";
    project.write("migrations/0003_fill/migration.sql", text);
    project.runs("generate --custom");
    repository.commit("fill");
    repository.fails(&["merge", "main"]);
    project.runs("rebase");
    assert_eq!(names(project), [&BOTH[..], &["0004_fill"]].concat());
    assert_eq!(project.read("migrations/0004_fill/migration.sql"), text);
}

#[test]
fn custom_sql_that_fails_behind_the_others_is_named_and_can_be_edited() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("generate --custom --name fill");
    project.write("migrations/0003_fill/migration.sql", "UPDATE users SET bio = id;\nUPDATE users SET bio = NULL;\n");
    project.runs("generate --custom");
    repository.commit("fill");
    repository.git(&["checkout", "-q", "main"]);
    project.structs(&users(&["nick"]).replace("\"users\"", "\"people\""));
    project.runs("generate --rename users=people");
    repository.commit("renamed");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = project.refuses(3, "rebase");
    assert!(run.err.contains("`0003_fill` fails behind `main`: no such table: users"), "{}", run.err);
    assert!(run.err.contains("migrations/0003_fill/migration.sql:1"), "{}", run.err);
    project.write("migrations/0003_fill/migration.sql", "UPDATE people SET bio = id;\n");
    let run = project.runs("rebase");
    assert!(run.err.contains("0003_fill as 0005_fill (as it was edited)"), "{}", run.err);
    let names = names(project);
    assert_eq!(names[3..], ["0004_users_bio", "0005_fill"], "{names:?}");
    assert!(project.read("migrations/0004_users_bio/migration.sql").contains("people"));
}
