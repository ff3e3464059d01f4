//! `pull --from` where the tool does not have its usual table or folder: named on the command line, read from the
//! configuration of the tool, or that of a program without a name. Such a table is ignored from then on.

use sha2::{Digest as _, Sha384};

use crate::drizzle::{self, content};
use crate::project::Project;
use crate::tools::{SHAPES, hex};

/// The table of a tool, as its statement has it.
fn table_of(statement: &str) -> &str {
    let start = statement.find("CREATE TABLE").expect("it makes one");
    let rest = statement[start..].trim_start_matches("CREATE TABLE").trim_start();
    let rest = rest.strip_prefix("IF NOT EXISTS").unwrap_or(rest).trim_start();
    rest.trim_start_matches('"').split(['(', ' ', '"', '\n']).next().expect("it has a name")
}

#[test]
fn a_table_of_another_name_is_named_and_ignored() {
    for shape in SHAPES.iter().filter(|shape| !shape.table.is_empty()) {
        let project = shape.project();
        project.sql(&format!("ALTER TABLE \"{}\" RENAME TO \"our history\"", table_of(shape.table)));
        // without its name nobody knows
        let run = project.run(&format!("pull {} --out src/schema.rs", shape.from()));
        assert_ne!(run.code, 0, "{}", shape.tool);
        assert!(run.err.contains("--history-table NAME"), "{}: {}", shape.tool, run.err);
        let before = content(&project.database("dev.db"));
        let pull = format!("pull {} --history-table 'our history' --out src/schema.rs", shape.from());
        let run = project.shell(&format!("cargo dbmigrate {pull}"));
        assert_eq!(run.code, 0, "{}: {}", shape.tool, run.err);
        assert_eq!(content(&project.database("dev.db")), before, "{}: something was executed", shape.tool);
        assert!(project.read("dbmigrate.toml").contains("ignore = [\"our history\"]"), "{}", shape.tool);
        let structs = project.read("src/schema.rs");
        assert_eq!(structs.matches("Table)]").count(), 2, "{structs}");
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["3"], "{}", shape.tool);
        for command in ["status", "check", "generate", "migrate", "diff", "migrate --url new.db"] {
            project.runs(command);
        }
        let again = project.shell(&format!("cargo dbmigrate {pull}"));
        assert_eq!(again.code, 0, "{}: {}", shape.tool, again.err);
    }
}

/// What the configuration of a tool says, with the folder `sql/all` and, where it can, the table `applied`.
const CONFIGURED: [(&str, &str, &str); 8] = [
    ("sqlx", "sqlx.toml", "[migrate]\ntable-name = \"applied\"\nmigrations-dir = \"sql/all\"\n"),
    ("diesel", "diesel.toml", "[migrations_directory]\ndir = \"sql/all\"\n"),
    ("geni", ".env", "DATABASE_MIGRATIONS_FOLDER=./sql/all\nDATABASE_MIGRATIONS_TABLE=applied\n"),
    ("dbmate", ".env", "# dbmate\nDBMATE_MIGRATIONS_DIR=\"sql/all\"\nexport DBMATE_MIGRATIONS_TABLE=applied\n"),
    ("prisma", "prisma.config.ts", "export default defineConfig({ migrations: { path: 'sql/all' } });\n"),
    (
        "wrangler",
        "wrangler.jsonc",
        "{\n  // D1\n  \"d1_databases\": [{ \"migrations_dir\": \"sql/all\", \"migrations_table\": \"applied\" }],\n}\n",
    ),
    (
        "wrangler",
        "wrangler.json",
        "{\"d1_databases\": [{\"migrations_dir\": \"sql/all\"}, {\"migrations_dir\": \"other\"}]}",
    ),
    (
        "wrangler",
        "wrangler.toml",
        "[[d1_databases]]\nbinding = \"DB\"\nmigrations_dir = \"sql/all\"\nmigrations_table = \"applied\"\n",
    ),
];

