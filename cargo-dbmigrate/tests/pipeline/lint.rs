//! actionlint has nothing to say of any workflow or action, written or of this repository; and what it does not know of is
//! looked at here: who else's code runs, and which permissions it has.

use std::path::Path;

use dbmigrate_test_support::lint::workflows;
use serde_json::{Value, json};

use crate::project::Project;
use crate::runner::{parse, steps};

const WRITTEN: [&str; 2] = [".github/workflows/dbmigrate.yml", ".github/workflows/seed.yml"];
const ACTION: &str = ".github/actions/setup-dbmigrate/action.yml";

fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs_err::read_to_string(path).expect("the file is there")
}

/// A project with a package below the root of its repository, and names that need quotes.
fn awkward() -> Project {
    let project = Project::new("");
    project.write("it's a # crate: x/Cargo.toml", project.read("Cargo.toml"));
    project.write("it's a # crate: x/src/lib.rs", "");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"it's a # crate: x\"]\n");
    project.write("it's a # crate: x/seeds/on/users.sql", "");
    project.write("it's a # crate: x/seeds/demo/users.sql", "");
    fs_err::create_dir(project.path(".git")).expect("writable");
    let words = ["ci", "github", "--branch", "release/+1!", "--manifest-path", "it's a # crate: x/Cargo.toml"];
    assert!(project.command(&words).status().expect("it runs").success());
    project
}

fn usual() -> Project {
    let project = Project::new("");
    fs_err::create_dir(project.path(".git")).expect("writable");
    project.runs("ci github");
    project
}

/// A package with several databases and fleets.
fn several() -> Project {
    let project = Project::new("");
    crate::several::fill(&project);
    fs_err::create_dir(project.path(".git")).expect("writable");
    project.runs("ci github --shards 3");
    project
}

/// A package with a change in two halves, whose second one somebody starts.
fn phased() -> Project {
    let project = Project::new("");
    crate::phased::rename(&project);
    fs_err::create_dir(project.path(".git")).expect("writable");
    project.runs("ci github --branch it's");
    project
}

/// Several databases, and a workflow that deploys between the halves.
fn deploying() -> Project {
    let project = several();
    project.write(".github/workflows/ship.yml", "on: [workflow_call]\npermissions:\n  id-token: write\njobs: {}\n");
    project.runs("ci github --deploy ship.yml");
    project
}

/// An action as a workflow that has its steps and inputs: the linter knows no actions.
fn as_workflow(action: &str) -> String {
    let action = parse(action);
    let inputs: serde_json::Map<String, Value> = action["inputs"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, input)| (name.clone(), json!({ "type": "string", "default": input["default"] })))
        .collect();
    // JSON is YAML
    json!({
        "on": { "workflow_call": { "inputs": inputs } },
        "permissions": {},
        "jobs": { "action": { "runs-on": "ubuntu-latest", "steps": action["runs"]["steps"] } },
    })
    .to_string()
}

/// Files by name.
type Files = Vec<(String, String)>;

/// Every workflow, and every action.
fn all() -> (Files, Files) {
    let mut workflows = Vec::new();
    let mut actions = vec![("setup".to_owned(), repository("setup/action.yml"))];
    for (name, project) in [
        ("usual", usual()),
        ("awkward", awkward()),
        ("several", several()),
        ("phased", phased()),
        ("deploying", deploying()),
    ] {
        workflows.extend(WRITTEN.map(|file| (format!("{name} {file}"), project.read(file))));
        actions.push((name.to_owned(), project.read(ACTION)));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows");
    for entry in fs_err::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("it has one").to_string_lossy().into_owned();
        workflows.push((name, fs_err::read_to_string(path).expect("readable")));
    }
    (workflows, actions)
}

#[test]
fn actionlint_has_nothing_to_say() {
    let (mut files, actions) = all();
    assert!(files.len() >= 6, "{files:?}");
    files.extend(actions.iter().map(|(name, text)| (format!("action {name}.yml"), as_workflow(text))));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let Some(said) = workflows(&files) else { return };
    assert!(said.is_empty(), "{}", said.join("\n"));
    // and it would have said something
    let wrong = files[0].1.replace("github.event_name", "github.evnt_name");
    assert!(workflows(&[("wrong.yml", &wrong)]).is_some_and(|said| !said.is_empty()));
}

