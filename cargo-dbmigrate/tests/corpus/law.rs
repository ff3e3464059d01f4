//! The cases of this repository, which are changes that tools get wrong, through the whole product: applied, confirmed or
//! refused as they have to be.

use cargo_dbmigrate::exit;
use dbmigrate_core::schema::{Trigger, View};
use serde_json::Value;

use crate::parallel::parallel;
use crate::project::{Project, Run, faults, load, structs};
use crate::support::data::{self, run_checks};
use crate::support::law::{NOT_SERVED, Outcome, SUITES, judge, name};
use crate::ways::{Ending, Way};

/// What the subcommand did about a case.
fn law(case: &Value, way: Way, run: Run) -> Result<(), String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let (expect, outcome) = (&case["expect"], Outcome::of(case)?);
    let (current, mut desired) = (load(text("current_sql"))?, load(text("desired_sql"))?);
    let is_declarable = desired.schema.problems().is_empty() && !desired.broken && faults(&desired).is_empty();
    let project = Project::new(run);
    way.begin(&project, text("current_sql"), &current).map_err(|refusal| refusal.to_string())?;
    project.place.run_script(text("seed_sql"))?;

    let mut change = data::change(case)?;
    if desired.broken {
        // a view that no longer compiles has the struct that it had, and nobody says that it need not compile
        let views = std::mem::take(&mut desired.schema.views).into_iter();
        desired.schema.views = views.map(|view| View { unchecked: false, ..view }).collect();
        let triggers = std::mem::take(&mut desired.schema.triggers).into_iter();
        desired.schema.triggers = triggers.map(|trigger| Trigger { unchecked: false, ..trigger }).collect();
        for (view, columns) in &current.views {
            desired.views.entry(view.clone()).or_insert_with(|| columns.clone());
        }
        project.write_structs(&structs(&desired)?);
    } else {
        way.declare(&project, text("desired_sql"), &desired).map_err(|refusal| refusal.to_string())?;
    }
    let (before, count) = (project.place.content(), project.migrations());
    if outcome == Outcome::Confirm {
        match project.step(way, &change)? {
            // what only rows tell, `migrate` refuses: the migration is made anew then, with the answer
            Ending::Refused(refusal) if refusal.code == exit::DECISION => {
                if project.migrations() != count {
                    project.succeed(&["generate", "--undo"].map(str::to_owned))?;
                }
            }
            Ending::Refused(refusal) => return Err(format!("without a word it exits with {}", refusal.code)),
            Ending::Applied => return Err("applied without a word".to_owned()),
        }
    }
    change.accept_all = outcome.accepts_all(case);
    match project.step(way, &change)? {
        Ending::Applied if outcome == Outcome::Refuse => return Err("applied, but should be refused".to_owned()),
        Ending::Applied => {}
        Ending::Refused(refusal) if outcome == Outcome::Refuse => {
            return match refusal.code {
                exit::DECISION => Ok(()),
                // structs that declare what no database takes are no matter of decision
                exit::FAILED if !is_declarable => Ok(()),
                code => Err(format!("refused with {code} instead of {}: {refusal}", exit::DECISION)),
            };
        }
        Ending::Refused(refusal) => return Err(refusal.to_string()),
    }
    if expect["no_change"] == true && (project.migrations() != count || project.place.content() != before) {
        return Err("something was done, though nothing changes".to_owned());
    }
    run_checks(&expect["checks"], |statements| project.place.rows(statements))
}

/// Where the databases are, for people.
pub(crate) const ON_A_SERVER: &str = "on a server";

/// Every case, one way.
pub(crate) fn run_law(way: Way, place: &str, run: impl Fn(usize) -> Run + Sync) {
    for suite in SUITES {
        let mut cases = data::load(suite);
        if place == ON_A_SERVER && suite.starts_with("more_") {
            // the planner is the same, and a file shows what it plans
            cases = cases.into_iter().step_by(2).collect();
        }
        let results = parallel(&cases, |at, case| match run(at) {
            run @ Run::Served(_) if NOT_SERVED.contains(&name(case)) => cannot_be_served(case, run),
            run => law(case, way, run),
        });
        let word = if way == Way::Push { "push" } else { "migrate" };
        judge(suite, word, place, &cases.iter().zip(results).collect::<Vec<_>>());
    }
}

/// What a server cannot have is what it refuses by hand too.
fn cannot_be_served(case: &Value, run: Run) -> Result<(), String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let place = Project::new(run).place;
    let mut checks = case["expect"]["checks"].as_array().into_iter().flatten();
    let done = place
        .run_script(text("desired_sql"))
        .and_then(|()| checks.try_for_each(|check| place.rows(check[0].as_str().unwrap_or_default()).map(drop)));
    if done.is_ok() { Err("a server can have it: take it out of `NOT_SERVED`".to_owned()) } else { Ok(()) }
}

/// A handful through the binary.
fn spawn_some(at: usize) -> Run {
    if at.is_multiple_of(10) { Run::Spawned } else { Run::InProcess }
}

#[test]
fn cases_of_this_repository_end_as_they_have_to_when_migrated() {
    run_law(Way::Migrate, "in a file", spawn_some);
}

#[test]
fn cases_of_this_repository_end_as_they_have_to_when_pushed() {
    run_law(Way::Push, "in a file", spawn_some);
}

#[test]
fn a_change_that_loses_values_needs_a_word_and_one_that_cannot_be_is_refused() {
    let case = |outcome: &str, current: &str, desired: &str, seed: &str, check: &str, rows: Value| {
        let expect = serde_json::json!({"outcome": outcome, "checks": [[check, rows]]});
        serde_json::json!({"name": outcome, "current_sql": current, "desired_sql": desired, "seed_sql": seed, "expect": expect})
    };
    let one = serde_json::json!([[1]]);
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)";
    let seed = "INSERT INTO t VALUES (1, 'x', 'y'), (2, 'x', NULL)";
    let cases = [
        case(
            "apply",
            before,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER DEFAULT 1)",
            seed,
            "SELECT DISTINCT c FROM t WHERE a = 'x'",
            one.clone(),
        ),
        case(
            "confirm",
            before,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)",
            seed,
            "SELECT id FROM t WHERE id = 1 AND a = 'x'",
            one.clone(),
        ),
        case("refuse", before, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT)", seed, "SELECT 1", one),
    ];
    for case in cases {
        for way in [Way::Migrate, Way::Push] {
            assert_eq!(law(&case, way, Run::Spawned), Ok(()), "{way:?} {case}");
        }
    }
}
