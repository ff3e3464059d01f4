//! Random schemas, random changes, random rows: a change is asked about, or refused by the rows, or applied with every
//! row kept.

#![allow(clippy::print_stdout, reason = "how often each ending was seen is worth knowing")]

#[path = "../support/mod.rs"]
mod support;

mod drift;
mod edit;
mod gene;
mod generate;
mod model;
mod pure;
mod repair;
mod rows;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::prove;
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;
use gene::{CaseGenes, Choices, Second};
use pollster::block_on;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use support::{Change, Ending};

/// The seed where `CI` is set.
const GATE_SEED: u64 = 2_026;

/// How often each ending was seen.
type Counts = RefCell<BTreeMap<&'static str, u32>>;

#[test]
fn a_random_edit_keeps_every_row_or_says_why_not() {
    let counts = run_cases(800, &gene::edits(), run_case);
    let applied = share(&counts, "applied");
    assert!(applied >= 60, "only {applied} % of the changes applied: {counts:?}");
}

#[test]
fn a_random_pair_of_schemas_keeps_every_row_or_says_why_not() {
    let counts = run_cases(200, &gene::pairs(), run_case);
    let applied = share(&counts, "applied");
    assert!(applied >= 60, "only {applied} % of the changes applied: {counts:?}");
}

/// Runs so many cases. A failure names the seed that repeats it, and the smallest case that still fails.
fn run_cases<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(&S::Value, &Counts) -> Result<(), String>,
) -> BTreeMap<&'static str, u32> {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        // a gate says the same of the same commit each time; every other run tries new cases
        RngSeed::Random if std::env::var_os("CI").is_some() => GATE_SEED,
        RngSeed::Random => RandomState::new().hash_one(0),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    let counts = Counts::default();
    let failure = RefCell::new(String::new());
    let result = TestRunner::new(config).run(strategy, |genes| {
        test(&genes, &counts).map_err(|error| {
            // the last failure is that of the smallest case
            failure.replace(error.clone());
            TestCaseError::fail(error.lines().next().unwrap_or_default().to_owned())
        })
    });
    let failure = failure.into_inner();
    assert!(result.is_ok(), "{failure}\n\nrepeat with PROPTEST_RNG_SEED={seed}");
    println!("{:?} (seed {seed})", counts.borrow());
    counts.into_inner()
}

fn count(counts: &Counts, ending: &'static str) {
    *counts.borrow_mut().entry(ending).or_default() += 1;
}

/// How many of a hundred cases ended so.
fn share(counts: &BTreeMap<&'static str, u32>, ending: &str) -> u32 {
    let all: u32 = counts.values().sum();
    counts.get(ending).copied().unwrap_or_default() * 100 / all.max(1)
}

/// The schemas before and after, and the renames between them.
fn pair(genes: &CaseGenes) -> (Schema, Schema, Renames) {
    let first = generate::model(&genes.first);
    let (second, renames) = match &genes.second {
        Second::Edits(edits) => {
            let second = edit::edited(&first, edits);
            let renames = second.renames_from(&first);
            (second, renames)
        }
        Second::Independent(genes) => (generate::model(genes), Renames::default()),
    };
    (first.schema(), second.schema(), renames)
}

fn run_case(genes: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let (current, desired, renames) = pair(genes);
    for schema in [&current, &desired] {
        if refusal(schema)?.is_some() {
            count(counts, "discarded");
            return Ok(());
        }
    }
    let mut answers = Choices::of(&genes.answers);
    let mut change = Change { current, desired, renames, accept_all: true, ..Change::default() };
    if answers.chance(20) {
        // a rename that nobody mentions is a drop and an addition
        change.renames.columns.pop();
    }
    change.populate = !answers.chance(20);
    change.tries = rows::statements(&change.current, &genes.rows);
    change.backfills = if answers.chance(20) { BTreeMap::new() } else { support::example_backfills(&change)? };
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

/// Why a schema cannot be declared, if it cannot. That libSQL and the model disagree about it is no reason.
fn refusal(schema: &Schema) -> Result<Option<String>, String> {
    if let Some(problem) = schema.problems().first() {
        return Ok(Some(problem.message.clone()));
    }
    match block_on(prove::check_declaration(schema, &[])) {
        Ok(()) => Ok(None),
        Err(error) if error.to_string().contains("differently") => Err(format!("{error}\n{}", script(schema))),
        Err(error) => Ok(Some(error.to_string())),
    }
}

fn script(schema: &Schema) -> String {
    statements(&create_all(schema))
}

fn statements(all: &[String]) -> String {
    all.iter().fold(String::new(), |script, statement| script + statement + ";\n")
}

fn describe(error: &str, change: &Change) -> String {
    let rows = statements(&change.tries);
    let plan = change.generate().map_or_else(|error| error, |plan| plan.to_sql("plan"));
    format!(
        "{error}\n-- from:\n{}\n-- to:\n{}\n-- {:?} {:?}\n-- rows (generated ones first: {}):\n{rows}\n-- plan:\n{plan}",
        script(&change.current),
        script(&change.desired),
        change.renames,
        change.backfills,
        change.populate,
    )
}
