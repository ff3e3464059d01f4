//! Targets: databases by their names, several in one run, and what is wrong with a name.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{Project, Run};

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";

const TWO: &str = "[targets.dev]\nurl = \"dev.db\"\n\n[targets.staging]\nurl = \"staging.db\"\n";

fn applied(project: &Project, database: &str) -> Vec<String> {
    project.database(database).query("SELECT name FROM _dbmigrate_history ORDER BY position")
}

/// A file in which there is something that is no database.
fn broken(project: &Project, name: &str) {
    project.write(name, "this is no database, but it is longer than the header of one would be: ".repeat(4));
}

#[test]
fn a_name_stands_for_a_database_on_every_command() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    project.runs("migrate -t dev");
    assert_eq!(applied(&project, "dev.db"), ["0001_create_users"]);
    assert!(!project.path("staging.db").exists());
    for line in
        ["status -t dev", "push --target dev --accept history", "pull -t dev", "baseline -t dev", "reset -t dev"]
    {
        let run = project.runs(line);
        assert!(!run.err.contains("Target") && !run.err.contains("Summary"), "one needs no heading: {}", run.err);
    }
    project.runs("diff -t dev --from database --to head");
    project.ends(4, "diff -t staging --from database --to head");
    // a database that lacks the migration does not keep it from being undone, one that has it does
    let run = project.ends(5, "generate --undo -t staging");
    assert!(run.err.contains("is applied to `dev.db`"), "{}", run.err);
}

#[test]
fn without_a_table_production_and_demo_are_the_secrets_of_the_boilerplate() {
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", "production.db");
    project.set("TURSO_DEMO_DATABASE_URL", "demo.db");
    project.runs("migrate -t production --yes");
    project.runs("migrate -t demo");
    assert!(project.path("production.db").is_file() && project.path("demo.db").is_file());
    // a table that leaves fields out keeps them
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", "[targets.production]\nprotected = false\n[targets.demo]\noptional = false\n");
    project.write(".env", "TURSO_DATABASE_URL=of-dot-env.db\n");
    project.runs("migrate -t production");
    assert!(project.path("of-dot-env.db").is_file());
    let run = project.refuses(2, "migrate -t demo");
    assert!(run.err.contains("target `demo` has no database: `TURSO_DEMO_DATABASE_URL` is not set"), "{}", run.err);
}

#[test]
fn several_targets_are_run_one_after_the_other_with_one_summary() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    project.run("migrate -t dev -t staging");
    project.run("migrate --target dev,staging");
    project.run("status --target all");
    project.run("push -t staging,dev,staging --accept history");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_target_that_fails_keeps_no_other_from_its_run_and_the_worst_exit_code_counts() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", format!("[targets.broken]\nurl = \"broken.db\"\n{TWO}"));
    broken(&project, "broken.db");
    project.ends(1, "migrate -t all");
    assert_eq!(applied(&project, "dev.db"), ["0001_create_users"]);
    assert_eq!(applied(&project, "staging.db"), ["0001_create_users"]);
    // something is pending (4) in one, another fails (1)
    project.structs(&format!("{USERS} #[derive(Table)] pub struct Tag {{ #[column(primary_key)] pub id: i64 }}"));
    project.runs("generate");
    project.runs("migrate -t dev");
    project.ends(4, "status -t dev -t staging");
    project.ends(1, "status -t staging -t broken");
    // and another history (5) is worse than a failure, which may be none the next time
    project.database("staging.db").run("UPDATE _dbmigrate_history SET name = '0001_other'");
    let run = project.run("status -t broken -t staging -t dev");
    assert_eq!(run.code, 5, "{}", run.err);
}

#[test]
fn what_is_wrong_with_the_command_line_is_wrong_for_all_targets() {
    let project = Project::migrated(USERS);
    project.write("dbmigrate.toml", TWO);
    let run = project.refuses(2, "migrate -t dev -t staging --to nope");
    assert!(!run.err.contains("Summary"), "{}", run.err);
    project.sql("DROP TABLE _dbmigrate_history");
    let run = project.refuses(2, "push -t dev -t staging --backfill users.nope=0");
    assert_eq!(run.err.matches("error: ").count(), 1, "{}", run.err);
    assert!(run.err.contains("staging: not tried"), "{}", run.err);
    assert!(!project.path("staging.db").exists());
}

