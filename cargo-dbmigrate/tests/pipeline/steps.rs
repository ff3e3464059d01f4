//! The steps of the workflows that are written, run as a runner runs them, against a server that wants tokens.

use serde_json::json;

use crate::fake_gh::FakeGh;
use crate::project::Project;
use crate::repository::Repository;
use crate::runner::Runner;
use crate::served::Served;

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SEED: &str = ".github/workflows/seed.yml";
const CHECK: &str = "Check that structs and migrations agree";
const REPORT: &str = "Report the new migrations";
const COMMENT: &str = "Comment on the pull request";
const APPLY: &str = "Apply the pending migrations";
const SCHEMA: &str = "Bring the schema up to date";

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String> }\n";
const POSTS: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] author: i64 }\n";

/// A repository with a migration and workflows on `main`.
fn repository() -> Repository {
    let repository = Repository::new(USERS);
    repository.project.runs("generate");
    repository.project.runs("ci github");
    repository.commit("one");
    repository
}

/// The same with a pull request that adds a table.
fn with_pull_request() -> Repository {
    let repository = repository();
    repository.branch("topic");
    repository.project.structs(&format!("{USERS}{POSTS}"));
    repository.project.runs("generate");
    repository.commit("two");
    repository
}

#[test]
fn a_pull_request_is_checked_and_gets_one_comment_that_is_updated() {
    let Some(served) = Served::start() else { return };
    // somebody else has copied the marker
    let marker = "<!-- cargo-dbmigrate report: app -->";
    let copied = json!([{ "id": 7, "user": { "login": "stranger" }, "body": format!("{marker}\nhello") }]);
    let Some(gh) = FakeGh::new(&copied) else { return };
    let repository = with_pull_request();
    served.production().run(&["CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)"]);
    let checkout = repository.merged("topic", 2);
    let runner = || {
        Runner::pull_request(checkout.path(), false).installed().programs(&gh.folder()).secrets(&[
            ("TURSO_DATABASE_URL", &served.production_url),
            ("TURSO_AUTH_TOKEN_READ_ONLY", &served.read_only),
        ])
    };
    let job = runner().job(WORKFLOW, "check").expect("it runs").succeeds();
    assert!(job.step(CHECK).err.contains("Checked"), "{job:?}");
    let comments = gh.comments();
    assert_eq!(comments.len(), 2);
    let body = &comments[1].1;
    assert!(body.starts_with(&format!("{marker}\n### 1 new migration\n")), "{body}");
    assert!(body.contains("`create table posts`: catalog only"), "{body}");
    assert!(body.contains("- `production`: has tables but no migration history"), "{body}");
    assert!(job.summary.contains("### 1 new migration"), "{}", job.summary);
    // again, after something has changed: the comment is the same one
    served.production().run(&["DROP TABLE users"]);
    runner().job(WORKFLOW, "check").expect("it runs").succeeds();
    let comments = gh.comments();
    assert_eq!(comments.len(), 2);
    assert!(comments[1].1.contains("- `production`: 2 migrations pending: `0001_create_users` to `0002_create_posts`"));
    assert_eq!(comments[0].1, format!("{marker}\nhello"), "it is another's");
    let writes = gh.calls().into_iter().filter(|call| call.contains("--method")).collect::<Vec<_>>();
    assert!(writes.len() == 2 && writes[0].contains("POST") && writes[1].contains("PATCH"), "{writes:?}");
    for token in [&served.token, &served.read_only] {
        assert!(!format!("{job:?}{comments:?}").contains(token.as_str()), "a token was shown");
    }
}

#[test]
fn a_pull_request_of_a_fork_gets_the_report_in_the_summary_only() {
    let Some(gh) = FakeGh::new(&json!([])) else { return };
    let repository = with_pull_request();
    let checkout = repository.merged("topic", 2);
    // a fork has no secrets
    let runner = Runner::pull_request(checkout.path(), true).installed().programs(&gh.folder());
    let job = runner.job(WORKFLOW, "check").expect("it runs").succeeds();
    assert!(job.summary.contains("### 1 new migration"), "{}", job.summary);
    assert!(!job.summary.contains("#### Databases"), "{}", job.summary);
    assert!(gh.calls().is_empty(), "{:?}", gh.calls());
}

#[test]
fn a_pull_request_without_a_migration_gets_no_comment() {
    let Some(gh) = FakeGh::new(&json!([])) else { return };
    let repository = repository();
    repository.branch("topic");
    repository.project.write("README.md", "words");
    repository.commit("words");
    let checkout = repository.merged("topic", 2);
    let runner = Runner::pull_request(checkout.path(), false).installed().programs(&gh.folder());
    let job = runner.job(WORKFLOW, "check").expect("it runs").succeeds();
    assert!(job.step(COMMENT).code == 0 && gh.comments().is_empty());
}

