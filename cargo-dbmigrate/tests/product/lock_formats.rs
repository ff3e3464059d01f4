//! Two branches of which one was upgraded: a lock of format 1 meets one of format 2.

use dbmigrate_core::folder::{Lock, Migration};

use crate::branches::users;
use crate::repository::Repository;

const LOCK: &str = "migrations/migrations.lock";

/// What a version before format 2 would have written.
fn to_format_1(repository: &Repository) {
    let lock = Lock::parse(&repository.project.read(LOCK)).expect("it is a lock");
    let older = lock.migrations().iter().map(|migration| Migration { statements: None, ..migration.clone() });
    let text = Lock::of(older.collect()).to_text();
    assert!(text.starts_with("# dbmigrate lock 1: "), "{text}");
    repository.project.write(LOCK, text);
}

/// `main` was upgraded and has a migration more, `feature` goes on with the older version; both have two before.
fn two_formats() -> Repository {
    let repository = Repository::new(&users(&[]));
    repository.project.runs("generate");
    repository.project.structs(&users(&["city"]));
    repository.project.runs("generate");
    to_format_1(&repository);
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.project.structs(&users(&["city", "bio"]));
    repository.project.runs("generate");
    to_format_1(&repository);
    repository.commit("feature");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&["city", "nick"]), "main");
    assert!(repository.project.read(LOCK).starts_with("# dbmigrate lock 2: "));
    repository
}

fn with_driver(repository: &Repository) {
    repository.git(&["config", "merge.dbmigrate.driver", "cargo dbmigrate merge-driver %O %A %B %P"]);
    repository.project.write(".git/info/attributes", "migrations.lock merge=dbmigrate\n");
}

/// The lock is whole, in format 2, lists these, and a database with rows of the branch `on` takes it.
#[track_caller]
fn is_whole(repository: &Repository, names: &[&str], structs: &[&str]) {
    let project = &repository.project;
    let lock = Lock::parse(&project.read(LOCK)).expect("it is a lock");
    assert!(lock.is_complete());
    let listed: Vec<&str> = lock.migrations().iter().map(|migration| migration.name.as_str()).collect();
    assert_eq!(listed, names);
    project.structs(&users(structs));
    project.runs("check");
    project.runs("migrate --url fresh.db");
}

const ONTO_MAIN: [&str; 4] = ["0001_create_users", "0002_users_city", "0003_users_nick", "0004_users_bio"];
const ONTO_FEATURE: [&str; 4] = ["0001_create_users", "0002_users_city", "0003_users_bio", "0004_users_nick"];
const ALL: [&str; 3] = ["city", "nick", "bio"];

#[test]
fn a_lock_of_format_1_and_one_of_format_2_are_two_heads_that_a_rebase_puts_together() {
    for (branch, other, names) in [("feature", "main", ONTO_MAIN), ("main", "feature", ONTO_FEATURE)] {
        for has_driver in [false, true] {
            let repository = two_formats();
            let project = &repository.project;
            if has_driver {
                with_driver(&repository);
            }
            // a database of the older version, with rows
            repository.git(&["checkout", "-q", other]);
            project.runs("migrate --url old.db");
            project.database("old.db").run("INSERT INTO users (id, city) VALUES (1, 'x')");
            repository.git(&["checkout", "-q", branch]);
            repository.fails(&["merge", other]);
            let run = project.refuses(5, "check");
            assert!(run.err.contains("has two heads: "), "{branch}: {}", run.err);
            project.runs("rebase");
            is_whole(&repository, &names, &ALL);
            project.runs("migrate --url old.db");
            assert_eq!(project.database("old.db").query("SELECT id, city, nick, bio FROM users"), ["1|x|NULL|NULL"]);
            repository.git(&["add", "migrations", "src"]);
            repository.git(&["merge", "--continue"]);
        }
    }
}

#[test]
fn both_formats_in_one_file_and_one_lock_beside_both_directories_are_put_together() {
    // accepted both
    let repository = two_formats();
    repository.git(&["checkout", "-q", "feature"]);
    repository.project.write(".git/info/attributes", "migrations.lock merge=union\n");
    repository.succeeds_or_fails(&["merge", "-m", "x", "main"]);
    let run = repository.project.refuses(5, "check");
    assert!(run.err.contains("`0003_users_bio`") && run.err.contains("`0003_users_nick`"), "{}", run.err);
    repository.project.runs("rebase");
    is_whole(&repository, &ONTO_MAIN, &ALL);
    for side in ["ours", "theirs"] {
        let repository = two_formats();
        repository.git(&["checkout", "-q", "feature"]);
        repository.fails(&["merge", "main"]);
        repository.git(&["checkout", &format!("--{side}"), LOCK]);
        repository.commit("merged");
        repository.project.refuses(5, "check");
        repository.project.runs("rebase");
        is_whole(&repository, &ONTO_MAIN, &ALL);
    }
}

#[test]
fn the_merge_driver_writes_a_lock_of_one_format() {
    // one branch has only upgraded, the other has only gone on
    for (branch, other) in [("upgraded", "feature"), ("feature", "upgraded")] {
        let repository = two_formats();
        let project = &repository.project;
        with_driver(&repository);
        repository.git(&["checkout", "-q", "-b", "upgraded", "main~1"]);
        project.structs(&users(&["city", "x"]));
        project.runs("generate");
        project.runs("generate --undo");
        project.structs(&users(&["city"]));
        assert!(project.read(LOCK).starts_with("# dbmigrate lock 2: "));
        repository.commit("upgraded");
        repository.git(&["checkout", "-q", branch]);
        repository.git(&["merge", "-q", "-m", "x", other]);
        project.runs("check");
        project.structs(&users(&["city", "bio", "age"]));
        project.runs("generate");
        is_whole(
            &repository,
            &["0001_create_users", "0002_users_city", "0003_users_bio", "0004_users_age"],
            &["city", "bio", "age"],
        );
    }
    // one has squashed, which format 1 cannot say
    let repository = two_formats();
    let project = &repository.project;
    with_driver(&repository);
    repository.git(&["checkout", "-q", "-b", "squashed", "main~1"]);
    project.runs("squash 1..2 --name start");
    repository.commit("squashed");
    repository.git(&["checkout", "-q", "feature"]);
    repository.succeeds_or_fails(&["merge", "-q", "-m", "x", "squashed"]);
    project.runs("rebase");
    project.runs("check");
    let lock = Lock::parse(&project.read(LOCK)).expect("it is a lock");
    assert!(lock.is_complete() && lock.migrations()[0].replaces.len() == 2, "{}", lock.to_text());
}
