//! Tables of somebody else in the same database: `ignore` in `dbmigrate.toml`.

use insta::assert_snapshot;

use crate::project::Project;

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";

/// What another tool keeps: tables with indexes, triggers, shadow tables and views.
const FOREIGN: &str = "
    CREATE TABLE legacy_log (id INTEGER PRIMARY KEY, line TEXT);
    CREATE INDEX by_line ON legacy_log(line);
    CREATE TRIGGER keep AFTER DELETE ON legacy_log BEGIN INSERT INTO legacy_log VALUES (old.id, old.line); END;
    CREATE VIRTUAL TABLE legacy_search USING fts5(line);
    CREATE VIEW legacy_lines AS SELECT line FROM legacy_log;
    INSERT INTO legacy_log VALUES (1, 'kept');";

/// A project whose database has somebody else's tables beside its own.
fn shared() -> Project {
    let project = Project::migrated(USERS);
    project.sql(FOREIGN);
    project.structs(&USERS.replace("name: String", "name: String, age: Option<i64>"));
    project.runs("generate");
    project.transcript();
    project
}

#[test]
fn what_is_ignored_is_no_drift_and_stays_as_it_is() {
    let project = shared();
    project.refuses(5, "migrate");
    project.write("dbmigrate.toml", "ignore = [\"LEGACY_*\"]\n");
    project.runs("migrate");
    project.runs("check");
    project.runs("status");
    assert_eq!(project.query("SELECT line FROM legacy_lines"), ["kept"]);
    let kept = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'legacy%' OR name IN ('by_line', 'keep')";
    // two tables, a view, an index, a trigger, and five shadow tables
    assert_eq!(project.query(kept), ["10"]);
}

#[test]
fn a_first_migration_may_meet_what_is_ignored() {
    let project = Project::generated(USERS);
    project.sql(FOREIGN);
    project.refuses(5, "migrate");
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\"]\n");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
}

#[test]
fn a_declared_table_cannot_be_ignored() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\", \"user?\"]\n");
    project.refuses(2, "generate");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_migrated_table_cannot_be_ignored() {
    let project = Project::migrated(USERS);
    project.write("dbmigrate.toml", "ignore = [\"*\"]\n");
    project.structs("");
    project.refuses(2, "migrate");
    project.refuses(2, "status");
    project.refuses(2, "generate");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_wrong_pattern_is_shown_at_its_place() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "ignore = [\n  \"legacy_[a-z]*\",\n]\n");
    project.refuses(2, "status");
    assert_snapshot!(project.transcript());
}

/// What another tool has built upon `users`.
const UPON_USERS: &str = "
    INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');
    CREATE TABLE bi_log (what TEXT);
    CREATE VIEW bi_names AS SELECT id, name FROM users;
    CREATE VIEW bi_count AS SELECT count(*) AS n FROM bi_names;
    CREATE TRIGGER bi_rename INSTEAD OF UPDATE ON bi_names BEGIN UPDATE users SET name = new.name WHERE id = new.id; END;
    CREATE TRIGGER bi_logged AFTER INSERT ON bi_log BEGIN UPDATE users SET name = name || new.what; END;";

/// That it still works.
fn check_upon_users(project: &Project) {
    assert_eq!(project.query("SELECT n FROM bi_count"), ["2"]);
    project.sql("UPDATE bi_names SET name = 'Eve' WHERE id = 2; INSERT INTO bi_log VALUES ('!')");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada!", "Eve!"]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'bi%'"), ["5"]);
}

#[test]
fn what_is_built_upon_a_table_survives_its_rebuild() {
    let rebuilt = USERS.replace("name: String", "#[column(check = \"name <> ''\")] name: String");
    let project = Project::migrated(USERS);
    project.write("dbmigrate.toml", "ignore = [\"bi_*\"]\n");
    project.sql(UPON_USERS);
    project.structs(&rebuilt);
    project.runs("generate");
    project.runs("migrate");
    check_upon_users(&project);
    // the same pushed
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "ignore = [\"bi_*\"]\n");
    project.runs("push");
    project.sql(UPON_USERS);
    project.structs(&rebuilt);
    project.runs("push");
    check_upon_users(&project);
}
