//! `rebase` in real repositories: from the middle of a merge, a rebase and a cherry-pick, behind them, and without git.

use crate::branches::{two_branches, users};
use crate::project::Project;
use crate::repository::Repository;

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
    // git marks a conflict in the lock all the same, with one history in it
    project.refuses(5, "status --url other.db");
    project.runs("rebase");
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

#[test]
fn what_both_branches_have_changed_is_named_with_its_answers_as_commands() {
    let repository = two_branches();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["nick", "bio"]).replace("bio: Option<String>", "bio: Option<i64>"), "another bio");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = project.refuses(3, "rebase");
    assert!(run.err.contains("`users.bio`") && run.err.contains("this branch "), "{}", run.err);
    let commands = run.suggested();
    let takes = commands.iter().find(|line| line.contains("--take theirs:")).expect("an answer is a command");
    let run = project.shell(takes);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(names(project), ["0001_create_users", "0002_users_nick", "0003_users_bio"]);
    // an answer that answers nothing
    repository.git(&["merge", "--abort"]);
    project.refuses(2, "rebase --onto main~1 --take ours:users.nick");
}

#[test]
fn an_answer_that_nothing_asks_for_is_a_usage_error_and_nothing_is_written() {
    let repository = two_branches();
    let project = &repository.project;
    repository.fails(&["merge", "main"]);
    for (flag, said) in [
        ("--backfill users.nick=1", "`--backfill users.nick=1`: no migration that moves has a use for it"),
        ("--convert users.nick=lower(nick)", "`--convert 'users.nick=lower(nick)'`: no migration that moves"),
        ("--take ours:users.bio", "`--take ours:users.bio`: no conflict is about that"),
    ] {
        let run = project.refuses(2, &format!("rebase {flag}"));
        assert!(run.err.contains(said) && run.err.contains("nothing was written"), "{flag}: {}", run.err);
    }
    project.runs("rebase");
    assert_eq!(names(project), BOTH);
}

