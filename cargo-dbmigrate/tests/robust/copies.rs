//! Backups and restores that are killed, that find no room, and whose database is written to meanwhile: there is never a
//! file that looks like a backup and is none, and never a database that is half restored.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::project::{BINARY, Project, Run};

/// How often each is killed; the ignored test does more.
const KILLS: usize = 25;
const MANY_KILLS: usize = 200;

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"items\", index(name))]\nstruct Item { #[column(primary_key)] id: i64, name: String, body: Option<Vec<u8>> }\n";

/// A project whose database has some megabytes.
fn project() -> Project {
    let project = Project::migrated(STRUCTS);
    project.sql(
        "PRAGMA journal_mode = WAL; INSERT INTO items WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 20000) SELECT i, 'name ' || (i * 7919 % 20000), randomblob(100) FROM n",
    );
    project
}

fn command(project: &Project, words: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(words).current_dir(project.root()).env_remove("TURSO_DATABASE_URL").env_remove("CI");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills it after a while; false if it was done before.
fn killed(mut child: Child, after: Duration) -> bool {
    sleep(after);
    child.kill().expect("it is ours");
    child.wait().expect("it ends").code().is_none()
}

/// How long it takes by itself.
fn duration_of(project: &Project, words: &[&str]) -> Duration {
    let started = Instant::now();
    assert!(command(project, words).status().expect("it starts").success());
    started.elapsed()
}

fn remove(project: &Project, name: &str) {
    for name in [name.to_owned(), format!("{name}.manifest.json")] {
        let _ = fs_err::remove_file(project.path(&name));
    }
}

#[test]
fn a_backup_that_is_killed_never_looks_like_one() {
    kill_backups(KILLS);
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    kill_restores(KILLS);
}

#[test]
#[ignore = "takes minutes"]
fn soak_of_copies_that_are_killed() {
    kill_backups(MANY_KILLS);
    kill_restores(MANY_KILLS);
}

fn kill_backups(many: usize) {
    let project = project();
    let sum = "SELECT count(*) || ' ' || sum(id) || ' ' || sum(length(body)) || ' ' || max(name) FROM items";
    let wanted = project.query(sum);
    let mut chance = Chance::new("killed backups");
    let duration = duration_of(&project, &["backup", "b.db"]);
    let (mut kills, mut whole) = (0, 0);
    while kills < many {
        remove(&project, "b.db");
        let child = command(&project, &["backup", "b.db"]).spawn().expect("it starts");
        if killed(child, chance.within(duration)) {
            kills += 1;
        }
        if project.path("b.db").exists() {
            whole += 1;
            assert!(project.path("b.db.manifest.json").exists(), "a backup has a manifest");
            assert_eq!(project.database("b.db").query(sum), wanted);
            if whole % 10 == 1 {
                project.runs("restore b.db --url restored.db");
            }
        }
        assert!(whole < 20 + 5 * many, "backups are faster than they can be killed");
    }
    // what is left of them is not in the way
    project.runs("backup c.db");
    assert_eq!(project.query(sum), wanted);
}

fn kill_restores(many: usize) {
    let project = project();
    let sum = "SELECT count(*) || ' ' || sum(id) || ' ' || sum(length(body)) || ' ' || max(name) FROM items";
    project.runs("backup b.db");
    let backed_up = project.query(sum);
    project.sql("DELETE FROM items WHERE id % 3 = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    let changed = project.query(sum);
    let bytes = project.bytes("dev.db");
    let mut chance = Chance::new("killed restores");
    let duration = duration_of(&project, &["restore", "b.db"]);
    let (mut kills, mut rounds) = (0, 0);
    while kills < many {
        for name in ["dev.db-wal", "dev.db-shm", "dev.db-journal"] {
            let _ = fs_err::remove_file(project.path(name));
        }
        for entry in fs_err::read_dir(project.root()).expect("a folder").flatten() {
            if entry.file_name().to_string_lossy().contains(".replaced-") {
                fs_err::remove_file(entry.path()).expect("it is there");
            }
        }
        project.write("dev.db", &bytes);
        let child = command(&project, &["restore", "b.db"]).spawn().expect("it starts");
        kills += usize::from(killed(child, chance.within(duration)));
        rounds += 1;
        let found = project.query(sum);
        assert!(found == backed_up || found == changed, "{found:?}");
        assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
        if found == backed_up {
            // what was replaced is there under another name
            assert_eq!(project.database("dev.db.replaced-1").query(sum), changed);
        }
        assert!(rounds < 20 + 5 * many, "restores are faster than they can be killed");
    }
}

/// Runs a command so that no file can grow beyond so many bytes.
#[cfg(unix)]
fn limited(project: &Project, bytes: u64, words: &[&str]) -> Run {
    let script = format!("trap '' XFSZ; ulimit -f {} || exit 99; exec \"$@\"", bytes / 512);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh", BINARY]).args(words).current_dir(project.root());
    Run::of(shell.env_remove("TURSO_DATABASE_URL").env_remove("CI").stdin(Stdio::null()))
}

#[cfg(unix)]
#[test]
fn a_backup_and_a_restore_without_room_leave_everything_as_it_was() {
    let project = project();
    project.runs("backup good.db");
    let size = fs_err::metadata(project.path("good.db")).expect("a file").len();
    project.sql("DELETE FROM items WHERE id % 3 = 0");
    let before = project.dump();
    for percent in [5, 30, 60] {
        for words in [&["backup", "b.db"][..], &["restore", "good.db"]] {
            let run = limited(&project, size * percent / 100, words);
            assert_eq!(run.code, 1, "{percent} %: {}", run.err);
            for name in ["b.db", "b.db.manifest.json", "dev.db.replaced-1"] {
                assert!(!project.path(name).exists(), "{percent} %: {name}");
            }
            assert_eq!(project.dump(), before, "{percent} %");
        }
    }
    let left: Vec<_> = fs_err::read_dir(project.root())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".part") || name.contains(".new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    project.runs("backup b.db");
}

/// A file system of its own, with room for a part of the copy: it is gone with the shell.
#[cfg(target_os = "linux")]
#[test]
fn where_there_is_no_room_for_a_copy_it_is_said_before_anything_is_done() {
    const SCRIPT: &str = "mkdir room && mount -t tmpfs -o size=1m tmpfs room || exit 99
        \"$0\" migrate --rehearse-only --rehearse-in room 2>rehearsed; echo $? >codes
        \"$0\" migrate --rehearse --rehearse-in room 2>>rehearsed; echo $? >>codes
        \"$0\" backup room/ 2>backed; echo $? >>codes
        \"$0\" migrate --backup=room 2>>backed; echo $? >>codes
        ls -A room >left";
    let mounts = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    if !mounts.is_ok_and(|output| output.status.success()) {
        dbmigrate_test_support::skipped("a file system without room, because none can be mounted here");
        return;
    }
    let project = project();
    project.structs(&STRUCTS.replace("body: Option<Vec<u8>>", "body: Option<Vec<u8>>, more: Option<i64>"));
    project.runs("generate");
    let before = project.dump();
    let mut shell = Command::new("unshare");
    shell.args(["-rm", "sh", "-c", SCRIPT, BINARY]).current_dir(project.root()).stdin(Stdio::null());
    let run = Run::of(shell.env_remove("TURSO_DATABASE_URL").env_remove("CI"));
    let (rehearsed, backed) = (project.read("rehearsed"), project.read("backed"));
    assert_eq!((run.code, project.read("codes").as_str()), (0, "1\n1\n1\n1\n"), "{rehearsed}{backed}");
    assert_eq!(rehearsed.matches("not enough space to rehearse on a copy of `dev.db`").count(), 2, "{rehearsed}");
    assert!(rehearsed.contains("`room` has ") && rehearsed.contains("--rehearse-in DIR"), "{rehearsed}");
    assert!(rehearsed.matches("nothing was changed").count() >= 2, "{rehearsed}");
    assert!(backed.contains("no migration was applied"), "{backed}");
    let left = project.read("left");
    assert!(left.lines().all(|name| name == ".gitignore"), "{left}");
    assert_eq!(project.dump(), before);
}
