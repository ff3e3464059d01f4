//! Databases that somebody has changed by hand: seen by `status`, refused by `migrate`, and left as they are where that
//! is accepted.

use insta::assert_snapshot;

use crate::project::Project;

const USER: &str = "#[derive(Table)]\n#[table(name = \"users\", index(name))]\nstruct User { #[column(primary_key)] id: i64, name: String }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64 }\n";
const VIEW: &str =
    "#[derive(View)]\n#[view(name = \"names\", query = \"SELECT name FROM users\")]\nstruct Names { name: String }\n";
const ROWS: &str = "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'); INSERT INTO posts VALUES (7, 1), (8, 2)";
const BY_HAND: &str = "ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = '+' || id;
     CREATE INDEX by_phone ON users (phone); DROP VIEW names;
     CREATE TABLE scratch (x); INSERT INTO scratch VALUES (1);
     CREATE TRIGGER log AFTER INSERT ON users BEGIN INSERT INTO scratch VALUES (new.id); END";

/// A database with rows that has all migrations.
fn migrated() -> Project {
    let project = Project::migrated(&format!("{USER}{POST}{VIEW}"));
    project.sql(ROWS);
    project
}

/// The same, changed by hand.
fn drifted() -> Project {
    let project = migrated();
    project.sql(BY_HAND);
    project
}

/// With a migration that adds a table and a column to one that nobody has touched.
fn with_harmless_migration(project: &Project) {
    let post = POST.replace("author: i64", "author: i64, title: Option<String>");
    let tag = "#[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64 }\n";
    project.structs(&format!("{USER}{post}{VIEW}{tag}"));
    project.runs("generate --name harmless");
}

/// With a migration that rebuilds the table that has drifted.
fn with_rebuild(project: &Project) {
    project.structs(&format!("{}{POST}{VIEW}", USER.replace("name: String", "#[column(unique)] name: String")));
    project.runs("generate --name rebuild");
}

#[test]
fn status_says_what_was_changed_by_hand() {
    let project = drifted();
    project.refuses(4, "status");
    project.refuses(4, "status --message-format json");
    project.refuses(4, "status -q");
    with_harmless_migration(&project);
    project.refuses(4, "status");
    let text = project.transcript();
    // the dates of the JSON
    let lines = text.lines().filter(|line| !line.starts_with("{\"applied_at\":\""));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn migrate_refuses_also_with_nothing_to_apply() {
    let project = drifted();
    project.refuses(5, "migrate");
    project.refuses(5, "migrate --dry-run");
    project.refuses(5, "migrate --message-format json");
    with_harmless_migration(&project);
    for command in ["migrate", "migrate --dry-run", "migrate --to 1"] {
        let run = project.refuses(5, command);
        assert!(run.err.contains("drift: + table scratch (x)"), "{}", run.err);
    }
    assert_snapshot!(project.transcript().split("$ cargo dbmigrate generate").next().unwrap_or_default());
}

#[test]
fn an_accepted_drift_is_left_as_it_is() {
    let project = drifted();
    project.refuses(0, "migrate --accept drift");
    with_harmless_migration(&project);
    project.refuses(0, "migrate --accept drift --dry-run");
    project.runs("migrate --accept drift");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|+1", "2|Grace|+2"]);
    assert_eq!(project.query("SELECT * FROM scratch"), ["1"]);
    assert_eq!(project.query("SELECT id, author, title FROM posts"), ["7|1|NULL", "8|2|NULL"]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    project.sql("INSERT INTO users VALUES (3, 'Joan', NULL)");
    assert_eq!(project.query("SELECT * FROM scratch"), ["1", "3"]);
    // it is still a drift, and once it is undone it is none
    project.refuses(4, "status");
    project.refuses(5, "migrate");
    project.sql("DROP TRIGGER log; DROP TABLE scratch; DROP INDEX by_phone; ALTER TABLE users DROP COLUMN phone; CREATE VIEW names AS SELECT name FROM users");
    project.refuses(0, "status");
    project.refuses(0, "migrate");
    assert_snapshot!(project.transcript());
}

#[test]
fn an_accepted_drift_is_not_migrated_over() {
    let project = drifted();
    with_rebuild(&project);
    project.transcript();
    project.refuses(5, "migrate --accept drift");
    project.refuses(5, "migrate --accept drift --dry-run");
    assert_snapshot!(project.transcript());
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|+1", "2|Grace|+2"]);
    // also where only what belongs to the table has drifted
    let project = migrated();
    project.sql("CREATE TABLE scratch (x); CREATE TRIGGER log AFTER INSERT ON users BEGIN INSERT INTO scratch VALUES (new.id); END");
    with_rebuild(&project);
    project.transcript();
    project.refuses(5, "migrate --accept drift");
    assert_snapshot!(project.transcript());
}

#[test]
fn the_statements_that_undo_a_drift_undo_it() {
    let project = drifted();
    let run = project.refuses(5, "migrate");
    let undo = run.err.split('`').find(|part| part.contains("--sql")).expect("it is suggested").to_owned();
    let run = project.shell(&undo);
    assert_eq!(run.code, 4, "{}", run.err);
    project.sql(&format!("PRAGMA foreign_keys = OFF; BEGIN; {}; COMMIT", run.out.trim_end().trim_end_matches(';')));
    project.refuses(0, "status");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada", "2|Grace"]);
    assert_eq!(project.query("SELECT * FROM posts"), ["7|1", "8|2"]);
}

#[test]
fn nothing_but_drift_can_be_accepted() {
    let project = migrated();
    project.transcript();
    project.refuses(2, "migrate --accept all");
    // what is not there can be accepted
    project.refuses(0, "migrate --accept drift");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_database_without_a_history_is_told_how_to_get_one() {
    let project = Project::generated(USER);
    project.database("other.db").run("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    project.refuses(4, "status --url other.db");
    project.refuses(5, "migrate --url other.db");
    project.refuses(5, "migrate --url other.db --dry-run");
    project.refuses(5, "migrate --url other.db --accept drift");
    assert_snapshot!(project.transcript());
}

#[test]
fn what_cannot_be_represented_has_drifted() {
    let project = migrated();
    project.sql("CREATE TABLE odd (a \"\"); INSERT INTO odd VALUES (5)");
    project.transcript();
    project.refuses(4, "status");
    project.refuses(5, "migrate");
    with_harmless_migration(&project);
    project.runs("migrate --accept drift");
    assert_eq!(project.query("SELECT * FROM odd"), ["5"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn what_is_ignored_is_no_drift() {
    let project = migrated();
    project.write("dbmigrate.toml", "ignore = [\"scratch*\"]\n");
    project.sql("CREATE TABLE scratch (x); CREATE INDEX by_x ON scratch (x)");
    project.refuses(0, "status");
    project.refuses(0, "migrate");
    with_harmless_migration(&project);
    project.runs("migrate");
}
