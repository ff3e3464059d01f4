//! Pipelines of a project with migrations that wait for a deployment: what comes before it, what behind it, and who says when.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::gitlab;
use crate::project::Project;
use crate::repository::Repository;
use crate::runner::{Runner, parse};
use crate::served::Served;

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SHIP: &str = ".github/workflows/ship.yml";
/// A workflow that deploys.
const DEPLOYS: &str = "on:\n  workflow_call:\npermissions:\n  contents: read\n  id-token: write\njobs:\n  ship:\n    \
     runs-on: ubuntu-latest\n    steps:\n      - run: ./ship\n";

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} age: Option<i64> }}\n"
    )
}

/// Gives a project a change in two halves, and returns what was said.
pub(crate) fn rename(project: &Project) -> String {
    project.structs(&users("name: String,"));
    project.runs("generate");
    project.structs(&users("full_name: String,"));
    project.runs("generate --phased --rename users.name=full_name").err
}

/// A repository whose production has the first migration and a row.
fn repository(served: &Served, pipeline: &str) -> Repository {
    let repository = Repository::new(&users("name: String,"));
    repository.project.runs("generate");
    repository.project.runs(pipeline);
    repository.commit("one");
    let checkout = repository.project.root();
    let push = Runner::push(&checkout).installed().secrets(&served.secrets()[..2]);
    if pipeline.contains("github") {
        push.variable("ENABLE_DB_MIGRATE", "true").job(WORKFLOW, "migrate").expect("it runs").succeeds();
    } else {
        assert_eq!(gitlab::job(&checkout, "dbmigrate-migrate", &served.secrets()[..2]).code, 0);
    }
    served.production().run(&["INSERT INTO users VALUES (1, 'Ann', 3)"]);
    let said = rename(&repository.project);
    let ci = if pipeline.contains("github") { "github" } else { "gitlab" };
    assert!(said.contains(&format!("applies both at once: `cargo dbmigrate ci {ci}` changes that")), "{said}");
    repository
}

/// Which releases work on production.
fn columns(served: &Served) -> [bool; 2] {
    ["name", "full_name"].map(|column| served.production().batch(&[&format!("SELECT {column} FROM users")]).is_ok())
}

#[test]
fn a_push_applies_the_first_half_and_somebody_says_when_the_other_one_is_due() {
    let Some(served) = Served::start() else { return };
    let repository = repository(&served, "ci github");
    let project = &repository.project;
    project.refuses(4, "ci github --check");
    project.transcript();
    project.runs("ci github");
    assert_snapshot!("phased_github_said", project.transcript());
    project.runs("ci github --check");
    repository.commit("two");
    let checkout = project.root();
    let on = |runner: Runner| runner.installed().secrets(&served.secrets()[..2]).variable("ENABLE_DB_MIGRATE", "true");
    let push = || on(Runner::push(&checkout));
    assert!(push().job(WORKFLOW, "after-deploy").is_none(), "nobody has said that it is deployed");
    push().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    assert_eq!(columns(&served), [true, true]);
    // again, with nothing new
    push().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    assert_eq!(columns(&served), [true, true]);
    let by_hand = |reference: &str| on(Runner::new(&checkout, "workflow_dispatch", reference, json!({})));
    assert!(by_hand("refs/heads/topic").job(WORKFLOW, "after-deploy").is_none(), "another branch has other migrations");
    assert!(by_hand("refs/heads/main").job(WORKFLOW, "migrate").is_none());
    by_hand("refs/heads/main").job(WORKFLOW, "after-deploy").expect("it runs").succeeds();
    assert_eq!(columns(&served), [false, true]);
    assert_eq!(served.production().query("SELECT full_name FROM users"), ["Ann"]);
}

