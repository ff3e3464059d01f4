//! `ci github`: workflows for GitHub Actions, and the action that installs this program there.

use super::arguments::Write;
use super::called::Called;
use super::facts::{Facts, Written};
use super::fleets;
use super::phases::{AFTER, BEFORE, Half};
use super::targets;
use super::template::filled;
use super::write::{self, File};
use crate::error::Result;
use crate::project::{Context, pipelines};

const COMMAND: &str = "cargo dbmigrate ci github";

const WORKFLOW: &str = pipelines::GITHUB;
const SEED: &str = ".github/workflows/seed.yml";
const ACTION: &str = ".github/actions/setup-dbmigrate/action.yml";

/// The one action of others that is needed, by its commit, because a tag can be moved.
const CHECKOUT: &str = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";

/// How commands speak there: annotations, and the summary of the job.
const FORMAT: &str = " --message-format github";

/// What stands before something that is only said.
const NOTICE: &str = "::notice title=DB Migrate::";

/// Deployments queue as a whole, so that the second half of one comes before the first half of the next.
const SERIAL: &str = "
# one deployment with its migrations after the other; checks of pull requests side by side
concurrency:
  group: dbmigrate-deployment-${{ github.event_name == 'pull_request' && github.run_id || 'push' }}
  cancel-in-progress: false
";

/// The workflows of a project's own, which are never edited.
const OWN: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/ci.yaml"];

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Write) -> Result<u8> {
    let facts = Facts::of(context, arguments, WORKFLOW, read)?;
    let deploy = facts.phases.as_ref().and_then(|phases| phases.deploy.as_deref());
    let called = deploy.map(|name| Called::read(&facts.root, name)).transpose()?;
    let done = write::run(context, arguments, &facts.root, &files(&facts, called.as_ref()), COMMAND)?;
    if !arguments.check {
        let mut next = if done.is_new { next_steps(&facts) } else { Vec::new() };
        if done.is_written {
            next.extend(phase_steps(&facts, called.as_ref()));
        }
        let is_unaware = |name: &&str| {
            std::fs::read_to_string(facts.root.join(name)).is_ok_and(|text| !text.contains("cargo-dbmigrate check"))
        };
        next.extend(facts.program_step(COMMAND));
        let own = OWN.into_iter().find(is_unaware);
        next.extend(own.map(|own| format!("to check migrations in {own} as well, add these steps to a job:")));
        context.printer.next(&next);
        if own.is_some() {
            let values =
                [("SELECTION", facts.selection.clone()), ("WITH", facts.with.clone()), ("FORMAT", FORMAT.to_owned())];
            context.printer.result(filled(include_str!("templates/paste.yml"), &values).trim_end());
        }
    }
    Ok(done.code)
}

/// The files with everything filled in.
fn files(facts: &Facts, called: Option<&Called>) -> [File; 3] {
    let all = &facts.targets;
    let migrated: Vec<targets::Target> = all.iter().chain(&facts.untargeted).cloned().collect();
    let names: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
    let sets: Vec<&str> = facts.sets.iter().map(String::as_str).collect();
    let values = [
        ("BRANCH", branch_pattern(&facts.branch)),
        ("CHECKOUT", CHECKOUT.to_owned()),
        ("FORMAT", FORMAT.to_owned()),
        ("SELECTION", facts.selection.clone()),
        ("WITH", facts.with.clone()),
        ("MIGRATIONS", facts.migrations.clone()),
        ("READ_ENV", targets::github_env(all, true)),
        ("MIGRATE_ENV", targets::github_env(&migrated, false)),
        ("MIGRATE", facts.migrate(BEFORE, FORMAT, NOTICE)),
        ("MIGRATE_AFTER", facts.migrate(AFTER, FORMAT, NOTICE)),
        ("PHASE", BEFORE.argument(facts.phases.as_ref()).to_owned()),
        ("WRITE_ENV", targets::github_env(all, false)),
        ("READ_TARGETS", targets::readable(all)),
        ("REQUIRED", targets::required(all)),
        ("SECRETS_OF", targets::cases(all)),
        ("MISSING", targets::MISSING.to_owned()),
        ("TARGET_NAMES", list(&names)),
        ("SETS", list(&sets)),
        ("SHARDS", facts.shards.to_string()),
        ("SHARD_OUTPUTS", (1..=facts.shards).map(shard_output).collect::<String>()),
        ("SHARD_LIST", (1..=facts.shards).map(|shard| shard.to_string()).collect::<Vec<_>>().join(", ")),
    ];
    let more = [
        ("FLEETS", fleets(facts, BEFORE, &values)),
        ("AFTER", after(facts, called, &values)),
        ("DISPATCH", if waits_for_somebody(facts) { "workflow_dispatch:".to_owned() } else { String::new() }),
        ("SERIAL", if called.is_some() { SERIAL.to_owned() } else { String::new() }),
    ];
    let values: Vec<_> = more.into_iter().chain(values).collect();
    [
        File { name: WORKFLOW, body: filled(include_str!("templates/dbmigrate.yml"), &values) },
        File { name: SEED, body: filled(include_str!("templates/seed.yml"), &values) },
        File { name: ACTION, body: action() },
    ]
}

