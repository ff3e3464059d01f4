//! Pipelines of a package with several databases and a fleet: every database that a pipeline can get at is migrated, what is
//! left out is said, and the report has all of them.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};
use serde_json::{Value, json};

use crate::gitlab;
use crate::project::Project;
use crate::repository::Repository;
use crate::runner::{Runner, parse};

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SEED: &str = ".github/workflows/seed.yml";
const APPLY: &str = "Apply the pending migrations";

const STRUCTS: &str = "#[derive(Table)] #[table(name = \"users\")] pub struct User { #[column(primary_key)] pub id: i64 }\n\
                       pub mod audit;\npub mod tenant;\n";

const CONFIG: &str = "[databases.tenant]\nstructs = \"crate::tenant\"\n[databases.audit]\nstructs = \"crate::audit\"\n\
                      [targets.acme]\nurl_env = \"ACME_DATABASE_URL\"\ndatabase = \"tenant\"\n\
                      [targets.tenants]\nfleet = { list = \"tenants.txt\" }\ndatabase = \"tenant\"\n\
                      [targets.local]\nfleet = \"tenants/*.db\"\ndatabase = \"tenant\"\n";

fn table(name: &str, fields: &str) -> String {
    format!(
        "use dbmigrate::Table;\n#[derive(Table)] #[table(name = \"{name}\")] pub struct Row {{ #[column(primary_key)] pub id: i64 {fields} }}\n"
    )
}

/// The package, with migrations.
pub(crate) fn fill(project: &Project) {
    project.structs(STRUCTS);
    project.write("src/tenant.rs", table("notes", ""));
    project.write("src/audit.rs", table("entries", ""));
    project.write("dbmigrate.toml", CONFIG);
    project.write("tenants.txt", "");
    project.write("seeds-tenant/plain/notes.toml", "[[rows]]\nid = 1\n");
    project.runs("generate");
}

fn repository(members: &[String]) -> Repository {
    let repository = Repository::new(STRUCTS);
    fill(&repository.project);
    repository.project.write("tenants.txt", members.join("\n"));
    repository
}

fn history(url: &str) -> Vec<String> {
    let hand = Hand::new(url);
    let is_there = hand.tables().iter().any(|table| table == "_dbmigrate_history");
    if is_there { hand.query("SELECT name FROM _dbmigrate_history ORDER BY position") } else { Vec::new() }
}

fn server() -> Option<Server> {
    Options::default().namespaces().start()
}

#[test]
fn a_push_migrates_all_databases_and_then_the_fleet_in_parts() {
    let Some(server) = server() else { return };
    let members: Vec<String> = ["m1", "m2", "m3"].map(|name| server.create_namespace(name)).to_vec();
    let [production, acme, audit] = ["production", "acme", "audit"].map(|name| server.create_namespace(name));
    let repository = repository(&members);
    let run = repository.project.runs("ci github --shards 2");
    assert!(run.err.contains("`gh secret set AUDIT_DATABASE_URL`"), "{}", run.err);
    // a second run has as many parts
    repository.project.runs("ci github --check");
    repository.commit("one");
    let checkout = repository.project.root();
    let push = |secrets: &[(&str, &str)]| {
        let token = [("TURSO_AUTH_TOKEN", "any"), ("TURSO_DATABASE_URL", &production), ("ACME_DATABASE_URL", &acme)];
        Runner::push(&checkout).installed().secrets(&token).secrets(secrets).variable("ENABLE_DB_MIGRATE", "true")
    };
    let job = push(&[]).job(WORKFLOW, "migrate").expect("it runs").succeeds();
    let said = &job.step(APPLY).out;
    assert!(said.contains("::notice title=DB Migrate::the database audit is skipped: AUDIT_DATABASE_URL"), "{job:?}");
    assert_eq!(history(&production), ["0001_create_users"]);
    assert_eq!(history(&acme), ["0001_create_notes"]);
    assert_eq!(history(&audit), [""; 0]);
    push(&[("AUDIT_DATABASE_URL", &audit), ("AUDIT_AUTH_TOKEN", "any")])
        .job(WORKFLOW, "migrate")
        .expect("it runs")
        .succeeds();
    assert_eq!(history(&audit), ["0001_create_entries"]);

    let workflow = parse(&repository.project.read(WORKFLOW));
    let fleet = &workflow["jobs"]["migrate-tenants"];
    assert_eq!((&fleet["needs"], &fleet["strategy"]["matrix"]["shard"]), (&json!("migrate"), &json!([1, 2])));
    assert!(workflow["jobs"]["migrate-local"].is_null(), "its members are files of somebody");
    let count = || members.iter().filter(|url| !history(url).is_empty()).count();
    assert_eq!(count(), 0);
    let mut outputs = serde_json::Map::new();
    for shard in 1..=2 {
        let job =
            push(&[]).matrix(&json!({ "shard": shard })).job(WORKFLOW, "migrate-tenants").expect("it runs").succeeds();
        let name = format!("shard-{shard}");
        let output = format!("${{{{ steps.roll-out.outputs.{name} }}}}");
        assert_eq!(fleet["outputs"][&name], output, "{fleet}");
        outputs.insert(name.clone(), json!(job.outputs[&name]));
    }
    assert_eq!(count(), 3);
    assert_eq!(workflow["jobs"]["merge-tenants"]["needs"], "migrate-tenants");
    let merged = |result: &str, outputs: &Value| {
        let needs = json!({ "migrate-tenants": { "result": result, "outputs": outputs } });
        push(&[]).needs(&needs).job(WORKFLOW, "merge-tenants")
    };
    let job = merged("success", &json!(outputs)).expect("it runs").succeeds();
    assert!(job.step("Merge the summaries").err.contains("tenants: 3 migrated"), "{job:?}");
    // a part that was killed has said nothing
    outputs["shard-2"] = json!("");
    let job = merged("failure", &json!(outputs)).expect("it runs").fails();
    assert!(job.step("Merge the summaries").err.contains("no summary of the shards 2/2"), "{job:?}");
    assert!(merged("skipped", &json!({})).is_none());

    // rows of one database, by hand
    let inputs = json!({ "target": "acme", "seed_type": "plain" });
    let runner = Runner::by_hand(&checkout, &inputs).installed().secrets(&[("ACME_DATABASE_URL", &acme)]);
    runner.job(SEED, "seed").expect("it runs").succeeds();
    assert_eq!(Hand::new(acme.as_str()).query("SELECT id FROM notes"), ["1"]);
}

