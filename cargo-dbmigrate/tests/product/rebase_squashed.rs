//! `rebase` of branches that have squashed migrations, in real repositories: their own, and such as the others have.

use crate::branches::{two_branches, users};

#[test]
fn a_squash_that_includes_what_the_others_have_is_put_behind_them_as_what_it_replaces() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("squash ..");
    repository.commit("squash");
    repository.git(&["checkout", "-q", "main"]);
    project.runs("migrate --url main.db");
    project.database("main.db").run("INSERT INTO users (id, nick) VALUES (1, 'ann')");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(run.err.contains("Expanded 0002_squash_of_1_to_2 into the migrations that it replaces"), "{}", run.err);
    project.structs(&users(&["nick", "bio"]));
    project.runs("check");
    assert_eq!(project.file_names().matches("migration.sql").count(), 3);
    project.runs("migrate --url main.db");
    project.runs("migrate --url new.db");
    let rows = project.database("main.db").query("SELECT id, nick, bio FROM users");
    assert_eq!(rows, ["1|ann|NULL"]);
    repository.git(&["add", "."]);
    repository.git(&["merge", "--continue"]);
    // nothing is in the way of doing it again
    project.runs("squash ..");
    project.runs("status --url main.db");
}

#[test]
fn a_squash_of_this_branch_alone_is_put_behind_the_others_as_one_migration() {
    let repository = two_branches();
    let project = &repository.project;
    repository.add(&users(&["bio", "age"]), "feature again");
    project.runs("migrate --url eu.db");
    project.runs("squash 2..3 --name mine");
    repository.commit("squash");
    repository.fails(&["merge", "main"]);
    // a database that has what it replaces has what moves
    project.write("dbmigrate.toml", "[targets.eu]\nurl = \"eu.db\"\n");
    let run = project.refuses(5, "rebase");
    assert!(run.err.contains("`0002_users_bio` is applied to `eu.db` and cannot be moved"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate rebase --onto HEAD`"), "{}", run.err);
    std::fs::remove_file(project.path("dbmigrate.toml")).expect("it is there");
    project.runs("rebase");
    let lock = project.read("migrations/migrations.lock");
    let names = lock.lines().filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| name.starts_with("00")).collect();
    assert_eq!(names, ["0001_create_users", "0002_users_nick", "0003_mine"]);
    project.structs(&users(&["nick", "bio", "age"]));
    project.runs("check");
    project.runs("migrate --url new.db");
}