#[test]
fn a_folder_that_is_wrong_is_said_to_be_once() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    project.write("migrations/0001_create_users/migration.sql", "CREATE TABLE other (id);\n");
    for line in ["migrate -t all", "status -t all"] {
        let run = project.ends(5, line);
        assert_eq!(run.err.matches("error: ").count(), 1, "{}", run.err);
    }
}

#[test]
fn an_optional_target_whose_variables_are_not_set_is_skipped_and_said_to_be() {
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", "production.db");
    let run = project.runs("migrate -t production -t demo --yes");
    assert!(run.err.contains("Skipped demo: `TURSO_DEMO_DATABASE_URL` is not set"), "{}", run.err);
    assert!(run.err.contains("demo: skipped, `TURSO_DEMO_DATABASE_URL` is not set"), "{}", run.err);
    let run = project.runs("migrate -t demo --message-format json");
    assert_eq!(run.json(), [json!({"reason": "skipped", "target": "demo", "variable": "TURSO_DEMO_DATABASE_URL"})]);
    // as a pipeline has a secret that there is not
    project.set("TURSO_DEMO_DATABASE_URL", "");
    project.set("TURSO_DEMO_AUTH_TOKEN", "");
    assert!(project.runs("status -t demo").err.contains("Skipped demo"));
    // what can only be run on one database cannot be skipped
    assert!(project.ends(2, "pull -t demo").err.contains("target `demo` has no database"));
    // one of two secrets was forgotten
    project.set("TURSO_DEMO_AUTH_TOKEN", "abc");
    let run = project.refuses(2, "migrate -t demo");
    let wanted = "`TURSO_DEMO_AUTH_TOKEN` is set for target `demo`, but `TURSO_DEMO_DATABASE_URL` is not";
    assert!(run.err.contains(wanted), "{}", run.err);
}

#[test]
fn all_is_every_configured_target_and_those_whose_secrets_are_there() {
    let project = Project::generated(USERS);
    let run = project.refuses(2, "status -t all");
    assert!(
        run.err.contains("no target is configured, and neither `TURSO_DATABASE_URL` (`production`) nor"),
        "{}",
        run.err
    );
    project.set("TURSO_DEMO_DATABASE_URL", "demo.db");
    let run = project.ends(4, "status -t all");
    assert!(run.err.contains("demo.db") && !run.err.contains("production"), "{}", run.err);
    // one of all is told like several
    let objects = project.ends(4, "status -t all --message-format json").json();
    let (last, others) = objects.split_last().expect("there are some");
    assert!(others.iter().all(|object| object["target"] == "demo"), "{objects:?}");
    assert_eq!((&last["reason"], &last["targets"][0]["outcome"]), (&json!("summary"), &json!("difference")));
    project.write("dbmigrate.toml", "[targets.eu]\nurl_env = \"EU_DATABASE_URL\"\n");
    let run = project.refuses(2, "status -t all");
    assert!(run.err.contains("target `eu` has no database: `EU_DATABASE_URL` is not set"), "{}", run.err);
    project.write("dbmigrate.toml", "[targets.eu]\nurl_env = \"EU_DATABASE_URL\"\noptional = true\n");
    let run = project.ends(4, "status -t all");
    assert!(run.err.contains("eu: skipped"), "{}", run.err);
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", "[targets.eu]\nurl_env = \"EU_DATABASE_URL\"\noptional = true\n[targets.us]\nurl_env = \"US_DATABASE_URL\"\noptional = true\n");
    let run = project.runs("migrate -t all");
    assert!(run.err.contains("warning: nothing was done"), "{}", run.err);
}

