//! Rehearsals: pending migrations on a copy of the real rows first. What fails there fails nowhere else.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::project::{BINARY, Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {\n    #[column(primary_key)]\n    id: i64,\n    name: Option<String>,\n}\n#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post {\n    #[column(primary_key)]\n    id: i64,\n    #[column(references = User::id, on_delete = cascade)]\n    author: i64,\n}\n";

/// Users with posts, and a pending migration that rebuilds them.
fn pending() -> Project {
    let project = Project::migrated(USERS);
    project.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         INSERT INTO users SELECT i, 'user ' || i FROM n; INSERT INTO posts SELECT id, id FROM users WHERE id <= 300",
    );
    project.structs(&USERS.replace("Option<String>", "String"));
    project.runs("generate --name names");
    project.transcript();
    project
}

const PENDING: &str = "0002_names";

/// Puts a line on top of the pending migration.
fn with_directive(project: &Project, name: &str, line: &str) {
    let text = project.read(&sql_of(name));
    project.write(&sql_of(name), format!("{text}\n{line}\n"));
    project.runs("generate --custom");
}

/// The files that a rehearsal could have left behind.
fn left_behind(project: &Project) -> Vec<PathBuf> {
    let folders = [project.root(), project.path("copies")];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.display().to_string().contains(".dbmigrate")).collect()
}

#[test]
fn a_rehearsal_says_what_each_migration_does_to_the_real_rows_and_then_applies_it() {
    for mode in ["DELETE", "WAL"] {
        let project = pending();
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        let run = project.runs("migrate --rehearse");
        assert!(run.err.contains("Copying dev.db ("), "{}", run.err);
        assert!(run.err.contains(&format!("Rehearsed {PENDING} (")), "{}", run.err);
        assert!(run.err.contains("1,000 rows rewritten, ") && run.err.contains(" written, size "), "{}", run.err);
        assert!(run.err.contains("`users`: 1,000 rows kept, all rewritten"), "{}", run.err);
        assert!(
            run.err.contains("Expected dev.db: ") && run.err.contains(&format!("Applied {PENDING}")),
            "{}",
            run.err
        );
        assert_eq!(project.query("SELECT count(*), sum(id) FROM users"), ["1000|500500"]);
        assert_eq!(project.query("SELECT count(*) FROM posts"), ["300"]);
        assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
        assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(project.query("PRAGMA journal_mode"), [mode.to_lowercase()]);
        assert!(left_behind(&project).is_empty());
        // nothing is pending
        let run = project.runs("migrate --rehearse");
        assert!(run.err.contains("nothing to apply") && !run.err.contains("Copying"), "{}", run.err);
    }
}

#[test]
fn a_rehearsal_only_changes_nothing() {
    let project = pending();
    let run = project.refuses(0, "migrate --rehearse-only");
    assert!(run.err.contains(&format!("Rehearsed {PENDING}")), "{}", run.err);
    assert!(run.err.contains("1 migration went well on a copy, nothing was changed"), "{}", run.err);
    project.refuses(2, "migrate --rehearse-only --dry-run");
    project.runs("migrate");
    let run = project.refuses(0, "migrate --rehearse-only");
    assert!(run.err.contains("nothing to apply"), "{}", run.err);
    // a new database has no rows
    let run = project.runs("migrate --rehearse-only --url new.db");
    assert!(run.err.contains("`users`: new, 0 rows") && !project.path("new.db").exists(), "{}", run.err);
    project.runs("migrate --rehearse --url new.db");
    assert!(project.path("new.db").exists());
}

#[test]
fn what_contradicts_a_migration_is_found_on_the_copy_with_the_keys_of_the_rows() {
    let project = pending();
    project.sql("UPDATE users SET name = NULL WHERE id IN (3, 70, 999)");
    for line in ["migrate --rehearse-only", "migrate --rehearse"] {
        let run = project.refuses(3, line);
        assert!(run.err.contains("3 rows have NULL in `users.name`"), "{}", run.err);
        assert!(run.err.contains("rows: 3; 70; 999"), "{}", run.err);
        assert!(run.err.contains("this was a rehearsal on a copy: `dev.db` was not changed"), "{}", run.err);
        assert!(left_behind(&project).is_empty());
    }
    let run = project.refuses(3, "migrate --rehearse-only --message-format json");
    let finished = run.finished();
    let rehearsal = &finished["rehearsals"][0];
    assert_eq!((&rehearsal["passed"], &rehearsal["failed"]), (&false.into(), &PENDING.into()));
    let keys = serde_json::json!([["3"], ["70"], ["999"]]);
    assert_eq!((&rehearsal["violations"][0]["keys"], &rehearsal["violations"][0]["more"]), (&keys, &false.into()));
}

