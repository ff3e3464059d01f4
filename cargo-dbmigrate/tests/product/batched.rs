//! Statements in batches: what is said of them, and processes that are killed between and in them.

use std::process::Stdio;
use std::time::Duration;

use crate::project::{Project, sql_of};

const STRUCT: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String, times: i64 }";

/// A table of so many rows, and a migration that changes each in batches.
fn before(rows: u32, batch: u32) -> Project {
    let project = Project::migrated(STRUCT);
    project.sql(&format!(
        "WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < {rows}) \
         INSERT INTO users SELECT x * 3, 'user ' || x, 0 FROM n"
    ));
    project.runs("generate --custom --name count_times");
    let sql = format!("-- dbmigrate: batched {batch} by id\nUPDATE users SET times = times + 1;\n");
    project.write(&sql_of("0002_count_times"), sql);
    project.runs("generate --custom");
    project.runs("check");
    project
}

const DONE: &str = "SELECT min(times) || ' ' || max(times) || ' ' || count(*) FROM users";

#[test]
fn a_process_that_is_killed_anywhere_is_gone_on_behind_and_no_row_is_met_twice() {
    let kills: u64 = std::env::var("BATCHED_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4);
    let project = before(20_000, 200);
    let (mut killed, mut applied) = (0, 0);
    while killed < kills {
        let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
        std::thread::sleep(Duration::from_millis(150 + (killed * 37) % 400));
        runner.kill().expect("it is ours");
        if runner.wait().expect("it ends").success() {
            // it was faster: once more, from the beginning
            applied += 1;
            assert_eq!(project.query(DONE), [format!("{applied} {applied} 20000")]);
            project.sql("DELETE FROM _dbmigrate_history WHERE position = 2");
        } else {
            killed += 1;
        }
    }
    project.runs("migrate");
    let times = applied + 1;
    assert_eq!(project.query(DONE), [format!("{times} {times} 20000")]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name = '_dbmigrate_progress'"), ["0"]);
    project.runs("check");
    project.runs("status");
}

#[test]
fn how_far_it_is_is_said_where_somebody_asks_and_where_it_fails() {
    let project = before(1000, 100);
    project.runs("migrate --max-lag 200ms");
    project.runs("generate --custom --name louder");
    let set = "SET name = CASE WHEN name = 'bad' THEN NULL ELSE name || '!' END WHERE id < 1600";
    project.write(&sql_of("0003_louder"), format!("-- dbmigrate: batched 100 by id\nUPDATE users {set};\n"));
    project.runs("generate --custom");
    // the batch with that row fails
    project.sql("UPDATE users SET name = 'bad' WHERE id = 1500");
    project.transcript();
    let run = project.ends(1, "migrate");
    assert!(run.err.contains("NOT NULL constraint failed: users.name"), "{}", run.err);
    assert!(
        run.err.contains("`0003_louder` is under way in `dev.db`: 400 of 1,000 rows done in 4 transactions"),
        "{}",
        run.err
    );
    let run = project.refuses(4, "status");
    assert!(run.err.contains("0003_louder: 400 of 1,000 rows done"), "{}", run.err);
    assert!(run.err.contains("continue with it: `cargo dbmigrate migrate`"), "{}", run.err);
    let said = |code: i32, line: &str, reason: &str| {
        let run = project.ends(code, &format!("{line} --message-format json"));
        let found = run.json().into_iter().find(|one| one["reason"] == reason);
        found.unwrap_or_else(|| panic!("`{line}` says nothing of `{reason}`: {}", run.out))
    };
    let under_way = said(4, "status", "under_way");
    let of = ["name", "rows", "of", "transactions", "obstacle"].map(|field| under_way[field].clone());
    assert_eq!(serde_json::json!(of), serde_json::json!(["0003_louder", 400, 1000, 4, null]));
    assert_eq!(said(1, "migrate", "resumed")["transactions"], 4);
    assert_eq!(said(1, "migrate", "under_way")["rows"], 400);
    project.sql("UPDATE users SET name = 'good' WHERE id = 1500");
    let run = project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM users WHERE name LIKE '%!' AND name NOT LIKE '%!!'"), ["533"]);
    assert!(run.err.contains("Resuming") && run.err.contains("Applied 0003_louder"), "{}", run.err);
}

#[test]
fn what_would_mean_something_else_is_refused_when_it_is_recorded() {
    let project = Project::migrated(STRUCT);
    project.runs("generate --custom --name total");
    let sql = "-- dbmigrate: batched 100 by id\nUPDATE users SET times = (SELECT max(times) FROM users);\n";
    project.write(&sql_of("0002_total"), sql);
    let run = project.refuses(1, "generate --custom");
    assert!(run.err.contains("it reads `users`, which it writes"), "{}", run.err);
    assert!(run.err.contains("migration.sql:1"), "{}", run.err);
}

#[test]
fn programs_are_told_how_far_it_is_and_what_was_given_up() {
    let project = before(1000, 100);
    let run = project.runs("migrate --message-format json");
    let advanced = run.json().into_iter().find(|one| one["reason"] == "advanced").expect("it has many transactions");
    assert_eq!((&advanced["name"], &advanced["table"]), (&"0002_count_times".into(), &"users".into()));
    assert!(advanced["rows"].as_u64() >= Some(100) && advanced["percent"].as_u64() >= Some(10), "{advanced}");
    let nothing = project.runs("migrate --abort --message-format json");
    assert_eq!((&nothing.json()[0]["name"], &nothing.finished()["changed"]), (&serde_json::Value::Null, &false.into()));
    project.runs("generate --custom --name bad");
    let sql = "-- dbmigrate: batched 100 by id\nUPDATE users SET name = iif(id > 2000, NULL, 'x');\n";
    project.write(&sql_of("0003_bad"), sql);
    project.runs("generate --custom");
    project.ends(1, "migrate");
    let run = project.runs("migrate --abort --message-format json");
    let aborted = run.json().into_iter().find(|one| one["reason"] == "aborted").expect("it was under way");
    assert_eq!((&aborted["name"], &run.finished()["changed"]), (&"0003_bad".into(), &true.into()));
    assert!(aborted["batches"].as_u64() > Some(1), "{aborted}");
    let run = project.runs("migrate --abort");
    assert!(run.err.contains("no migration is under way"), "{}", run.err);
}
