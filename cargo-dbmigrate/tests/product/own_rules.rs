//! Rules of a project's own: in `dbmigrate.toml`, found by `check` and `generate`, at the statement and at the struct.

use crate::project::Project;

const USERS: &str = "#[derive(Table)]
#[table(name = \"users\")]
struct User {
    #[column(primary_key)]
    id: i64,
    created_at: i64,
}
";
const POSTS: &str = "#[derive(Table)]
#[table(name = \"posts\")]
struct Post {
    #[column(primary_key)]
    id: i64,
    #[column(name = \"isDraft\")]
    is_draft: bool,
}
";
const RULES: &str = "[rules]
required_columns = [\"created_at\"]

[rules.names]
columns = \"snake_case\"

[[rules.query]]
name = \"no_questions\"
message = \"is called like a question\"
sql = \"SELECT path FROM columns WHERE name LIKE 'is%'\"
";

/// The lints that a run names, with their objects.
fn found(project: &Project, code: i32, line: &str) -> Vec<String> {
    let run = project.ends(code, &format!("{line} --message-format json"));
    let of = |object: serde_json::Value| {
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        Some(format!("{} {} {}", text("level")?, text("code")?, text("object")?))
    };
    let objects = run.json().into_iter().filter(|object| object["reason"] == "diagnostic");
    objects.filter_map(of).filter(|found| !found.contains("boolean_as")).collect()
}

#[test]
fn rules_of_a_project_are_lints_of_what_a_migration_introduces() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", RULES);
    project.structs(&format!("{USERS}{POSTS}"));
    let run = project.runs("generate --name create_posts");
    assert!(run.err.contains("the table `posts` has no column `created_at`"), "{run:?}");
    assert!(run.err.contains("the name of the column `posts.isDraft` does not fit `snake_case`"), "{run:?}");
    let mut all = found(&project, 0, "check -A performance -A correctness");
    all.sort();
    let wanted = [
        "warning names posts.isDraft",
        "warning no_questions posts.isDraft",
        "warning required_columns posts.created_at",
    ];
    assert_eq!(all, wanted);
    assert_eq!(
        found(&project, 4, "check -A style -D no_questions -A correctness"),
        ["error no_questions posts.isDraft"]
    );
    project.write("dbmigrate.toml", format!("{RULES}[lints]\nno_questions = \"allow\"\nstyle = \"deny\"\n"));
    let mut all = found(&project, 4, "check -A correctness");
    all.sort();
    assert_eq!(all, ["error names posts.isDraft", "error required_columns posts.created_at"]);
    let listed = project.runs("lints style").out;
    assert!(listed.contains("  allow  no_questions ") && listed.contains("  deny   names "), "{listed}");
    let explained = project.runs("lints no_questions").out;
    assert!(explained.contains("SELECT path FROM columns WHERE name LIKE 'is%'"), "{explained}");
}

#[test]
fn a_query_that_fails_is_said_at_its_place_in_the_file() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", RULES.replace("FROM columns", "FROM colums"));
    let run = project.ends(2, "check");
    assert!(run.err.contains("dbmigrate.toml:10:7"), "{run:?}");
    assert!(run.err.contains("the query `no_questions` fails: no such table: colums"), "{run:?}");
}
