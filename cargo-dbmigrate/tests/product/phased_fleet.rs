//! Fleets around a deployment, and migrations of several transactions on their members: each by where it stands.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::phased::{GENERATE, users};
use crate::project::{Project, Run, sql_of};

/// A fleet of so many files that have the first migration, and a row.
fn fleet(count: usize, settings: &str) -> Project {
    let project = Project::generated(&users("name: String,"));
    project.write("dbmigrate.toml", format!("[targets.tenants]\nfleet = \"tenants/*.db\"\n{settings}\n"));
    (0..count).for_each(|at| project.write(&file(at), ""));
    project.runs(if settings.is_empty() { "migrate -t tenants" } else { "migrate -t tenants --yes" });
    (0..count).for_each(|at| project.database(&file(at)).run("INSERT INTO users (id, name) VALUES (1, 'Ann')"));
    project
}

fn file(at: usize) -> String {
    format!("tenants/t{at}.db")
}

fn applied(project: &Project, at: usize) -> usize {
    project.database(&file(at)).query("SELECT name FROM _dbmigrate_history").len()
}

fn with(run: &Run, reason: &str) -> Vec<Value> {
    run.json().into_iter().filter(|one| one["reason"] == reason).collect()
}

#[test]
fn a_fleet_is_migrated_around_a_deployment_and_each_member_by_where_it_stands() {
    let project = fleet(4, "");
    project.structs(&users("full_name: String,"));
    project.runs(GENERATE);
    let run = project.ends(4, "status -t tenants");
    assert!(run.out.contains("behind by 2 migrations, 1 waits for its deployment"), "{}", run.out);
    assert!(run.err.contains("--phase before") && run.err.contains("--phase after"), "{}", run.err);
    // no release runs on a new one
    project.write(&file(4), "");
    let run = project.runs("migrate -t tenants --phase before");
    assert!(run.err.contains("5 migrated"), "{}", run.err);
    assert!(run.err.contains("once no older release runs") && run.err.contains("-t tenants"), "{}", run.err);
    assert_eq!([0, 1, 2, 3, 4].map(|at| applied(&project, at)), [2, 2, 2, 2, 3]);
    for at in 0..4 {
        let member = project.database(&file(at));
        member.run("INSERT INTO users (id, name) VALUES (2, 'Bo'); UPDATE users SET full_name = 'An' WHERE id = 1");
        assert_eq!(member.query("SELECT name, full_name FROM users ORDER BY id"), ["An|An", "Bo|Bo"]);
    }
    let run = project.ends(4, "status -t tenants");
    assert!(run.out.contains("4  behind by 1 migration, which waits for its deployment: t0, t1"), "{}", run.out);
    assert!(run.err.contains("Waiting tenants") && !run.err.contains("--phase before"), "{}", run.err);
    let run = project.ends(4, "status -t tenants --message-format json");
    assert_eq!(with(&run, "fleet_status")[0]["waiting"], 4);
    assert_eq!(with(&run, "member_status")[0]["waiting"], 1);
    let run = project.runs("migrate -t tenants --phase before");
    assert!(run.err.contains("5 unchanged"), "{}", run.err);
    let run = project.runs("migrate -t tenants --phase after");
    assert!(run.err.contains("4 migrated, 1 unchanged"), "{}", run.err);
    project.runs("status -t tenants");
    let run = project.runs("migrate -t tenants --phase before");
    assert!(!run.err.contains("once no older release"), "{}", run.err);
}

#[test]
fn a_member_that_would_be_gone_past_is_left_and_keeps_no_other_from_it() {
    let project = fleet(3, "");
    project.structs(&users("full_name: String,"));
    project.runs(GENERATE);
    project.runs("migrate -t tenants --phase before");
    project.runs("migrate -t tenants/t1 --phase after");
    project.runs("migrate -t tenants/t2 --phase after");
    project.structs(&users("full_name: String, bio: Option<String>,"));
    project.runs("generate");
    let run = project.ends(6, "migrate -t tenants --phase before --max-failures 1");
    assert!(run.err.contains("2 migrated, 1 failed") && run.err.contains("stands behind"), "{}", run.err);
    assert_eq!([0, 1, 2].map(|at| applied(&project, at)), [2, 4, 4]);
    // each what is next for it
    project.runs("migrate -t tenants --phase after");
    project.runs("migrate -t tenants --phase before");
    assert_eq!([0, 1, 2].map(|at| applied(&project, at)), [4, 4, 4]);
}

