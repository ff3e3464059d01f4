//! Virtual tables of a module that nobody but the application's library has: its own tables are hidden from every command,
//! and copied with their rows.

use crate::app_library::{NAME, compile};
use crate::project::{Project, sql_of};

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"notes\", using = shelf)]\nstruct Note { title: String, body: String }\n\
    #[derive(Table)]\n#[table(name = \"users\", strict, check = \"is_uuid(id)\", index(\"norm(name)\", name = \"users_norm\"))]\n\
    struct User { #[column(primary_key)] id: String, name: String, /* more */ }\n\
    /* other */";

const ANN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// A project whose library the user has in a folder of its own.
fn project() -> Project {
    let project = Project::new(STRUCTS);
    compile(&project.path("ext"));
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    project.write("dbmigrate.toml", format!("[engine]\nextensions = [\"{NAME}\"]\n"));
    project
}

/// The same with a database that has rows, in the table of the module too.
fn filled() -> Project {
    let project = project();
    project.runs("generate --name start");
    project.runs("generate --custom --name rows");
    let rows = format!(
        "-- 0002_rows\nINSERT INTO users (id, name) VALUES ('{ANN}', 'Ann');\n\
         INSERT INTO notes (title, body) VALUES ('Ann', 'first'), ('Bob', 'second');\n"
    );
    project.write(&sql_of("0002_rows"), rows);
    project.runs("generate --custom");
    project.runs("migrate");
    assert_eq!(kept(&project, "dev.db"), ["1|Ann|first", "2|Bob|second"]);
    project
}

/// What the module has stored.
fn kept(project: &Project, file: &str) -> Vec<String> {
    project.database(file).query("SELECT id, title, body FROM notes_rows ORDER BY id")
}

#[test]
fn the_tables_of_a_module_are_its_own() {
    let project = filled();
    let snapshot = project.read("migrations/0001_start/snapshot.json");
    assert!(snapshot.contains("\"notes\"") && !snapshot.contains("notes_rows"), "{snapshot}");
    for command in ["check", "status", "diff --from database", "migrate"] {
        let run = project.runs(command);
        assert!(!run.err.contains("notes_rows") && !run.out.contains("notes_rows"), "{command}: {}", run.err);
    }
    // a table that only looks as if it were one of them is its user's
    project.replace(
        "src/lib.rs",
        "/* other */",
        "#[derive(Table)]\n#[table(name = \"notes_tags\")]\nstruct Tag { #[column(primary_key)] id: i64 }",
    );
    project.runs("generate --name tags");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM notes_tags"), ["0"]);
    project.runs("check");
    // and the rest of the schema is carried on, by a rebuild too
    project.replace(
        "src/lib.rs",
        "name: String, /* more */",
        "#[column(check = \"name <> ''\")] name: String, phone: Option<String>,",
    );
    project.runs("generate --name phone");
    for command in ["migrate --dry-run", "migrate --rehearse", "check", "status"] {
        project.runs(command);
    }
    assert_eq!(project.query("SELECT id, name FROM users"), [format!("{ANN}|Ann")]);
    assert_eq!(kept(&project, "dev.db"), ["1|Ann|first", "2|Bob|second"]);
}

#[test]
fn a_database_with_a_module_is_pulled_copied_and_restored() {
    let project = filled();
    for command in ["backup copy.db", "restore copy.db --url back.db"] {
        project.runs(command);
    }
    assert_eq!(kept(&project, "back.db"), ["1|Ann|first", "2|Bob|second"]);
    let pulled = Project::new("");
    pulled.write("dev.db", project.bytes("dev.db"));
    pulled.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    pulled.sql("DROP TABLE _dbmigrate_history");
    let run = pulled.ends(1, "pull --baseline --out src/lib.rs --overwrite");
    assert!(run.err.contains("in `[engine]` of `dbmigrate.toml`"), "{}", run.err);
    pulled.write("dbmigrate.toml", project.read("dbmigrate.toml"));
    pulled.runs("pull");
    let structs = pulled.runs("pull").out;
    assert!(structs.contains("using = shelf") && !structs.contains("notes_rows"), "{structs}");
    // a module that goes takes its table with it
    project.structs("#[derive(Table)]\n#[table(name = \"other\")]\nstruct Other { #[column(primary_key)] id: i64 }");
    project.runs("generate --accept all");
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM sqlite_schema WHERE name LIKE 'notes%'"), [""; 0]);
    project.runs("check");
}

#[test]
fn a_push_leaves_the_tables_of_a_module_alone() {
    let project = project();
    project.runs("push");
    project.runs("push");
    project.replace("src/lib.rs", "/* more */", "phone: Option<String>,");
    project.runs("push");
    assert_eq!(project.query("SELECT count(*) FROM notes_rows"), ["0"]);
    project.runs("push");
}
