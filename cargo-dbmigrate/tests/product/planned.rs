//! Plans: a person approves this, and a pipeline applies this and nothing else.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {\n    #[column(primary_key)]\n    id: i64,\n    name: Option<String>,\n    legacy: Option<String>,\n}\n";

/// Users with a column that a pending migration drops.
fn pending() -> Project {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'Ada', 'x'), (2, 'Grace', NULL), (3, 'Edsger', 'y')");
    project.structs(&USERS.replace("    legacy: Option<String>,\n", ""));
    project.runs("generate --name drop --accept drop_column:users.legacy");
    project.transcript();
    project
}

fn plan(project: &Project, flags: &str) -> serde_json::Value {
    project.runs(&format!("plan --out plan.json {flags}"));
    serde_json::from_str(&project.read("plan.json")).expect("it is JSON")
}

/// The plan is refused, with a message and something that differs.
#[track_caller]
fn refused(project: &Project, message: &str, difference: &str) {
    let run = project.refuses(5, "migrate --plan plan.json");
    assert!(run.err.contains(message) && run.err.contains(difference), "{}", run.err);
    assert!(run.err.contains("nothing was changed") && run.err.contains("cargo dbmigrate plan --out"), "{}", run.err);
}

#[test]
fn a_plan_says_what_would_be_done_and_in_which_state() {
    let project = pending();
    let run = project.refuses(0, "plan");
    assert!(run.err.contains("0002_drop (rewrite, 1 statement)"), "{}", run.err);
    assert!(run.err.contains("loses `users.legacy` (2), as accepted"), "{}", run.err);
    let plan = plan(&project, "");
    assert_eq!(run.out, project.read("plan.json"));
    assert_eq!((&plan["format"], &plan["database"], &plan["target"]), (&1.into(), &"dev.db".into(), &().into()));
    assert_eq!((&plan["state"]["position"], &plan["state"]["history"][0][0]), (&1.into(), &"0001_create_users".into()));
    let one = &plan["migrations"][0];
    assert_eq!(
        one["losses"],
        serde_json::json!([{ "lint": "drop_column", "object": "users.legacy", "count": 2, "kept": null }])
    );
    assert_eq!((&one["risks"], &one["cost"]), (&serde_json::json!(["drop_column"]), &"rewrite".into()));
    // the same for the same
    let before = project.read("plan.json");
    let run = project.runs("plan --out plan.json");
    assert!(run.err.contains("Unchanged plan.json"), "{}", run.err);
    assert_eq!(project.read("plan.json"), before);
    // from wherever it is made
    let elsewhere = project.path("migrations");
    let output = project.command(&["plan", "--url", "../dev.db"]).current_dir(elsewhere).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), before);
}

#[test]
fn what_was_planned_is_applied_as_the_plan_suggests() {
    let project = pending();
    let run = project.runs("plan --out plan.json --rehearse --message-format json");
    let planned = run.json().into_iter().find(|object| object["reason"] == "planned").expect("it is said");
    assert_eq!((&planned["file"], &planned["plan"]["rehearsal"]["passed"]), (&"plan.json".into(), &true.into()));
    let next = run.finished()["next"][0]["commands"][0].clone();
    assert_eq!(next, serde_json::json!(["migrate", "--plan", "plan.json"]));
    let run = project.runs("migrate --plan plan.json");
    assert!(run.err.contains("Applied 0002_drop"), "{}", run.err);
    assert_eq!(project.dump(), "-- users\nid|name\n1|Ada\n2|Grace\n3|Edsger\n");
    refused(&project, "`dev.db` has changed since `plan.json` was made", "all of the plan is applied");
}

#[test]
fn a_plan_is_refused_if_the_database_is_in_another_state() {
    let project = pending();
    plan(&project, "");
    // rows are no part of it, as long as no more of them are lost
    project.sql("INSERT INTO users (id, name) VALUES (4, 'Alan'); DELETE FROM users WHERE id = 1");
    project.runs("migrate --plan plan.json --rehearse-only");
    project.sql("UPDATE users SET legacy = 'z'");
    refused(
        &project,
        "`dev.db` would lose more than `plan.json` says",
        "would lose 3 of `users.legacy`, and 2 were planned",
    );
    project.sql("UPDATE users SET legacy = NULL; CREATE TABLE by_hand (a)");
    refused(&project, "does not match its last migration", "by_hand");
    project.sql("DROP TABLE by_hand");
    project.runs("migrate --plan plan.json");
}

#[test]
fn a_plan_is_refused_if_another_runner_was_first() {
    let project = pending();
    plan(&project, "");
    project.runs("migrate");
    refused(&project, "`dev.db` has changed since `plan.json` was made", "applied in between: `0002_drop`");
}

#[test]
fn a_plan_is_refused_if_the_migrations_are_others() {
    let project = pending();
    plan(&project, "");
    project.structs(&USERS.replace("    legacy: Option<String>,\n", "    age: Option<i64>,\n"));
    project.runs("generate --name age");
    refused(&project, "the migrations are not those of `plan.json`", "`0003_age` is new");
    // up to there it is the same
    plan(&project, "--to 2");
    project.runs("generate --undo");
    let text = project.read(&sql_of("0002_drop"));
    project.write(&sql_of("0002_drop"), format!("{text}SELECT 1;\n"));
    project.structs(&USERS.replace("    legacy: Option<String>,\n", ""));
    project.runs("generate --custom");
    refused(&project, "the migrations are not those of `plan.json`", "`0002_drop` has other SQL");
    project.runs("generate --undo --accept edits");
    refused(&project, "the migrations are not those of `plan.json`", "`0002_drop` is missing");
}

