//! `rebase` of a branch that was begun on another one, which was merged in the meantime: by a rebase and a squash merge,
//! or commit by commit. What is there already is left out, and nothing is done twice to rows.

use crate::branches::users;
use crate::project::{Project, sql_of};
use crate::repository::Repository;

/// A migration by hand, committed.
fn by_hand(repository: &Repository, name: &str, sql: &str) {
    let project = &repository.project;
    project.runs(&format!("generate --custom --name {name}"));
    let files = project.file_names();
    let mut directory = files.lines().filter_map(|line| line.split('/').find(|part| part.ends_with(name)));
    let file = sql_of(directory.next_back().expect("it was written"));
    project.write(&file, format!("-- by hand\n{sql}\n"));
    project.runs("generate --custom");
    repository.commit(name);
}

#[track_caller]
fn names(project: &Project) -> Vec<String> {
    let lock = project.read("migrations/migrations.lock");
    let names = lock.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.starts_with("00")).map(str::to_owned).collect()
}

/// `first` adds a column, fills it, makes it NOT NULL and renames it; `second` was begun on it. Then `first` was put behind a
/// migration of `main` and merged there as one commit.
fn stacked() -> Repository {
    let repository = Repository::new(&users(&[]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "first"]);
    repository.add(&users(&["age"]), "age");
    by_hand(&repository, "rows", "INSERT INTO users (id, age) VALUES (100, 'x');");
    by_hand(&repository, "more", "UPDATE users SET age = age || '+' WHERE true;");
    project.structs(&users(&["age"]).replace("age: Option<String>", "age: String"));
    project.runs("generate --backfill users.age='none' --name not_null");
    project.structs(&users(&["years"]).replace("years: Option<String>", "years: String"));
    project.runs("generate --rename users.age=years --name years");
    repository.commit("years");
    repository.git(&["checkout", "-q", "-b", "second"]);
    project.structs(&users(&["years", "city"]).replace("years: Option<String>", "years: String"));
    project.runs("generate");
    repository.commit("city");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["bio"]), "bio");
    repository.git(&["checkout", "-q", "first"]);
    repository.fails(&["merge", "main"]);
    project.runs("rebase");
    project.structs(&users(&["bio", "years"]).replace("years: Option<String>", "years: String"));
    repository.commit("merged");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["merge", "-q", "--squash", "first"]);
    repository.commit("first (#1)");
    project.runs("check");
    repository.git(&["checkout", "-q", "second"]);
    repository
}

const MERGED: [&str; 8] = [
    "0001_create_users",
    "0002_users_bio",
    "0003_users_age",
    "0004_rows",
    "0005_more",
    "0006_not_null",
    "0007_years",
    "0008_users_city",
];

