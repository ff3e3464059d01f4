//! Databases that cannot be migrated: what is wrong with them, in which state they are left, and what to do.

use insta::assert_snapshot;

use crate::project::{Project, sql_of};

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";
const USERS_WITH_AGE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String, age: Option<i64> }";

/// A database with rows and one of two migrations.
fn behind() -> Project {
    let project = Project::migrated(USERS);
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')");
    project.structs(USERS_WITH_AGE);
    project.runs("generate");
    // no test waits for a lock
    project.write("dbmigrate.toml", "busy_timeout = 0\n");
    project.transcript();
    project
}

/// What `migrate` and `status` say, which must fail and leave everything as it is.
#[track_caller]
fn refused(project: &Project, code: i32) -> String {
    project.refuses(code, "migrate");
    project.transcript()
}

#[test]
fn a_locked_database_is_left_alone() {
    let project = behind();
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE");
    // not `refuses`: reading the file here would give up this process's locks (fcntl(2))
    project.ends(1, "migrate");
    assert_snapshot!(project.transcript());
    other.run("ROLLBACK");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
    project.runs("migrate");
}

#[test]
fn a_database_that_is_locked_for_reading_too_is_left_alone() {
    let project = behind();
    let other = project.database("dev.db");
    other.run("BEGIN EXCLUSIVE");
    project.ends(1, "migrate");
    project.ends(1, "status");
    project.ends(1, "migrate --dry-run");
    assert_snapshot!(project.transcript());
    other.run("ROLLBACK");
    project.runs("migrate");
}

#[test]
fn a_lock_is_waited_for() {
    let project = behind();
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    let other = project.database("dev.db");
    other.run("BEGIN EXCLUSIVE");
    let mut waiting =
        project.command(&["migrate"]).stderr(std::process::Stdio::null()).spawn().expect("the binary runs");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(waiting.try_wait().expect("it can be asked").is_none(), "it did not wait");
    other.run("ROLLBACK");
    assert!(waiting.wait().expect("it ends").success());
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
}

#[test]
fn a_read_only_database_is_left_alone() {
    let project = behind();
    // a write version that SQLite does not know makes it read-only for everybody, root included
    // (sqlite.org/fileformat.html#file_format_version_numbers)
    let mut bytes = project.bytes("dev.db");
    bytes[18] = 3;
    project.write("dev.db", bytes);
    assert_snapshot!(refused(&project, 1));
    // the answer of the real run
    project.refuses(1, "migrate --dry-run");
    // reading is all that this needs
    project.refuses(4, "status");
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let project = behind();
    project.write("dev.db", "Dear diary, today I have not been a database.\n".repeat(100));
    project.refuses(1, "migrate");
    project.refuses(1, "status");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_directory_is_no_database() {
    let project = behind();
    fs_err::create_dir(project.path("data")).expect("the directory is writable");
    project.refuses(1, "migrate --url data");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_database_in_a_folder_that_does_not_exist_is_not_made() {
    let project = behind();
    project.refuses(1, "migrate --url data/dev.db");
    project.refuses(4, "status --url data/dev.db");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_damaged_database_is_left_alone() {
    let project = behind();
    let mut bytes = project.bytes("dev.db");
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    // the schema can be read, the tables cannot
    bytes[page..].fill(0x5a);
    project.write("dev.db", bytes);
    project.refuses(1, "migrate");
    project.refuses(1, "status");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_damaged_schema_is_recognized() {
    let project = behind();
    let mut bytes = project.bytes("dev.db");
    bytes[100..600].fill(0x5a);
    project.write("dev.db", bytes);
    assert_snapshot!(refused(&project, 1));
}

#[test]
fn a_database_that_is_newer_than_the_folder_is_left_alone() {
    let project = behind();
    project.runs("migrate");
    let lock = project.read("migrations/migrations.lock");
    let lines: Vec<&str> = lock.lines().collect();
    project.write("migrations/migrations.lock", format!("{}\n", lines[..lines.len() - 1].join("\n")));
    fs_err::remove_dir_all(project.path("migrations/0002_users_age")).expect("it is there");
    project.transcript();
    for command in ["migrate", "status", "migrate --dry-run"] {
        project.refuses(5, command);
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn an_applied_migration_that_was_edited_and_recorded_again_is_found_out() {
    let project = behind();
    project.runs("migrate");
    project.replace(&sql_of("0002_users_age"), "ALTER TABLE", "alter table");
    project.runs("generate --custom");
    project.transcript();
    for command in ["migrate", "status"] {
        project.refuses(5, command);
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn a_database_of_another_branch_is_left_alone() {
    let project = behind();
    project.runs("migrate");
    let other = Project::generated(USERS);
    other.structs(&USERS.replace("name: String", "name: String, email: Option<String>"));
    other.runs("generate");
    let database = project.path("dev.db").display().to_string();
    other.refuses(5, &format!("migrate --url {database}"));
    assert_snapshot!(other.transcript().replace(&database, "[DATABASE]"));
}

#[test]
fn a_change_by_hand_is_named() {
    let project = behind();
    project.sql("ALTER TABLE users ADD COLUMN phone TEXT; CREATE INDEX by_phone ON users(phone)");
    assert_snapshot!(refused(&project, 5));
}

#[test]
fn a_database_that_has_tables_but_no_history_is_left_alone() {
    let project = behind();
    project.database("other.db").run("CREATE TABLE users (id INTEGER PRIMARY KEY)");
    project.refuses(5, "migrate --url other.db");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_replica_is_left_alone() {
    let project = behind();
    project.write("dev.db-info", "{}");
    assert_snapshot!(refused(&project, 1));
}

#[test]
fn the_token_of_a_server_is_never_shown() {
    let project = behind();
    // nobody listens there
    let urls = [(1, "libsql://localhost:1?tls=0&authToken=s3cret"), (2, "https://me:s3cret@localhost:8080")];
    for (code, url) in urls {
        for command in ["migrate", "status", "push", "pull", "diff", "baseline 1"] {
            let run = project.refuses(code, &format!("{command} --url {url}"));
            assert!(!run.err.contains("s3cret") && !run.out.contains("s3cret"), "{}", run.err);
            assert!(run.err.contains("localhost"), "{}", run.err);
        }
    }
    let url = "libsql://localhost:1?tls=0&authToken=s3cret";
    project.write(".env", format!("TURSO_DATABASE_URL={url}\nTURSO_AUTH_TOKEN=s3cret\n"));
    for command in ["migrate -v", "status -v --message-format json", "generate -v", "check -v"] {
        let run = project.run(command);
        assert!(!run.err.contains("s3cret") && !run.out.contains("s3cret"), "{}{}", run.out, run.err);
    }
}