#[test]
fn a_plan_holds_if_only_comments_were_edited_and_not_if_a_directive_was() {
    let project = pending();
    plan(&project, "");
    let file = sql_of("0002_drop");
    let text = project.read(&file);
    project.write(&file, format!("{text}-- dbmigrate: expect-time 5s\n"));
    project.refuses(5, "migrate --plan plan.json");
    project.write(&file, format!("-- why\n{}", text.replace(';', " -- so\n;")));
    project.runs("check");
    assert!(project.runs("migrate --plan plan.json").err.contains("0002_drop"));
    project.runs("status");
}

#[test]
fn a_plan_is_refused_if_it_was_edited_or_is_none() {
    let project = pending();
    plan(&project, "");
    let text = project.read("plan.json");
    for (from, to) in [
        ("\"count\": 2", "\"count\": 3"),
        ("\"atomic\": false", "\"atomic\": true"),
        ("\"target\": null", "\"target\": \"demo\""),
        ("\"package\": \"app\"", "\"package\": \"other\""),
        ("\"package\": \"app\",", "\"package\": \"app\", \"more\": 1,"),
    ] {
        project.write("plan.json", text.replacen(from, to, 1));
        assert_ne!(project.read("plan.json"), text, "{from}");
        refused(&project, "`plan.json` was edited after it was written", "");
    }
    project.write("plan.json", text.replace("\"format\": 1", "\"format\": 2"));
    refused(&project, "`plan.json` has format 2", "");
    for none in ["", "{}", "nothing", "[]"] {
        project.write("plan.json", none);
        refused(&project, "`plan.json` is not a plan", "");
    }
    // ends of lines and white space say nothing
    project.write("plan.json", text.replace('\n', "\r\n"));
    project.runs("migrate --plan plan.json");
    project.refuses(2, "migrate --plan nowhere.json");
    for flag in ["--to 2", "--atomic", "--accept drift"] {
        project.refuses(2, &format!("migrate --plan plan.json {flag}"));
    }
}

#[test]
fn a_plan_is_for_its_target_and_needs_the_consent_that_the_target_needs() {
    let project = pending();
    project.write(
        "dbmigrate.toml",
        "[targets.live]\nurl = \"dev.db\"\nprotected = true\n[targets.other]\nurl = \"other.db\"\n",
    );
    std::fs::copy(project.path("dev.db"), project.path("other.db")).expect("it can be copied");
    let made = plan(&project, "-t live");
    assert_eq!((&made["target"], &made["database"]), (&"live".into(), &"dev.db".into()));
    let run = project.refuses(5, "migrate --plan plan.json -t other");
    assert!(run.err.contains("is for target `live` (`dev.db`), not for target `other` (`other.db`)"), "{}", run.err);
    project.refuses(5, "migrate --plan plan.json --url other.db");
    // the target of the plan is meant, and a plan is no consent
    let run = project.refuses(3, "migrate --plan plan.json");
    assert!(run.err.contains("`live` is protected") && run.err.contains("--plan plan.json --yes"), "{}", run.err);
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"moved.db\"\n");
    let run = project.refuses(5, "migrate --plan plan.json --yes");
    assert!(run.err.contains("not for target `live` (`moved.db`)"), "{}", run.err);
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"dev.db\"\nprotected = true\n");
    project.runs("migrate --plan plan.json --yes");
}

#[test]
fn a_plan_beside_a_drift_is_for_that_drift() {
    let project = pending();
    project.sql("CREATE TABLE by_hand (a)");
    project.refuses(5, "plan");
    let made = plan(&project, "--accept drift");
    assert_eq!((&made["accept_drift"], made["state"]["drift"].as_array().map(Vec::len)), (&true.into(), Some(1)));
    project.sql("CREATE TABLE by_hand_as_well (a)");
    refused(&project, "`dev.db` has changed since `plan.json` was made", "by_hand_as_well");
    project.sql("DROP TABLE by_hand_as_well");
    project.runs("migrate --plan plan.json");
    assert_eq!(project.query("SELECT count(*) FROM by_hand"), ["0"]);
}

#[test]
fn a_plan_for_a_new_database_makes_it() {
    let project = pending();
    let made = plan(&project, "--url new.db");
    assert_eq!((&made["state"]["position"], made["migrations"].as_array().map(Vec::len)), (&0.into(), Some(2)));
    assert!(!project.path("new.db").exists());
    project.refuses(5, "migrate --plan plan.json");
    project.runs("migrate --plan plan.json --url new.db");
    project.refuses(5, "migrate --plan plan.json --url new.db");
}

#[test]
fn a_change_between_the_check_of_a_plan_and_its_run_is_noticed() {
    for sql in ["CREATE TABLE by_hand (a)", "UPDATE _dbmigrate_history SET checksum = 'other'"] {
        let project = pending();
        plan(&project, "");
        // held up behind the check: another program has the lock for writing
        let hand = project.database("dev.db");
        hand.run("PRAGMA journal_mode = WAL");
        hand.run("BEGIN IMMEDIATE");
        let mut child = project
            .command(&["migrate", "--plan", "plan.json", "--timeout", "60"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        std::thread::sleep(std::time::Duration::from_millis(1500));
        assert!(child.try_wait().expect("it is ours").is_none(), "it does not wait");
        hand.run(sql);
        hand.run("COMMIT");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
        let said: Vec<String> = lines.collect();
        assert_eq!(child.wait().expect("it is ours").code(), Some(5), "{sql}: {said:?}");
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"], "{sql}");
        assert_eq!(project.query("SELECT count(legacy) FROM users"), ["2"], "{sql}");
    }
}