#[test]
fn a_rehearsal_is_a_message_with_all_figures() {
    let project = pending();
    let run = project.runs("migrate --rehearse --message-format json");
    let objects = run.json();
    let found = objects.iter().find(|object| object["reason"] == "rehearsed").expect("it is said");
    let one = &found["migrations"][0];
    assert_eq!((&found["passed"], &one["rows_rewritten"]), (&true.into(), &1000.into()));
    let users = serde_json::json!([{ "table": "users", "renamed_from": null, "rows_before": 1000, "rows_after": 1000, "rows_rewritten": 1000 }]);
    assert_eq!((&one["tables"], &one["tables_unchanged"]), (&users, &1.into()));
    assert!(one["bytes_written"].as_u64() > Some(10_000) && one["bytes_before"].as_u64() > Some(10_000), "{one}");
    assert!(objects.iter().any(|object| object["reason"] == "applied"));
}

#[test]
fn a_migration_that_rewrites_more_rows_than_it_expects_is_refused_by_the_rehearsal() {
    let project = pending();
    with_directive(&project, PENDING, "-- dbmigrate: expect-rewrites 999");
    for line in ["migrate --rehearse", "migrate --rehearse-only"] {
        let run = project.refuses(3, line);
        let wanted = format!("`{PENDING}` is refused: it rewrites 1,000 rows, and `expect-rewrites` allows 999");
        assert!(run.err.contains(&wanted) && run.err.contains("migration.sql:"), "{}", run.err);
    }
    project.sql("DELETE FROM users WHERE id = 1000");
    project.runs("migrate --rehearse");
}

#[test]
fn a_migration_that_promises_no_rewrites_and_has_some_is_refused_without_a_rehearsal() {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'a'), (2, 'b')");
    let users = USERS.replace("name: Option<String>,", "name: Option<String>,\n    locale: String,");
    project.structs(&users);
    project.runs("generate --name names --backfill users.locale='en'");
    let text = project.read(&sql_of(PENDING));
    project.write(&sql_of(PENDING), format!("{text}\n-- dbmigrate: expect-rewrites 0\n"));
    let run = project.refuses(3, "generate --custom");
    let wanted = "it rewrites `users`, and `expect-rewrites 0` promises not to";
    assert!(run.err.contains(wanted) && run.err.contains("nothing was recorded"), "{}", run.err);
    // recorded all the same, as by another version
    project.write(&sql_of(PENDING), format!("{text}\n-- dbmigrate: expect-rewrites 1\n"));
    project.runs("generate --custom");
    project.structs(&users.replace("author: i64,", "author: i64,\n    title: Option<String>,"));
    project.runs("generate --name titles");
    with_directive(&project, "0003_titles", "-- dbmigrate: expect-rewrites 0");
    project.runs("check");
    let run = project.refuses(3, "migrate --rehearse");
    assert!(run.err.contains("`0002_names` is refused") && !run.err.contains("`0003_titles`"), "{}", run.err);
}

#[test]
fn a_migration_that_takes_longer_than_it_expects_is_refused_by_the_rehearsal() {
    let project = pending();
    with_directive(&project, PENDING, "-- dbmigrate: expect-time 0ms");
    let run = project.refuses(3, "migrate --rehearse");
    assert!(run.err.contains("it takes about ") && run.err.contains("`expect-time` allows 0.00s"), "{}", run.err);
    let text = project.read(&sql_of(PENDING)).replace("expect-time 0ms", "expect-time 5m");
    project.write(&sql_of(PENDING), text);
    project.runs("generate --custom");
    project.runs("migrate --rehearse");
}

#[test]
fn writers_that_would_wait_for_longer_than_configured_are_not_made_to_wait() {
    let project = pending();
    project.write(
        "dbmigrate.toml",
        "max_write_lock = \"0s\"\n[targets.calm]\nurl = \"dev.db\"\nmax_write_lock = \"1h\"\n",
    );
    let run = project.refuses(3, "migrate --rehearse");
    assert!(
        run.err.contains("other writers wait up to ") && run.err.contains("`max_write_lock` allows 0.00s"),
        "{}",
        run.err
    );
    let run = project.ends(2, "migrate --rehearse -t tranquil");
    assert!(run.err.contains("tranquil"), "{}", run.err);
    project.write("dbmigrate.toml", "max_write_lock = 5\n");
    let run = project.refuses(2, "migrate");
    assert!(run.err.contains("dbmigrate.toml:1:"), "{}", run.err);
    project.write("dbmigrate.toml", "[targets.calm]\nurl = \"dev.db\"\nmax_write_lock = \"5 minutes\"\n");
    let run = project.refuses(2, "migrate -t calm");
    assert!(run.err.contains("dbmigrate.toml:3:1") && run.err.contains("is not a duration"), "{}", run.err);
    // that of a target counts for it
    project.write(
        "dbmigrate.toml",
        "max_write_lock = \"0s\"\n[targets.calm]\nurl = \"dev.db\"\nmax_write_lock = \"1h\"\n",
    );
    project.runs("migrate --rehearse -t calm");
}