#[test]
fn an_unknown_target_is_an_error_with_a_suggestion_and_the_names() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    for line in ["migrate -t stagin", "status -t stagin", "pull -t stagin", "reset -t stagin", "diff -t stagin"] {
        let run = project.refuses(2, line);
        assert!(run.err.contains("error: no target named `stagin`"), "{}", run.err);
        assert!(run.err.contains("did you mean `-t staging`?"), "{}", run.err);
        assert!(run.err.contains("expected one of `dev`, `staging`, `production`, `demo`, or `all`"), "{}", run.err);
    }
    assert!(project.refuses(2, "migrate -t al").err.contains("did you mean `-t all`?"));
    assert!(project.refuses(2, "migrate -t prod").err.contains("did you mean `-t production`?"));
    let run = project.refuses(2, "migrate -t zzzzzz");
    assert!(!run.err.contains("did you mean"), "{}", run.err);
    let run = Run::of(&mut project.command(&["migrate", "-t", ""]));
    assert!(run.code == 2 && run.err.contains("names no target"), "{}", run.err);
}

#[test]
fn a_target_without_its_variable_is_an_error_that_names_it() {
    let project = Project::generated(USERS);
    for line in ["migrate -t production", "status -t production -t demo", "pull -t production"] {
        let run = project.refuses(2, line);
        let wanted = "error: target `production` has no database: `TURSO_DATABASE_URL` is not set";
        assert!(run.err.contains(wanted), "{}", run.err);
    }
    project.set("TURSO_DATABASE_URL", "");
    assert!(project.refuses(2, "migrate -t production").err.contains("is set, but blank"));
}

#[test]
fn two_targets_that_are_one_database_are_an_error_before_anything_is_opened() {
    let project = Project::generated(USERS);
    for (one, two) in [
        ("dev.db", "./dev.db"),
        ("dev.db", "file:dev.db"),
        ("libsql://a.example.com", "https://A.example.com:443/"),
        ("http://localhost:1/dev/a", "http://a.localhost:1"),
    ] {
        project.write("dbmigrate.toml", format!("[targets.a]\nurl = \"{one}\"\n[targets.b]\nurl = \"{two}\"\n"));
        for line in ["migrate -t a -t b", "migrate -t a", "push -t b", "status -t all", "pull -t b"] {
            let run = project.refuses(2, line);
            assert!(run.err.contains("are the same database"), "{line}: {}", run.err);
        }
    }
    // a copied secret
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", "app.db");
    project.set("TURSO_DEMO_DATABASE_URL", "app.db");
    let run = project.refuses(2, "push -t demo");
    assert!(run.err.contains("targets `demo` and `production` are the same database: `app.db`"), "{}", run.err);
    assert!(run.err.contains("`production` from `TURSO_DATABASE_URL`"), "{}", run.err);
    // a variable that nobody has called a target is none
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    project.write(".env", "TURSO_DATABASE_URL=dev.db\n");
    project.runs("migrate -t dev");
}

#[test]
fn one_database_is_not_named_twice() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    let run = project.refuses(2, "migrate -t dev --url a.db");
    assert!(run.err.contains("`--url` and `-t dev` both name a database"), "{}", run.err);
    for line in ["pull -t dev -t staging", "reset -t dev,staging", "baseline -t dev -t staging"] {
        let run = project.refuses(2, line);
        assert!(run.err.contains("several targets are named, and this command is for one"), "{}", run.err);
    }
    assert!(project.refuses(2, "pull -t all").err.contains("`all` means all targets"));
    let run = project.refuses(2, "diff -t dev --from head --to structs");
    assert!(run.err.contains("`--target` selects `database`"), "{}", run.err);
    assert!(project.refuses(2, "generate -t dev").err.contains("`--target` requires `--undo` or `--amend`"));
}

