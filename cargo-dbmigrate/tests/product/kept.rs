//! `--keep`: what is dropped or converted is kept in hidden tables; `kept` lists it, `kept drop` ends it.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{Project, sql_of};

fn users(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}")
}

const LEGACY: &str = "name: String, legacy: Option<String>";
const NAME: &str = "name: String";
const DROP: &str = "generate --accept drop_column:users.legacy --keep";

/// A database with rows, and a migration that keeps a column, applied.
fn kept() -> Project {
    let project = Project::migrated(&users(LEGACY));
    project.sql("INSERT INTO users VALUES (1, 'ada', 'l1'), (2, 'bob', NULL), (3, 'eve', 'l3')");
    project.structs(&users(NAME));
    project.runs(DROP);
    project.runs("migrate");
    project
}

#[test]
fn a_dropped_column_is_kept_listed_and_dropped_for_good() {
    let project = kept();
    project.runs("kept");
    project.ends(2, "kept drop users.name");
    project.runs("kept drop users.legacy");
    project.runs("kept");
    project.runs("status");
    assert_snapshot!(project.transcript());
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%kept%'"), ["0"]);
    project.sql("INSERT INTO users VALUES (9, 'new'); DELETE FROM users WHERE id = 1");
}

#[test]
fn what_is_kept_is_hidden_from_every_command() {
    let project = kept();
    for line in
        ["status", "diff", "check", "push --dry-run --accept history", "pull", "generate --check", "migrate --dry-run"]
    {
        let run = project.ends(0, line);
        assert!(!format!("{}{}", run.out, run.err).contains("_dbmigrate_kept"), "{line}: {}{}", run.out, run.err);
    }
    let copy = project.bytes("dev.db");
    project.write("copy.db", copy);
    project.database("copy.db").run("DROP TABLE _dbmigrate_history");
    project.runs("baseline --url copy.db");
    project.runs("push --url copy.db --accept history");
    assert_eq!(project.database("copy.db").query("SELECT id FROM _dbmigrate_kept_0002_users"), ["1", "2", "3"]);
}

#[test]
fn keep_in_the_configuration_is_the_default_and_a_flag_overrides_it() {
    let project = Project::migrated(&users(LEGACY));
    project.write("dbmigrate.toml", "keep = true\n");
    project.structs(&users(NAME));
    let run = project.refuses(3, "generate");
    assert!(run.err.contains("column `users.legacy` is gone: its values would be kept aside"), "{}", run.err);
    project.runs("generate --accept drop_column:users.legacy --no-keep");
    assert!(!project.read(&sql_of("0002_users_drop_legacy")).contains("kept"));
    project.runs("generate --undo");
    project.runs("generate --accept drop_column:users.legacy");
    assert!(
        project
            .read(&sql_of("0002_users_drop_legacy"))
            .contains("-- dbmigrate: keep users.legacy in _dbmigrate_kept_0002_users\n")
    );
    project.write("dbmigrate.toml", "keep = 1\n");
    project.refuses(2, "status");
}

#[test]
fn a_migration_that_keeps_is_generated_again_and_taken_back_like_any_other() {
    let project = Project::migrated(&users("name: String, legacy: Option<String>, age: Option<String>"));
    project.structs(&users("name: String, age: Option<String>"));
    project.runs(DROP);
    project.structs(&users("name: String, age: Option<i64>"));
    project.runs("generate --amend --convert users.age=length(age)");
    let name = project
        .file_names()
        .lines()
        .filter_map(|line| line.split("migrations/").nth(1))
        .find(|line| line.starts_with("0002"))
        .and_then(|line| line.split('/').next())
        .expect("it is there")
        .to_owned();
    let sql = project.read(&sql_of(&name));
    for kept in ["users.legacy", "users.age"] {
        assert!(sql.contains(&format!("-- dbmigrate: keep {kept} in _dbmigrate_kept_0002_users\n")), "{sql}");
    }
    project.runs("generate --amend --no-keep");
    assert!(!project.file_names().contains("kept"));
    project.runs("generate --amend --keep");
    project.runs("generate --undo");
}