#[test]
fn a_protected_fleet_wants_to_be_told_which_side_of_the_deployment_it_is() {
    let project = fleet(2, "protected = true");
    project.structs(&users("full_name: String,"));
    project.runs(GENERATE);
    let run = project.refuses(3, "migrate -t tenants --no-backup");
    assert!(run.err.contains("migrate --phase before -t tenants") || run.err.contains("--phase before"), "{}", run.err);
    assert_eq!([0, 1].map(|at| applied(&project, at)), [1, 1]);
    project.runs("migrate -t tenants --no-backup --phase before --yes");
    project.runs("migrate -t tenants --no-backup --phase after --yes");
    assert_eq!([0, 1].map(|at| applied(&project, at)), [3, 3]);
}

/// The same fleet with rows, and a migration that counts each in batches.
fn batched(count: usize, rows: u32, batch: u32) -> Project {
    let project = fleet(count, "");
    let fill = format!(
        "WITH RECURSIVE n (x) AS (VALUES (2) UNION ALL SELECT x + 1 FROM n WHERE x < {rows}) \
         INSERT INTO users (id, name, age) SELECT x, 'user ' || x, 0 FROM n; UPDATE users SET age = 0"
    );
    (0..count).for_each(|at| project.database(&file(at)).run(&fill));
    project.runs("generate --custom --name count");
    let sql = format!("-- dbmigrate: batched {batch} by id\nUPDATE users SET age = age + 1;\n");
    project.write(&sql_of("0002_count"), sql);
    project.runs("generate --custom");
    project
}

const DONE: &str = "SELECT min(age) || ' ' || max(age) FROM users";

#[test]
fn what_is_under_way_in_members_is_given_up_in_each_and_nothing_is_migrated() {
    let project = batched(3, 300, 50);
    project
        .database(&file(1))
        .run("CREATE TRIGGER bad BEFORE UPDATE ON users WHEN NEW.id = 220 BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_ne!(project.run("migrate -t tenants/t1 --accept drift").code, 0);
    let member = project.database(&file(1));
    let under_way = member.query("SELECT count(*) FROM sqlite_schema WHERE name = '_dbmigrate_progress'");
    assert_ne!(under_way, ["0"], "nothing is under way: {:?}", project.run("status -t tenants/t1"));
    let run = project.runs("migrate -t tenants --abort --message-format json");
    let aborted = with(&run, "aborted");
    let found: Vec<(&Value, bool)> =
        aborted.iter().map(|one| (&one["name"], one["batches"].as_u64() > Some(0))).collect();
    assert_eq!(found, [(&Value::Null, false), (&json!("0002_count"), true), (&Value::Null, false)]);
    assert_eq!([0, 1, 2].map(|at| applied(&project, at)), [1, 1, 1]);
    project.refuses(2, "migrate -t tenants --abort --canary 1");
    member.run("DROP TRIGGER bad; UPDATE users SET age = 0");
    project.runs("migrate -t tenants --max-lag 200ms");
    (0..3).for_each(|at| assert_eq!(project.database(&file(at)).query(DONE), ["1 1"]));
}

#[cfg(unix)]
#[test]
fn who_interrupts_a_fleet_waits_for_one_transaction_and_not_for_a_long_migration() {
    let project = batched(2, 300, 1);
    let mut command = project.command(&["migrate", "-t", "tenants", "--message-format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let pieces = |at: usize| {
        let member = project.database(&file(at));
        let is_there = member.query("SELECT count(*) FROM sqlite_schema WHERE name = '_dbmigrate_progress'");
        if is_there == ["0"] {
            0
        } else {
            member.query("SELECT pieces FROM _dbmigrate_progress").first().and_then(|one| one.parse().ok()).unwrap_or(0)
        }
    };
    let begun = Instant::now();
    while pieces(0) + pieces(1) < 3 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(10));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("\"kind\":\"interrupted\"") && said.contains("\"not_tried\":2,"), "{said}");
    assert_eq!([0, 1].map(|at| applied(&project, at)), [1, 1]);
    // larger batches would be another migration: it goes on, with the canary again
    let run = project.runs("migrate -t tenants");
    assert!(run.err.contains("2 migrated"), "{}", run.err);
    (0..2).for_each(|at| assert_eq!(project.database(&file(at)).query(DONE), ["1 1"]));
}
