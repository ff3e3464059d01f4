//! Roll-outs over a simulated server: members that cannot be reached, and requests that fail in every way.

use std::time::Duration;

use dbmigrate_test_support::fleet::chance;
use dbmigrate_test_support::fleet::weather::{Fault, Weather, When};
use dbmigrate_test_support::say;

use crate::fleet::{Fleet, HEAD, RollOut};
use crate::project::Run;

#[test]
fn a_single_member_is_migrated_whatever_happens_to_any_of_its_requests() {
    let faults = [Fault::Closed, Fault::Lost, Fault::Half, Fault::Status(503), Fault::Status(429)];
    let (fleet, server) = Fleet::served(faults.len() * 4, 1, "");
    let cases = faults.iter().flat_map(|fault| (0..4).map(move |nth| (*fault, nth)));
    for ((fault, nth), name) in cases.zip(fleet.files.names()) {
        server.fail(name, When::After(nth), fault);
        let migrate = format!("migrate --url {}", server.url(name));
        let run = fleet.project.run(&migrate);
        fleet.is_in_order(std::slice::from_ref(name));
        // it may have been tried again by itself
        if run.code != 0 {
            fleet.project.runs(&migrate);
        }
        assert_eq!(fleet.state(name), Some(HEAD), "{fault:?} in request {nth}: {}", run.err);
    }
}

#[test]
fn five_percent_that_cannot_be_reached_are_left_out_and_get_it_later() {
    let (fleet, server) = Fleet::served(100, 1, "");
    let gone = chance::choose(1, fleet.files.names(), 5);
    for (number, name) in gone.iter().enumerate() {
        let fault = if number % 2 == 0 { Fault::Closed } else { Fault::Status(503) };
        server.fail(name, When::Always, fault);
    }
    let said = fleet.rolls_out(6, "");
    assert_eq!(said.with("unreachable"), gone);
    assert_eq!((&said.all["migrated"], &said.all["failed"]), (&95.into(), &0.into()));
    for name in &gone {
        server.heal(name);
    }
    let said = fleet.rolls_out(0, "");
    assert_eq!((&said.all["migrated"], &said.all["unchanged"]), (&5.into(), &95.into()));
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn lost_answers_of_a_commit_are_found_out_about() {
    let (fleet, server) = Fleet::served(12, 2, "max_failures = 12");
    for name in fleet.files.names() {
        server.fail(name, When::Commit, Fault::Lost);
    }
    let said = fleet.rolls_out(0, "");
    assert_eq!(said.all["migrated"], 12, "{}", said.all);
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_storm_leaves_every_member_before_or_after_each_migration() {
    let (fleet, server) = Fleet::served(200, 7, "max_failures = \"100%\"\nparallel = 8");
    server.set_weather(Weather { latency: Duration::from_millis(1), ..Weather::storm() });
    let mut runs = 0;
    loop {
        let said = RollOut::of(Run::of(&mut fleet.command("")));
        fleet.is_in_order(fleet.files.names());
        for name in said.with("migrated").iter().chain(&said.with("unchanged")) {
            assert_eq!(fleet.state(name), Some(HEAD), "{name}");
        }
        runs += 1;
        if said.run.code == 0 {
            break;
        }
        assert!(runs < 20, "it does not end: {}", said.all);
    }
    fleet.is_at_head(fleet.files.names());
    assert!(server.traffic().at_once <= 8, "{:?}", server.traffic());
}

#[test]
fn members_of_one_host_are_not_asked_more_at_once_than_is_allowed() {
    let (fleet, server) = Fleet::served(40, 3, "parallel = 16\nparallel_per_host = 3");
    let lines = fleet.files.names().iter().map(|name| {
        let url = format!("http://localhost:{}/dev/{name}", server.port());
        serde_json::json!({"name": name, "url": url}).to_string()
    });
    fleet.project.write("members.jsonl", lines.collect::<Vec<_>>().join("\n"));
    server.set_weather(Weather { latency: Duration::from_millis(2), ..Weather::default() });
    fleet.rolls_out(0, "");
    assert!(server.traffic().at_once <= 3, "{:?}", server.traffic());
    fleet.is_at_head(fleet.files.names());
}

/// Ten thousand members: as many runs as it takes, each of which leaves every member before or after each migration.
#[test]
#[ignore = "takes minutes: `cargo test --release -p cargo-dbmigrate --test product -- --ignored ten_thousand --nocapture`"]
fn ten_thousand_members_in_a_storm() {
    const COUNT: usize = 10_000;
    let begin = std::time::Instant::now();
    let (fleet, server) = Fleet::served(COUNT, 9, "max_failures = \"100%\"\nparallel = 32\nparallel_per_host = 32");
    let names = fleet.files.names();
    server.set_weather(Weather { latency: Duration::from_millis(1), ..Weather::storm() });
    for name in chance::choose(9, names, COUNT / 20) {
        server.fail(&name, When::Always, Fault::Closed);
    }
    for run in 0.. {
        if run == 2 {
            for name in names {
                server.heal(name);
            }
        }
        let said = RollOut::of(Run::of(&mut fleet.command("")));
        fleet.is_in_order(names);
        let (all, traffic) = (&said.all, server.traffic());
        say(&format!("run {run}, {:.0?}: {all} {traffic:?}", begin.elapsed()));
        if said.run.code == 0 {
            break;
        }
        assert!(run < 20, "it does not end: {all}");
    }
    fleet.is_at_head(names);
}
