//! `ci report`: which migrations a branch adds, in words that can be trusted, whatever their names are.

use std::process::Command;

use insta::assert_snapshot;

use crate::project::{Project, sql_of};
use crate::repository;

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String>, bio: Option<String> }\n";

fn git(project: &Project, words: &[&str]) -> String {
    repository::git(&project.root(), words)
}

fn commit(project: &Project, message: &str) {
    git(project, &["add", "--all"]);
    git(project, &["commit", "--quiet", "--message", message]);
}

/// A repository with a first migration on `main`, and a branch that is checked out.
fn branched(structs: &str) -> Project {
    let project = Project::new(structs);
    project.write(".gitignore", "*.db*\n");
    git(&project, &["init", "--quiet", "--initial-branch", "main"]);
    project.runs("generate");
    commit(&project, "one");
    git(&project, &["checkout", "--quiet", "-b", "topic"]);
    project.transcript();
    project
}

/// What the report says, without the commit.
fn report(project: &Project, line: &str) -> String {
    let base = git(project, &["merge-base", "main", "HEAD"]);
    project.runs(line).out.replace(&base[..12], "[COMMIT]")
}

#[test]
fn the_report_says_what_is_new_what_it_does_costs_and_loses() {
    let project = branched(USERS);
    project.structs("#[derive(Table)]\n#[table(name = \"users\", index(name), check(named, \"length(name) > 0\"))]\nstruct User { #[column(primary_key)] id: i64, name: String }\n");
    project.runs("generate --accept drop_column:users.bio --name checks");
    project.runs("generate --custom --name shout");
    let file = sql_of("0003_shout");
    project.write(&file, project.read(&file) + "UPDATE users SET name = upper(name);\n");
    project.runs("generate --custom");
    commit(&project, "two");
    assert_snapshot!(report(&project, "ci report --base main"));
}

#[test]
fn a_branch_without_migrations_has_nothing_to_report() {
    let project = branched(USERS);
    let said = report(&project, "ci report --base main");
    assert!(said.contains("<!-- nothing new -->") && said.contains("### No new migrations"), "{said}");
}

#[test]
fn what_main_has_got_meanwhile_is_not_reported() {
    let project = branched(USERS);
    git(&project, &["checkout", "--quiet", "main"]);
    project.structs(&format!("{USERS}#[derive(Table)]\nstruct Other {{ #[column(primary_key)] id: i64 }}\n"));
    project.runs("generate");
    commit(&project, "meanwhile");
    git(&project, &["checkout", "--quiet", "topic"]);
    assert!(report(&project, "ci report --base main").contains("### No new migrations"));
    // seen from there, the topic has nothing new either, and nothing is gone
    git(&project, &["checkout", "--quiet", "main"]);
    let said = project.runs("ci report --base topic").out;
    assert!(said.contains("### 1 new migration\n") && !said.contains("removed"), "{said}");
}

#[test]
fn a_migration_that_was_edited_or_removed_is_a_warning() {
    let project = branched(USERS);
    project.runs("generate --undo");
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64 }\n");
    project.runs("generate");
    let said = report(&project, "ci report --base main");
    assert!(said.contains("> **Warning:** `0001_create_users` was edited"), "{said}");
    project.runs("generate --undo");
    project.runs("generate --name other");
    let said = report(&project, "ci report --base main");
    assert!(said.contains("> **Warning:** `0001_create_users` was removed"), "{said}");
    assert!(!said.contains("nothing new"), "{said}");
}

#[test]
fn hostile_names_are_shown_as_they_are() {
    let project = branched(USERS);
    let structs = "#[derive(Table)]\n#[table(name = \"<img src=x onerror=alert(1)> `@everyone` | [a](javascript:b)\\n\\n# no\")]\nstruct Evil { #[column(primary_key)] id: i64, #[column(name = \"```\\n</details>\")] a: Option<String> }\n";
    project.structs(&format!("{USERS}{structs}"));
    project.runs("generate --name evil");
    let said = report(&project, "ci report --base main");
    let outside = outside_of_code(&said);
    for hostile in ["<img", "@everyone", "javascript", "# no", "</details>\n</details>"] {
        assert!(!outside.contains(hostile), "`{hostile}` is not in code:\n{said}");
    }
    assert_eq!(outside.matches("<details>").count(), outside.matches("</details>").count(), "{said}");
    assert_snapshot!(said);
}

/// Markdown without its code: fenced blocks, and spans between as many backticks (spec.commonmark.org, 4.5 and 6.1).
fn outside_of_code(text: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_start_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => {
                let mut rest = line;
                while let Some(at) = rest.find('`') {
                    outside.push_str(&rest[..at]);
                    let open = rest[at..].len() - rest[at..].trim_start_matches('`').len();
                    let inside = &rest[at + open..];
                    let runs: Vec<(usize, &str)> = inside.match_indices('`').collect();
                    let closes = runs.iter().map(|(start, _)| *start).find(|start| {
                        let length = inside[*start..].len() - inside[*start..].trim_start_matches('`').len();
                        length == open && (*start == 0 || !inside[..*start].ends_with('`'))
                    });
                    rest = if let Some(close) = closes {
                        &inside[close + open..]
                    } else {
                        outside.push_str(&rest[at..at + open]);
                        inside
                    };
                }
                outside.push_str(rest);
                outside.push('\n');
            }
        }
    }
    outside
}

