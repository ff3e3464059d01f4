//! Schemas, from a database to structs and back: they compile, an empty database becomes an equal one by `push`, and
//! what is pulled from that one is the same text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::compile::{Files, compile};
use crate::parallel::parallel;
use crate::project::{Run, files};
use crate::pulled::{Outcome, round_trip};
use crate::support::{data, history, law, shared};

/// Runs schemas, each with its name, and compiles what comes of them.
fn run_suite(suite: &str, schemas: &[(String, String)], at_least: usize) {
    let results = parallel(schemas, |at, (_, sql)| {
        // a handful through the binary
        round_trip(sql, if at % 40 == 0 { Run::Spawned } else { Run::InProcess })
    });
    let (mut modules, mut failed) = (Vec::new(), Vec::new());
    let mut refused = BTreeMap::new();
    for ((name, _), result) in schemas.iter().zip(results) {
        match result {
            Ok(Outcome::Same(file, folder)) => {
                modules.push((name.clone(), file));
                modules.push((format!("{name}, with enums"), folder));
            }
            Ok(Outcome::Refused(reason)) => drop(refused.insert(name, reason)),
            Err(error) => failed.push(format!("--- {name}: {error}")),
        }
    }
    let complaints = compile(suite, &modules).unwrap_or_else(|error| panic!("{error}"));
    for (name, complaint) in &complaints {
        failed.push(format!("--- {name} does not compile without a complaint:\n{complaint}"));
    }
    for (name, reason) in &refused {
        dbmigrate_test_support::say(&format!("{suite}, rightly refused: {name}: {reason}"));
    }
    let (same, all) = (schemas.len() - failed.len() - refused.len(), schemas.len());
    dbmigrate_test_support::say(&format!(
        "{suite}: {same} of {all} come back and compile, {} rightly refused",
        refused.len()
    ));
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), schemas.len(), failed.join("\n"));
    assert!(schemas.len() >= at_least, "only {} schemas were found", schemas.len());
}

#[test]
fn our_schemas_come_back_from_an_empty_database() {
    run_suite("pulled-ours", &history::schemas(), 7);
}

#[test]
fn real_schemas_come_back_from_an_empty_database() {
    let (Some(folder), Some(histories)) = (shared("corpus/schemas"), shared("corpus/histories")) else { return };
    let mut found = files(&folder, "sql");
    // what the histories have led to
    for history in std::fs::read_dir(histories).expect("a folder").flatten() {
        found.extend(files(&history.path(), "sql").pop());
    }
    found.sort();
    let name = |file: &Path| file.strip_prefix(folder.parent().unwrap_or(file)).unwrap_or(file).display().to_string();
    let read = |file: &PathBuf| (name(file), std::fs::read_to_string(file).expect("text"));
    let schemas: Vec<_> = found.iter().map(read).collect();
    run_suite("pulled-schemas", &schemas, 23);
}

#[test]
fn the_schemas_of_all_cases_come_back_from_an_empty_database() {
    let mut schemas: BTreeMap<String, String> = BTreeMap::new();
    for suite in ["hazards", "reports", "more_hazards", "more_reports", "sqlite_alter_tcl", "sqldef", "atlas"] {
        let compiled = |case: &serde_json::Value| !suite.starts_with("more_") || law::name(case).starts_with("names/");
        let cases = data::load(suite).into_iter().filter(|case| !law::is_not_yet(case));
        for case in cases.filter(compiled) {
            for key in ["desired_sql", "current_sql"] {
                let name = format!("{suite} {} {key}", law::name(&case));
                schemas.entry(case[key].as_str().unwrap_or_default().to_owned()).or_insert(name);
            }
        }
    }
    let schemas: Vec<(String, String)> = schemas.into_iter().map(|(sql, name)| (name, sql)).collect();
    run_suite("pulled-cases", &schemas, 120);
}

#[test]
fn what_is_pulled_from_a_pushed_database_is_in_the_same_order() {
    let schemas = [
        "CREATE TABLE p (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, UNIQUE (x, y), UNIQUE (y));
         CREATE TABLE c (a INTEGER, b INTEGER, CONSTRAINT two FOREIGN KEY (b, a) REFERENCES p (x, y),
           CONSTRAINT b FOREIGN KEY (b) REFERENCES p, CONSTRAINT a FOREIGN KEY (a) REFERENCES p (y))",
        "CREATE TABLE t (a INTEGER, b INTEGER, UNIQUE (b, a), UNIQUE (b), CONSTRAINT x UNIQUE (a), UNIQUE (a))",
        "CREATE TABLE t (a TEXT); CREATE INDEX i ON t ((lower(a)) COLLATE NOCASE)",
        "CREATE VIEW v AS SELECT 1 +\n\t 2, 3 AS \"two\n  lines\"",
    ];
    for sql in schemas {
        assert!(
            matches!(round_trip(sql, Run::InProcess), Ok(Outcome::Same(..))),
            "{sql}: {:?}",
            round_trip(sql, Run::InProcess).err()
        );
    }
}

#[test]
fn what_does_not_compile_is_named() {
    let module = |name: &str, text: &str| (name.to_owned(), Files::from([("mod.rs".to_owned(), text.to_owned())]));
    let table = "use dbmigrate::Table;\n\n#[derive(Table)]\npub struct T {\n    pub id: i64,\n}\n";
    let modules = [
        module("right", table),
        module("no such type", &table.replace("i64", "Nothing")),
        module("a warning", &table.replace("use dbmigrate::Table", "use dbmigrate::{Table, View}")),
    ];
    let complaints = compile("pulled-wrong", &modules).expect("cargo runs");
    assert_eq!(complaints.keys().collect::<Vec<_>>(), ["a warning", "no such type"], "{complaints:#?}");
    assert!(complaints["no such type"].contains("Nothing"), "{complaints:#?}");
}
