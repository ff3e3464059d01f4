//! Histories of applications: every step applied to a database with generated rows in it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the counts are worth knowing")]

mod support;

use dbmigrate_core::diff::Renames;
use support::data::real_histories;
use support::history::{State, histories};
use support::{Change, Ending, schema_of};

#[test]
fn every_step_of_our_histories_applies_and_keeps_all_rows() {
    run_all("our histories", &histories(), 90);
}

#[test]
fn every_step_of_real_histories_applies_and_keeps_all_rows() {
    if let Some(histories) = real_histories() {
        run_all("real histories", &histories, 200);
    }
}

fn run_all(what: &str, histories: &[(String, Vec<State>)], at_least: usize) {
    let (mut steps, mut refused, mut failed) = (0, Vec::new(), Vec::new());
    for (history, states) in histories {
        for pair in states.windows(2) {
            steps += 1;
            let place = format!("{history}/{}", pair[1].name);
            match run(&pair[0].sql, &pair[1].sql, pair[1].renames.clone()) {
                Ok(None) => {}
                Ok(Some(reason)) => refused.push(format!("{place}: {reason}")),
                Err(error) => failed.push(format!("{place}: {error}")),
            }
        }
    }
    for line in &refused {
        dbmigrate_test_support::say(&format!("refused: {line}"));
    }
    dbmigrate_test_support::say(&format!(
        "{what}: {} of {steps} steps applied, {} refused",
        steps - refused.len() - failed.len(),
        refused.len()
    ));
    assert!(failed.is_empty(), "{} of {steps} steps fail:\n{}", failed.len(), failed.join("\n"));
    assert!(refused.is_empty(), "{} of {steps} steps are refused", refused.len());
    assert!(steps >= at_least, "only {steps} steps were found");
}

fn run(before: &str, after: &str, renames: Renames) -> Result<Option<String>, String> {
    let folder = support::scratch_folder()?;
    let mut change = Change {
        current: schema_of(before)?,
        desired: schema_of(after)?,
        renames,
        accept_all: true,
        ..Change::default()
    };
    change.populate = true;
    change.backfills = support::example_backfills(&change)?;
    match change.run(folder.path())? {
        Ending::Applied(..) => Ok(None),
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            Ok(Some(reason))
        }
    }
}
