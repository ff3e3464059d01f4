//! What goes wrong in the middle: a wrong statement, a full disk, a killed process, two runners at once. The database
//! is before or after a migration, never in between.

use std::fmt::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::project::{Project, Run, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String> }";
/// Only a rebuild gets there: a table constraint and another key.
const REBUILT: &str = "#[derive(Table)]\n#[table(name = \"users\", strict)]\nstruct User { #[column(primary_key, autoincrement)] id: i64, name: String }";

/// A table of many rows, and a migration that has to write them all anew.
fn before_a_rebuild(rows: usize) -> Project {
    let project = Project::migrated(USERS);
    project.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO users SELECT i, printf('somebody with number %08d and a name that takes some room', i) FROM n"
    ));
    project.structs(REBUILT);
    project.runs("generate");
    project.transcript();
    project
}

const SUM: &str = "SELECT count(*), sum(id), sum(length(name)), max(name) FROM users";

/// The old state is there as a whole, and nothing keeps the next run from applying the migration.
#[track_caller]
fn is_intact_and_goes_on(project: &Project, sum: &[String]) {
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query(SUM), sum);
    assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_create_users"]);
    assert_eq!(project.query("SELECT sql LIKE '%STRICT%' FROM sqlite_schema WHERE name = 'users'"), ["0"]);
    let run = project.runs("migrate");
    assert!(run.err.contains("1 migration applied"), "{}", run.err);
    assert_eq!(project.query(SUM), sum);
    assert_eq!(project.query("SELECT sql LIKE '%STRICT%' FROM sqlite_schema WHERE name = 'users'"), ["1"]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%dbmigrate_new%'"), ["0"]);
}

#[test]
fn a_wrong_statement_is_named_and_undoes_those_before_it() {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'Ada')");
    project.structs(&USERS.replace("name:", "age: Option<i64>, name:"));
    project.runs("generate --custom --name third_is_wrong");
    let file = sql_of("0002_third_is_wrong");
    // the lock is made to agree, as if an older version had let it pass
    project.write(
        &file,
        "ALTER TABLE users ADD COLUMN age INTEGER;\nUPDATE users SET age = 36;\n\n-- here\nUPDATE users SOT age = 37\n  WHERE id = 1;\n",
    );
    project.refuses(1, "generate --custom");
    relock(&project, "0002_third_is_wrong");
    let before = project.dump();
    project.refuses(1, "migrate");
    assert_eq!(project.dump(), before);
    project.refuses(5, "check");
    assert_snapshot!(project.transcript());
}

/// Makes the lock agree with the SQL as it is, without asking whether it works.
fn relock(project: &Project, name: &str) {
    use dbmigrate_core::folder::Folder;

    let mut folder = Folder::open(project.path("migrations")).expect("the lock is whole");
    let last = folder.head().expect("there is one").clone();
    assert_eq!(last.name.as_str(), name);
    let snapshot = folder.snapshot_at(&last).expect("it is whole");
    folder.reseal_last(&snapshot).expect("it is writable");
}

#[test]
fn a_violated_constraint_says_which_and_undoes_everything() {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Ada')");
    project.structs(&USERS.replace("name:", "#[column(unique)] name:"));
    project.runs("generate");
    project.transcript();
    project.refuses(3, "migrate");
    assert_snapshot!(project.transcript());
    // the help is right: fix the rows, then run it again
    project.sql("UPDATE users SET name = 'Grace' WHERE id = 2");
    project.runs("migrate");
}

#[test]
fn a_migration_that_does_not_lead_to_its_snapshot_is_undone() {
    let project = Project::migrated(USERS);
    project.structs(&USERS.replace("name:", "age: Option<i64>, name:"));
    project.runs("generate");
    let name = "0002_users_age";
    project.replace(&sql_of(name), "INTEGER", "TEXT");
    relock(&project, name);
    project.transcript();
    project.refuses(5, "migrate");
    project.refuses(5, "check");
    assert_snapshot!(project.transcript());
}