#[test]
fn objects_and_suggested_commands_have_the_target() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    let run = project.ends(4, "status -t dev --message-format json");
    assert!(run.json().iter().all(|object| object["target"] == "dev"), "{}", run.out);
    assert!(project.ends(4, "status -t staging").err.contains("`cargo dbmigrate migrate -t staging`"));
    let run = project.ends(4, "status -t dev -t staging");
    assert!(run.err.contains("`cargo dbmigrate migrate -t dev`"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate migrate -t staging`"), "{}", run.err);
    let run = project.runs("migrate -t dev -t staging --message-format json");
    let objects = run.json();
    let (last, others) = objects.split_last().expect("there are some");
    assert!(others.iter().all(|object| object["target"] == "dev" || object["target"] == "staging"), "{}", run.out);
    assert_eq!(last["reason"], "summary");
    assert_eq!(last["exit_code"], 0);
    assert_eq!(last["targets"][1]["target"], "staging");
    assert_eq!(last["targets"][1]["outcome"], "done");
    // an error of one of several
    broken(&project, "dev.db");
    let run = project.ends(1, "migrate -t dev -t staging --message-format json");
    let error = run.json().into_iter().find(|object| object["reason"] == "error").expect("one fails");
    assert_eq!(error["target"], "dev");
    // and of the only one
    let run = project.ends(1, "migrate -t dev --message-format json");
    assert_eq!(run.json()[0]["target"], "dev");
    // without a name there is none
    let run = project.runs("migrate --url staging.db --message-format json");
    assert!(run.json().iter().all(|object| object["target"].is_null()), "{}", run.out);
}

#[test]
fn a_table_of_a_target_is_read_and_what_is_wrong_is_said_at_its_place() {
    let project = Project::generated(USERS);
    for (text, place, message) in [
        ("[targets.a]\nurll = \"a.db\"\n", "2:1", "unknown field `urll`"),
        ("[targets.a]\nurl = 1\n", "2:7", "invalid type: integer, expected a string"),
        ("[targets.a]\nurl = \"a.db\"\nprotected = \"yes\"\n", "3:13", "invalid type: string, expected a boolean"),
        ("[targets.a]\nurl = \"a.db\"\ntimeout = 0\n", "3:1", "`timeout` is not between 1 and 86400 seconds"),
        ("[targets.a]\nurl = \"a.db\"\nretries = 101\n", "3:1", "`retries` is more than 100"),
        ("[targets.a]\nurl = \" \"\n", "2:1", "`url` is blank"),
        ("[targets.a]\nurl = \"a.db\"\nurl_env = \"A\"\n", "2:1", "target `a` has both `url` and `url_env`"),
        ("[targets.a]\noptional = true\n", "1:10", "target `a` names no database"),
        ("[targets.a]\nurl_env = \"A B\"\n", "2:1", "`url_env` is not the name of an environment variable"),
        ("[targets.a]\nurl = \"a.db\"\ntoken_env = \"eyJ.s3cret\"\n", "3:1", "`token_env` is not the name of"),
        ("[targets.all]\nurl = \"a.db\"\n", "1:10", "`all` is no name for a target"),
        ("[targets.\"a b\"]\nurl = \"a.db\"\n", "1:10", "the name of a target has letters, digits, `-` and `_` only"),
        ("[[targets]]\nname = \"a\"\n", "1:3", "invalid type: list, expected tables"),
        ("targets = 1\n", "1:11", "invalid type: integer, expected tables"),
        ("[targets]\na = \"a.db\"\n", "2:5", "invalid type: string, expected a table"),
        ("[targets.a]\nurl = \"a.db\"\n[targets.a]\nretries = 1\n", "3:10", "duplicate key"),
    ] {
        project.write("dbmigrate.toml", text);
        let run = project.refuses(2, "check");
        assert!(run.err.contains(message), "{text}: {}", run.err);
        assert!(run.err.contains(&format!("dbmigrate.toml:{place}\n")), "{text}: {}", run.err);
        assert!(!run.err.contains("s3cret"), "{}", run.err);
    }
    project.write("dbmigrate.toml", "[targets.a]\nurl = \"libsql://h?authToken=s3cret\"\n");
    let run = project.refuses(2, "check");
    assert!(run.err.contains("`url` of target `a` contains credentials") && !run.err.contains("s3cret"), "{}", run.err);
    assert!(run.err.contains("dbmigrate.toml:2:8\n"), "{}", run.err);
    // as deep as nobody writes it
    project.write("dbmigrate.toml", format!("[targets{}]\n", ".a".repeat(100_000)));
    assert!(project.refuses(2, "check").err.contains("a key of more than 16 parts"));
    for text in [
        "[targets.a]\nurl = \"a.db\"\nprotected = false\noptional = false\ntimeout = 5\nretries = 0\n",
        "[targets]\na.url = \"a.db\"\na.timeout = 5\n",
        "targets.a.url = \"a.db\"\n",
        "targets = { a = { url = \"a.db\" } }\n",
        "[targets]\na = { url = \"a.db\", token_env = \"A\" }\n",
    ] {
        project.write("dbmigrate.toml", text);
        project.runs("migrate -t a");
        assert!(project.path("a.db").is_file(), "{text}");
        std::fs::remove_file(project.path("a.db")).expect("it is there");
    }
}

#[test]
fn databases_are_compared_by_the_names_of_their_targets() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", TWO);
    project.runs("migrate -t dev");
    project.ends(4, "diff --from dev --to staging");
    project.runs("migrate -t staging");
    project.runs("diff --from dev --to staging");
    project.runs("diff --from dev --to structs");
    assert!(project.refuses(2, "diff --from demo").err.contains("target `demo` has no database"));
}

#[test]
fn a_target_has_its_own_timeout_and_what_is_suggested_is_for_it() {
    let project = Project::generated(USERS);
    project
        .write("dbmigrate.toml", "[targets.dev]\nurl = \"dev.db\"\ntimeout = 1\n[targets.eu]\nurl_env = \"EU_URL\"\n");
    project.runs("migrate -t dev");
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE");
    let since = std::time::Instant::now();
    project.structs(&format!("{USERS} #[derive(Table)] pub struct Tag {{ #[column(primary_key)] pub id: i64 }}"));
    let run = project.ends(1, "push -t dev --accept history");
    assert!(run.err.contains("is locked") && run.err.contains("`--timeout 60`"), "{}", run.err);
    assert!(since.elapsed() < std::time::Duration::from_secs(8));
    broken(&project, "eu.db");
    project.set("EU_URL", "eu.db");
    let run = project.ends(1, "migrate -t eu");
    assert!(run.err.contains("name a database file: `EU_URL=PATH`"), "{}", run.err);
    broken(&project, "dev2.db");
    project.write("dbmigrate.toml", "[targets.dev]\nurl = \"dev2.db\"\n");
    let run = project.ends(1, "migrate -t dev");
    assert!(run.err.contains("name a database file: `url = \"PATH\"`"), "{}", run.err);
}

