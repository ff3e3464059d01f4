//! Protected targets: what writes to them needs consent, unless it was seen by others.

use std::process::Command;

use crate::project::{Project, Run};

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";
const TAGS: &str = "#[derive(Table)] pub struct Tag { #[column(primary_key)] pub id: i64 }";

/// A project in a repository, with a database for `production` in its environment.
fn project() -> Project {
    let project = Project::generated(USERS);
    project.set("TURSO_DATABASE_URL", "production.db");
    git(&project, &["init", "--quiet"]);
    project
}

fn git(project: &Project, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let run = Command::new("git").args(identity).args(arguments).current_dir(project.root()).output();
    let run = run.expect("git is there");
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

fn commit(project: &Project) {
    git(project, &["add", "--all", "."]);
    git(project, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

/// A run that needs consent, and leaves no database behind.
#[track_caller]
fn needs_consent(project: &Project, line: &str) -> Run {
    let there = project.path("production.db").exists();
    let before = there.then(|| project.bytes("production.db"));
    let run = project.ends(3, line);
    assert!(run.err.contains("protected"), "{}", run.err);
    assert!(run.err.contains("nothing was changed") || run.err.contains("nothing was recorded"), "{}", run.err);
    assert_eq!(there.then(|| project.bytes("production.db")), before);
    assert_eq!(project.path("production.db").exists(), there);
    run
}

#[test]
fn what_is_committed_and_checked_is_migrated_without_being_told_to() {
    let project = project();
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("the migrations are not committed: the repository has no commit"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate migrate -t production --yes`"), "{}", run.err);
    commit(&project);
    project.runs("migrate -t production");
    // nothing is pending: nothing is written
    project.write("junk.txt", "x");
    project.runs("migrate -t production");
}

#[test]
fn a_migration_that_is_not_committed_as_it_is_needs_consent() {
    let project = project();
    commit(&project);
    project.structs(&format!("{USERS}{TAGS}"));
    project.runs("generate");
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("`migrations/migrations.lock` is not committed as it is"), "{}", run.err);
    // in the index only
    git(&project, &["add", "--all", "."]);
    needs_consent(&project, "migrate -t production");
    commit(&project);
    // changed, and git told to look away
    let snapshot = "migrations/0002_create_tag/snapshot.json";
    let text = project.read(snapshot);
    git(&project, &["update-index", "--assume-unchanged", snapshot]);
    project.write(snapshot, format!("{text} "));
    let run = project.ends(3, "migrate -t production");
    assert!(run.err.contains("`migrations/0002_create_tag/snapshot.json` is not committed as it is"), "{}", run.err);
    project.write(snapshot, text);
    project.runs("migrate -t production");
    assert_eq!(project.database("production.db").query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
}

#[test]
fn what_git_ignores_is_not_committed() {
    let project = project();
    project.write(".gitignore", "*.sql\n");
    commit(&project);
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("`migrations/0001_create_users/migration.sql` is not committed as it is"), "{}", run.err);
}

#[test]
fn structs_that_do_not_agree_with_the_migrations_need_consent() {
    let project = project();
    project.structs(&format!("{USERS}{TAGS}"));
    commit(&project);
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("`check` does not pass: the structs are ahead of the migrations"), "{}", run.err);
    // no structs at all, as in a container
    std::fs::remove_file(project.path("src/lib.rs")).expect("it is there");
    commit(&project);
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("`check` does not pass"), "{}", run.err);
    project.runs("migrate -t production --yes");
}

#[test]
fn consent_is_for_what_is_pending_up_to_there() {
    let project = project();
    commit(&project);
    project.structs(&format!("{USERS}{TAGS}"));
    project.runs("generate");
    let run = needs_consent(&project, "migrate -t production --to 1 --atomic");
    assert!(run.err.contains("consent is needed to apply `0001_create_users`"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate migrate -t production --to 1 --atomic --yes`"), "{}", run.err);
    let run = needs_consent(&project, "migrate -t production");
    assert!(run.err.contains("consent is needed to apply `0001_create_users` and `0002_create_tag`"), "{}", run.err);
    // a dry run never asks
    project.runs("migrate -t production --dry-run");
    assert!(!project.path("production.db").exists());
}

#[test]
fn a_push_to_a_protected_target_needs_its_name() {
    let project = Project::new(USERS);
    project.set("TURSO_DATABASE_URL", "production.db");
    project.set("TURSO_DEMO_DATABASE_URL", "demo.db");
    let run = needs_consent(&project, "push -t production");
    assert!(run.err.contains("`cargo dbmigrate push -t production --yes production`"), "{}", run.err);
    project.runs("push -t production --dry-run");
    assert!(!project.path("production.db").exists());
    let run = project.ends(2, "push -t production --yes");
    assert!(run.err.contains("--yes <NAME>"), "{}", run.err);
    let run = project.ends(2, "push -t production --yes demo");
    assert!(run.err.contains("`--yes demo`: this run has no target `demo`"), "{}", run.err);
    // of several, those that are not protected are pushed
    let run = needs_consent(&project, "push -t demo -t production");
    assert!(project.path("demo.db").is_file(), "{}", run.err);
    project.runs("push -t production --yes production");
    assert!(project.path("production.db").is_file());
    // there is nothing to consent to
    project.runs("push -t production");
    project.runs("push -t production -t demo");
}

#[test]
fn everything_else_that_writes_to_a_protected_target_needs_consent() {
    let project = project();
    commit(&project);
    project.database("production.db").run("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL) STRICT");
    let run = needs_consent(&project, "baseline -t production");
    assert!(run.err.contains("`cargo dbmigrate baseline -t production --yes`"), "{}", run.err);
    project.runs("baseline -t production --yes");
    project.runs("baseline -t production");
    let run = needs_consent(&project, "reset -t production");
    assert!(run.err.contains("`cargo dbmigrate reset -t production --yes`"), "{}", run.err);
    project.runs("reset -t production --yes");
    for reading in ["status", "pull", "diff --from database --to head"] {
        project.runs(&format!("{reading} -t production"));
    }
    let project = Project::new("");
    project.set("TURSO_DATABASE_URL", "production.db");
    project.database("production.db").run("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL) STRICT");
    let run = needs_consent(&project, "pull --baseline --out src/lib.rs --overwrite -t production");
    assert!(run.err.contains("nothing was recorded"), "{}", run.err);
    project.runs("pull --baseline --out src/lib.rs -t production --yes");
}

#[test]
fn a_protected_database_is_protected_by_whatever_name_it_is_called() {
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"production.db\"\nprotected = true\n");
    for line in ["push --url production.db", "push --url ./production.db", "push -t live"] {
        needs_consent(&project, line);
    }
    project.set("TURSO_DATABASE_URL", "production.db");
    let run = needs_consent(&project, "push");
    assert!(run.err.contains("`production.db` is the protected target `live`"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate push --yes live`"), "{}", run.err);
    project.runs("push --yes live");
    // what nobody has configured is as it was
    let project = Project::new(USERS);
    project.set("TURSO_DATABASE_URL", "production.db");
    project.runs("push");
}

#[test]
fn protection_can_be_configured() {
    let project = Project::new(USERS);
    let table = "[targets.production]\nprotected = false\n[targets.demo]\nprotected = true\n";
    project.write("dbmigrate.toml", table);
    project.set("TURSO_DATABASE_URL", "dev.db");
    project.set("TURSO_DEMO_DATABASE_URL", "production.db");
    project.runs("push -t production");
    needs_consent(&project, "push -t demo");
}