#[test]
fn one_name_on_both_branches_gets_two_numbers() {
    let repository = Repository::new(&users(&[]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    project.structs(&users(&["bio"]));
    project.runs("generate --name same");
    repository.commit("feature");
    repository.git(&["checkout", "-q", "main"]);
    project.structs(&users(&["nick"]));
    project.runs("generate --name same");
    repository.commit("main");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    assert!(project.read("migrations/0002_same/migration.sql").contains("<<<<<<<"));
    project.runs("rebase");
    assert_eq!(names(project), ["0001_create_users", "0002_same", "0003_same"]);
    assert!(project.read("migrations/0002_same/migration.sql").contains("nick"));
    assert!(project.read("migrations/0003_same/migration.sql").contains("bio"));
}

#[test]
fn a_migration_that_a_target_has_is_not_moved_and_the_other_way_round_works() {
    let repository = two_branches();
    let project = &repository.project;
    project.write(
        "dbmigrate.toml",
        "[targets.production]\nurl = \"production.db\"\n[targets.far]\nurl = \"http://127.0.0.1:9\"\n",
    );
    repository.commit("targets");
    project.runs("migrate -t production --yes");
    project.database("production.db").run("INSERT INTO users (id, bio) VALUES (1, 'a'), (2, NULL)");
    repository.fails(&["merge", "main"]);
    let run = project.refuses(5, "rebase");
    assert!(run.err.contains("`0002_users_bio` is applied to"), "{}", run.err);
    let command = run.suggested().into_iter().find(|line| line.contains("--onto")).expect("it says what to do");
    assert!(command.ends_with("rebase --onto HEAD"), "{command}");
    let run = project.shell(&command);
    assert_eq!(run.code, 0, "{}", run.err);
    // what could not be asked is said
    assert!(run.err.contains("cannot ask `far`") && run.err.contains("--applied-on far"), "{}", run.err);
    assert_eq!(names(project), ["0001_create_users", "0002_users_bio", "0003_users_nick"]);
    project.runs("migrate -t production --yes");
    let rows = project.database("production.db").query("SELECT id, bio, nick FROM users ORDER BY id");
    assert_eq!(rows, ["1|a|NULL", "2|NULL|NULL"]);
    // and where somebody knows it
    let repository = two_branches();
    let project = &repository.project;
    project.write("dbmigrate.toml", "[targets.far]\nurl = \"http://127.0.0.1:9\"\n");
    repository.commit("targets");
    repository.fails(&["merge", "main"]);
    let run = project.refuses(5, "rebase --applied-on far --offline");
    assert!(run.err.contains("applied to the target `far`"), "{}", run.err);
    project.refuses(2, "rebase --applied-on nowhere");
}

#[test]
fn a_development_database_with_this_branch_is_told_the_way_out() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("migrate");
    project.sql("INSERT INTO users (id, bio) VALUES (1, 'a')");
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("`dev.db` has `0002_users_bio`, which gets another place"), "{}", run.err);
    assert!(
        run.err.contains("switch the development database to them: `cargo dbmigrate reset --keep-data`"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("`cargo dbmigrate migrate`"), "{}", run.err);
    project.structs(&users(&["nick", "bio"]));
    project.refuses(5, "migrate");
    project.runs("reset --keep-data");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, nick, bio FROM users"), ["1|NULL|a"]);
}

#[test]
fn a_development_database_follows_the_renames_of_the_other_branch() {
    let repository = Repository::new(&users(&["name", "city"]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.add(&users(&["name", "city", "bio"]), "feature");
    project.runs("migrate");
    project.sql("INSERT INTO users (id, name, city, bio) VALUES (1, 'ann', 'Bern', 'a'), (2, NULL, NULL, NULL)");
    repository.git(&["checkout", "-q", "main"]);
    // twice, and one of them drops another column on the way
    project.structs(&users(&["nick"]));
    project.runs("generate --rename users.name=nick --accept drop_column:users.city");
    project.structs(&users(&["alias"]));
    project.runs("generate --rename users.nick=alias");
    repository.commit("main");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    project.runs("rebase");
    project.structs(&users(&["alias", "bio"]));
    // a loss stays a decision
    let run = project.refuses(3, "reset --keep-data");
    assert!(run.err.contains("users.city") && !run.err.contains("users.name"), "{}", run.err);
    project.runs("reset --keep-data --accept drop_column:users.city");
    assert_eq!(project.query("SELECT id, alias, bio FROM users ORDER BY id"), ["1|ann|a", "2|NULL|NULL"]);
    project.runs("check");
    project.runs("status");
}

#[test]
fn the_merge_driver_takes_what_goes_on_and_leaves_both_heads_to_rebase() {
    let driver = |repository: &Repository| {
        repository.git(&["config", "merge.dbmigrate.driver", "cargo dbmigrate merge-driver %O %A %B %P"]);
        repository.project.write(".gitattributes", "migrations.lock merge=dbmigrate\n");
        repository.commit("attributes");
    };
    let repository = two_branches();
    let project = &repository.project;
    driver(&repository);
    repository.fails(&["merge", "main"]);
    let lock = project.read("migrations/migrations.lock");
    assert!(lock.contains("<<<<<<< ours\n") && lock.contains(">>>>>>> theirs\n"), "{lock}");
    project.refuses(5, "check");
    project.runs("rebase");
    assert_eq!(names(project), BOTH);
    project.structs(&users(&["nick", "bio"]));
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["commit", "-q", "-m", "merged"]);
    // behind another merge, which takes all of this one
    repository.git(&["checkout", "-q", "-b", "other", "main"]);
    repository.git(&["merge", "-q", "feature"]);
    project.runs("check");
    // both have one, and one of them another
    repository.git(&["checkout", "-q", "-b", "copy", "main~1"]);
    driver(&repository);
    let from = ["checkout", "-q", "main", "--", "migrations", "src"];
    repository.git(&from);
    repository.commit("the same by hand");
    repository.git(&["merge", "-q", "-X", "theirs", "-m", "x", "feature"]);
    project.runs("check");
    assert_eq!(names(project), BOTH);
}
