//! Packages with several databases, as they are used: in pipelines where nothing names one of them, set up and pulled into,
//! rebased with a fleet, and what is suggested names the table that counts.

use crate::project::Project;
use crate::repository::Repository;

const CONFIG: &str = "[databases.tenant]\nstructs = \"crate::tenant\"\n";
const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\")] pub struct User { #[column(primary_key)] pub id: i64 }\n";

fn notes(fields: &str) -> String {
    format!(
        "use dbmigrate::Table;\n#[derive(Table)] #[table(name = \"notes\")] pub struct Note {{ #[column(primary_key)] pub \
         id: i64, {fields} }}\n"
    )
}

/// A package with a control database and a kind of database without a URL.
fn two() -> Project {
    let project = Project::new(&format!("{USERS}pub mod tenant;\n"));
    project.write("src/tenant.rs", notes("pub text: String"));
    project.write("dbmigrate.toml", format!("url = \"control.db\"\n{CONFIG}"));
    project.runs("generate");
    project
}

#[test]
fn a_kind_of_database_has_a_file_for_development_and_is_skipped_in_a_pipeline() {
    let project = two();
    project.runs("migrate");
    assert_eq!(project.database("dev-tenant.db").query("SELECT name FROM _dbmigrate_history"), ["0001_create_notes"]);
    fs_err::remove_file(project.path("dev-tenant.db")).expect("it is there");
    fs_err::remove_file(project.path("control.db")).expect("it is there");
    project.set("CI", "true");
    let run = project.runs("migrate");
    assert!(run.err.contains("Skipped tenant: `TENANT_DATABASE_URL` is not set, and CI has no default"), "{}", run.err);
    assert!(project.path("control.db").exists() && !project.path("dev-tenant.db").exists());
    let run = project.runs("status --message-format json");
    let said = run.json();
    let skipped = said.iter().find(|line| line["reason"] == "database_skipped").expect("it is said");
    assert_eq!((&skipped["name"], &skipped["variable"]), (&"tenant".into(), &"TENANT_DATABASE_URL".into()));
    // by its name, it was meant
    let run = project.refuses(2, "migrate --database tenant");
    assert!(run.err.contains("`[databases.tenant]`, `url = \"dev-tenant.db\"`"), "{}", run.err);
    // so was what a variable names
    project.set("TENANT_DATABASE_URL", "of-variable.db");
    project.runs("migrate");
    assert!(project.path("of-variable.db").exists());
    // with a fleet, its flag is said
    project.unset("TENANT_DATABASE_URL");
    project.write(
        "dbmigrate.toml",
        format!("url = \"control.db\"\n{CONFIG}[targets.tenants]\nfleet = \"tenants/*.db\"\ndatabase = \"tenant\"\n"),
    );
    let run = project.runs("migrate");
    assert!(run.err.contains("fleets are run on their own: `-t tenants`"), "{}", run.err);
    // where nothing names any of them, that is an error as ever
    project.write("dbmigrate.toml", CONFIG);
    project.refuses(2, "migrate");
}

#[test]
fn each_database_of_a_run_has_a_heading_for_programs() {
    let project = two();
    let run = project.runs("migrate --message-format json");
    let headings: Vec<String> = run
        .json()
        .iter()
        .filter(|line| line["reason"] == "database")
        .map(|line| format!("{} {}", line["name"], line["migrations"]))
        .collect();
    assert_eq!(headings, ["\"default\" \"migrations\"", "\"tenant\" \"migrations-tenant\""]);
    assert!(
        project
            .runs("migrate --database tenant --message-format json")
            .json()
            .iter()
            .all(|line| line["reason"] != "database")
    );
}

