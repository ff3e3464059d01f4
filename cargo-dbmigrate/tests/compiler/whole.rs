//! What no struct declares is found where the migrations are embedded.

use crate::workspace::{EMBEDDED, HEAD, Workspace};

const USER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    pub email: String,\n}\n";
const TAG: &str = "#[derive(Table)]\n#[table(name = \"tags\")]\npub struct Tag {\n    pub name: String,\n}\n";
const SEARCH: &str =
    "#[derive(Table)]\n#[table(name = \"search\", using = fts5)]\npub struct Search {\n    pub body: String,\n}\n";
const NAMES: &str = "#[derive(View)]\n#[view(name = \"names\", query = \"SELECT email FROM users\")]\npub struct Names {\n    pub email: String,\n}\n";

#[test]
fn a_struct_that_is_gone_is_an_error_where_the_migrations_are_embedded() {
    let package = "whole".to_owned();
    let workspace = Workspace::new("compiler-whole", std::slice::from_ref(&package));
    workspace.with_macros(&package);
    let source =
        |structs: &[&str]| workspace.write("whole/src/lib.rs", &format!("{HEAD}{}{EMBEDDED}", structs.concat()));
    source(&[USER, TAG, SEARCH, NAMES]);
    workspace.generate("whole", &["--name", "first"]);
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    source(&[USER]);
    let gone = workspace.check(&[]).remove("whole").unwrap_or_default();
    workspace.write("whole/dbmigrate.toml", "compile_check = \"warn\"\n");
    let warned = workspace.check(&[]).remove("whole").unwrap_or_default();
    std::fs::remove_file(workspace.path("whole/dbmigrate.toml")).expect("it is there");
    insta::assert_snapshot!("whole", format!("{gone}\n{warned}").replace("whole/src", "src").replace(" -p whole", ""));
    // what the library has counts for its binaries
    source(&[USER, TAG, SEARCH, NAMES]);
    let main = format!("use whole as _;\n{EMBEDDED}fn main() {{}}\n");
    workspace.write("whole/src/main.rs", &main);
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    std::fs::remove_file(workspace.path("whole/src/main.rs")).expect("it is there");
    source(&[USER, TAG]);
    workspace.generate("whole", &["--name", "second", "--accept", "drop_table:search"]);
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn a_binary_learns_that_its_library_has_another_struct_for_the_same_table() {
    let package = "both".to_owned();
    let workspace = Workspace::new("compiler-both", std::slice::from_ref(&package));
    workspace.with_macros(&package);
    workspace.write("both/src/schema.rs", &format!("use dbmigrate::Table;\n{USER}"));
    workspace.write("both/src/lib.rs", "pub mod schema;\n");
    workspace.generate("both", &["--name", "first"]);
    let main = |structs: &str| {
        let main = format!("#![allow(dead_code)]\nuse both as _;\n{structs}{EMBEDDED}fn main() {{}}\n");
        workspace.write("both/src/main.rs", &main);
    };
    // the library's module a second time is the same struct
    main("mod schema;\n");
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    let own = format!("use dbmigrate::Table;\n{USER}");
    main(&own);
    let text = "two structs declare table `users`: one in this binary, one in the package's library";
    let said = workspace.check(&[]);
    assert!(said["both"].starts_with(&format!("error[E0277]: {text}")), "{said:?}");
    workspace.write("both/dbmigrate.toml", "compile_check = \"warn\"\n");
    let (is_right, said) = workspace.cargo("check", &[]);
    assert!(is_right && said["both"].contains(text), "{said:?}");
    main("mod schema;\n");
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
}
