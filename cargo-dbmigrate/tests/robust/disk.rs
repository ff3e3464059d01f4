//! Disks that are full: wherever that happens, the run ends with 1, says so, and nothing is lost.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

use crate::project::{BINARY, Run};
use crate::story::Story;
use crate::subject::{LocalFile, Picture, Subject, migrate, pictures};

/// Runs `migrate` so that no file can grow beyond so many bytes. Whoever does not ignore the signal dies of it.
fn limited(story: &Story, file: &LocalFile, bytes: u64, ignores_signal: bool) -> Run {
    // POSIX counts in blocks of 512 bytes, bash (also as `sh`) in 1024; the size that holds is asked for
    let trap = if ignores_signal { "trap '' XFSZ;" } else { "" };
    let script = format!("{trap} ulimit -f {} || exit 99; exec \"$@\"", bytes / 512);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh", BINARY, "migrate", "--url", &file.url()]).current_dir(story.project.root());
    Run::of(shell.env_remove("TURSO_DATABASE_URL").env_remove("CI").stdin(Stdio::null()))
}

/// The database is what it has to be with the migrations that it has, and the next run does the rest.
#[track_caller]
fn goes_on(story: &Story, file: &LocalFile, pictures: &[Picture], when: &str) -> usize {
    let picture = file.look();
    let applied = picture.history.len();
    picture.must_be(&pictures[applied], when);
    migrate(story, file, &[]);
    file.look().must_be(&pictures[story.len()], when);
    applied
}

#[test]
fn files_that_cannot_grow_lose_nothing() {
    let story = Story::new(4000);
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("limit{has_wal}.db"), has_wal);
        let pictures = pictures(&story, &mut file);
        let mut reached = Vec::new();
        for percent in [20, 60, 100, 130, 170] {
            for ignores_signal in [true, false] {
                file.restore();
                let run = limited(&story, &file, file.len() * percent / 100, ignores_signal);
                let when = format!("{} that cannot grow beyond {percent} %: {}", file.what(), run.err);
                if run.code == 0 {
                    continue;
                }
                assert_eq!(run.code, if ignores_signal { 1 } else { -1 }, "{when}");
                if ignores_signal {
                    assert!(run.err.contains("the disk of `"), "{when}");
                    assert!(run.err.contains("is as it was before `000"), "{when}");
                }
                reached.push(goes_on(&story, &file, &pictures, &when));
            }
        }
        assert!(reached.len() >= 4, "{}: only {reached:?} failed", file.what());
        assert!(reached.iter().any(|applied| *applied < 3), "{reached:?}");
    }
}

/// A file system of its own, which is gone with the shell: `unshare` gives it a name space of mounts.
#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_loses_nothing() {
    // before: how full it is, as the database is to see it; after: what came of it, and what there was
    const SCRIPT: &str = "
        mkdir full out && mount -t tmpfs -o size=$1k tmpfs full && cp \"$2\" full/test.db || exit 99
        \"$0\" migrate --url full/test.db; echo $? >out/code
        for suffix in '' -journal -wal; do test -e full/test.db$suffix && cp full/test.db$suffix out/; done
        df -k full >out/df
        mount -o remount,size=100m full || exit 98
        \"$0\" migrate --url full/test.db 2>out/again; echo $? >>out/code
        cp full/test.db out/done.db";
    let can = |script: &str| Command::new("unshare").args(["-rm", "sh", "-c", script]).output();
    if !can("mount -t tmpfs tmpfs /mnt").is_ok_and(|output| output.status.success()) {
        dbmigrate_test_support::skipped("a full file system, because none can be mounted here");
        return;
    }
    let story = Story::new(4000);
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("full{has_wal}.db"), has_wal);
        let pictures = pictures(&story, &mut file);
        let mut failed = Vec::new();
        for percent in [102, 140, 200] {
            file.restore();
            let kilobytes = (file.len() * percent / 100 / 1024).to_string();
            let mut shell = Command::new("unshare");
            shell.args(["-rm", "sh", "-c", SCRIPT, BINARY, &kilobytes]).arg(file.path());
            shell
                .current_dir(story.project.root())
                .env_remove("TURSO_DATABASE_URL")
                .env_remove("CI")
                .stdin(Stdio::null());
            let run = Run::of(&mut shell);
            let out = story.project.path("out");
            let when = format!("{} on {percent} %: {}{}", file.what(), run.out, run.err);
            assert_eq!(run.code, 0, "{when}");
            let codes = story.project.read("out/code");
            let (first, second) = codes.trim().split_once('\n').expect("there are two");
            assert_eq!(second, "0", "{when}: {}", story.project.read("out/again"));
            if first != "0" {
                assert_eq!(first, "1", "{when}");
                // where there is no room for the index of the log, SQLite knows of no better words
                let is_said = [" is full", " failed: disk I/O error"].iter().any(|words| run.err.contains(words));
                assert!(run.err.contains("the disk of `full/test.db`") && is_said, "{when}");
                let state = ["is as it was before `000", "nothing was changed"];
                assert!(state.iter().any(|words| run.err.contains(words)), "{when}");
                let left = look_at(&file, &out.join("test.db"));
                left.must_be(&pictures[left.history.len()], &when);
                failed.push(left.history.len());
            }
            look_at(&file, &out.join("done.db")).must_be(&pictures[story.len()], &when);
            for folder in ["full", "out"] {
                fs_err::remove_dir_all(story.project.path(folder)).expect("it is ours");
            }
        }
        assert!(!failed.is_empty(), "{}: there was always room", file.what());
    }
}

fn look_at(file: &LocalFile, path: &Path) -> Picture {
    file.at(path.to_owned()).look()
}
