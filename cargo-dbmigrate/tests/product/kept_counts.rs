//! What `migrate` says of values and rows that a revert brings back: how many, and how many were added, deleted and
//! changed since.

use serde_json::{Value, json};

use crate::project::{Project, Run};

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}\n"
    )
}

/// Ten rows whose `legacy` is kept, and then: two are deleted, of which one is added again; one gets another key; one is
/// replaced; one is changed elsewhere; two are new. Seven of the ten are there, and four rows that nothing was kept of.
fn written() -> Project {
    let project = Project::migrated(&users("legacy: Option<String>, name: Option<String>"));
    for id in 1..=10 {
        let legacy = if id == 5 { "NULL".to_owned() } else { format!("'l{id}'") };
        project.sql(&format!("INSERT INTO users VALUES ({id}, {legacy}, 'n{id}')"));
    }
    project.structs(&users("name: Option<String>"));
    project.runs("generate --keep --accept drop_column:users.legacy");
    project.runs("migrate");
    project.sql(
        "DELETE FROM users WHERE id IN (1, 2); INSERT INTO users VALUES (2, 'again'); UPDATE users SET id = 30 WHERE id = 3; \
         REPLACE INTO users VALUES (4, 'replaced'); UPDATE users SET name = 'changed' WHERE id = 6; \
         INSERT INTO users VALUES (11, 'new'), (12, 'new')",
    );
    project
}

const SAID: &str = "7 values of `users.legacy`; 4 rows were added since and get NULL; 3 rows were deleted since";

/// The only message of values that come back.
#[track_caller]
fn restored(run: &Run) -> Value {
    let all: Vec<Value> = run.json().into_iter().filter(|line| line["reason"] == "values_restored").collect();
    let [one] = &all[..] else { panic!("{all:?}\n{}", run.err) };
    one.clone()
}

/// Restored, added, deleted, changed.
fn numbers(message: &Value) -> [Value; 4] {
    ["restored", "added", "deleted", "changed"].map(|field| message[field].clone())
}

#[test]
fn a_revert_counts_values_that_come_back_and_rows_added_and_deleted_since() {
    let project = written();
    project.runs("revert");
    let run = project.ends(0, "migrate --dry-run");
    assert!(run.err.contains(&format!("Would restore {SAID}")), "{}", run.err);
    let run = project.ends(0, "migrate --dry-run --message-format json");
    assert_eq!(restored(&run)["dry_run"], json!(true));
    let run = project.ends(0, "plan");
    assert!(run.err.contains(&format!("restores {SAID}")), "{}", run.err);
    let plan: Value = serde_json::from_str(&run.out).expect("a plan");
    let planned = plan["migrations"][0]["restores"][0].clone();
    let run = project.ends(0, "migrate --rehearse-only");
    assert!(run.err.contains(&format!("restored {SAID}")), "{}", run.err);
    assert_eq!(project.query("SELECT count(*) FROM pragma_table_info('users') WHERE name = 'legacy'"), ["0"]);
    let run = project.ends(0, "migrate --message-format json");
    let message = restored(&run);
    assert_eq!(numbers(&message), [json!(7), json!(4), json!(3), json!(0)]);
    assert_eq!(numbers(&planned), numbers(&message));
    assert_eq!(
        (&message["object"], &message["otherwise"], &message["dry_run"], &message["migration"]),
        (&json!("users.legacy"), &json!("NULL"), &json!(false), &json!("0003_revert_users_drop_legacy"))
    );
    assert_eq!(
        project.query("SELECT id, legacy FROM users ORDER BY id"),
        ["2|", "4|", "5|", "6|l6", "7|l7", "8|l8", "9|l9", "10|l10", "11|", "12|", "30|l3"]
            .map(|row| { if row.ends_with('|') { format!("{row}NULL") } else { row.to_owned() } })
    );
    assert!(project.query("SELECT name FROM sqlite_schema WHERE name LIKE '%kept%'").is_empty());
}

#[test]
fn what_added_rows_get_is_said_by_its_expression_and_nothing_is_said_of_what_did_not_happen() {
    let project = written();
    project.runs("revert");
    let run = project.ends(0, "migrate");
    assert!(run.err.contains(&format!("Restored {SAID}\n")), "{}", run.err);
    let project = Project::migrated(&users("legacy: String"));
    project.sql("INSERT INTO users VALUES (1, 'a'), (2, 'b')");
    project.structs(&users("").replace(", }", " }"));
    project.runs("generate --keep --accept drop_column:users.legacy");
    project.runs("migrate");
    project.runs("revert --backfill users.legacy='n'");
    let run = project.ends(0, "migrate --dry-run");
    assert!(run.err.contains("Would restore 2 values of `users.legacy`\n"), "{}", run.err);
    project.sql("INSERT INTO users VALUES (3)");
    let run = project.ends(0, "migrate");
    assert!(
        run.err.contains("Restored 2 values of `users.legacy`; 1 row was added since and gets 'n'\n"),
        "{}",
        run.err
    );
}

