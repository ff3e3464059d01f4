//! Runners that are killed: whenever that is, the database is before or after each migration, and the next run continues.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::project::Run;
use crate::server::OnServer;
use crate::story::Story;
use crate::subject::{LocalFile, Picture, Subject, command, migrate, pictures, start};

/// One in so many kills at least has to be between the first and the last migration; if not, there are more.
const SHARE: usize = 3;

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
    while deaths.kills < kills || deaths.midway * SHARE < kills {
        assert!(deaths.kills < 25 * kills, "{}: too few kills hit the middle: {deaths:?}", subject.what());
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

/// What became of runs whose server was killed.
#[derive(Debug, Default, Clone)]
pub(crate) struct ServerDeaths {
    /// How often it was killed while somebody was migrating.
    pub(crate) kills: usize,
    /// Of these, behind the first migration and before the last one.
    pub(crate) midway: usize,
    /// Of these, with the state of the database told by the runner, because the server was back in time or nothing had
    /// been sent.
    pub(crate) told: usize,
    /// Runs that were done before.
    pub(crate) missed: usize,
    /// How many migrations were there after each kill.
    pub(crate) histories: Vec<usize>,
}

/// What is said when the server has not come back.
const NOBODY_KNOWS: &str = "it is unknown";

/// What a run says of a database that has so many migrations, after its server was killed, is true.
#[track_caller]
fn must_be_true(story: &Story, run: &Run, applied: usize, is_back_at_once: bool) {
    let when = format!("{applied} migrations are there, and the run ends with {}: {}{}", run.code, run.out, run.err);
    if run.code == 0 {
        assert_eq!(applied, story.len(), "{when}");
        return;
    }
    assert_eq!(run.code, 1, "{when}");
    let state = run.err.split_once("is as it was before `").and_then(|(_, rest)| rest.split('`').next());
    if let Some(name) = state {
        assert_eq!(story.names.iter().position(|known| known == name), Some(applied), "{when}");
    } else if run.err.contains("nothing was changed") {
        assert_eq!(applied, 1, "{when}");
    } else {
        assert!(run.err.contains(NOBODY_KNOWS) && !is_back_at_once, "{when}");
    }
}

/// Kills the server at random moments while a runner migrates, and starts it again with the data that it had.
pub(crate) fn kill_servers(
    story: &Story,
    subject: &mut OnServer,
    pictures: &[Picture],
    kills: usize,
    chance: &mut Chance,
) -> ServerDeaths {
    let mut deaths = ServerDeaths::default();
    let mut duration = undisturbed(story, subject, pictures);
    while deaths.kills < kills || deaths.midway * SHARE < kills {
        assert!(deaths.kills < 25 * kills, "too few kills hit the middle: {deaths:?}");
        subject.restore();
        let started = Instant::now();
        let runner = command(story, subject, &["migrate"]).spawn().expect("the binary runs");
        sleep(chance.within(duration));
        subject.kill();
        let is_back_at_once = chance.one_in(2);
        if is_back_at_once {
            subject.restart();
        }
        let run = Run::from(runner.wait_with_output().expect("it ends"));
        let waited = started.elapsed();
        if !is_back_at_once {
            subject.restart();
        }
        let picture = subject.look();
        let applied = picture.history.len();
        let when = format!("server killed behind migration {applied}: {}", run.err);
        picture.must_be(&pictures[applied], &when);
        must_be_true(story, &run, applied, is_back_at_once);
        if run.code == 0 {
            duration = (duration + waited) / 2;
            deaths.missed += 1;
            assert!(deaths.missed < 20 + kills, "runners are faster than the server can be killed");
        } else {
            deaths.kills += 1;
            deaths.midway += usize::from(1 < applied && applied < story.len());
            deaths.told += usize::from(!run.err.contains(NOBODY_KNOWS));
            deaths.histories.push(applied);
        }
        migrate(story, subject, &[]);
        subject.look().must_be(&pictures[story.len()], "the run after the server was killed");
    }
    deaths
}

#[test]
fn a_killed_runner_leaves_the_database_of_a_server_before_or_after_each_migration() {
    let story = Story::new(12_000);
    let Some(mut server) = OnServer::new(&story) else { return };
    let mut chance = Chance::new("a killed runner of a server");
    let pictures = pictures(&story, &mut server);
    let deaths = kill_runners(&story, &mut server, &pictures, 6, &mut chance);
    println!("{deaths:?}");
}

#[test]
fn a_killed_server_has_its_database_before_or_after_each_migration() {
    let story = Story::new(12_000);
    let Some(mut server) = OnServer::new(&story) else { return };
    let mut chance = Chance::new("a killed server");
    let pictures = pictures(&story, &mut server);
    let deaths = kill_servers(&story, &mut server, &pictures, 5, &mut chance);
    println!("{deaths:?}");
}

#[test]
fn a_killed_runner_leaves_a_local_file_before_or_after_each_migration() {
    let story = Story::new(12_000);
    let mut chance = Chance::new("a killed runner");
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("death{has_wal}.db"), has_wal);
        let pictures = pictures(&story, &mut file);
        let deaths = kill_runners(&story, &mut file, &pictures, 9, &mut chance);
        println!("{}: {deaths:?}", file.what());
        assert!(deaths.hot > 0, "{}: no kill left anything to be undone: {deaths:?}", file.what());
    }
}
