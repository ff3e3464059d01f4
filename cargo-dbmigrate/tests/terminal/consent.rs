//! Consent at a terminal: protected targets, and servers that a checkout names.

use std::process::Command;

use crate::project::Project;
use crate::screen::{CTRL_C, ENTER, Terminal};

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\")] pub struct User { #[column(primary_key)] pub id: i64 }";

fn project() -> Project {
    let project = Project::generated(USERS);
    project.write(
        "dbmigrate.toml",
        "[targets.live]\nurl = \"live.db\"\nprotected = true\n[targets.dev]\nurl = \"dev.db\"\n",
    );
    project
}

fn git(project: &Project, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let run = Command::new("git").args(identity).args(arguments).current_dir(project.root()).output();
    String::from_utf8(run.expect("git is there").stdout).expect("it is text")
}

#[test]
fn a_migration_of_a_protected_target_is_agreed_to_or_not_made() {
    let project = project();
    // also what is committed: somebody is there who can be asked
    git(&project, &["init", "--quiet"]);
    git(&project, &["add", "--all", "."]);
    git(&project, &["commit", "--quiet", "-m", "x"]);
    for key in [ENTER, CTRL_C] {
        let mut terminal = Terminal::start(&project, 100, "migrate -t live");
        terminal.sees("`live` (live.db) is protected: apply `0001_create_users`? [y/N]").types(key);
        assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
        assert!(terminal.screen().contains("cancelled, nothing was changed"), "{}", terminal.screen());
        assert!(!project.path("live.db").exists());
    }
    let mut terminal = Terminal::start(&project, 100, "migrate -t live");
    terminal.sees("[y/N]").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert!(project.path("live.db").exists());
    // nothing to write, nothing to ask; nor with the flag, nor in a dry run
    for line in ["migrate -t live", "status -t live"] {
        let mut terminal = Terminal::start(&project, 100, line);
        assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
        assert!(!terminal.screen().contains("[y/N]"), "{}", terminal.screen());
    }
    std::fs::remove_file(project.path("live.db")).expect("it is there");
    for line in ["migrate -t live --dry-run", "migrate -t live --yes"] {
        let mut terminal = Terminal::start(&project, 100, line);
        assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
        assert!(!terminal.screen().contains("[y/N]"), "{}", terminal.screen());
    }
}

#[test]
fn a_push_to_a_protected_target_takes_its_name() {
    let project = project();
    let mut terminal = Terminal::start(&project, 100, "push -t live");
    terminal.sees("`live` (live.db) is protected: push 1 change? Type `live` to continue").types("y").types(ENTER);
    terminal.sees("type `live`, or nothing to cancel").types("\x15").types(ENTER);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert!(!project.path("live.db").exists());
    let mut terminal = Terminal::start(&project, 100, "push -t live");
    terminal.sees("Type `live`").types("live").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert!(project.path("live.db").exists());
}

#[test]
fn a_no_for_one_of_several_targets_is_a_no_for_that_one() {
    let project = project();
    let mut terminal = Terminal::start(&project, 100, "migrate -t all");
    terminal.sees("`live` (live.db) is protected").types(ENTER);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert!(terminal.screen().contains("live: needs a decision (exit code 3)"), "{}", terminal.screen());
    assert!(project.path("dev.db").exists() && !project.path("live.db").exists());
    // and who ends the question ends them all
    std::fs::remove_file(project.path("dev.db")).expect("it is there");
    let mut terminal = Terminal::start(&project, 100, "migrate -t all");
    terminal.sees("`live` (live.db) is protected").types(CTRL_C);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert!(terminal.screen().contains("dev: not tried"), "{}", terminal.screen());
    assert!(!project.path("dev.db").exists());
}

#[test]
fn a_server_that_a_checkout_names_gets_a_token_once_it_was_agreed_to() {
    let project = Project::generated(USERS);
    git(&project, &["init", "--quiet"]);
    project.write("dbmigrate.toml", "url = \"libsql://stranger.invalid\"\ntoken_env = \"SOME_TOKEN\"\n");
    project.write(".env", "SOME_TOKEN=s3cret\n");
    let question = "`url` in `dbmigrate.toml` comes with the checkout and names `stranger.invalid`. Send the token from \
                    `SOME_TOKEN` in `.env` there?";
    let mut terminal = Terminal::start(&project, 100, "status --timeout 1");
    terminal.sees(question).types(ENTER);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert!(terminal.screen().contains("cancelled, nothing was sent"), "{}", terminal.screen());
    assert_eq!(git(&project, &["config", "--local", "--get-all", "dbmigrate.tokenhost"]), "");
    let mut terminal = Terminal::start(&project, 100, "status --timeout 1");
    terminal.sees(question).types("y").types(ENTER);
    assert_eq!(terminal.ends(), 1, "{}", terminal.screen());
    assert!(terminal.screen().contains("`libsql://stranger.invalid` cannot be reached"), "{}", terminal.screen());
    assert_eq!(git(&project, &["config", "--local", "--get-all", "dbmigrate.tokenhost"]), "stranger.invalid\n");
    // once
    let mut terminal = Terminal::start(&project, 100, "status --timeout 1");
    assert_eq!(terminal.ends(), 1, "{}", terminal.screen());
    assert!(!terminal.screen().contains("[y/N]") && !terminal.screen().contains("s3cret"), "{}", terminal.screen());
}
