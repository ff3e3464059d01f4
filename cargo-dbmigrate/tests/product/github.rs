//! `--message-format github`: what people see stays, annotations are at the lines that are wrong, and the job summary
//! says what was done and what is to do.

use insta::assert_snapshot;

use crate::project::{Project, Run};

const USER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key)]\n    \
                    pub id: i64,\n    pub nick: Option<String>,\n}\n";

/// A project whose jobs have a summary.
fn in_a_workflow(project: Project) -> Project {
    project.set("GITHUB_WORKSPACE", &project.root().display().to_string());
    project.set("GITHUB_STEP_SUMMARY", &project.path("summary.md").display().to_string());
    project
}

/// Runs a line for a workflow; it must end with an exit code.
#[track_caller]
fn ends(project: &Project, code: i32, line: &str) -> Run {
    project.ends(code, &format!("{line} --message-format github"))
}

/// The lines that the runner reads.
fn annotations(run: &Run) -> Vec<&str> {
    run.out.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn changes_without_a_migration_are_annotated_at_their_fields() {
    let project = in_a_workflow(Project::migrated(USER));
    project.structs(&USER.replace("    pub nick", "    pub age: i64,\n    pub nick"));
    for line in ["check", "generate --check"] {
        let run = ends(&project, 4, line);
        let command = line.split(' ').next().unwrap_or_default();
        let wanted = format!(
            "::error file=src/lib.rs,line=7,endLine=7,col=9,endColumn=12,title=cargo dbmigrate {command}::no migration \
             has this change: add column users.age%0Ahelp: write it: `cargo dbmigrate generate`"
        );
        assert_eq!(annotations(&run)[0], wanted);
    }
    // what people see is the same
    let (plain, run) = (project.ends(4, "check"), ends(&project, 4, "check"));
    assert_eq!(run.err, plain.err);
}

#[test]
fn a_decision_is_annotated_and_has_its_commands_in_the_summary() {
    let project = in_a_workflow(Project::migrated(USER));
    project.structs(&USER.replace("nick", "handle"));
    let run = ends(&project, 3, "generate");
    let found = annotations(&run);
    assert!(
        found[0].starts_with(
            "::error file=src/lib.rs,line=7,endLine=7,col=9,endColumn=15,title=drop_column::column `users.nick` is gone"
        ),
        "{found:?}"
    );
    assert!(
        found[0].contains("%0Ahelp: if renamed: `cargo dbmigrate generate --rename users.nick=handle`"),
        "{found:?}"
    );
    assert_eq!(found[1], "::error title=cargo dbmigrate generate::a decision is needed, nothing was written");
    assert_snapshot!(project.read("summary.md"));
}

#[test]
fn a_migration_that_fails_is_annotated_at_its_line() {
    let project = in_a_workflow(Project::migrated(USER));
    project.sql("INSERT INTO users VALUES (1, NULL)");
    project.runs("generate --custom --name copy");
    let sql = "-- 0002_copy\n\nINSERT INTO users (id, nick)\nSELECT id, nick FROM users;\n";
    project.write("migrations/0002_copy/migration.sql", sql);
    project.runs("generate --custom");
    let run = ends(&project, 1, "migrate");
    let found = annotations(&run);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("::error file=migrations/0002_copy/migration.sql,line=3,endLine=3,title=")),
        "{found:?}\n{}",
        run.err
    );
    let summary = project.read("summary.md");
    assert!(summary.contains("### `cargo dbmigrate migrate`: failed\n"), "{summary}");
    assert!(summary.contains("**Pending**\n\n- `0002_copy`\n"), "{summary}");
}

