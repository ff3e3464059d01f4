//! `--with BIN`: a program of the package runs the steps in Rust of migrations, whatever it is.
//!
//! The program speaks as `serve_steps` does, and is compiled without the crate, which would have to wait for C. That
//! `serve_steps` speaks so is tested where it is.

use crate::project::Project;
use crate::steps_program::{ROWS, add_step, application};

/// A package with a program, and a database with rows that lacks a migration with a step and one behind it.
fn pending() -> Project {
    let project = Project::new("");
    application(&project);
    project.sql(ROWS);
    add_step(&project);
    project
}

const BEFORE: [&str; 2] = ["1|a|NULL", "2|b|NULL"];
const AFTER: [&str; 2] = ["1|NULL|ha", "2|NULL|hb"];

#[test]
fn the_program_of_the_application_runs_the_steps_and_gets_no_token() {
    let project = pending();
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"dev.db\"\ntoken_env = \"PRODUCTION_TOKEN\"\n");
    for (name, value) in
        [("PRODUCTION_TOKEN", "secret"), ("DBMIGRATE_SECRET", "secret"), ("TURSO_DATABASE_URL", "dev.db")]
    {
        project.set(name, value);
    }
    let run = project.ends(0, "migrate --dry-run --with steps");
    assert!(run.out.contains("-- dbmigrate: rust"), "{}", run.out);
    assert!(run.err.contains("ROWS {\"rows\":{\"rows\":[[{\"integer\":2}]]}}"), "the step sees the rows: {}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), BEFORE);
    project.ends(0, "migrate --rehearse-only --with steps");
    let run = project.runs("migrate --rehearse --with steps");
    assert!(run.err.contains("CHANGED {\"changed\":{\"rows\":2}}"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), AFTER);
    assert_eq!(project.query("SELECT * FROM posts"), ["7|1", "8|2"]);
    assert_eq!(
        project.query("SELECT kind FROM _dbmigrate_history ORDER BY position"),
        ["migration", "rust", "migration"]
    );
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    let run = project.runs("status");
    assert!(run.out.contains(" with its step in Rust\n"), "{}", run.out);
    project.runs("reset --accept rows --with steps");
    assert_eq!(
        project.query("SELECT kind FROM _dbmigrate_history ORDER BY position"),
        ["migration", "rust", "migration"]
    );
    project.runs("plan --rehearse --with steps");
}

#[test]
fn a_step_that_does_not_end_well_is_rolled_back() {
    let project = pending();
    for (wanted, said) in [
        ("fail", "the step in Rust of `0002_hash_tokens` failed: no luck"),
        ("exit", "failed: `steps` ended with exit code 3"),
        ("abort", "failed: `steps` was ended by a signal: 6"),
        ("garbage", "failed: `steps` wrote `debug: 1 of 2` to standard output"),
        ("half", "failed: `steps` wrote `{\\\"done\\\"` to standard output"),
        ("binary", "failed: `steps` wrote `\\u{fffd}\\u{fffd}` to standard output"),
        ("hang", "failed: `steps` did nothing for 2 s, and was ended"),
        ("commit", "failed: it may not commit"),
        ("dangling", "`posts` has 2 dangling references to `users` after the migration"),
    ] {
        project.set("APP_WANTED", wanted);
        let code = if wanted == "dangling" { 3 } else { 1 };
        let run = project.ends(code, "migrate --with steps --step-timeout 2");
        assert!(run.err.contains(said), "{wanted}: {}", run.err);
        if wanted == "commit" {
            assert!(run.err.contains("SAID {\"refused\":{\"message\":\"`COMMIT` in a step"), "{}", run.err);
        }
        assert_eq!(project.query("SELECT * FROM users"), BEFORE, "{wanted}");
        assert_eq!(project.query("SELECT * FROM posts"), ["7|1", "8|2"], "{wanted}");
        assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"], "{wanted}");
        assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0], "{wanted}");
    }
}

#[test]
fn a_program_that_is_not_the_one_is_refused_before_anything_is_touched() {
    let project = pending();
    for (wanted, said) in [
        ("no program", "`steps` is not a program with steps: `steps` wrote `hello, world` to standard output"),
        ("old", "`steps` speaks version 7, and this cargo-dbmigrate version 1"),
        ("silent", "`steps` is not a program with steps: `steps` did nothing for 1 s"),
    ] {
        project.set("APP_WANTED", wanted);
        let run = project.ends(1, "migrate --with steps --step-timeout 1");
        assert!(run.err.contains(said), "{wanted}: {}", run.err);
        assert!(run.err.contains("nothing was changed"), "{wanted}: {}", run.err);
    }
    project.set("APP_WANTED", "");
    project.set("APP_LOCK", "another");
    let run = project.ends(1, "migrate --with steps");
    assert!(run.err.contains("`steps` has embedded other migrations than those of `migrations`"), "{}", run.err);
    let run = project.ends(1, "migrate --with stpes");
    assert!(run.err.contains("cannot build the program `stpes` of `app`"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM users"), BEFORE);
    let run = project.ends(2, "migrate --step-timeout 3");
    assert!(run.err.contains("--with"), "{}", run.err);
}

#[test]
fn check_runs_the_steps_in_memory_and_on_generated_rows() {
    let project = pending();
    let run = project.ends(0, "check --with steps");
    assert!(run.err.contains("ROWS {\"rows\":{\"rows\":[[{\"integer\":0}]]}}"), "on an empty database: {}", run.err);
    let proved = "Proved the step in Rust of 0002_hash_tokens, on ";
    assert!(run.err.contains(proved), "{}", run.err);
    assert!(!run.err.contains("not run"), "{}", run.err);
    project.set("APP_WANTED", "dangling");
    let run = project.ends(5, "check --with steps");
    assert!(run.err.contains("dangling references to `users` after the migration"), "{}", run.err);
    assert!(run.err.contains("it was tried on generated rows"), "{}", run.err);
    project.set("APP_WANTED", "exit");
    let run = project.ends(5, "check --with steps");
    assert!(run.err.contains("`steps` ended with exit code 3"), "{}", run.err);
}