#[test]
fn the_report_is_written_to_a_file_and_as_json() {
    let project = branched(USERS);
    project.structs(&format!("{USERS}#[derive(Table)]\nstruct Other {{ #[column(primary_key)] id: i64 }}\n"));
    project.runs("generate");
    let text = project.runs("ci report --base main").out;
    let run = project.runs("ci report --base main --out report.md");
    assert_eq!((project.read("report.md"), run.out.as_str()), (text, ""));
    let json = project.runs("ci report --base main --message-format json").json();
    let report = json.iter().find(|line| line["reason"] == "report").expect("a report");
    let new = &report["new"][0];
    assert_eq!((&new["name"], &new["cost"]), (&"0002_create_other".into(), &"instant".into()));
    assert_eq!(new["operations"][0]["title"], "create table other");
}

#[test]
fn a_base_that_is_not_there_says_what_to_do() {
    let project = branched(USERS);
    let run = project.refuses(2, "ci report --base nowhere");
    assert!(run.err.contains("git has no commit `nowhere`") && run.err.contains("git fetch origin"), "{}", run.err);
    assert_eq!(project.refuses(0, "ci report").out, project.runs("ci report --base main").out);
    git(&project, &["branch", "--move", "main", "trunk"]);
    let run = project.refuses(2, "ci report");
    assert!(run.err.contains("which branch to compare with?"), "{}", run.err);
    let run = project.refuses(2, "ci report --base=--output=stolen");
    assert!(!project.path("stolen").exists() && run.err.contains("git has no commit"), "{}", run.err);
    fs_err::remove_dir_all(project.path(".git")).expect("it is there");
    let run = project.refuses(2, "ci report --base main");
    assert!(run.err.contains("is not in a git repository"), "{}", run.err);
}

#[test]
fn a_history_that_was_not_fetched_says_what_to_do() {
    let project = branched(USERS);
    project.write("a", "a");
    commit(&project, "two");
    let clone = tempfile::tempdir().expect("a temporary directory");
    let url = format!("file://{}", project.root().display());
    for words in [
        &["clone", "--quiet", "--depth", "1", "--branch", "topic", &url, "."][..],
        &["fetch", "--quiet", "--depth", "1", "origin", "main:other"],
    ] {
        let output = Command::new("git").args(words).current_dir(clone.path()).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut command = project.command(&["ci", "report", "--base", "other"]);
    let run = crate::project::Run::of(command.current_dir(clone.path()));
    // what git has is the whole of main, or not enough
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("git fetch --unshallow"), "{}", run.err);
}

#[test]
fn what_is_pending_in_a_database_is_said() {
    let project = branched(USERS);
    project.runs("migrate");
    project.structs(&format!("{USERS}#[derive(Table)]\nstruct Other {{ #[column(primary_key)] id: i64 }}\n"));
    project.runs("generate");
    let said = report(&project, "ci report --base main --url dev.db");
    assert!(said.contains("- `dev.db`: 1 migration pending: `0002_create_other`"), "{said}");
    project.sql("ALTER TABLE users ADD COLUMN x");
    let said = report(&project, "ci report --base main --url dev.db");
    assert!(said.contains("**its schema was changed by hand**"), "{said}");
    project.write("broken.db", "this is no database, but it is long enough to be one");
    let run = project.ends(1, "ci report --base main --url broken.db --out report.md");
    assert!(project.read("report.md").contains("- `broken.db`: **could not be read**: `"), "{}", run.err);
}

#[test]
fn what_a_database_would_lose_is_counted_there() {
    let project = branched(USERS);
    project.runs("migrate");
    project.sql("INSERT INTO users VALUES (1, 'a', 'b'), (2, 'c', NULL), (3, 'd', '')");
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String> }\n");
    project.runs("generate --accept drop_column:users.bio");
    let before = project.bytes("dev.db");
    let said = report(&project, "ci report --base main --url dev.db");
    assert!(said.contains("  - **loses 2 values** of `users.bio`, as accepted"), "{said}");
    assert!(project.bytes("dev.db") == before, "a report writes nothing");
}

#[test]
fn a_report_has_what_a_rehearsal_on_the_real_rows_found() {
    let project = branched(USERS);
    project.runs("migrate");
    project.database("dev.db").run("INSERT INTO users VALUES (1, 'Ada', NULL), (2, NULL, NULL), (3, NULL, NULL)");
    project.structs("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String, bio: Option<String> }\n");
    project.runs("generate --name names");
    commit(&project, "two");
    let run = project.ends(3, "ci report --base main --rehearse --url dev.db");
    assert!(run.out.contains("rehearsed on a copy (") && run.out.contains("**refused**"), "{}", run.out);
    assert!(run.out.contains("`0002_names` fails") && run.out.contains("rows: `2`, `3`"), "{}", run.out);
    project.database("dev.db").run("UPDATE users SET name = 'x' WHERE name IS NULL");
    let run = project.runs("ci report --base main --rehearse --url dev.db");
    assert!(run.out.contains("went well") && run.out.contains("3 rows rewritten"), "{}", run.out);
    assert!(run.out.contains("3 rows kept, all rewritten"), "{}", run.out);
    let run = project.runs("ci report --base main --url dev.db");
    assert!(!run.out.contains("rehearsed"), "{}", run.out);
}
