//! Rows through migrations of every cost: what is in the database afterwards is what was in it before.

use crate::project::Project;

const PARENT: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key, autoincrement)] id: i64, name: Option<String> }\n";
const CHILD: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(user), trigger(count_up, after = insert, body = \"UPDATE users SET name = name || '!' WHERE id = new.user;\"))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] user: i64 }\n";

fn project() -> Project {
    let project = Project::migrated(&format!("{PARENT}{CHILD}"));
    project.sql(
        "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (9, 'gone'); DELETE FROM users WHERE id = 9;
         INSERT INTO posts VALUES (10, 1), (11, 1), (12, 2)",
    );
    project
}

#[test]
fn a_rebuild_of_a_parent_keeps_its_children_and_its_counter() {
    let project = project();
    let before = project.dump();
    project.structs(&format!(
        "{}{CHILD}",
        PARENT.replace("name = \"users\"", "name = \"users\", strict").replace("Option<String>", "String")
    ));
    let run = project.runs("generate");
    assert!(run.err.contains("scan"), "{}", run.err);
    project.runs("migrate");
    assert_eq!(project.dump(), before);
    assert_eq!(project.query("SELECT seq FROM sqlite_sequence WHERE name = 'users'"), ["9"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    // the child's key still works, and so does its trigger
    project.sql("INSERT INTO posts VALUES (13, 2); PRAGMA foreign_keys = ON; DELETE FROM users WHERE id = 1");
    assert_eq!(project.query("SELECT id FROM posts"), ["12", "13"]);
    assert_eq!(project.query("SELECT name FROM users"), ["Grace!!"]);
}

#[test]
fn applying_one_by_one_and_all_at_once_come_to_the_same() {
    let project = project();
    let with_age = PARENT.replace("name:", "age: Option<i64>, name:");
    project.structs(&format!("{with_age}{CHILD}"));
    project.runs("generate");
    // a name in a trigger of another table changes together with the column
    let renamed = format!(
        "{}{}",
        with_age.replace(", name:", ", full_name:"),
        CHILD.replace("SET name = name", "SET full_name = full_name")
    );
    project.structs(&renamed);
    project.runs("generate --rename users.name=full_name");
    project.runs("migrate --to 0002_users_age");
    project.runs("migrate");
    project.runs("migrate --url fresh.db");
    let schema = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2";
    assert_eq!(project.query(schema), project.database("fresh.db").query(schema));
    assert_eq!(project.query("SELECT * FROM users")[0], "1|Ada!!|NULL");
}

#[test]
fn a_database_in_wal_mode_stays_in_it() {
    let project = project();
    project.sql("PRAGMA journal_mode = WAL");
    project.structs(&format!("{}{CHILD}", PARENT.replace("Option<String>", "String")));
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("PRAGMA journal_mode"), ["wal"]);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["2"]);
}
