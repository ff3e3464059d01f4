//! The same on a libSQL server.

use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::time::Duration;

use dbmigrate_embed::{MigrateErrorKind as Kind, Report, Server as Target, Standing};
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use pollster::block_on;
use serde_json::json;

use crate::history::{family, migrations};

/// The names in the history of a server's database; none if it has no history.
fn history(hand: &Hand) -> Vec<String> {
    match hand.tables().iter().any(|table| table == "_dbmigrate_history") {
        true => hand.query("SELECT name FROM _dbmigrate_history ORDER BY position"),
        false => Vec::new(),
    }
}

#[test]
fn a_history_is_applied_once_and_in_few_requests() {
    let Some(server) = Server::start() else { return };
    let (hand, proxy) = (Hand::new(server.url()), Proxy::before(server.port()));
    let family = migrations(&family());
    let target = Target::new(proxy.url());
    let plan = block_on(family.plan(&target)).expect("it can be read");
    assert_eq!((plan.before, plan.pending.len()), (0, 3));
    assert_eq!(history(&hand), [""; 0]);
    proxy.reset();
    let report = block_on(family.run(&target)).expect("it applies");
    assert_eq!((report.applied.len(), report.before), (3, Some(0)));
    assert!(proxy.requests() <= 5, "{:?}", proxy.traffic());
    assert_eq!(hand.query("SELECT count(*) FROM children JOIN parents ON parents.id = parent_id"), ["100"]);
    assert_eq!(history(&hand), ["0001_create", "0002_fill", "0003_require_names"]);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
    proxy.reset();
    let again = block_on(family.run(target)).expect("there is nothing to do");
    assert_eq!(again.to_string(), "nothing to apply, 3 already applied");
    assert_eq!(proxy.requests(), 1, "{:?}", proxy.traffic());
    assert!(block_on(family.status(Target::new(server.url()))).expect("it can be read").is_current());
}

#[test]
fn a_database_on_a_server_is_ready_after_one_request() {
    let Some(server) = Server::start() else { return };
    let (hand, proxy) = (Hand::new(server.url()), Proxy::before(server.port()));
    let family = migrations(&family());
    let target = Target::new(proxy.url());
    let start = || {
        std::thread::spawn({
            let target = target.clone();
            move || family.ready(target).wait()
        })
    };
    let all: Vec<_> = (0..6).map(|_| start()).collect();
    let reports = all.into_iter().map(|one| one.join().expect("it does not panic").expect("it is ready"));
    assert_eq!(reports.map(|report| report.applied.len()).sum::<usize>(), 3, "one of them applies them");
    assert_eq!(history(&hand), ["0001_create", "0002_fill", "0003_require_names"]);
    for _ in 0..2 {
        proxy.reset();
        let again = family.ready(&target).wait().expect("there is nothing to do");
        assert_eq!(again.to_string(), "nothing to apply, 3 already applied");
        assert_eq!(proxy.requests(), 1, "{:?}", proxy.traffic());
    }
    hand.run(&["CREATE INDEX by_hand ON parents (name)"]);
    assert_eq!(family.ready(&target).wait().expect_err("it has drifted").kind(), Kind::Drift);
    drop(server);
    let error = family.ready(&target).wait().expect_err("nobody answers");
    assert!(matches!(error.kind(), Kind::Unreachable | Kind::Lost), "{error}");
}

#[test]
fn a_failure_and_a_drift_are_told_as_on_a_file() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    let target = Target::new(server.url());
    let family = migrations(&family());
    block_on(family.runner().to("2").run(&target)).expect("it applies");
    hand.run(&["UPDATE parents SET name = NULL WHERE id = 7"]);
    let error = block_on(family.run(&target)).expect_err("a name is missing");
    assert_eq!(error.kind(), Kind::Migration);
    let expected =
        "migration `0003_require_names` failed, in statement 2 at migrations/0003_require_names/migration.sql:2: ";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(error.to_string().ends_with("; the database is as it was before"), "{error}");
    assert_eq!(hand.query("SELECT count(*) FROM children"), ["100"]);
    hand.run(&["UPDATE parents SET name = 'again' WHERE id = 7", "CREATE INDEX by_hand ON parents (name)"]);
    let error = block_on(family.run(&target)).expect_err("it has drifted");
    assert_eq!(error.kind(), Kind::Drift);
    assert!(error.to_string().contains("by_hand"), "{error}");
    let status = block_on(family.status(&target)).expect("it can be read");
    assert!(matches!(status.standing, Standing::Drifted(lines) if lines.len() == 1));
}

