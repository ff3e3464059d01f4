//! Lints: what they say where, at which level, of which migrations.

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]
#[table(name = \"users\")]
struct User {
    #[column(primary_key)]
    id: i64,
    name: String,
}
";
const POSTS: &str = "#[derive(Table)]
#[table(name = \"posts\")]
struct Post {
    #[column(primary_key)]
    id: i64,
    #[column(references = User::id)]
    author_id: i64,
    title: String,
}
";

/// The migration that adds posts.
const ADDED: &str = "0002_create_posts";

/// Two migrations: the second one has a foreign key without an index.
fn project() -> Project {
    let project = Project::generated(USERS);
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name create_posts --allow performance");
    project.transcript();
    project
}

/// Runs git in a project.
fn git(project: &Project, line: &str) {
    project.shell(&format!("git -c user.name=a -c user.email=a@example.com {line}"));
}

/// The same project, its first migration committed on `main`, the second on a branch.
fn on_a_branch() -> Project {
    let project = Project::generated(USERS);
    git(&project, "init -q -b main");
    git(&project, "add -A");
    git(&project, "commit -qm one");
    git(&project, "switch -qc posts");
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name create_posts --allow performance");
    git(&project, "add -A");
    git(&project, "commit -qm two");
    project.transcript();
    project
}

/// What a run says that lints find: their names and objects.
fn found(project: &Project, code: i32, line: &str) -> Vec<String> {
    let run = project.ends(code, &format!("{line} --message-format json"));
    let of = |object: serde_json::Value| {
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        let code = text("code").filter(|code| code == "foreign_key_without_index")?;
        Some(format!("{} {code} {}", text("level")?, text("object")?))
    };
    run.json().into_iter().filter(|object| object["reason"] == "diagnostic").filter_map(of).collect()
}

const FOUND: [&str; 1] = ["warning foreign_key_without_index posts.author_id"];
const DENIED: [&str; 1] = ["error foreign_key_without_index posts.author_id"];

#[test]
fn a_new_project_is_linted_by_check_and_lints_are_listed_and_explained() {
    let project = project();
    project.runs("check");
    project.ends(4, "check --deny foreign_key_without_index");
    project.ends(2, "lints drop_colum");
    project.ends(2, "check -D nothing_like_it");
    insta::assert_snapshot!(project.transcript());
    let explained = project.runs("lints foreign-key-without-index").out;
    assert!(explained.starts_with("# foreign_key_without_index\n\nA foreign key has no index"), "{explained}");
    assert!(explained.contains("\n\nGroup `performance`, level `warn` (its default).\n\n"), "{explained}");
    let performance = project.runs("lints performance").out;
    assert!(
        performance.contains("\n  warn   foreign_key_without_index ") && !performance.contains("drop_column"),
        "{performance}"
    );
    let listed = project.runs("lints --message-format json").json();
    assert!(listed.iter().any(|lint| lint["name"] == "drop_column" && lint["level"] == "warn"), "{listed:?}");
    let [explained] = &project.runs("lints drop_column --message-format json").json()[..] else { panic!("one") };
    assert!(explained["explanation"].as_str().is_some_and(|text| text.contains("```sql bad")), "{explained}");
}

#[test]
fn of_levels_flags_count_in_their_order_over_the_file_and_there_names_over_groups() {
    let project = project();
    assert_eq!(found(&project, 0, "check"), FOUND);
    assert_eq!(found(&project, 0, "check -A performance"), [""; 0]);
    assert_eq!(found(&project, 0, "check -A performance -W foreign_key_without_index"), FOUND);
    assert_eq!(found(&project, 0, "check -W foreign_key_without_index -A performance"), [""; 0]);
    assert_eq!(found(&project, 4, "check -D warnings"), DENIED);
    assert_eq!(found(&project, 0, "check -D warnings -A foreign-key-without-index"), [""; 0]);
    project.write("dbmigrate.toml", "[lints]\nforeign_key_without_index = \"deny\"\nperformance = \"allow\"\n");
    assert_eq!(found(&project, 4, "check"), DENIED);
    assert_eq!(found(&project, 0, "check --warn performance"), FOUND);
    project.write("dbmigrate.toml", "[lints]\nforeign_key_without_idx = \"deny\"\n");
    let run = project.ends(2, "status");
    assert!(run.err.contains("--> dbmigrate.toml:2:1") && run.err.contains("`foreign_key_without_index`?"), "{run:?}");
}

