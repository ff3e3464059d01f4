//! `cfg` and `cfg_attr` are judged as the compiler would with the same flags.

use crate::project::{Project, manifest};

const FEATURES: &str = "chrono = { version = \"0.4\", optional = true }\nuuid = { version = \"1\", optional = true }\n\
                        [features]\ndefault = [\"base\"]\nbase = []\naudit = [\"trail\", \"dep:uuid\"]\ntrail = []\nweak = [\"chrono?/std\"]\nstrong = [\"chrono/std\"]";

/// A package in which each feature has a table.
fn project() -> Project {
    let table = |feature: &str| {
        let (first, rest) = (feature[..1].to_uppercase(), &feature[1..]);
        format!("#[cfg(feature = \"{feature}\")] #[derive(dbmigrate::Table)] struct {first}{rest} {{ id: i64 }}\n")
    };
    let source: String = ["base", "audit", "trail", "chrono", "uuid", "weak", "strong"].map(table).concat();
    Project::new(&[("Cargo.toml", &manifest(FEATURES)), ("src/lib.rs", &source)])
}

#[test]
fn default_features_are_on() {
    assert_eq!(project().tables(), ["base"]);
}

#[test]
fn features_imply_others() {
    assert_eq!(project().features(&["audit"]).tables(), ["audit", "base", "trail"]);
    assert_eq!(project().features(&["app/trail,chrono"]).tables(), ["base", "chrono", "trail"]);
}

#[test]
fn a_feature_of_a_dependency_turns_the_dependency_on_unless_weak() {
    assert_eq!(project().features(&["strong"]).tables(), ["base", "chrono", "strong"]);
    assert_eq!(project().features(&["weak"]).tables(), ["base", "weak"]);
}

#[test]
fn default_features_can_be_turned_off_and_all_turned_on() {
    let mut project = project();
    project.request.no_default_features = true;
    assert!(project.tables().is_empty());
    project.request.all_features = true;
    assert_eq!(project.tables(), ["audit", "base", "chrono", "strong", "trail", "weak"]);
}

#[test]
fn an_unknown_feature_is_an_error_with_a_suggestion() {
    let errors = project().features(&["adit"]).errors();
    assert!(errors.contains("error: package `app` has no feature `adit`"), "{errors}");
    assert!(errors.contains("did you mean `--features audit`?"), "{errors}");
}

#[test]
fn cfg_is_honoured_on_fields_variants_and_items() {
    let project = Project::of(
        "#[derive(Table)] struct A {
            id: i64,
            #[cfg(test)] testing: i64,
            #[cfg(not(test))] state: State,
            #[cfg(all(unix, windows))] never: i64,
        }
        #[derive(ColumnType)] #[column_type(check)] enum State { Draft, #[cfg(test)] Mocked, Done }
        #[cfg(test)] #[derive(Table)] struct OnlyInTests { id: i64 }
        #[cfg(any(unix, windows))] type Other = i64;
        #[cfg(not(any(unix, windows)))] type Other = String;
        #[derive(Table)] struct B { id: i64, other: Other }",
    );
    let declared = project.declared();
    assert_eq!(project.tables(), ["a", "b"]);
    assert_eq!(project.columns("a"), ["state TEXT"]);
    assert_eq!(project.columns("b"), ["other INTEGER"]);
    let check = format!("{:?}", declared.schema.table(&"a".into()).unwrap().checks);
    assert!(!check.to_lowercase().contains("mocked"), "{check}");
}

#[test]
fn derives_and_attributes_may_be_conditional_also_nested() {
    let project = Project::of(
        "#[cfg_attr(all(), derive(Table), table(name = \"first\"))] struct A { id: i64 }
        #[cfg_attr(not(test), cfg_attr(any(unix, windows), derive(Table)))] struct B {
            id: i64,
            #[cfg_attr(not(test), column(name = \"renamed\"))] field: i64,
        }
        #[cfg_attr(test, derive(Table))] struct C { id: i64 }",
    );
    assert_eq!(project.tables(), ["b", "first"]);
    assert_eq!(project.columns("b"), ["renamed INTEGER"]);
}

#[test]
fn a_condition_on_a_whole_file_counts() {
    let table = "#![cfg(feature = \"off\")]\n#[derive(dbmigrate::Table)] struct A { id: i64 }";
    let project = Project::new(&[("src/lib.rs", "mod a;"), ("src/a.rs", table)]);
    assert!(project.tables().is_empty());
}

#[test]
fn a_condition_that_cannot_be_judged_is_an_error() {
    let project = Project::of("#[cfg(version(\"1.90\"))] #[derive(Table)] struct A { id: i64 }");
    let errors = project.errors();
    assert!(errors.contains("`cfg(version(…))` cannot be evaluated"), "{errors}");
    assert!(errors.contains("src/lib.rs:2:7"), "{errors}");
}