/// The jobs of the fleets for one half.
fn fleets(facts: &Facts, half: Half, values: &[(&'static str, String)]) -> String {
    // of one part, nothing is to be merged
    let merge = if facts.shards > 1 { include_str!("templates/fleet-merge.yml") } else { "" };
    // a job that is skipped skips everything behind it, also what does not need it itself
    let when = format!("if: ${{{{ !cancelled() && needs.{}.result == 'success' }}}}", AFTER.job);
    let own = [
        ("JOB", half.job.to_owned()),
        ("MERGE", half.merge.to_owned()),
        ("TITLE", half.title.to_owned()),
        ("FLEET_IF", if half.job == AFTER.job { when } else { String::new() }),
        ("PHASE", half.argument(facts.phases.as_ref()).to_owned()),
    ];
    let values: Vec<_> = own.into_iter().chain(values.iter().cloned()).collect();
    fleets::jobs(&facts.fleets, &[include_str!("templates/fleet.yml"), merge].concat(), &values)
}

/// The jobs that deploy, and that apply what has waited for it; nothing where nothing waits.
fn after(facts: &Facts, called: Option<&Called>, values: &[(&'static str, String)]) -> String {
    if facts.phases.is_none() {
        return String::new();
    }
    let mut own = vec![("AFTER_WHEN", after_when(facts, called))];
    let mut template = String::new();
    if let Some(called) = called {
        template.push_str(include_str!("templates/deploy.yml"));
        let last = if facts.shards > 1 { BEFORE.merge } else { BEFORE.job };
        let fleets = facts.fleets.iter().map(|fleet| format!("{last}-{}", fleet.name));
        let needs: Vec<String> = ["switch", BEFORE.job].map(str::to_owned).into_iter().chain(fleets).collect();
        own.extend([
            ("DEPLOY", called.name.clone()),
            ("DEPLOY_NEEDS", needs.join(", ")),
            ("DEPLOY_PERMISSIONS", called.permissions.clone()),
        ]);
    }
    template.push_str(include_str!("templates/after-deploy.yml"));
    let all: Vec<_> = own.into_iter().chain(values.iter().cloned()).collect();
    filled(&template, &all) + &fleets(facts, AFTER, values)
}

/// When what has waited is applied.
fn after_when(facts: &Facts, called: Option<&Called>) -> String {
    let is_on = "vars.ENABLE_DB_MIGRATE == 'true'";
    if called.is_some() {
        return format!("needs: deploy\nif: ${{{{ !cancelled() && needs.deploy.result == 'success' && {is_on} }}}}");
    }
    let branch = format!("refs/heads/{}", facts.branch).replace('\'', "''");
    let when = format!("github.event_name == 'workflow_dispatch' && github.ref == '{branch}' && {is_on}");
    // what may have a colon in it is not read as a map
    format!("# by hand, once no older release runs\nif: >-\n  {when}")
}

/// Whether nobody but a person knows when the deployment is done.
fn waits_for_somebody(facts: &Facts) -> bool {
    facts.phases.as_ref().is_some_and(|phases| phases.deploy.is_none())
}

/// What is left to be done so that migrations go around a deployment.
fn phase_steps(facts: &Facts, called: Option<&Called>) -> Vec<String> {
    if waits_for_somebody(facts) {
        let workflow = WORKFLOW.rsplit('/').next().unwrap_or(WORKFLOW);
        return vec![
            format!("once no older release runs: `gh workflow run {workflow}`, which applies what has waited for that"),
            format!("or let it deploy in between, with a workflow: `{COMMAND} --deploy FILE`"),
        ];
    }
    let lacks = called.filter(|called| !called.callable);
    let step = lacks.map(|called| {
        format!(
            "let `.github/workflows/{}` be called: `workflow_call:` under `on:`, in the place of `push:`",
            called.name
        )
    });
    step.into_iter().collect()
}

/// The output of a part of a roll-out: each job of a matrix sets its own, and those of the others are empty there.
fn shard_output(shard: u32) -> String {
    format!("shard-{shard}: ${{{{ steps.roll-out.outputs.shard-{shard} }}}}\n")
}

/// The action that installs this version. It is written beside the workflows, so that what they run is in review, and
/// no third party can change it.
fn action() -> String {
    let values = [
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("REPOSITORY", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("INSTALL", include_str!("templates/install.sh").to_owned()),
    ];
    filled(include_str!("templates/action.yml"), &values)
}

/// What is left to be done on GitHub.
fn next_steps(facts: &Facts) -> Vec<String> {
    let secrets = |target: &targets::Target| target.variables().map(|name| format!("`gh secret set {name}`")).collect();
    let required: Vec<String> = facts
        .targets
        .iter()
        .filter(|target| !target.is_optional)
        .flat_map(|target| -> Vec<String> { secrets(target) })
        .collect();
    let mut steps = vec![
        match &required[..] {
            [] => "commit them".to_owned(),
            required => format!("commit them, and set the secrets: {}", required.join(", ")),
        },
        "switch migrations on: `gh variable set ENABLE_DB_MIGRATE --body true`".to_owned(),
    ];
    for target in facts.targets.iter().filter(|target| target.is_optional) {
        let names: Vec<String> = secrets(target);
        steps.push(format!("for the database `{}` as well: {}", target.name, names.join(", ")));
    }
    for target in &facts.untargeted {
        let names: Vec<String> = secrets(target);
        steps.push(format!("for the database `{}` as well: {}", target.name, names.join(", ")));
    }
    for fleet in facts.fleets.iter().filter(|fleet| !fleet.variables.is_empty()) {
        let names: Vec<String> = fleet.variables.iter().map(|name| format!("`gh secret set {name}`")).collect();
        steps.push(format!("for the fleet `{}`: {}", fleet.name, names.join(", ")));
    }
    if let Some(token) = facts.targets.first().and_then(|target| target.secrets.first()) {
        steps.push(format!(
            "to report what is pending on pull requests: `gh secret set {token}_READ_ONLY`, with a token of `turso db tokens \
             create NAME --read-only`"
        ));
    }
    steps
}

/// What the workflow of before says.
fn read(text: &str) -> Written {
    let branches = text.lines().find_map(|line| line.trim().strip_prefix("branches: [")?.strip_suffix(']'));
    let branch = branches.map(|list| {
        let text = serde_json::from_str(list).unwrap_or_else(|_| list.to_owned());
        text.replace('\\', "")
    });
    let shards = text.lines().find_map(|line| line.trim().strip_prefix("shard: [")?.strip_suffix(']'));
    let deploy = text.lines().find_map(|line| line.trim().strip_prefix("uses: ./.github/workflows/"));
    Written {
        branch,
        shards: shards.and_then(|list| u32::try_from(list.split(',').count()).ok()),
        deploy: deploy.map(str::to_owned),
    }
}

/// A branch as a pattern that means just it. What else means something in a pattern cannot be in the name of a branch.
fn branch_pattern(branch: &str) -> String {
    let mut pattern = String::new();
    for char in branch.chars() {
        if "+!".contains(char) {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    yaml(&pattern)
}

fn list(texts: &[&str]) -> String {
    texts.iter().map(|text| yaml(text)).collect::<Vec<_>>().join(", ")
}

/// A text as YAML that is taken for nothing but a text.
fn yaml(text: &str) -> String {
    let is_plain = text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "-_./".contains(char));
    // what YAML 1.1 reads as something else
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    // JSON is YAML
    if is_plain && !is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_branch_is_a_pattern_that_means_just_it() {
        for (branch, wanted) in [
            ("main", "main"),
            ("release/1.x", "release/1.x"),
            ("on", "\"on\""),
            ("a+b!", r#""a\\+b\\!""#),
            ("1.0", "\"1.0\""),
        ] {
            assert_eq!(branch_pattern(branch), wanted);
            let text = format!("on:\n  push:\n    branches: [{wanted}]\n");
            assert_eq!(read(&text).branch.as_deref(), Some(branch));
        }
    }

    #[test]
    fn the_action_in_this_repository_is_the_one_that_is_written() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup/action.yml");
        // where the package is built alone it is not there
        let Ok(found) = std::fs::read_to_string(&path) else { return };
        if std::env::var_os("UPDATE_RENDERED").is_some() {
            std::fs::write(&path, action()).expect("it can be written");
        } else {
            assert_eq!(found.replace("\r\n", "\n"), action(), "UPDATE_RENDERED=1 cargo test writes setup/action.yml");
        }
    }
}