#[test]
fn what_cannot_be_kept_is_said_with_a_way_out() {
    let project = Project::migrated(
        "#[derive(Table)]\n#[table(name = \"logs\")]\nstruct Log { line: String, legacy: Option<String> }",
    );
    project.structs("#[derive(Table)]\n#[table(name = \"logs\")]\nstruct Log { line: String }");
    let run = project.refuses(3, "generate --accept drop_column:logs.legacy --keep");
    assert!(run.err.contains("cannot keep the values of `logs.legacy`"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate generate --no-keep --accept drop_column:logs.legacy`"), "{}", run.err);
    project.runs("generate --no-keep --accept drop_column:logs.legacy");
    let project = Project::migrated(&users(LEGACY));
    project.structs(&users("name: String, legacy: Option<String>, age: Option<i64>"));
    let run = project.ends(0, "generate --keep");
    assert!(run.err.contains("warning: `--keep`: nothing is dropped or converted"), "{}", run.err);
    let run = project.ends(2, "push --keep");
    assert!(run.err.contains("`push` keeps nothing"), "{}", run.err);
}

#[test]
fn a_migration_that_takes_the_key_of_kept_values_away_is_refused_with_a_way_out() {
    let project = kept();
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { name: String }");
    project.runs("generate --accept drop_column:users.id");
    let run = project.refuses(3, "migrate");
    assert!(
        run.err.contains(
            "`_dbmigrate_kept_0002_users` has kept values of `users`, and `users.id` is gone after the migration"
        ),
        "{}",
        run.err
    );
    project.runs("kept drop _dbmigrate_kept_0002_users");
    project.runs("migrate");
}

#[test]
fn nothing_is_dropped_before_somebody_says_so_and_a_protected_target_needs_consent() {
    let project = kept();
    project.write("dbmigrate.toml", "keep_days = 30\n[targets.production]\nurl = \"dev.db\"\nkeep_days = 90\n");
    project.runs("kept drop --expired");
    let age = |days: u32| {
        project.sql(&format!(
            "UPDATE _dbmigrate_history SET applied_at = datetime('now', '-{days} days') WHERE position = 2"
        ));
    };
    age(60);
    let run = project.runs("kept -t production");
    assert!(!run.out.contains("longer than"), "{}", run.out);
    age(100);
    let run = project.runs("kept -t production");
    assert!(run.out.contains("longer than 90 days"), "{}", run.out);
    assert!(run.err.contains("`cargo dbmigrate kept drop -t production --expired`"), "{}", run.err);
    let run = project.runs("status -t production");
    assert!(run.err.contains("has kept `users.legacy` for longer than 90 days"), "{}", run.err);
    let run = project.refuses(3, "kept drop --expired -t production");
    assert!(run.err.contains("`cargo dbmigrate kept drop -t production --expired --yes production`"), "{}", run.err);
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_kept_0002_users"), ["3"]);
    project.runs("kept drop --expired -t production --yes production");
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%kept%'"), ["0"]);
    project.write("dbmigrate.toml", "");
    project.refuses(2, "kept drop --expired");
    project.refuses(2, "kept drop");
}

#[test]
fn programs_are_told_what_is_kept_how_much_and_since_when() {
    let project = kept();
    project.sql("DELETE FROM users WHERE id = 3");
    let run = project.ends(0, "kept --message-format json");
    let kept = run.json().into_iter().find(|line| line["reason"] == "kept").expect("one");
    assert_eq!(kept["table"], "_dbmigrate_kept_0002_users");
    assert_eq!((&kept["objects"], &kept["of"]), (&json!(["users.legacy"]), &json!("users")));
    assert_eq!((&kept["rows"], &kept["left_over"], &kept["days"]), (&json!(2), &json!(0), &json!(0)));
    assert_eq!(kept["migration"], "0002_users_drop_legacy");
    let run = project.ends(0, "kept drop 0002 --message-format json");
    assert_eq!(run.json().iter().filter(|line| line["reason"] == "kept_dropped").count(), 1);
}

#[test]
fn migrate_says_what_it_keeps() {
    let project = Project::migrated(&users(LEGACY));
    project.sql("INSERT INTO users VALUES (1, 'ada', 'l1')");
    project.structs(&users(NAME));
    project.runs(DROP);
    let run = project.ends(0, "migrate --dry-run");
    assert!(run.err.contains("Would keep 1 value of `users.legacy` in `_dbmigrate_kept_0002_users`"), "{}", run.err);
    let run = project.ends(0, "migrate --atomic");
    assert!(run.err.contains("Keeping 1 value of `users.legacy` in `_dbmigrate_kept_0002_users`"), "{}", run.err);
    project.runs("check");
}

#[test]
fn a_table_and_an_ignored_view_on_it_survive() {
    let two = format!(
        "{}\n#[derive(Table)]\n#[table(name = \"audits\")]\nstruct Audit {{ #[column(primary_key)] id: i64, line: String }}",
        users(NAME)
    );
    let project = Project::migrated(&two);
    project.write("dbmigrate.toml", "ignore = [\"their_*\"]\n");
    project.sql("INSERT INTO audits VALUES (1, 'x'); CREATE VIEW their_view AS SELECT * FROM audits;");
    project.structs(&users(NAME));
    project.runs("generate --accept drop_table:audits --keep");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM _dbmigrate_kept_0002_audits"), ["1|x"]);
    assert_eq!(
        project.query("SELECT sql FROM sqlite_schema WHERE name = 'their_view'"),
        ["CREATE VIEW their_view AS SELECT * FROM audits"]
    );
    let run = project.runs("kept");
    assert!(run.out.starts_with("audits"), "{}", run.out);
    project.runs("kept drop audits");
}

#[test]
fn a_typed_keep_is_the_answer_to_a_loss_and_a_possible_rename_stays_a_question() {
    let project = Project::migrated(&users(LEGACY));
    project.sql("INSERT INTO users VALUES (1, 'ada', 'l1')");
    project.structs(&users(NAME));
    let run = project.refuses(3, "generate");
    assert!(
        run.err.contains("to drop it, but keep its values for a revert: `cargo dbmigrate generate --keep`"),
        "{}",
        run.err
    );
    project.runs("generate --keep");
    let sql = project.read(&sql_of("0002_users_drop_legacy"));
    assert!(sql.contains("allow(drop_column) users.legacy\n") && sql.contains("keep users.legacy in"), "{sql}");
    project.runs("generate --undo");
    // it may be a rename
    project.structs(&users("name: String, old: Option<String>"));
    let run = project.refuses(3, "generate --keep");
    let said =
        "if not, to keep its values for a revert: `cargo dbmigrate generate --keep --accept drop_column:users.legacy`";
    assert!(run.err.contains(said), "{}", run.err);
    assert!(
        !run.err.contains("no longer needed: `cargo dbmigrate generate --keep --accept drop_column:users.legacy`"),
        "{}",
        run.err
    );
    let run = project.refuses(3, "generate");
    let said =
        "if not, to keep its values for a revert: `cargo dbmigrate generate --accept drop_column:users.legacy --keep`";
    assert!(run.err.contains(said), "{}", run.err);
    // whoever does not want it is not asked again
    let run = project.refuses(3, "generate --no-keep");
    assert!(!run.err.contains("for a revert"), "{}", run.err);
}

#[test]
fn to_keep_is_offered_only_for_what_can_be_kept_and_what_cannot_is_dropped_as_suggested() {
    let logs = |fields: &str| format!("#[derive(Table)]\n#[table(name = \"logs\")]\nstruct Log {{ {fields} }}");
    let project = Project::migrated(&logs("line: String, legacy: String"));
    project.structs(&logs("line: String"));
    let run = project.refuses(3, "generate");
    assert!(!run.err.contains("for a revert"), "{}", run.err);
    let run = project.refuses(3, "generate --keep");
    assert!(run.err.contains("cannot keep the values of `logs.legacy`"), "{}", run.err);
    let suggested = run.suggested().pop().expect("a command is suggested");
    assert_eq!(project.shell(&suggested).code, 0, "{suggested}");
}

#[test]
fn where_keeping_is_configured_the_answers_say_that_values_are_kept() {
    let project = Project::migrated(&users(LEGACY));
    project.write("dbmigrate.toml", "keep = true\n");
    project.structs(&users(NAME));
    let run = project.refuses(3, "generate");
    let keep =
        "to drop it, but keep its values for a revert: `cargo dbmigrate generate --accept drop_column:users.legacy`";
    let drop =
        "if its values are no longer needed: `cargo dbmigrate generate --accept drop_column:users.legacy --no-keep`";
    assert!(run.err.contains(keep) && run.err.contains(drop), "{}", run.err);
    let suggested = run.suggested();
    assert_eq!(project.shell(&suggested[1]).code, 0);
    assert!(!project.read(&sql_of("0002_users_drop_legacy")).contains("kept"));
}

#[test]
fn generate_warns_of_a_key_by_which_kept_values_are_known() {
    let project = kept();
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { name: String }");
    let run = project.runs("generate --accept drop_column:users.id");
    let said =
        "warning: `_dbmigrate_kept_0002_users` has kept values of `users`, and `users.id` is gone after the migration";
    assert!(run.err.contains(said), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate kept drop _dbmigrate_kept_0002_users`"), "{}", run.err);
    // what goes on being a key is none of it, and neither is what nothing is kept of any more
    project.runs("generate --undo --accept edits");
    project.structs(&users("name: Option<String>, age: Option<i64>"));
    let run = project.runs("generate");
    assert!(!run.err.contains("warning"), "{}", run.err);
    project.runs("generate --undo --accept edits");
    project.structs(&users(NAME));
    project.runs("revert");
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { name: String }");
    let run = project.runs("generate --accept drop_column:users.id --accept drop_column:users.legacy");
    assert!(!run.err.contains("has kept values"), "{}", run.err);
}
