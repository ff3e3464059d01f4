//! `pull --from` where something does not fit: the history, the folder, the schema, the SQL. Nothing is changed then.

use crate::drizzle::content;
use crate::project::Project;
use crate::tools::{SHAPES, Shape};

const OUT: &str = "--out src/schema.rs";

/// The first shape of a tool.
fn shape(tool: &str) -> &'static Shape {
    SHAPES.iter().find(|shape| shape.tool == tool).expect("there is one")
}

/// The command for a shape, which must be refused with nothing changed.
#[track_caller]
fn refused(project: &Project, code: i32, from: &str, said: &[&str]) {
    let (before, tree) = (content(&project.database("dev.db")), project.tree());
    let run = project.refuses(code, &format!("pull {from} {OUT}"));
    for said in said {
        assert!(run.err.contains(said), "`{said}` is not said\n{}", run.err);
    }
    assert_eq!(content(&project.database("dev.db")), before);
    let changed = project.tree().into_iter().filter(|(path, bytes)| tree.get(path) != Some(bytes));
    let changed: Vec<_> =
        changed.map(|(path, _)| path).filter(|path| path.extension().is_none_or(|end| end != "db")).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn a_migration_that_did_not_finish_is_refused_by_name() {
    for (tool, sql, name, why) in [
        (
            "sqlx",
            "UPDATE _sqlx_migrations SET success = 0 WHERE version % 10 = 2",
            "20240101000002_name_not_null",
            "`success` 0",
        ),
        ("golang-migrate", "UPDATE schema_migrations SET dirty = true", "`3`", "marked as dirty"),
        (
            "prisma",
            "UPDATE _prisma_migrations SET finished_at = NULL WHERE id = '2'",
            "20240101120002_name_not_null",
            "no `finished_at`",
        ),
    ] {
        let project = shape(tool).project();
        project.sql(sql);
        refused(&project, 5, &shape(tool).from(), &["did not finish", name, why, "nothing was changed"]);
    }
}

#[test]
fn a_file_that_was_edited_after_it_was_applied_is_a_warning() {
    for tool in ["sqlx", "refinery", "prisma"] {
        let shape = shape(tool);
        let project = shape.project();
        let (file, text) = (shape.files)(1).swap_remove(0);
        project.write(&format!("{}/{file}", shape.folder), format!("-- edited\n{text}"));
        let run = project.runs(&format!("pull {} {OUT}", shape.from()));
        let said =
            format!("was edited after {} applied it to `dev.db`", if tool == "prisma" { "Prisma" } else { tool });
        assert_eq!(run.err.matches(&said).count(), 1, "{}", run.err);
        project.refuses(0, "check");
        // line ends are no edit
        let project = shape.project();
        project.write(&format!("{}/{file}", shape.folder), text.replace('\n', "\r\n"));
        let run = project.runs(&format!("pull {} {OUT}", shape.from()));
        assert!(!run.err.contains("was edited"), "{}", run.err);
    }
}

#[test]
fn what_was_left_out_or_is_unknown_is_named() {
    for (tool, left_out, unknown) in [
        (
            "sqlx",
            "DELETE FROM _sqlx_migrations WHERE version % 10 = 1",
            "UPDATE _sqlx_migrations SET version = 20250101000000, description = 'late' WHERE version % 10 = 2",
        ),
        (
            "diesel",
            "DELETE FROM __diesel_schema_migrations WHERE version = '20240102120000'",
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('20250101000000')",
        ),
        (
            "dbmate",
            "DELETE FROM schema_migrations WHERE version = '20240101120001'",
            "INSERT INTO schema_migrations VALUES ('20250101000000')",
        ),
        (
            "wrangler",
            "DELETE FROM d1_migrations WHERE id = 2",
            "INSERT INTO d1_migrations (name) VALUES ('0009_late.sql')",
        ),
    ] {
        let from = shape(tool).from();
        let project = shape(tool).project();
        project.sql(left_out);
        refused(&project, 5, &from, &["has migrations after", "users_name` itself", "let ", "apply it"]);
        let project = shape(tool).project();
        project.sql(unknown);
        refused(&project, 5, &from, &["has a migration `", "that is not in", "nothing was changed"]);
    }
    let project = shape("rusqlite_migration").project();
    project.sql("PRAGMA user_version = 7");
    let from = shape("rusqlite_migration").from();
    refused(&project, 5, &from, &["`dev.db` has `user_version` 7, but `migrations` ends with 3"]);
}

#[test]
fn a_database_that_is_not_what_its_migrations_produce_is_refused_with_the_differences() {
    for tool in ["sqlx", "diesel", "rusqlite_migration", "sql"] {
        let project = shape(tool).project();
        project.sql("ALTER TABLE posts ADD COLUMN by_hand TEXT");
        refused(&project, 4, &shape(tool).from(), &["does not have the schema of", "by_hand", "nothing was changed"]);
    }
}

#[test]
fn tables_without_a_record_are_refused() {
    let project = shape("sqlx").project();
    project.sql("DELETE FROM _sqlx_migrations");
    refused(&project, 5, "--from sqlx", &["its table `_sqlx_migrations` is empty", "its history is unknown"]);
    project.sql("DROP TABLE _sqlx_migrations");
    refused(&project, 5, "--from sqlx", &["no `_sqlx_migrations`", "its history is unknown"]);
}

#[test]
fn migrations_that_differ_in_rows_only_are_asked_for() {
    let project = Project::new("");
    project.write("src/lib.rs", "mod schema;\n");
    fs_err::create_dir_all(project.path("sql")).expect("it can be made");
    project.write("sql/1.sql", "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);");
    project.write("sql/2.sql", "INSERT INTO t VALUES (1, 'one');");
    project.sql("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'one')");
    let run = project.ends(3, &format!("pull --from sql=sql {OUT}"));
    let suggested = run.suggested();
    assert_eq!(suggested, ["cargo dbmigrate baseline 0001_1", "cargo dbmigrate baseline 0002_2"], "{}", run.err);
    assert_eq!(project.shell(&suggested[1]).code, 0);
    project.refuses(0, "migrate");
    project.refuses(0, "check");
    assert_eq!(project.query("SELECT * FROM t"), ["1|one"]);
}

#[test]
fn sql_that_needs_another_database_is_refused_by_name() {
    let project = shape("sqlx").project();
    project.write("migrations/20250101000000_attach.sql", "ATTACH 'other.db' AS other;");
    let said = ["`ATTACH` needs another database", "20250101000000_attach.sql:1", "cannot be imported"];
    refused(&project, 1, "--from sqlx", &said);
}

#[test]
fn what_the_application_adds_to_libsql_is_named_with_its_remedy() {
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    let sql = "SELECT load_extension('uuid');\nCREATE TABLE a (id TEXT PRIMARY KEY CHECK (is_uuid(id)), b INTEGER);\n";
    project.write("migrations/1_a.sql", sql);
    project.write("migrations/2_b.sql", "UPDATE a SET b = checked(id, 'x');\n");
    // a file, with nothing in it
    project.sql("CREATE TABLE b (c); DROP TABLE b");
    let run = project.refuses(1, "pull --from sql --out src/schema.rs");
    let first = run.err.find("= help: if the application registers it, declare it in `[engine]`");
    let line = "`functions = { is_uuid = 1 }`";
    assert!(first < run.err.find("= help: if no database has it") && run.err.contains(line), "{}", run.err);
    project.write("dbmigrate.toml", "[engine]\nfunctions = { is_uuid = 1 }\n");
    let run = project.refuses(1, "pull --from sql --out src/schema.rs");
    assert!(run.err.contains("`functions = { is_uuid = 1, checked = 2 }`"), "{}", run.err);
    project.write("dbmigrate.toml", "[engine]\nfunctions = { is_uuid = 1, checked = 2 }\n");
    let run = project.runs("pull --from sql --out src/schema.rs");
    assert!(run.err.contains("Assumed `is_uuid`, `checked`: a stand-in answers for them"), "{}", run.err);
    let sql = project.read("db/migrations/0001_a/migration.sql");
    let head = "-- Removed, because `extensions` in `[engine]` of dbmigrate.toml loads libraries:\n\
        --   SELECT load_extension('uuid')\n\n-- SELECT load_extension('uuid');\nCREATE TABLE a";
    assert!(sql.contains(head), "{sql}");
}

#[test]
fn a_folder_that_is_configured_for_both_is_refused() {
    let project = shape("sqlx").project();
    project.write("dbmigrate.toml", "migrations = \"migrations\"\n");
    refused(&project, 2, "--from sqlx", &["is the folder of sqlx", "`migrations = \"db/migrations\"`"]);
    project.write("dbmigrate.toml", "ignore = [\"other\"]\n");
    project.runs(&format!("pull --from sqlx {OUT}"));
    assert_eq!(project.read("dbmigrate.toml"), "migrations = \"db/migrations\"\nignore = [\"other\"]\n");
    project.refuses(0, "check");
}

#[test]
fn what_is_no_folder_of_a_known_tool_is_refused() {
    let project = Project::new("");
    project.sql("CREATE TABLE t (a)");
    for (code, from, said) in [
        (2, "--from src", "`src` is not a migrations folder of a known tool"),
        (1, "--from nowhere", "no such folder: `nowhere`"),
        (2, "--from", "found no migrations of another tool"),
        (1, "--from sqlx", "no such folder: `migrations`"),
        (2, "--from diesel=src", "`src` is not a migrations folder of diesel"),
        (2, "--from alembic=src", "have no SQL files"),
    ] {
        let run = project.refuses(code, &format!("pull {OUT} {from}"));
        assert!(run.err.contains(said), "{}", run.err);
    }
}

#[test]
fn a_table_of_ones_own_with_such_a_name_is_seen() {
    let project = Project::new("");
    project.sql("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, note TEXT)");
    assert!(project.runs("pull").out.contains("struct SchemaMigrations"));
    let project = Project::new("");
    project.sql("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY); CREATE TABLE t (a)");
    assert!(!project.runs("pull").out.contains("SchemaMigrations"));
}

#[test]
fn what_only_databases_tell_of_becomes_one_migration() {
    for (tool, table, rows) in [
        (
            "alembic",
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY \
             (version_num));",
            "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
        ),
        (
            "rails",
            "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (\"version\" varchar NOT NULL PRIMARY KEY);
             CREATE TABLE IF NOT EXISTS \"ar_internal_metadata\" (\"key\" varchar NOT NULL PRIMARY KEY, \"value\" varchar, \
             \"created_at\" datetime(6) NOT NULL, \"updated_at\" datetime(6) NOT NULL);",
            "INSERT INTO schema_migrations VALUES ('20240101120000');
             INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2024', '2024')",
        ),
        (
            "sea-orm",
            "CREATE TABLE \"seaql_migrations\" ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL );",
            "INSERT INTO seaql_migrations VALUES ('m20220101_000001_create_table', 1704110400)",
        ),
    ] {
        for from in [format!("--from {tool}"), "--from".to_owned()] {
            let project = Project::new("");
            project.write("src/lib.rs", "mod schema;\n");
            project.sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'ada')");
            project.sql(table);
            if from != "--from" {
                refused(&project, 5, &from, &["is empty", "its history is unknown"]);
            }
            project.sql(rows);
            let before = content(&project.database("dev.db"));
            project.runs(&format!("pull {OUT} {from}"));
            assert_eq!(content(&project.database("dev.db")), before);
            assert_eq!(project.query("SELECT name, kind FROM _dbmigrate_history"), [format!("0001_baseline|{tool}")]);
            assert!(!project.read("src/schema.rs").contains("version"));
            project.refuses(0, &format!("pull {OUT} {from}"));
            project.refuses(0, "check");
            project.replace("src/schema.rs", "pub name: Option<String>", "pub name: Option<String>,\n    pub age: Option<i64>");
            project.runs("generate");
            project.runs("migrate");
            assert_eq!(project.query("SELECT * FROM users"), ["1|ada|NULL"]);
        }
    }
}
