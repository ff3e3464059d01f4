//! Changes in which tools lose data, through the whole product: applied, confirmed or refused as they have to be.

use cargo_dbmigrate::exit;
use dbmigrate_core::schema::{Trigger, View};
use pollster::block_on;
use serde_json::Value;

use crate::project::{Project, Run, generate, load, structs};
use crate::support::data::{self, run_checks};
use crate::support::{Change, run_script};

/// What the subcommand did about a case.
fn hazard(case: &Value, run: Run) -> Result<(), String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let (expect, name) = (&case["expect"], text("name"));
    let outcome = expect["outcome"].as_str().unwrap_or_default();
    let (current, mut desired) = (load(text("current_sql"))?, load(text("desired_sql"))?);
    // nobody says of a view that it need not compile
    let views = std::mem::take(&mut desired.schema.views).into_iter();
    desired.schema.views = views.map(|view| View { unchecked: false, ..view }).collect();
    let triggers = std::mem::take(&mut desired.schema.triggers).into_iter();
    desired.schema.triggers = triggers.map(|trigger| Trigger { unchecked: false, ..trigger }).collect();
    for (view, columns) in &current.views {
        // a view that no longer compiles has the struct that it had
        desired.views.entry(view.clone()).or_insert_with(|| columns.clone());
    }
    let project = Project::new(run);
    let create = Change { desired: current.schema.clone(), ..Change::default() };
    if !current.schema.is_empty() {
        project.write_structs(&structs(&current)?);
        project.succeed(&generate(&create))?;
        project.succeed(&project.migrate())?;
    }
    block_on(run_script(&project.connect(), text("seed_sql")))?;

    let mut change = data::change(case)?;
    project.write_structs(&structs(&desired)?);
    let (before, count) = (std::fs::read(project.database()).map_err(|error| error.to_string())?, project.migrations());
    let untouched = || match std::fs::read(project.database()) {
        Ok(after) if after == before => Ok(()),
        _ => Err("the database was touched".to_owned()),
    };
    if outcome == "confirm" {
        let code = project.code(&generate(&change));
        if code != exit::DECISION || project.migrations() != count {
            return Err(format!("`generate` without a word exits with {code}"));
        }
        untouched()?;
    }
    // a column that only an empty table can take is accepted by name
    change.accept_all = outcome == "confirm" || name == "add/not_null_no_default_empty";
    if outcome == "refuse" {
        let generated = project.code(&generate(&change));
        let code = if generated == exit::DONE { project.code(&project.migrate()) } else { generated };
        untouched()?;
        return match code {
            exit::DECISION => Ok(()),
            // structs that declare what no database takes are no matter of decision
            exit::FAILED if desired.broken || !change.desired.problems().is_empty() => Ok(()),
            code => Err(format!("refused with {code} instead of {}", exit::DECISION)),
        };
    }
    project.step(&change, &structs(&desired)?)?;
    if expect["no_change"] == true && project.migrations() != count {
        return Err("a migration was written, though nothing changes".to_owned());
    }
    run_checks(&project.connect(), &expect["checks"])
}

#[test]
fn hazards_end_as_they_have_to_through_the_whole_product() {
    let cases = data::load("hazards.jsonl");
    let mut failed = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        // a handful through the binary
        let run = if at % 10 == 0 { Run::Spawned } else { Run::InProcess };
        if let Err(error) = hazard(case, run) {
            failed.push(format!("--- {}: {error}", case["name"].as_str().unwrap_or_default()));
        }
    }
    println!("hazards through the product: {} of {} hold", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
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
        assert_eq!(hazard(&case, Run::Spawned), Ok(()), "{case}");
    }
}
