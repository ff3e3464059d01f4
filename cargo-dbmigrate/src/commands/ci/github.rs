//! `ci github`: workflows for GitHub Actions, and the action that installs this program there.

use std::path::Path;

use super::arguments::Write;
use super::facts::Facts;
use super::fleets;
use super::targets;
use super::template::filled;
use super::write::{self, File};
use crate::error::Result;
use crate::project::Context;

const COMMAND: &str = "cargo dbmigrate ci github";

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SEED: &str = ".github/workflows/seed.yml";
const ACTION: &str = ".github/actions/setup-dbmigrate/action.yml";

/// The one action of others that is needed, by its commit, because a tag can be moved.
const CHECKOUT: &str = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";

/// How commands speak there: annotations, and the summary of the job.
const FORMAT: &str = " --message-format github";

/// The workflows of a project's own, which are never edited.
const OWN: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/ci.yaml"];

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, arguments: &Write) -> Result<u8> {
    let facts = Facts::of(context, arguments, WORKFLOW, branch_written, shards_written)?;
    let (code, is_new) = write::run(context, arguments, &facts.root, &files(&facts), COMMAND)?;
    if !arguments.check {
        let mut next = if is_new { next_steps(&facts) } else { Vec::new() };
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
    Ok(code)
}

/// The files with everything filled in.
fn files(facts: &Facts) -> [File; 3] {
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
        ("MIGRATE", facts.migrate(FORMAT, "::notice title=DB Migrate::")),
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
    // of one part, nothing is to be merged
    let merge = if facts.shards > 1 { include_str!("templates/fleet-merge.yml") } else { "" };
    let fleets = fleets::jobs(&facts.fleets, &[include_str!("templates/fleet.yml"), merge].concat(), &values);
    let values: Vec<_> = values.into_iter().chain([("FLEETS", fleets)]).collect();
    [
        File { name: WORKFLOW, body: filled(include_str!("templates/dbmigrate.yml"), &values) },
        File { name: SEED, body: filled(include_str!("templates/seed.yml"), &values) },
        File { name: ACTION, body: action() },
    ]
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

/// The branch that the workflow of before is for.
fn branch_written(root: &Path) -> Option<String> {
    let text = std::fs::read_to_string(root.join(WORKFLOW)).ok()?;
    let list = text.lines().find_map(|line| line.trim().strip_prefix("branches: [")?.strip_suffix(']'))?;
    let text = serde_json::from_str(list).unwrap_or_else(|_| list.to_owned());
    Some(text.replace('\\', ""))
}

/// In how many parts the workflow of before migrates fleets.
fn shards_written(root: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(root.join(WORKFLOW)).ok()?;
    let list = text.lines().find_map(|line| line.trim().strip_prefix("shard: [")?.strip_suffix(']'))?;
    u32::try_from(list.split(',').count()).ok()
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
            let folder = tempfile::tempdir().expect("a temporary directory");
            let file = folder.path().join(WORKFLOW);
            std::fs::create_dir_all(file.parent().expect("it has one")).expect("writable");
            std::fs::write(&file, format!("on:\n  push:\n    branches: [{wanted}]\n")).expect("writable");
            assert_eq!(branch_written(folder.path()).as_deref(), Some(branch));
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