#[test]
fn a_recorded_migration_accepts_a_finding_by_a_directive_with_a_reason_where_it_is_denied() {
    let project = Project::migrated(USERS);
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name create_posts -A performance");
    project.runs("migrate");
    project.transcript();
    let sql = project.read(&sql_of(ADDED));
    let allow = |because: &str| {
        let directive = format!("-- dbmigrate: allow(foreign_key_without_index) Posts.\"author_id\"{because}\n");
        project.write(&sql_of(ADDED), sql.replacen('\n', &format!("\n{directive}"), 1));
    };
    allow("");
    assert_eq!(found(&project, 0, "check"), [""; 0]);
    assert_eq!(found(&project, 4, "check -D performance"), DENIED);
    project.transcript();
    project.ends(4, "check -D performance");
    allow(" because \"nobody deletes authors\"");
    assert_eq!(found(&project, 0, "check -D performance"), [""; 0]);
    // nothing else sees it: neither the lock, nor the database that has the migration without it
    project.runs("migrate");
    project.runs("status");
    project.runs("generate --check");
    insta::assert_snapshot!(project.transcript());
}

#[test]
fn a_directive_that_allows_nothing_is_a_warning_at_its_line() {
    let project = project();
    let sql = project.read(&sql_of(ADDED));
    let lines = "-- dbmigrate: allow(foreign_key_without_index) posts.author_id because \"few\"\n-- dbmigrate: \
                 allow(foreign_key_without_index) posts.editor_id\n-- dbmigrate: allow(foreign_key_without_idx) \
                 posts.author_id\n";
    project.write(
        &sql_of(ADDED),
        format!("\u{feff}{}", sql.replacen('\n', &format!("\n{lines}"), 1).replace('\n', "\r\n")),
    );
    project.runs("check");
    insta::assert_snapshot!(project.transcript());
}

#[test]
fn check_lints_what_the_base_branch_does_not_have() {
    let project = on_a_branch();
    let names = |line: &str| {
        let run = project.runs(&format!("{line} --message-format json"));
        let linted = run.json().into_iter().find(|object| object["reason"] == "linted").expect("it was linted");
        let names = linted["migrations"].as_array().map(|names| {
            names.iter().filter_map(|name| name.as_str()?.get(..4)).map(str::to_owned).collect::<Vec<_>>().join(" ")
        });
        (names.unwrap_or_default(), linted["since"].as_str().unwrap_or("-").to_owned())
    };
    let is = |line: &str, migrations: &str, since: &str| {
        assert_eq!(names(line), (migrations.to_owned(), since.to_owned()), "{line}");
    };
    is("check", "0002", "main");
    is("check --all", "0001 0002", "-");
    is("check --since HEAD", "", "HEAD");
    is("check --since HEAD~1", "0002", "HEAD~1");
    is("check --since migrations/migrations.lock", "", "migrations/migrations.lock");
    // main goes on, and has another lock then
    git(&project, "switch -q main");
    project.structs(&format!("{USERS}#[derive(Table)]\nstruct Tag {{\n    #[column(primary_key)]\n    id: i64,\n}}\n"));
    project.runs("generate");
    is("check", "0002", "main");
    git(&project, "add -A");
    git(&project, "commit -qm tags");
    is("check", "", "main");
    git(&project, "switch -q posts");
    is("check", "0002", "main");
    // what a pipeline says it goes to counts, and a base that was not fetched is said
    project.set("GITHUB_BASE_REF", "main");
    is("check", "0001 0002", "-");
    let run = project.runs("check");
    assert!(run.err.contains("git has no commit `origin/main`, so all migrations are linted"), "{run:?}");
    git(&project, "update-ref refs/remotes/origin/main main");
    is("check", "0002", "origin/main");
    project.ends(2, "check --since nothing");
    project.set("GITHUB_BASE_REF", "");
    project.remove(".git");
    is("check", "0001 0002", "-");
}

