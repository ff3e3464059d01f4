//! Module files are found where rustc finds them.

use crate::project::{Project, manifest};

/// A struct that declares a table of that name.
fn table(name: &str) -> String {
    format!("#[derive(dbmigrate::Table)] pub struct {name} {{ #[column(primary_key)] pub id: i64 }}\n")
}

#[test]
fn a_module_lies_beside_its_root_or_in_its_own_directory() {
    let project =
        Project::new(&[("src/lib.rs", "mod a; pub mod b;"), ("src/a.rs", &table("A")), ("src/b/mod.rs", &table("B"))]);
    assert_eq!(project.tables(), ["a", "b"]);
}

#[test]
fn modules_of_a_file_lie_in_the_directory_of_its_name() {
    let project = Project::new(&[
        ("src/lib.rs", "mod a; mod m;"),
        ("src/a.rs", "mod deep;"),
        ("src/a/deep.rs", "mod deeper;"),
        ("src/a/deep/deeper.rs", &table("FromFile")),
        ("src/m/mod.rs", "mod beside;"),
        ("src/m/beside.rs", &table("FromMod")),
    ]);
    assert_eq!(project.tables(), ["from_file", "from_mod"]);
}

#[test]
fn inline_modules_add_their_names_to_the_directory() {
    let project = Project::new(&[
        ("src/lib.rs", "mod outer { mod inner; }"),
        ("src/outer/inner.rs", "mod middle { mod last; }"),
        ("src/outer/inner/middle/last.rs", &table("Found")),
    ]);
    assert_eq!(project.tables(), ["found"]);
}

#[test]
fn a_path_attribute_is_relative_to_the_file() {
    let project = Project::new(&[
        ("src/lib.rs", "#[path = \"other/place.rs\"] mod a; mod b;"),
        ("src/other/place.rs", &format!("{} mod child;", table("A"))),
        ("src/other/child.rs", &table("Child")),
        ("src/b.rs", "#[path = \"c.rs\"] mod x;"),
        ("src/c.rs", &table("C")),
    ]);
    assert_eq!(project.tables(), ["a", "c", "child"]);
}

#[test]
fn a_path_attribute_inside_inline_modules_is_relative_to_their_directory() {
    let project = Project::new(&[
        ("src/lib.rs", "mod inline { #[path = \"other.rs\"] mod x; } mod b;"),
        ("src/inline/other.rs", &table("FromRoot")),
        ("src/b.rs", "mod inline { #[path = \"other.rs\"] mod x; }"),
        ("src/b/inline/other.rs", &table("FromFile")),
    ]);
    assert_eq!(project.tables(), ["from_file", "from_root"]);
}

#[test]
fn a_path_attribute_on_an_inline_module_names_its_directory() {
    let project = Project::new(&[
        ("src/lib.rs", "#[path = \"files\"] mod thread { #[path = \"tls.rs\"] mod database; mod plain; }"),
        ("src/files/tls.rs", &table("Local")),
        ("src/files/plain.rs", &table("Plain")),
    ]);
    assert_eq!(project.tables(), ["local", "plain"]);
}

#[test]
fn a_path_attribute_may_be_conditional() {
    let project = Project::new(&[
        ("src/lib.rs", "#[cfg_attr(not(test), path = \"real.rs\")] #[cfg_attr(test, path = \"fake.rs\")] mod a;"),
        ("src/real.rs", &table("Real")),
        ("src/fake.rs", &table("Fake")),
    ]);
    assert_eq!(project.tables(), ["real"]);
}

#[test]
fn a_raw_module_name_has_a_plain_file() {
    let project = Project::new(&[("src/lib.rs", "mod r#type;"), ("src/type.rs", &table("A"))]);
    assert_eq!(project.tables(), ["a"]);
}

#[test]
fn a_file_that_library_and_binary_share_is_read_once() {
    let project = Project::new(&[
        ("src/lib.rs", "pub mod schema;"),
        ("src/main.rs", "mod schema; mod only; fn main() {}"),
        ("src/bin/tool.rs", &format!("{} fn main() {{}}", table("Tool"))),
        ("src/schema.rs", &table("Shared")),
        ("src/only.rs", &table("Only")),
    ]);
    assert_eq!(project.tables(), ["only", "shared", "tool"]);
}

