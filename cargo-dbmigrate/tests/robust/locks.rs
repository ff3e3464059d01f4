//! Others in the same file: readers and writers, with a rollback journal and with a write-ahead log.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use dbmigrate_test_support::PATIENCE;

use crate::project::{Project, Run};
use crate::story::Story;
use crate::subject::{LocalFile, Subject, command, migrate, pictures, start};

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";

/// A database with a row and one of two migrations.
fn behind(busy_timeout: u64) -> Project {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'Ada')");
    project.structs(&USERS.replace("name:", "age: Option<i64>, name:"));
    project.runs("generate");
    project.write("dbmigrate.toml", format!("busy_timeout = {busy_timeout}\n"));
    project
}

const APPLIED: &str = "SELECT count(*) FROM _dbmigrate_history";

#[test]
fn an_open_reader_is_waited_for() {
    let project = behind(600);
    let reader = project.database("dev.db");
    reader.run("BEGIN");
    assert_eq!(reader.query("SELECT name FROM users"), ["Ada"]);
    let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
    std::thread::sleep(Duration::from_millis(400));
    assert!(runner.try_wait().expect("it can be asked").is_none(), "it did not wait");
    assert_eq!(reader.query(APPLIED), ["1"]);
    reader.run("COMMIT");
    assert!(runner.wait().expect("it ends").success());
    assert_eq!(reader.query(APPLIED), ["2"]);
}

#[test]
fn a_reader_that_stays_is_named_and_loses_nothing() {
    let project = behind(1);
    let reader = project.database("dev.db");
    reader.run("BEGIN");
    assert_eq!(reader.query("SELECT name FROM users"), ["Ada"]);
    let run = project.ends(1, "migrate");
    assert!(run.err.contains("`dev.db` is locked: another program is reading it"), "{}", run.err);
    assert!(run.err.contains("`dev.db` is as it was before `0002_users_age`"), "{}", run.err);
    // the help is right: there is such a thing as a reader that nobody waits for
    let line = run.err.split('`').find(|part| part.starts_with("sqlite3 ")).expect("it says what to do");
    assert_eq!(line, "sqlite3 dev.db 'PRAGMA journal_mode = WAL'");
    reader.run("COMMIT");
    reader.run("PRAGMA journal_mode = WAL");
    reader.run("BEGIN");
    assert_eq!(reader.query(APPLIED), ["1"]);
    project.runs("migrate");
    // its transaction began before
    assert_eq!(reader.query(APPLIED), ["1"]);
    reader.run("COMMIT");
    assert_eq!(reader.query(APPLIED), ["2"]);
    assert_eq!(reader.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_writer_is_waited_for_as_long_as_was_configured() {
    for journal in ["DELETE", "WAL"] {
        let project = behind(1);
        let writer = project.database("dev.db");
        writer.run(&format!("PRAGMA journal_mode = {journal}"));
        writer.run("BEGIN IMMEDIATE");
        let started = Instant::now();
        let run = project.ends(1, "migrate");
        let waited = started.elapsed();
        assert!(run.err.contains("`dev.db` is locked: another program is writing to it"), "{}", run.err);
        assert!(run.err.contains("`--timeout 60`"), "{}", run.err);
        assert!(Duration::from_secs(1) <= waited && waited < Duration::from_secs(20), "{waited:?}");
        let started = Instant::now();
        project.ends(1, "migrate --timeout 3");
        assert!(Duration::from_secs(3) <= started.elapsed(), "{:?}", started.elapsed());
        writer.run("ROLLBACK");
        project.runs("migrate");
        assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|NULL"]);
    }
}

/// What does not fit into the cache has to be written to the file before the end, which nobody may be reading then.
#[test]
fn a_reader_that_stays_through_large_rebuilds_costs_time_but_no_rows() {
    let story = Story::new(12_000);
    story.project.write("dbmigrate.toml", "busy_timeout = 1\n");
    let mut file = LocalFile::new(&story, "reader.db", false);
    let before = file.look();
    let reader = story.project.database("reader.db");
    reader.run("BEGIN");
    reader.query("SELECT count(*) FROM posts");
    let started = Instant::now();
    let run = Run::of(&mut command(&story, &file, &["migrate"]));
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("another program is reading it"), "{}", run.err);
    // once for each statement at most
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    reader.run("COMMIT");
    drop(reader);
    file.look().must_be(&before, "after a reader that stayed");
    let pictures = pictures(&story, &mut file);
    migrate(&story, &file, &[]);
    file.look().must_be(&pictures[story.len()], "the next run");
}

#[test]
fn what_a_killed_process_left_is_cleared_by_whoever_comes_first() {
    let story = Story::new(12_000);
    let mut file = LocalFile::new(&story, "hot.db", false);
    let before = file.look();
    let journal = file.beside("-journal");
    for attempt in 1.. {
        let mut runner = start(&story, &file);
        while file.is_hot() == Some(false) && runner.try_wait().expect("it can be asked").is_none() {}
        runner.kill().expect("it is ours");
        runner.wait().expect("it ends");
        if file.is_hot() == Some(true) {
            break;
        }
        file.restore();
        assert!(attempt < 20, "it was never caught in the middle");
    }
    let applied = || story.project.database("hot.db").query(APPLIED);
    // the first one is a command that only reads
    let run = Run::of(&mut command(&story, &file, &["status"]));
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(!journal.exists(), "the journal is still there");
    let count = applied();
    assert!(run.err.contains(&format!("{} of 8 migrations applied", count[0])), "{}", run.err);
    if count == ["1"] {
        file.look().must_be(&before, "after the journal was played back");
    }
    migrate(&story, &file, &[]);
    assert_eq!(applied(), ["8"]);
}

/// Waits until a process has opened a file, where the system says so, and in any case for a moment.
fn wait_until_open(process: u32, file: &Path) {
    let file = fs_err::canonicalize(file).expect("it is there");
    let files = format!("/proc/{process}/fd");
    let is_open = || {
        let open = fs_err::read_dir(&files).into_iter().flatten().flatten();
        open.filter_map(|entry| fs_err::read_link(entry.path()).ok()).any(|link| link == file)
    };
    let begin = Instant::now();
    while cfg!(target_os = "linux") && !is_open() {
        assert!(begin.elapsed() < PATIENCE, "`{}` was not opened", file.display());
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(400));
}

#[test]
fn a_file_that_is_replaced_meanwhile_is_not_written() {
    let project = behind(600);
    let writer = project.database("dev.db");
    writer.run("BEGIN IMMEDIATE");
    let mut runner = project.command(&["migrate"]);
    let runner = runner.stderr(Stdio::piped()).spawn().expect("the binary runs");
    wait_until_open(runner.id(), &project.path("dev.db"));
    fs_err::rename(project.path("dev.db"), project.path("moved.db")).expect("it is ours");
    fs_err::copy(project.path("moved.db"), project.path("dev.db")).expect("it is ours");
    writer.run("ROLLBACK");
    drop(writer);
    let run = Run::from(runner.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("`dev.db` was moved or deleted while it was open"), "{}", run.err);
    for name in ["dev.db", "moved.db"] {
        assert_eq!(project.database(name).query(APPLIED), ["1"], "{name}");
        assert_eq!(project.database(name).query("SELECT * FROM users"), ["1|Ada"], "{name}");
    }
    project.runs("migrate");
}
