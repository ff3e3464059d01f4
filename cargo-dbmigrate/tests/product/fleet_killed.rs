//! Roll-outs that are killed, run at the same time, or see members come and go.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use dbmigrate_test_support::fleet::chance;
use dbmigrate_test_support::fleet::weather::{Fault, Weather, When};
use serde_json::Value;

use crate::fleet::{Fleet, HEAD, RollOut};
use crate::project::Run;

/// Starts a roll-out, and kills it after it has settled so many members; whether it had ended before.
fn killed_after(fleet: &Fleet, moment: usize, settled: usize) -> bool {
    let mut child = fleet.command("").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("it was asked for"));
    let lines = out.lines().map_while(Result::ok).filter(|line| line.contains("\"reason\":\"member\""));
    let seen = lines.take(settled).count();
    let moment = chance::number(13, "moment", moment) % 4000;
    std::thread::sleep(std::time::Duration::from_micros(moment));
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
        killed_after(&fleet, kill, settled);
        fleet.is_in_order(fleet.files.names());
    }
    let behind = fleet.files.names().iter().filter(|name| fleet.state(name) != Some(HEAD)).count();
    let said = fleet.rolls_out(0, "");
    assert_eq!(said.members.len(), 120, "{}", said.all);
    let counts = [&said.all["migrated"], &said.all["unchanged"]].map(|count| count.as_u64().expect("a number"));
    assert_eq!(counts, [behind, 120 - behind].map(|count| count as u64), "what was done before is not done again");
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_roll_out_over_a_server_that_is_killed_goes_on_where_it_was() {
    let (fleet, server) = Fleet::served(40, 4, "parallel = 4\nmax_failures = \"100%\"");
    for kill in 0..10 {
        let settled = usize::try_from(chance::number(12, "kill", kill) % 4).expect("small");
        killed_after(&fleet, kill, settled);
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

/// Each member got each migration from one of them, and both have said so.
#[track_caller]
fn each_once(fleet: &Fleet, both: &[RollOut; 2], pending: u64) {
    fleet.is_at_head(fleet.files.names());
    for said in both {
        assert_eq!(said.run.code, 0, "{}\n{}", said.run.out, said.run.err);
        assert_eq!(said.members.len(), fleet.files.names().len(), "{}", said.all);
    }
    for name in fleet.files.names() {
        let [one, two] = both.each_ref().map(|said| &said.members[name]);
        let applied = [one, two].map(|member| member["applied"].as_u64().expect("a number"));
        assert_eq!(applied[0] + applied[1], pending, "{one}\n{two}");
        for (member, applied) in [one, two].into_iter().zip(applied) {
            let wanted = if applied > 0 { "migrated" } else { "unchanged" };
            assert_eq!((&member["outcome"], &member["pending"]), (&wanted.into(), &0.into()), "{member}");
        }
    }
}

#[test]
fn two_roll_outs_at_once_apply_each_migration_once() {
    let fleet = Fleet::of_files(60, "parallel = 4");
    let both = two(&fleet);
    each_once(&fleet, &both, 3);
}

#[test]
fn two_roll_outs_at_once_over_a_server_apply_each_migration_once() {
    let (fleet, _server) = Fleet::served(30, 5, "parallel = 4");
    let both = two(&fleet);
    each_once(&fleet, &both, 3);
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
    // the new one may have been listed in time
    let seen = said.members.len();
    assert!(seen == 30 || (seen == 31 && said.members.contains_key("t0999")), "{}", said.all);
    assert_eq!(said.with("migrated").len(), seen - 2, "{}", said.all);
    let lost: Vec<String> = said.with("failed").into_iter().chain(said.with("unreachable")).collect();
    assert_eq!(lost, ["t0010", "t0020"], "{}", said.all);
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
    let begun = lines.find(|line| line.contains("\"reason\":\"member\"")).expect("a first member");
    fleet.files.vanish("t0055");
    let first = fleet.first();
    fleet.files.add("t0999", &first);
    let rest: Vec<Value> =
        std::iter::once(begun).chain(lines).filter_map(|line| serde_json::from_str(&line).ok()).collect();
    let status = child.wait().expect("it ends");
    let of = |reason: &str| rest.iter().filter(|line| line["reason"] == reason).collect::<Vec<_>>();
    let (members, all) = (of("member"), of("rolled_out")[0]);
    assert_eq!((members.len(), &all["members"]), (60, &60.into()), "those of the survey: {all}");
    // it may have been migrated before it went
    let outcome = members.iter().find(|member| member["member"] == "t0055").expect("a line")["outcome"].clone();
    assert!(outcome == "migrated" || outcome == "unreachable", "{outcome}");
    let left = u64::from(outcome == "unreachable");
    assert_eq!((&all["migrated"], &all["unreachable"]), (&(60 - left).into(), &left.into()), "{all}");
    assert_eq!(status.code(), Some(if left > 0 { 6 } else { 0 }), "{all}");
    fleet.files.come_back("t0055");
    fleet.is_in_order(fleet.files.names());
    fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
}
