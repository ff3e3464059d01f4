//! Schemas, from a database to structs and back: they compile, an empty database becomes an equal one by `push`, and
//! what is pulled from that one is the same text.

use std::collections::BTreeMap;

use cargo_dbmigrate::exit;
use dbmigrate_core::engine::introspect;
use dbmigrate_core::sql::token::{TokenKind, tokenize};
use pollster::block_on;

use crate::compile::compile;
use crate::parallel::parallel;
use crate::project::{Project, Run, files, load, what_is_wrong};
use crate::support::{Change, data, shared};
use crate::ways::{Way, pull, pull_into};

/// What came of a schema that holds.
enum Outcome {
    /// Its structs.
    Same(String),
    /// It is refused, and that is right.
    Refused(String),
}

fn round_trip(sql: &str, run: Run) -> Result<Outcome, String> {
    let loaded = load(sql)?;
    let project = Project::new(run);
    if let Err(refusal) = pull(&project, sql) {
        return match what_is_wrong(&loaded) {
            Some(wrong) if refusal.code == exit::FAILED => Ok(Outcome::Refused(wrong)),
            _ => Err(format!("`pull` is refused: {refusal}")),
        };
    }
    let read = |file: &str| std::fs::read_to_string(project.path(file)).map_err(|error| format!("{file}: {error}"));
    let structs = read("src/lib.rs")?;
    let again = |database: &str, file: &str| {
        pull_into(&project, &project.path(database).display().to_string(), file).map_err(|error| error.to_string())?;
        read(file)
    };
    if again("wanted.db", "again.rs")? != structs {
        return Err("`pull` says something else the second time".to_owned());
    }
    if let Err(refusal) = Way::Push.apply(&project, &Change::default()) {
        return match what_is_wrong(&loaded) {
            Some(wrong) if refusal.code == exit::FAILED => Ok(Outcome::Refused(wrong)),
            _ => Err(format!("`push` is refused: {refusal}\n{structs}")),
        };
    }
    let found = block_on(introspect(&project.connect())).map_err(|error| error.to_string())?;
    if found.schema.canonical() != loaded.schema.canonical() {
        return Err(format!("the schema is another one after `push`:\n{structs}"));
    }
    Way::Push.again(&project)?;
    let pushed = again("test.db", "pushed.rs")?;
    if without_docs(&pushed) != without_docs(&structs) || (pushed != structs && !has_comments(sql)) {
        return Err(format!("pulled from what was pushed, the structs differ:\n{structs}\n---\n{pushed}"));
    }
    Ok(Outcome::Same(structs))
}

/// Comments of SQL become documentation of Rust, and `push` writes no comments.
fn without_docs(structs: &str) -> String {
    let lines = structs.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn has_comments(sql: &str) -> bool {
    tokenize(sql).any(|token| token.kind == TokenKind::Comment)
}

/// Runs schemas, each with its name, and compiles what comes of them.
fn run_suite(suite: &str, schemas: &[(String, String)], at_least: usize) {
    let results = parallel(schemas, |at, (_, sql)| {
        // a handful through the binary
        round_trip(sql, if at % 40 == 0 { Run::Spawned } else { Run::InProcess })
    });
    let (mut structs, mut failed) = (Vec::new(), Vec::new());
    let mut refused = BTreeMap::new();
    for ((name, _), result) in schemas.iter().zip(results) {
        match result {
            Ok(Outcome::Same(text)) => structs.push((name.clone(), text)),
            Ok(Outcome::Refused(reason)) => drop(refused.insert(name, reason)),
            Err(error) => failed.push(format!("--- {name}: {error}")),
        }
    }
    let complaints = compile(suite, &structs).unwrap_or_else(|error| panic!("{error}"));
    for (name, complaint) in &complaints {
        failed.push(format!("--- {name} does not compile without a complaint:\n{complaint}"));
    }
    for (name, reason) in &refused {
        println!("{suite}, rightly refused: {name}: {reason}");
    }
    let same = structs.len() - complaints.len();
    println!("{suite}: {same} of {} come back and compile, {} rightly refused", schemas.len(), refused.len());
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), schemas.len(), failed.join("\n"));
    assert!(schemas.len() >= at_least, "only {} schemas were found", schemas.len());
}

#[test]
fn real_schemas_come_back_from_an_empty_database() {
    let Some(folder) = shared("corpus/schemas") else { return };
    let mut schemas = Vec::new();
    for file in files(&folder, "sql") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        schemas.push((name, std::fs::read_to_string(&file).expect("text")));
    }
    run_suite("pulled-schemas", &schemas, 15);
}

#[test]
fn the_schemas_of_all_cases_come_back_from_an_empty_database() {
    let mut schemas: BTreeMap<String, String> = BTreeMap::new();
    for suite in ["hazards", "sqlite_alter_tcl", "sqldef", "atlas"] {
        for case in data::load(&format!("{suite}.jsonl")) {
            for key in ["desired_sql", "current_sql"] {
                let name = format!("{suite} {} {key}", case["name"].as_str().unwrap_or_default());
                schemas.entry(case[key].as_str().unwrap_or_default().to_owned()).or_insert(name);
            }
        }
    }
    if schemas.is_empty() {
        return;
    }
    let schemas: Vec<(String, String)> = schemas.into_iter().map(|(sql, name)| (name, sql)).collect();
    run_suite("pulled-cases", &schemas, 400);
}