#[test]
fn tokens_that_are_not_accepted_are_told_apart_and_never_shown() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let family = migrations(&family());
    let refused = |target: Target, expected: &str, secret: &str| {
        assert!(secret.is_empty() || !format!("{target:?}").contains(secret));
        let error = block_on(family.run(target)).expect_err("it is refused");
        assert_eq!(error.kind(), Kind::Access, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(secret.is_empty() || !format!("{error} {error:?}").contains(secret), "{error:?}");
    };
    let target = || Target::new(server.url());
    refused(target(), "requires a token, and none is set", "");
    refused(target().token(key.expired()), "expired", &key.expired());
    let other = Key::generate().token(&json!({}));
    refused(target().token(&other), "does not accept the token", &other);
    let reading = key.token(&json!({ "a": "ro" }));
    refused(target().token(&reading), "is read-only", &reading);
    let report = block_on(family.run(target().token(key.token(&json!({}))))).expect("it is the right one");
    assert_eq!(report.applied.len(), 3);
}

#[test]
fn what_is_no_server_is_said_to_be_none() {
    let family = migrations(&family());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one");
    let target = Target::new(format!("http://{closed}")).timeout(Duration::from_secs(5));
    let error = block_on(family.run(target)).expect_err("nobody listens");
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    let error = block_on(family.run(Target::new("ftp://example.com"))).expect_err("it is no such URL");
    assert_eq!(error.kind(), Kind::Option);
    let error = block_on(family.run(Target::new("https://me:s3cret@example.com"))).expect_err("it is no such URL");
    assert!(error.kind() == Kind::Option && !format!("{error:?}").contains("s3cret"), "{error:?}");
    let error = block_on(family.run(Target::new("https://example.com").token("s3 cret"))).expect_err("it is no token");
    assert!(error.kind() == Kind::Option && !format!("{error:?}").contains("s3 cret"), "{error:?}");
}

#[test]
fn instances_that_start_at_once_apply_each_migration_once() {
    const INSTANCES: usize = 6;
    for _ in 0..3 {
        let Some(server) = Server::start() else { return };
        let (hand, family) = (Hand::new(server.url()), migrations(&family()));
        let barrier = Arc::new(Barrier::new(INSTANCES));
        let start = |_| {
            let (target, barrier) = (Target::new(server.url()), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                block_on(family.run(target)).expect("every instance starts")
            })
        };
        let instances: Vec<_> = (0..INSTANCES).map(start).collect();
        let reports: Vec<Report> =
            instances.into_iter().map(|instance| instance.join().expect("it does not panic")).collect();
        assert_eq!(reports.iter().map(|report| report.applied.len()).sum::<usize>(), 3, "{reports:?}");
        assert_eq!(hand.query("SELECT count(*) FROM children"), ["100"]);
        assert_eq!(history(&hand).len(), 3);
    }
}

#[test]
fn a_dropped_run_leaves_the_server_before_or_after_a_migration() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let family = migrations(&family());
    for round in 0..12 {
        let url = server.create_namespace(&format!("n{round}"));
        let hand = Hand::new(&url);
        {
            let mut running = pin!(family.run(Target::new(&url)));
            let mut context = Context::from_waker(Waker::noop());
            assert!(running.as_mut().poll(&mut context).is_pending());
            std::thread::sleep(Duration::from_millis(round * 2));
        }
        // nobody may know when the thread is done; another run waits for its lock
        let report = block_on(family.run(Target::new(&url))).expect("it goes on");
        assert_eq!(report.before.unwrap_or_default() + report.applied.len(), 3, "{report:?}");
        assert_eq!(history(&hand).len(), 3);
        assert_eq!(hand.query("SELECT count(*) FROM children JOIN parents ON parents.id = parent_id"), ["100"]);
        assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
    }
}
