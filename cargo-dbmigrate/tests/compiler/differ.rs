//! That the compiler has something to say exactly when `generate` has something to plan: real changes, with structs as
//! `pull` makes them of the schema before and of the one after.

use std::fmt::Write as _;
use std::path::Path;

use dbmigrate_core::diff::{Change as Step, Renames, diff};

use crate::agree::structs;
use crate::support::{Change, data, example_backfills, law, schema_of, shared};
use crate::workspace::{EMBEDDED, Said, Workspace};

/// The lock of a folder without migrations, as `init` makes it.
const LOCK: &str = "# dbmigrate lock 2: name, sha256 of migration.sql, of its statements, of snapshot.json, of the schema, of all lines so far\n";

/// A table that is there before and after.
const ANCHOR: &str = "\n#[derive(dbmigrate::Table)]\npub struct Anchored {\n    pub anchor: i64,\n}\n";

/// The suites that are none of this repository's.
const FOREIGN: [&str; 3] = ["sqlite_alter_tcl", "sqldef", "atlas"];

const ALLOWED: &str = "#![allow(dead_code, unused, non_camel_case_types, non_snake_case)]\n";

/// A change, and the structs before and after.
struct Case {
    name: String,
    package: String,
    change: Change,
    before: String,
    after: String,
}

/// The cases of suites that can be said as structs.
fn cases(suites: &[&str]) -> Vec<Case> {
    let mut cases = Vec::new();
    for suite in suites {
        for (at, case) in data::load(suite).into_iter().enumerate() {
            let Ok(mut change) = data::change(&case) else { continue };
            let sql = |key: &str| structs(case[key].as_str().unwrap_or_default());
            let (Some(before), Some(after)) = (sql("current_sql"), sql("desired_sql")) else { continue };
            // nothing is compared with nothing
            let is_new = case["current_sql"].as_str().unwrap_or_default().trim().is_empty();
            let anchor = if is_new { ANCHOR } else { "" };
            let (before, after) = (format!("{before}{anchor}"), format!("{after}{anchor}"));
            for (target, value) in example_backfills(&change).unwrap_or_default() {
                change.backfills.entry(target).or_insert(value);
            }
            let name = format!("{suite}: {}", law::name(&case));
            cases.push(Case { name, package: format!("differ-{suite}-{at}"), change, before, after });
        }
    }
    cases
}

/// The states of a history, each with the next one.
fn history(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let app = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let states = files.iter().map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect::<Vec<_>>();
    let mut cases = Vec::new();
    for (at, pair) in states.windows(2).enumerate() {
        let (Ok(current), Ok(desired)) = (schema_of(&pair[0]), schema_of(&pair[1])) else { continue };
        let (Some(before), Some(after)) = (structs(&pair[0]), structs(&pair[1])) else { continue };
        let mut change = Change { current, desired, ..Change::default() };
        change.backfills = example_backfills(&change).unwrap_or_default();
        let package = format!("differ-{}-{at}", app.to_lowercase());
        cases.push(Case { name: format!("{app} {at}"), package, change, before, after });
    }
    cases
}

impl Case {
    /// What `generate` has to be told.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = ["--name", "second", "--accept", "all"].map(str::to_owned).into();
        let renames = &self.change.renames;
        let tables = renames.tables.iter().map(|(from, to)| format!("{from}={to}"));
        let columns = renames.columns.iter().map(|(table, from, to)| format!("{table}.{from}={to}"));
        for rename in tables.chain(columns) {
            arguments.extend(["--rename".to_owned(), rename]);
        }
        for ((table, column), value) in &self.change.backfills {
            arguments.extend(["--backfill".to_owned(), format!("{table}.{column}={value}")]);
        }
        arguments
    }

    fn write(&self, workspace: &Workspace, source: &str) {
        workspace.write(&format!("{}/src/lib.rs", self.package), &format!("{ALLOWED}{source}{EMBEDDED}"));
    }

    fn said<'s>(&self, said: &'s Said) -> &'s str {
        said.get(&self.package.replace('-', "_")).map_or("", String::as_str)
    }

    /// The tables and columns that are new or gone, and not mentioned.
    fn unmentioned(&self, said: &str) -> Vec<String> {
        let none = Renames::default();
        let Ok(diff) = diff(&self.change.current, &self.change.desired, &none) else { return Vec::new() };
        let names = diff.changes().into_iter().filter_map(|change| match change {
            Step::CreateTable(name) | Step::DropTable(name) => Some(name.to_string()),
            Step::AddColumn(_, column) | Step::DropColumn(_, column) => Some(column.to_string()),
            _ => None,
        });
        names.filter(|name| !said.contains(&format!("`{name}`"))).collect()
    }
}

