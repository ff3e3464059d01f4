//! `ci github` and `ci gitlab`: what is written, compared and printed, and what is left alone.

use std::process::Command;

use insta::assert_snapshot;

use crate::project::Project;

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SEED: &str = ".github/workflows/seed.yml";

/// A package in the root of a repository.
fn project() -> Project {
    let project = Project::new("");
    git(&project, &["init", "--quiet", "--initial-branch", "main"]);
    project
}

fn git(project: &Project, words: &[&str]) {
    crate::repository::git(&project.root(), words);
}

#[test]
fn what_is_written_for_github_is_read_in_review() {
    let project = project();
    project.runs("ci github");
    assert_snapshot!("github_said", project.transcript());
    assert_snapshot!("github_dbmigrate", project.read(WORKFLOW));
    assert_snapshot!("github_seed", project.read(SEED));
    assert_snapshot!("github_action", project.read(".github/actions/setup-dbmigrate/action.yml"));
}

#[test]
fn what_is_written_for_gitlab_is_read_in_review() {
    let project = project();
    project.write(".gitlab-ci.yml", "stages: [test, deploy]\n");
    project.runs("ci gitlab");
    assert_snapshot!("gitlab_said", project.transcript());
    assert_snapshot!("gitlab", project.read(".gitlab/dbmigrate.yml"));
    assert_eq!(project.read(".gitlab-ci.yml"), "stages: [test, deploy]\n");
    project.write(".gitlab-ci.yml", "include:\n  - local: .gitlab/dbmigrate.yml\n");
    assert_eq!(project.runs("ci gitlab").out, "", "what is there need not be added");
    project.runs("ci gitlab --check");
}

#[test]
fn a_second_run_changes_nothing_and_the_check_agrees() {
    let project = project();
    for (pipeline, missing) in [("github", 3), ("gitlab", 1)] {
        let run = project.refuses(4, &format!("ci {pipeline} --check"));
        assert_eq!(run.out.matches("--- /dev/null").count(), missing, "{}", run.out);
        project.runs(&format!("ci {pipeline}"));
        project.refuses(0, &format!("ci {pipeline}"));
        project.refuses(0, &format!("ci {pipeline} --check"));
    }
}

#[test]
fn a_dry_run_prints_every_file_and_writes_none() {
    let project = project();
    let run = project.refuses(0, "ci github --dry-run");
    project.runs("ci github");
    for file in [WORKFLOW, SEED, ".github/actions/setup-dbmigrate/action.yml"] {
        assert!(run.out.contains(&format!("# {file}\n{}", project.read(file))), "{}", run.out);
    }
}

#[test]
fn a_workflow_that_was_edited_by_hand_is_shown_as_a_diff() {
    let project = project();
    project.runs("ci github");
    project.transcript();
    project.replace(WORKFLOW, "timeout-minutes: 60", "timeout-minutes: 90");
    project.refuses(4, "ci github --check");
    assert_snapshot!("edited", project.transcript());
    let json = project.refuses(4, "ci github --check --message-format json").json();
    let states: Vec<&str> = json.iter().filter_map(|line| line["state"].as_str()).collect();
    assert_eq!(states, ["edited", "same", "same"]);
    assert!(json[0]["diff"].as_str().is_some_and(|diff| diff.contains("-    timeout-minutes: 90")));
}

#[test]
fn a_workflow_that_was_edited_by_hand_is_not_overwritten_unless_that_is_said() {
    let project = project();
    project.runs("ci github");
    let before = project.read(WORKFLOW);
    project.replace(WORKFLOW, "timeout-minutes: 60", "timeout-minutes: 90");
    fs_err::remove_file(project.path(SEED)).expect("it is there");
    project.transcript();
    project.refuses(3, "ci github");
    assert_snapshot!("not_overwritten", project.transcript());
    project.runs("ci github --overwrite");
    assert_eq!(project.read(WORKFLOW), before);
    project.replace(WORKFLOW, "timeout-minutes: 60", "timeout-minutes: 90");
    project.runs("ci github --force");
    assert_eq!(project.read(WORKFLOW), before);
}

#[test]
fn a_workflow_of_the_same_name_that_is_somebody_elses_is_not_overwritten() {
    let project = project();
    project.write(WORKFLOW, "name: mine\n");
    project.refuses(3, "ci github");
    assert!(!project.path(SEED).exists());
}

#[test]
fn files_of_another_version_are_replaced_without_a_question() {
    let project = project();
    project.runs("ci github --branch trunk");
    project.transcript();
    project.runs("ci github --branch main");
    let said = project.transcript();
    assert!(said.contains("Replaced .github/workflows/dbmigrate.yml"), "{said}");
    assert!(said.contains("Unchanged .github/workflows/seed.yml"), "{said}");
}

#[test]
fn a_checkout_with_other_line_ends_is_the_same() {
    let project = project();
    project.runs("ci github");
    project.write(WORKFLOW, project.read(WORKFLOW).replace('\n', "\r\n"));
    project.refuses(0, "ci github --check");
    project.refuses(0, "ci github");
}