#[test]
fn what_the_configuration_of_a_tool_says_needs_not_be_said_again() {
    for (tool, file, text) in CONFIGURED {
        let shape = SHAPES.iter().find(|shape| shape.tool == tool).expect("it is known");
        let project = shape.project();
        fs_err::create_dir_all(project.path("sql")).expect("it can be made");
        fs_err::rename(project.path(shape.folder), project.path("sql/all")).expect("it is there");
        if text.contains("applied") {
            project.sql(&format!("ALTER TABLE {} RENAME TO applied", table_of(shape.table)));
        }
        project.write(file, text);
        project.runs(&format!("pull --from {tool} --out src/schema.rs"));
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["3"], "{tool}");
        // what is left to the usual folder has nothing to step aside for
        assert!(project.path("migrations/migrations.lock").exists(), "{tool}");
        for command in ["check", "status", "migrate"] {
            project.runs(command);
        }
    }
}

#[test]
fn what_drizzle_config_says_needs_not_be_said_again() {
    let project = drizzle::project("0.31-sqlite");
    fs_err::create_dir_all(project.path("sql")).expect("it can be made");
    fs_err::rename(project.path("drizzle"), project.path("sql/all")).expect("it is there");
    project.sql("ALTER TABLE __drizzle_migrations RENAME TO applied");
    let config = "import { defineConfig } from 'drizzle-kit';\n\nexport default defineConfig({\n  dialect: 'turso',\n  \
        schema: './src/schema.ts',\n  out: './sql/all',\n  migrations: { table: 'applied' },\n});\n";
    project.write("drizzle.config.ts", config);
    project.runs("pull --from drizzle --out src/schema.rs");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["4"]);
    assert!(project.read("dbmigrate.toml").contains("ignore = [\"applied\"]"));
    for command in ["check", "status", "migrate"] {
        project.runs(command);
    }
}

#[test]
fn prisma_has_its_folder_beside_the_file_that_package_json_names() {
    let shape = SHAPES.iter().find(|shape| shape.tool == "prisma").expect("it is known");
    let project = shape.project();
    fs_err::rename(project.path("prisma"), project.path("store")).expect("it is there");
    project.write("package.json", "{ \"name\": \"app\", \"prisma\": { \"schema\": \"./store/schema.prisma\" } }");
    project.runs("pull --from prisma --out src/schema.rs");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["3"]);
    project.runs("check");
}

#[test]
fn characters_that_sqlx_ignores_make_no_edit() {
    let text = "CREATE TABLE a (id INTEGER PRIMARY KEY);\n";
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    // formatted anew since it was applied
    project.write("migrations/1_a.sql", "CREATE TABLE a (\r\n\tid INTEGER PRIMARY KEY\r\n);\r\n");
    let checksum = Sha384::digest(text.replace([' ', '\n'], "").as_bytes());
    let shape = SHAPES.iter().find(|shape| shape.tool == "sqlx").expect("it is known");
    project.sql(shape.table);
    project.sql(text);
    project.sql(&format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (1, 'a', TRUE, x'{}', 1)",
        hex(&checksum)
    ));
    let ignored = "[migrate]\nignored-chars = [\" \", \"\\t\", \"\\r\", \"\\n\", \"\\uFEFF\"]\n";
    for (config, is_edited) in [("", true), (ignored, false)] {
        project.write("sqlx.toml", config);
        let run = project.runs("pull --from sqlx --out src/schema.rs");
        assert_eq!(run.err.contains("`1_a` was edited after sqlx applied it"), is_edited, "{}", run.err);
    }
}

