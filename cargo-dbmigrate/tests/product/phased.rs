//! Migrations around a deployment: two halves, what is applied when, what waits, and what is refused.

use insta::assert_snapshot;

use crate::project::Project;

pub(crate) fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} age: Option<i64> }}\n"
    )
}

/// A database of the running release with two users, and the structs of the new one.
pub(crate) fn project() -> Project {
    let project = Project::migrated(&users("name: String,"));
    project.sql("INSERT INTO users VALUES (1, 'Ann Lee', 3), (2, 'Bo', NULL)");
    project.structs(&users("full_name: String,"));
    project
}

pub(crate) const GENERATE: &str = "generate --phased --rename users.name=full_name";

#[test]
fn a_rename_is_applied_around_a_deployment_and_both_releases_work_between() {
    let project = project();
    project.runs(GENERATE);
    project.runs("check");
    project.refuses(4, "status");
    project.runs("migrate --phase before");
    // the running release, then the new one
    project.sql("INSERT INTO users (id, name) VALUES (3, 'Cy')");
    project.sql("UPDATE users SET name = 'Ann Li' WHERE id = 1");
    project.sql("INSERT INTO users (id, full_name) VALUES (4, 'Di')");
    project.sql("UPDATE users SET full_name = 'Bob' WHERE id = 2");
    let both = ["1|Ann Li|Ann Li", "2|Bob|Bob", "3|Cy|Cy", "4|Di|Di"];
    assert_eq!(project.query("SELECT id, name, full_name FROM users ORDER BY id"), both);
    project.refuses(4, "status");
    let again = project.runs("migrate --phase before");
    assert!(again.err.contains("Unchanged"), "{}", again.err);
    project.runs("migrate --phase after");
    project.runs("status");
    assert_eq!(project.query("SELECT id, full_name FROM users ORDER BY id"), ["1|Ann Li", "2|Bob", "3|Cy", "4|Di"]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), ["0"]);
    assert_snapshot!(project.transcript());
    assert_snapshot!(
        "a_renamed_column_first",
        project.read("migrations/0002_users_rename_name_to_full_name/migration.sql")
    );
    assert_snapshot!(
        "a_renamed_column_second",
        project.read("migrations/0003_users_rename_name_to_full_name_after_deploy/migration.sql")
    );
}

