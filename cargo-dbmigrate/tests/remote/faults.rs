//! A connection that breaks at every point of a `migrate`: the database is before or after each migration, the message
//! says which, and the next run finishes.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Server, shared};
use insta::assert_snapshot;

use crate::project::{Project, Run};
use crate::served::{MIGRATIONS, POSTS, REBUILT, ROWS, USERS, applied, content, with_pending};

/// A project with three pending migrations, and what its database contains after each of the four.
struct Bench {
    server: &'static Server,
    project: Project,
    name: &'static str,
    states: Vec<String>,
    /// What an undisturbed run asks and gets, in bytes.
    exchanges: Vec<(usize, usize)>,
}

/// A run that is disturbed, on a copy of the database.
struct Trial {
    what: String,
    url: String,
    proxy: Proxy,
    disturbed: Command,
    undisturbed: Command,
}

/// What a trial has come to.
struct Outcome {
    what: String,
    run: Run,
    /// How many migrations the database had afterwards.
    has: usize,
    seconds: u64,
}

impl Bench {
    fn new(name: &'static str) -> Option<Self> {
        let server = shared()?;
        let project = Project::new(&format!("{USERS}{POSTS}"));
        with_pending(&project);
        let start = server.create_namespace(name);
        project.runs(&format!("migrate --to 1 --url {start}"));
        Hand::new(&start).run(&ROWS);
        let mut bench = Self { server, project, name, states: Vec::new(), exchanges: Vec::new() };
        let step = server.fork(name);
        for number in 1..=MIGRATIONS.len() {
            bench.project.runs(&format!("migrate --to {number} --url {step}"));
            bench.states.push(content(&Hand::new(&step)));
        }
        let mut trial = bench.trial(String::new());
        let run = Run::of(&mut trial.disturbed);
        assert_eq!(run.code, 0, "{}", run.err);
        bench.exchanges = trial.proxy.traffic().requests.iter().map(|one| (one.sent, one.received)).collect();
        assert!((1..=3).contains(&bench.exchanges.len()), "{:?}", bench.exchanges);
        Some(bench)
    }

    /// A run on a new copy of the database, through a proxy that does nothing yet.
    fn trial(&self, what: String) -> Trial {
        let url = self.server.fork(self.name);
        let name = url.trim_start_matches("http://").split('.').next().unwrap_or_default();
        let proxy = Proxy::before(self.server.port());
        let through = format!("{}/dev/{name}", proxy.url());
        let disturbed = self.project.command(&["migrate", "--timeout", "2", "--url", &through]);
        let undisturbed = self.project.command(&["migrate", "--url", &url]);
        Trial { what, url, proxy, disturbed, undisturbed }
    }

    /// Runs trials side by side: most of the time they wait.
    fn run(&self, trials: Vec<Trial>) -> Vec<Outcome> {
        let waiting = Mutex::new(trials);
        let (outcomes, states) = (Mutex::new(Vec::new()), &self.states);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let next = waiting.lock().expect("no thread has panicked").pop();
                        let Some(trial) = next else { break };
                        let outcome = trial.run(states);
                        outcomes.lock().expect("no thread has panicked").push(outcome);
                    }
                });
            }
        });
        outcomes.into_inner().expect("no thread has panicked")
    }
}

impl Trial {
    /// Whatever happens, the database is in one of the states, as its history says, and the next run brings it to the
    /// last one. What is said of the state is true.
    fn run(mut self, states: &[String]) -> Outcome {
        let begin = Instant::now();
        let run = Run::of(&mut self.disturbed);
        let seconds = begin.elapsed().as_secs();
        let what = format!("{}:\n{}", self.what, run.err);
        let hand = Hand::new(&self.url);
        let mut has = applied(&hand);
        let mut found = content(&hand);
        // a request that was left alone may still be at work
        while applied(&hand) != has {
            has = applied(&hand);
            found = content(&hand);
        }
        assert_eq!(has, MIGRATIONS[..has.len()], "{what}");
        assert_eq!(found, states[has.len() - 1], "{what}");
        assert!(run.err.lines().count() < 20 && !run.err.contains("panicked"), "{what}");
        match run.code {
            // tried again, or found out that it was done
            0 => assert_eq!(has, MIGRATIONS, "{what}"),
            code => {
                assert_eq!(code, 1, "{what}");
                let state = said_state(&run.err);
                assert!(state.is_none_or(|state| state == has.len()), "it has {}: {what}", has.len());
            }
        }
        let again = Run::of(&mut self.undisturbed);
        assert_eq!(again.code, 0, "{what}: {}", again.err);
        assert_eq!(applied(&hand), MIGRATIONS, "{what}");
        assert_eq!(content(&hand), states[MIGRATIONS.len() - 1], "{what}");
        let said = run.err.replace(&self.proxy.port().to_string(), "PORT");
        Outcome { what: self.what, run: Run { err: said, ..run }, has: has.len(), seconds }
    }
}

/// In which state a message says that the database is, by the number of its migrations. `None` if it says that this
/// is not known.
#[track_caller]
fn said_state(said: &str) -> Option<usize> {
    if said.contains("nothing was changed") {
        return Some(1);
    }
    let before = MIGRATIONS.iter().position(|name| said.contains(&format!("is as it was before `{name}`")));
    assert!(before.is_some() || said.contains("it is unknown"), "it says nothing of the database:\n{said}");
    before
}

