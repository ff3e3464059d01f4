//! The package that is meant is chosen as cargo would.

use crate::project::{Project, manifest};

fn table(name: &str) -> String {
    format!("#[derive(dbmigrate::Table)] struct {name} {{ id: i64 }}")
}

fn package(name: &str) -> String {
    manifest("").replace("\"app\"", &format!("\"{name}\""))
}

fn plain(name: &str) -> String {
    package(name).replace("dbmigrate-rs = \"0.1\"", "")
}

/// A virtual workspace with two packages that use us and one that does not.
fn workspace() -> Project {
    Project::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\", \"tool\"]\nresolver = \"3\""),
        ("one/Cargo.toml", &package("one")),
        ("one/src/lib.rs", &table("One")),
        ("two/Cargo.toml", &package("two")),
        ("two/src/lib.rs", &table("Two")),
        ("tool/Cargo.toml", &plain("tool")),
        ("tool/src/main.rs", "fn main() {}"),
    ])
}

#[test]
fn a_package_is_chosen_by_name() {
    let mut project = workspace();
    project.request.package = Some("two".to_owned());
    assert_eq!(project.tables(), ["two"]);
    project.request.package = Some("three".to_owned());
    let errors = project.errors();
    assert!(errors.contains("the workspace has no package `three`") && errors.contains("`-p one`"), "{errors}");
}

#[test]
fn a_package_is_chosen_by_its_manifest() {
    let mut project = workspace();
    project.request.manifest_path = Some("one/Cargo.toml".into());
    assert_eq!(project.tables(), ["one"]);
}

#[test]
fn the_package_around_the_current_directory_is_meant() {
    let mut project = workspace();
    project.request.current_dir = project.root().join("two/src");
    assert_eq!(project.tables(), ["two"]);
}

#[test]
fn in_a_virtual_workspace_the_only_user_is_meant_else_it_is_asked() {
    let project = workspace();
    let errors = project.errors();
    assert!(errors.contains("which package of the workspace?"), "{errors}");
    assert!(errors.contains("one of: `-p one`, `-p two`"), "{errors}");
    project.write("two/Cargo.toml", &plain("two"));
    assert_eq!(project.tables(), ["one"]);
    assert!(project.declared().package.depends_on_dbmigrate);
}

#[test]
fn a_root_that_is_named_is_not_taken_for_the_library() {
    let manifest = "[package]\nname = \"dbmigrate-rs\"\nedition = \"2024\"\n[lib]\nname = \"dbmigrate\"\n";
    let example = "use dbmigrate::{Json, Table};\n#[derive(Table)]\nstruct A { a: Json<String> }\n";
    let mut project = Project::new(&[("Cargo.toml", manifest), ("src/lib.rs", ""), ("examples/a.rs", example)]);
    project.request.root = Some("examples/a.rs".into());
    assert_eq!(project.tables(), ["a"]);
}

#[test]
fn what_cargo_says_is_handed_on() {
    let project = Project::new(&[("Cargo.toml", "[package]\nname = \"app\"\nversion = 1\n")]);
    let errors = project.errors();
    assert!(errors.starts_with("error: "), "{errors}");
    assert!(!errors.contains("cargo metadata") && errors.contains("Cargo.toml"), "{errors}");
}

#[test]
fn binaries_whose_features_are_off_are_not_read() {
    let more = "[features]\nextra = []\n[[bin]]\nname = \"app\"\npath = \"src/main.rs\"\n[[bin]]\nname = \"extra\"\npath = \"src/extra.rs\"\nrequired-features = [\"extra\"]";
    let project = Project::new(&[
        ("Cargo.toml", &manifest(more)),
        ("src/main.rs", &format!("fn main() {{}} {}", table("Main"))),
        ("src/extra.rs", &format!("fn main() {{}} {}", table("Extra"))),
    ]);
    assert_eq!(project.tables(), ["main"]);
    assert_eq!(project.features(&["extra"]).tables(), ["extra", "main"]);
}
