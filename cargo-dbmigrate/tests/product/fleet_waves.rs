//! Roll-outs over files: canary, waves, budget, and members that are not as they should be.

use dbmigrate_test_support::fleet::look;

use crate::fleet::{Fleet, HEAD};

fn names(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("t{number:04}")).collect()
}

#[test]
fn what_a_member_has_tells_how_many_migrations_it_has() {
    let fleet = Fleet::of_files(2, "");
    for state in 1..=HEAD {
        fleet.project.runs(&format!("migrate --url tenants/t0000.db --to {state}"));
        assert_eq!(fleet.state("t0000"), Some(state));
    }
    fleet.files.by_hand("t0000", &["DELETE FROM notes WHERE id = 2"]);
    assert_eq!((fleet.state("t0000"), fleet.state("t0001")), (None, Some(1)));
    fleet.spoil("t0001");
    let run = fleet.project.ends(1, "migrate --url tenants/t0001.db");
    assert!(run.err.contains("UNIQUE constraint failed: notes.id"), "{}", run.err);
    let content = look::content(&fleet.files.path("t0001")).expect("a database");
    assert_eq!((content.history.len(), content.broken.len()), (2, 0), "those before it are applied");
}

#[test]
fn every_member_gets_every_migration_and_keeps_every_row() {
    let fleet = Fleet::of_files(30, "");
    let said = fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
    assert_eq!((&said.all["migrated"], &said.all["stopped"]), (&30.into(), &serde_json::Value::Null));
    assert_eq!(said.waves[0]["members"], 1, "a canary first");
    let again = fleet.rolls_out(0, "");
    assert_eq!(again.all["unchanged"], 30);
}

#[test]
fn nothing_else_is_touched_when_the_canary_fails() {
    let fleet = Fleet::of_files(20, "max_failures = 10");
    // whichever is the canary
    for name in fleet.files.names() {
        fleet.spoil(name);
    }
    let before = fleet.contents();
    let said = fleet.rolls_out(6, "");
    let failed = said.with("failed");
    assert_eq!((failed.len(), said.with("not_tried").len()), (1, 19), "{}", said.all);
    assert_eq!(said.all["stopped"], "canary");
    let after = fleet.contents();
    assert!(before.iter().all(|(name, content)| failed.contains(name) || after[name] == *content));
    // the migrations before the one that failed are applied there, and it is whole
    let canary = after[&failed[0]].as_ref().expect("a database");
    assert_eq!((canary.history.len(), canary.broken.len()), (2, 0));
}

#[test]
fn a_budget_that_is_exhausted_in_the_second_wave_stops_the_roll_out() {
    let settings = "canary = 1\nwaves = [5, 20, \"100%\"]\nmax_failures = 2\nparallel = 1";
    let fleet = Fleet::of_files(40, settings);
    // names decide about the order, and so another fleet with the same names tells what comes after the first wave
    let order = Fleet::of_files(40, settings).rolls_out(0, "").order;
    let spoilt = order[8..14].to_vec();
    for name in &spoilt {
        fleet.spoil(name);
    }
    let said = fleet.rolls_out(6, "");
    assert_eq!(said.all["stopped"], "max_failures", "{}", said.all);
    assert_eq!(said.waves.len(), 3, "canary, first and second wave: {:?}", said.waves);
    let failed = said.with("failed");
    assert!(failed.iter().all(|name| spoilt.contains(name)), "{failed:?}");
    assert!((3..=4).contains(&failed.len()), "one more than allowed, and what was under way: {failed:?}");
    assert_eq!(said.all["failures"].as_array().map(Vec::len), Some(1), "one reason: {}", said.all["failures"]);
    let untouched = said.with("not_tried");
    assert!(untouched.len() >= 20, "the third wave and more: {untouched:?}");
    // the rows are put right, and it goes on
    for name in &spoilt {
        fleet.put_right(name);
    }
    fleet.rolls_out(0, "");
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn failures_within_the_budget_do_not_keep_the_others_from_it() {
    let fleet = Fleet::of_files(40, "max_failures = \"10%\"");
    let spoilt = names([9, 19, 29]);
    for name in &spoilt {
        fleet.spoil(name);
    }
    let said = fleet.rolls_out(6, "");
    assert_eq!(said.with("failed"), spoilt);
    assert_eq!((&said.all["migrated"], &said.all["stopped"]), (&37.into(), &serde_json::Value::Null));
    let others: Vec<String> = fleet.files.names().iter().filter(|name| !spoilt.contains(name)).cloned().collect();
    fleet.is_at_head(&others);
}

#[test]
fn nothing_is_written_when_preflights_find_more_than_the_budget_allows() {
    let fleet = Fleet::of_files(20, "max_failures = 1");
    // a preflight that reads what an earlier migration writes is asked when it is its turn
    fleet.project.runs("migrate --target tenants --to 2");
    for name in &names([4, 14]) {
        fleet.spoil_visibly(name);
    }
    let before = fleet.contents();
    let said = fleet.rolls_out(6, "");
    assert_eq!(said.all["stopped"], "preflight", "{}", said.all);
    assert!(before == fleet.contents(), "{}", said.all);
    // one of them is allowed, and is left as it was
    fleet.put_right("t0004");
    let said = fleet.rolls_out(6, "");
    assert_eq!((said.with("failed"), &said.all["migrated"]), (names([14]), &19.into()), "{}", said.all);
    assert_eq!(look::content(&fleet.files.path("t0014")), before["t0014"]);
}

#[test]
fn drifted_and_foreign_members_are_skipped_and_listed() {
    let fleet = Fleet::of_files(24, "");
    fleet.files.drift("t0003", "users");
    fleet.files.drift("t0011", "users");
    fleet.files.other_history("t0012");
    fleet.files.damage("t0017");
    let said = fleet.rolls_out(6, "");
    assert_eq!(said.with("drifted"), names([3, 11]));
    assert_eq!(said.with("unknown_history"), names([12]));
    assert_eq!(said.with("unreachable"), names([17]));
    let others: Vec<String> = fleet
        .files
        .names()
        .iter()
        .filter(|name| !["t0003", "t0011", "t0012", "t0017"].contains(&name.as_str()))
        .cloned()
        .collect();
    fleet.is_at_head(&others);
    // people see their names as well
    let run = fleet.project.run("migrate --target tenants");
    assert!(run.code == 6 && ["t0003", "t0012", "t0017"].iter().all(|name| run.err.contains(name)), "{}", run.err);
}

#[test]
fn only_a_part_of_the_members_is_touched_by_a_shard() {
    let fleet = Fleet::of_files(40, "");
    let mut all = Vec::new();
    for shard in 1..=4 {
        let said = fleet.rolls_out(0, &format!("--shard {shard}/4"));
        assert!(!said.members.is_empty() && said.members.len() < 40, "{}", said.all);
        all.extend(said.members.into_keys());
    }
    all.sort();
    assert_eq!(all, fleet.files.names(), "each in one shard");
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_dry_run_on_a_fleet_changes_nothing() {
    let fleet = Fleet::of_files(12, "");
    let before = fleet.contents();
    fleet.project.run("migrate --target tenants --dry-run");
    assert!(before == fleet.contents());
    assert_eq!(fleet.state("t0005"), Some(1));
}