#[test]
fn the_pipeline_for_gitlab_has_the_same_jobs() {
    let Some(server) = server() else { return };
    let members: Vec<String> = ["m1", "m2"].map(|name| server.create_namespace(name)).to_vec();
    let [production, acme] = ["production", "acme"].map(|name| server.create_namespace(name));
    let repository = repository(&members);
    repository.project.runs("ci gitlab --shards 2");
    repository.project.runs("ci gitlab --check");
    repository.commit("one");
    let checkout = repository.project.root();
    let secrets =
        [("TURSO_AUTH_TOKEN", "any"), ("TURSO_DATABASE_URL", production.as_str()), ("ACME_DATABASE_URL", &acme)];
    let run = gitlab::job(&checkout, "dbmigrate-migrate", &secrets);
    assert!(run.code == 0 && run.out.contains("the database audit is skipped"), "{run:?}");
    assert_eq!(
        (history(&production), history(&acme)),
        (vec!["0001_create_users".to_owned()], vec!["0001_create_notes".to_owned()])
    );
    for shard in ["1", "2"] {
        let run =
            gitlab::job(&checkout, "dbmigrate-migrate-tenants", &[("CI_NODE_INDEX", shard), ("CI_NODE_TOTAL", "2")]);
        assert_eq!(run.code, 0, "{run:?}");
    }
    assert!(members.iter().all(|url| history(url) == ["0001_create_notes"]));
    // what each has come to is an artifact, which the job behind them has
    let pipeline = parse(&repository.project.read(".gitlab/dbmigrate.yml"));
    assert_eq!(pipeline["dbmigrate-migrate-tenants"]["artifacts"]["paths"], json!(["dbmigrate-tenants-*.json"]));
    let merge = &pipeline["dbmigrate-merge-tenants"];
    assert_eq!(
        (&merge["needs"], &merge["rules"][0]["when"]),
        (&json!(["dbmigrate-migrate-tenants"]), &json!("always"))
    );
    let run = gitlab::job(&checkout, "dbmigrate-merge-tenants", &[]);
    assert!(run.code == 0 && run.err.contains("tenants: 2 migrated"), "{run:?}");
    std::fs::remove_file(checkout.join("dbmigrate-tenants-2.json")).expect("it was there");
    let run = gitlab::job(&checkout, "dbmigrate-merge-tenants", &[]);
    assert!(run.code == 6 && run.err.contains("no summary of the shards 2/2"), "{run:?}");
    std::fs::remove_file(checkout.join("dbmigrate-tenants-1.json")).expect("it was there");
    let run = gitlab::job(&checkout, "dbmigrate-merge-tenants", &[]);
    assert!(run.code == 1 && run.out.contains("no part of the fleet tenants was begun"), "{run:?}");
    let run = gitlab::job(
        &checkout,
        "dbmigrate-seed",
        &[&secrets[..], &[("TARGET", "acme"), ("SEED_TYPE", "plain")]].concat(),
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(Hand::new(acme.as_str()).query("SELECT id FROM notes"), ["1"]);
}

#[test]
fn the_report_has_every_database() {
    let repository = repository(&[]);
    let project = &repository.project;
    repository.commit("one");
    repository.branch("topic");
    project.write("src/tenant.rs", table("notes", ", pub text: Option<String>"));
    project.write("src/audit.rs", table("entries", ", pub by: Option<String>"));
    project.runs("generate");
    repository.commit("two");
    project.set("ACME_DATABASE_URL", "acme.db");
    let run = project.runs("ci report --base main -t acme --out report.md --message-format json");
    let base = repository.git(&["merge-base", "main", "HEAD"]);
    let text = project.read("report.md").replace(&base[..12], "[COMMIT]");
    insta::assert_snapshot!("several_report", text);
    let reports: Vec<String> = run
        .json()
        .iter()
        .filter(|line| line["reason"] == "report")
        .map(|line| {
            format!(
                "{} {} {}",
                line["database_name"],
                line["new"].as_array().map_or(0, Vec::len),
                line["databases"].as_array().map_or(0, Vec::len)
            )
        })
        .collect();
    assert_eq!(reports, ["\"default\" 0 0", "\"tenant\" 1 1", "\"audit\" 1 0"]);
}
