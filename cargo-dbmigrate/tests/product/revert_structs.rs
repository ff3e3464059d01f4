//! `revert --write`: the structs changed back, and nothing else of their files.

use crate::project::Project;

const BEFORE: &str = "\
/// A person.
#[derive(Debug, Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    /// What friends say.
    pub nick: Option<String>, // kept
    #[column(index)]
    pub legacy: String,
}

fn  oddly( formatted:u8 )  {}
";

#[test]
fn structs_are_changed_back_and_the_rest_stays_byte_for_byte() {
    for line_end in ["\n", "\r\n"] {
        let project = Project::new(BEFORE);
        let before = project.read("src/lib.rs").replace('\n', line_end);
        project.write("src/lib.rs", &before);
        project.runs("generate");
        let change = |from: &str, to: &str| project.replace("src/lib.rs", from, to);
        change(
            "    pub nick: Option<String>, // kept",
            &format!("    #[column(renamed_from = \"nick\")]{line_end}    pub handle: Option<String>, // kept"),
        );
        change(
            &format!("    #[column(index)]{line_end}    pub legacy: String,{line_end}"),
            &format!("    /// New.{line_end}    pub bio: Option<String>,{line_end}"),
        );
        project.runs("generate --accept drop_column:users.legacy");
        project.write("src/lib.rs", project.read("src/lib.rs") + "// a line behind" + line_end);
        let run = project.runs("revert --accept drop_column:users.bio --backfill users.legacy='' --write");
        assert!(run.err.contains("Changed src/lib.rs"), "{}", run.err);
        let after = project.read("src/lib.rs");
        assert_eq!(after, before.clone() + "// a line behind" + line_end);
        project.runs("generate --check");
        project.runs("check");
    }
}

#[test]
fn lines_that_no_longer_fit_are_said_with_their_places() {
    let project = Project::generated(BEFORE);
    project.replace("src/lib.rs", "pub nick: Option<String>", "pub nick: Option<String>,\n    pub bio: Option<String>");
    project.runs("generate");
    let run = project.runs("revert --accept drop_column:users.bio");
    assert!(run.err.contains("the structs still have this change: add column users.bio"), "{}", run.err);
    assert!(run.err.contains("--> src/lib.rs:10:9"), "{}", run.err);
    project.ends(4, "generate --check");
}

#[test]
fn tables_come_and_go_and_are_renamed_in_the_structs_too() {
    let log = "\n#[derive(Table)]\n#[table(name = \"log\")]\nstruct Log {\n    #[column(primary_key)]\n    id: i64,\n    #[column(references = User::id)]\n    user_id: i64,\n}\n";
    let project = Project::generated(&(BEFORE.to_owned() + log));
    let first = project.read("src/lib.rs");
    let second = first.replace(log, "").replace("\"users\"", "\"people\"")
        + "\n/// Of one.\n#[derive(Table)]\n#[table(name = \"extra\")]\nstruct Extra { #[column(primary_key)] id: i64, a: String }\n";
    project.write("src/lib.rs", &second);
    project.runs("generate --rename users=people --accept drop_table:log");
    project.runs("revert --accept all --write");
    project.runs("generate --check");
    let after = project.read("src/lib.rs");
    assert!(after.contains("pub struct Log") && !after.contains("Extra") && !after.contains("Of one."), "{after}");
    assert!(after.starts_with(first.split(log).next().expect("there is a start")), "{after}");
}

#[test]
fn types_defaults_and_constraints_are_changed_back() {
    let project = Project::generated(&BEFORE.replace("#[column(index)]", "#[column(default = 'x', unique)]"));
    let changed = BEFORE
        .replace("#[column(index)]\n    pub legacy: String", "pub legacy: Option<i64>")
        .replace("name = \"users\"", "name = \"users\", unique(nick, legacy)");
    project.structs(&changed);
    project.runs("generate --accept all");
    project.runs("revert --accept all --write");
    project.runs("generate --check");
}

#[test]
fn a_dry_run_changes_no_struct() {
    let project = Project::generated(BEFORE);
    project.structs(&BEFORE.replace("legacy", "other"));
    project.runs("generate --rename users.legacy=other");
    project.refuses(0, "revert --write --dry-run");
}
