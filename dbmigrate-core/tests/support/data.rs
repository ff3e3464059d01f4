//! Test data: changes that somebody really made, or that tools get wrong.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::path::Path;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::value::Value as Cell;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;
use serde_json::Value;

use super::history::State;
use super::{Change, house, schema_of, shared};

/// The histories of real applications, by name: `NNNN__tag.sql` is the whole schema after a migration. None if the shared
/// data is not there.
pub fn real_histories() -> Option<Vec<(String, Vec<State>)>> {
    let (histories, cases) = (shared("corpus/histories")?, shared("corpus/rename_cases.json")?);
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(cases).expect("text")).expect("JSON");
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let sorted = |folder: &Path| {
        let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().map(|one| one.path()).collect();
        paths.sort();
        paths
    };
    let histories = sorted(&histories).into_iter().map(|folder| {
        let history = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = sorted(&folder).into_iter().filter(|path| path.extension().is_some_and(|one| one == "sql"));
        let states = files.map(|file| {
            let name = name(&file);
            let step = name.split_once("__").map_or(name.as_str(), |(_, tag)| tag);
            let renames = history_renames(&cases, &history, step);
            State { sql: std::fs::read_to_string(&file).expect("text"), renames, name }
        });
        let states = states.collect();
        (history, states)
    });
    Some(histories.collect())
}

/// The renames that the authors really made, by history and step.
fn history_renames(cases: &Value, history: &str, step: &str) -> Renames {
    let mut renames = Renames::default();
    for case in cases.as_array().into_iter().flatten() {
        if case["history"] != history || case["step"] != step {
            continue;
        }
        let copies = case["truth_copy"].as_array().into_iter().flatten();
        for rename in case["truth_rename"].as_array().into_iter().flatten().chain(copies) {
            let text = |at: usize| Name::from(rename[at].as_str().unwrap_or_default().trim_matches('"'));
            if rename[0].as_str().unwrap_or_default().contains([' ', '|', '('])
                || !case["gone"].to_string().contains(text(0).as_str())
            {
                // carried over by an expression, not a rename
                continue;
            }
            if case["kind"] == "column" {
                renames.columns.push((Name::from(case["table"].as_str().unwrap_or_default()), text(0), text(1)));
            } else {
                renames.tables.push((text(0), text(1)));
            }
        }
    }
    renames
}

/// The renames of a case.
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

/// The renames that a script of statements makes, or carries the values over for: each on a line of its own.
fn renames_of_script(script: &str) -> Renames {
    let mut renames = Renames::default();
    for line in script.lines() {
        // every other word is a name: `ALTER TABLE "a" RENAME COLUMN "b" TO "c"`
        let words: Vec<&str> = line.split('"').collect();
        match words[..] {
            ["ALTER TABLE ", from, " RENAME TO ", to, ";"] => renames.tables.push((from.into(), to.into())),
            ["ALTER TABLE ", table, " RENAME COLUMN ", from, " TO ", to, ";"]
            | ["UPDATE ", table, " SET ", to, " = ", from, ";"] => {
                renames.columns.push((table.into(), from.into(), to.into()));
            }
            _ => {}
        }
    }
    renames
}

/// The change that a case asks for.
pub fn change(case: &Value) -> Result<Change, String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let mut change = Change {
        current: schema_of(text("current_sql"))?,
        desired: schema_of(text("desired_sql"))?,
        seed: text("seed_sql").to_owned(),
        renames: if case["expect"]["renamed_from"].is_null() {
            renames(&case["expect"])
        } else {
            renames_of_script(case["expect"]["up"].as_str().unwrap_or_default())
        },
        ..Change::default()
    };
    for (target, expr) in case["expect"]["fill"].as_object().into_iter().flatten() {
        if let Some((table, column)) = target.split_once('.') {
            change.backfills.insert((table.into(), column.into()), Expr::new(expr.as_str().unwrap_or_default()));
        }
    }
    Ok(change)
}

/// The last query of each check, as `rows` runs it, has to return these rows.
pub fn run_checks(checks: &Value, rows: impl Fn(&str) -> Result<Value, String>) -> Result<(), String> {
    for check in checks.as_array().into_iter().flatten() {
        let (sql, wanted) = (check[0].as_str().unwrap_or_default(), &check[1]);
        let found = rows(sql)?;
        if found != *wanted {
            return Err(format!("`{sql}` returns {found}, not {wanted}"));
        }
    }
    Ok(())
}

/// The rows of the last of the statements that `;;` separates.
pub fn rows_of_last(database: &Connection, statements: &str) -> Result<Value, String> {
    let results = statements.split(";;").map(|statement| rows_of(database, statement));
    results.collect::<Result<Vec<_>, _>>().map(|mut all| all.pop().unwrap_or_default())
}

/// The rows of a query.
pub fn rows_of(database: &Connection, query: &str) -> Result<Value, String> {
    let rows = block_on(database.rows(query)).map_err(|error| format!("{query}: {error}"))?;
    let value = |value: &Cell| match value {
        Cell::Null => Value::Null,
        Cell::Integer(integer) => (*integer).into(),
        Cell::Real(real) => (*real).into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::Blob(blob) => format!("{blob:?}").into(),
    };
    Ok(rows.iter().map(|row| Value::Array(row.iter().map(value).collect())).collect())
}

/// The cases of a suite: of this repository, or of the shared data, and none if that is not there.
pub fn load(suite: &str) -> Vec<Value> {
    let house = house(&format!("cases/{suite}.jsonl"));
    let Some(path) = (if house.exists() { Some(house) } else { shared(&format!("cases/{suite}.jsonl")) }) else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).expect("the file is readable");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}
