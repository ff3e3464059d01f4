//! What looks at a part alone says what looking at all of it says: the proof of a plan, and the schema after statements.

use dbmigrate_core::diff::diff;
use dbmigrate_core::engine::prove::{prove_part, prove_tolerating};
use dbmigrate_core::engine::tracker::Tracker;
use dbmigrate_core::engine::{Connection, Ignore};
use dbmigrate_core::plan::{Accepted, Decisions, Plan, create_all, plan};
use dbmigrate_core::sql::split;
use pollster::block_on;

use crate::case::{change_of, describe};
use crate::gene::{self, CaseGenes};
use crate::runner::{Counts, count, run_cases, share};
use crate::support::Change;

#[test]
fn a_proof_of_the_part_never_passes_where_that_of_the_whole_fails() {
    let counts = run_cases(150, &gene::edits(), |genes, counts| with_plan(genes, counts, part_implies_whole));
    assert!(share(&counts, "part passed") >= 5, "hardly ever a part: {counts:?}");
}

#[test]
fn following_what_changed_leads_where_reading_everything_leads() {
    run_cases(150, &gene::edits(), |genes, counts| with_plan(genes, counts, follows));
    run_cases(50, &gene::pairs(), |genes, counts| with_plan(genes, counts, follows));
}

type Test = fn(&Change, &Plan, &Counts) -> Result<(), String>;

fn with_plan(genes: &CaseGenes, counts: &Counts, test: Test) -> Result<(), String> {
    let Some(change) = change_of(genes)? else { return Ok(()) };
    let decisions = Decisions {
        renames: change.renames.clone(),
        accepted: Accepted { all: true, ..Accepted::default() },
        backfills: change.backfills.clone(),
        ..Decisions::default()
    };
    let Ok(difference) = diff(&change.current, &change.desired, &change.renames) else { return Ok(()) };
    let Ok(plan) = plan(&change.current, &change.desired, &difference, &decisions) else { return Ok(()) };
    test(&change, &plan, counts).map_err(|error| describe(&error, &change))
}

/// Also for plans that lack a statement, or have it twice.
fn part_implies_whole(change: &Change, plan: &Plan, counts: &Counts) -> Result<(), String> {
    let mut plans = vec![plan.clone()];
    for step in 0..plan.steps.len() {
        for at in 0..plan.steps[step].statements.len() {
            let mut without = plan.clone();
            let statement = without.steps[step].statements.remove(at);
            plans.push(without);
            let mut twice = plan.clone();
            twice.steps[step].statements.push(statement);
            plans.push(twice);
        }
    }
    for plan in plans {
        let (old, new, renames) = (&change.current, &change.desired, &change.renames);
        match block_on(prove_part(old, new, renames, &plan)) {
            None => count(counts, "no part"),
            Some(Err(_)) => count(counts, "part failed"),
            Some(Ok(_)) => {
                count(counts, "part passed");
                block_on(prove_tolerating(old, new, renames, &plan, &[]))
                    .map_err(|error| format!("the whole fails: {error}\n{}", plan.to_sql("plan")))?;
            }
        }
    }
    Ok(())
}

fn follows(change: &Change, plan: &Plan, counts: &Counts) -> Result<(), String> {
    let text = |error: dbmigrate_core::engine::EngineError| error.to_string();
    let connection = block_on(Connection::in_memory()).map_err(text)?;
    block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(text)?;
    block_on(connection.run_all(&create_all(&change.current))).map_err(text)?;
    let mut tracker = block_on(Tracker::new(&connection, Ignore::default())).map_err(text)?;
    for statement in plan.statements() {
        if block_on(connection.run(statement)).is_err() {
            return Ok(());
        }
        let known = block_on(tracker.update(&connection, &split(statement))).map_err(text)?.is_some();
        count(counts, if known { "followed" } else { "read anew" });
        let fresh = block_on(Tracker::new(&connection, Ignore::default())).map_err(text)?;
        let is_same = tracker.canonical() == fresh.canonical()
            && tracker.hash() == fresh.hash()
            && tracker.unreadable() == fresh.unreadable();
        if !is_same {
            return Err(format!(
                "after {statement}:\nfollowed: {:#?}\nread: {:#?}",
                tracker.canonical(),
                fresh.canonical()
            ));
        }
    }
    Ok(())
}
