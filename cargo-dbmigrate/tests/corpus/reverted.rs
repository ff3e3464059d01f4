//! Histories of schemas gone along forwards, and each step back again: the schema is what it was, and the rows are there.

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::introspect;
use dbmigrate_core::schema::validate::ProblemKind;
use dbmigrate_core::schema::{ForeignKey, Schema, Table};
use dbmigrate_core::sql::Name;
use pollster::block_on;

use crate::parallel::parallel;
use crate::project::{Loaded, Project, Run, answered, load};
use crate::support::Change;
use crate::support::data::real_histories;
use crate::support::history::{State, histories};
use crate::ways::{Ending, Way};

/// How a history went.
#[derive(Default)]
struct Report {
    steps: usize,
    alone: usize,
    failed: Vec<String>,
}

fn inverse(renames: &Renames) -> Renames {
    let columns = renames.columns.iter().map(|(table, from, to)| {
        let was = renames.old_table(table).clone();
        (was, to.clone(), from.clone())
    });
    Renames {
        tables: renames.tables.iter().map(|(from, to)| (to.clone(), from.clone())).collect(),
        columns: columns.collect(),
    }
}

/// Forwards, with rows in the database.
fn forwards(project: &Project, current: &Loaded, desired: &Loaded, state: &State) -> Result<(), String> {
    let (before, after, renames) = (current.schema.clone(), desired.schema.clone(), state.renames.clone());
    let change = answered(Change { current: before, desired: after, renames, ..Change::default() })?;
    project.place.put_rows(|connection| change.populate(connection))?;
    match project.step(Way::Migrate, &change)? {
        Ending::Applied => Ok(()),
        Ending::Refused(refusal) => Err(refusal.to_string()),
    }
}

/// Whether rows must be refused by what the schema before them asks of their references: it has a foreign key which no
/// row can satisfy, or one whose column went with the step (so that its values are made up on the way back).
fn is_dangling(before: &Schema, after: &Schema, said: &str) -> bool {
    let is_unusable = before.problems().iter().any(|problem| problem.kind == ProblemKind::Unusable);
    let is_gone = |table: &Name, column: &Name| after.table(table).is_none_or(|table| table.column(column).is_none());
    let is_said = |table: &Table, key: &ForeignKey| {
        said.contains(&format!("`{}` has ", table.name)) && said.contains(&format!(" to `{}` after", key.parent))
    };
    let is_made_up = before.tables.iter().any(|table| {
        table.foreign_keys.iter().filter(|key| is_said(table, key)).any(|key| {
            let parent = before.referenced_columns(key).unwrap_or_default();
            key.columns.iter().any(|column| is_gone(&table.name, column))
                || parent.iter().any(|column| is_gone(&key.parent, column))
        })
    });
    said.contains("dangling references") && (is_unusable || is_made_up)
}

/// Backwards by `revert`, which is told nothing of renames. Whether it was applied.
fn backwards(project: &Project, current: &Loaded, desired: &Loaded, state: &State) -> Result<bool, String> {
    let (before, after) = (desired.schema.clone(), current.schema.clone());
    let renames = inverse(&state.renames);
    let change = answered(Change { current: before, desired: after, renames, ..Change::default() })?;
    project.place.put_rows(|connection| change.populate(connection))?;
    let image = change.image(&project.place.connect())?;
    let mut revert = ["revert", "--accept", "all"].map(str::to_owned).to_vec();
    for ((table, column), value) in &change.backfills {
        revert.extend(["--backfill".to_owned(), format!("{table}.{column}={value}")]);
    }
    project.succeed(&revert)?;
    if let Err(refusal) = project.attempt(&["migrate".to_owned(), "--url".to_owned(), project.place.url()]) {
        let is_refused = refusal.code == 3 && is_dangling(&current.schema, &desired.schema, &refusal.said);
        project.succeed(&["generate", "--undo", "--accept", "edits"].map(str::to_owned))?;
        return is_refused.then_some(false).ok_or(refusal.said);
    }
    let connection = project.place.connect();
    change.check(&connection, &image)?;
    let found = block_on(introspect(&connection)).map_err(|error| error.to_string())?;
    let is_back = found.schema.canonical() == change.desired.canonical();
    is_back.then_some(true).ok_or_else(|| "the database has not the schema before it".to_owned())
}

fn there_and_back(history: &str, states: &[State], run: Run) -> Report {
    let mut report = Report::default();
    let mut at: Option<(Project, Loaded)> = None;
    for state in states {
        let step = || -> Result<(Project, Loaded), String> {
            let desired = load(&state.sql)?;
            let Some((project, current)) = at.take() else {
                let project = Project::new(run);
                Way::Migrate.begin(&project, &state.sql, &desired).map_err(|refusal| refusal.to_string())?;
                return Ok((project, desired));
            };
            Way::Migrate.declare(&project, &state.sql, &desired).map_err(|refusal| refusal.to_string())?;
            let migrations = project.migrations();
            forwards(&project, &current, &desired, state)?;
            // a step that changes nothing makes no migration
            if project.migrations() > migrations {
                report.steps += 1;
                let is_back =
                    backwards(&project, &current, &desired, state).map_err(|error| format!("back: {error}"))?;
                if is_back {
                    forwards(&project, &current, &desired, state).map_err(|error| format!("again: {error}"))?;
                }
            }
            Ok((project, desired))
        };
        match { step }() {
            Ok(next) => at = Some(next),
            Err(error) => report.failed.push(format!("{history}/{}: {error}", state.name)),
        }
    }
    if let Some((project, _)) = at {
        // each alone: it works, needs something said, or says what it hangs on
        let count = project.migrations();
        for number in (1..count).step_by(count / 10 + 1) {
            let line = ["revert", &number.to_string(), "--accept", "all", "--dry-run"].map(str::to_owned);
            match project.attempt(&line) {
                Ok(()) => report.alone += 1,
                Err(refusal) if refusal.code == 3 || refusal.said.contains("cannot revert `") => {}
                Err(refusal) => report.failed.push(format!("{history}/{number} alone: {refusal}")),
            }
        }
    }
    report
}

fn revert_all(what: &str, histories: &[(String, Vec<State>)], run: Run) {
    let reports = parallel(histories, |_, (name, states)| there_and_back(name, states, run));
    let (steps, alone) = reports.iter().fold((0, 0), |(steps, alone), one| (steps + one.steps, alone + one.alone));
    let failed: Vec<String> = reports.into_iter().flat_map(|report| report.failed).collect();
    let said = format!("{what} reverted: {steps} steps, {} fail; {alone} migrations alone", failed.len());
    dbmigrate_test_support::say(&said);
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
    assert!(steps >= 80, "only {steps} steps were found");
}

#[test]
fn every_step_of_our_histories_is_reverted() {
    revert_all("our histories", &histories(), Run::InProcess);
}

#[test]
fn every_step_of_real_histories_is_reverted() {
    if let Some(histories) = real_histories() {
        revert_all("real histories", &histories, Run::InProcess);
    }
}
