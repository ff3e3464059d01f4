//! Migrations beside a drift: whatever somebody has changed by hand is as it was afterwards, with its rows, or the
//! migration is refused and nothing has changed.

use std::collections::BTreeMap;

use dbmigrate_core::ddl::render;
use dbmigrate_core::engine::apply::{Applied, ApplyError, Drift, Failure, Loss, Observer, Options, apply_pending_with};
use dbmigrate_core::engine::{Connection, content, introspect, populate};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::case::{pair, refusal, script};
use crate::gene::{CaseGenes, Second};
use crate::runner::{Counts, count, run_cases, share};
use crate::support::{self, Change};
use crate::{edit, gene, generate};

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

#[test]
fn a_migration_beside_a_drift_keeps_it_or_changes_nothing() {
    let counts = run_cases(300, &(gene::edits(), gene::edits()), |(genes, by_hand), counts| {
        run_case(genes, by_hand, counts).map_err(|error| {
            let (snapshot, wanted, _) = pair(genes);
            let drifted = drifted(genes, by_hand);
            let [one, two, three] = [&snapshot, &wanted, &drifted].map(script);
            format!("{error}\n-- snapshot:\n{one}\n-- migration to:\n{two}\n-- by hand:\n{three}")
        })
    });
    for (ending, least) in [("applied", 10), ("refused: touches the drift", 10)] {
        assert!(share(&counts, ending) >= least, "too few are {ending}: {counts:?}");
    }
}

/// The first schema as somebody has left it.
fn drifted(genes: &CaseGenes, by_hand: &CaseGenes) -> Schema {
    let Second::Edits(edits) = &by_hand.second else { return Schema::default() };
    edit::edited(&generate::model(&genes.first), edits).schema()
}

