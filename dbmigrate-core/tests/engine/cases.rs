//! Changes in which tools lose data, and changes from the test suites of others: each applied to a database with rows.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the counts are worth knowing")]

use crate::support::data::{change, load, rows_of_last, run_checks};
use crate::support::law::{Outcome, SUITES, judge, name};
use crate::support::{Ending, pulled_schema_of};
use serde_json::Value;

/// A case of this repository.
fn law(case: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let outcome = Outcome::of(case)?;
    let mut change = change(case)?;
    change.current = pulled_schema_of(case["current_sql"].as_str().unwrap_or_default())?;
    change.is_pulled = true;
    let mut folder_path = folder.path().join("first");
    if outcome == Outcome::Confirm {
        match change.run(&folder_path)? {
            Ending::RefusedByGenerate(_) | Ending::RefusedByMigrate(_) => {}
            _ => return Err("applied without being confirmed".to_owned()),
        }
        folder_path = folder.path().join("second");
    }
    change.accept_all = outcome.accepts_all(case);
    match change.run(&folder_path)? {
        Ending::Applied(..) if outcome == Outcome::Refuse => Err("applied, but should be refused".to_owned()),
        Ending::Applied(database, plan) => {
            if case["expect"]["no_change"] == true && !plan.is_empty() {
                return Err(format!("there is nothing to change, but: {}", plan.to_sql("")));
            }
            run_checks(&case["expect"]["checks"], |sql| rows_of_last(database.connection(), sql))
        }
        Ending::NoStart(message) => Err(format!("no start: {message}")),
        Ending::RefusedByGenerate(_) | Ending::RefusedByMigrate(_) if outcome == Outcome::Refuse => Ok(()),
        Ending::RefusedByGenerate(message) | Ending::RefusedByMigrate(message) => Err(format!("refused: {message}")),
    }
}

fn report(suite: &str, results: &[(String, Result<String, String>)]) {
    let failed: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).collect();
    for (name, result) in &failed {
        eprintln!("--- {name}: {}", result.as_ref().err().map(String::as_str).unwrap_or_default());
    }
    dbmigrate_test_support::say(&format!("{suite}: {} of {} cases hold", results.len() - failed.len(), results.len()));
    assert!(failed.is_empty(), "{} of {} cases of {suite} fail", failed.len(), results.len());
}

#[test]
fn cases_of_this_repository_end_as_they_have_to() {
    for suite in SUITES {
        let cases = load(suite);
        let results: Vec<_> = cases.iter().map(|case| (case, law(case))).collect();
        judge(suite, "planner", "in a file", &results);
    }
}

/// Any change of another tool's suite either applies, keeps all rows and leads to the wanted schema, or is refused
/// with a reason that lies in the case: the wanted schema is broken, or the rows contradict it.
fn foreign_case(case: &Value) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut change = change(case)?;
    change.accept_all = true;
    match change.run(folder.path())? {
        Ending::Applied(..) => Ok("applied".to_owned()),
        Ending::RefusedByGenerate(message) | Ending::RefusedByMigrate(message) => Ok(format!("refused: {message}")),
        Ending::NoStart(message) => Ok(format!("refused, the schema before is broken: {message}")),
    }
}

fn run_suite(suite: &str) {
    let cases = load(suite);
    let results: Vec<_> = cases.iter().map(|case| (name(case).to_owned(), foreign_case(case))).collect();
    let refused = results.iter().filter(|(_, result)| result.as_ref().is_ok_and(|text| text.starts_with("refused")));
    for (name, result) in refused {
        dbmigrate_test_support::say(&format!("{suite} {name}: {}", result.as_deref().unwrap_or_default()));
    }
    let applied = results.iter().filter(|(_, result)| result.as_ref().is_ok_and(|text| text == "applied")).count();
    dbmigrate_test_support::say(&format!("{suite}: {applied} applied"));
    report(suite, &results);
}

#[test]
fn changes_of_the_alter_table_tests_keep_all_rows() {
    run_suite("sqlite_alter_tcl");
}

#[test]
fn changes_of_sqldef_keep_all_rows() {
    run_suite("sqldef");
}

#[test]
fn changes_of_atlas_keep_all_rows() {
    run_suite("atlas");
}