#[test]
fn structs_without_their_migration_fail_the_pull_request_and_are_reported_all_the_same() {
    let Some(gh) = FakeGh::new(&json!([])) else { return };
    let repository = with_pull_request();
    repository
        .project
        .structs(&format!("{USERS}{POSTS}").replace("name: Option<String>", "name: Option<String>, age: Option<i64>"));
    repository.commit("forgotten");
    let checkout = repository.merged("topic", 2);
    let runner = Runner::pull_request(checkout.path(), false).installed().programs(&gh.folder());
    let job = runner.job(WORKFLOW, "check").expect("it runs").fails();
    assert_eq!(job.step(CHECK).code, 4);
    assert!(job.step(CHECK).out.contains("::error "), "annotated: {job:?}");
    assert_eq!(job.step(REPORT).code, 0, "{job:?}");
    assert_eq!(gh.comments().len(), 1);
}

#[test]
fn a_database_that_cannot_be_read_is_in_the_report_and_fails_the_step() {
    let Some(served) = Served::start() else { return };
    let Some(gh) = FakeGh::new(&json!([])) else { return };
    let repository = with_pull_request();
    let checkout = repository.merged("topic", 2);
    let runner = Runner::pull_request(checkout.path(), false).installed().programs(&gh.folder()).secrets(&[
        ("TURSO_DATABASE_URL", &served.production_url),
        ("TURSO_AUTH_TOKEN_READ_ONLY", &served.expired),
        ("TURSO_DEMO_DATABASE_URL", &served.demo_url),
        ("TURSO_DEMO_AUTH_TOKEN_READ_ONLY", &served.read_only),
    ]);
    let job = runner.job(WORKFLOW, "check").expect("it runs").fails();
    assert_ne!(job.step(REPORT).code, 0);
    let body = &gh.comments()[0].1;
    assert!(
        body.contains("- `production`: **could not be read**, the log says why")
            && body.contains("- `demo`: 2 migrations pending"),
        "{body}"
    );
    assert!(job.summary.contains("could not be read"), "{}", job.summary);
    assert!(!body.contains("localhost"), "where a database is may be a secret: {body}");
}

#[test]
fn a_push_to_main_migrates_production_and_says_that_demo_is_skipped() {
    let Some(served) = Served::start() else { return };
    let repository = repository();
    let checkout = repository.merged("main", 1);
    let runner = || {
        Runner::push(checkout.path())
            .installed()
            .variable("ENABLE_DB_MIGRATE", "true")
            .secrets(&[("TURSO_DATABASE_URL", &served.production_url), ("TURSO_AUTH_TOKEN", &served.token)])
    };
    let job = runner().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    let said = &job.step(APPLY).err;
    assert!(said.contains("Applied 0001_create_users") && said.contains("Skipped demo"), "{said}");
    assert_eq!(served.production().query("SELECT name FROM _dbmigrate_history"), ["0001_create_users"]);
    let job = runner().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    assert!(job.step(APPLY).err.contains("nothing to apply"), "{job:?}");
    assert!(!format!("{job:?}").contains(&served.token), "a token was shown");
}

#[test]
fn a_push_to_main_migrates_the_demo_database_too_if_its_secrets_are_set() {
    let Some(served) = Served::start() else { return };
    let repository = repository();
    let checkout = repository.merged("main", 1);
    let runner =
        Runner::push(checkout.path()).installed().variable("ENABLE_DB_MIGRATE", "TRUE").secrets(&served.secrets());
    runner.job(WORKFLOW, "migrate").expect("it runs").succeeds();
    for database in [served.production(), served.demo()] {
        assert_eq!(database.query("SELECT name FROM _dbmigrate_history"), ["0001_create_users"]);
    }
}

