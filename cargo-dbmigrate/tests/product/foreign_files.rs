//! Files that are no database, are damaged, or are not what they seem: whatever command opens them, it gives a right
//! result or says what is wrong, and the file stays as it is.

use crate::project::Project;

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";

/// Every command that opens a database.
const COMMANDS: [&str; 8] =
    ["status", "migrate", "migrate --dry-run", "push", "push --dry-run", "pull", "diff", "baseline"];

/// A project whose database has rows on many pages.
fn project() -> Project {
    let project = Project::migrated(USERS);
    project.sql(
        "INSERT INTO users WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         SELECT i, 'name ' || i FROM n",
    );
    project
}

/// Bytes in which nobody finds a pattern.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

fn page_size(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[16], bytes[17]]))
}

/// Every command must refuse `dev.db` with this message, say that nothing was changed, and leave everything as it is.
#[track_caller]
fn refused_by_all(project: &Project, message: &str) {
    for command in COMMANDS {
        let run = project.refuses(1, command);
        let first = format!("error: {message}\n");
        assert!(run.err.starts_with(&first), "`{command}` said\n{}", run.err);
        let state = ["nothing was changed", "nothing was written"];
        assert!(state.iter().any(|state| run.err.contains(state)), "`{command}` said\n{}", run.err);
        assert!(run.out.is_empty(), "{}", run.out);
    }
}

#[test]
fn what_is_no_database_is_refused_by_every_command() {
    let project = project();
    for bytes in [noise(20_000), noise(10), "Dear diary,\n".repeat(1000).into_bytes(), vec![0; 8192]] {
        project.write("dev.db", bytes);
        refused_by_all(&project, "`dev.db` is not a database, or it is encrypted");
    }
}

#[test]
fn an_encrypted_database_is_not_taken_for_another_one() {
    let project = project();
    // some ciphers leave the header readable
    let good = project.bytes("dev.db");
    project.write("dev.db", [&good[..16], &noise(good.len() - 16)].concat());
    refused_by_all(&project, "`dev.db` starts like a database, but cannot be read: it is damaged or encrypted");
    project.write("dev.db", [&good[..100], &noise(good.len() - 100)].concat());
    refused_by_all(&project, "`dev.db` is damaged: database disk image is malformed");
}

#[test]
fn a_database_from_the_future_is_refused_by_every_command() {
    let project = project();
    let good = project.bytes("dev.db");
    // the version to read it with, and that of the schema (sqlite.org/fileformat.html#the_database_header)
    for (at, value) in [(19, 3), (47, 5)] {
        let mut bytes = good.clone();
        bytes[at] = value;
        project.write("dev.db", bytes);
        refused_by_all(&project, "`dev.db` has a file format that is too new for this version of libSQL");
    }
}

#[test]
fn a_truncated_database_is_refused_by_every_command() {
    let project = project();
    let good = project.bytes("dev.db");
    for length in [60, page_size(&good), page_size(&good) + 100, good.len() / 2] {
        project.write("dev.db", &good[..length]);
        refused_by_all(&project, "`dev.db` is damaged: database disk image is malformed");
    }
}

#[test]
fn a_damaged_schema_is_refused_by_every_command() {
    let project = project();
    let good = project.bytes("dev.db");
    for range in [100..page_size(&good), 100..108, page_size(&good) - 300..page_size(&good)] {
        let mut bytes = good.clone();
        bytes[range].fill(0x5a);
        project.write("dev.db", bytes);
        for command in COMMANDS {
            let run = project.refuses(1, command);
            assert!(run.err.starts_with("error: `dev.db` is damaged: "), "`{command}` said\n{}", run.err);
        }
    }
}

#[test]
fn damaged_rows_are_no_concern_until_they_are_read() {
    let project = project();
    project.structs(&USERS.replace("name: String", "name: String, #[column(default = 0)] age: i64"));
    project.runs("generate");
    project.structs(
        "#[derive(Table)]\n#[table(name = \"users\", check(short, \"length(name) < 99\"))]\n\
         struct User { #[column(primary_key)] id: i64, name: String, #[column(default = 0)] age: i64 }",
    );
    project.runs("generate");
    let mut bytes = project.bytes("dev.db");
    let last = bytes.len() - page_size(&bytes);
    bytes[last..].fill(0x5a);
    project.write("dev.db", bytes);
    for command in ["status", "diff", "push"] {
        let run = project.run(command);
        assert!(!run.err.contains("damaged"), "`{command}` said\n{}", run.err);
    }
    // a column is added without looking at a row
    project.runs("migrate --to 0002");
    let before = project.bytes("dev.db");
    let run = project.ends(1, "migrate");
    assert!(run.err.starts_with("error: `dev.db` is damaged: database disk image is malformed"), "{}", run.err);
    assert!(run.err.contains("`dev.db` is as it was before `0003"), "{}", run.err);
    assert_eq!(project.bytes("dev.db"), before);
}

#[test]
fn an_empty_file_is_an_empty_database() {
    let project = Project::generated(USERS);
    project.write("dev.db", "");
    project.refuses(4, "status");
    project.refuses(0, "migrate --dry-run");
    project.refuses(4, "diff");
    project.refuses(0, "pull");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
    project.write("dev.db", "");
    project.runs("push");
    assert_eq!(project.query("SELECT count(*) FROM users"), ["0"]);
}

