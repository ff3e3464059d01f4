//! `ci gitlab`: a pipeline for GitLab, to be included.

use std::path::Path;

use super::arguments::Write;
use super::facts::Facts;
use super::fleets;
use super::targets;
use super::template::filled;
use super::write::{self, File};
use crate::error::Result;
use crate::project::Context;

const COMMAND: &str = "cargo dbmigrate ci gitlab";

const FILE: &str = ".gitlab/dbmigrate.yml";

/// The pipeline of the project, which is never edited.
const OWN: &str = ".gitlab-ci.yml";

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Write) -> Result<u8> {
    // GitLab knows the default branch itself
    let facts = Facts::of(context, arguments, FILE, |_| None, shards_written)?;
    let (code, is_new) = write::run(context, arguments, &facts.root, &[file(&facts, arguments)], COMMAND)?;
    if !arguments.check {
        let mut next = Vec::new();
        if is_new {
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
    Ok(code)
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
        ("MIGRATE", facts.migrate("", "")),
        ("SHARDS", facts.shards.to_string()),
    ];
    // of one part, nothing is to be merged
    let merge = if facts.shards > 1 { include_str!("templates/gitlab-merge.yml") } else { "" };
    let fleets = fleets::jobs(&facts.fleets, &[include_str!("templates/gitlab-fleet.yml"), merge].concat(), &values);
    let values: Vec<_> = values.into_iter().chain([("FLEETS", fleets)]).collect();
    File { name: FILE, body: filled(include_str!("templates/gitlab.yml"), &values) }
}

/// In how many parts the pipeline of before migrates fleets.
fn shards_written(root: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(root.join(FILE)).ok()?;
    text.lines().find_map(|line| line.trim().strip_prefix("parallel: ")?.parse().ok())
}