#[test]
fn a_workflow_that_deploys_is_called_between_the_halves() {
    let Some(served) = Served::start() else { return };
    let repository = repository(&served, "ci github");
    let project = &repository.project;
    for (name, said) in [("absent.yml", "no workflow"), ("../ship.yml", "is not the name of a workflow")] {
        let run = project.refuses(2, &format!("ci github --deploy {name}"));
        assert!(run.err.contains(said), "{}", run.err);
    }
    project.write(SHIP, DEPLOYS.replace("workflow_call", "push"));
    let run = project.runs("ci github --deploy ship.yml");
    assert!(
        run.err.contains("let `.github/workflows/ship.yml` be called: `workflow_call:` under `on:`"),
        "{}",
        run.err
    );
    project.write(SHIP, DEPLOYS);
    // what was written says it for the next time
    project.runs("ci github --check");
    project.runs("ci github");
    let text = project.read(WORKFLOW);
    assert_snapshot!("phased_github_deploys", text.split_once("\n  deploy:").map(|(_, rest)| rest).unwrap_or_default());
    repository.commit("two");

    let checkout = project.root();
    let ran = |results: &Value| {
        Runner::push(&checkout)
            .installed()
            .secrets(&served.secrets()[..2])
            .variable("ENABLE_DB_MIGRATE", "true")
            .needs(results)
    };
    ran(&json!({})).job(WORKFLOW, "migrate").expect("it runs").succeeds();
    assert_eq!(columns(&served), [true, true]);
    let deployed = |result: &str| json!({ "deploy": { "result": result } });
    for result in ["failure", "skipped", "cancelled"] {
        assert!(ran(&deployed(result)).job(WORKFLOW, "after-deploy").is_none(), "{result}");
    }
    ran(&deployed("success")).job(WORKFLOW, "after-deploy").expect("it runs").succeeds();
    assert_eq!(columns(&served), [false, true]);
    let workflow = parse(&text);
    assert_eq!(workflow["concurrency"]["cancel-in-progress"], false, "one deployment after the other");
    assert!(workflow["on"]["workflow_dispatch"].is_null() && workflow["on"].get("workflow_dispatch").is_none());
}

#[test]
fn fleets_go_around_the_deployment_too() {
    let project = Project::new("");
    crate::several::fill(&project);
    fs_err::create_dir(project.path(".git")).expect("writable");
    project.write(SHIP, DEPLOYS);
    project.runs("ci github --shards 2 --deploy ship.yml");
    let workflow = parse(&project.read(WORKFLOW));
    let jobs = &workflow["jobs"];
    assert_eq!(jobs["deploy"]["needs"], json!(["switch", "migrate", "merge-tenants"]));
    assert_eq!(jobs["after-deploy-tenants"]["needs"], "after-deploy");
    assert_eq!(jobs["after-deploy-merge-tenants"]["needs"], "after-deploy-tenants");
    for (job, phase) in [("migrate-tenants", "before"), ("after-deploy-tenants", "after")] {
        let command = jobs[job]["steps"][2]["run"].as_str().unwrap_or_default();
        assert!(command.contains(&format!(" --phase {phase} -t tenants")), "{command}");
    }
    project.runs("ci gitlab --shards 2 --deploy ship");
    let pipeline = parse(&project.read(".gitlab/dbmigrate.yml"));
    assert_eq!(pipeline["dbmigrate-after-deploy"]["needs"], json!(["ship"]));
    assert_eq!(pipeline["dbmigrate-after-deploy-tenants"]["needs"], json!(["dbmigrate-after-deploy"]));
    assert_eq!(pipeline["dbmigrate-after-deploy-merge-tenants"]["needs"], json!(["dbmigrate-after-deploy-tenants"]));
    project.runs("ci gitlab --check");
}

#[test]
fn gitlab_has_a_job_for_what_waits() {
    let Some(served) = Served::start() else { return };
    let repository = repository(&served, "ci gitlab");
    let project = &repository.project;
    project.transcript();
    project.runs("ci gitlab");
    assert_snapshot!("phased_gitlab_said", project.transcript());
    let pipeline = parse(&project.read(".gitlab/dbmigrate.yml"));
    let after = &pipeline["dbmigrate-after-deploy"];
    assert_eq!((&after["rules"][0]["when"], &after["needs"]), (&json!("manual"), &json!(["dbmigrate-migrate"])));
    // a protected target takes what is committed
    repository.commit("two");
    let checkout = project.root();
    let run = |name: &str| {
        let run = gitlab::job(&checkout, name, &served.secrets()[..2]);
        assert_eq!(run.code, 0, "{run:?}");
    };
    run("dbmigrate-migrate");
    assert_eq!(columns(&served), [true, true]);
    run("dbmigrate-after-deploy");
    assert_eq!(columns(&served), [false, true]);
    let run = project.shell("cargo dbmigrate ci gitlab --deploy 'to production'");
    let step = "let the job `to production` come behind the first half: `needs: [dbmigrate-migrate]` in it";
    assert!(run.code == 0 && run.err.contains(step), "{}", run.err);
    project.runs("ci gitlab --check");
    let pipeline = parse(&project.read(".gitlab/dbmigrate.yml"));
    let after = &pipeline["dbmigrate-after-deploy"];
    assert_eq!((&after["stage"], &after["needs"]), (&json!(".post"), &json!(["to production"])));
}
