//! Many runners at once: each migration is applied exactly once, and nobody fails.

use std::process::{Child, Stdio};

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Options;

use crate::project::Run;
use crate::server::OnServer;
use crate::story::Story;
use crate::subject::{LocalFile, Picture, Subject, pictures, start};

/// What became of a race.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Race {
    pub(crate) rounds: usize,
    /// Rounds in which more than one runner has applied something.
    pub(crate) shared: usize,
}

/// Starts so many runners at once in each round, and looks at what they did.
pub(crate) fn race(
    story: &Story,
    subject: &mut impl Subject,
    pictures: &[Picture],
    runners: usize,
    rounds: usize,
) -> Race {
    let mut race = Race::default();
    let last = pictures.last().expect("there are migrations");
    for round in 1..=rounds {
        // every second time the database has yet to be made
        let is_new = round % 2 == 0;
        if is_new {
            subject.clear();
        } else {
            subject.restore();
        }
        let pending = story.len() - usize::from(!is_new);
        let children: Vec<Child> = (0..runners).map(|_| start(story, subject)).collect();
        let runs: Vec<Run> =
            children.into_iter().map(|child| child.wait_with_output().expect("it ends").into()).collect();
        let when = format!("round {round} of {runners} runners, {}", subject.what());
        let applied = runs.iter().map(|run| {
            assert_eq!(run.code, 0, "{when}: {}{}", run.out, run.err);
            run.json().iter().filter(|object| object["reason"] == "applied").count()
        });
        let applied: Vec<usize> = applied.collect();
        assert_eq!(applied.iter().sum::<usize>(), pending, "{when}");
        let picture = subject.look();
        if is_new {
            assert_eq!(picture.history, last.history, "{when}");
        } else {
            picture.must_be(last, &when);
        }
        race.rounds += 1;
        race.shared += usize::from(applied.iter().filter(|count| **count > 0).count() > 1);
    }
    race
}

#[test]
fn runners_that_race_on_a_local_file_apply_each_migration_once() {
    let story = Story::new(200);
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("race{has_wal}.db"), has_wal);
        let pictures = pictures(&story, &mut file);
        let race = race(&story, &mut file, &pictures, 4, 4);
        assert_eq!(race.rounds, 4);
        assert!(!file.beside("-journal").exists() && !file.beside("-wal").exists(), "{}", file.what());
    }
}

#[test]
fn runners_that_race_on_a_server_apply_each_migration_once() {
    let story = Story::new(200);
    let Some(mut server) = OnServer::new(&story) else { return };
    let pictures = pictures(&story, &mut server);
    let race = race(&story, &mut server, &pictures, 4, 4);
    assert_eq!(race.rounds, 4);
}

#[test]
fn runners_that_race_on_a_primary_and_its_replica_apply_each_migration_once() {
    let story = Story::new(200);
    let Some(primary) = Options::default().replicable().start() else { return };
    let Some(replica) = Options::default().replica_of(&primary).start() else { return };
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
