//! `ci gitlab`: a pipeline for GitLab, to be included.

use super::arguments::Write;
use super::facts::{Facts, Written};
use super::fleets;
use super::phases::{AFTER, BEFORE, Half};
use super::targets;
use super::template::filled;
use super::write::{self, File};
use crate::error::Result;
use crate::project::{Context, pipelines};

const COMMAND: &str = "cargo dbmigrate ci gitlab";

const FILE: &str = pipelines::GITLAB;

/// What has to hold for a job that migrates.
const RULE: &str =
    r#"if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == @BRANCH@ && $ENABLE_DB_MIGRATE == "true""#;

/// The pipeline of the project, which is never edited.
const OWN: &str = ".gitlab-ci.yml";

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Write) -> Result<u8> {
    // GitLab knows the default branch itself
    let facts = Facts::of(context, arguments, FILE, read)?;
    let done = write::run(context, arguments, &facts.root, &[file(&facts, arguments)], COMMAND)?;
    if !arguments.check {
        let mut next = Vec::new();
        if done.is_new {
            let required = facts.targets.iter().filter(|target| !target.is_optional);
            let names: Vec<&str> = required.flat_map(targets::Target::variables).collect();
            if !names.is_empty() {
                next.push(format!(
                    "set the variables {} under Settings > CI/CD > Variables, masked and protected",
                    names.join(" and ")
                ));
            }
            let others =
                facts.untargeted.iter().map(|one| ("database", &one.name, one.variables().collect::<Vec<_>>()));
            let fleets = facts.fleets.iter().map(|one| {
                let names = one.variables.iter().map(String::as_str).collect();
                ("fleet", &one.name, names)
            });
            for (what, name, variables) in others.chain(fleets).filter(|(.., variables)| !variables.is_empty()) {
                next.push(format!("for the {what} `{name}`, set {} there as well", variables.join(" and ")));
            }
            next.push("switch migrations on: set the variable ENABLE_DB_MIGRATE to `true` there".to_owned());
        }
        next.extend(facts.program_step(COMMAND));
        if done.is_written {
            next.extend(phase_steps(&facts));
        }
        let own = std::fs::read_to_string(facts.root.join(OWN)).unwrap_or_default();
        let is_included = own.contains(FILE);
        if !is_included {
            next.push(format!("add this to {OWN}:"));
        }
        context.printer.next(&next);
        if !is_included {
            context.printer.result(format!("include:\n  - local: {FILE}"));
        }
    }
    Ok(done.code)
}

