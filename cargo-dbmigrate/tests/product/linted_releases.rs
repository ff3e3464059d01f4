//! Lints about the release that runs while a migration is applied: what it asks in its source, and what none knows yet.

use crate::project::Project;

/// A table with a column that goes, and a query.
fn users(column: &str, query: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{\n    #[column(primary_key)]\n    id: i64,\n    \
         {column}\n}}\nfn query() -> &'static str {{\n    {query:?}\n}}\n"
    )
}

/// The places and tables that the lints about releases name.
fn found(project: &Project, line: &str) -> Vec<String> {
    let run = project.runs(&format!("{line} --message-format json"));
    let of = |object: serde_json::Value| {
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        let code = text("code").filter(|code| ["drop_column_in_use", "rename_table"].contains(&&**code))?;
        Some(format!("{code} {}: {}", text("object")?, text("message")?))
    };
    run.json().into_iter().filter(|object| object["reason"] == "diagnostic").filter_map(of).collect()
}

#[test]
fn a_query_in_the_source_that_names_a_column_that_is_dropped_is_found_with_its_place() {
    let project = Project::generated(&users("legacy: Option<String>,", "SELECT id, legacy FROM users"));
    project.structs(&users("", "SELECT id, legacy FROM users"));
    project.runs("generate --accept drop_column:users.legacy");
    let text = project.read("src/lib.rs");
    let line = text.lines().position(|line| line.contains("SELECT")).expect("a query") + 1;
    let wanted =
        format!("drop_column_in_use users.legacy: `users.legacy` is dropped, and `src/lib.rs:{line}` still names it");
    assert_eq!(found(&project, "check"), [wanted]);
    // the word alone is no query of the column
    for query in ["SELECT id FROM users WHERE id = 'legacy'", "select the legacy users from a list"] {
        project.structs(&users("", query));
        assert!(found(&project, "check").is_empty(), "{query}");
    }
}

#[test]
fn a_table_that_no_release_knows_may_be_renamed_in_the_same_branch() {
    let project = Project::generated(&users("", "SELECT 1"));
    let git = |line: &str| project.shell(&format!("git -c user.name=a -c user.email=a@example.com {line}"));
    git("init -q -b main");
    git("add -A");
    git("commit -qm one");
    git("switch -qc pets");
    let pets = |table: &str| {
        let table = format!(
            "#[derive(Table)]\n#[table({table})]\nstruct Pet {{\n    #[column(primary_key)]\n    id: i64,\n}}\n"
        );
        users("", "SELECT 1") + &table
    };
    project.structs(&pets("name = \"pets\""));
    project.runs("generate");
    project.structs(&pets("name = \"animals\", renamed_from = \"pets\""));
    project.runs("generate");
    assert!(found(&project, "check").is_empty());
    // a release that has it asks for it
    git("add -A");
    git("commit -qm two");
    project.structs(&pets("name = \"beasts\", renamed_from = \"animals\""));
    project.runs("generate");
    let wanted =
        "rename_table animals: `animals` is renamed to `beasts`, and the running release still asks for `animals`";
    assert_eq!(found(&project, "check --since HEAD"), [wanted]);
}
