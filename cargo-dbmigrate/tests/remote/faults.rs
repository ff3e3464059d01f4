//! A connection that breaks at every point of a `migrate`: the database is before or after each migration, the message
//! says which, and the next run finishes.

use std::collections::BTreeSet;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Server, shared};
use insta::assert_snapshot;

use crate::project::{Project, Run};
use crate::served::{MIGRATIONS, POSTS, ROWS, USERS, applied, content, with_pending};

/// A project with three pending migrations, and what its database contains after each of the four.
struct Bench {
    server: &'static Server,
    proxy: Proxy,
    project: Project,
    name: String,
    states: Vec<String>,
    /// What an undisturbed run asks and gets, in bytes.
    exchanges: Vec<(usize, usize)>,
}

impl Bench {
    fn new(name: &str) -> Option<Self> {
        let server = shared()?;
        let project = Project::new(&format!("{USERS}{POSTS}"));
        with_pending(&project);
        let start = server.create_namespace(name);
        project.runs(&format!("migrate --to 1 --url {start}"));
        Hand::new(&start).run(&ROWS);
        let proxy = Proxy::before(server.port());
        let mut bench =
            Self { server, proxy, project, name: name.to_owned(), states: Vec::new(), exchanges: Vec::new() };
        let step = server.fork(name);
        for number in 1..=MIGRATIONS.len() {
            bench.project.runs(&format!("migrate --to {number} --url {step}"));
            bench.states.push(content(&Hand::new(&step)));
        }
        let (_, run) = bench.run(&[]);
        assert_eq!(run.code, 0, "{}", run.err);
        bench.exchanges = bench.proxy.traffic().requests.iter().map(|one| (one.sent, one.received)).collect();
        assert!((1..=3).contains(&bench.exchanges.len()), "{:?}", bench.exchanges);
        Some(bench)
    }

    /// Migrates a new copy of the database through the proxy.
    fn run(&self, arguments: &[&str]) -> (String, Run) {
        let url = self.server.fork(&self.name);
        let name = url.trim_start_matches("http://").split('.').next().unwrap_or_default();
        let through = format!("{}/dev/{name}", self.proxy.url());
        let line = ["migrate", "--timeout", "2", "--url", &through];
        let run = Run::of(&mut self.project.command(&[&line, arguments].concat()));
        (url, run)
    }

    /// What must hold of a database, whatever has happened: it is in one of the states, as its history says, and the
    /// next run brings it to the last one. Returns how many migrations it had.
    fn check(&self, url: &str, what: &str) -> usize {
        let hand = Hand::new(url);
        let has = applied(&hand);
        assert_eq!(has, MIGRATIONS[..has.len()], "{what}");
        assert_eq!(content(&hand), self.states[has.len() - 1], "{what}");
        let run = self.project.run(&format!("migrate --url {url}"));
        assert_eq!(run.code, 0, "{what}: {}", run.err);
        assert_eq!(applied(&hand), MIGRATIONS, "{what}");
        assert_eq!(content(&hand), self.states[MIGRATIONS.len() - 1], "{what}");
        has.len()
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
    assert!(before.is_some() || said.contains("nobody can tell"), "it says nothing of the database:\n{said}");
    before
}

/// A message without what differs from run to run.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
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
    let mut said = BTreeSet::new();
    for (nth, (sent, received)) in bench.exchanges.iter().copied().enumerate() {
        let mut faults = vec![
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
        ];
        faults.dedup();
        for (delivered, answer) in faults {
            for lasting in [false, true] {
                let fault = Fault { delivered, answer };
                bench.proxy.reset();
                if lasting {
                    // and from then on the server is not there
                    bench.proxy.fail_from(nth + 1, Fault { delivered: Delivered::Nothing, answer: Answer::Nothing });
                }
                bench.proxy.fail(nth, fault);
                let (url, run) = bench.run(&[]);
                let what = format!("request {nth}, {fault:?}, lasting: {lasting}");
                let has = applied(&Hand::new(&url)).len();
                match run.code {
                    // tried again, or found out that it was done
                    0 => assert_eq!(has, MIGRATIONS.len(), "{what}: {}", run.err),
                    1 => {
                        let state = said_state(&run.err);
                        assert!(state.is_none_or(|state| state == has), "{what}: it has {has}, but says\n{}", run.err);
                        assert!(state.is_some() || lasting, "{what}: it could have been found out\n{}", run.err);
                        said.insert(without_numbers(&run.err.replace(&bench.proxy.port().to_string(), "PORT")));
                    }
                    code => panic!("{what} exits with {code}: {}", run.err),
                }
                let shown = format!("{what}:\n{}", run.err);
                assert!(run.err.lines().count() < 20 && !run.err.contains("panicked"), "{shown}");
                bench.check(&url, &shown);
            }
        }
    }
    let said: Vec<String> = said.into_iter().collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn a_server_that_stops_answering_is_given_up() {
    let Some(bench) = Bench::new("silent") else { return };
    for nth in 0..bench.exchanges.len() {
        for delivered in [Delivered::Nothing, Delivered::First(50), Delivered::All] {
            bench.proxy.reset();
            bench.proxy.fail(nth, Fault { delivered, answer: Answer::Silence });
            bench.proxy.fail_from(nth + 1, Fault { delivered: Delivered::Nothing, answer: Answer::Silence });
            let begin = std::time::Instant::now();
            let (url, run) = bench.run(&[]);
            assert_eq!(run.code, 1, "request {nth}, {delivered:?}: {}", run.err);
            assert!(begin.elapsed().as_secs() < 60, "request {nth}, {delivered:?}: {:?}", begin.elapsed());
            let state = said_state(&run.err);
            let has = applied(&Hand::new(&url)).len();
            assert!(state.is_none_or(|state| state == has), "it has {has}, but says\n{}", run.err);
            bench.check(&url, &run.err);
        }
    }
}

#[test]
fn what_happened_is_read_in_the_history() {
    let Some(bench) = Bench::new("unknown") else { return };
    // the request that applies them, of which no answer comes
    let last = bench.exchanges.len() - 1;
    let mut outcomes = BTreeSet::new();
    for answer in [Answer::Nothing, Answer::HangUp, Answer::First(40), Answer::Status(504)] {
        bench.proxy.reset();
        bench.proxy.fail(last, Fault { delivered: Delivered::All, answer });
        let (url, run) = bench.run(&[]);
        let has = applied(&Hand::new(&url)).len();
        outcomes.insert(has);
        match run.code {
            0 => assert_eq!(has, MIGRATIONS.len(), "{answer:?}: {}", run.err),
            code => {
                assert_eq!(code, 1, "{answer:?}: {}", run.err);
                assert_eq!(said_state(&run.err), Some(has), "{answer:?}: {}", run.err);
            }
        }
        bench.check(&url, &run.err);
    }
    assert!(outcomes.contains(&MIGRATIONS.len()), "the server has done it: {outcomes:?}");
}
