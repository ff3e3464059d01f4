//! Roll-outs over servers that do not do as much at once as they are asked for, refuse, recover, or are not there.

use std::time::{Duration, Instant};

use dbmigrate_test_support::fleet::files::Files;
use dbmigrate_test_support::fleet::names;
use dbmigrate_test_support::fleet::server::Server;
use dbmigrate_test_support::fleet::weather::{Capacity, Fault, Weather, When};
use serde_json::{Value, json};

use crate::fleet::{Fleet, RollOut};

const MS: Duration = Duration::from_millis(1);

/// What the summary says of a server that was slowed down.
fn slowed(said: &RollOut, server: &Server) -> Option<Value> {
    let host = json!(format!("http://localhost:{}", server.port()));
    said.all["slowed"].as_array().expect("a list").iter().find(|one| one["host"] == host).cloned()
}

#[test]
fn a_server_that_does_four_at_once_is_not_asked_for_many_more() {
    let settings = "parallel = 32\nwaves = [\"100%\"]\ncanary = 0";
    let (fleet, server) = Fleet::served(240, 1, settings);
    // slow enough that it is never the machine of the tests which is slower
    let takes = |takes| {
        let capacity = Some(Capacity { at_once: 4, takes, refuses: false });
        server.set_weather(Weather { capacity, ..Weather::default() });
    };
    takes(30 * MS);
    let said = fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
    let slowed = slowed(&said, &server).expect("it was slowed down");
    assert!(slowed["late"].as_u64() > Some(0) && slowed["refused"] == 0, "{slowed}");
    assert!(slowed["least"].as_u64().is_some_and(|least| (1..32).contains(&least)), "{slowed}");
    // with nothing to apply, a member takes no time but the server's
    takes(60 * MS);
    let run = fleet.project.runs("migrate -t tenants");
    let wanted = format!("Slowed down http://localhost:{}: ", server.port());
    assert!(run.err.contains(&wanted) && run.err.contains(" at once"), "{}", run.err);
}

#[test]
fn a_server_that_refuses_what_is_too_much_gets_less_and_no_member_fails_for_it() {
    let (fleet, server) = Fleet::served(60, 2, "parallel = 16\nwaves = [\"100%\"]\ncanary = 0");
    let capacity = Capacity { at_once: 2, takes: 5 * MS, refuses: true };
    server.set_weather(Weather { capacity: Some(capacity), ..Weather::default() });
    let said = fleet.rolls_out(0, "");
    let slowed = slowed(&said, &server).expect("it was slowed down");
    assert!(slowed["refused"].as_u64() > Some(0) && slowed["least"].as_u64() < Some(4), "{slowed}");
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_server_that_says_when_to_come_again_is_left_alone_until_then_and_recovers() {
    let (fleet, server) = Fleet::served(40, 3, "parallel = 8\nwaves = [\"100%\"]\ncanary = 0");
    for name in ["t0003", "t0017"] {
        for nth in 0..2 {
            server.fail(name, When::After(nth), Fault::Status(if nth == 0 { 429 } else { 503 }));
        }
    }
    server.set_weather(Weather { retry_after: Some(1), ..Weather::default() });
    let begun = Instant::now();
    let said = fleet.rolls_out(0, "");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let slowed = slowed(&said, &server).expect("it was slowed down");
    assert!(slowed["refused"].as_u64() >= Some(4) && slowed["rested"].as_u64() >= Some(900), "{slowed}");
    assert!(slowed["put_off"].as_u64() > Some(0) && slowed["given_up"] == false, "{slowed}");
    fleet.is_at_head(fleet.files.names());
}

/// Nobody knows what became of the migrations of two members, and for a while nobody can ask: they are put off, and do not
/// count against a budget of none.
#[test]
fn a_member_that_fails_for_a_passing_reason_is_put_off_and_spends_no_budget() {
    let (fleet, server) = Fleet::served(20, 4, "max_failures = 0\nwaves = [\"100%\"]\ncanary = 0");
    for name in ["t0004", "t0009"] {
        // behind the survey: the migrations, and the history, which is asked for three times
        (1..5).for_each(|nth| server.fail(name, When::After(nth), Fault::Status(503)));
    }
    let said = fleet.rolls_out(0, "");
    assert_eq!((&said.all["migrated"], &said.all["failed"]), (&json!(20), &json!(0)), "{}", said.all);
    assert!(slowed(&said, &server).is_some_and(|slowed| slowed["put_off"].as_u64() > Some(0)), "{}", said.all);
    fleet.is_at_head(fleet.files.names());
}

/// With more namespaces in use than it keeps awake (100 unless told otherwise), a libSQL server says now and then of one that
/// it is putting to sleep that it does not exist.
#[test]
fn a_database_that_its_server_denies_for_a_moment_is_found_again() {
    let (fleet, server) = Fleet::served(30, 7, "waves = [\"100%\"]\ncanary = 0");
    for (at, name) in ["t0002", "t0007", "t0011"].into_iter().enumerate() {
        server.fail(name, When::After(at % 2), Fault::Unknown);
    }
    server.fail("t0020", When::Always, Fault::Unknown);
    let said = fleet.rolls_out(6, "");
    assert_eq!((said.with("unreachable"), &said.all["migrated"]), (vec!["t0020".to_owned()], &json!(29)));
    server.heal("t0020");
    let status = fleet.project.ends(4, "status -t tenants");
    assert!(status.out.starts_with("29  at head"), "{}", status.out);
}

/// Two servers with fifty members each, of which one refuses everything and wants to be left alone: the other is migrated
/// as if it were alone, and the ill one is given up rather than asked for each of its members. That takes the seconds for
/// which a server may be silent.
#[test]
fn a_server_that_is_ill_keeps_nothing_from_another_and_is_given_up() {
    let (fleet, well) = Fleet::served(40, 5, "parallel = 8\nwaves = [\"100%\"]\ncanary = 0");
    let others = Files::copy(&fleet.first(), &fleet.project.path("others"), &names(40));
    let ill = Server::start(&others, 6);
    ill.set_weather(Weather { unavailable: 10_000, ..Weather::default() });
    // all of the ill one come first
    let line = |name: String, url: String| json!({"name": name, "url": url}).to_string();
    let first = others.names().iter().map(|name| line(format!("ill-{name}"), ill.url(name)));
    let then = fleet.files.names().iter().map(|name| line(name.clone(), well.url(name)));
    fleet.project.write("members.jsonl", first.chain(then).collect::<Vec<_>>().join("\n") + "\n");
    let run = crate::project::Run::of(&mut fleet.command(""));
    let said = RollOut::of(run);
    assert_eq!(said.run.code, 6, "{}", said.run.err);
    fleet.is_at_head(fleet.files.names());
    assert_eq!((&said.all["migrated"], &said.all["unreachable"]), (&json!(40), &json!(40)), "{}", said.all);
    assert!(said.order.len() == 80 && said.all["failed"] == 0);
    let given_up = slowed(&said, &ill).expect("it was slowed down");
    assert_eq!(given_up["given_up"], true, "{given_up}");
    assert!(ill.traffic().visits.requests < 40 * 3, "{:?}", ill.traffic());
    assert!(slowed(&said, &well).is_none_or(|well| well["unanswered"] == 0), "{}", said.all);
    assert!(said.run.out.contains("does not answer, so this one was not asked"), "{}", said.run.out);
}
