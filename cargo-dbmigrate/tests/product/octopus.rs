//! Several branches merged at once, by git itself: three heads are named, and put behind each other.

use crate::branches::users;
use crate::project::Project;
use crate::repository::Repository;

/// A repository whose branches `main`, `one` and `two` have each added a migration, with `main` checked out.
fn three_branches() -> Repository {
    let repository = Repository::new(&users(&[]));
    repository.project.runs("generate");
    repository.commit("base");
    for (branch, column) in [("one", "bio"), ("two", "age")] {
        repository.git(&["checkout", "-q", "-b", branch, "main"]);
        repository.add(&users(&[column]), branch);
        // what only this branch has
        repository.project.runs(&format!("migrate --url {branch}.db"));
        repository.project.database(&format!("{branch}.db")).run("INSERT INTO users (id) VALUES (1), (2)");
    }
    repository.git(&["checkout", "-q", "main"]);
    repository
}

const ONE: &str = "0002_users_bio";
const TWO: &str = "0002_users_age";
const MAIN: &str = "0002_users_nick";

/// What the lock lists, which a fresh database takes.
#[track_caller]
fn names(project: &Project) -> Vec<String> {
    let run = project.ends(4, "status --url fresh.db");
    project.runs("migrate --url fresh.db");
    std::fs::remove_file(project.path("fresh.db")).expect("it is there");
    run.out.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// Every command names the heads, and nothing is changed.
#[track_caller]
fn told(project: &Project, heads: &[&str]) {
    for command in ["generate", "migrate", "check", "status"] {
        let run = project.refuses(5, command);
        for head in heads {
            assert!(run.err.contains(&format!("`{head}`")), "{command}: {head}: {}", run.err);
        }
        assert!(run.err.contains("of three heads") || run.err.contains("two heads"), "{command}: {}", run.err);
        assert!(run.err.contains("`cargo dbmigrate rebase`"), "{command}: {}", run.err);
    }
}

/// All is well: the structs fit, git goes on, and the database of a branch gets what the others have made.
#[track_caller]
fn is_resolved(repository: &Repository, structs: &[&str], database: &str, go_on: &[&str]) {
    let project = &repository.project;
    project.structs(&users(structs));
    project.runs("check");
    repository.git(&["add", "migrations", "src"]);
    repository.git(go_on);
    project.runs("check");
    project.runs(&format!("migrate --url {database}"));
    assert_eq!(project.database(database).query("SELECT id, bio, age FROM users"), ["1|NULL|NULL", "2|NULL|NULL"]);
    project.runs(&format!("status --url {database}"));
}

#[test]
fn an_octopus_that_git_stops_in_is_resolved_by_a_rebase() {
    let repository = three_branches();
    let project = &repository.project;
    // main has no migration of its own: git takes the first branch, and stops at the second
    repository.fails(&["merge", "one", "two"]);
    told(project, &[ONE, TWO]);
    project.runs("rebase");
    assert_eq!(names(project), ["0001_create_users", ONE, "0003_users_age"]);
    is_resolved(&repository, &["bio", "age"], "one.db", &["merge", "--continue"]);
}

#[test]
fn three_heads_at_once_are_named_and_put_behind_each_other() {
    for is_committed in [false, true] {
        let repository = three_branches();
        let project = &repository.project;
        repository.add(&users(&["nick"]), "main");
        // three ends of one file: git cannot do it by itself, and changes nothing
        repository.fails(&["merge", "one", "two"]);
        repository.git(&["reset", "-q", "--hard"]);
        project.runs("check");
        // what remains is to take the files of all of them
        repository.git(&["merge", "-s", "ours", "--no-commit", "one", "two"]);
        repository.git(&["checkout", "one", "--", &format!("migrations/{ONE}")]);
        repository.git(&["checkout", "two", "--", &format!("migrations/{TWO}")]);
        if is_committed {
            repository.git(&["commit", "-q", "-m", "octopus"]);
        }
        told(project, &[MAIN, ONE, TWO]);
        let run = project.refuses(5, "check");
        if !is_committed {
            insta::assert_snapshot!(run.err, @r"
            error: `migrations/migrations.lock` has one of three heads: it ends with `0002_users_nick`, and `0002_users_age` and `0002_users_bio` beside it are not listed
              = note: `main` (HEAD) adds `0002_users_nick`
              = note: `two` (MERGE_HEAD) adds `0002_users_age`
              = note: `one` (MERGE_HEAD) adds `0002_users_bio`
              = help: put the migrations of this branch behind the others: `cargo dbmigrate rebase`
            ");
        }
        project.runs("rebase");
        // those that are merged come first, as where there is one
        assert_eq!(names(project), ["0001_create_users", ONE, "0003_users_age", "0004_users_nick"]);
        let go_on: &[&str] = if is_committed { &["commit", "-q", "-m", "rebased"] } else { &["merge", "--continue"] };
        is_resolved(&repository, &["nick", "bio", "age"], "one.db", go_on);
        let merge = if is_committed { "HEAD~1" } else { "HEAD" };
        let parents = repository.git(&["rev-list", "--parents", "-n", "1", merge]);
        assert_eq!(parents.out.split_whitespace().count(), 4, "{}", parents.out);
    }
}

#[test]
fn the_lines_of_three_branches_in_one_lock_are_three_heads() {
    let repository = three_branches();
    let project = &repository.project;
    repository.add(&users(&["nick"]), "main");
    let own = project.read("migrations/migrations.lock");
    repository.git(&["merge", "-s", "ours", "--no-commit", "one", "two"]);
    let mut lock = own;
    for (branch, name) in [("one", ONE), ("two", TWO)] {
        repository.git(&["checkout", branch, "--", &format!("migrations/{name}")]);
        let text = repository.git(&["show", &format!("{branch}:migrations/migrations.lock")]).out;
        lock += text.lines().last().expect("it has lines");
        lock += "\n";
    }
    project.write("migrations/migrations.lock", lock);
    let run = project.refuses(5, "check");
    assert!(run.err.contains("has three heads: "), "{}", run.err);
    project.runs("rebase --onto HEAD");
    assert_eq!(names(project), ["0001_create_users", MAIN, "0003_users_bio", "0004_users_age"]);
    project.structs(&users(&["nick", "bio", "age"]));
    project.runs("check");
}
