//! Roll-outs that are killed, run at the same time, or see members come and go.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use dbmigrate_test_support::fleet::chance;
use dbmigrate_test_support::fleet::weather::{Fault, Weather, When};

use crate::fleet::{Fleet, RollOut};
use crate::project::Run;

/// Starts a roll-out, and kills it after it has settled so many members; whether it had ended before.
fn killed_after(fleet: &Fleet, more: &str, settled: usize) -> bool {
    let mut child = fleet.command(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("it was asked for"));
    let lines = out.lines().map_while(Result::ok).filter(|line| line.contains("\"reason\":\"member\""));
    let seen = lines.take(settled).count();
    // in the middle of whatever comes next
    end(&mut child);
    seen < settled
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_roll_out_that_is_killed_thirty_times_goes_on_where_it_was() {
    const KILLS: usize = 30;
    let fleet = Fleet::of_files(120, "parallel = 2\nmax_failures = \"100%\"");
    for kill in 0..KILLS {
        let settled = usize::try_from(chance::number(11, "kill", kill) % 6).expect("small");
        killed_after(&fleet, "", settled);
        fleet.is_in_order(fleet.files.names());
    }
    let said = fleet.rolls_out(0, "");
    assert_eq!(said.members.len(), 120, "{}", said.all);
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_roll_out_over_a_server_that_is_killed_goes_on_where_it_was() {
    let (fleet, server) = Fleet::served(40, 4, "parallel = 4\nmax_failures = \"100%\"");
    for kill in 0..10 {
        let settled = usize::try_from(chance::number(12, "kill", kill) % 4).expect("small");
        killed_after(&fleet, "", settled);
        fleet.is_in_order(fleet.files.names());
    }
    fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
    drop(server);
}

/// Two roll-outs that begin at the same time, and how they ended.
fn two(fleet: &Fleet) -> [RollOut; 2] {
    let start = || {
        let mut command = fleet.command("");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    [start(), start()].map(|child| RollOut::of(Run::from(child.wait_with_output().expect("it ends"))))
}

#[test]
fn two_roll_outs_at_once_apply_each_migration_once() {
    let fleet = Fleet::of_files(60, "parallel = 4");
    let both = two(&fleet);
    fleet.is_at_head(fleet.files.names());
    let applied: u64 = both.iter().map(|said| said.all["applied"].as_u64().expect("a number")).sum();
    assert_eq!(applied, 180, "each migration of each member by one of them");
    for said in &both {
        assert_eq!(said.run.code, 0, "{}\n{}", said.run.out, said.run.err);
    }
}

#[test]
fn two_roll_outs_at_once_over_a_server_apply_each_migration_once() {
    let (fleet, _server) = Fleet::served(30, 5, "parallel = 4");
    let both = two(&fleet);
    fleet.is_at_head(fleet.files.names());
    let applied: u64 = both.iter().map(|said| said.all["applied"].as_u64().expect("a number")).sum();
    assert_eq!(applied, 90, "each migration of each member by one of them");
    for said in &both {
        assert_eq!(said.run.code, 0, "{}\n{}", said.run.out, said.run.err);
    }
}

#[test]
fn members_that_come_and_go_meanwhile_are_left_out_or_wait_for_the_next_run() {
    let (mut fleet, server) = Fleet::served(30, 6, "parallel = 2\nmax_failures = \"100%\"");
    // the survey sees them, and then they are gone
    for name in ["t0010", "t0020"] {
        server.fail(name, When::After(1), Fault::Status(404));
        for more in 2..40 {
            server.fail(name, When::After(more), Fault::Closed);
        }
    }
    server.set_weather(Weather { latency: std::time::Duration::from_millis(1), ..Weather::default() });
    let child = fleet.command("").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let first = fleet.first();
    fleet.files.add("t0999", &first);
    server.add("t0999", fleet.files.path("t0999"));
    fleet.list(&server, fleet.files.names());
    let said = RollOut::of(Run::from(child.wait_with_output().expect("it ends")));
    assert_eq!(said.run.code, 6, "{}", said.run.err);
    fleet.is_in_order(fleet.files.names());
    for name in ["t0010", "t0020"] {
        server.heal(name);
    }
    // one that is no longer listed is none of its business
    server.remove("t0005");
    let names: Vec<String> = fleet.files.names().iter().filter(|name| *name != "t0005").cloned().collect();
    fleet.list(&server, &names);
    let said = RollOut::of(Run::of(&mut fleet.command("")));
    assert_eq!(said.run.code, 0, "{}\n{}", said.run.out, said.run.err);
    assert!(said.members.contains_key("t0999") && !said.members.contains_key("t0005"));
    fleet.is_at_head(&names);
}

#[test]
fn files_that_come_and_go_meanwhile_are_left_out_or_wait_for_the_next_run() {
    let mut fleet = Fleet::of_files(60, "parallel = 1\nmax_failures = \"100%\"");
    let mut child = fleet.command("").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut lines = out.lines().map_while(Result::ok);
    // it has seen all of them, and is at work
    let _ = lines.find(|line| line.contains("\"reason\":\"member\""));
    fleet.files.vanish("t0055");
    let first = fleet.first();
    fleet.files.add("t0999", &first);
    let _ = lines.count();
    let status = child.wait().expect("it ends");
    assert!(matches!(status.code(), Some(0 | 6)), "{status}");
    fleet.files.come_back("t0055");
    fleet.is_in_order(fleet.files.names());
    fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
}
