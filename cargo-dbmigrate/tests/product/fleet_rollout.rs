//! `migrate` on a fleet: the survey, the waves, what fails, and how it goes on.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::project::{Project, Run};

const USERS: &str = "#[derive(Table)] #[table(name = \"users\", strict)] \
     pub struct User { #[column(primary_key)] pub id: i64, pub name: String }";

const UNIQUE: &str = "#[derive(Table)] #[table(name = \"users\", strict)] \
     pub struct User { #[column(primary_key)] pub id: i64, #[column(unique)] pub name: String }";

/// A project with a fleet of so many empty files, and one migration.
fn fleet(count: usize, settings: &str) -> Project {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", format!("[targets.tenants]\nfleet = \"tenants/*.db\"\n{settings}\n"));
    for at in 0..count {
        project.write(&file(at), "");
    }
    project
}

/// The same, migrated, with a row in each, and a second migration that makes the name unique.
fn populated(count: usize, settings: &str) -> Project {
    let project = fleet(count, settings);
    project.runs("migrate -t tenants");
    for at in 0..count {
        project.database(&file(at)).run("INSERT INTO users VALUES (1, 'ada'), (2, 'bob')");
    }
    project.structs(UNIQUE);
    project.runs("generate");
    project
}

fn file(at: usize) -> String {
    format!("tenants/t{at:02}.db")
}

fn applied(project: &Project, at: usize) -> Vec<String> {
    project.database(&file(at)).query("SELECT name FROM _dbmigrate_history ORDER BY position")
}

fn rows(project: &Project, at: usize) -> Vec<String> {
    let database = project.database(&file(at));
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    assert!(database.query("PRAGMA foreign_key_check").is_empty());
    database.query("SELECT id || name FROM users ORDER BY id")
}

fn with(run: &Run, reason: &str) -> Vec<Value> {
    run.json().into_iter().filter(|one| one["reason"] == reason).collect()
}

/// The summary, which must be what the members say.
fn summary(run: &Run) -> Value {
    let summary = with(run, "rolled_out").pop().expect("there is a summary");
    let members = with(run, "member");
    assert_eq!(summary["members"], members.len(), "each has a line");
    for outcome in ["migrated", "unchanged", "failed", "drifted", "unknown_history", "unreachable", "not_tried"] {
        let count = members.iter().filter(|member| member["outcome"] == outcome).count();
        assert_eq!(summary[outcome], count, "{outcome}");
    }
    summary
}

#[test]
fn a_fleet_is_migrated_canary_first_and_wave_by_wave() {
    let project = fleet(20, "waves = [\"25%\", \"100%\"]");
    let run = project.runs("migrate -t tenants --message-format json");
    let survey = &with(&run, "survey")[0];
    assert_eq!(survey["states"], json!([{ "state": "behind", "pending": 1, "members": 20 }]));
    let waves: Vec<(String, Value)> =
        with(&run, "wave").iter().map(|wave| (wave["name"].to_string(), wave["migrated"].clone())).collect();
    let wanted = [("\"canary\"", 1), ("\"25%\"", 4), ("\"100%\"", 15)];
    assert_eq!(waves, wanted.map(|(name, count)| (name.to_owned(), json!(count))));
    assert_eq!((&summary(&run)["migrated"], &run.finished()["changed"]), (&json!(20), &json!(true)));
    (0..20).for_each(|at| assert_eq!(applied(&project, at), ["0001_create_users"]));
    let again = project.runs("migrate -t tenants --message-format json");
    assert_eq!((&summary(&again)["unchanged"], &again.finished()["changed"]), (&json!(20), &json!(false)));
    let said = project.runs("migrate -t tenants");
    assert!(said.err.contains("Finished tenants: 20 unchanged"), "{}", said.err);
    // nothing is left to continue with
    assert!(!project.path(".dbmigrate/rollout-tenants.json").exists());
}

