//! Packages with several databases: each has structs, a folder and a history of its own.

use crate::project::Project;

const CONFIG: &str = "url = \"control.db\"\n\n[databases.tenant]\nstructs = \"crate::tenant\"\nurl = \"tenant.db\"\n\n\
                      [targets.acme]\nurl = \"acme.db\"\ndatabase = \"tenant\"\n\n[targets.live]\nurl = \"live.db\"\n";

const CONTROL: &str = "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64, pub email: String }\n\
                       pub mod tenant;\n";

const TENANT: &str = "use dbmigrate::Table;\n#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64, pub name: String }\n\
                      #[derive(Table)] #[table(name = \"notes\", strict)] pub struct Note { #[column(primary_key)] pub id: i64, \
                      #[column(references = User::id, index)] pub user: i64, pub text: String }\n";

/// A package with a control database, and one for each tenant.
fn two() -> Project {
    let project = Project::new(CONTROL);
    project.write("src/tenant.rs", TENANT);
    project.write("dbmigrate.toml", CONFIG);
    project
}

fn tables(project: &Project, database: &str) -> Vec<String> {
    let all = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_dbmigrate%' ESCAPE '\\' ORDER BY name";
    project.database(database).query(all)
}

#[test]
fn generate_migrate_status_and_check_are_for_all_databases() {
    let project = two();
    let run = project.runs("generate");
    assert!(run.err.contains("Database default") && run.err.contains("Database tenant"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate migrate --database tenant`"), "{}", run.err);
    assert!(
        project.path("migrations/0001_create_users").is_dir()
            && project.path("migrations-tenant/0001_initial").is_dir()
    );
    project.runs("migrate");
    assert_eq!(
        (tables(&project, "control.db"), tables(&project, "tenant.db")),
        (vec!["users".to_owned()], vec!["notes".to_owned(), "users".to_owned()])
    );
    project.runs("status");
    project.runs("check");
    // rows of both stay what they are when one of them changes
    project.database("control.db").run("INSERT INTO users VALUES (1, 'a@b')");
    project.database("tenant.db").run("INSERT INTO users VALUES (1, 'Ann'); INSERT INTO notes VALUES (1, 1, 'hello')");
    project.write("src/tenant.rs", TENANT.replace("pub text: String", "pub body: String"));
    let run = project.ends(4, "check");
    assert!(run.err.contains("Checked 1 table") && run.err.contains("--database tenant"), "{}", run.err);
    project.ends(3, "generate");
    project.runs("generate --rename notes.text=body");
    assert!(!project.path("migrations/0002_notes_rename_text_to_body").exists(), "the other one has not changed");
    let run = project.ends(4, "status");
    assert!(run.out.contains("0002"), "{}", run.out);
    project.runs("migrate");
    assert_eq!(project.database("tenant.db").query("SELECT id || user || body FROM notes"), ["11hello"]);
    assert_eq!(project.database("control.db").query("SELECT id || email FROM users"), ["1a@b"]);
    for file in ["control.db", "tenant.db"] {
        assert_eq!(project.database(file).query("PRAGMA foreign_key_check"), Vec::<String>::new());
        assert_eq!(project.database(file).query("PRAGMA integrity_check"), ["ok"]);
    }
    project.runs("status");
}

#[test]
fn a_database_is_chosen_by_its_name_or_by_its_target() {
    let project = two();
    project.runs("generate --database tenant");
    assert!(!project.path("migrations").exists());
    project.runs("generate --database default");
    project.runs("migrate -t acme");
    assert_eq!(tables(&project, "acme.db"), ["notes", "users"]);
    assert!(!project.path("control.db").exists() && !project.path("tenant.db").exists());
    let run = project.runs("migrate -t acme -t live");
    assert!(run.err.contains("Database tenant") && run.err.contains("Database default"), "{}", run.err);
    assert_eq!(tables(&project, "live.db"), ["users"]);
    // a command for one is for the default one
    project.runs("push --accept history");
    assert!(project.path("control.db").exists() && !project.path("tenant.db").exists());
    project.runs("push --database tenant --accept history");
    assert_eq!(tables(&project, "tenant.db"), ["notes", "users"]);
    project.set("TENANT_DATABASE_URL", "of-variable.db");
    project.runs("migrate --database tenant");
    assert_eq!(tables(&project, "of-variable.db"), ["notes", "users"]);
}

#[test]
fn names_of_databases_that_there_are_not_are_refused_with_the_one_that_was_meant() {
    let project = two();
    let run = project.refuses(2, "generate --database tenent");
    assert!(
        run.err.contains("no database named `tenent`") && run.err.contains("did you mean `--database tenant`?"),
        "{}",
        run.err
    );
    let run = project.refuses(2, "migrate --database default -t acme");
    assert!(run.err.contains("the target `acme` is of the database `tenant`, not of `default`"), "{}", run.err);
    // a target of the other database is one to mean
    let run = project.refuses(2, "migrate -t acne");
    assert!(run.err.contains("did you mean `-t acme`?"), "{}", run.err);
    project.write("dbmigrate.toml", CONFIG.replace("database = \"tenant\"", "database = \"tenent\""));
    let run = project.refuses(2, "generate");
    assert!(run.err.contains("dbmigrate.toml:9:12") && run.err.contains("did you mean `tenant`?"), "{}", run.err);
    // a package with one database has it as well, by that name
    let project = Project::new(CONTROL.split_once("pub mod").expect("it is there").0);
    project.runs("generate --database default");
    let run = project.refuses(2, "generate --database tenant");
    assert!(run.err.contains("no database named `tenant`"), "{}", run.err);
}

#[test]
fn a_reference_to_another_database_is_an_error_on_the_field() {
    let project = two();
    project.write("src/tenant.rs", TENANT.replace("references = User::id", "references = crate::User::id"));
    let run = project.refuses(1, "generate --database tenant");
    assert!(
        run.err.contains("`crate::User` is in the database `default`: a foreign key cannot refer to another database"),
        "{}",
        run.err
    );
    assert!(run.err.contains("src/tenant.rs:3"), "{}", run.err);
    project.write("src/tenant.rs", TENANT);
    let text = "#[derive(Table)] #[table(name = \"bills\")] pub struct Bill { #[column(primary_key)] pub id: i64, #[column(references = \"notes(id)\")] pub note: i64 }";
    project.structs(&format!("{CONTROL}{text}"));
    let run = project.refuses(1, "check --database default");
    assert!(
        run.err.contains("`notes` is in the database `tenant`: a foreign key cannot refer to another database"),
        "{}",
        run.err
    );
    // what says its database counts more than where it is
    project
        .structs(&format!("{CONTROL}{}", text.replace("name = \"bills\"", "name = \"bills\", database = \"tenant\"")));
    project.runs("generate");
    assert!(project.read("migrations-tenant/0001_initial/migration.sql").contains("CREATE TABLE bills"));
    project
        .structs(&format!("{CONTROL}{}", text.replace("name = \"bills\"", "name = \"bills\", database = \"tennant\"")));
    let run = project.refuses(1, "generate");
    assert!(
        run.err.contains("no database named `tennant` in `dbmigrate.toml`")
            && run.err.contains("did you mean `tenant`?"),
        "{}",
        run.err
    );
}

#[test]
fn a_package_without_a_default_database_can_have_only_named_ones() {
    let project = Project::new("pub mod tenant;\n");
    project.write("src/tenant.rs", TENANT);
    project.write(
        "dbmigrate.toml",
        "[databases.tenant]\nstructs = \"crate::tenant\"\nmigrations = \"tenant/migrations\"\n",
    );
    let run = project.runs("generate");
    assert!(!run.err.contains("default") && project.path("tenant/migrations/0001_initial").is_dir(), "{}", run.err);
    project.runs("migrate");
    assert_eq!(tables(&project, "dev-tenant.db"), ["notes", "users"]);
    project.runs("status");
    project.runs("check");
}

#[test]
fn check_of_a_workspace_is_for_every_package_that_uses_dbmigrate() {
    let project = Project::new("");
    project.remove("src");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\", \"three\"]\nresolver = \"3\"\n");
    let member = |name: &str, dependencies: &str| {
        let package = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write(&format!("{name}/Cargo.toml"), format!("{package}\n[dependencies]\n{dependencies}"));
        let text = "#[derive(dbmigrate::Table)] pub struct Tag { #[column(primary_key)] pub id: i64 }\n";
        project.write(&format!("{name}/src/lib.rs"), text);
    };
    member("one", "dbmigrate-rs = \"0.1\"\n");
    member("two", "dbmigrate-rs = \"0.1\"\n");
    member("three", "");
    project.runs("generate -p one");
    let run = project.ends(5, "check --workspace");
    assert!(run.err.contains("Package one") && run.err.contains("Package two"), "{}", run.err);
    assert!(!run.err.contains("three") && run.err.contains("-p two"), "{}", run.err);
    project.runs("generate -p two");
    let run = project.runs("check --workspace --message-format json");
    assert!(run.json().iter().any(|line| line["package_name"] == "two" && line["reason"] == "checked"), "{}", run.out);
    let run = project.refuses(2, "check --workspace -p one");
    assert!(run.err.contains("both choose packages"), "{}", run.err);
}

#[test]
fn each_object_says_which_database_it_is_about() {
    let project = two();
    project.runs("generate");
    let run = project.runs("migrate --message-format json");
    let of = |name: &str| run.json().iter().any(|line| line["reason"] == "migrated" && line["database_name"] == name);
    assert!(of("default") && of("tenant"), "{}", run.out);
    let run = project.run("status --message-format json -t acme");
    assert!(
        run.json().iter().any(|line| line["reason"] == "status" && line["database_name"] == "tenant"),
        "{}",
        run.out
    );
}
