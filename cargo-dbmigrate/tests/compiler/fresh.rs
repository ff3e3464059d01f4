//! That cargo compares again when there is something else to compare with, and only then.

use std::time::{Duration, SystemTime};

use crate::workspace::{HEAD, Workspace};

const BEFORE: &str = "#[derive(Table)]\npub struct User {\n    pub email: String,\n}\n";
const AFTER: &str = "#[derive(Table)]\npub struct User {\n    pub email: String,\n    pub age: i64,\n}\n";

#[test]
fn a_new_migration_and_another_level_are_noticed_without_a_touch_of_the_source() {
    let package = "fresh".to_owned();
    let workspace = Workspace::new("compiler-fresh", std::slice::from_ref(&package));
    let source = |text: &str| workspace.write("fresh/src/lib.rs", &format!("{HEAD}{text}"));
    source(BEFORE);
    // what is said of databases is nothing to a compiler, but has to be read
    let targets = "[targets.production]\nprotected = true\n\n[targets.eu]\nurl_env = \"EU_URL\"\ntimeout = 5\n";
    workspace.write("fresh/dbmigrate.toml", &format!("compile_check = \"error\"\n\n{targets}"));
    workspace.generate("fresh", &["--name", "first"]);
    assert!(workspace.check(&[]).is_empty());
    // a migration that was made of other structs, as it comes with a merge; the source is older than all that cargo knows
    source(AFTER);
    workspace.generate("fresh", &["--name", "second", "--backfill", "user.age=0"]);
    source(BEFORE);
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = std::fs::File::options().write(true).open(workspace.path("fresh/src/lib.rs")).expect("it is there");
    file.set_modified(long_ago).expect("it is ours");
    let said = workspace.check(&[]);
    assert!(said["fresh"].contains("`user` has a column `age` as of migration `0002_second`"), "{said:?}");
    // a snapshot that was edited, and its lock was not
    let snapshot = "fresh/migrations/0002_second/snapshot.json";
    let text = workspace.read(snapshot);
    source(AFTER);
    assert!(workspace.check(&[]).is_empty());
    workspace.write(snapshot, &text.replace("age", "years"));
    assert!(workspace.check(&[])["fresh"].contains("was edited"));
    workspace.write(snapshot, &text);
    assert!(workspace.check(&[]).is_empty());
    source(BEFORE);
    workspace.write("fresh/dbmigrate.toml", "compile_check = \"warn\"\n");
    let said = workspace.check(&[]);
    assert!(said["fresh"].starts_with("warning: "), "{said:?}");
    workspace.write("fresh/dbmigrate.toml", "compile_check = \"off\"\n");
    assert!(workspace.check(&[]).is_empty());
}
