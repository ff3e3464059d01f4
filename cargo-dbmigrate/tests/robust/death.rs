//! Runners that are killed: whenever that is, the database is before or after each migration, and the next run goes on.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::story::Story;
use crate::subject::{LocalFile, Picture, Subject, migrate, pictures, start};

/// What runners were killed in.
#[derive(Debug, Default, Clone)]
pub(crate) struct Deaths {
    /// Killed before they were done.
    pub(crate) kills: usize,
    /// Of these, when the first one had written something and the last one was still to come.
    pub(crate) midway: usize,
    /// Of these, with something that the next one to come had to undo or redo.
    pub(crate) hot: usize,
    /// Done before they were killed, which is none of the others.
    pub(crate) missed: usize,
    /// How many migrations were there after each kill.
    pub(crate) histories: Vec<usize>,
}

impl Deaths {
    /// Enough of them were in the middle of something.
    #[track_caller]
    pub(crate) fn must_have_hit(&self, what: &str) {
        assert!(
            self.midway * 3 >= self.kills,
            "{what}: too few kills were between the first and the last migration: {self:?}"
        );
    }
}

/// Kills runners at random moments until so many have died. After each, the database is exactly as it has to be with
/// the migrations that it has, and the next run leads to the same end as one that nobody disturbs.
pub(crate) fn kill_runners(
    story: &Story,
    subject: &mut impl Subject,
    pictures: &[Picture],
    kills: usize,
    chance: &mut Chance,
) -> Deaths {
    let mut deaths = Deaths::default();
    let mut duration = undisturbed(story, subject, pictures);
    while deaths.kills < kills {
        subject.restore();
        let started = Instant::now();
        let mut runner = start(story, subject);
        sleep(chance.within(duration));
        if chance.one_in(3) {
            // a moment in which the file is half written
            while subject.is_hot() == Some(false) && runner.try_wait().expect("it can be asked").is_none() {}
        }
        if died(&mut runner) {
            note(&mut deaths, subject, pictures);
            // also while it mends what the first one has left
            if chance.one_in(4) && deaths.kills < kills {
                let mut second = start(story, subject);
                sleep(chance.within(duration / 8));
                if died(&mut second) {
                    note(&mut deaths, subject, pictures);
                }
            }
            migrate(story, subject, &[]);
        } else {
            // a machine that has less to do now
            duration = (duration + started.elapsed()) / 2;
            deaths.missed += 1;
            assert!(deaths.missed < 20 + kills, "{}: runners are faster than they can be killed", subject.what());
        }
        let done = subject.look();
        done.must_be(&pictures[pictures.len() - 1], &format!("{}, the run after a kill", subject.what()));
    }
    subject.restore();
    deaths
}

/// How long a run takes that nobody disturbs.
pub(crate) fn undisturbed(story: &Story, subject: &mut impl Subject, pictures: &[Picture]) -> Duration {
    subject.restore();
    let started = Instant::now();
    migrate(story, subject, &["--message-format", "json"]);
    let duration = started.elapsed();
    subject.look().must_be(&pictures[pictures.len() - 1], &subject.what());
    duration
}

/// Kills a runner; false if it was done before.
pub(crate) fn died(runner: &mut std::process::Child) -> bool {
    runner.kill().expect("it is ours");
    // killed by the signal, it has no exit code
    let code = runner.wait().expect("it ends").code();
    assert!(matches!(code, None | Some(0)), "it ended with {code:?} by itself");
    code.is_none()
}

/// Looks at what a killed runner has left.
fn note(deaths: &mut Deaths, subject: &impl Subject, pictures: &[Picture]) {
    let is_hot = subject.is_hot() == Some(true);
    let picture = subject.look();
    let applied = picture.history.len();
    picture.must_be(&pictures[applied], &format!("{}, killed behind migration {applied}", subject.what()));
    deaths.kills += 1;
    let is_last = applied + 1 == pictures.len();
    deaths.midway += usize::from(!is_last && (is_hot || applied > 1));
    deaths.hot += usize::from(!is_last && is_hot);
    deaths.histories.push(applied);
}

#[test]
fn a_killed_runner_leaves_a_local_file_before_or_after_each_migration() {
    let story = Story::new(12_000);
    let mut chance = Chance::new("a killed runner");
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("death{has_wal}.db"), has_wal);
        let pictures = pictures(&story, &mut file);
        let deaths = kill_runners(&story, &mut file, &pictures, 12, &mut chance);
        println!("{}: {deaths:?}", file.what());
        deaths.must_have_hit(&file.what());
        assert!(deaths.hot > 0, "{}: no kill left anything to be undone: {deaths:?}", file.what());
    }
}