#[test]
fn an_existing_ci_yml_is_never_edited_and_the_parts_to_paste_are_printed() {
    let project = project();
    let own = "name: CI\non: push\njobs: {}\n";
    project.write(".github/workflows/ci.yml", own);
    let run = project.runs("ci github");
    assert_eq!(project.read(".github/workflows/ci.yml"), own);
    assert_snapshot!(run.out, @"
          - uses: ./.github/actions/setup-dbmigrate
          - run: |
              cargo-dbmigrate check --message-format github
    ");
    project.write(".github/workflows/ci.yml", format!("{own}# steps:\n{}", run.out));
    assert_eq!(project.runs("ci github").out, "", "what was pasted need not be printed");
}

#[test]
fn the_branch_is_the_one_of_the_remote_also_where_only_a_part_was_fetched() {
    let upstream = project();
    git(&upstream, &["checkout", "--quiet", "-b", "trunk"]);
    upstream.runs("init");
    git(&upstream, &["add", "--all"]);
    git(&upstream, &["commit", "--quiet", "--message", "one"]);
    let clone = tempfile::tempdir().expect("a temporary directory");
    let run = |words: &[&str]| Command::new("git").args(words).current_dir(clone.path()).output().expect("git");
    run(&["clone", "--quiet", &upstream.root().display().to_string(), "app"]);
    let command = |words: &[&str]| {
        let mut command = upstream.command(words);
        command.current_dir(clone.path().join("app"));
        crate::project::Run::of(&mut command)
    };
    assert_eq!(command(&["ci", "github"]).code, 0);
    let written = fs_err::read_to_string(clone.path().join("app").join(WORKFLOW)).expect("written");
    assert!(written.contains("branches: [trunk]"), "{written}");
    // as a runner checks a pull request out: no branch, and no remote that has a default one
    for words in [&["checkout", "--quiet", "--detach"][..], &["remote", "remove", "origin"], &["branch", "-D", "trunk"]]
    {
        let output = Command::new("git").args(words).current_dir(clone.path().join("app")).output().expect("git");
        assert!(output.status.success(), "{words:?}");
    }
    assert_eq!(command(&["ci", "github", "--check"]).code, 0);
}

#[test]
fn a_package_in_a_workspace_is_named_by_its_manifest() {
    let project = project();
    project.write("crates/my db/Cargo.toml", project.read("Cargo.toml"));
    project.write("crates/my db/src/lib.rs", "");
    project.write("crates/my db/seeds/full/users.sql", "");
    project.write("crates/my db/seeds/staging/users.sql", "");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n");
    project.runs("ci github -p app -F audit");
    let (workflow, seed) = (project.read(WORKFLOW), project.read(SEED));
    let check =
        "cargo-dbmigrate check --manifest-path 'crates/my db/Cargo.toml' --features audit --message-format github";
    assert!(workflow.contains(check), "{workflow}");
    assert!(seed.contains("ls 'crates/my db/migrations'/*/migration.sql"), "{seed}");
    assert!(seed.contains("options: [full, staging]"), "{seed}");
    project.refuses(0, "ci github -p app -F audit --check");
}

#[test]
fn the_program_with_steps_in_rust_is_part_of_every_command_that_runs_them() {
    let project = Project::new("#[derive(Table)]\nstruct A { #[column(primary_key)] id: i64 }\n");
    git(&project, &["init", "--quiet", "--initial-branch", "main"]);
    project.runs("generate");
    project.runs("generate --rust fill");
    for (pipeline, file, with) in [("github", WORKFLOW, 3), ("gitlab", ".gitlab/dbmigrate.yml", 4)] {
        let run = project.runs(&format!("ci {pipeline}"));
        assert!(run.err.contains(&format!("`cargo dbmigrate ci {pipeline} --with BIN`")), "{}", run.err);
        let run = project.runs(&format!("ci {pipeline} --with my_steps"));
        assert!(!run.err.contains("--with BIN"), "{}", run.err);
        let text = project.read(file);
        assert_eq!(text.matches(" --with my_steps").count(), with, "{text}");
        let commands = text
            .lines()
            .filter(|line| line.contains("cargo-dbmigrate check") || line.contains("cargo-dbmigrate migrate"));
        commands.for_each(|line| assert!(line.contains(" --with my_steps"), "{line}"));
        // what was written says it for the next time
        project.refuses(0, &format!("ci {pipeline} --check"));
        project.refuses(0, &format!("ci {pipeline}"));
    }
    assert!(project.read(SEED).contains(" --with my_steps"));
    for name in ["a b", "$(id)", "-x", ""] {
        let run = project.shell(&format!("cargo dbmigrate ci github --with '{name}'"));
        assert_eq!(run.code, 2, "{name}: {}", run.err);
    }
}

#[test]
fn a_name_that_a_pipeline_would_evaluate_is_refused() {
    let project = project();
    for branch in ["a${{github.token}}", "", "a b", "a\nb", "-a", "a*"] {
        let run = crate::project::Run::of(&mut project.command(&["ci", "github", &format!("--branch={branch}")]));
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("is not the name of a branch"), "{}", run.err);
    }
    project.write("${{github.token}}/Cargo.toml", project.read("Cargo.toml"));
    let run = project.refuses(2, "ci github --manifest-path ${{github.token}}/Cargo.toml");
    assert!(run.err.contains("cannot be part of a workflow"), "{}", run.err);
    assert!(!project.path(WORKFLOW).exists());
}

#[test]
fn a_word_behind_ci_that_is_no_pipeline_is_refused() {
    let project = project();
    let run = project.refuses(2, "ci gihtub");
    assert!(run.err.contains("github"), "{}", run.err);
    project.refuses(2, "ci github --check --overwrite");
    project.refuses(2, "ci github --check --dry-run");
}
