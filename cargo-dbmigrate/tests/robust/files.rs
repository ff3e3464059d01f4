//! Database files that are not what they seem: replicas, links, folders that are missing or closed.

#![cfg(unix)]

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use insta::assert_snapshot;

use crate::project::{BINARY, Project, Run};

const USERS: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";

/// A database with a row and one of two migrations, in a folder of its own.
fn behind() -> Project {
    let project = Project::generated(USERS);
    project.write("data/.keep", "");
    project.runs("migrate --url data/app.db");
    project.database("data/app.db").run("INSERT INTO users VALUES (1, 'Ada')");
    project.structs(&USERS.replace("name:", "age: Option<i64>, name:"));
    project.runs("generate");
    project.transcript();
    project
}

/// Whether the second migration is there, with the row.
#[track_caller]
fn is_migrated(project: &Project, database: &str) -> bool {
    let database = project.database(database);
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(database.query("SELECT id, name FROM users"), ["1|Ada"]);
    database.query("SELECT count(*) FROM _dbmigrate_history") == ["2"]
}

fn link(project: &Project, to: &str, name: &str) {
    symlink(to, project.path(name)).expect("links can be made");
}

const COMMANDS: [&str; 5] = ["migrate", "migrate --dry-run", "status", "pull", "diff"];

#[test]
fn a_replica_is_refused_by_every_command_and_names_its_primary() {
    let project = behind();
    project.write(
        "data/app.db-info",
        r#"{"version":"v1","saved_configuration":{"remote_url":"libsql://app-me.turso.io"}}"#,
    );
    for command in COMMANDS {
        let run = project.refuses(1, &format!("{command} --url data/app.db"));
        assert!(run.err.contains("is an embedded replica"), "{}", run.err);
    }
    project.refuses(1, "push --dry-run --url data/app.db");
    project.refuses(1, "baseline --url data/app.db");
    project.transcript();
    project.refuses(1, "migrate --url data/app.db");
    // also where the URL has what nobody is to see
    project.write(
        "data/app.db-info",
        r#"{"saved_configuration":{"remote_url":"libsql://app-me.turso.io?authToken=s3cret"}}"#,
    );
    let run = project.refuses(1, "migrate --url data/app.db");
    assert!(!run.err.contains("s3cret"), "{}", run.err);
    fs_err::remove_file(project.path("data/app.db-info")).expect("it is there");
    project.write("data/app.db-client_wal_index", "");
    project.refuses(1, "migrate --url data/app.db");
    assert_snapshot!(project.transcript());
    fs_err::remove_file(project.path("data/app.db-client_wal_index")).expect("it is there");
    project.runs("migrate --url data/app.db");
    assert!(is_migrated(&project, "data/app.db"));
}

#[test]
fn a_replica_behind_a_link_is_refused_too() {
    let project = behind();
    link(&project, "data/app.db", "link.db");
    link(&project, "data", "folder");
    for (sidecar, url) in [
        ("data/app.db-info", "link.db"),
        ("link.db-info", "link.db"),
        ("data/app.db-client_wal_index", "folder/app.db"),
    ] {
        project.write(sidecar, "");
        let run = project.refuses(1, &format!("migrate --url {url}"));
        assert!(run.err.contains("is an embedded replica"), "{}", run.err);
        fs_err::remove_file(project.path(sidecar)).expect("it is there");
    }
    // the file itself is yet to be fetched
    link(&project, "data/gone.db", "dangling.db");
    project.write("data/gone.db-info", "");
    project.refuses(1, "migrate --url dangling.db");
    assert!(!project.path("data/gone.db").exists() && !is_migrated(&project, "data/app.db"));
}

