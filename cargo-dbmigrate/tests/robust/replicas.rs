//! A replica of a server: what is sent to it is done by the primary, and what it says is never stale.

use std::process::{Child, Stdio};

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};

use crate::project::Run;
use crate::story::Story;

/// A primary and its replica; nothing where there is no server, which has been said.
fn pair() -> Option<(Server, Server)> {
    let primary = Options::default().replicable().start()?;
    let replica = Options::default().replica_of(&primary).start()?;
    Some((primary, replica))
}

fn run(story: &Story, server: &Server, words: &[&str]) -> Run {
    let mut command = story.project.command(words);
    Run::of(command.args(["--message-format", "json", "--url", &server.url()]))
}

/// How many migrations `status` sees.
#[track_caller]
fn seen(story: &Story, server: &Server) -> u64 {
    let run = run(story, server, &["status"]);
    assert!(matches!(run.code, 0 | 4), "{}{}", run.out, run.err);
    let objects = run.json();
    let status = objects.iter().find(|object| object["reason"] == "status").expect("it says so");
    assert_eq!(status["differences"], 0, "{}", run.out);
    status["applied"].as_u64().expect("it is a number")
}

#[test]
fn what_is_applied_through_one_is_seen_at_once_through_the_other() {
    let story = Story::new(200);
    let Some((primary, replica)) = pair() else { return };
    for (at, name) in story.names.iter().enumerate() {
        let (one, other) = if at.is_multiple_of(2) { (&replica, &primary) } else { (&primary, &replica) };
        let applied = run(&story, one, &["migrate", "--to", name]);
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let count = at as u64 + 1;
        assert_eq!((seen(&story, other), seen(&story, one)), (count, count), "behind {name}");
        // nobody tries to do it again
        let again = run(&story, other, &["migrate", "--to", name]);
        assert_eq!(again.code, 0, "{}{}", again.out, again.err);
        assert!(again.json().iter().all(|object| object["reason"] != "applied"), "{}", again.out);
        if at == 0 {
            Hand::new(primary.url()).run(&story.rows());
        }
    }
    let hand = Hand::new(primary.url());
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}

#[test]
fn runners_that_race_on_primary_and_replica_apply_each_migration_once() {
    let story = Story::new(200);
    let Some((primary, replica)) = pair() else { return };
    let start = |at: usize| -> Child {
        let server = if at.is_multiple_of(2) { &primary } else { &replica };
        let mut command = story.project.command(&["migrate", "--message-format", "json", "--url", &server.url()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    };
    let children: Vec<Child> = (0..6).map(start).collect();
    let mut applied = 0;
    for child in children {
        let run = Run::from(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        applied += run.json().iter().filter(|object| object["reason"] == "applied").count();
    }
    assert_eq!(applied, story.len());
    let hand = Hand::new(primary.url());
    let history = hand.query("SELECT count(*), count(DISTINCT name), max(position) FROM _dbmigrate_history");
    assert_eq!(history, ["8|8|8"]);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}