#[test]
fn a_copy_is_private_and_is_removed_also_after_the_process_is_interrupted() {
    // long enough to be interrupted
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) UPDATE users SET name = (SELECT count(*) FROM n) WHERE id = 1;\n";
    for signal in ["INT", "TERM"] {
        let project = pending();
        project.runs("generate --custom --name slow");
        let file = sql_of("0003_slow");
        // recorded without being run: no rows there
        project.write(&file, slow);
        project.runs("generate --custom");
        std::fs::create_dir(project.path("copies")).expect("it can be made");
        let before = project.bytes("dev.db");
        let mut child = project
            .command(&["migrate", "--rehearse", "--rehearse-in", "copies"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{BINARY}: {error}"));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let seen = stderr.lines().map_while(Result::ok).find(|line| line.contains("Rehearsed 0002_names"));
        assert!(seen.is_some(), "the first migration is not slow");
        let copies = left_behind(&project);
        assert_eq!(copies.len(), 1, "{copies:?}");
        #[cfg(unix)]
        for entry in std::fs::read_dir(&copies[0]).expect("it is there").flatten() {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = entry.metadata().expect("it is there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{entry:?}");
        }
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(kill.expect("kill is there").success());
        let end = Instant::now() + Duration::from_secs(20);
        while child.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < end, "it goes on after {signal}");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(left_behind(&project).is_empty());
        assert_eq!(project.bytes("dev.db"), before);
    }
}

#[test]
fn a_database_that_is_written_to_during_the_rehearsal_is_not_migrated() {
    for mode in ["DELETE", "WAL"] {
        for (sql, wanted) in [
            ("UPDATE users SET name = 'other' WHERE id = 5", "the database was written to since it was copied"),
            ("CREATE TABLE by_hand (a)", ""),
        ] {
            let project = pending();
            project.sql(&format!("PRAGMA journal_mode = {mode}"));
            project.runs("generate --custom --name slow");
            project.write(
                &sql_of("0003_slow"),
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) UPDATE users SET name = (SELECT count(*) FROM n) WHERE id = 1;\n",
            );
            project.runs("generate --custom");
            let mut child =
                project.command(&["migrate", "--rehearse"]).stderr(Stdio::piped()).spawn().expect("the binary runs");
            let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.contains("Rehearsed 0002_names")));
            project.sql(sql);
            let rest: Vec<String> = lines.collect();
            let rest = rest.join("\n");
            assert_eq!(child.wait().expect("it is ours").code(), Some(5), "{sql}: {rest}");
            assert!(rest.contains(wanted) && rest.contains("Rehearsed 0003_slow"), "{sql}: {rest}");
            assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"], "{sql}");
            assert!(left_behind(&project).is_empty());
        }
    }
}

#[test]
fn a_rehearsal_without_room_says_so_before_it_copies() {
    let project = pending();
    let run = project.refuses(2, "migrate --rehearse --rehearse-in nowhere");
    assert!(run.err.contains("no such folder"), "{}", run.err);
    std::fs::create_dir(project.path("copies")).expect("it can be made");
    project.runs("migrate --rehearse-only --rehearse-in copies");
    assert!(left_behind(&project).is_empty());
    project.set("TMPDIR", &project.path("copies").display().to_string());
    let run = project.runs("migrate --rehearse-only");
    assert!(run.err.contains(" to copies"), "{}", run.err);
}

#[test]
fn what_cannot_run_in_a_transaction_is_rehearsed_on_a_file() {
    let project = pending();
    project.runs("generate --custom --name compact");
    project.write(&sql_of("0003_compact"), "-- dbmigrate: no-transaction\nVACUUM;\n");
    project.runs("generate --custom");
    let run = project.refuses(0, "migrate --rehearse-only");
    assert!(run.err.contains("Rehearsed 0003_compact") && run.err.contains("1,300 rows rewritten"), "{}", run.err);
    let run = project.refuses(2, "migrate --rehearse --atomic");
    assert!(run.err.contains("cannot be part of an atomic run"), "{}", run.err);
    project.runs("migrate --rehearse");
}