#[test]
fn what_is_pending_is_annotated_and_what_was_done_is_summarized() {
    let project = in_a_workflow(Project::generated(USER));
    let run = ends(&project, 4, "status");
    assert_eq!(
        annotations(&run),
        ["::warning file=migrations/0001_create_users/migration.sql,line=1,endLine=1,col=1,endColumn=1,\
          title=cargo dbmigrate status::`0001_create_users` is pending on `dev.db`"]
    );
    ends(&project, 0, "migrate");
    ends(&project, 0, "check");
    project.structs(&USER.replace("    pub nick", "    pub age: Option<i64>,\n    pub nick"));
    ends(&project, 0, "generate");
    ends(&project, 0, "push --accept history");
    let summary = project.read("summary.md");
    let lines: Vec<String> =
        summary.lines().map(|line| line.split(" in 0.0").next().unwrap_or_default().to_owned()).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn paths_are_those_of_the_repository() {
    let project = Project::migrated(USER);
    project.structs(&USER.replace("nick", "handle"));
    let root = project.root();
    let package = root.file_name().and_then(|name| name.to_str()).expect("it has a name").to_owned();
    project.set("GITHUB_WORKSPACE", &root.parent().expect("it is in a folder").display().to_string());
    let run = ends(&project, 4, "check");
    let wanted = format!("::error file={package}/src/lib.rs,line=7,");
    assert!(annotations(&run)[0].starts_with(&wanted), "{}", run.out);
    // without a workspace, from the folder that git knows
    project.set("GITHUB_WORKSPACE", "");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    let run = ends(&project, 4, "check");
    assert!(annotations(&run)[0].starts_with("::error file=src/lib.rs,line=7,"), "{}", run.out);
}

#[test]
fn a_mistake_in_the_configuration_or_the_command_line_is_annotated() {
    let project = in_a_workflow(Project::new(USER));
    let run = ends(&project, 2, "migrate --nope");
    assert!(
        annotations(&run)[0].starts_with("::error title=cargo dbmigrate migrate::unexpected argument '--nope' found"),
        "{}",
        run.out
    );
    assert_eq!(run.err, project.ends(2, "migrate --nope").err);
    project.write("dbmigrate.toml", "# ours\nmigratons = \"db\"\n");
    let run = ends(&project, 2, "status");
    assert_eq!(
        annotations(&run),
        ["::error file=dbmigrate.toml,line=2,endLine=2,col=1,endColumn=1,title=cargo dbmigrate status::unknown field \
          `migratons`%0Ahelp: did you mean `migrations`?"]
    );
    assert!(project.read("summary.md").contains("(`dbmigrate.toml:2:1`)"), "{}", project.read("summary.md"));
}

#[test]
fn a_summary_that_cannot_be_written_is_a_warning() {
    let project = Project::generated(USER);
    project.set("GITHUB_STEP_SUMMARY", "/nowhere/summary.md");
    let run = ends(&project, 0, "check");
    let wanted = "cannot write the job summary to `/nowhere/summary.md`: ";
    assert!(run.err.contains(&format!("warning: {wanted}")), "{}", run.err);
    assert!(run.out.contains(&format!("::warning title=cargo dbmigrate check::{wanted}")), "{}", run.out);
    // and without one there is nothing to be said
    let project = Project::generated(USER);
    assert_eq!(ends(&project, 0, "check").out, "");
}

#[test]
fn no_result_is_read_as_a_command_of_the_workflow() {
    let project = in_a_workflow(Project::migrated(USER));
    project.runs("generate --custom --name odd");
    let sql = "-- 0002_odd\nINSERT INTO users VALUES (7, '\n::add-mask::a\n::set-output name=a::b');\n";
    project.write("migrations/0002_odd/migration.sql", sql);
    project.runs("generate --custom");
    let run = ends(&project, 0, "migrate --dry-run");
    let lines: Vec<&str> = run.out.lines().collect();
    let stop = lines.iter().position(|line| line.starts_with("::stop-commands::")).expect("commands are stopped");
    let token = lines[stop].trim_start_matches("::stop-commands::");
    let again = lines.iter().position(|line| *line == format!("::{token}::")).expect("and begin again");
    let command = lines.iter().position(|line| line.starts_with("::add-mask")).expect("the SQL is shown");
    assert!(stop < command && command < again, "{}", run.out);
}

#[test]
fn a_panic_is_annotated_and_summarized() {
    let project = in_a_workflow(Project::new(USER));
    project.set("DBMIGRATE_TEST_PANIC", "1");
    let run = project.run("status --message-format github");
    assert_eq!(run.code, 101);
    assert!(annotations(&run)[0].contains("::internal error: DBMIGRATE_TEST_PANIC is set%0A"), "{}", run.out);
    assert!(project.read("summary.md").contains("internal error"));
}

#[test]
fn no_secret_is_in_an_annotation_or_a_summary() {
    let project = in_a_workflow(Project::migrated(USER));
    project.set("TURSO_AUTH_TOKEN", "s3cret");
    for line in ["migrate --url libsql://127.0.0.1:1?authToken=s3cret", "status --url=libsql://u:s3cret@127.0.0.1:1"] {
        let run = project.run(&format!("{line} --message-format github"));
        assert!(run.code != 0 && !run.out.contains("s3cret") && !run.err.contains("s3cret"), "{}{}", run.out, run.err);
    }
    assert!(!project.read("summary.md").contains("s3cret"));
}
