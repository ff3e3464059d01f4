//! `check --fix`: the structs are changed where a lint has one safe answer, and the migration that comes of it keeps every
//! row.

use crate::project::Project;

const STRUCTS: &str = "// users of the application
#[derive(Table)]
#[table(name = \"users\")]
struct User {
    #[column(primary_key)]
    id: i64,
    name: String, // as they call themselves
}

#[derive(Table)]
#[table(name = \"posts\")]
struct Post {
    #[column(primary_key)]
    id: i64,
    #[column(references = User::id)]
    author_id: i64,
    #[column(references = User::id)]
    editor_id: Option<i64>,
    title: String,
}
";

/// A database with rows.
fn project() -> Project {
    let project = Project::migrated(STRUCTS);
    project.sql(
        "PRAGMA foreign_keys = ON; INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b');
         INSERT INTO posts (id, author_id, editor_id, title) VALUES (1, 1, 2, 'x'), (2, 2, NULL, 'y');",
    );
    project
}

#[test]
fn fixes_of_one_table_come_together_and_their_migration_keeps_every_row() {
    let project = project();
    let rows = "SELECT id, author_id, editor_id, title FROM posts ORDER BY id";
    let before = project.query(rows);
    let run = project.runs("check --fix");
    assert!(run.err.contains("Fixed `posts.author_id`") && run.err.contains("Fixed `posts.editor_id`"), "{run:?}");
    assert!(run.err.contains("`cargo dbmigrate generate`"), "{run:?}");
    let generated = project.runs("generate --name indexes -D performance");
    assert!(!generated.err.contains("warning"), "{generated:?}");
    project.runs("migrate");
    project.runs("check");
    assert_eq!(project.query(rows), before);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("SELECT count(*) FROM pragma_index_list('posts')"), ["2"]);
}

#[test]
fn what_is_not_committed_is_changed_only_if_that_is_said() {
    let project = project();
    let git = |line: &str| project.shell(&format!("git -c user.name=a -c user.email=a@example.com {line}"));
    git("init -q -b main");
    let tree = project.tree();
    let run = project.ends(2, "check --all --fix");
    assert!(run.err.contains("not committed") && run.err.contains("--fix --allow-dirty"), "{run:?}");
    assert_eq!(project.tree(), tree);
    git("add -A");
    git("commit -qm one");
    project.runs("check --all --fix");
    let run = project.ends(4, "check --all --fix --allow-dirty");
    assert!(run.err.contains("ahead of the migrations"), "{run:?}");
}

#[test]
fn what_is_left_after_a_fix_stands_where_it_is_now() {
    let project = Project::migrated(&STRUCTS.replace("    title: String,\n", "    title: String,\n    order: i64,\n"));
    let run = project.runs("check --all --fix");
    let field = project.read("src/lib.rs").lines().position(|line| line.contains("order: i64")).map(|at| at + 1);
    let left = run.err.split("Fixed").last().unwrap_or_default();
    let line = field.map(|line| format!("{line} |     order: i64,")).unwrap_or_default();
    assert!(left.contains("warning[reserved_word]") && left.contains(&line), "{line}\n{run:?}");
}

#[test]
fn types_keys_and_defaults_of_new_tables_are_fixed() {
    let project = Project::new("");
    project.write("dbmigrate.toml", "[rules]\nstrict = true\n");
    project.structs(
        "#[derive(Table)]\n#[table(name = \"logs\")]\nstruct Log {\n    #[column(primary_key, type = \"INT\")]\n    id: \
         i64,\n    #[column(default_sql = \"'CURRENT_TIMESTAMP'\")]\n    made_at: String,\n}\n",
    );
    project.runs("generate --name logs -A warnings");
    let run = project.runs("check --fix");
    for object in ["logs.id", "logs.made_at", "logs"] {
        assert!(run.err.contains(&format!("Fixed `{object}`: ")), "{object}: {run:?}");
    }
    assert!(!run.err.contains("warning"), "{run:?}");
    project.runs("generate --amend --name logs -D warnings");
    let sql = project.read("migrations/0001_logs/migration.sql");
    for part in ["id INTEGER PRIMARY KEY", "made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP", ") STRICT;"] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
    project.runs("migrate");
    project.sql("INSERT INTO logs DEFAULT VALUES");
    assert_eq!(project.query("SELECT id, made_at > '2020' FROM logs"), ["1|1"]);
    project.runs("check");
}
