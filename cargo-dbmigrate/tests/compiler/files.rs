//! What the compiler says of migrations that it cannot compare with: one error for the crate, which names the file.

use std::fmt::Write as _;

use crate::workspace::{HEAD, Workspace};

const STRUCT: &str = "#[derive(Table)]\npub struct User {\n    pub email: String,\n}\n\n#[derive(Table)]\npub struct Post {\n    pub title: String,\n}\n";

/// What happens to a package that was migrated.
type Breaks = fn(&Workspace, &str);

const WAYS: [(&str, Breaks); 13] = [
    ("newer-snapshot", |workspace, package| {
        let snapshot = format!("{package}/migrations/0001_first/snapshot.json");
        workspace.replace(&snapshot, "\"format\": 1", "\"format\": 2");
    }),
    ("newer-lock", |workspace, package| {
        workspace.replace(&format!("{package}/migrations/migrations.lock"), "lock 2:", "lock 3:");
    }),
    ("edited-snapshot", |workspace, package| {
        workspace.replace(&format!("{package}/migrations/0001_first/snapshot.json"), "email", "mail");
    }),
    ("missing-snapshot", |workspace, package| {
        let snapshot = workspace.path(&format!("{package}/migrations/0001_first/snapshot.json"));
        std::fs::remove_file(snapshot).expect("it is there");
    }),
    ("missing-lock", |workspace, package| {
        let lock = workspace.path(&format!("{package}/migrations/migrations.lock"));
        std::fs::remove_file(lock).expect("it is there");
    }),
    ("conflict-in-lock", |workspace, package| {
        let lock = format!("{package}/migrations/migrations.lock");
        let text = workspace.read(&lock);
        workspace.write(&lock, &format!("{text}<<<<<<< HEAD\n=======\n>>>>>>> main\n"));
    }),
    ("edited-lock", |workspace, package| {
        workspace.replace(&format!("{package}/migrations/migrations.lock"), "0001_first", "0001_second");
    }),
    ("unknown-level", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "compile_check = \"warning\"\n");
    }),
    ("unknown-key", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "compile_chek = \"warn\"\n");
    }),
    ("unknown-key-of-a-target", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "[targets.eu]\nurl_evn = \"EU_URL\"\n");
    }),
    ("missing-root", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "root = \"src/app.rs\"\n");
    }),
    ("ignored-table", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "ignore = [\"us*\"]\n");
    }),
    ("folder-is-a-file", |workspace, package| {
        workspace.write(&format!("{package}/dbmigrate.toml"), "migrations = \"src/lib.rs\"\n");
    }),
];

#[test]
fn files_that_cannot_be_read_are_one_error_that_names_the_file() {
    let packages: Vec<String> = WAYS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let workspace = Workspace::new("compiler-files", &packages);
    for (package, breaks) in WAYS {
        workspace.write(&format!("{package}/src/lib.rs"), &format!("{HEAD}{STRUCT}"));
        workspace.generate(package, &["--name", "first"]);
        breaks(&workspace, package);
    }
    let said = workspace.check(&["--workspace", "--keep-going"]);
    let mut text = String::new();
    for (package, _) in WAYS {
        let said = said.get(&package.replace('-', "_")).map_or("(nothing)", String::as_str);
        let said = said.replace(&format!("{package}/"), "");
        let _ = write!(text, "# {}\n\n{}\n\n", package.replace('-', " "), said.trim_end());
    }
    insta::assert_snapshot!("files", text);
}