#[test]
fn hints_name_the_table_of_the_database() {
    let project = two();
    project.runs("migrate");
    let tenant = project.database("dev-tenant.db");
    tenant.run("CREATE TABLE other (a)");
    drop(tenant);
    project.write("src/tenant.rs", notes("pub text: String, pub more: Option<String>"));
    let run = project.run("push --database tenant --accept history --dry-run");
    assert!(run.err.contains("`[databases.tenant]`, `ignore = [\"other\"]`"), "{}{}", run.out, run.err);
    project.write("src/tenant.rs", notes("pub text: String"));
    let run = project.refuses(2, "kept drop --expired --database tenant");
    assert!(run.err.contains("`[databases.tenant]`, `keep_days = 90`"), "{}", run.err);
    // the key that counts is that of the package until the database has one
    project.write("dbmigrate.toml", format!("url = \"control.db\"\nignore = [\"notes\"]\n{CONFIG}"));
    let run = project.refuses(2, "status --database tenant");
    assert!(run.err.contains("remove the pattern from `ignore`, or"), "{}", run.err);
    project.write("dbmigrate.toml", format!("url = \"control.db\"\n{CONFIG}ignore = [\"notes\"]\n"));
    let run = project.refuses(2, "status --database tenant");
    assert!(run.err.contains("remove the pattern from `ignore` of `[databases.tenant]`, or"), "{}", run.err);
    project.write("dbmigrate.toml", format!("{CONFIG}url = \"libsql://db.example.com\"\n"));
    let run = project.run("status --database tenant --timeout 1");
    assert!(!run.err.contains("the `url` in `dbmigrate.toml`"), "{}", run.err);
}

#[test]
fn a_database_is_set_up_in_its_own_module_and_folders() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", CONFIG);
    project.runs("init");
    assert!(!project.path("src/tenant.rs").exists());
    let run = project.runs("init --database tenant");
    assert!(
        run.err.contains("src/tenant.rs") && run.err.contains("add `pub mod tenant;` to src/lib.rs"),
        "{}",
        run.err
    );
    assert!(project.path("migrations-tenant/migrations.lock").exists());
    assert!(project.path("seeds-tenant/full/notes.toml").exists());
    project.write("src/lib.rs", format!("use dbmigrate::Table;\n{USERS}pub mod tenant;\n"));
    project.runs("generate");
    project.runs("migrate");
    project.runs("seed --database tenant");
    assert_eq!(project.database("dev-tenant.db").query("SELECT title FROM notes"), ["First note"]);
    project.runs("check");
    let run = project.runs("init --database tenant");
    assert!(run.err.contains("is set up already"), "{}", run.err);
    // by an attribute, where no module says it
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "[databases.per-user]\n");
    project.runs("init --database per-user");
    assert!(project.read("src/per_user.rs").contains("strict, database = \"per-user\""));
}

#[test]
fn a_database_is_pulled_into_its_own_module_and_folder() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", CONFIG);
    project.runs("generate");
    project
        .database("dev-tenant.db")
        .run("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL); INSERT INTO notes VALUES (1, 'a')");
    let run = project.refuses(5, "migrate --database tenant");
    assert!(run.err.contains("cargo dbmigrate pull --database tenant --baseline --out src/tenant.rs"), "{}", run.err);
    let run = project.runs("pull --database tenant --baseline --out src/tenant.rs");
    assert!(run.err.contains("add `pub mod tenant;` to src/lib.rs"), "{}", run.err);
    assert!(
        project.path("migrations-tenant/0001_initial").is_dir()
            || project.read("migrations-tenant/migrations.lock").contains("0001")
    );
    project.write("src/lib.rs", format!("use dbmigrate::Table;\n{USERS}pub mod tenant;\n"));
    project.runs("check");
    project.runs("status --database tenant");
    assert_eq!(project.database("dev-tenant.db").query("SELECT text FROM notes"), ["a"]);
}

