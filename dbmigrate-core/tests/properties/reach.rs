//! What looks at a part alone says what looking at all of it says: the proof of a plan, and the schema after statements.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::prove::{prove_part, prove_tolerating};
use dbmigrate_core::engine::tracker::Tracker;
use dbmigrate_core::engine::{Connection, Ignore};
use dbmigrate_core::plan::{Accepted, Decisions, Plan, create_all, plan};
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use crate::case::{change_of, describe};
use crate::gene::{self, CaseGenes};
use crate::runner::{Counts, count, run_cases, share};
use crate::support::{self, Change};

#[test]
fn a_proof_of_the_part_never_passes_where_that_of_the_whole_fails() {
    let counts = run_cases(100, &gene::edits(), |genes, counts| with_plan(genes, counts, part_implies_whole));
    assert!(share(&counts, "part passed") >= 3, "hardly ever a part: {counts:?}");
}

#[test]
fn following_what_changed_leads_where_reading_everything_leads() {
    run_cases(150, &gene::edits(), |genes, counts| with_plan(genes, counts, follows));
    run_cases(50, &gene::pairs(), |genes, counts| with_plan(genes, counts, follows));
}

type Test = fn(&Change, &Plan, &Counts) -> Result<(), String>;

fn with_plan(genes: &CaseGenes, counts: &Counts, test: Test) -> Result<(), String> {
    let Some(mut change) = change_of(genes)? else { return Ok(()) };
    with_neighbours(&mut change)?;
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

/// What is there besides, some of which uses what changes.
fn with_neighbours(change: &mut Change) -> Result<(), String> {
    let mut script = String::from(
        "CREATE TABLE near_1 (id INTEGER PRIMARY KEY, a TEXT UNIQUE); CREATE INDEX near_1_idx ON near_1 (a);
         CREATE TABLE near_2 (id INTEGER PRIMARY KEY AUTOINCREMENT, one REFERENCES near_1 (id) ON DELETE CASCADE);
         CREATE TABLE near_3 (id INTEGER PRIMARY KEY, two REFERENCES near_2 (id), a CHECK (a <> 'no'));
         CREATE VIEW near_4 AS SELECT near_1.a, near_2.id FROM near_1, near_2;
         CREATE VIEW near_5 AS SELECT * FROM near_4;
         CREATE TRIGGER near_6 AFTER INSERT ON near_3 BEGIN UPDATE near_1 SET a = new.a; END;",
    );
    let mut schema = support::schema_of(&script)?;
    let is_kept = |name: &&Name| change.desired.table(name).is_some() && change.renames == Renames::default();
    let names: Vec<Name> = change.current.tables.iter().map(|table| table.name.clone()).collect();
    if let Some(kept) = names.iter().find(is_kept) {
        let kept = kept.sql();
        let users = [
            format!("CREATE TABLE {kept} (x); CREATE TABLE near_9 (a, b);"),
            format!("CREATE VIEW near_7 AS SELECT near_1.a, (SELECT count(*) FROM {kept}) AS n FROM near_1;"),
            format!("CREATE TRIGGER near_8 AFTER DELETE ON near_9 BEGIN SELECT count(*) FROM {kept}; END;"),
        ];
        script.extend(users);
        schema = support::schema_of(&script)?;
    }
    for whole in [&mut change.current, &mut change.desired] {
        for table in schema.tables.iter().filter(|table| table.name.as_str().starts_with("near_")) {
            whole.tables.insert(table.clone());
        }
        for view in &schema.views {
            whole.views.insert(view.clone());
        }
        for trigger in &schema.triggers {
            whole.triggers.insert(trigger.clone());
        }
    }
    Ok(())
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
