//! Rebuilds online whose server dies, with or without the runner, beside an application that notes what was confirmed.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;

use crate::online::{STRUCTS, fill, nothing_is_left};
use crate::project::Project;

/// What rows may have in a column, by id: what was confirmed last, and what nobody knows since. `None` is no row.
type Known = BTreeMap<i64, Vec<Option<String>>>;

/// A number from a seed.
fn next(random: &mut u64, below: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (*random >> 33) % below
}

/// Writes until it is told to stop, at whatever address the server has, and notes what may be there.
fn application(rows: i64, url: &Mutex<String>, stop: &AtomicBool, seed: u64) -> Known {
    let mut known: Known = (1..=rows).map(|id| (id, vec![Some(format!("e{id}"))])).collect();
    let (mut random, mut highest) = (seed | 1, rows);
    while !stop.load(Ordering::Relaxed) {
        let id = 1 + i64::try_from(next(&mut random, rows.unsigned_abs())).expect("few");
        let is_there = known[&id].iter().any(Option::is_some);
        let (id, write, after) = match next(&mut random, 4) {
            0 => {
                highest += 1;
                let email = format!("new{highest}");
                let write = format!("INSERT INTO users (id, email, org) VALUES ({highest}, '{email}', 1)");
                (highest, write, Some(email))
            }
            1 => (id, format!("DELETE FROM users WHERE id = {id}"), None),
            _ => {
                highest += 1;
                let email = format!("changed{highest}");
                let write = format!("UPDATE users SET email = '{email}' WHERE id = {id}");
                (id, write, is_there.then_some(email))
            }
        };
        let hand = Hand::new(url.lock().expect("nobody panics").as_str()).with_timeout(Duration::from_secs(20));
        let may_be = known.entry(id).or_insert_with(|| vec![None]);
        match hand.batch(&["PRAGMA foreign_keys = ON", &write]) {
            // where nobody knows whether the row is there, it may be so still
            Ok(_) if after.is_some() && may_be.contains(&None) && write.starts_with("UPDATE") => {
                *may_be = vec![after, None];
            }
            Ok(_) => *may_be = vec![after],
            Err(failure) if failure.code == "SQLITE_BUSY" => {}
            Err(failure) if failure.code == "TRANSPORT" || failure.step.is_none() => {
                may_be.push(after);
                thread::sleep(Duration::from_millis(20));
            }
            Err(failure) => panic!("{write}: {failure}"),
        }
        thread::sleep(Duration::from_millis(3));
    }
    known
}

/// Tells the application to stop when it goes, whatever ends the test: it would be waited for otherwise.
struct Stopped<'a>(&'a AtomicBool);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One rebuild during which something dies at most so often. Returns how often the runner and the server died before it was
/// done, or nothing where there is no server.
fn died(deaths: u64, rows: i64, seed: u64) -> Option<[u64; 2]> {
    let mut server = Server::start()?;
    let project = Project::new(STRUCTS);
    project.set("TURSO_DATABASE_URL", &server.url());
    fill(&project, &Hand::new(server.url()), STRUCTS, rows);
    let (url, stop, mut random) = (Mutex::new(server.url()), AtomicBool::new(false), seed | 1);
    let mut counts = [0; 2];
    let known = thread::scope(|scope| {
        let writer = scope.spawn(|| application(rows, &url, &stop, seed));
        let stopped = Stopped(&stop);
        for death in 0..deaths {
            let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
            thread::sleep(Duration::from_millis(50 + next(&mut random, 1200)));
            let server_dies = death % 3 != 0;
            if server_dies {
                server.kill_9();
                thread::sleep(Duration::from_millis(next(&mut random, 100)));
            }
            runner.kill().expect("it is ours");
            let is_done = runner.wait().expect("it ends").success();
            counts[0] += u64::from(!is_done);
            if server_dies {
                counts[1] += u64::from(!is_done);
                server.restart();
                url.lock().expect("nobody panics").clone_from(&server.url());
                project.set("TURSO_DATABASE_URL", &server.url());
            }
            let hand = Hand::new(server.url());
            if hand.query("SELECT count(*) FROM _dbmigrate_history") == ["2"] {
                break;
            }
            if death % 4 == 3 && project.run("migrate --abort").code == 0 {
                nothing_is_left(&hand);
            }
        }
        project.runs("migrate");
        drop(stopped);
        writer.join().expect("what the server has said was right")
    });
    let hand = Hand::new(server.url());
    nothing_is_left(&hand);
    let found: BTreeMap<i64, String> = hand
        .query("SELECT id, email FROM users ORDER BY id")
        .iter()
        .map(|row| {
            let (id, email) = row.split_once('|').expect("two values");
            (id.parse().expect("a number"), email.to_owned())
        })
        .collect();
    for (id, may_be) in &known {
        assert!(may_be.contains(&found.get(id).cloned()), "{id}: {:?} is not one of {may_be:?}", found.get(id));
    }
    assert!(found.keys().all(|id| known.contains_key(id)));
    assert_eq!(hand.query("SELECT count(*), count(DISTINCT id) FROM users"), [format!("{0}|{0}", found.len())]);
    assert_eq!(hand.query("SELECT count(*) FROM users WHERE name IS NULL"), ["0"]);
    assert_eq!(hand.query("PRAGMA integrity_check"), ["ok"]);
    project.runs("check");
    project.runs("status");
    Some(counts)
}

#[test]
fn a_server_that_dies_loses_and_doubles_no_row_of_a_rebuild_online() {
    died(4, 12_000, 3);
}

#[test]
#[ignore = "takes some minutes: cargo test --workspace --test remote two_hundred -- --ignored --nocapture"]
#[allow(clippy::print_stderr, reason = "how often it died is what one wants to know of it")]
fn a_server_and_its_runner_die_two_hundred_times() {
    let (mut runners, mut servers, mut round) = (0, 0, 0);
    while runners < 200 {
        let Some([runner, server]) = died(8, 40_000, 500 + round) else { return };
        (runners, servers, round) = (runners + runner, servers + server, round + 1);
        eprintln!(
            "rebuild {round}: the runner died {runner} times, {runners} in all, the server {server}, {servers} in all"
        );
    }
}