#[test]
fn findings_are_annotations_at_the_lines_of_the_script() {
    let project = project();
    let run = project.ends(4, "check -D performance --message-format github");
    let lines: Vec<&str> = run.out.lines().filter(|line| line.starts_with("::")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn generate_warns_at_the_lines_that_it_has_written_and_writes_nothing_that_is_denied() {
    let project = Project::generated(USERS);
    project.structs(&format!("{USERS}{POSTS}"));
    let run = project.refuses(3, "generate -D performance");
    let way_out = "`cargo dbmigrate generate --deny performance --allow foreign_key_without_index`";
    assert!(run.err.contains("1 finding is denied") && run.err.contains("nothing was written"), "{run:?}");
    assert!(run.err.contains("--> src/lib.rs:14:27") && run.err.contains(way_out), "{run:?}");
    let decisions = project.refuses(3, "generate -D performance --message-format json").finished();
    assert_eq!(decisions["decisions"][0]["code"], "foreign_key_without_index", "{decisions}");
    let run = project.runs("generate --dry-run");
    assert!(run.err.contains("warning[foreign_key_without_index]") && run.err.contains("src/lib.rs:14:27"), "{run:?}");
    project.refuses(2, "generate -D performanc");
    let run = project.runs("generate --name create_posts");
    assert!(run.err.contains("--> migrations/0002_create_posts/migration.sql:6:3"), "{run:?}");
    assert!(run.err.contains("src/lib.rs:14:27"), "{run:?}");
    // amended and quiet, and what was accepted by hand is said nothing of
    project.structs(&format!("{USERS}{}", POSTS.replace("title", "name")));
    let run = project.runs("generate --amend --name create_posts -A performance");
    assert!(!run.err.contains("foreign_key_without_index"), "{run:?}");
    project.structs(&format!("{USERS}{}", POSTS.replace("    title: String,\n", "")));
    let run = project.runs("generate --accept drop_column:posts.name --name drop_name");
    assert!(!run.err.contains("[drop_column]"), "{run:?}");
}

#[test]
fn the_edit_of_a_migration_is_not_recorded_where_a_finding_is_denied() {
    let project = Project::migrated(USERS);
    project.runs("generate --custom --name clear");
    project.write(&sql_of("0002_clear"), "DELETE FROM users;\n");
    let run = project.refuses(3, "generate --custom --deny data_loss");
    assert!(
        run.err.contains("error[delete_or_update_without_where]") && run.err.contains("migration.sql:1:1"),
        "{run:?}"
    );
    assert!(run.err.contains("nothing was recorded"), "{run:?}");
    let because = "-- dbmigrate: allow(delete_or_update_without_where) users because \"all are tests\"";
    project.write(&sql_of("0002_clear"), format!("{because}\nDELETE FROM users;\n"));
    project.runs("generate --custom --deny data_loss");
}

#[test]
fn push_warns_of_the_structs_and_changes_nothing_that_is_denied() {
    let project = Project::new(USERS);
    project.runs("push");
    project.structs(&format!("{USERS}{POSTS}"));
    let run = project.refuses(3, "push -D performance");
    assert!(run.err.contains("error[foreign_key_without_index]") && run.err.contains("src/lib.rs:14:27"), "{run:?}");
    let run = project.runs("push --dry-run");
    assert!(run.err.contains("warning[foreign_key_without_index]"), "{run:?}");
    let run = project.runs("push -A performance");
    assert!(!run.err.contains("foreign_key_without_index"), "{run:?}");
}

#[test]
fn push_counts_rows_and_says_nothing_of_releases() {
    let project = Project::new(USERS);
    project.runs("push");
    project.sql("INSERT INTO users (name) VALUES ('a'), ('b')");
    project.structs(&USERS.replace("name: String", "#[column(unique)]\n    name: String"));
    // what the rows bear out is refused before, and what they do not is nothing to warn of
    let run = project.runs("push --dry-run");
    assert!(!run.err.contains("warning"), "{run:?}");
    let run = project.runs("push --dry-run -W new_unique_or_check_for_old_writers");
    assert!(run.err.contains("warning[new_unique_or_check_for_old_writers]"), "{run:?}");
    let run = project.refuses(3, "push -D compatibility");
    assert!(run.err.contains("error[new_unique_or_check_for_old_writers]"), "{run:?}");
    project.runs("push");
}

#[test]
fn what_is_misspelled_may_be_a_query_of_the_project() {
    let project = project();
    let query =
        "[[rules.query]]\nname = \"money_in_cents\"\nsql = \"SELECT 'a' FROM tables WHERE false\"\nmessage = \"m\"\n";
    project.write("dbmigrate.toml", query);
    for line in ["lints money_in_cent", "check -D money_in_cent"] {
        let run = project.ends(2, line);
        assert!(run.err.contains("did you mean `money_in_cents`?"), "{run:?}");
    }
    let sql = project.read(&sql_of(ADDED));
    project.write(&sql_of(ADDED), format!("-- dbmigrate: allow(money_in_cent) posts\n{sql}"));
    let run = project.runs("check");
    assert!(run.err.contains("did you mean `allow(money_in_cents)`?"), "{run:?}");
}

#[test]
fn a_baseline_is_not_linted_unless_it_is_named() {
    let project = Project::new("");
    project.sql("CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE posts (a INTEGER REFERENCES users);");
    project.write("src/lib.rs", "mod schema;\n");
    project.runs("pull --baseline --out src/schema.rs");
    let run = project.runs("check");
    assert!(run.err.contains("lints of the baseline; to see them: `cargo dbmigrate check --all`"), "{run:?}");
    assert!(!run.err.contains("warning"), "{run:?}");
    let run = project.runs("check --all");
    assert!(run.err.contains("warning[foreign_key_without_index]"), "{run:?}");
}

#[test]
fn with_a_database_its_rows_decide_and_what_is_applied_there_is_not_looked_at() {
    let project = Project::migrated(USERS);
    project.runs("generate --custom --name clear");
    project.write(&sql_of("0002_clear"), "DELETE FROM users;\n");
    project.runs("generate --custom");
    let offline = project.runs("check");
    assert!(offline.err.contains("how many rows of `users` are deleted: `SELECT count(*) FROM users`"), "{offline:?}");
    for line in ["check --url dev.db", "migrate --dry-run", "check --url missing.db"] {
        let run = project.runs(&format!("{line} --deny data_loss"));
        assert!(!run.err.contains("delete_or_update_without_where"), "{run:?}");
    }
    project.sql("INSERT INTO users (name) VALUES ('a')");
    let run = project.ends(4, "check --url dev.db --deny data_loss");
    assert!(run.err.contains(": 1 row of `users` is deleted"), "{run:?}");
    assert!(run.err.contains("1 finding in 1 migration pending in `dev.db` is denied"), "{run:?}");
    // the run that it stands for does not lint
    let run = project.runs("migrate --dry-run --deny data_loss");
    assert!(run.err.contains("warning[delete_or_update_without_where]"), "{run:?}");
    let run = project.ends(2, "migrate --deny data_loss");
    assert!(run.err.contains("`--deny` requires `--dry-run`"), "{run:?}");
    project.runs("migrate");
    let run = project.runs("check --url dev.db --deny data_loss");
    assert!(run.err.contains("Linted 0 migrations pending in `dev.db`: nothing found"), "{run:?}");
}

#[test]
fn rows_of_tables_that_an_earlier_pending_migration_makes_or_changes_are_not_asked() {
    let project = Project::migrated(USERS);
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name create_posts -A performance");
    project.runs("generate --custom --name clear");
    project.write(&sql_of("0003_clear"), "DELETE FROM posts;\n");
    project.runs("generate --custom");
    project.sql("INSERT INTO users (name) VALUES ('a')");
    let run = project.runs("check --url dev.db");
    assert!(!run.err.contains("delete_or_update_without_where"), "{run:?}");
}

#[test]
fn what_a_later_migration_answers_is_no_finding_any_more() {
    let project = project();
    assert_eq!(found(&project, 0, "check --all"), FOUND);
    // under another name it is still there
    let renamed = POSTS.replace("author_id", "writer_id");
    project.structs(&format!("{USERS}{renamed}"));
    project.runs("generate --rename posts.author_id=writer_id");
    assert_eq!(found(&project, 0, "check --all"), FOUND);
    project.structs(&format!("{USERS}{}", renamed.replace("column(ref", "column(index, ref")));
    project.runs("generate");
    assert_eq!(found(&project, 0, "check --all"), [""; 0]);
}
