//! Databases with strings in double quotes, which SQLite takes for names if there is such a column, and rewrites in single quotes
//! whenever a column of any table goes or gets another name.

use crate::project::Project;

/// As people write them: a check, a generated column, a partial index and one of an expression.
const DATABASE: &str = r#"
CREATE TABLE tasks (id INTEGER PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ("new", "it's done")), note TEXT,
    shown TEXT AS (coalesce(note, "none")) VIRTUAL, CHECK ("note" <> "-"));
CREATE INDEX tasks_open_idx ON tasks (note) WHERE state = "new";
CREATE INDEX tasks_long_idx ON tasks (coalesce(note, "-"));
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, nick TEXT, age INTEGER);
CREATE VIEW open_tasks AS SELECT id, note || "!" AS loud FROM tasks WHERE state = "new";
CREATE TRIGGER tasks_noted AFTER INSERT ON tasks WHEN new.note = "x" BEGIN UPDATE tasks SET note = "y" WHERE id = new.id; END;
INSERT INTO tasks (id, state, note) VALUES (1, 'new', 'a'), (2, 'it''s done', NULL);
INSERT INTO people VALUES (1, 'Ada', 'a', 36), (2, 'Grace', NULL, 40);
"#;

#[test]
fn columns_go_and_are_renamed_beside_strings_in_double_quotes() {
    let project = Project::new("");
    for name in ["dev.db", "other.db"] {
        project.database(name).run(DATABASE);
    }
    let stored =
        || project.database("dev.db").query("SELECT group_concat(sql) FROM sqlite_schema WHERE tbl_name = 'tasks'");
    assert!(stored()[0].contains("\"new\""), "{:?}", stored());
    project.runs("pull --baseline");
    project.runs("pull --out src/schema.rs");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.runs("baseline --url other.db");
    project.runs("generate --check");

    project.replace("src/schema.rs", "    pub nick: Option<String>,\n", "");
    project.replace("src/schema.rs", "pub age: ", "pub years: ");
    project.runs("generate --accept drop_column:people.nick --rename people.age=years");
    for name in ["dev.db", "other.db"] {
        project.runs(&format!("migrate --url {name}"));
        project.runs(&format!("check --url {name}"));
    }
    // the engine has written them anew
    assert!(stored()[0].contains("'new'") && !stored()[0].contains("\"new\""), "{:?}", stored());
    let rows = "SELECT id, state, note, shown FROM tasks ORDER BY id";
    assert_eq!(project.database("dev.db").query(rows), ["1|new|a|a", "2|it's done|NULL|none"]);
    assert_eq!(project.database("other.db").query("SELECT * FROM people ORDER BY id"), ["1|Ada|36", "2|Grace|40"]);
    assert_eq!(project.database("dev.db").query("SELECT * FROM open_tasks"), ["1|a!"]);
    let database = project.database("other.db");
    database.run("INSERT INTO tasks (state, note) VALUES ('new', 'x')");
    assert_eq!(database.query("SELECT note FROM tasks WHERE id = 3"), ["y"]);
    // neither what is stored now nor what was declared says anything new
    project.runs("generate --check");

    // and a check that does change is seen
    project.replace("src/schema.rs", "it's done", "done");
    let refused = project.run("generate --check");
    assert_ne!(refused.code, 0, "{refused:?}");
}