/// What is wrong with the cases, one line each, and how many were tried.
fn differ(folder: &str, mut cases: Vec<Case>) -> (usize, String) {
    let mut wrong = String::new();
    let packages: Vec<String> = cases.iter().map(|case| case.package.clone()).collect();
    let workspace = Workspace::new(folder, &packages);
    for case in &cases {
        workspace.with_macros(&case.package);
        workspace.write(&format!("{}/migrations/migrations.lock", case.package), LOCK);
        case.write(&workspace, &case.before);
    }
    let check = || workspace.check(&["--workspace", "--keep-going"]);
    cases.retain(|case| {
        let is_migrated = workspace.try_generate(&case.package, &["--name", "first"]).is_ok();
        if !is_migrated {
            workspace.write(&format!("{}/src/lib.rs", case.package), "");
        }
        is_migrated
    });
    let said = check();
    for case in &cases {
        if !case.said(&said).is_empty() {
            let _ = writeln!(wrong, "== {}: says of what was migrated:\n{}", case.name, case.said(&said));
        }
        case.write(&workspace, &case.after);
    }
    let said = check();
    let mut seen = Vec::new();
    for case in cases {
        let text = case.said(&said);
        let planned = workspace.try_generate(&case.package, &["--check"]);
        match (&planned, text.is_empty()) {
            (Ok(_), true) | (Err(_), false) => {}
            (Ok(_), false) => {
                let _ = writeln!(wrong, "== {}: nothing is planned, but said is:\n{text}", case.name);
            }
            (Err((code, planned)), true) => {
                let _ = writeln!(wrong, "== {}: says nothing, but `generate` ({code}):\n{planned}", case.name);
            }
        }
        let unmentioned = case.unmentioned(text);
        if !unmentioned.is_empty() {
            let _ = writeln!(wrong, "== {}: does not mention {unmentioned:?}:\n{text}", case.name);
        }
        let arguments = case.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match workspace.try_generate(&case.package, &arguments) {
            Ok(_) => seen.push(case),
            Err(_) => {
                workspace.write(&format!("{}/src/lib.rs", case.package), "");
            }
        }
    }
    let said = check();
    for case in &seen {
        if !case.said(&said).is_empty() {
            let _ = writeln!(wrong, "== {}: says after the migration:\n{}", case.name, case.said(&said));
        }
    }
    (seen.len(), wrong)
}

/// What is wrong with the cases is all that comes out.
#[track_caller]
fn none_differs(folder: &str, cases: Vec<Case>, least: usize) {
    let (count, wrong) = differ(folder, cases);
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= least, "only {count} cases");
}

#[test]
fn the_compiler_says_something_exactly_when_there_is_something_to_generate() {
    let mut some: Vec<Case> = cases(&law::SUITES[..2]).into_iter().step_by(4).collect();
    some.extend(cases(&law::SUITES[2..]).into_iter().step_by(20));
    some.extend(cases(&FOREIGN).into_iter().step_by(20));
    none_differs("compiler-differ", some, 15);
}

#[test]
#[ignore = "takes minutes"]
fn soak_the_compiler_and_generate_agree_about_every_case() {
    let mut all = cases(&law::SUITES);
    all.extend(cases(&FOREIGN));
    for app in shared("corpus/histories").into_iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder")) {
        let states = history(&app.expect("a folder").path());
        let step = states.len() / 12 + 1;
        all.extend(states.into_iter().step_by(step));
    }
    none_differs("compiler-differ-soak", all, 70);
}
