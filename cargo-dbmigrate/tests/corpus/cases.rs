//! Changes from the test suites of others, through the whole product: applied with every row kept, or refused for a
//! reason that lies in the case.

use cargo_dbmigrate::exit;
use serde_json::Value;

use crate::copied::read_both_ways;
use crate::parallel::parallel;
use crate::project::{Loaded, Project, Run, answered, faults, load};
use crate::support::data;
use crate::ways::{Ending, Refusal, Way};

/// What came of a case that holds.
enum Outcome {
    Applied,
    /// It is refused, and that is right.
    Refused(String),
}

/// Every case of a file, one way.
fn run_suite(suite: &str, way: Way) {
    // a handful through the binary
    let run = |at: usize| if at.is_multiple_of(20) { Run::Spawned } else { Run::InProcess };
    run_cases(suite, &data::load(suite), way, run);
}

/// Cases of a suite, one way.
pub(crate) fn run_cases(suite: &str, cases: &[Value], way: Way, run: impl Fn(usize) -> Run + Sync) {
    if cases.is_empty() {
        return;
    }
    let results = parallel(cases, |at, case| foreign_case(case, way, run(at)));
    let (mut applied, mut refused, mut failed) = (0, Vec::new(), Vec::new());
    for (case, result) in cases.iter().zip(results) {
        let name = case["name"].as_str().unwrap_or_default();
        match result {
            Ok(Outcome::Applied) => applied += 1,
            Ok(Outcome::Refused(reason)) => refused.push((name, reason)),
            Err(error) => failed.push(format!("--- {name}: {error}")),
        }
    }
    for (name, reason) in &refused {
        dbmigrate_test_support::say(&format!("{suite} by {way:?}, rightly refused: {name}: {reason}"));
    }
    dbmigrate_test_support::say(&format!(
        "{suite} by {way:?}: {applied} of {} applied, {} rightly refused",
        cases.len(),
        refused.len()
    ));
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
    assert!(applied * 100 >= cases.len() * 95, "only {applied} of {} applied", cases.len());
}

fn foreign_case(case: &Value, way: Way, run: Run) -> Result<Outcome, String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let (current, desired) = (load(text("current_sql"))?, load(text("desired_sql"))?);
    let [wrong_before, wrong_after] = [&current, &desired].map(problems);
    let change = answered(data::change(case)?)?;
    let project = Project::new(run);
    if let Err(refusal) = way.begin(&project, text("current_sql"), &current) {
        return rightly(&refusal, &wrong_before, "before: ").or_else(|error| not_here(run, text("current_sql"), error));
    }
    if change.seed.is_empty() {
        project.place.put_rows(|connection| change.populate(connection))?;
    } else {
        project.place.run_script(&change.seed)?;
    }
    let content = project.place.content();
    let ending = match way.declare(&project, text("desired_sql"), &desired) {
        Ok(()) => project.step(way, &change)?,
        Err(refusal) if project.place.content() == content => Ending::Refused(refusal),
        Err(refusal) => return Err(format!("reading structs touched the database: {refusal}")),
    };
    match ending {
        Ending::Refused(refusal) => {
            rightly(&refusal, &wrong_after, "").or_else(|error| not_here(run, text("desired_sql"), error))
        }
        Ending::Applied => {
            check_rows(&project, &case["expect"]["rows_after"])?;
            read_both_ways(&project.place)?;
            Ok(Outcome::Applied)
        }
    }
}

fn problems(loaded: &Loaded) -> Vec<String> {
    let problems = loaded.schema.problems().into_iter().map(|problem| problem.message);
    problems.chain(faults(loaded)).collect()
}

/// What is refused has a problem, and it is the one that is named.
fn rightly(refusal: &Refusal, problems: &[String], when: &str) -> Result<Outcome, String> {
    match problems.iter().find(|problem| refusal.said.contains(*problem)) {
        Some(problem) if [exit::FAILED, exit::DECISION].contains(&refusal.code) => {
            Ok(Outcome::Refused(format!("{when}{problem}")))
        }
        _ => Err(format!("refused with {}: {refusal}", refusal.code)),
    }
}

/// A server refuses what a file takes ("text" in double quotes, for one): it does so too when it is asked by hand.
fn not_here(run: Run, sql: &str, error: String) -> Result<Outcome, String> {
    let Run::Served(_) = run else { return Err(error) };
    match Project::new(run).place.run_script(sql) {
        Err(reason) => Ok(Outcome::Refused(reason)),
        Ok(()) => Err(error),
    }
}

/// The rows that the source of the case expects afterwards, by table.
fn check_rows(project: &Project, expected: &Value) -> Result<(), String> {
    for (table, wanted) in expected.as_object().into_iter().flatten() {
        let found = project.place.rows(&format!("SELECT * FROM {table}"))?;
        if found != *wanted {
            return Err(format!("`{table}` has {found}, not {wanted}"));
        }
    }
    Ok(())
}

#[test]
fn changes_of_the_alter_table_tests_keep_all_rows_when_migrated() {
    run_suite("sqlite_alter_tcl", Way::Migrate);
}

#[test]
fn changes_of_the_alter_table_tests_keep_all_rows_when_pushed() {
    run_suite("sqlite_alter_tcl", Way::Push);
}

#[test]
fn changes_of_sqldef_keep_all_rows_when_migrated() {
    run_suite("sqldef", Way::Migrate);
}

#[test]
fn changes_of_sqldef_keep_all_rows_when_pushed() {
    run_suite("sqldef", Way::Push);
}

#[test]
fn changes_of_atlas_keep_all_rows_when_migrated() {
    run_suite("atlas", Way::Migrate);
}

#[test]
fn changes_of_atlas_keep_all_rows_when_pushed() {
    run_suite("atlas", Way::Push);
}