#[test]
fn rows_that_contradict_a_migration_are_found_before_the_first_member_is_written_to() {
    let project = populated(6, "");
    let double = "INSERT INTO users VALUES (3, 'ada')";
    for at in [1, 4] {
        project.database(&file(at)).run(double);
    }
    // no more than one of a hundred may fail, so none of six
    let run = project.ends(6, "migrate -t tenants --message-format json");
    let sums = summary(&run);
    assert_eq!((&sums["failed"], &sums["not_tried"], &sums["stopped"]), (&json!(2), &json!(4), &json!("preflight")));
    assert_eq!((&sums["failures"][0]["count"], &sums["failures"][0]["kind"]), (&json!(2), &json!("preflight")));
    (0..6).for_each(|at| assert_eq!(applied(&project, at), ["0001_create_users"]));
    // those that may fail are left alone, and keep no other from being migrated
    let run = project.ends(6, "migrate -t tenants --max-failures 2");
    assert!(run.err.contains("4 migrated, 2 failed") && run.err.contains("2 members (t01, t04)"), "{}", run.err);
    for at in 0..6 {
        let is_wrong = [1, 4].contains(&at);
        assert_eq!(applied(&project, at).len(), if is_wrong { 1 } else { 2 });
        assert_eq!(rows(&project, at), if is_wrong { vec!["1ada", "2bob", "3ada"] } else { vec!["1ada", "2bob"] });
    }
    // what the command suggests is what makes it whole
    for at in [1, 4] {
        project.database(&file(at)).run("DELETE FROM users WHERE id = 3");
    }
    project.runs("migrate -t tenants");
}

#[test]
fn members_that_drifted_or_have_another_history_or_cannot_be_opened_are_left_alone_and_listed() {
    let project = populated(8, "");
    project.database(&file(0)).run("CREATE TABLE by_hand (x)");
    project.database(&file(1)).run("UPDATE _dbmigrate_history SET name = '0001_other'");
    project.database(&file(2)).run("DROP TABLE _dbmigrate_history");
    project.write(&file(3), "no database at all, but long enough to have the header of one, if it were one: it is not");
    let run = project.ends(6, "migrate -t tenants --message-format json");
    let sums = summary(&run);
    let count = |outcome: &str| sums[outcome].as_u64().expect("a number");
    let all = ["migrated", "drifted", "unknown_history", "unreachable", "failed"].map(count);
    assert_eq!(all, [4, 1, 2, 1, 0], "{sums}");
    (4..8).for_each(|at| assert_eq!((applied(&project, at).len(), rows(&project, at).len()), (2, 2)));
    (0..1).for_each(|at| assert_eq!(applied(&project, at).len(), 1));
    let run = project.ends(6, "migrate -t tenants --accept drift");
    assert!(run.err.contains("1 migrated"), "{}", run.err);
    assert_eq!((applied(&project, 0).len(), rows(&project, 0).len()), (2, 2));
}

#[test]
fn a_member_whose_file_is_gone_is_not_made_again() {
    let project = fleet(2, "");
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = { list = \"tenants.txt\" }\n");
    project.write("tenants.txt", "tenants/t00.db\ntenants/gone.db\n");
    let run = project.ends(6, "migrate -t tenants");
    assert!(run.err.contains("`tenants/gone.db` does not exist") && run.err.contains("1 migrated"), "{}", run.err);
    assert!(!project.path("tenants/gone.db").exists());
}

#[test]
fn a_dry_run_of_a_fleet_writes_nothing_and_shows_the_waves() {
    let project = fleet(12, "");
    let before: Vec<Vec<u8>> = (0..12).map(|at| project.bytes(&file(at))).collect();
    let run = project.refuses(0, "migrate -t tenants --dry-run");
    for wanted in ["12 behind by 1 migration", "canary: t", "10%: 1 member", "100%: 10 members", "nothing was changed"]
    {
        // the canary is more than 1% already
        assert!(wanted.starts_with("10%") || run.err.contains(wanted), "{wanted}: {}", run.err);
    }
    (0..12).for_each(|at| assert_eq!(project.bytes(&file(at)), before[at]));
    assert!(!project.path(".dbmigrate").exists());
}

#[test]
fn flags_are_refused_where_they_make_no_sense() {
    let project = fleet(1, "");
    for (line, flag) in [
        ("migrate -t tenants --plan plan.json", "`--plan`"),
        ("migrate -t tenants --branch", "`--branch`"),
        ("migrate -t tenants --backup", "`--backup`"),
        ("migrate -t tenants --with app", "`--with`"),
        ("migrate --canary 1", "`--canary`"),
        ("migrate --shard 1/2", "`--shard`"),
        ("migrate --waves 10%,100%", "`--waves`"),
        ("migrate -t tenants/t00 --max-failures 1", "`--max-failures`"),
    ] {
        let run = project.refuses(2, line);
        assert!(run.err.contains(flag) && run.err.contains("fleet"), "{line}: {}", run.err);
    }
    for line in ["migrate -t tenants --shard 3/2", "migrate -t tenants --waves 101%", "migrate -t tenants --parallel 0"]
    {
        project.refuses(2, line);
    }
    let run = project.refuses(2, "migrate -t tenants --canary plan=internal");
    assert!(run.err.contains("its members have no labels"), "{}", run.err);
    assert_eq!(project.bytes(&file(0)), b"");
}