#[test]
fn init_ignores_the_files_of_targets_in_git() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", TWO);
    std::fs::create_dir(project.path(".git")).expect("it is writable");
    project.runs("init");
    assert!(project.read(".gitignore").contains("staging.db"), "{}", project.read(".gitignore"));
}

#[test]
fn undo_looks_at_every_target() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", "[targets.eu]\nurl = \"eu.db\"\n[targets.us]\nurl_env = \"US_DATABASE_URL\"\n");
    project.runs("migrate -t eu");
    project.structs(&format!("{USERS} #[derive(Table)] pub struct Tag {{ #[column(primary_key)] pub id: i64 }}"));
    for line in ["generate --undo", "generate --amend", "generate --undo --offline"] {
        let run = project.refuses(5, line);
        assert!(run.err.contains("`0001_create_users` is applied to `eu.db`"), "{}", run.err);
    }
    std::fs::remove_file(project.path("eu.db")).expect("it is there");
    let run = project.runs("generate --undo --dry-run");
    assert!(run.err.contains("warning: target `us` is not checked: `US_DATABASE_URL` is not set"), "{}", run.err);
    project.set("TURSO_DEMO_DATABASE_URL", "demo.db");
    project.runs("migrate -t demo");
    assert!(project.refuses(5, "generate --undo").err.contains("`demo.db`"));
}
