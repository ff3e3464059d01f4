//! Changes in which tools lose data, and changes from the test suites of others: each applied to a database with rows.

mod support;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;
use serde_json::Value;
use support::{Change, Ending, schema_of, shared};

fn renames(expect: &Value) -> Renames {
    let mut renames = Renames::default();
    let text = |value: &Value| Name::from(value.as_str().unwrap_or_default());
    for rename in expect["renames"].as_array().into_iter().flatten() {
        let (from, to) = (text(&rename["from"]), text(&rename["to"]));
        if rename["kind"] == "table" {
            renames.tables.push((from, to));
        } else {
            renames.columns.push((text(&rename["table"]), from, to));
        }
    }
    // a column is renamed by its table's new name
    for (table, _, _) in &mut renames.columns {
        if let Some((_, to)) = renames.tables.iter().find(|(from, _)| from == table) {
            *table = to.clone();
        }
    }
    renames
}

fn change(case: &Value) -> Result<Change, String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let mut change = Change {
        current: schema_of(text("current_sql"))?,
        desired: schema_of(text("desired_sql"))?,
        seed: text("seed_sql").to_owned(),
        renames: renames(&case["expect"]),
        ..Change::default()
    };
    for (target, expr) in case["expect"]["fill"].as_object().into_iter().flatten() {
        if let Some((table, column)) = target.split_once('.') {
            change.backfills.insert((table.into(), column.into()), Expr::new(expr.as_str().unwrap_or_default()));
        }
    }
    Ok(change)
}

/// The last query of each check has to return these rows.
fn run_checks(database: &dbmigrate_core::engine::Connection, checks: &Value) -> Result<(), String> {
    for check in checks.as_array().into_iter().flatten() {
        let (sql, wanted) = (check[0].as_str().unwrap_or_default(), &check[1]);
        let mut rows = Vec::new();
        for statement in sql.split(";;") {
            rows = block_on(database.rows(statement)).map_err(|error| format!("{statement}: {error}"))?;
        }
        let found: Value = rows
            .iter()
            .map(|row| {
                Value::Array(
                    row.iter()
                        .map(|value| match value {
                            libsql::Value::Null => Value::Null,
                            libsql::Value::Integer(integer) => (*integer).into(),
                            libsql::Value::Real(real) => (*real).into(),
                            libsql::Value::Text(text) => text.as_str().into(),
                            libsql::Value::Blob(blob) => format!("{blob:?}").into(),
                        })
                        .collect(),
                )
            })
            .collect();
        if found != *wanted {
            return Err(format!("`{sql}` returns {found}, not {wanted}"));
        }
    }
    Ok(())
}

fn hazard(case: &Value) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let expect = &case["expect"];
    let outcome = expect["outcome"].as_str().unwrap_or_default();
    let mut change = change(case)?;
    let mut folder_path = folder.path().join("first");
    if outcome == "confirm" {
        match change.run(&folder_path)? {
            Ending::RefusedByGenerate(_) => {}
            _ => return Err("applied without being confirmed".to_owned()),
        }
        folder_path = folder.path().join("second");
    }
    // a column that only an empty table can take is accepted by name
    change.accept_all = outcome == "confirm" || case["name"] == "add/not_null_no_default_empty";
    match (change.run(&folder_path)?, outcome) {
        (Ending::Applied(database, plan), "apply" | "confirm") => {
            if expect["no_change"] == true && !plan.is_empty() {
                return Err(format!("there is nothing to change, but: {}", plan.to_sql("")));
            }
            run_checks(database.connection(), &expect["checks"])?;
            Ok(outcome.to_owned())
        }
        (Ending::RefusedByGenerate(message) | Ending::RefusedByMigrate(message), "refuse") => Ok(message),
        (Ending::NoStart(message), _) => Err(format!("no start: {message}")),
        (Ending::Applied(..), _) => Err("applied, but should be refused".to_owned()),
        (Ending::RefusedByGenerate(message) | Ending::RefusedByMigrate(message), _) => {
            Err(format!("refused: {message}"))
        }
    }
}

fn load(file: &str) -> Vec<Value> {
    let Some(path) = shared(&format!("cases/{file}")) else { return Vec::new() };
    let text = std::fs::read_to_string(path).expect("the file is readable");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

fn report(suite: &str, results: &[(String, Result<String, String>)]) {
    let failed: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).collect();
    for (name, result) in &failed {
        eprintln!("--- {name}: {}", result.as_ref().err().map(String::as_str).unwrap_or_default());
    }
    println!("{suite}: {} of {} cases hold", results.len() - failed.len(), results.len());
    assert!(failed.is_empty(), "{} of {} cases of {suite} fail", failed.len(), results.len());
}

fn name(case: &Value) -> String {
    case["name"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn hazards_end_as_they_have_to() {
    let cases = load("hazards.jsonl");
    let results: Vec<_> = cases.iter().map(|case| (name(case), hazard(case))).collect();
    report("hazards", &results);
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
    let cases = load(&format!("{suite}.jsonl"));
    let results: Vec<_> = cases.iter().map(|case| (name(case), foreign_case(case))).collect();
    let refused = results.iter().filter(|(_, result)| result.as_ref().is_ok_and(|text| text.starts_with("refused")));
    for (name, result) in refused {
        println!("{suite} {name}: {}", result.as_deref().unwrap_or_default());
    }
    let applied = results.iter().filter(|(_, result)| result.as_ref().is_ok_and(|text| text == "applied")).count();
    println!("{suite}: {applied} applied");
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