#[test]
fn a_rebase_is_for_all_databases_and_leaves_what_a_member_has() {
    let repository = Repository::new(&format!("{USERS}pub mod tenant;\n"));
    let project = &repository.project;
    project.write("src/tenant.rs", notes("pub text: String"));
    let fleet = "[targets.tenants]\nfleet = \"tenants/*.db\"\ndatabase = \"tenant\"\n";
    project.write("dbmigrate.toml", format!("url = \"control.db\"\n{CONFIG}{fleet}"));
    project.write(".gitignore", "*.db\ntarget\n");
    project.runs("generate");
    repository.commit("one");
    repository.git(&["checkout", "-q", "-b", "feature"]);
    project.write("src/tenant.rs", notes("pub text: String, pub a: Option<String>"));
    project.runs("generate");
    repository.commit("a");
    repository.git(&["checkout", "-q", "main"]);
    project.write("src/tenant.rs", notes("pub text: String, pub b: Option<String>"));
    project.runs("generate");
    repository.commit("b");
    repository.git(&["checkout", "-q", "feature"]);
    project.write("tenants/.keep", "");
    for member in ["acme", "globex"] {
        project.runs(&format!("migrate --database tenant --url tenants/{member}.db --to 1"));
    }
    repository.fails(&["merge", "main"]);
    fs_err::remove_file(project.path("tenants/globex.db")).expect("it is there");
    // one that has this branch's migration: it must not move
    repository.git(&["merge", "--abort"]);
    project.runs("migrate --database tenant --url tenants/globex.db");
    repository.fails(&["merge", "main"]);
    let run = project.refuses(5, "rebase");
    assert!(run.err.contains("is applied to the member `tenants/globex` and cannot be moved"), "{}", run.err);
    fs_err::remove_file(project.path("tenants/globex.db")).expect("it is there");
    let run = project.runs("rebase");
    assert!(run.err.contains("Database default") && run.err.contains("Database tenant"), "{}", run.err);
    let lock = project.read("migrations-tenant/migrations.lock");
    assert!(lock.contains("0002_notes_b") && lock.contains("0003_notes_a"), "{lock}");
}

#[test]
fn a_template_says_what_it_is_to_programs() {
    let project = two();
    project.write("seeds-tenant/base/notes.toml", "[[rows]]\nid = 1\ntext = \"first\"\n");
    let said = |line: &str| {
        let run = project.runs(line);
        let all = run.json();
        let one = all.iter().find(|line| line["reason"] == "template").expect("it is said").clone();
        (one["done"].clone(), one["migrations"].clone(), one["seeds"].clone(), one["database_name"].clone())
    };
    let build = "template build --database tenant --seed base --message-format json";
    assert_eq!(said(build), ("created".into(), 1.into(), serde_json::json!(["base"]), "tenant".into()));
    assert_eq!(said(build).0, "unchanged");
    project.write("seeds-tenant/base/notes.toml", "[[rows]]\nid = 1\ntext = \"other\"\n");
    let run = project.ends(4, "check");
    assert!(run.err.contains("template build --database tenant --seed base"), "{}", run.err);
    assert_eq!(said(build).0, "replaced");
    assert_eq!(project.database("template-tenant.db").query("SELECT text FROM notes"), ["other"]);
    project.runs("check");
}

#[test]
fn what_is_wrong_with_the_source_of_all_databases_is_shown_once() {
    let project = two();
    project.write("src/lib.rs", format!("{USERS}pub mod tenant;\npub mod gone;\n"));
    let run = project.refuses(1, "check");
    assert_eq!(run.err.matches("module `gone` has no file").count(), 1, "{}", run.err);
    assert!(run.err.contains("Same error cannot read the structs of `app`: 1 error, shown above"), "{}", run.err);
    let run = project.refuses(1, "check --message-format json");
    let errors = run.json().iter().filter(|line| line["reason"] == "error").count();
    assert_eq!(errors, 2, "{}", run.out);
}

#[test]
fn an_implied_target_and_one_of_another_database_are_run_together() {
    let project = two();
    let config = format!("url = \"control.db\"\n{CONFIG}[targets.acme]\nurl = \"acme.db\"\ndatabase = \"tenant\"\n");
    project.write("dbmigrate.toml", config);
    project.set("TURSO_DEMO_DATABASE_URL", "demo.db");
    project.runs("migrate -t demo -t acme");
    let history = "SELECT name FROM _dbmigrate_history";
    assert_eq!(project.database("demo.db").query(history), ["0001_create_users"]);
    assert_eq!(project.database("acme.db").query(history), ["0001_create_notes"]);
    let run = project.refuses(2, "migrate -t demo --database tenant");
    assert!(run.err.contains("the target `demo` is of the database `default`, not of `tenant`"), "{}", run.err);
}