/// A folder of a program of one's own, and a database with two of three migrations and a table of the program.
fn own(table: &str, record: &[&str]) -> Project {
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    let files = ["CREATE TABLE a (id INTEGER PRIMARY KEY)", "ALTER TABLE a ADD COLUMN b TEXT", "UPDATE a SET b = 'x'"];
    for (at, sql) in files.iter().enumerate() {
        project.write(&format!("migrations/{:03}_step.sql", at + 1), sql);
    }
    project.sql(&format!("{}; {}; INSERT INTO a (id) VALUES (1); {table}", files[0], files[1]));
    for statement in record {
        project.sql(statement);
    }
    project
}

#[test]
fn a_program_without_a_name_has_recorded_names_or_numbers_or_the_last_one() {
    for (table, record) in [
        (
            "CREATE TABLE done (name TEXT PRIMARY KEY, at TEXT)",
            &["INSERT INTO done VALUES ('001_step.sql', 'x'), ('002_step.sql', 'x')"][..],
        ),
        ("CREATE TABLE done (at TEXT, name TEXT)", &["INSERT INTO done VALUES ('1', '001_step'), ('2', '002_step')"]),
        ("CREATE TABLE done (id INTEGER PRIMARY KEY)", &["INSERT INTO done VALUES (1), (2)"]),
        ("CREATE TABLE done (version INTEGER)", &["INSERT INTO done VALUES (2)"]),
    ] {
        let project = own(table, record);
        // the schema alone cannot tell the second from the third, and there is a table that nobody has made
        let run = project.ends(4, "pull --from sql --out src/schema.rs");
        let help = "if a program records its migrations there: `cargo dbmigrate pull --from sql --out src/schema.rs --history-table done`";
        assert!(run.err.contains(help), "{table}: {}", run.err);
        project.runs("pull --from sql --history-table done --out src/schema.rs");
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["2"], "{table}");
        project.runs("migrate");
        assert_eq!(project.query("SELECT b FROM a"), ["x"], "{table}");
        project.runs("check");
        project.runs("status");
    }
}

#[test]
fn a_program_that_has_executed_only_first_statements_is_told() {
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.write("sql/001_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n");
    project.write("sql/002_more.sql", "ALTER TABLE a ADD COLUMN b TEXT;\n\nALTER TABLE a ADD COLUMN c TEXT;\n");
    project.sql("CREATE TABLE a (id INTEGER PRIMARY KEY); ALTER TABLE a ADD COLUMN b TEXT; PRAGMA user_version = 2");
    let run = project.refuses(4, "pull --from sql=sql --out src/schema.rs");
    assert!(run.err.contains("it has only the first statement of each file"), "{}", run.err);
    assert!(run.err.contains("not executed: sql/002_more.sql:3"), "{}", run.err);
    project.sql("ALTER TABLE a ADD COLUMN c TEXT");
    project.runs("pull --from sql=sql --out src/schema.rs");
    project.runs("check");
}

#[test]
fn what_a_program_has_recorded_and_the_folder_lacks_is_an_error() {
    let project =
        own("CREATE TABLE done (name TEXT)", &["INSERT INTO done VALUES ('001_step'), ('002_step'), ('009_gone')"]);
    let run = project.refuses(5, "pull --from sql --history-table done --out src/schema.rs");
    assert!(run.err.contains("has a migration `009_gone` that is not in `migrations`"), "{}", run.err);
    let run = project.run("pull --from sql --history-table no_such_table --out src/schema.rs");
    assert_eq!(run.code, 5, "{}", run.err);
    assert!(run.err.contains("no `no_such_table`"), "{}", run.err);
}

#[test]
fn a_table_is_not_hidden_beside_others_without_being_asked() {
    let project = own("CREATE TABLE done (name TEXT)", &["INSERT INTO done VALUES ('001_step'), ('002_step')"]);
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\"]\n");
    let run = project.refuses(2, "pull --from sql --history-table done --out src/schema.rs");
    assert!(run.err.contains("`ignore = [\"legacy_*\", \"done\"]`"), "{}", run.err);
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\", \"done\"]\n");
    project.runs("pull --from sql --history-table done --out src/schema.rs");
}