#[test]
fn nothing_is_migrated_unless_the_variable_says_so_and_another_word_is_an_error() {
    let repository = repository();
    let checkout = repository.merged("main", 1);
    for (value, is_error) in
        [(None, false), (Some(""), false), (Some("false"), false), (Some("yes"), true), (Some("1"), true)]
    {
        let runner = Runner::push(checkout.path()).installed();
        let runner = match value {
            Some(value) => runner.variable("ENABLE_DB_MIGRATE", value),
            None => runner,
        };
        assert!(runner.job(WORKFLOW, "migrate").is_none(), "{value:?}");
        let switch = runner.job(WORKFLOW, "switch");
        assert_eq!(switch.is_some(), is_error, "{value:?}");
        if let Some(switch) = switch {
            let said = &switch.fails().steps[0].1.out;
            assert!(said.contains("ENABLE_DB_MIGRATE must be true or false") && said.contains("Settings >"), "{said}");
        }
    }
    let pull_request = Runner::pull_request(checkout.path(), false).variable("ENABLE_DB_MIGRATE", "true");
    assert!(pull_request.job(WORKFLOW, "migrate").is_none());
    assert!(Runner::push(checkout.path()).job(WORKFLOW, "check").is_none());
}

#[test]
fn a_missing_secret_is_an_error_that_says_what_to_set_where() {
    let repository = repository();
    let checkout = repository.merged("main", 1);
    let url = ("TURSO_DATABASE_URL", "libsql://nowhere.example.com");
    for (secrets, missing) in [
        (&[][..], &["TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN"][..]),
        (&[url], &["TURSO_AUTH_TOKEN"]),
        (&[("TURSO_DATABASE_URL", ""), ("TURSO_AUTH_TOKEN", "x")], &["TURSO_DATABASE_URL"]),
    ] {
        let runner = Runner::push(checkout.path()).installed().variable("ENABLE_DB_MIGRATE", "true").secrets(secrets);
        let job = runner.job(WORKFLOW, "migrate").expect("it runs").fails();
        let run = job.step(APPLY);
        assert_eq!(run.code, 2, "{run:?}");
        let said: Vec<&str> = run.out.lines().collect();
        let wanted: Vec<String> = missing
            .iter()
            .map(|name| format!("::error title=DB Migrate::the secret {name} is not set: add it under Settings > Secrets and variables > Actions > Secrets"))
            .collect();
        assert_eq!(said, wanted);
    }
    let runner = Runner::by_hand(checkout.path(), &json!({ "target": "demo", "seed_type": "full" })).installed();
    let job = runner.job(SEED, "seed").expect("it runs").fails();
    let said = &job.step(SCHEMA).out;
    assert!(
        said.contains("the secret TURSO_DEMO_DATABASE_URL is not set") && !said.contains("secret TURSO_DATABASE_URL"),
        "{said}"
    );
    assert_eq!(job.steps.len(), 2, "the rows are not tried: {job:?}");
}

#[test]
fn half_of_the_demo_secrets_is_an_error() {
    let Some(served) = Served::start() else { return };
    let repository = repository();
    let checkout = repository.merged("main", 1);
    for half in ["TURSO_DEMO_DATABASE_URL", "TURSO_DEMO_AUTH_TOKEN"] {
        let secrets = served.secrets();
        let kept: Vec<(&str, &str)> =
            secrets.into_iter().filter(|(name, _)| !name.contains("DEMO") || *name == half).collect();
        let runner = Runner::push(checkout.path()).installed().variable("ENABLE_DB_MIGRATE", "true").secrets(&kept);
        let job = runner.job(WORKFLOW, "migrate").expect("it runs").fails();
        assert!(job.step(APPLY).err.contains("TURSO_DEMO_"), "{job:?}");
    }
}

#[test]
fn an_input_is_never_a_part_of_a_script() {
    let repository = repository();
    let checkout = repository.merged("main", 1);
    let evil = "x; touch stolen; $(touch stolen) `touch stolen` '\"";
    let runner = Runner::by_hand(checkout.path(), &json!({ "target": evil, "seed_type": evil })).installed();
    let job = runner.job(SEED, "seed").expect("it runs").fails();
    assert_eq!(job.step(SCHEMA).code, 2);
    assert!(!checkout.path().join("stolen").exists());
}

#[test]
fn a_project_of_its_own_targets_gets_their_secrets() {
    let project = Project::new(USERS);
    project.write(
        "dbmigrate.toml",
        "[targets.eu]\nurl = \"libsql://eu.example.com\"\ntoken_env = \"EU_TOKEN\"\nprotected = true\n\n[targets.us]\nurl_env = \"US_URL\"\ntoken_env = \"US_TOKEN\"\nencryption_key_env = \"US_KEY\"\noptional = true\n\n[targets.dev]\nurl = \"dev.db\"\n",
    );
    fs_err::create_dir(project.path(".git")).expect("writable");
    project.runs("ci github");
    insta::assert_snapshot!("own_targets_dbmigrate", project.read(WORKFLOW));
    insta::assert_snapshot!("own_targets_seed", project.read(SEED));
}
