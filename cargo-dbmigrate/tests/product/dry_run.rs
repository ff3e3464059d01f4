//! Dry runs take every answer that the real run would take, exit code included, and change nothing: each case runs the
//! dry run, looks at every file beside the database, and then runs in earnest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {\n    #[column(primary_key)]\n    id: i64,\n    name: Option<String>,\n}\n";

/// A migration that was written by hand.
fn custom(project: &Project, name: &str, sql: &str) -> String {
    project.runs(&format!("generate --custom --name {name}"));
    let folder = project.file_names();
    let folder = folder.lines().find(|line| line.contains(&format!("_{name}/"))).expect("it was written");
    let folder = folder.split('/').nth(1).expect("it has a folder").to_owned();
    project.write(&sql_of(&folder), sql);
    project.runs("generate --custom");
    folder
}

/// Two users, one without a name.
fn populated(project: &Project) {
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, NULL)");
}

/// The bytes of all files, those of the database included.
fn files(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = project.tree();
    for entry in fs_err::read_dir(project.root()).expect("it is readable") {
        let path = entry.expect("it is readable").path();
        if path.is_file() {
            files.insert(path.clone(), fs_err::read(&path).expect("it is readable"));
        }
    }
    files
}

/// The exit code of both, and what the dry run said.
#[track_caller]
fn both(project: &Project, line: &str) -> (i32, String, String) {
    let before = files(project);
    let (command, flags) = line.split_once(' ').unwrap_or((line, ""));
    let dry = project.run(&format!("{command} --dry-run {flags}"));
    assert!(before == files(project), "a dry run has changed something:\n{}{}", dry.out, dry.err);
    let real = project.run(line);
    assert_eq!(dry.code, real.code, "`{line}` dry:\n{}{}in earnest:\n{}{}", dry.out, dry.err, real.out, real.err);
    let error = |text: &str| text.lines().find(|line| line.starts_with("error")).unwrap_or_default().to_owned();
    assert_eq!(error(&dry.err), error(&real.err), "`{line}`");
    (dry.code, dry.out, dry.err)
}

#[test]
fn a_dry_run_is_refused_for_rows_that_the_real_run_is_refused_for() {
    for mode in ["DELETE", "WAL"] {
        let project = Project::migrated(USERS);
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        populated(&project);
        project.structs(&USERS.replace("Option<String>", "String"));
        project.runs("generate");
        let (code, out, err) = both(&project, "migrate");
        assert_eq!((code, out.as_str()), (3, ""), "{err}");
        assert!(err.contains("1 row") && err.contains("nothing was changed"), "{err}");
        assert_eq!(project.dump(), "-- users\nid|name\n1|Ada\n2|NULL\n");
    }
}

#[test]
fn a_dry_run_sees_rows_that_a_pending_migration_before_makes_or_mends() {
    // the first mends what the second would be refused for
    let project = Project::migrated(USERS);
    populated(&project);
    custom(&project, "mend", "UPDATE users SET name = '?' WHERE name IS NULL;\n");
    project.structs(&USERS.replace("Option<String>", "String"));
    project.runs("generate");
    let (code, out, _) = both(&project, "migrate");
    assert_eq!(code, 0);
    assert!(out.contains("UPDATE users SET name = '?'") && out.contains("expect-none"), "{out}");
    assert_eq!(project.dump(), "-- users\nid|name\n1|Ada\n2|?\n");
    // the first makes it
    let project = Project::migrated(USERS);
    custom(&project, "spoil", "INSERT INTO users VALUES (9, NULL);\n");
    project.structs(&USERS.replace("Option<String>", "String"));
    project.runs("generate");
    let (code, _, err) = both(&project, "migrate");
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("1 migration before it would be applied and kept"), "{err}");
}