#[test]
fn what_is_no_file_is_refused_by_every_command() {
    let project = project();
    let database = project.path("dev.db");
    fs_err::remove_file(&database).expect("it is there");
    fs_err::create_dir(&database).expect("the directory is writable");
    for command in COMMANDS {
        let run = project.ends(1, command);
        assert!(run.err.starts_with("error: `dev.db` is a folder, not a database\n"), "`{command}` said\n{}", run.err);
    }
    fs_err::remove_dir(&database).expect("nobody wrote into it");
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(&database).status().expect("mkfifo runs");
        assert!(made.success());
        for command in COMMANDS {
            let run = project.ends(1, command);
            let message = "error: `dev.db` is a pipe or a device, not a database\n";
            assert!(run.err.starts_with(message), "`{command}` said\n{}", run.err);
        }
        let run = project.ends(1, "status --url /dev/null");
        assert!(run.err.contains("is a pipe or a device"), "{}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn a_database_that_may_not_be_read_is_refused_by_every_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = project();
    let database = project.path("dev.db");
    let allow = |mode| std::fs::set_permissions(&database, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    allow(0o000);
    if std::fs::read(&database).is_ok() {
        dbmigrate_test_support::skipped("whoever runs this test may read everything");
        return;
    }
    for command in COMMANDS {
        let run = project.ends(1, command);
        assert!(run.err.starts_with("error: cannot open `dev.db`: "), "`{command}` said\n{}", run.err);
    }
    allow(0o600);
}

#[test]
fn a_write_ahead_log_that_was_left_behind_is_read() {
    let project = project();
    let original = project.database("dev.db");
    original.query("PRAGMA journal_mode = WAL");
    original.run("ALTER TABLE users ADD COLUMN phone TEXT");
    // a copy of both files while the log is in use is what a crash leaves behind
    let (bytes, log) = (project.bytes("dev.db"), project.bytes("dev.db-wal"));
    assert!(!log.is_empty());
    let crashed = Project::generated(USERS);
    crashed.structs(&USERS.replace("name: String", "name: String, age: Option<i64>"));
    crashed.runs("generate");
    let copy = |with_log: bool| {
        for sidecar in ["dev.db-wal", "dev.db-shm"] {
            let _ = fs_err::remove_file(crashed.path(sidecar));
        }
        crashed.write("dev.db", &bytes);
        if with_log {
            crashed.write("dev.db-wal", &log);
        }
    };
    copy(true);
    assert!(crashed.ends(5, "migrate").err.contains("phone"), "the log was not read");
    copy(true);
    assert!(crashed.runs("pull").out.contains("phone"));
    copy(true);
    assert!(crashed.ends(4, "diff").out.contains("phone"));
    copy(false);
    crashed.runs("migrate");
    // a log that is nobody's changes nothing
    copy(false);
    crashed.write("dev.db-wal", noise(20_000));
    assert!(!crashed.runs("pull").out.contains("phone"));
}

/// A database in which `sqlite_schema` was edited.
fn edited(edit: &str) -> Project {
    let project = project();
    project.sql(&format!("CREATE INDEX by_name ON users (name); PRAGMA writable_schema = ON; {edit}"));
    project
}

#[test]
fn a_schema_that_was_edited_into_nonsense_is_refused_by_every_command() {
    for (edit, message) in [
        (
            "UPDATE sqlite_schema SET sql = 'CREATE TABLE users (oops' WHERE name = 'users'",
            "malformed database schema (users) - incomplete input",
        ),
        ("UPDATE sqlite_schema SET sql = 'hello' WHERE name = 'by_name'", "malformed database schema (by_name)"),
        (
            "DELETE FROM sqlite_schema WHERE name = 'users'",
            "malformed database schema (by_name) - no such table: main.users",
        ),
        (
            "UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'users'",
            "malformed database schema (users) - invalid rootpage",
        ),
        (
            "UPDATE sqlite_schema SET sql = NULL WHERE name = 'by_name'",
            "malformed database schema (by_name) - orphan index",
        ),
    ] {
        refused_by_all(&edited(edit), &format!("`dev.db` is damaged: {message}"));
    }
}

#[test]
fn what_the_engine_takes_and_nobody_can_read_is_named_and_stays() {
    // an index of an early version of libSQL, which does not take such a statement any more
    let edit =
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_name USING btree ON users (name)' WHERE name = 'by_name'";
    let project = edited(edit);
    assert_eq!(project.query("SELECT count(*) FROM users WHERE name > ''"), ["2000"]);
    project.structs(&USERS.replace("name: String", "name: String, age: Option<i64>"));
    project.runs("generate");
    let run = project.refuses(5, "migrate");
    assert!(run.err.contains("drift: ! index by_name cannot be represented"), "{}", run.err);
    let run = project.refuses(4, "diff");
    assert!(run.out.contains("index by_name of dev.db cannot be compared: expected `ON` near `USING`"), "{}", run.out);
    // a rebuild would lose it
    project.structs(&USERS.replace("name: String", "#[column(check = \"length(name) < 99\")] name: String"));
    let run = project.refuses(1, "push --accept history");
    assert!(run.err.contains("index `by_name` of `dev.db` cannot be read: expected `ON` near `USING`"), "{}", run.err);
}
