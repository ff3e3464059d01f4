//! Functions of the application: whatever would need one of them for rows is refused by its name, and the histories of
//! schemas that call them are rebased, captured and repaired.

use crate::app_functions::{ANN, DECLARED, USERS, application, filled, filled_rows, registered, rows, users_with};
use crate::project::Project;
use crate::repository::Repository;

/// Every way in which a table or an index can call a function for rows that are there already. Where SQLite asks by a
/// statement of its own, it says no more than "SQL logic error".
#[test]
fn whatever_calls_a_function_for_rows_is_refused_by_the_name_of_the_function() {
    const TABLE: &str = "#[derive(Table)]\n#[table(name = \"t\"/* table */)]\n\
        struct T { #[column(primary_key)] id: i64, name: String, /* more */ }";
    let strict = |strict: &str, table: &str, more: &str| {
        TABLE.replace("/* table */", &format!("{strict}{table}")).replace("/* more */", more)
    };
    let changes = [
        ("a virtual column", "", "#[column(generated = \"norm(name)\")] norm: Option<String>,"),
        ("a virtual column without NULL", "", "#[column(generated = \"norm(name)\")] norm: String,"),
        (
            "a virtual column with a CHECK",
            "",
            "#[column(generated = \"norm(name)\", check = \"short <> ''\")] short: Option<String>,",
        ),
        ("a stored column", "", "#[column(generated = \"norm(name)\", stored)] norm: Option<String>,"),
        ("a column with a CHECK", "", "#[column(check = \"norm(kind) <> ''\", default = \"a\")] kind: String,"),
        (
            "a column with a CHECK and without a value",
            "",
            "#[column(check = \"norm(kind) <> ''\")] kind: Option<String>,",
        ),
        ("a column with a value of the function", "", "#[column(default_sql = \"norm('A')\")] kind: String,"),
        ("a CHECK of the table", ", check = \"norm(name) <> ''\"", ""),
        ("an index on an expression", ", index(\"norm(name)\", name = \"i\")", ""),
        ("an index of some rows", ", index(name, name = \"i\", where = \"norm(name) = 'a'\")", ""),
        (
            "an index on a virtual column",
            ", index(norm, name = \"i\")",
            "#[column(generated = \"norm(name)\")] norm: Option<String>,",
        ),
        ("a unique virtual column", "", "#[column(generated = \"norm(name)\", unique)] norm: Option<String>,"),
    ];
    for is_strict in [", strict", ""] {
        for (what, table, more) in &changes {
            let what = format!("{what}{is_strict}");
            let project = Project::new(&strict(is_strict, "", ""));
            project.write("dbmigrate.toml", DECLARED);
            project.runs("generate");
            project.runs("migrate");
            application(&project, "INSERT INTO t (id, name) VALUES (1, 'Ann'), (2, 'Bob')");
            project.structs(&strict(is_strict, table, more));
            project.runs("generate");
            let state = || project.query("SELECT name, sql FROM sqlite_schema UNION ALL SELECT id, name FROM t");
            let before = state();
            let dry = project.run("migrate --dry-run");
            let run = project.run("migrate");
            assert_eq!(dry.code, run.code, "{what}: {} {}", dry.err, run.err);
            assert!(!run.err.contains("SQL logic error"), "{what}: {}", run.err);
            if run.code == 0 {
                // nothing was computed: what is there is computed when it is read
                assert!(is_strict.is_empty() && what.starts_with("a virtual column"), "{what}: {}", run.err);
                project.runs("check");
                project.runs("status");
            } else {
                let refused = "is refused: it calls `norm` for rows of the database";
                assert!(run.code == 3 && run.err.contains(refused) && dry.err.contains(refused), "{what}: {}", run.err);
                assert_eq!(state(), before, "{what}");
                project.write("pushed.db", project.bytes("dev.db"));
                registered(&project.path("pushed.db"))
                    .execute_batch("DROP TABLE _dbmigrate_history")
                    .expect("it is there");
                let pushed = project.bytes("pushed.db");
                let push = project.run("push --accept all --url pushed.db");
                assert!(push.code != 0 && push.err.contains("`norm` is a function of the app"), "{what}: {}", push.err);
                assert_eq!(project.bytes("pushed.db"), pushed, "{what}");
                assert_eq!(state(), before, "{what}");
            }
            assert_eq!(project.query("SELECT id, name FROM t"), ["1|Ann", "2|Bob"], "{what}");
        }
    }
}

#[test]
fn branches_with_functions_are_rebased() {
    let repository = Repository::new(USERS);
    let project = &repository.project;
    project.write("dbmigrate.toml", DECLARED);
    project.runs("generate");
    repository.commit("base");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.add(&users_with("#[column(generated = \"norm(id)\")] low: Option<String>,"), "feature");
    repository.git(&["checkout", "-q", "main"]);
    repository.add(&USERS.replace("strict,", "strict, index(\"slugify(name, 1)\", name = \"first\"),"), "main");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    let run = project.runs("rebase");
    assert!(!run.err.contains("error"), "{}", run.err);
    project.structs(
        &users_with("#[column(generated = \"norm(id)\")] low: Option<String>,")
            .replace("strict,", "strict, index(\"slugify(name, 1)\", name = \"first\"),"),
    );
    project.runs("check");
    project.runs("migrate");
    application(project, &format!("INSERT INTO users (id, name) VALUES ('{ANN}', 'Ann')"));
    assert_eq!(project.query("SELECT name, slug FROM users NOT INDEXED"), ["Ann|ann"]);
    project.runs("status");
}

#[test]
fn what_was_added_by_hand_and_calls_functions_is_captured() {
    let project = filled();
    application(
        &project,
        "CREATE INDEX by_hand ON users (slugify(name, 2)); ALTER TABLE users ADD COLUMN phone TEXT;\
         CREATE TRIGGER posted AFTER INSERT ON posts BEGIN UPDATE users SET slug = norm(slug) WHERE id = new.author; END",
    );
    project.ends(4, "diff --from database");
    project.runs("capture --write");
    assert_eq!(rows(&project), filled_rows());
    for command in ["check", "status", "diff --from database", "migrate", "migrate --url other.db"] {
        project.runs(command);
    }
}

#[test]
fn a_history_with_functions_is_repaired() {
    let project = filled();
    project.structs(&users_with("phone: Option<String>,"));
    project.runs("generate");
    project.runs("migrate");
    // a statement in an applied file
    let file = "migrations/0002_users_phone/migration.sql";
    let text = project.read(file);
    project.write(file, format!("{text}UPDATE users SET phone = NULL;\n"));
    let run = project.run("migrate");
    assert_eq!(run.code, 5, "{}", run.err);
    let repair = run.suggested().into_iter().find(|line| line.starts_with("cargo dbmigrate repair"));
    let repair = repair.unwrap_or_else(|| panic!("no repair: {}", run.err));
    let run = project.shell(&repair);
    assert_eq!(run.code, 0, "{repair}: {}", run.err);
    for command in ["check", "status", "migrate"] {
        project.runs(command);
    }
    assert_eq!(rows(&project), filled_rows());
}