#[test]
fn all_rows_deleted_since_are_counted_too() {
    let project = Project::migrated(&users("legacy: Option<String>"));
    project.sql("INSERT INTO users VALUES (1, 'a'), (2, 'b')");
    project.structs(&users("").replace(", }", " }"));
    project.runs("generate --keep --accept drop_column:users.legacy");
    project.runs("migrate");
    project.sql("DELETE FROM users");
    project.runs("revert");
    let run = project.ends(0, "migrate");
    assert!(run.err.contains("Restored 0 values of `users.legacy`; 2 rows were deleted since\n"), "{}", run.err);
}

#[test]
fn values_that_were_converted_and_changed_since_are_counted() {
    let project = Project::migrated(&users("age: Option<String>"));
    project.sql("INSERT INTO users VALUES (1, '007'), (2, '12'), (3, NULL), (4, 'x'), (5, '5')");
    project.structs(&users("age: Option<i64>"));
    project.runs("generate --keep --convert users.age=CAST(age/**/AS/**/INTEGER)");
    project.runs("migrate");
    project.sql(
        "UPDATE users SET age = 13 WHERE id = 2; UPDATE users SET age = 5 WHERE id = 3; INSERT INTO users VALUES (6, 50); \
         DELETE FROM users WHERE id = 5",
    );
    project.runs("revert");
    let run = project.ends(0, "migrate");
    let said = "Restored 2 values of `users.age`; 2 rows were changed since and keep their values; 1 row was added since \
                and keeps its value; 1 row was deleted since\n";
    assert!(run.err.contains(said), "{}", run.err);
    assert_eq!(project.query("SELECT quote(age) FROM users"), ["'007'", "'13'", "'5'", "'x'", "'50'"]);
}

#[test]
fn rows_of_a_table_whose_parents_are_gone_are_counted_through_all_tables_that_come_back() {
    let table = |table: &str, name: &str, parent: &str| {
        format!(
            "#[derive(Table)]\n#[table(name = \"{table}\")]\nstruct {name} {{ #[column(primary_key)] id: i64, #[column(references = {parent}::id, on_delete = cascade)] parent: Option<i64> }}\n"
        )
    };
    let none = users("name: Option<String>");
    let all = none.clone() + &table("posts", "Post", "User") + &table("notes", "Note", "Post");
    let project = Project::migrated(&all);
    project.sql("INSERT INTO users VALUES (1, 'a'), (2, 'b'); INSERT INTO posts VALUES (1, 1), (2, 2), (3, NULL); INSERT INTO notes VALUES (1, 1), (2, 2), (3, 2), (4, 3), (5, NULL)");
    project.structs(&none);
    project.runs("generate --keep --accept drop_table:posts --accept drop_table:notes");
    project.runs("migrate");
    project.sql("DELETE FROM users WHERE id = 2");
    project.runs("revert");
    let run = project.ends(0, "migrate");
    let posts = "2 rows of `posts`; 1 row left out because its parent was deleted since\n";
    let notes = "3 rows of `notes`; 2 rows left out because their parents were deleted since\n";
    assert!(run.err.contains(posts) && run.err.contains(notes), "{}", run.err);
    assert_eq!(project.query("SELECT id FROM posts"), ["1", "3"]);
    assert_eq!(project.query("SELECT id FROM notes"), ["1", "4", "5"]);
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
}

#[test]
fn rows_are_counted_under_the_names_that_they_have_by_then_and_in_a_run_with_the_drop_itself() {
    let project = Project::migrated(&users("legacy: Option<String>, nick: Option<String>"));
    project.sql("INSERT INTO users VALUES (1, 'a', 'n'), (2, 'b', 'm')");
    project.structs(&users("nick: Option<String>"));
    project.runs("generate --keep --accept drop_column:users.legacy");
    let people = users("nick: Option<String>").replace("\"users\"", "\"people\"").replace(" id: i64", " pid: i64");
    project.structs(&people);
    project.runs("generate --rename users=people --rename people.id=pid");
    project.runs("revert --to 0001");
    // the rows are dropped, renamed, and brought back in one run
    let run = project.ends(0, "migrate");
    assert!(run.err.contains("Restored 2 values of `users.legacy`\n"), "{}", run.err);
    assert_eq!(project.query("SELECT id, legacy, nick FROM users"), ["1|a|n", "2|b|m"]);
}
