//! Histories of applications: every step applied to a database with generated rows in it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the counts are worth knowing")]

use std::collections::BTreeMap;

use crate::support::data::real_histories;
use crate::support::history::{State, histories};
use crate::support::{Change, Ending, schema_of};
use dbmigrate_core::diff::{Change as Step, Renames, diff};

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

#[test]
fn our_histories_have_every_kind_of_step() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of_kind = |kind| *counts.entry(kind).or_default() += 1;
    for (_, states) in histories() {
        for pair in states.windows(2) {
            let [before, after] = [&pair[0], &pair[1]].map(|state| schema_of(&state.sql).expect("it loads"));
            for change in diff(&before, &after, &pair[1].renames).expect("the renames are right").changes() {
                of_kind(match &change {
                    Step::CreateTable(_) => "create table",
                    Step::DropTable(_) => "drop table",
                    Step::RenameTable(..) => "rename table",
                    Step::AddColumn(..) => "add column",
                    Step::DropColumn(..) => "drop column",
                    Step::RenameColumn(..) => "rename column",
                    Step::AlterPrimaryKey(_) => "primary key",
                    Step::AlterConstraints(..) => "constraints",
                    Step::AlterOptions(_) => "options",
                    Step::CreateIndex(..) | Step::DropIndex(..) | Step::AlterIndex(..) => "index",
                    Step::Create(what, _) | Step::Drop(what, _) | Step::Alter(what, _) => what,
                    Step::AlterColumn(_, what) if what.decl_type => "type",
                    Step::AlterColumn(_, what) if what.nullability => "nullability",
                    Step::AlterColumn(_, what) if what.default => "default",
                    _ => "other",
                });
            }
        }
    }
    dbmigrate_test_support::say(&format!("kinds of steps: {counts:?}"));
    for (kind, at_least) in [
        ("add column", 60),
        ("create table", 20),
        ("index", 15),
        ("drop column", 5),
        ("drop table", 3),
        ("rename table", 4),
        ("rename column", 4),
        ("type", 2),
        ("nullability", 5),
        ("default", 2),
        ("primary key", 1),
        ("constraints", 4),
        ("options", 2),
        ("trigger", 5),
        ("view", 4),
        ("virtual table", 2),
    ] {
        let count = counts.get(kind).copied().unwrap_or_default();
        assert!(count >= at_least, "only {count} of {kind}: {counts:?}");
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
    let folder = crate::support::scratch_folder()?;
    let mut change = Change {
        current: schema_of(before)?,
        desired: schema_of(after)?,
        renames,
        accept_all: true,
        from_state: true,
        ..Change::default()
    };
    change.populate = true;
    change.backfills = crate::support::example_backfills(&change)?;
    match change.run(folder.path())? {
        Ending::Applied(..) => Ok(None),
        Ending::RefusedByGenerate(reason) | Ending::RefusedByMigrate(reason) | Ending::NoStart(reason) => {
            Ok(Some(reason))
        }
    }
}