fn file(facts: &Facts, arguments: &Write) -> File {
    let all = &facts.targets;
    let branch = match &arguments.branch {
        Some(branch) => serde_json::Value::from(branch.as_str()).to_string(),
        None => "$CI_DEFAULT_BRANCH".to_owned(),
    };
    let names: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
    let options = |texts: &[&str]| {
        texts.iter().map(|text| serde_json::Value::from(*text).to_string()).collect::<Vec<_>>().join(", ")
    };
    let sets: Vec<&str> = facts.sets.iter().map(String::as_str).collect();
    let values = [
        ("BRANCH", branch),
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("REPOSITORY", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("INSTALL", include_str!("templates/install.sh").to_owned()),
        ("SELECTION", facts.selection.clone()),
        ("WITH", facts.with.clone()),
        ("MIGRATIONS", facts.migrations.clone()),
        ("FIRST_TARGET", names.first().copied().unwrap_or("production").to_owned()),
        ("TARGET_NAMES", options(&names)),
        ("FIRST_SET", sets.first().copied().unwrap_or("full").to_owned()),
        ("SETS", options(&sets)),
        ("FOLDERS", targets::folders(all)),
        ("MIGRATE", facts.migrate(BEFORE, "", "")),
        ("MIGRATE_AFTER", facts.migrate(AFTER, "", "")),
        ("PHASE", BEFORE.argument(facts.phases.as_ref()).to_owned()),
        ("SHARDS", facts.shards.to_string()),
    ];
    let more = [("FLEETS", fleets(facts, BEFORE, &values)), ("AFTER", after(facts, &values))];
    let values: Vec<_> = more.into_iter().chain(values).collect();
    File { name: FILE, body: filled(include_str!("templates/gitlab.yml"), &values) }
}

/// The jobs of the fleets for one half.
fn fleets(facts: &Facts, half: Half, values: &[(&'static str, String)]) -> String {
    // of one part, nothing is to be merged
    let merge = if facts.shards > 1 { include_str!("templates/gitlab-merge.yml") } else { "" };
    let is_after = half.job == AFTER.job;
    let own = [
        ("JOB", half.job.to_owned()),
        ("MERGE", half.merge.to_owned()),
        ("STAGE", stage(facts, half).to_owned()),
        ("SUMMARY", if is_after { format!("{}-", half.job) } else { String::new() }),
        ("PHASE", half.argument(facts.phases.as_ref()).to_owned()),
    ];
    let values: Vec<_> = own.into_iter().chain(values.iter().cloned()).collect();
    fleets::jobs(&facts.fleets, &[include_str!("templates/gitlab-fleet.yml"), merge].concat(), &values)
}

/// The jobs that apply what has waited for the deployment; nothing where nothing waits.
fn after(facts: &Facts, values: &[(&'static str, String)]) -> String {
    let Some(phases) = &facts.phases else { return String::new() };
    let stage = stage(facts, AFTER);
    let when = match &phases.deploy {
        Some(job) => {
            let job = serde_json::Value::from(job.as_str());
            format!("stage: {stage}\nneeds: [{job}]\nrules:\n  - {RULE}")
        }
        None => format!(
            "stage: {stage}\nneeds: [dbmigrate-{}]\nrules:\n  - {RULE}\n    # once no older release runs\n    when: manual\n    \
             allow_failure: true",
            BEFORE.job
        ),
    };
    let when = filled(&when, values);
    let all: Vec<_> = std::iter::once(("AFTER_WHEN", when)).chain(values.iter().cloned()).collect();
    filled(include_str!("templates/gitlab-after-deploy.yml"), &all) + &fleets(facts, AFTER, values)
}

/// The stage of a half: a job that deploys may be in any stage.
fn stage(facts: &Facts, half: Half) -> &'static str {
    let is_known = facts.phases.as_ref().is_some_and(|phases| phases.deploy.is_some());
    if is_known && half.job == AFTER.job { ".post" } else { "deploy" }
}

/// What is left to be done so that migrations go around a deployment.
fn phase_steps(facts: &Facts) -> Vec<String> {
    let Some(phases) = &facts.phases else { return Vec::new() };
    let before: Vec<String> = std::iter::once(format!("dbmigrate-{}", BEFORE.job))
        .chain(facts.fleets.iter().map(|fleet| format!("dbmigrate-{}-{}", BEFORE.job, fleet.name)))
        .collect();
    let needs = before.join(", ");
    match &phases.deploy {
        Some(job) => vec![format!("let the job `{job}` come behind the first half: `needs: [{needs}]` in it")],
        None => vec![
            format!("once no older release runs, start the job `dbmigrate-{}` of the pipeline", AFTER.job),
            format!("or let it follow the job that deploys: `{COMMAND} --deploy JOB`"),
        ],
    }
}

/// What the pipeline of before says.
fn read(text: &str) -> Written {
    let of_after = text.split_once(&format!("\ndbmigrate-{}:\n", AFTER.job)).map_or("", |(_, rest)| rest);
    let needs = of_after.lines().find_map(|line| line.trim().strip_prefix("needs: [")?.strip_suffix(']'));
    Written {
        // GitLab knows the default branch itself
        branch: None,
        shards: text.lines().find_map(|line| line.trim().strip_prefix("parallel: ")?.parse().ok()),
        // a job is written as a text, and that of the first half is not
        deploy: needs.and_then(|job| serde_json::from_str(job).ok()),
    }
}
