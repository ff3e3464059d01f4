//! Every rule on its own cases and on the examples of its documentation, executed: what it finds, what it does not, and
//! what the rows say. The rules are found as folders, so a new one needs nothing here.

#![allow(clippy::print_stderr, reason = "what a test says is read by people, once")]

#[path = "../support/mod.rs"]
mod support;

mod accepted;
mod case;
mod corpus;
mod documented;
mod queries;
mod reference;
mod shown;

use std::path::PathBuf;

use case::{Case, Expected, read};
use dbmigrate_core::lint::{Level, Levels, RULES, Rule};

/// The folder of a rule.
fn folder(rule: &Rule) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules").join(rule.name)
}

/// The rules to test: all, or that of the variable `RULE`.
fn wanted() -> impl Iterator<Item = &'static Rule> {
    let only = std::env::var("RULE").ok();
    RULES.iter().copied().filter(move |rule| only.as_deref().is_none_or(|only| only == rule.name))
}

#[test]
fn every_rule_fires_where_it_should_and_nowhere_else() {
    let mut wrong = Vec::new();
    for rule in wanted() {
        let text = std::fs::read_to_string(folder(rule).join("cases.sql")).expect("every rule has cases");
        let cases = read(&text);
        let count = |expected: Expected| cases.iter().filter(|case| case.expected == expected).count();
        if count(Expected::Fires) == 0 || count(Expected::Spares) == 0 {
            wrong.push(format!("{}: there is a case of each kind", rule.name));
        }
        let mut shown = String::new();
        let mut has_rows = false;
        for case in &cases {
            match case.run(rule) {
                Ok(run) => {
                    has_rows |= run.has_rows_that_count() || (case.has_counts() && case.expected == Expected::Fires);
                    shown.push_str(&shown::run(case, &run));
                }
                Err(error) => wrong.push(format!("{}: {}: {error}", rule.name, case.title)),
            }
        }
        let asks = cases.iter().any(|case| case.asks(rule));
        if asks && !has_rows {
            wrong.push(format!("{}: it asks the rows, and no case has some that count", rule.name));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder(rule));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("cases", shown));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_in_the_documentation_is_true() {
    let wrong: Vec<String> = wanted().flat_map(documented::wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_rule() {
    let rules = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    for entry in std::fs::read_dir(rules).expect("the rules") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(!path.is_dir() || RULES.iter().any(|rule| rule.name == name), "{name} is in no list");
    }
}

#[test]
fn what_only_matters_with_many_rows_waits_for_them_unless_the_level_is_set() {
    let mut explicit = Levels::default();
    assert!(explicit.set("availability", Level::Deny));
    for name in ["rewrites_table", "index_on_large_table", "long_write_transaction", "foreign_key_check_scans_all"] {
        let rule = dbmigrate_core::lint::rule(name).expect("it is one");
        let text = std::fs::read_to_string(folder(rule).join("cases.sql")).expect("every rule has cases");
        let fires = read(&text).into_iter().filter(|case| case.expected == Expected::Fires);
        let (mut waiting, mut known) = (0, 0);
        for case in fires {
            let found = |levels: &Levels| case.found(rule, levels).expect("it runs").0;
            let waits = found(&Levels::default()).iter().all(|finding| finding.only_with_rows);
            assert_eq!(waits, !case.has_counts(), "{name}: {}", case.title);
            assert!(found(&explicit).iter().all(|finding| !finding.only_with_rows), "{name}: {}", case.title);
            *(if waits { &mut waiting } else { &mut known }) += 1;
        }
        assert!(waiting > 0 && known > 0, "{name}");
    }
}

/// A case on its own, for tests of something else.
fn one(before: &str, migration: &str) -> Case {
    let none = String::new;
    Case {
        title: none(),
        expected: Expected::Fires,
        before: before.into(),
        rows: none(),
        migration: migration.into(),
        is_server: false,
        config: none(),
        counts: none(),
        application: none(),
        earlier: none(),
    }
}