#[test]
fn what_was_merged_of_the_branch_below_is_left_out_and_done_once() {
    let repository = stacked();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    project.runs("migrate --url main.db");
    project.database("main.db").run("INSERT INTO users (id, years) VALUES (1, 'y')");
    repository.git(&["checkout", "-q", "second"]);
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    insta::assert_snapshot!(run.err, @r"
        Rebasing 6 migrations onto main (head: 0007_years)
        Left out 0002_users_age: main has it as 0003_users_age
        Left out 0003_rows: main has it as 0004_rows
        Left out 0004_more: main has it as 0005_more
        Left out 0005_not_null: main has it as 0006_not_null
        Left out 0006_years: main has it as 0007_years
         Rebased 0007_users_city as 0008_users_city (planned again)
        Commutes with main: in both orders, the same schema and the same 3 rows
            Next resolve the structs, then compare them with the migrations: `cargo dbmigrate check`
                 add the migrations and what you have resolved: `git add migrations src/lib.rs`
                 then continue: `git merge --continue`
                 apply them: `cargo dbmigrate migrate`
    ");
    assert_eq!(names(project), MERGED);
    project.structs(&users(&["bio", "years", "city"]).replace("years: Option<String>", "years: String"));
    project.runs("check");
    repository.commit("merged");
    project.runs("check");
    for file in ["main.db", "new.db"] {
        project.runs(&format!("migrate --url {file}"));
    }
    let rows = "SELECT id, years, bio, city FROM users ORDER BY id";
    assert_eq!(project.database("main.db").query(rows), ["1|y|NULL|NULL", "100|x+|NULL|NULL"]);
    assert_eq!(project.database("new.db").query(rows), ["100|x+|NULL|NULL"]);
}

#[test]
fn a_rebase_of_git_leaves_out_what_was_merged_commit_by_commit() {
    let repository = stacked();
    let project = &repository.project;
    let mut run = repository.fails(&["rebase", "main"]);
    for _ in 0..8 {
        project.runs("rebase");
        project.structs(&users(&["bio", "years", "city"]).replace("years: Option<String>", "years: String"));
        repository.git(&["add", "--all", "."]);
        run = repository.succeeds_or_fails(&["-c", "core.editor=true", "rebase", "--continue"]);
        if run.code == 0 {
            break;
        }
    }
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(names(project), MERGED);
    project.runs("check");
}

#[test]
fn sql_that_was_rewritten_for_its_place_is_asked_for_by_its_name() {
    let repository = Repository::new(&users(&["name"]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "first"]);
    by_hand(&repository, "loud", "UPDATE users SET name = name || '!';");
    repository.git(&["checkout", "-q", "-b", "second"]);
    repository.add(&users(&["name", "city"]), "city");
    repository.git(&["checkout", "-q", "main"]);
    project.structs(&users(&["alias"]));
    project.runs("generate --rename users.name=alias");
    repository.commit("alias");
    repository.git(&["checkout", "-q", "first"]);
    repository.fails(&["merge", "main"]);
    let run = project.refuses(3, "rebase");
    insta::assert_snapshot!(run.err, @r"
        Rebasing 1 migration onto main (head: 0002_users_rename_name_to_alias)
    error: `0002_loud` fails behind `main`: no such column: name
     --> migrations/0002_loud/migration.sql:2
      = note: it was written by hand, so only you can say what it is to do there; nothing was written
      = note: `users.name` is called `alias` there
      = help: edit its SQL for the schema of `main`, then run again: `cargo dbmigrate rebase`
      = help: to leave it out: `cargo dbmigrate rebase --take theirs:0002_loud`
    ");
    project.write(&sql_of("0002_loud"), "UPDATE users SET alias = alias || '!';\n");
    project.runs("rebase");
    project.structs(&users(&["alias"]));
    repository.commit("merged");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["merge", "-q", "--squash", "first"]);
    repository.commit("first (#1)");
    repository.git(&["checkout", "-q", "second"]);
    repository.fails(&["merge", "main"]);
    let run = project.refuses(3, "rebase");
    insta::assert_snapshot!(run.err, @r"
        Rebasing 2 migrations onto main (head: 0003_loud)
    error: `0002_loud` has other SQL than `0003_loud` of `main`, which has its name
     --> migrations/0002_loud/migration.sql
      = note: what is done twice to rows cannot be undone; nothing was written
      = help: if they are one migration: `cargo dbmigrate rebase --take theirs:0002_loud`
      = help: to run both: `cargo dbmigrate rebase --take ours:0002_loud`
    ");
    let commands = run.suggested();
    assert_eq!(project.shell(&commands[0]).code, 0, "{}", commands[0]);
    assert_eq!(
        names(project),
        ["0001_create_users", "0002_users_rename_name_to_alias", "0003_loud", "0004_users_city"]
    );
    project.structs(&users(&["alias", "city"]));
    project.runs("check");
    // both of them, where that is meant, need the names that are there
    repository.git(&["merge", "--abort"]);
    repository.git(&["reset", "-q", "--hard", "second"]);
    repository.git(&["clean", "-q", "-d", "-f", "migrations"]);
    repository.fails(&["merge", "main"]);
    let run = project.refuses(3, "rebase --take ours:0002_loud");
    assert!(run.err.contains("no such column: name"), "{}", run.err);
    assert!(run.err.contains("`users.name` is called `alias` there"), "{}", run.err);
    project.write(&sql_of("0002_loud"), "UPDATE users SET alias = alias || '?';\n");
    project.runs("rebase");
    assert_eq!(names(project).len(), 5);
}

#[test]
fn a_migration_by_hand_that_was_picked_before_is_not_run_again() {
    let repository = Repository::new(&users(&["name"]));
    let project = &repository.project;
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.add(&users(&["name", "city"]), "city");
    by_hand(&repository, "loud", "UPDATE users SET name = name || '!';");
    repository.git(&["checkout", "-q", "main"]);
    repository.fails(&["cherry-pick", "feature"]);
    project.runs("rebase");
    assert_eq!(names(project), ["0001_create_users", "0002_loud"]);
    repository.git(&["add", "--all", "."]);
    repository.git(&["cherry-pick", "--continue"]);
    project.runs("migrate --url main.db");
    repository.git(&["checkout", "-q", "feature"]);
    repository.succeeds_or_fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("Left out 0003_loud: main has it as 0002_loud"), "{}", run.err);
    assert_eq!(names(project), ["0001_create_users", "0002_loud", "0003_users_city"]);
    project.runs("check");
}
