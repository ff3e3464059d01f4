//! Both halves of a change in two as migrations of a history: taken back, amended, put behind those of another branch, and
//! reverted.

use insta::assert_snapshot;

use crate::phased::{GENERATE, project, users};
use crate::phased_types::types;
use crate::project::Project;
use crate::repository::Repository;

const SECOND: &str = "0003_users_rename_name_to_full_name_after_deploy";

/// The rows, by both names.
const BOTH: &str = "SELECT id, name, full_name FROM users ORDER BY id";

#[test]
fn halves_are_taken_back_one_after_the_other() {
    let project = project();
    project.runs(GENERATE);
    let run = project.runs("generate --undo");
    assert!(run.err.contains("remove its first half, `0002_users_rename_name_to_full_name`, too"), "{}", run.err);
    let run = project.runs("generate --undo");
    assert!(!run.err.contains("first half"), "{}", run.err);
    assert!(!project.path("migrations/0002_users_rename_name_to_full_name").exists());
    project.runs(GENERATE);
    // one that somebody has edited is not lost without a word
    let file = crate::project::sql_of(SECOND);
    project.write(&file, project.read(&file) + "SELECT 1;\n");
    project.runs("generate --custom");
    project.refuses(3, "generate --undo");
}

#[test]
fn what_is_new_is_not_amended_behind_a_deployment() {
    let project = project();
    project.runs(GENERATE);
    project.structs(&users("full_name: String, bio: Option<String>,"));
    let run = project.refuses(5, "generate --amend");
    assert!(run.err.contains(&format!("`{SECOND}` waits for a deployment")), "{}", run.err);
    assert!(run.err.contains("with what is new: `cargo dbmigrate generate --amend --phased`"), "{}", run.err);
    project.runs("generate");
    project.runs("check");
}