/// Runs `migrate` so that no file can grow beyond `kilobytes`; writing more fails as on a full disk.
#[cfg(unix)]
fn with_limit(project: &Project, kilobytes: u64) -> Run {
    let mut command = project.command(&[]);
    let binary = command.get_program().to_owned();
    // the signal has to be ignored for the write to fail; blocks of `ulimit -f` have 512 bytes in POSIX, 1024 in bash
    let script = format!("trap '' XFSZ; ulimit -f {} || exit 99; exec \"$0\" \"$@\"", kilobytes * 2);
    command = {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(script).arg(binary).args(["migrate", "--url", "dev.db"]).current_dir(project.root());
        shell
    };
    Run::of(&mut command)
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_during_a_rebuild_loses_nothing() {
    let project = before_a_rebuild(50_000);
    let sum = project.query(SUM);
    let size = project.bytes("dev.db").len() as u64 / 1024;
    let run = with_limit(&project, size / 2 + size / 4);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("`dev.db` is as it was before `0002_"), "{}", run.err);
    let message = run.err.replace(|letter: char| letter.is_ascii_digit(), "0");
    assert_snapshot!(message);
    is_intact_and_goes_on(&project, &sum);
}

#[test]
fn a_runner_that_is_killed_during_a_rebuild_loses_nothing() {
    let project = before_a_rebuild(200_000);
    let sum = project.query(SUM);
    let original = project.bytes("dev.db");
    for attempt in 1.. {
        let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
        // in the middle: the copy has begun to reach the disk, and the commit is still to come
        let size = || fs_err::metadata(project.path("dev.db")).map_or(0, |file| file.len());
        let ended = loop {
            if size() > original.len() as u64 + 1_000_000 {
                break false;
            }
            if runner.try_wait().expect("it can be asked").is_some() {
                break true;
            }
        };
        runner.kill().expect("it is ours");
        runner.wait().expect("it ends");
        if !ended && project.path("dev.db-journal").exists() {
            assert_ne!(project.bytes("dev.db"), original, "it was killed before it wrote anything");
            break;
        }
        assert!(attempt < 10, "the runner was never caught in the middle");
        project.write("dev.db", &original);
    }
    is_intact_and_goes_on(&project, &sum);
}

#[test]
fn two_runners_at_once_apply_each_migration_once() {
    const MIGRATIONS: usize = 8;
    let project = Project::generated(USERS);
    let mut fields = String::new();
    for number in 2..=MIGRATIONS {
        write!(fields, ", field{number}: Option<i64>").expect("it is a string");
        project.structs(&USERS.replace("name: Option<String>", &format!("name: Option<String>{fields}")));
        project.runs("generate");
    }
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    for round in 0..6 {
        let url = format!("round{round}.db");
        let start = |_| {
            let mut command = project.command(&["migrate", "--message-format", "json", "--url", &url]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
        };
        let runners: Vec<_> = (0..3).map(start).collect();
        let runs: Vec<Run> =
            runners.into_iter().map(|runner| runner.wait_with_output().expect("it ends").into()).collect();
        let applied = runs.iter().map(|run| {
            assert_eq!(run.code, 0, "{}{}", run.out, run.err);
            run.json().iter().filter(|object| object["reason"] == "applied").count()
        });
        assert_eq!(applied.sum::<usize>(), MIGRATIONS);
        let database = project.database(&url);
        let history = database.query("SELECT count(*), count(DISTINCT name), max(position) FROM _dbmigrate_history");
        assert_eq!(history, [format!("{MIGRATIONS}|{MIGRATIONS}|{MIGRATIONS}")]);
    }
}

#[test]
fn two_runners_at_once_go_on_from_rows_together() {
    let project = before_a_rebuild(20_000);
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    let sum = project.query(SUM);
    let start = |_| project.command(&["migrate"]).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let runners: Vec<_> = (0..3).map(start).collect();
    for runner in runners {
        let run = Run::from(runner.wait_with_output().expect("it ends"));
        assert_eq!(run.code, 0, "{}", run.err);
    }
    assert_eq!(project.query(SUM), sum);
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
}