#[test]
fn a_dry_run_is_refused_for_statements_and_references_that_fail() {
    let posts = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post {\n    #[column(primary_key)]\n    id: i64,\n    #[column(references = User::id)]\n    user_id: i64,\n}\n";
    for sql in [
        "INSERT INTO users SELECT id, name FROM users;\n",
        "DELETE FROM users WHERE id = 1;\n",
        "UPDATE users SET id = json_extract(name, '$') WHERE name IS NOT NULL;\n",
    ] {
        let project = Project::migrated(&format!("{USERS}{posts}"));
        populated(&project);
        project.sql("INSERT INTO posts VALUES (1, 1)");
        // replayed in memory, where there are no rows
        custom(&project, "byhand", sql);
        let (code, _, err) = both(&project, "migrate");
        assert!(code != 0, "{sql}: {err}");
        assert_eq!(project.dump(), "-- posts\nid|user_id\n1|1\n-- users\nid|name\n1|Ada\n2|NULL\n");
    }
}

#[test]
fn a_dry_run_is_refused_for_a_database_that_cannot_be_written_or_is_locked() {
    let project = Project::migrated(USERS);
    custom(&project, "more", "INSERT INTO users VALUES (9, NULL);\n");
    let hand = project.database("dev.db");
    hand.run("BEGIN IMMEDIATE");
    // not `both`: reading the file here would give up this process's locks (fcntl(2))
    for line in ["migrate --dry-run --timeout 1", "migrate --timeout 1"] {
        let run = project.ends(1, line);
        assert!(run.err.contains("`dev.db` is locked: another program is writing to it"), "{}", run.err);
    }
    hand.run("ROLLBACK");
    drop(hand);
    assert_eq!(both(&project, "migrate").0, 0);
    // nowhere to be made
    assert_eq!(both(&project, "migrate --url no/such/folder.db").0, 1);
    assert_eq!(both(&project, "migrate --to 7").0, 2);
}

#[test]
fn a_dry_run_of_all_or_nothing_is_refused_as_the_real_run_is() {
    let project = Project::migrated(USERS);
    custom(&project, "one", "INSERT INTO users VALUES (9, NULL);\n");
    custom(&project, "vacuum", "-- dbmigrate: no-transaction\nVACUUM;\n");
    assert_eq!(both(&project, "migrate --atomic").0, 2);
    assert_eq!(both(&project, "migrate").0, 0);
}

#[test]
fn a_dry_run_shows_the_sql_of_every_pending_migration() {
    let project = Project::migrated(USERS);
    let by_hand = custom(&project, "byhand", "INSERT INTO users VALUES (9, NULL);\n");
    project.structs(&USERS.replace("name:", "age: Option<i64>,\n    name:"));
    project.runs("generate --name age");
    for flags in ["", "-q", "-v"] {
        let run = project.refuses(0, &format!("migrate --dry-run {flags}"));
        assert!(run.out.starts_with(&format!("-- {by_hand}\nINSERT INTO users")), "{}", run.out);
        let age = project.read(&sql_of("0003_age"));
        assert!(run.out.contains(age.trim_end()) && run.out.matches("-- 0003_age").count() == 1, "{}", run.out);
    }
}

#[test]
fn a_dry_run_of_a_push_is_refused_for_what_only_the_rows_show() {
    let project = Project::new(&USERS.replace("name: Option<String>", "name: String"));
    project.runs("push");
    project.sql("INSERT INTO users VALUES (1, '1'), (2, 'x')");
    // a conversion of a backfill that fails on one row
    project.structs(&USERS.replace("name: Option<String>", "name: String,\n    size: i64"));
    let (code, _, err) = both(&project, "push --backfill users.size=abs(json_extract(name,'$'))");
    assert!(code != 0, "{err}");
    assert_eq!(project.dump(), "-- users\nid|name\n1|1\n2|x\n");
    assert_eq!(both(&project, "push --backfill users.size=length(name)").0, 0);
    assert_eq!(project.dump(), "-- users\nid|name|size\n1|1|1\n2|x|1\n");
}

#[test]
fn a_dry_run_of_generate_records_no_edit() {
    let project = Project::migrated(USERS);
    project.runs("generate --custom --name byhand");
    project.write(&sql_of("0002_byhand"), "INSERT INTO users VALUES (9, NULL);\n");
    project.refuses(0, "generate --custom --dry-run");
    project.refuses(5, "migrate");
    project.write(&sql_of("0002_byhand"), "INSERT INTO nope VALUES (9, NULL);\n");
    let dry = project.refuses(1, "generate --custom --dry-run");
    let real = project.refuses(1, "generate --custom");
    assert_eq!(dry.err, real.err);
}

#[test]
fn a_check_of_generate_is_refused_for_what_cannot_be_generated() {
    let project = Project::migrated(USERS);
    project.structs(&USERS.replace("name:", "age: i64,\n    name:"));
    // undecided is a difference, and what cannot be written is none that can be generated
    project.refuses(4, "generate --check");
    project.refuses(4, "generate --check --backfill users.age=0");
    let dry = project.refuses(2, "generate --dry-run --backfill users.age=nope");
    assert!(dry.err.contains("no such column: nope"), "{}", dry.err);
    project.refuses(2, "generate --check --backfill users.age=nope");
    project.refuses(2, "generate --backfill users.age=nope");
}