#[test]
fn a_protected_fleet_is_written_to_with_consent_only() {
    let project = fleet(2, "protected = true");
    let run = project.refuses(3, "migrate -t tenants");
    assert!(run.err.contains("apply `0001_create_users` to 2 members"), "{}", run.err);
    (0..2).for_each(|at| assert_eq!(project.bytes(&file(at)), b""));
    project.runs("migrate -t tenants --yes");
    project.replace("dbmigrate.toml", "protected = true", "");
    project.write("dbmigrate.toml", format!("backup = \"always\"\n{}", project.read("dbmigrate.toml")));
    project.structs(UNIQUE);
    project.runs("generate");
    let run = project.ends(3, "migrate -t tenants");
    assert!(run.err.contains("cargo dbmigrate backup -t tenants"), "{}", run.err);
    project.runs("migrate -t tenants --no-backup");
}

#[test]
fn shards_cover_a_fleet_and_their_summaries_merge() {
    let project = fleet(30, "");
    let mut files = String::new();
    for number in 1..=3 {
        let run = project.runs(&format!("migrate -t tenants --shard {number}/3 --message-format json"));
        let sums = summary(&run);
        assert_eq!(sums["shard"], format!("{number}/3"));
        assert!(sums["migrated"].as_u64().is_some_and(|count| (3..20).contains(&count)), "{sums}");
        files = format!("{files} shard-{number}.json");
        project.write(&format!("shard-{number}.json"), &run.out);
    }
    (0..30).for_each(|at| assert_eq!(applied(&project, at), ["0001_create_users"]));
    let run = project.runs(&format!("summary merge{files}"));
    assert!(run.err.contains("tenants: 30 migrated"), "{}", run.err);
    // a second time, with the summary in a file of its own and words for whoever reads along
    let run = project.runs("migrate -t tenants --shard 1/1 --summary sums.json");
    assert!(run.err.contains("tenants: 30 unchanged"), "{}", run.err);
    let run = project.runs("summary merge sums.json");
    assert!(run.err.contains("tenants: 30 unchanged"), "{}", run.err);
    let run = project.refuses(1, "migrate -t tenants --summary not/there.json");
    assert!(run.err.contains("cannot write `not/there.json`"), "{}", run.err);
    let run = project.runs(&format!("summary merge{files} --message-format json"));
    assert_eq!(with(&run, "rolled_out")[0]["migrated"], 30);
    let run = project.ends(6, "summary merge shard-1.json shard-3.json");
    assert!(run.err.contains("no summary of the shards 2/3"), "{}", run.err);
    project.refuses(2, "summary merge shard-1.json shard-1.json");
    project.write("other.json", "{}\n");
    project.refuses(2, "summary merge other.json");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_finishes_what_is_under_way_and_the_next_one_continues() {
    let project = fleet(10, "waves = [3, \"100%\"]");
    let mut command: Command =
        project.command(&["migrate", "-t", "tenants", "--pause", "1h", "--message-format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let wave = lines.find(|line| line.contains("\"reason\":\"wave\"")).expect("the canary is done");
    assert!(wave.contains("\"canary\""), "{wave}");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill is there").success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(6));
    let summary = rest.iter().find(|line| line.contains("\"rolled_out\"")).expect("there is a summary");
    for wanted in ["\"migrated\":1,", "\"not_tried\":9,", "\"stopped\":\"interrupted\""] {
        assert!(summary.contains(wanted), "{wanted}: {summary}");
    }
    assert!(rest.iter().any(|line| line.contains("to continue with those that are left")), "{rest:?}");
    assert!(project.path(".dbmigrate/rollout-tenants.json").exists());
    assert_eq!(project.read(".dbmigrate/.gitignore"), "*\n");
    // not with the canary again
    let run = project.runs("migrate -t tenants --message-format json");
    let names: Vec<Value> = with(&run, "wave").iter().map(|wave| wave["name"].clone()).collect();
    assert_eq!(names, ["3", "100%"]);
    (0..10).for_each(|at| assert_eq!(applied(&project, at), ["0001_create_users"]));
}
