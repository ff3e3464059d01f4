//! The jobs of the pipeline for GitLab, run as its runner runs them: all lines of a job in one shell.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::project::{BINARY, Run};
use crate::repository::{Repository, git};
use crate::runner::parse;
use crate::served::Served;

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String> }\n";
const POSTS: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64 }\n";

/// Runs a job in a checkout with these variables.
pub(crate) fn job(checkout: &Path, name: &str, variables: &[(&str, &str)]) -> Run {
    let file = fs_err::read_to_string(checkout.join(".gitlab/dbmigrate.yml")).expect("it is there");
    let pipeline = parse(&file);
    let (base, job) = (&pipeline[".dbmigrate"], &pipeline[name]);
    assert_eq!(job["extends"], ".dbmigrate");
    // as if it had been installed before
    let bin = checkout.join(format!(".cargo-dbmigrate/cargo-dbmigrate/{}/bin", env!("CARGO_PKG_VERSION")));
    fs_err::create_dir_all(&bin).expect("writable");
    if !bin.join("cargo-dbmigrate").exists() {
        std::os::unix::fs::symlink(BINARY, bin.join("cargo-dbmigrate")).expect("writable");
    }
    let lines = |of: &Value, key: &str| -> String {
        of[key].as_array().into_iter().flatten().filter_map(Value::as_str).flat_map(|line| [line, "\n"]).collect()
    };
    let script = lines(base, "before_script") + &lines(job, "script");
    let mut command = Command::new("env");
    command.arg("-i").current_dir(checkout);
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        command.args(std::env::var(name).ok().map(|value| format!("{name}={value}")));
    }
    command.args(["CI=true", "GITLAB_CI=true"]).arg(format!("CI_PROJECT_DIR={}", checkout.display()));
    for given in [&base["variables"], &job["variables"]] {
        let given = given.as_object().into_iter().flatten();
        command.args(given.map(|(name, value)| format!("{name}={}", value.as_str().expect("a text"))));
    }
    command.args(variables.iter().map(|(name, value)| format!("{name}={value}")));
    Run::from(command.args(["sh", "-ec", &script]).output().expect("a shell"))
}

#[test]
fn a_merge_request_is_checked_and_reported_as_an_artifact() {
    let repository = Repository::new(USERS);
    repository.project.runs("generate");
    repository.project.runs("ci gitlab");
    repository.commit("one");
    let base = repository.git(&["rev-parse", "HEAD"]);
    repository.branch("topic");
    repository.project.structs(&format!("{USERS}{POSTS}"));
    repository.project.runs("generate");
    repository.commit("two");
    let checkout = repository.project.root();
    let run = job(&checkout, "dbmigrate-check", &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base)]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("### 1 new migration"), "{run:?}");
    assert!(
        fs_err::read_to_string(checkout.join("dbmigrate-report.md")).expect("written").contains("0002_create_posts")
    );
    git(&checkout, &["checkout", "--quiet", "--", "."]);
    repository.project.structs(USERS);
    assert_eq!(job(&checkout, "dbmigrate-check", &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base)]).code, 4);
}

#[test]
fn a_push_migrates_and_says_that_demo_is_skipped() {
    let Some(served) = Served::start() else { return };
    let repository = Repository::new(USERS);
    repository.project.runs("generate");
    repository.project.runs("ci gitlab");
    repository.commit("one");
    let secrets = served.secrets();
    let checkout = repository.project.root();
    let run = job(&checkout, "dbmigrate-migrate", &secrets[..2]);
    assert!(run.code == 0 && run.err.contains("Skipped demo"), "{run:?}");
    assert_eq!(served.production().query("SELECT name FROM _dbmigrate_history"), ["0001_create_users"]);
    let run = job(&checkout, "dbmigrate-migrate", &[]);
    assert!(run.code == 2 && run.err.contains("`TURSO_DATABASE_URL` is not set"), "{run:?}");
    assert!(!format!("{run:?}").contains(&served.token));
}
