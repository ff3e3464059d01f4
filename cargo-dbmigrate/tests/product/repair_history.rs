//! `repair` of histories in which something is missing: between records, and behind a statement that ran outside a
//! transaction.

use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_core::schema::Schema;

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key)]\n    \
                     pub id: i64,\n}\n";

/// Four migrations, and a database that has them.
fn project() -> Project {
    let project = Project::generated(USERS);
    for at in 1..=3 {
        let columns: Vec<String> = (1..=at).map(|at| format!("    pub c{at}: Option<String>,\n")).collect();
        project.structs(&USERS.replace("i64,\n", &format!("i64,\n{}", columns.concat())));
        project.runs(&format!("generate --name c{at}"));
    }
    project.runs("migrate");
    project.sql("INSERT INTO users (id, c2) VALUES (1, 'a')");
    project
}

fn history(project: &Project) -> Vec<String> {
    project.query("SELECT position, name, kind FROM _dbmigrate_history WHERE position >= 1 ORDER BY position")
}

#[test]
fn a_record_that_is_missing_between_others_is_recorded_by_the_command_that_is_said() {
    for (damage, note) in [
        ("DELETE FROM _dbmigrate_history WHERE position = 2", "marked 0002_c1 as applied"),
        ("DELETE FROM _dbmigrate_history WHERE position < 3", "marked 0001_create_users as applied"),
        ("UPDATE _dbmigrate_history SET position = 7 WHERE position = 4", "moved 0004_c3 from position 7 to 4"),
    ] {
        let project = project();
        let applied = project.query("SELECT applied_at FROM _dbmigrate_history WHERE name = '0004_c3'");
        project.sql(damage);
        for command in ["status", "migrate", "repair"] {
            let run = project.refuses(5, command);
            assert!(run.err.contains("the history has no migration at position"), "{}", run.err);
            assert!(run.err.contains("`cargo dbmigrate repair --applied 0004_c3`"), "{}", run.err);
        }
        let before = history(&project);
        project.runs("repair --applied 0004_c3 --dry-run");
        assert_eq!(history(&project), before);
        project.runs("repair --applied 0004_c3");
        let names: Vec<String> =
            history(&project).iter().map(|line| line.split('|').take(2).collect::<Vec<_>>().join("|")).collect();
        assert_eq!(names, ["1|0001_create_users", "2|0002_c1", "3|0003_c2", "4|0004_c3"]);
        let notes = project.query("SELECT name FROM _dbmigrate_history WHERE position < 1 ORDER BY position DESC");
        assert_eq!(notes[0], note);
        // what was recorded stays as it was recorded
        let still = project.query("SELECT applied_at FROM _dbmigrate_history WHERE name = '0004_c3'");
        assert_eq!(still, applied);
        for command in ["status", "migrate", "repair"] {
            project.runs(command);
        }
        assert_eq!(project.query("SELECT id, c2 FROM users"), ["1|a"]);
    }
}

#[test]
fn a_gap_is_not_filled_where_the_database_has_another_schema_or_another_history() {
    let project = project();
    project.sql("DELETE FROM _dbmigrate_history WHERE position = 2");
    project.sql("ALTER TABLE users DROP COLUMN c1");
    let run = project.refuses(3, "repair --applied 0004_c3");
    assert!(run.err.contains("does not have the schema of `0004_c3`"), "{}", run.err);
    project.sql("UPDATE _dbmigrate_history SET name = '0003_other' WHERE position = 3");
    project.refuses(5, "repair --applied 0004_c3");
}

#[test]
fn what_ran_outside_a_transaction_and_was_not_recorded_is_recorded_by_the_command_that_is_said() {
    let project = project();
    let mut folder = Folder::open(project.path("migrations")).expect("it is there");
    let mut schema: Schema = folder.head_schema().expect("a snapshot");
    let table = schema.table(&"users".into()).expect("it is there").clone();
    schema.tables.insert(dbmigrate_core::schema::Table { name: "more".into(), ..table });
    let sql = "-- 0005_more\n-- dbmigrate: no-transaction\nCREATE TABLE more (id INTEGER PRIMARY KEY);\n";
    folder.add(&Slug::sanitize("more").expect("a name"), sql, &schema.into()).expect("it is written");
    let run = project.ends(5, "migrate");
    assert!(run.err.contains("ran outside a transaction"), "{}", run.err);
    let suggested = run.suggested();
    let command = suggested.iter().find(|line| line.contains("repair --applied")).expect("it is suggested");
    assert_eq!(command, "cargo dbmigrate repair --applied 0005_more");
    // not before it is so
    project.refuses(3, "repair --applied 0005_more");
    project.sql("DROP TABLE more; CREATE TABLE more (id INTEGER PRIMARY KEY, c1 TEXT, c2 TEXT, c3 TEXT)");
    assert_eq!(project.shell(command).code, 0);
    project.runs("migrate");
    assert_eq!(project.read(&sql_of("0005_more")), sql);
}
