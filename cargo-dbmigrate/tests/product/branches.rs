//! What git leaves of two branches that have each added migrations: every state is told, with both heads, by every command
//! that reads the folder, and nothing is changed.

use crate::project::{Project, Run};
use crate::repository::{Repository, sql_of_column};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64,\n";

/// The structs with these columns more.
pub(crate) fn users(columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("{column}: Option<String>,\n")).collect();
    format!("{USERS}{}}}\n", columns.concat())
}

/// A repository whose branch `main` has a migration, and `main` and `feature` one more each.
pub(crate) fn two_branches() -> Repository {
    let repository = Repository::new(&users(&[]));
    repository.project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.add(&users(&["bio"]), "feature");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["nick"]), "main");
    repository.git(&["checkout", "-q", "feature"]);
    repository
}

/// What every command says, which must be the same. Nothing is changed.
#[track_caller]
fn told(project: &Project, heads: &[&str]) -> Run {
    let mut last = None;
    for command in ["generate", "migrate", "check", "status"] {
        let run = project.refuses(5, command);
        let error: String =
            run.err.lines().skip_while(|line| !line.starts_with("error: ")).collect::<Vec<_>>().join("\n");
        for head in heads {
            assert!(error.contains(&format!("`{head}`")), "{command}: {head}: {error}");
        }
        assert!(error.contains("`cargo dbmigrate rebase`"), "{command}: {error}");
        last = Some(run);
    }
    last.expect("there are commands")
}

#[track_caller]
fn are_named(run: &Run, names: &[&str]) {
    assert_eq!(names.iter().find(|name| !run.err.contains(&format!("note: {name}"))), None, "{}", run.err);
}

const FEATURE: &str = "0002_users_bio";
const MAIN: &str = "0002_users_nick";

#[test]
fn conflict_markers_of_every_style_name_both_heads() {
    for style in ["merge", "diff3", "zdiff3"] {
        let repository = two_branches();
        repository.fails(&["-c", &format!("merge.conflictStyle={style}"), "merge", "main"]);
        assert!(repository.project.read("migrations/migrations.lock").contains("<<<<<<<"), "{style}");
        let run = told(&repository.project, &[FEATURE, MAIN]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.err, @r"
            error: `migrations/migrations.lock` has two heads: `0002_users_bio` and `0002_users_nick`
              = note: `feature` (HEAD) adds `0002_users_bio` after `0001_create_users`
              = note: `main` (MERGE_HEAD) adds `0002_users_nick` after `0001_create_users`
              = help: put the migrations of this branch behind the others: `cargo dbmigrate rebase`
            ");
        }
        repository.git(&["merge", "--abort"]);
        repository.git(&["checkout", "-q", "main"]);
        repository.fails(&["-c", &format!("merge.conflictStyle={style}"), "rebase", "feature"]);
        let run = told(&repository.project, &[FEATURE, MAIN]);
        are_named(&run, &["`feature` (HEAD) adds `0002_users_bio`", "`main` (REBASE_HEAD) adds `0002_users_nick`"]);
        repository.git(&["rebase", "--abort"]);
        repository.fails(&["-c", &format!("merge.conflictStyle={style}"), "cherry-pick", "feature"]);
        let run = told(&repository.project, &[FEATURE, MAIN]);
        let named = ["`feature` (CHERRY_PICK_HEAD) adds `0002_users_bio`", "`main` (HEAD) adds `0002_users_nick`"];
        are_named(&run, &named);
    }
}

#[test]
fn the_log_draws_the_heads_of_branches() {
    let repository = two_branches();
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["nick", "city"]), "more");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = repository.project.refuses(5, "log");
    insta::assert_snapshot!(run.out, @r"
    * 0001_create_users  create table users (instant)
    |\
    | * 0002_users_nick    add column users.nick (instant)
    | * 0003_users_city    add column users.city (instant)
    |
    * 0002_users_bio     add column users.bio (instant)
    ");
    assert!(run.err.contains("has two heads") && run.err.contains("`cargo dbmigrate rebase`"), "{}", run.err);
}

#[test]
fn both_directories_with_the_lock_of_one_side_are_two_heads() {
    for side in ["ours", "theirs"] {
        let repository = two_branches();
        repository.fails(&["merge", "main"]);
        repository.git(&["checkout", &format!("--{side}"), "migrations/migrations.lock"]);
        let run = told(&repository.project, &[FEATURE, MAIN]);
        assert!(run.err.contains("has one of two heads"), "{}", run.err);
        // and as somebody commits it
        repository.commit("merged");
        let run = told(&repository.project, &[FEATURE, MAIN]);
        let [ours, theirs] = match side {
            "ours" => ["`feature` (HEAD) adds `0002_users_bio`", "`main` adds `0002_users_nick`"],
            // its lock is that of the other, and the commit before is no branch's any more
            _ => ["`", "`feature` (HEAD) adds `0002_users_nick`"],
        };
        are_named(&run, &[ours, theirs]);
    }
    // the next number, as an interrupted run would leave it; git has it
    let repository = two_branches();
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["nick", "age"]), "main again");
    repository.fails(&["merge", "feature"]);
    repository.git(&["checkout", "--theirs", "migrations/migrations.lock"]);
    repository.project.remove("migrations/0002_users_nick");
    told(&repository.project, &[FEATURE, "0003_users_age"]);
}