#[test]
fn actions_of_others_are_pinned_by_commit_with_their_version_beside() {
    let (workflows, actions) = all();
    for (name, text) in workflows.iter().chain(&actions) {
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            if line.starts_with("./") {
                continue;
            }
            let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{name}: no version: {line}"));
            let (_, commit) = action.split_once('@').expect("a commit");
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {line}");
            assert!(version.split('.').count() == 3, "{name}: {line}");
        }
    }
}

#[test]
fn jobs_have_the_permissions_that_they_need_and_no_others() {
    let (workflows, _) = all();
    for (name, text) in &workflows {
        let workflow = parse(text);
        assert_eq!(workflow["permissions"], json!({}), "{name}");
        for (job, what) in workflow["jobs"].as_object().expect("jobs") {
            let given = what["permissions"].as_object().cloned().unwrap_or_default();
            let wanted: &[(&str, &str)] = match (name.as_str(), job.as_str()) {
                (_, "switch") => &[],
                // what the workflow asks for that it calls
                ("deploying .github/workflows/dbmigrate.yml", "deploy") => &[("id-token", "write")],
                ("release.yml", "build") => &[("attestations", "write"), ("contents", "write"), ("id-token", "write")],
                ("release.yml", _) => &[("contents", "write")],
                (_, "check") => &[("contents", "read"), ("pull-requests", "write")],
                _ => &[("contents", "read")],
            };
            let given: Vec<(&str, &str)> =
                given.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())).collect();
            assert_eq!(given, wanted, "{name}, {job}");
            // one that calls a workflow leaves that to it
            assert!(what["timeout-minutes"].is_u64() || what["uses"].is_string(), "{name}, {job} may run for ever");
        }
    }
}

#[test]
fn runs_that_change_a_database_queue_and_are_never_cancelled() {
    let project = usual();
    for (file, job) in [(WRITTEN[0], "migrate"), (WRITTEN[1], "seed")] {
        let concurrency = &parse(&project.read(file))["jobs"][job]["concurrency"];
        assert!(concurrency["group"].is_string() && concurrency["cancel-in-progress"] == false, "{concurrency}");
    }
    let migrate = &parse(&project.read(WRITTEN[0]))["jobs"]["migrate"];
    assert_eq!(migrate["name"], "DB Migrate");
    assert_eq!(migrate["if"], "github.event_name == 'push' && vars.ENABLE_DB_MIGRATE == 'true'");
}

#[test]
fn no_input_or_title_is_put_into_a_shell() {
    let (workflows, actions) = all();
    for (name, text) in workflows.iter().chain(&actions) {
        let parsed = parse(text);
        let jobs = parsed["jobs"].as_object().into_iter().flatten().map(|(_, job)| job);
        for step in jobs.chain([&parsed["runs"]]).flat_map(steps) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

#[test]
fn every_script_is_one_that_a_shell_can_read() {
    let (workflows, actions) = all();
    let gitlab = usual();
    gitlab.runs("ci gitlab");
    let mut scripts = Vec::new();
    for (name, text) in workflows.iter().chain(&actions) {
        let parsed = parse(text);
        let jobs = parsed["jobs"].as_object().into_iter().flatten().map(|(_, job)| job);
        for step in jobs.chain([&parsed["runs"]]).flat_map(steps) {
            scripts.extend(step["run"].as_str().map(|script| (name.clone(), "bash", script.to_owned())));
        }
    }
    let parsed = parse(&gitlab.read(".gitlab/dbmigrate.yml"));
    for job in parsed.as_object().expect("jobs").values() {
        let lines = ["before_script", "script"].into_iter().flat_map(|key| job[key].as_array().into_iter().flatten());
        scripts.extend(lines.map(|line| ("gitlab".to_owned(), "sh", line.as_str().expect("a script").to_owned())));
    }
    assert!(scripts.len() > 20);
    for (name, shell, script) in scripts {
        let output = std::process::Command::new(shell).args(["-n", "-c", &script]).output().expect("a shell");
        assert!(output.status.success(), "{name}: {}\n{script}", String::from_utf8_lossy(&output.stderr));
    }
}