/// A message without what differs from run to run: numbers, and how a connection is closed.
fn without_chance(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(": ") {
        Some((before, _)) if line.starts_with("error: ") && line.contains("no answer") => format!("{before}: …\n"),
        _ => format!("{line}\n"),
    });
    let mut out = String::new();
    for character in lines.collect::<String>().chars() {
        match character {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            other => out.push(other),
        }
    }
    out
}

#[test]
fn a_connection_may_break_at_any_point() {
    let Some(bench) = Bench::new("break") else { return };
    let gone = Fault { delivered: Delivered::Nothing, answer: Answer::Nothing };
    let mut trials = Vec::new();
    for (nth, (sent, received)) in bench.exchanges.iter().copied().enumerate() {
        for (delivered, answer) in [
            (Delivered::Nothing, Answer::Nothing),
            (Delivered::First(10), Answer::Nothing),
            (Delivered::First(sent / 2), Answer::Nothing),
            (Delivered::First(sent - 1), Answer::Nothing),
            (Delivered::All, Answer::Nothing),
            (Delivered::All, Answer::HangUp),
            (Delivered::All, Answer::First(10)),
            (Delivered::All, Answer::First(received / 2)),
            (Delivered::All, Answer::First(received - 1)),
            (Delivered::Nothing, Answer::Status(502)),
            (Delivered::Nothing, Answer::Status(503)),
            (Delivered::All, Answer::Status(504)),
            (Delivered::Nothing, Answer::Status(500)),
            (Delivered::Nothing, Answer::Status(404)),
            (Delivered::Nothing, Answer::Page),
            (Delivered::All, Answer::Page),
        ] {
            for lasting in [false, true] {
                let fault = Fault { delivered, answer };
                let trial = bench.trial(format!("request {nth}, {fault:?}, lasting: {lasting}"));
                trial.proxy.fail(nth, fault);
                if lasting {
                    // and from then on the server is not there
                    trial.proxy.fail_from(nth + 1, gone);
                }
                trials.push(trial);
            }
        }
    }
    let mut said = BTreeSet::new();
    for Outcome { what, run, .. } in bench.run(trials) {
        if run.code != 0 {
            let is_known = said_state(&run.err).is_some();
            assert!(is_known || what.ends_with("true"), "it could have been found out: {what}:\n{}", run.err);
            // where the server was left alone, chance decides how far it came
            if !what.contains("HangUp") {
                said.insert(without_chance(&run.err));
            }
        }
    }
    assert_snapshot!(said.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_server_that_stops_answering_is_given_up() {
    let Some(bench) = Bench::new("silent") else { return };
    let mut trials = Vec::new();
    for nth in 0..bench.exchanges.len() {
        for delivered in [Delivered::Nothing, Delivered::First(50), Delivered::All] {
            let trial = bench.trial(format!("request {nth}, {delivered:?}"));
            trial.proxy.fail(nth, Fault { delivered, answer: Answer::Silence });
            trial.proxy.fail_from(nth + 1, Fault { delivered: Delivered::Nothing, answer: Answer::Silence });
            trials.push(trial);
        }
    }
    for outcome in bench.run(trials) {
        let Outcome { what, run, seconds, .. } = outcome;
        assert_eq!(run.code, 1, "{what}: {}", run.err);
        assert!(seconds < 40, "{what}: {seconds} s for a timeout of 2 s\n{}", run.err);
    }
}

#[test]
fn what_happened_is_read_in_the_history() {
    let Some(bench) = Bench::new("unknown") else { return };
    // the request that applies them, of which no answer comes
    let last = bench.exchanges.len() - 1;
    let answers = [Answer::Nothing, Answer::First(40), Answer::Status(504), Answer::FailedCommit, Answer::HangUp];
    let trials = answers.map(|answer| {
        let trial = bench.trial(format!("{answer:?}"));
        trial.proxy.fail(last, Fault { delivered: Delivered::All, answer });
        trial
    });
    for Outcome { what, run, has, .. } in bench.run(trials.into()) {
        assert_eq!(run.code == 0, has == MIGRATIONS.len(), "{what}: it has {has}\n{}", run.err);
        assert!(run.code == 0 || what == "HangUp", "the server has done it: {what}\n{}", run.err);
    }
}

#[test]
fn a_push_whose_commit_is_answered_with_an_error_looks_whether_it_was_done() {
    let Some(server) = shared() else { return };
    let project = Project::new(&format!("{USERS}{POSTS}"));
    let url = server.create_namespace("pushed");
    let proxy = Proxy::before(server.port());
    let line = format!("push --url {}/dev/pushed", proxy.url());
    project.runs(&line);
    Hand::new(&url).run(&ROWS);
    project.structs(&format!("{REBUILT}{POSTS}"));
    let requests = {
        let other = server.fork("pushed");
        let name = other.trim_start_matches("http://").split('.').next().unwrap_or_default();
        proxy.reset();
        project.runs(&format!("push --url {}/dev/{name}", proxy.url()));
        proxy.requests()
    };
    // the commit is the last thing that a push does
    proxy.reset();
    proxy.fail(requests - 1, Fault { delivered: Delivered::All, answer: Answer::FailedCommit });
    let before = Hand::new(&url).schema();
    let run = project.run(&line);
    assert_ne!(Hand::new(&url).schema(), before, "the server has done it: {}", run.err);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(project.runs(&line).err.contains("Unchanged"));
}