#[test]
fn both_halves_are_written_again_with_what_is_new() {
    let project = project();
    project.runs(GENERATE);
    project.structs(&users("full_name: String, bio: Option<String>,"));
    project.runs("generate --amend --phased");
    project.runs("check");
    assert_eq!(project.read("migrations/migrations.lock").lines().count(), 4);
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (id, name) VALUES (3, 'Cy')");
    project.sql("INSERT INTO users (id, full_name, bio) VALUES (4, 'Di', 'd')");
    assert_eq!(project.query(BOTH), ["1|Ann Lee|Ann Lee", "2|Bo|Bo", "3|Cy|Cy", "4|Di|Di"]);
    // a database has the first half now
    project.structs(&users("full_name: String, bio: Option<String>, nick: Option<String>,"));
    let run = project.refuses(5, "generate --amend --phased");
    assert!(run.err.contains("is applied to `dev.db` and cannot be changed"), "{}", run.err);
    project.structs(&users("full_name: String, bio: Option<String>,"));
    project.runs("migrate --phase after");
    project.runs("status");
    assert_eq!(project.query("SELECT count(bio), count(full_name) FROM users"), ["1|4"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn the_answers_of_both_halves_are_read_off_them() {
    let before = "name: String, born: String, score: Option<i64>, old: String, nick: Option<String>,";
    for (new, answers) in [
        (
            "full_name: String, born: String, score: Option<i64>, old: String, nick: Option<String>,",
            "--rename users.name=full_name",
        ),
        (
            "name: String, years: i64, score: Option<i64>, old: String, nick: Option<String>,",
            "--rename users.born=years --convert 'users.years=CAST(years AS INTEGER)' --back 'users.born=CAST(years AS TEXT)'",
        ),
        (
            "name: String, #[column(default = 7)] years: i64, score: Option<i64>, old: String, nick: Option<String>,",
            "--rename users.born=years --convert 'users.years=CAST(years AS INTEGER)' --back 'users.born=CAST(years AS TEXT)'",
        ),
        (
            "first: String, last: String, born: String, score: Option<i64>, old: String, nick: Option<String>,",
            "--accept drop_column:users.name --backfill 'users.first=substr(name, 1, 3)' --backfill 'users.last=substr(name, 4)' \
             --back 'users.name=first || last'",
        ),
        (
            "name: String, born: String, points: i64, nick: String,",
            "--rename users.score=points --backfill users.points=0 --backfill \"users.nick='none'\" --accept drop_column:users.old \
             --back \"users.old=''\"",
        ),
        (
            "full_name: String, born: String, score: Option<i64>, old: String, nick: Option<String>, short: String,",
            "--rename users.name=full_name --backfill 'users.short=substr(full_name, 1, 1)'",
        ),
        ("name: String, born: String, score: Option<i64>, old: String,", "--accept drop_column:users.nick"),
        ("name: String, born: String, score: Option<i64>, old: String,", "--keep"),
    ] {
        let project = Project::migrated(&users(before));
        project.structs(&users(new));
        types(&project, 0, &format!("cargo dbmigrate generate --phased {answers}"));
        let written = || {
            let names = project.read("migrations/migrations.lock");
            let names = names.lines().skip(2).filter_map(|line| line.split(' ').next());
            names.map(|name| project.read(&crate::project::sql_of(name))).collect::<Vec<_>>()
        };
        let once = written();
        types(&project, 0, "cargo dbmigrate generate --amend --phased");
        assert_eq!(once, written(), "{answers}");
        // and nothing has to be answered again for what is new besides
        project.structs(&users(&format!("{new} bio: Option<String>,")));
        types(&project, 0, "cargo dbmigrate generate --amend --phased");
        assert!(written().concat().contains("bio"), "{answers}");
        project.runs("migrate");
        project.runs("check");
    }
}

#[test]
fn halves_that_somebody_has_edited_are_not_written_again() {
    let project = project();
    project.runs(GENERATE);
    // a check of one's own in the second half
    let second = crate::project::sql_of(SECOND);
    let check = "-- dbmigrate: expect-none \"{} users without a name\"\n--     SELECT count(*) FROM users WHERE name = '' HAVING count(*) > 0\n";
    project.write(
        &second,
        project.read(&second).replacen("-- dbmigrate: expect-none", &format!("{check}-- dbmigrate: expect-none"), 1),
    );
    project.runs("generate --custom");
    project.structs(&users("full_name: String, bio: Option<String>,"));
    let before = project.read(&second);
    let run = project.refuses(5, "generate --amend --phased");
    assert!(run.err.contains("was written by hand and cannot be regenerated"), "{}", run.err);
    assert_eq!(project.read(&second), before);
}

#[test]
fn a_migration_that_is_written_already_is_made_two_by_another_command() {
    let project = project();
    project.runs("generate --rename users.name=full_name");
    let run = project.runs("generate --phased");
    assert!(run.err.contains("`cargo dbmigrate generate --amend --phased`"), "{}", run.err);
    project.runs("generate --amend --phased");
    let run = project.runs("generate --phased");
    assert!(run.err.contains("Unchanged") && !run.err.contains("--amend"), "{}", run.err);
}

#[test]
fn a_conversion_is_planned_again_behind_another_branch() {
    let generate = "generate --phased --rename users.name=number --convert 'users.number=CAST(number AS INTEGER)' \
                    --back 'users.name=CAST(number AS TEXT)'";
    let repository = branches("name: String,", "number: i64,", generate);
    let project = &repository.project;
    project.sql("INSERT INTO users (id, name, bio) VALUES (1, '7', 'a'), (2, '12', NULL)");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    project.structs(&users("number: i64, bio: Option<String>,"));
    let run = project.runs("rebase");
    assert_eq!(run.err.matches("(planned again)").count(), 2, "{}", run.err);
    project.runs("check");
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (id, name) VALUES (3, '30')");
    project.sql("UPDATE users SET number = 13 WHERE id = 2");
    let both = "SELECT id, quote(name), quote(number), quote(bio) FROM users ORDER BY id";
    assert_eq!(project.query(both), ["1|'7'|7|'a'", "2|'13'|13|NULL", "3|'30'|30|NULL"]);
    project.runs("migrate --phase after");
    project.runs("status");
    assert_eq!(project.query("SELECT number FROM users ORDER BY id"), ["7", "13", "30"]);
}

/// A branch with a phased change, and another one that has added a column.
fn branches(old: &str, new: &str, generate: &str) -> Repository {
    let repository = Repository::new(&users(old));
    repository.project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.project.structs(&users(new));
    types(&repository.project, 0, &format!("cargo dbmigrate {generate}"));
    repository.commit("feature");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&users(&format!("{old} bio: Option<String>,")), "main");
    repository.project.runs("migrate");
    repository
}

#[test]
fn both_halves_are_planned_again_behind_those_of_another_branch() {
    let repository = branches("name: String,", "full_name: String,", GENERATE);
    let project = &repository.project;
    project.sql("INSERT INTO users (id, name, bio) VALUES (1, 'Ann', 'a'), (2, 'Bo', NULL)");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    project.structs(&users("full_name: String, bio: Option<String>,"));
    let run = project.runs("rebase");
    assert_eq!(run.err.matches("(planned again)").count(), 2, "{}", run.err);
    assert!(run.err.contains("the structs match the migrations"), "{}", run.err);
    project.runs("check");
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (id, name) VALUES (3, 'Cy')");
    project.sql("UPDATE users SET full_name = 'Bob' WHERE id = 2");
    assert_eq!(project.query(BOTH), ["1|Ann|Ann", "2|Bob|Bob", "3|Cy|Cy"]);
    let run = project.refuses(4, "status");
    assert!(run.err.contains("Waiting"), "{}", run.err);
    project.runs("migrate --phase after");
    assert_eq!(project.query("SELECT full_name, bio FROM users ORDER BY id"), ["Ann|a", "Bob|NULL", "Cy|NULL"]);
}

#[test]
fn a_half_that_does_not_know_the_columns_of_another_branch_is_refused() {
    // what fills a column that is there is a statement that no plan gives again
    let generate = format!("{GENERATE} --backfill \"users.nick=''\"");
    let repository = branches("name: String, nick: Option<String>,", "full_name: String, nick: String,", &generate);
    let project = &repository.project;
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    project.structs(&users("full_name: String, nick: String, bio: Option<String>,"));
    let run = project.refuses(3, "rebase");
    assert!(run.err.contains("undoes what `main` has changed"), "{}", run.err);
    assert!(run.err.contains("missing behind it: add column users.bio"), "{}", run.err);
}

#[test]
fn what_was_carried_over_comes_back_with_a_revert() {
    let project = project();
    project.runs(GENERATE);
    project.runs("migrate");
    project.sql("INSERT INTO users (id, full_name) VALUES (3, 'Cy')");
    project.runs("revert");
    project.runs("migrate");
    // the release before runs again, beside the new one
    assert_eq!(project.query(BOTH), ["1|Ann Lee|Ann Lee", "2|Bo|Bo", "3|Cy|Cy"]);
    project.sql("UPDATE users SET name = 'Ann' WHERE id = 1");
    project.sql("INSERT INTO users (id, name) VALUES (4, 'Di')");
    assert_eq!(project.query("SELECT full_name FROM users ORDER BY id"), ["Ann", "Bo", "Cy", "Di"]);
}

#[test]
fn both_halves_are_reverted_together_with_every_value() {
    let project = project();
    project.runs(GENERATE);
    project.runs("migrate");
    project.sql("UPDATE users SET full_name = 'Bob' WHERE id = 2");
    project.runs("revert --last 2 --accept all");
    project.structs(&users("name: String,"));
    project.runs("migrate");
    project.runs("check");
    assert_eq!(project.query("SELECT id, name FROM users ORDER BY id"), ["1|Ann Lee", "2|Bob"]);
}

#[test]
fn both_halves_are_online_where_nobody_is_to_wait() {
    let project = Project::migrated(&users("name: Option<String>,"));
    project.sql("INSERT INTO users VALUES (1, 'Ann', 3), (2, NULL, NULL)");
    project.structs(&users("full_name: Option<String>,"));
    project.runs(&format!("{GENERATE} --online"));
    for name in ["0002_users_rename_name_to_full_name", SECOND] {
        let sql = project.read(&crate::project::sql_of(name));
        assert!(sql.contains("-- dbmigrate: online\n-- dbmigrate: rebuild users\n"), "{sql}");
    }
    project.runs("check");
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (id, name) VALUES (3, 'Cy')");
    project.sql("UPDATE users SET full_name = 'Ann Lee' WHERE id = 1");
    assert_eq!(project.query(BOTH), ["1|Ann Lee|Ann Lee", "2|NULL|NULL", "3|Cy|Cy"]);
    project.runs("migrate --phase after");
    project.runs("status");
    assert_eq!(project.query("SELECT full_name FROM users ORDER BY id"), ["Ann Lee", "NULL", "Cy"]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), ["0"]);
}