#[test]
fn the_file_of_a_server_is_refused() {
    let project = behind();
    fs_err::rename(project.path("data/app.db"), project.path("data/data")).expect("it is ours");
    project.write("data/wallog", "");
    project.refuses(1, "migrate --url data/data");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_link_leads_to_its_file() {
    let project = behind();
    link(&project, "data/app.db", "link.db");
    project.runs("migrate --url link.db");
    assert!(is_migrated(&project, "data/app.db"));
    assert!(fs_err::symlink_metadata(project.path("link.db")).is_ok_and(|link| link.is_symlink()));
    // its file is made where it leads to
    link(&project, "data/new.db", "new.db");
    project.ends(4, "status --url new.db");
    project.runs("migrate --url new.db");
    assert_eq!(project.database("data/new.db").query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
    for beside in ["link.db-journal", "data/app.db-journal", "new.db-journal"] {
        assert!(!project.path(beside).exists(), "{beside}");
    }
}

/// SQLite has a meaning of its own for some names.
#[test]
fn a_file_may_have_any_name() {
    let project = behind();
    for name in [":memory:", "file:x.db", "file:x?mode=memory", "?", "-x.db", "a'b \"c\".db", "100%25.db", "dätä#1.db"]
    {
        fs_err::copy(project.path("data/app.db"), project.path(name)).expect("it can be copied");
        let run = Run::of(&mut project.command(&["migrate", &format!("--url=./{name}")]));
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(is_migrated(&project, name), "{name}");
    }
    assert!(!project.path("x.db").exists());
}

#[test]
fn links_that_lead_nowhere_are_explained() {
    let project = behind();
    link(&project, "volume/app.db", "unmounted.db");
    link(&project, "circle.db", "circle.db");
    link(&project, "data", "folder.db");
    for url in ["unmounted.db", "circle.db", "folder.db", "data/app.db/x.db", "missing/app.db"] {
        project.refuses(1, &format!("migrate --url {url}"));
    }
    assert_snapshot!(project.transcript());
    assert!(!project.path("volume").exists() && !project.path("missing").exists());
    // the help is right
    project.shell("mkdir -p volume");
    project.runs("migrate --url unmounted.db");
    assert!(project.path("volume/app.db").exists());
}

#[test]
fn a_first_migration_that_fails_leaves_no_file_and_the_link() {
    let project = Project::generated(USERS);
    project.replace("migrations/0001_create_users/migration.sql", "CREATE TABLE", "CREATE TABEL");
    link(&project, "real.db", "link.db");
    for url in ["link.db", "plain.db"] {
        assert_ne!(project.run(&format!("migrate --url {url}")).code, 0);
    }
    assert!(!project.path("real.db").exists() && !project.path("plain.db").exists());
    assert!(fs_err::symlink_metadata(project.path("link.db")).is_ok());
}

/// Somebody without rights: for root there are none that could be missing.
struct Nobody<'p> {
    project: &'p Project,
    binary: PathBuf,
    is_root: bool,
}

impl<'p> Nobody<'p> {
    const ID: u32 = 65_534;

    fn of(project: &'p Project) -> Self {
        let is_root = fs_err::metadata(project.root()).is_ok_and(|folder| folder.uid() == 0);
        // the original may be where only root can go; a file that this process has written to may still be open in a child
        // of another test, and cannot be run then
        let binary = project.path("cargo-dbmigrate");
        let copied = Command::new("cp").arg(BINARY).arg(&binary).status();
        assert!(copied.is_ok_and(|status| status.success()), "it can be copied");
        if is_root {
            let mut waiting = vec![project.root()];
            while let Some(path) = waiting.pop() {
                chown(&path, Some(Self::ID), Some(Self::ID)).expect("root can");
                if path.is_dir() {
                    waiting.extend(
                        fs_err::read_dir(&path).expect("it is readable").map(|entry| entry.expect("it is").path()),
                    );
                }
            }
        }
        Self { project, binary, is_root }
    }

    /// Runs a command without any rights but those of the owner.
    #[track_caller]
    fn ends(&self, code: i32, line: &str) -> String {
        let mut command = self.project.command(&line.split(' ').collect::<Vec<_>>());
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = {
            let mut copy = Command::new(&self.binary);
            copy.args(arguments).current_dir(self.project.root()).env_remove("TURSO_DATABASE_URL").env_remove("CI");
            copy
        };
        if self.is_root {
            command.uid(Self::ID).gid(Self::ID);
        }
        let run = Run::of(&mut command);
        assert_eq!(run.code, code, "{line}: {}{}", run.out, run.err);
        format!("$ cargo dbmigrate {line}\n{}[exit {code}]\n\n", run.err)
    }
}

fn mode(project: &Project, name: &str, mode: u32) {
    fs_err::set_permissions(project.path(name), Permissions::from_mode(mode)).expect("it is ours");
}

/// What is said where rights are missing, with a rollback journal and with a write-ahead log.
fn without(name: &str, rights: u32, codes: [i32; 3]) -> String {
    let mut said = String::new();
    for journal in ["DELETE", "WAL"] {
        let project = behind();
        project.database("data/app.db").run(&format!("PRAGMA journal_mode = {journal}"));
        let nobody = Nobody::of(&project);
        let before = mode_of(&project, name);
        mode(&project, name, rights);
        writeln!(said, "-- {journal}").expect("it is a string");
        for (command, code) in ["status", "migrate --dry-run", "migrate"].into_iter().zip(codes) {
            // without the files that it keeps beside the database nobody can read a database with a log
            let code = if journal == "WAL" && rights == 0o555 { 1 } else { code };
            said.push_str(&nobody.ends(code, &format!("{command} --url data/app.db")));
        }
        mode(&project, name, before);
        assert!(!is_migrated(&project, "data/app.db"));
        nobody.ends(0, "migrate --url data/app.db");
        assert!(is_migrated(&project, "data/app.db"));
    }
    said
}

fn mode_of(project: &Project, name: &str) -> u32 {
    fs_err::metadata(project.path(name)).expect("it is there").permissions().mode()
}

#[test]
fn a_file_that_cannot_be_written_is_left_alone() {
    assert_snapshot!(without("data/app.db", 0o444, [4, 1, 1]));
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone() {
    assert_snapshot!(without("data/app.db", 0o000, [1, 1, 1]));
}

#[test]
fn a_folder_without_room_for_a_journal_is_named() {
    assert_snapshot!(without("data", 0o555, [4, 1, 1]));
}

#[test]
fn a_folder_that_cannot_be_entered_is_not_taken_for_an_empty_one() {
    assert_snapshot!(without("data", 0o600, [1, 1, 1]));
}

#[test]
fn a_folder_in_which_nothing_can_be_made_is_named() {
    let project = behind();
    let nobody = Nobody::of(&project);
    mode(&project, "data", 0o555);
    assert_snapshot!(nobody.ends(1, "migrate --url data/new.db"));
}
