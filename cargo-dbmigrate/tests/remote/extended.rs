//! A server that has loaded a library: its functions are in the schema, and the tool beside it does not have them.

use std::fmt::Write as _;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};
use sha2::{Digest as _, Sha256};

use crate::app_library::{NAME, compile};
use crate::project::Project;

const DECLARED: &str = "[engine]\nfunctions = { is_uuid = 1, norm = 1 }\n";

const STRUCTS: &str = "#[derive(Table)]\n\
    #[table(name = \"users\", strict, check = \"is_uuid(id)\",\n\
    trigger(named, after = insert, body = \"UPDATE users SET slug = norm(new.name) WHERE id = new.id;\"))]\n\
    struct User { #[column(primary_key)] id: String, name: String, slug: Option<String>,\n\
    #[column(generated = \"norm(slug)\")] short: Option<String>, /* more */ }\n\
    #[derive(View)]\n#[view(name = \"names\", query = \"SELECT norm(name) AS name FROM users\")]\nstruct Names { name: Option<String> }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\n\
    struct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: String }\n";

const ANN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// A server with the library, and a project whose database is on it.
fn served(structs: &str) -> Option<(Server, Project)> {
    let project = Project::new(structs);
    let library = compile(&project.path("ext"));
    let digest = Sha256::digest(fs_err::read(&library).expect("the library is there"));
    let digest = digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes it");
        text
    });
    let name = library.file_name().expect("a name").to_string_lossy();
    project.write("ext/trusted.lst", format!("{digest} {name}\n"));
    let server = Options::default().extensions(&project.path("ext")).start()?;
    project.set("TURSO_DATABASE_URL", &server.url());
    project.write("dbmigrate.toml", DECLARED);
    Some((server, project))
}

fn fill(server: &Server) {
    Hand::new(server.url()).run(&[
        &format!("INSERT INTO users (id, name) VALUES ('{ANN}', 'Ann B')"),
        &format!("INSERT INTO posts VALUES (1, '{ANN}'), (2, '{ANN}')"),
    ]);
}

/// The rows that are stored.
const STORED: &str = "SELECT id || name || slug FROM users";

#[test]
fn a_server_has_the_functions_of_its_library_for_real_rows() {
    let Some((server, project)) = served(STRUCTS) else { return };
    project.runs("generate");
    project.runs("migrate");
    fill(&server);
    let hand = Hand::new(server.url());
    assert_eq!(hand.query(STORED), [format!("{ANN}Ann Bann b")]);
    // what a file refuses, because only the application has the function
    let more = "#[column(generated = \"norm(name)\")] other: Option<String>, #[column(check = \"norm(kind) <> ''\", default = \"a\")] kind: String,";
    let with_index = STRUCTS.replace("strict,", "strict, index(\"norm(name)\", name = \"users_norm\"),");
    project.structs(&with_index.replace("/* more */", more));
    project.runs("generate");
    for command in ["migrate --dry-run", "migrate", "check", "status", "diff --from database"] {
        project.runs(command);
    }
    assert_eq!(hand.query("SELECT other || kind FROM users"), ["ann ba"]);
    assert_eq!(hand.query("SELECT count(*) FROM posts"), ["2"]);
    assert_eq!(hand.integrity_check(), [""; 0]);
}

#[test]
fn a_server_with_functions_in_its_schema_is_backed_up_and_restored() {
    let stored = "#[column(generated = \"lower(name)\", stored)] lower: Option<String>,";
    let Some((server, project)) = served(&STRUCTS.replace("/* more */", stored)) else { return };
    project.runs("generate");
    project.runs("migrate");
    fill(&server);
    // a copy needs no function, and no declaration
    project.write("dbmigrate.toml", "");
    project.runs("backup copy.db");
    project.runs("restore copy.db --url back.db");
    let back = project.database("back.db");
    assert_eq!(
        back.query("SELECT id || name || slug || lower FROM users NOT INDEXED"),
        [format!("{ANN}Ann Bann bann b")]
    );
    assert_eq!(back.query("SELECT count(*) FROM posts"), ["2"]);
    let schema = "SELECT type || name || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1";
    assert_eq!(back.query(schema), Hand::new(server.url()).query(schema));
    // an index has what the function makes of rows, and a server does not hand that over
    Hand::new(server.url()).run(&["CREATE INDEX users_norm ON users (norm(name))"]);
    let run = project.ends(1, "backup indexed.db");
    assert!(run.err.contains("`norm` is a function of the application, and not available here"), "{}", run.err);
    assert!(run.err.contains("load the library that has it: `extensions` in `[engine]`"), "{}", run.err);
    assert!(!run.err.contains("run it in the application"), "{}", run.err);
    assert!(!project.path("indexed.db").exists());
    // with the library that has it, it is made
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    project.write("dbmigrate.toml", format!("[engine]\nextensions = [\"{NAME}\"]\n"));
    project.runs("backup indexed.db");
    project.runs("restore indexed.db --url indexed-back.db");
}

#[test]
fn a_module_of_a_server_is_pulled_and_copied_with_its_own_tables() {
    let notes =
        "#[derive(Table)]\n#[table(name = \"notes\", using = shelf)]\nstruct Note { title: String, body: String }\n";
    let Some((server, project)) = served(notes) else { return };
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    project.write("dbmigrate.toml", format!("[engine]\nextensions = [\"{NAME}\"]\n"));
    project.runs("generate");
    project.runs("migrate");
    Hand::new(server.url()).run(&["INSERT INTO notes (title, body) VALUES ('a', 'b'), ('c', 'd')"]);
    for command in ["migrate", "check", "status", "diff --from database"] {
        project.runs(command);
    }
    let pulled = project.runs("pull").out;
    assert!(pulled.contains("using = shelf") && !pulled.contains("notes_rows"), "{pulled}");
    project.runs("backup copy.db");
    project.runs("restore copy.db --url back.db");
    assert_eq!(project.database("back.db").query("SELECT id || title || body FROM notes_rows"), ["1ab", "2cd"]);
}
