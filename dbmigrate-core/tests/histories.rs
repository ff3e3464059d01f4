//! The histories of real applications: every step applied to a database with generated rows in it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the counts are worth knowing")]

mod support;

use std::fs;

use dbmigrate_core::diff::Renames;
use serde_json::Value;
use support::data::history_renames;
use support::{Change, Ending, schema_of, shared};

#[test]
fn every_step_of_real_histories_applies_and_keeps_all_rows() {
    let (Some(histories), Some(cases)) = (shared("corpus/histories"), shared("corpus/rename_cases.json")) else {
        return;
    };
    let cases: Value = serde_json::from_str(&fs::read_to_string(cases).expect("readable")).expect("JSON");
    let (mut steps, mut refused, mut failed) = (0, Vec::new(), Vec::new());
    let mut folders: Vec<_> = fs::read_dir(histories).expect("a folder").flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders {
        let history = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        let mut before: Option<String> = None;
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let step = name.split_once("__").map_or(name.as_str(), |(_, tag)| tag).to_owned();
            let after = fs::read_to_string(&file).expect("readable");
            if let Some(before) = before.replace(after.clone()) {
                steps += 1;
                let place = format!("{history}/{name}");
                match run(&before, &after, history_renames(&cases, &history, &step)) {
                    Ok(None) => {}
                    Ok(Some(reason)) => refused.push(format!("{place}: {reason}")),
                    Err(error) => failed.push(format!("{place}: {error}")),
                }
            }
        }
    }
    for line in &refused {
        dbmigrate_test_support::say(&format!("refused: {line}"));
    }
    dbmigrate_test_support::say(&format!(
        "histories: {} of {steps} steps applied, {} refused",
        steps - refused.len() - failed.len(),
        refused.len()
    ));
    assert!(failed.is_empty(), "{} of {steps} steps fail:\n{}", failed.len(), failed.join("\n"));
    assert!(refused.is_empty(), "{} of {steps} steps are refused", refused.len());
    assert!(steps > 200, "only {steps} steps were found");
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