#[test]
fn what_waits_is_never_gone_past_and_needs_its_first_half() {
    let project = project();
    project.runs(GENERATE);
    project.structs(&users("full_name: String, bio: Option<String>,"));
    project.runs("generate");
    // the new release was never prepared for
    project.refuses(3, "migrate --phase after");
    // what is behind is of a later release
    project.refuses(3, "migrate --phase before");
    project.runs("migrate --phase before --to 3");
    project.refuses(3, "migrate --phase before");
    project.runs("migrate --phase after");
    project.runs("migrate --phase after");
    project.refuses(4, "status");
    project.runs("migrate --phase before");
    project.runs("status");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_new_database_has_no_release_to_wait_for() {
    let project = Project::generated(&users("name: String,"));
    project.structs(&users("full_name: String,"));
    project.runs(GENERATE);
    let run = project.runs("migrate --phase before");
    assert!(run.err.contains("3 migrations applied"), "{}", run.err);
    project.runs("status");
}

#[test]
fn rows_that_were_not_carried_over_are_refused_by_the_second_half() {
    let project = project();
    project.runs(GENERATE);
    project.runs("migrate --phase before");
    project.sql("PRAGMA writable_schema = 0; DROP TRIGGER users_phase_0002_forward_1");
    project.sql("UPDATE users SET name = 'lost' WHERE id = 1");
    project.sql(
        "CREATE TRIGGER users_phase_0002_forward_1 AFTER UPDATE OF name ON users\nWHEN NOT (OLD.name COLLATE BINARY IS NEW.name AND typeof(OLD.name) = typeof(NEW.name))\nBEGIN\n  UPDATE users SET full_name = name\n  WHERE id = NEW.id\n    AND NOT (name COLLATE BINARY IS full_name AND typeof(name) = typeof(full_name));\nEND",
    );
    let run = project.refuses(3, "migrate --phase after");
    assert!(run.err.contains("1 row of `users` with another `name` than `full_name`"), "{}", run.err);
}

#[test]
fn what_is_missing_is_asked_for_with_the_command_that_answers_it() {
    let project = Project::migrated(&users("name: String, nick: Option<String>,"));
    project.structs(&users("nick: String,"));
    for command in [
        "generate --phased --accept drop_column:users.name",
        "generate --phased --accept drop_column:users.name --backfill users.nick=''",
    ] {
        project.refuses(3, command);
    }
    project.runs("generate --phased --accept drop_column:users.name --backfill users.nick='' --back users.name='gone'");
    project.structs(&users("nick: String, name: String,"));
    project.refuses(2, "generate --phased --back users.nick='' --backfill users.name=''");
    project.refuses(2, "generate --back users.nick=''");
    project.structs(&users("nick: String,"));
    let run = project.refuses(2, "generate --phased --back users.nick=''");
    assert!(run.err.contains("so no column goes"), "{}", run.err);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_renamed_table_is_used_by_its_old_name_meanwhile() {
    let project = Project::migrated(&users("name: String,"));
    project.sql("INSERT INTO users VALUES (1, 'Ann', 3)");
    project.structs(&users("name: String,").replace("\"users\"", "\"people\""));
    project.runs("generate --phased --rename users=people");
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (name) VALUES ('Bo')");
    project.sql("UPDATE users SET name = 'An' WHERE id = 1");
    project.sql("DELETE FROM people WHERE id = 2");
    assert_eq!(project.query("SELECT id, name FROM users"), ["1|An"]);
    project.runs("migrate --phase after");
    assert_eq!(project.query("SELECT id, name FROM people"), ["1|An"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn what_breaks_nothing_is_one_migration() {
    let project = Project::migrated(&users("name: String,"));
    project.structs(&users("name: String, bio: Option<String>,"));
    let run = project.runs("generate --phased");
    assert!(run.err.contains("Sharing") && run.err.contains("Generated"), "{}", run.err);
    project.runs("migrate --phase before");
    project.runs("status");
}

#[test]
fn a_dry_run_shows_both_and_writes_neither() {
    let project = project();
    let before = project.tree();
    let run = project.runs(&format!("{GENERATE} --dry-run"));
    assert!(run.out.contains("-- dbmigrate: after-deploy\n") && run.out.matches("-- 000").count() == 2, "{}", run.out);
    assert_eq!(project.tree(), before);
}

#[test]
fn a_plan_is_of_a_phase() {
    let project = project();
    project.runs(GENERATE);
    project.runs("plan --phase before --out plan.json");
    project.runs("migrate --plan plan.json");
    assert_eq!(project.query("SELECT full_name FROM users"), ["Ann Lee", "Bo"]);
    project.refuses(4, "status");
}

#[test]
fn a_protected_target_wants_to_be_told_which_side_of_the_deployment_it_is() {
    let project = project();
    project.write("dbmigrate.toml", "[targets.production]\nurl = \"dev.db\"\nprotected = true\n");
    project.runs(GENERATE);
    let run = project.refuses(3, "migrate -t production");
    assert!(run.err.contains("migrate --phase before") || run.err.contains("--phase before"), "{}", run.err);
    project.runs("migrate -t production --phase before --yes");
    project.refuses(3, "migrate -t production");
    project.runs("migrate -t production --phase after --yes");
    project.runs("status -t production");
}

#[test]
fn queries_that_need_what_waits_are_warned_of() {
    let project = Project::migrated(&users("email: String,"));
    let unique = users("#[column(unique)] email: String,");
    let query =
        "fn f(c: &C) { c.execute(\"INSERT INTO users (id, email) VALUES (1, '') ON CONFLICT (email) DO NOTHING\"); }\n";
    project.structs(&(unique + query));
    project.runs("generate --phased");
    let run = project.runs("check");
    assert!(run.err.contains("until `0002_") && run.err.contains("ON CONFLICT"), "{}", run.err);
}
