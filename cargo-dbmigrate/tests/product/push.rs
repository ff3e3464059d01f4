//! `push`: structs against a database with rows. What is not accepted by name, or contradicted by a row, changes not a
//! byte of it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use insta::assert_snapshot;

use crate::project::Project;

/// A table `users` with these fields besides the key.
pub(crate) fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{\n    #[column(primary_key)]\n    id: i64,\n    {fields}\n}}\n"
    )
}

pub(crate) const POSTS: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(user_id))]\nstruct Post {\n    #[column(primary_key)]\n    id: i64,\n    #[column(references = User::id, on_delete = cascade)]\n    user_id: i64,\n    title: Option<String>,\n}\n";

/// A database that `push` made from these structs, with these rows.
pub(crate) fn pushed(structs: &str, rows: &str) -> Project {
    let project = Project::new(structs);
    project.runs("push");
    project.sql("PRAGMA foreign_keys = ON");
    project.sql(rows);
    project.transcript();
    project
}

/// Two users with nicknames.
pub(crate) fn two_users(structs: &str) -> Project {
    let project = pushed(&users("nick: String,"), "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')");
    project.structs(structs);
    project
}

/// A push that must succeed; after it there is nothing left to do, and nothing is wrong with the database.
#[track_caller]
pub(crate) fn settles(project: &Project, line: &str) {
    project.runs(line);
    let transcript = project.transcript();
    let again = project.refuses(0, "push");
    assert!(again.err.contains("Unchanged"), "{}", again.err);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_dbmigrate%' ESCAPE '\\'"), ["0"]);
    project.transcript();
    // what was said by the push itself is of interest to the caller
    project.say(&transcript);
}

#[test]
fn a_fresh_database_is_made_and_a_second_push_does_nothing() {
    let project = Project::new(&format!("{}{POSTS}", users("nick: String,")));
    project.runs("push --dry-run");
    assert!(!project.path("dev.db").exists());
    project.runs("push");
    project.refuses(0, "push");
    project.refuses(0, "push --dry-run");
    assert_snapshot!(project.transcript() + &project.dump());
}

#[test]
fn a_package_without_structs_makes_no_database() {
    let project = Project::new("");
    project.runs("push");
    assert!(!project.path("dev.db").exists());
    assert_snapshot!(project.transcript());
}

#[test]
fn a_dry_run_shows_the_sql_and_changes_nothing() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    let run = project.refuses(0, "push --dry-run");
    assert!(run.out.contains("ALTER TABLE users ADD COLUMN age INTEGER;"), "{}", run.out);
    // what it shows does it
    let shown = run.out.clone();
    project.sql(&shown);
    project.refuses(0, "push");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_dry_run_needs_the_answers_too() {
    let project = two_users(&users(""));
    project.refuses(3, "push --dry-run");
    let run = project.refuses(0, "push --dry-run --accept drop_column:users.nick");
    assert!(run.out.contains("-- dbmigrate: allow(drop_column) users.nick"), "{}", run.out);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_parent_that_is_rebuilt_keeps_its_children() {
    let structs = |nick: &str| format!("{}{POSTS}", users(nick));
    let project = pushed(
        &structs("nick: Option<String>,"),
        "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'); INSERT INTO posts VALUES (10, 1, 'a'), (11, 2, NULL)",
    );
    let before = project.dump();
    project.structs(&structs("nick: String,").replace("name = \"users\"", "name = \"users\", strict, unique(nick)"));
    settles(&project, "push");
    assert_eq!(project.dump(), before);
    assert_snapshot!(project.transcript());
    project.sql("PRAGMA foreign_keys = ON; DELETE FROM users WHERE id = 1");
    assert_eq!(project.query("SELECT id FROM posts"), ["11"]);
}

#[test]
fn everything_that_rows_contradict_is_said_at_once_with_counts() {
    let project = pushed(
        &format!(
            "{}{}",
            users("nick: Option<String>,\n    email: String,\n    age: String,\n    score: i64,"),
            POSTS.replace("#[column(references = User::id, on_delete = cascade)]\n", "")
        ),
        "INSERT INTO users VALUES (1, 'Ada', 'a@x', '36', 1), (2, NULL, 'A@X', '007', -1), (3, NULL, 'b@x', '7', -2);
         INSERT INTO posts VALUES (10, 1, 'a'), (11, 7, 'b'), (12, 9, 'c')",
    );
    project.structs(&format!(
        "{}{POSTS}",
        users(
            "nick: String,\n    #[column(unique, collate = nocase)]\n    email: String,\n    age: i64,\n    #[column(check = \"score >= 0\")]\n    score: i64,"
        )
    ));
    project.refuses(3, "push");
    project.refuses(3, "push --dry-run");
    let json = project.refuses(3, "push --message-format json");
    let objects = json.json();
    let diagnostics = objects.iter().filter(|object| object["reason"] == "diagnostic").count();
    assert_eq!((diagnostics, &objects.last().expect("an error")["exit_code"]), (5, &3.into()), "{}", json.out);
    assert_snapshot!(project.transcript());
    // the answers that are flags, and the rows that are mended by hand
    project.sql("UPDATE users SET email = 'c@x', score = 0 WHERE id > 1 AND email = 'A@X'; UPDATE users SET score = 0 WHERE score < 0; DELETE FROM posts WHERE id > 10");
    settles(&project, "push --backfill users.nick='nobody' --accept lossy_conversion:users.age");
    assert_eq!(project.query("SELECT * FROM users WHERE id = 2"), ["2|nobody|c@x|7|0"]);
    assert_snapshot!("contradictions_mended", project.transcript());
}

#[test]
fn the_queries_in_the_help_lines_show_the_rows() {
    let project = pushed(
        &users("nick: Option<String>,\n    email: String,"),
        "INSERT INTO users VALUES (1, 'Ada', 'a@x'), (2, NULL, 'A@X'), (3, NULL, 'b@x')",
    );
    project.structs(&users("nick: String,\n    #[column(unique, collate = nocase)]\n    email: String,"));
    let run = project.refuses(3, "push");
    let queries: Vec<&str> =
        run.err.lines().filter_map(|line| line.split_once("to see them: `")?.1.strip_suffix('`')).collect();
    assert_eq!(queries.len(), 2, "{}", run.err);
    let rows: Vec<Vec<String>> = queries.iter().map(|query| project.query(query)).collect();
    assert!(rows.contains(&vec!["2|NULL|A@X".to_owned(), "3|NULL|b@x".to_owned()]), "{rows:?}");
    assert!(rows.iter().any(|rows| rows.len() == 1 && rows[0].ends_with("|2")), "{rows:?}");
}

#[test]
fn duplicates_are_those_of_the_index() {
    let with = |index: &str| {
        users("email: Option<String>,\n    gone: bool,").replace("\"users\"", &format!("\"users\"{index}"))
    };
    let rows =
        "INSERT INTO users VALUES (1, 'a', 0), (2, 'A', 0), (3, 'b', 0), (4, 'b', 1), (5, NULL, 0), (6, NULL, 0)";
    // NULLs are no duplicates, nor is what the predicate leaves out, nor a difference in case in BINARY
    for (index, duplicates) in [
        (", unique(email)", 1),
        (", unique_index(email, where = \"gone = 0\")", 0),
        (", unique_index(email collate nocase, where = \"gone = 0\")", 1),
        (", unique_index(email collate nocase)", 2),
        (", unique_index(\"lower(email)\")", 2),
        (", unique_index(\"lower(email)\", where = \"gone = 0\")", 1),
    ] {
        let project = pushed(&with(""), rows);
        project.structs(&with(index));
        if duplicates == 0 {
            settles(&project, "push");
            continue;
        }
        let run = project.refuses(3, "push");
        let noun = if duplicates == 1 { "duplicate" } else { "duplicates" };
        assert!(run.err.contains(&format!("{duplicates} {noun} in `users`")), "{index}: {}", run.err);
    }
}

#[test]
fn a_column_with_values_goes_when_it_is_named_and_without_values_goes_at_once() {
    let project = pushed(
        &users("legacy: Option<String>,\n    empty: Option<String>,"),
        "INSERT INTO users VALUES (1, 'x', NULL), (2, 'y', NULL), (3, NULL, NULL)",
    );
    project.structs(&users(""));
    let run = project.refuses(3, "push");
    assert!(!run.err.contains("users.empty"), "nothing is lost with it: {}", run.err);
    let suggested = run.suggested();
    let [drop] = &suggested[..] else { panic!("one answer: {}", run.err) };
    assert_eq!(project.shell(drop).code, 0);
    project.refuses(0, "push");
    assert_eq!(project.dump(), "-- users\nid\n1\n2\n3\n");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_column_may_be_renamed_and_the_question_has_the_count() {
    let structs = users("handle: Option<String>,");
    let project = two_users(&structs);
    let run = project.refuses(3, "push");
    let suggested = run.suggested();
    let [rename, drop] = &suggested[..] else { panic!("two answers: {}", run.err) };
    assert_eq!(project.shell(rename).code, 0);
    assert_eq!(project.query("SELECT handle FROM users"), ["Ada", "Grace"]);
    assert_snapshot!(project.transcript());
    let project = two_users(&structs);
    assert_eq!(project.shell(drop).code, 0);
    assert_eq!(project.query("SELECT handle FROM users"), ["NULL", "NULL"]);
    // without values there is nothing to ask
    let project = pushed(&users("nick: Option<String>,"), "INSERT INTO users VALUES (1, NULL)");
    project.structs(&structs);
    settles(&project, "push");
}

#[test]
fn questions_are_about_rows_that_exist() {
    // NOT NULL without a default, values that are discarded: nothing to ask for an empty table
    let new = users("#[column(generated = \"id + 1\", stored)]\n    nick: i64,\n    age: i64,");
    let project = pushed(&users("nick: i64,"), "INSERT INTO users VALUES (1, 2)");
    project.structs(&new);
    let run = project.refuses(3, "push");
    assert!(
        run.err.contains("1 value would be lost") && run.err.contains("what value does the existing row get?"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("not_null_without_default:"), "an answer that does not work: {}", run.err);
    assert_snapshot!(project.transcript());
    project.sql("DELETE FROM users");
    settles(&project, "push");
}

#[test]
fn rows_and_questions_are_said_together() {
    let project = pushed(
        &users("nick: Option<String>,\n    legacy: String,"),
        "INSERT INTO users VALUES (1, NULL, 'x'), (2, NULL, 'y')",
    );
    project.structs(&users("nick: String,"));
    let run = project.refuses(3, "push");
    assert!(
        run.err.contains("2 values would be lost") && run.err.contains("2 rows have NULL in `users.nick`"),
        "{}",
        run.err
    );
    // each help line holds what was answered already
    project.refuses(3, "push --accept drop_column:users.legacy");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_lossy_conversion_is_counted() {
    let project = pushed(&users("age: String,"), "INSERT INTO users VALUES (1, '007'), (2, '08'), (3, '9')");
    project.structs(&users("age: i64,"));
    let run = project.refuses(3, "push");
    assert!(run.err.contains("2 values of `users.age`"), "{}", run.err);
    settles(&project, "push --accept lossy_conversion:users.age");
    assert_eq!(project.query("SELECT age FROM users"), ["7", "8", "9"]);
    let transcript = project.transcript();
    assert!(transcript.contains("Converting `users.age` with 2 values"), "{transcript}");
}

#[test]
fn a_database_with_a_history_is_pushed_to_when_that_is_accepted() {
    let project = Project::migrated(&users("nick: String,"));
    project.sql("INSERT INTO users VALUES (1, 'Ada')");
    project.structs(&users("nick: String,\n    age: Option<i64>,"));
    project.refuses(3, "push");
    project.refuses(3, "push --accept all");
    let history = project.query("SELECT * FROM _dbmigrate_history");
    project.runs("push --accept history");
    assert_eq!(project.query("SELECT * FROM _dbmigrate_history"), history);
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|NULL"]);
    project.refuses(0, "push --accept history");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_project_with_migrations_is_told_how_to_go_on() {
    let project = Project::generated(&users("nick: String,"));
    project.runs("push");
    let transcript = project.transcript();
    assert!(transcript.contains("`cargo dbmigrate baseline`"), "{transcript}");
    project.runs("baseline");
    project.runs("migrate");
}

#[test]
fn renames_by_attributes_are_made_once() {
    let project = two_users(&users("#[column(renamed_from = \"nick\")]\n    handle: String,"));
    settles(&project, "push");
    assert_eq!(project.query("SELECT handle FROM users"), ["Ada", "Grace"]);
    // the attribute stays while the old name comes back
    project.structs(&users("#[column(renamed_from = \"nick\")]\n    handle: String,\n    nick: Option<String>,"));
    settles(&project, "push");
    assert_eq!(project.query("SELECT handle, nick FROM users"), ["Ada|NULL", "Grace|NULL"]);
    // a table
    let people = users("handle: String,\n    nick: Option<String>,")
        .replace("name = \"users\"", "name = \"people\", renamed_from = \"users\"");
    project.structs(&people);
    settles(&project, "push");
    assert_eq!(project.query("SELECT count(*) FROM people"), ["2"]);
    // a database that never had the old one
    project.runs("push --url fresh.db");
    project.runs("push --url fresh.db");
}

#[test]
fn a_rename_and_a_new_column_under_the_old_name_at_once() {
    let project = two_users(&users("#[column(renamed_from = \"nick\")]\n    handle: String,\n    nick: Option<i64>,"));
    settles(&project, "push");
    assert_eq!(project.query("SELECT handle, nick FROM users"), ["Ada|NULL", "Grace|NULL"]);
}

#[test]
fn a_swap_by_attributes_is_not_guessed() {
    let project =
        pushed(&users("first: String,\n    last: String,"), "INSERT INTO users VALUES (1, 'Lovelace', 'Ada')");
    let swapped = "#[column(renamed_from = \"last\")]\n    first: String,\n    #[column(renamed_from = \"first\")]\n    last: String,";
    project.structs(&users(swapped));
    let run = project.refuses(3, "push");
    let suggested = run.suggested();
    let [swap] = &suggested[..] else { panic!("one answer: {}", run.err) };
    assert_eq!(project.shell(swap).code, 0);
    assert_eq!(project.query("SELECT first, last FROM users"), ["Ada|Lovelace"]);
    // with the attributes in place nobody can tell that it was done
    project.refuses(3, "push");
    assert_snapshot!(project.transcript());
    project.structs(&users("first: String,\n    last: String,"));
    project.refuses(0, "push");
    assert_eq!(project.query("SELECT first, last FROM users"), ["Ada|Lovelace"]);
}

#[test]
fn what_happens_is_objects_for_programs() {
    let project = two_users(&users("age: Option<i64>,"));
    project.sql("CREATE TABLE legacy (a)");
    project.runs("push --message-format json --accept drop_column:users.nick");
    project.runs("push --message-format json");
    project.structs(&users("age: Option<i64>,\n    city: Option<String>,"));
    project.runs("push --message-format json --dry-run");
    assert_snapshot!(project.transcript());
}

#[test]
fn flags_that_do_not_fit_are_wrong_usage() {
    let project = two_users(&users("handle: String,"));
    for flags in [
        "--rename users.nick",
        "--rename users.nik=handle",
        "--rename nobody=users",
        "--accept nick",
        "--accept keep_tabel:users",
        "--accept history:users",
        "--accept keep_table",
        "--backfill users.handle=",
        "--accept all --backfill users.handel=1",
    ] {
        project.refuses(2, &format!("push {flags}"));
    }
    let run = project.runs(
        "push --dry-run --rename users.nick=handle --accept drop_table:usres --accept keep_table:x --accept drop_view:y",
    );
    assert_eq!(run.err.matches("no change needs it").count(), 3, "{}", run.err);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_backfill_that_does_not_compile_is_not_called_a_bug() {
    let project = two_users(&users("nick: String,\n    age: i64,"));
    let run = project.refuses(2, "push --backfill users.age=nope(1)");
    assert!(run.err.contains("no such function: nope") && !run.err.contains("bug in"), "{}", run.err);
    settles(&project, "push --backfill users.age=length(nick)");
    assert_eq!(project.query("SELECT age FROM users"), ["3", "5"]);
}

#[test]
fn a_constraint_that_only_the_engine_can_test_is_refused_too() {
    // a check over a column that is filled on the way
    let project = two_users(&users("nick: String,\n    #[column(check = \"age > 3\")]\n    age: i64,"));
    let run = project.refuses(3, "push --backfill users.age=length(nick)");
    assert!(run.err.contains("CHECK constraint failed") && run.err.contains("nothing was changed"), "{}", run.err);
    // a key into a table that is new, and empty
    let org = "#[derive(Table)]\n#[table(name = \"orgs\")]\nstruct Org { #[column(primary_key)] id: i64 }\n";
    let field = "#[column(references = Org::id)]\n    org: i64,";
    let project = two_users(&format!("{org}{}", users(&format!("nick: String,\n    {field}"))));
    let run = project.refuses(3, "push --backfill users.org=1");
    assert!(run.err.contains("`users` has 2 dangling references to `orgs`"), "{}", run.err);
    assert_snapshot!(project.transcript());
    // known in advance where the column is there already
    let project = pushed(&users("org: i64,"), "INSERT INTO users VALUES (1, 7), (2, 7), (3, 9)");
    project.structs(&format!("{org}{}", users(field)));
    let run = project.refuses(3, "push");
    assert!(
        run.err
            .contains("3 rows of `users` reference missing rows of `orgs` through `org`, first at rowid 1: 7, also 9"),
        "{}",
        run.err
    );
}

#[test]
fn violations_that_were_there_before_are_no_obstacle() {
    let structs =
        |title: &str| format!("{}{}", users("nick: Option<String>,"), POSTS.replace("title: Option<String>", title));
    let project = pushed(
        &structs("title: Option<String>"),
        "INSERT INTO users VALUES (1, 'Ada'); INSERT INTO posts VALUES (10, 1, 'a')",
    );
    project.sql("PRAGMA foreign_keys = OFF; INSERT INTO posts VALUES (11, 9, 'b')");
    project.structs(&structs("title: String"));
    project.runs("push");
    project.refuses(0, "push");
    assert_eq!(project.query("SELECT * FROM posts"), ["10|1|a", "11|9|b"]);
}

#[test]
fn a_locked_database_is_left_alone() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    project.write("dbmigrate.toml", "busy_timeout = 0\n");
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE");
    project.ends(1, "push");
    other.run("ROLLBACK");
    let transcript = project.transcript();
    assert!(transcript.contains("`dev.db` is locked"), "{transcript}");
    settles(&project, "push");
}

#[test]
fn a_database_in_wal_mode_stays_in_it() {
    let project = two_users(&users("nick: Option<String>,"));
    project.sql("PRAGMA journal_mode = WAL");
    settles(&project, "push");
    assert_eq!(project.query("PRAGMA journal_mode"), ["wal"]);
}

/// A push that waits for its turn, with what it said until then.
fn waiting(project: &Project) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = project.command(&["push"]).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    // it has planned, and says so before it takes the lock
    said.read_line(&mut line).expect("it speaks");
    assert!(line.contains("Adding"), "{line}");
    (child, said)
}

fn ended((mut child, mut said): (Child, BufReader<std::process::ChildStderr>)) -> String {
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).expect("it speaks");
    assert!(child.wait().expect("it ends").success(), "{rest}");
    rest
}

#[test]
fn two_pushes_at_once_make_the_change_once() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE");
    let pushes = [waiting(&project), waiting(&project)];
    other.run("ROLLBACK");
    let said = pushes.map(ended);
    let (done, late): (Vec<&String>, Vec<&String>) =
        said.iter().partition(|said| !said.contains("again: its schema changed"));
    assert!(done.len() == 1 && done[0].contains("Finished"), "{said:?}");
    assert!(late.len() == 1 && late[0].contains("Unchanged") && !late[0].contains("Finished"), "{said:?}");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|NULL", "2|Grace|NULL"]);
}

#[test]
fn a_change_by_somebody_else_is_planned_on_anew() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE; CREATE TABLE theirs (a)");
    let push = waiting(&project);
    other.run("COMMIT");
    let said = ended(push);
    assert!(
        said.contains("again: its schema changed") && said.contains("Finished") && said.contains("`theirs`"),
        "{said}"
    );
    assert_eq!(project.query("SELECT count(*) FROM pragma_table_info('users')"), ["3"]);
    project.refuses(0, "push");
}

#[test]
fn rows_that_come_while_it_waits_are_seen() {
    // an empty column may go, but not with what somebody has put into it by then
    let project = pushed(&users("legacy: Option<String>,"), "INSERT INTO users VALUES (1, NULL)");
    project.structs(&users("age: Option<i64>,"));
    project.write("dbmigrate.toml", "busy_timeout = 600\n");
    let other = project.database("dev.db");
    other.run("BEGIN IMMEDIATE; UPDATE users SET legacy = 'precious'");
    let (mut child, mut said) = waiting(&project);
    other.run("COMMIT");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).expect("it speaks");
    assert_eq!(child.wait().expect("it ends").code(), Some(3), "{rest}");
    assert!(rest.contains("`users.legacy` was empty and has 1"), "{rest}");
    assert_eq!(project.query("SELECT * FROM users"), ["1|precious"]);
}
