//! Random schemas, random changes, random rows: a change is asked about, or refused by the rows, or applied with every
//! row kept.

#[path = "../support/mod.rs"]
mod support;

mod case;
mod chain;
mod drift;
mod edit;
mod gene;
mod generate;
mod merged;
mod model;
mod pure;
mod reach;
mod rebuilds;
mod repair;
mod rows;
mod runner;

use case::{change_of, describe};
use gene::CaseGenes;
use runner::{Counts, count, run_cases, run_cases_twofold, share};
use support::Ending;

#[test]
fn a_random_edit_keeps_every_row_or_says_why_not() {
    let counts = run_cases_twofold(800, gene::edits, run_case);
    let applied = share(&counts, "applied");
    assert!(applied >= 60, "only {applied} % of the changes applied: {counts:?}");
}

#[test]
fn a_random_pair_of_schemas_keeps_every_row_or_says_why_not() {
    let counts = run_cases(200, &gene::pairs(), run_case);
    let applied = share(&counts, "applied");
    assert!(applied >= 60, "only {applied} % of the changes applied: {counts:?}");
}

fn run_case(genes: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let Some(change) = change_of(genes)? else {
        count(counts, "discarded");
        return Ok(());
    };
    let folder = support::scratch_folder()?;
    match change.run(folder.path()).map_err(|error| describe(&error, &change))? {
        Ending::Applied(_, plan) => count(counts, if plan.is_empty() { "nothing to do" } else { "applied" }),
        Ending::RefusedByMigrate(reason) if support::is_about_rows(&reason) => {
            count(counts, "refused by rows");
        }
        Ending::RefusedByMigrate(reason) => return Err(describe(&format!("no row is to blame: {reason}"), &change)),
        Ending::RefusedByGenerate(reason) if reason.contains("--custom") => count(counts, "unsupported"),
        Ending::RefusedByGenerate(reason) | Ending::NoStart(reason) => return Err(describe(&reason, &change)),
    }
    Ok(())
}