#[test]
fn included_files_are_part_of_their_module() {
    let project = Project::new(&[
        ("src/lib.rs", "mod a { type Id = i64; include!(\"tables/a.rs\"); }"),
        (
            "src/tables/a.rs",
            "include!(\"b.rs\");\n#[derive(dbmigrate::Table)] struct A { #[column(primary_key)] id: Id }",
        ),
        ("src/tables/b.rs", &table("B")),
    ]);
    assert_eq!(project.tables(), ["a", "b"]);
}

#[test]
fn an_error_in_an_included_file_is_shown_there() {
    let project = Project::new(&[
        ("src/lib.rs", "// something else\n\n\ninclude!(\"a.rs\");"),
        ("src/a.rs", "#[derive(dbmigrate::Table)]\nstruct A { id: Missing }"),
    ]);
    assert!(project.errors().contains("src/a.rs:2:16"), "{}", project.errors());
}

#[test]
fn a_file_that_includes_itself_is_an_error() {
    let project = Project::new(&[("src/lib.rs", "include!(\"a.rs\");"), ("src/a.rs", "include!(\"a.rs\");")]);
    assert!(project.errors().contains("includes itself"), "{}", project.errors());
}

#[test]
fn a_missing_module_file_names_both_places() {
    let project = Project::new(&[("src/lib.rs", "mod a;"), ("src/a.rs", "mod gone;\n")]);
    let errors = project.errors();
    assert!(errors.starts_with("error: module `gone` has no file\n --> src/a.rs:1:5"), "{errors}");
    assert!(errors.contains("= help: create `src/a/gone.rs` or `src/a/gone/mod.rs`"), "{errors}");
}

#[test]
fn a_module_with_two_files_names_both() {
    let project = Project::new(&[("src/lib.rs", "mod a;"), ("src/a.rs", ""), ("src/a/mod.rs", "")]);
    let errors = project.errors();
    assert!(errors.contains("module `a` has two files"), "{errors}");
    assert!(errors.contains("delete or rename one of `src/a.rs` and `src/a/mod.rs`"), "{errors}");
}

#[test]
fn a_missing_path_attribute_file_is_an_error() {
    let project = Project::new(&[("src/lib.rs", "#[path = \"gone.rs\"] mod a;")]);
    let errors = project.errors();
    assert!(errors.contains("cannot read the file of module `a`") && errors.contains("gone.rs"), "{errors}");
}

#[test]
fn modules_that_cfg_takes_away_need_no_file() {
    let project = Project::new(&[("src/lib.rs", "#[cfg(test)] mod tests; mod a { #![cfg(test)] mod b; }")]);
    assert!(project.tables().is_empty());
}

#[test]
fn a_file_without_tables_is_parsed_only_when_a_name_leads_there() {
    let uses = "mod ids; mod broken; use ids::Id;\n#[derive(dbmigrate::Table)] struct A { id: i64, of: Id }";
    let project = Project::new(&[
        ("src/lib.rs", uses),
        ("src/ids.rs", "pub type Id = Option<String>;"),
        ("src/broken.rs", "fn ( {"),
    ]);
    assert_eq!(project.columns("a"), ["of TEXT?"]);
    project.write("src/ids.rs", "pub type Id = = String;");
    assert!(project.errors().contains("src/ids.rs:1:15"), "{}", project.errors());
}

#[test]
fn another_root_can_be_given() {
    let mut project = Project::new(&[("src/lib.rs", &table("A")), ("tests/db/root.rs", "mod b;")]);
    project.write("tests/db/b.rs", &table("B"));
    project.request.root = Some("tests/db/root.rs".into());
    assert_eq!(project.tables(), ["b"]);
}

#[test]
fn a_library_elsewhere_is_found_through_its_manifest() {
    let manifest = manifest("[lib]\npath = \"code/entry.rs\"");
    let project = Project::new(&[("Cargo.toml", &manifest), ("code/entry.rs", "mod a;"), ("code/a.rs", &table("A"))]);
    assert_eq!(project.tables(), ["a"]);
}