#[test]
fn what_an_interrupted_run_leaves_is_told_from_a_merge() {
    let repository = two_branches();
    let lock = repository.project.read("migrations/migrations.lock");
    repository.project.structs(&users(&["bio", "age"]));
    repository.project.runs("generate");
    repository.project.write("migrations/migrations.lock", lock);
    let run = repository.project.refuses(5, "check");
    assert!(run.err.contains("is not listed") && run.err.contains("rm -r migrations/0003_users_age"), "{}", run.err);
}

#[test]
fn a_lock_that_was_merged_by_accepting_both_names_both_heads() {
    let repository = two_branches();
    repository.git(&["config", "merge.union.driver", "git merge-file --union %A %O %B"]);
    repository.project.write("migrations/.gitattributes", "migrations.lock merge=union\n");
    repository.commit("union");
    repository.succeeds_or_fails(&["merge", "-m", "x", "main"]);
    told(&repository.project, &[FEATURE, MAIN]);
    // the lines of one side behind those of the other, everything twice
    let lock = repository.project.read("migrations/migrations.lock");
    repository.project.write("migrations/migrations.lock", format!("{lock}{lock}"));
    told(&repository.project, &[FEATURE, MAIN]);
}

#[test]
fn a_squash_merge_names_both_heads() {
    let repository = two_branches();
    repository.git(&["checkout", "-q", "main"]);
    repository.fails(&["merge", "--squash", "feature"]);
    told(&repository.project, &[FEATURE, MAIN]);
    repository.git(&["checkout", "--ours", "migrations/migrations.lock"]);
    repository.commit("squashed");
    told(&repository.project, &[FEATURE, MAIN]);
}

#[test]
fn one_number_and_name_on_both_branches_is_told() {
    let repository = Repository::new(&users(&[]));
    repository.project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.add(&users(&["bio"]), "feature");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["bio"]).replace("bio: Option<String>", "bio: Option<i64>"), "main");
    repository.fails(&["merge", "feature"]);
    let run = told(&repository.project, &[FEATURE]);
    assert!(run.err.contains("has two heads, all named `0002_users_bio`"), "{}", run.err);
}

#[test]
fn three_branches_have_three_heads() {
    let repository = two_branches();
    repository.git(&["checkout", "-q", "-b", "third", "main~1"]);
    repository.add(&users(&["age"]), "third");
    repository.git(&["config", "merge.union.driver", "git merge-file --union %A %O %B"]);
    repository.project.write("migrations/.gitattributes", "migrations.lock merge=union\n");
    repository.commit("union");
    repository.succeeds_or_fails(&["merge", "-m", "x", "main"]);
    repository.commit("x");
    repository.succeeds_or_fails(&["merge", "-m", "x", "feature"]);
    let run = told(&repository.project, &[FEATURE, MAIN, "0002_users_age"]);
    assert!(run.err.contains("has three heads: "), "{}", run.err);
    are_named(&run, &["`feature` (MERGE_HEAD) adds `0002_users_bio`", "`main` adds `0002_users_nick`"]);
}

#[test]
fn a_revert_commit_is_told_with_what_it_took_out() {
    // of the last migration: the folder is whole, and a database is ahead of it
    let repository = two_branches();
    repository.project.runs("migrate");
    repository.git(&["revert", "--no-edit", "HEAD"]);
    let run = repository.project.refuses(5, "migrate");
    assert!(run.err.contains("the first is `0002_users_bio`") && run.err.contains("git log --all"), "{}", run.err);
    // of one in the middle: git leaves a conflict, with one history in it
    let repository = two_branches();
    repository.add(&users(&["bio", "age"]), "more");
    repository.fails(&["revert", "--no-edit", "HEAD~1"]);
    for command in ["generate", "migrate", "check", "status"] {
        repository.project.refuses(5, command);
    }
    // the line taken out of the lock, and the directory gone or not
    let lock = repository.project.read("migrations/migrations.lock");
    let kept = |line: &&str| ["#", "0001", "0003"].iter().any(|start| line.starts_with(start));
    let torn = lock.lines().filter(kept).collect::<Vec<_>>().join("\n") + "\n";
    repository.project.write("migrations/migrations.lock", torn);
    let run = repository.project.refuses(5, "check");
    assert!(run.err.contains("`0003_users_age` was written behind a migration that was taken out"), "{}", run.err);
    assert!(run.err.contains("`git revert --abort`"), "{}", run.err);
    repository.git(&["revert", "--abort"]);
    repository.project.runs("check");
}

#[test]
fn a_migration_that_a_commit_removed_without_its_line_is_brought_back_by_the_command_that_is_said() {
    let repository = two_branches();
    repository.git(&["rm", "-q", "-r", "migrations/0002_users_bio"]);
    repository.git(&["commit", "-q", "-m", "removed"]);
    let run = repository.project.refuses(5, "check");
    let command =
        run.err.split('`').find(|part| part.starts_with("git restore")).expect("a command is said").to_owned();
    assert_eq!(repository.project.shell(&command).code, 0, "{command}");
    repository.project.runs("check");
    assert!(repository.project.read(&sql_of_column("0002_users_bio")).contains("bio"));
    // the line gone, and the directory there
    let lock = repository.project.read("migrations/migrations.lock");
    let lines: Vec<&str> = lock.lines().collect();
    repository.project.write("migrations/migrations.lock", format!("{}\n", lines[..lines.len() - 1].join("\n")));
    repository.commit("line removed");
    told(&repository.project, &["0001_create_users", FEATURE]);
}
