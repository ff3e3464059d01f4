//! Random schemas and random changes through the whole product: what is pulled compiles and comes back, and what is
//! pushed keeps every row or says why not.

#[path = "../../../dbmigrate-core/tests/properties/case.rs"]
mod case;
#[path = "../corpus/compile.rs"]
mod compile;
mod distort;
#[path = "../../../dbmigrate-core/tests/properties/edit.rs"]
#[allow(dead_code, reason = "renames alone are tested where they are planned")]
mod edit;
#[path = "../../../dbmigrate-core/tests/properties/gene.rs"]
mod gene;
#[path = "../../../dbmigrate-core/tests/properties/generate.rs"]
mod generate;
#[path = "../../../dbmigrate-core/tests/properties/model.rs"]
mod model;
#[path = "../corpus/place.rs"]
mod place;
#[path = "../corpus/project.rs"]
mod project;
#[path = "../corpus/pulled.rs"]
mod pulled;
#[path = "../../../dbmigrate-core/tests/properties/repair.rs"]
mod repair;
#[path = "../../../dbmigrate-core/tests/properties/rows.rs"]
mod rows;
#[path = "../../../dbmigrate-core/tests/properties/runner.rs"]
mod runner;
#[path = "../../../dbmigrate-core/tests/support/mod.rs"]
mod support;
#[path = "../corpus/ways.rs"]
mod ways;

use std::cell::RefCell;

use cargo_dbmigrate::exit;
use case::{change_of, describe, refusal, script};
use distort::distorted;
use gene::{CaseGenes, Choices, Gene};
use project::{Project, Run, load};
use pulled::{Outcome, round_trip};
use runner::{Counts, count, run_cases, run_cases_twofold, share};
use ways::{Ending, Way};

#[test]
fn a_random_schema_comes_back_from_an_empty_database_and_compiles() {
    let modules = RefCell::new(Vec::new());
    let counts = run_cases(150, &(gene::schemas(), gene::styles()), |(genes, style), counts| {
        let schema = generate::model(genes).schema();
        if refusal(&schema)?.is_some() {
            count(counts, "discarded");
            return Ok(());
        }
        let sql = distorted(&script(&schema), &mut Choices::of(style));
        if load(&sql).map_err(|error| format!("{error}\n{sql}"))?.schema.canonical() != schema.canonical() {
            return Err(format!("written differently, it is another schema:\n{sql}"));
        }
        match round_trip(&sql, Run::InProcess).map_err(|error| format!("{error}\n{sql}"))? {
            Outcome::Same(file, folder) => {
                count(counts, "same");
                // a module of one kind or the other
                let mut modules = modules.borrow_mut();
                let module = if modules.len() % 2 == 0 { file } else { folder };
                modules.push((sql, module));
                Ok(())
            }
            Outcome::Refused(reason) => Err(format!("refused: {reason}\n{sql}")),
        }
    });
    let same = share(&counts, "same");
    assert!(same >= 60, "only {same} % of the schemas can be declared: {counts:?}");
    let complaints = compile::compile("pulled-random", &modules.into_inner()).unwrap_or_else(|error| panic!("{error}"));
    let complaints: Vec<String> = complaints.into_iter().map(|(sql, said)| format!("{sql}\n{said}")).collect();
    assert!(complaints.is_empty(), "{} do not compile:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn a_random_edit_that_is_pushed_keeps_every_row_or_says_why_not() {
    let counts = run_cases_twofold(150, || (gene::edits(), gene::styles()), push);
    let applied = share(&counts, "applied");
    assert!(applied >= 50, "only {applied} % of the changes applied: {counts:?}");
}

#[test]
fn a_random_other_schema_that_is_pushed_keeps_every_row_or_says_why_not() {
    let counts = run_cases(50, &(gene::pairs(), gene::styles()), push);
    let applied = share(&counts, "applied");
    assert!(applied >= 50, "only {applied} % of the changes applied: {counts:?}");
}

fn push((genes, style): &(CaseGenes, Gene), counts: &Counts) -> Result<(), String> {
    let Some(change) = change_of(genes)? else {
        count(counts, "discarded");
        return Ok(());
    };
    let project = Project::new(Run::InProcess);
    let before = distorted(&script(&change.current), &mut Choices::of(style));
    let after = script(&change.desired);
    let wrong = |error: &str| format!("{}\n-- written as:\n{before}", describe(error, &change));
    let current = load(&before).map_err(|error| wrong(&error))?;
    Way::Push.begin(&project, &before, &current).map_err(|refusal| wrong(&refusal.said))?;
    change.put_rows(&project.place.connect())?;
    Way::Push.declare(&project, &after, &load(&after)?).map_err(|refusal| wrong(&refusal.said))?;
    match project.step(Way::Push, &change).map_err(|error| wrong(&error))? {
        Ending::Applied => count(counts, "applied"),
        Ending::Refused(refusal) if refusal.code == exit::DECISION && is_about_rows(&refusal.said) => {
            count(counts, "refused by rows");
        }
        Ending::Refused(refusal) if refusal.said.contains("--custom") => count(counts, "unsupported"),
        Ending::Refused(refusal) => return Err(wrong(&format!("no row is to blame: {refusal}"))),
    }
    Ok(())
}

/// Whether a refusal speaks of rows that contradict the change.
fn is_about_rows(said: &str) -> bool {
    let words = ["rows do not fit", "fix the rows", " and no value for ", "constraint failed"];
    words.iter().any(|words| said.contains(words))
}