fn run_case(genes: &CaseGenes, by_hand: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let (snapshot, wanted, renames) = pair(genes);
    let by_hand = drifted(genes, by_hand);
    for schema in [&snapshot, &wanted, &by_hand] {
        if refusal(schema)?.is_some() {
            count(counts, "discarded");
            return Ok(());
        }
    }
    let planned = |current: &Schema, desired: &Schema, renames| {
        let mut change = Change {
            current: current.clone(),
            desired: desired.clone(),
            renames,
            accept_all: true,
            ..Change::default()
        };
        change.backfills = support::example_backfills(&change)?;
        change.generate()
    };
    let nothing = dbmigrate_core::diff::Renames::default;
    let (Ok(create), Ok(migration), Ok(changes)) = (
        planned(&Schema::default(), &snapshot, nothing()),
        planned(&snapshot, &wanted, renames),
        planned(&snapshot, &by_hand, nothing()),
    ) else {
        count(counts, "discarded");
        return Ok(());
    };
    let message = |error: dbmigrate_core::engine::EngineError| error.to_string();
    let scratch = support::scratch_folder()?;
    let mut folder = Folder::open(scratch.path().join("migrations")).map_err(|error| error.to_string())?;
    support::add(&mut folder, "before", &create, &snapshot)?;
    let file = scratch.path().join("test.db");
    let mut database = support::open(&file)?;
    support::apply(&mut database, &folder).map_err(|error| format!("before: {error:?}"))?;
    let connection = database.connection();
    block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(message)?;
    for statement in changes.statements() {
        block_on(connection.run(statement)).map_err(|error| format!("drift: {statement}: {error}"))?;
    }
    fill(connection, &by_hand)?;
    support::add(&mut folder, "after", &migration, &wanted)?;

    // columns stand in another order there than in the model
    let before = image(connection, &block_on(introspect(connection)).map_err(message)?.schema)?;
    let drift = Drift::of(&by_hand.canonical(), &[], &snapshot.canonical());
    let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
    let unchanged = || std::fs::read(&file).is_ok_and(|now| now == bytes);
    if !drift.is_empty() {
        let result = support::apply(&mut database, &folder);
        if !matches!(result, Err(ApplyError::Drift { .. })) || !unchanged() {
            return Err(format!("a drift that nobody has accepted: {result:?}"));
        }
    }
    let options = Options { accept_drift: true, ..Options::default() };
    let result = block_on(apply_pending_with(&mut database, &folder, options, &mut Silent));
    if let Err(error) = result {
        let ending = match &error {
            ApplyError::Migration { failure, .. } => match &**failure {
                Failure::TouchesDrift { .. } => "refused: touches the drift",
                Failure::Statement { .. } => "refused: a statement fails",
                Failure::Preflight { .. } | Failure::PreflightExpressions { .. } | Failure::ForeignKeys { .. } => {
                    "refused by rows"
                }
                // a view of theirs that no longer compiles
                Failure::Broken { .. } if !drift.is_empty() => "refused: breaks the drift",
                _ => return Err(format!("{error:?}")),
            },
            _ => return Err(format!("{error:?}")),
        };
        count(counts, ending);
        return if unchanged() { Ok(()) } else { Err(format!("refused, but the file changed: {error:?}")) };
    }
    count(counts, if drift.is_empty() { "no drift" } else { "applied" });

    let connection = database.connection();
    let found = block_on(introspect(connection)).map_err(message)?;
    let (canonical, wanted) = (found.schema.canonical(), wanted.canonical());
    if Drift::of(&canonical, &found.unreadable, &wanted) != drift {
        return Err(format!("another drift than before:\n{}", script(&found.schema)));
    }
    let after = image(connection, &found.schema)?;
    for (kind, name) in by_hand.canonical().keys() {
        let key = (*kind, name.clone());
        let (was, is) = (snapshot.canonical().get(&key).cloned(), by_hand.canonical().get(&key).cloned());
        if let (Some(was), Some(is)) = (&was, &is)
            && split_indexes(was).0 == split_indexes(is).0
            && split_indexes(was).1.iter().all(|index| split_indexes(is).1.contains(index))
        {
            // beside an index that somebody has added, its table may change
            let now = canonical.get(&key).map(|text| split_indexes(text).1).unwrap_or_default();
            let added = split_indexes(is).1.into_iter().filter(|index| !split_indexes(was).1.contains(index));
            if let Some(lost) = added.into_iter().find(|index| !now.contains(index)) {
                return Err(format!("{name} has lost {lost}"));
            }
            continue;
        }
        let is_drifted = was != is;
        if is_drifted && canonical.get(&key) != by_hand.canonical().get(&key) {
            return Err(format!("{name} is not what it was"));
        }
        if is_drifted && before.get(name) != after.get(name) {
            return Err(format!("the rows of {name} are not what they were"));
        }
    }
    let integrity = format!("{:?}", block_on(connection.rows("PRAGMA integrity_check")).map_err(message)?);
    if integrity.contains("\"ok\"") { Ok(()) } else { Err(integrity) }
}

/// The lines of a canonical text without its indexes, and these.
fn split_indexes(text: &str) -> (Vec<String>, Vec<String>) {
    let lines = text.lines().map(str::to_owned);
    lines.partition(|line| !line.starts_with("  index ") && !line.starts_with("  unique index "))
}

/// Generated rows in every table, for which no trigger fires.
fn fill(connection: &Connection, schema: &Schema) -> Result<(), String> {
    let message = |error: dbmigrate_core::engine::EngineError| error.to_string();
    let triggers = || schema.triggers.iter();
    for trigger in triggers() {
        block_on(connection.run(&format!("DROP TRIGGER {}", trigger.name.sql()))).map_err(message)?;
    }
    block_on(populate::populate(connection, schema)).map_err(message)?;
    for trigger in triggers() {
        block_on(connection.run(&render::create_trigger(trigger))).map_err(message)?;
    }
    Ok(())
}

/// The rows of every table, by its name.
fn image(connection: &Connection, schema: &Schema) -> Result<BTreeMap<String, content::Rows>, String> {
    let rows = block_on(content::everything(connection, schema)).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(|(table, rows)| (table.folded(), rows)).collect())
}
