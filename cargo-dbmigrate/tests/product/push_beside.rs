//! What a database has besides what is declared, when it is pushed to: it is left alone, or in the way and named.

use insta::assert_snapshot;

use crate::project::Project;
use crate::push::{pushed, settles, two_users, users};

#[test]
fn what_no_struct_declares_is_left_alone() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    project.sql(
        "CREATE TABLE legacy (a, b REFERENCES users(id)); INSERT INTO legacy VALUES (1, 2);
         CREATE INDEX legacy_a ON legacy(a); CREATE TRIGGER on_legacy AFTER INSERT ON legacy BEGIN DELETE FROM legacy WHERE a IS NULL; END;
         CREATE TABLE old_log (x); CREATE VIEW names AS SELECT nick FROM users;
         CREATE VIRTUAL TABLE search USING fts5(body); INSERT INTO search VALUES ('hello')",
    );
    let schema = "SELECT name, sql FROM sqlite_schema WHERE tbl_name <> 'users' ORDER BY 1";
    let before = project.query(schema);
    settles(&project, "push");
    assert_eq!(project.query(schema), before);
    assert_eq!(project.query("SELECT * FROM legacy"), ["1|2"]);
    assert_eq!(project.query("SELECT * FROM search"), ["hello"]);
    // a rebuild of what it hangs on
    project.structs(&users("nick: Option<String>,\n    age: Option<i64>,"));
    settles(&project, "push");
    let names = |rows: &[String]| rows.iter().map(|row| row.split('|').next().map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(names(&project.query(schema)), names(&before));
    assert_eq!(project.query("SELECT count(*) FROM names"), ["2"]);
    // one of each kind goes when it is named
    project.runs("push --accept drop_table:legacy --accept drop_view:names --accept drop_table:search");
    assert_eq!(project.query("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1"), ["old_log", "users"]);
    project.runs("push --accept all");
    assert_eq!(project.query("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1"), ["users"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn indexes_and_triggers_on_a_declared_table_follow_the_declaration() {
    let project = two_users(&users("nick: String,"));
    project.sql(
        "CREATE INDEX by_hand ON users(nick); CREATE TRIGGER by_hand_too AFTER INSERT ON users BEGIN SELECT 1; END",
    );
    settles(&project, "push");
    assert_snapshot!(project.transcript());
    assert_eq!(project.query("SELECT name FROM sqlite_schema"), ["users"]);
}

#[test]
fn an_unknown_table_that_is_like_a_new_one_is_asked_about() {
    let structs = users("nick: String,").replace("\"users\"", "\"people\"");
    let asked = || {
        let project = two_users(&structs);
        let run = project.refuses(3, "push");
        (run.suggested(), project)
    };
    let (suggested, project) = asked();
    let [rename, drop, keep] = &suggested[..] else { panic!("three answers: {suggested:?}") };
    assert_eq!(project.shell(rename).code, 0);
    assert_eq!(project.dump(), "-- people\nid|nick\n1|Ada\n2|Grace\n");
    project.refuses(0, "push");
    assert_snapshot!("unknown_table_renamed", project.transcript());

    let (_, project) = asked();
    project.transcript();
    assert_eq!(project.shell(drop).code, 0);
    assert_eq!(project.dump(), "-- people\nid|nick\n");
    assert_snapshot!("unknown_table_dropped", project.transcript());

    let (_, project) = asked();
    project.transcript();
    assert_eq!(project.shell(keep).code, 0);
    assert_eq!(project.dump(), "-- people\nid|nick\n-- users\nid|nick\n1|Ada\n2|Grace\n");
    project.refuses(0, "push");
    assert_snapshot!("unknown_table_kept", project.transcript());
}

#[test]
fn a_view_that_would_no_longer_compile_is_named() {
    let project = two_users(&users("handle: String,"));
    project.sql("CREATE VIEW names AS SELECT nick FROM users; CREATE VIEW more AS SELECT * FROM names; CREATE VIEW fine AS SELECT id FROM users");
    project.refuses(3, "push --rename users.nick=handle");
    project.refuses(3, "push --rename users.nick=handle --dry-run");
    assert_snapshot!(project.transcript());
    settles(&project, "push --rename users.nick=handle --accept drop_view:names --accept drop_view:more");
    assert_eq!(project.query("SELECT id FROM fine"), ["1", "2"]);
}

#[test]
fn a_trigger_of_an_unknown_table_that_would_no_longer_compile_is_named() {
    let project = two_users(&users("handle: String,"));
    project.sql(
        "CREATE TABLE log (x); CREATE TRIGGER count_up AFTER INSERT ON log BEGIN UPDATE users SET nick = new.x; END",
    );
    project.refuses(3, "push --rename users.nick=handle");
    assert_snapshot!(project.transcript());
}

#[test]
fn an_unknown_child_keeps_the_key_that_it_refers_to() {
    let project = pushed(
        &users("#[column(unique)]\n    email: String,"),
        "INSERT INTO users VALUES (1, 'a@x'); CREATE TABLE legacy (email REFERENCES users(email)); INSERT INTO legacy VALUES ('a@x')",
    );
    project.structs(&users("email: String,"));
    project.refuses(3, "push");
    project.structs(&users(""));
    project.refuses(3, "push --accept drop_column:users.email");
    assert_snapshot!(project.transcript());
    // a rename takes the child along
    project.structs(&users("#[column(unique)]\n    mail: String,"));
    settles(&project, "push --rename users.email=mail");
    project.sql("PRAGMA foreign_keys = ON; INSERT INTO legacy VALUES ('a@x')");
}

#[test]
fn a_key_that_fits_nothing_is_no_obstacle() {
    let project = two_users(&users("nick: Option<String>,"));
    // every write to `odd` fails with "foreign key mismatch", which is not for this push to mend
    project.sql("CREATE TABLE odd (nick REFERENCES users(nick)); CREATE TABLE lost (a REFERENCES nowhere)");
    project.runs("push");
    project.refuses(0, "push");
    assert_eq!(project.query("SELECT count(*) FROM users"), ["2"]);
}

#[test]
fn a_database_in_a_folder_that_does_not_exist_is_not_made() {
    let project = Project::new(&users("nick: String,"));
    project.refuses(1, "push --url data/dev.db");
    project.refuses(1, "push --url data/dev.db --dry-run");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_view_that_does_not_compile_is_no_obstacle_until_a_table_is_altered() {
    let project = two_users(&users("nick: String,\n    age: Option<i64>,"));
    project.sql("CREATE VIEW broken AS SELECT * FROM nowhere");
    settles(&project, "push");
    project.structs(&users("nick: Option<String>,\n    age: Option<i64>,"));
    project.refuses(3, "push");
    assert_snapshot!(project.transcript());
    settles(&project, "push --accept drop_view:broken");
}

#[test]
fn a_view_whose_name_a_table_is_to_have_goes_when_it_is_named() {
    let project = Project::new("");
    project.sql("CREATE VIEW users AS SELECT 1 AS id");
    project.structs(&users(""));
    let run = project.refuses(3, "push");
    let suggested = run.suggested();
    let [drop] = &suggested[..] else { panic!("one answer: {}", run.err) };
    assert_eq!(project.shell(drop).code, 0);
    project.refuses(0, "push");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_trigger_of_an_unknown_table_does_not_make_room_for_a_declared_one() {
    let trigger = ", trigger(touch, after = insert, body = \"SELECT 1;\")";
    let project = two_users(&users("nick: String,").replace("\"users\"", &format!("\"users\"{trigger}")));
    project.sql("CREATE TABLE legacy (a); CREATE TRIGGER touch AFTER INSERT ON legacy BEGIN SELECT 2; END");
    project.refuses(3, "push");
    assert_snapshot!(project.transcript());
    project.sql("DROP TRIGGER touch");
    settles(&project, "push");
}

#[test]
fn what_cannot_be_read_is_left_alone_or_in_the_way_but_never_changed() {
    let both = users("nick: String,\n    age: Option<i64>,");
    let project = two_users(&both);
    // a type without a name
    project.sql(
        "CREATE TABLE odd (a \"\"); INSERT INTO odd VALUES (1); CREATE INDEX odd_a ON odd(a);
         CREATE TRIGGER odd_too AFTER INSERT ON odd BEGIN UPDATE users SET nick = 'odd'; END;
         CREATE VIEW odd_view AS SELECT a FROM odd",
    );
    let schema = "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'odd%'";
    let before = project.query(schema);
    project.runs("push");
    project.refuses(0, "push");
    assert_eq!((before.len(), project.query(schema)), (4, before));
    assert_snapshot!("unreadable_left_alone", project.transcript());
    // a trigger on it mentions a table that is rebuilt
    project.structs(&users("nick: Option<String>,\n    age: Option<i64>,"));
    project.refuses(3, "push");
    project.sql("DROP TRIGGER odd_too");
    // the view over it does not
    project.runs("push");
    assert_eq!(project.query("SELECT a FROM odd_view"), ["1"]);
    // a struct of its name
    project.structs(&format!("{both}#[derive(Table)]\nstruct Odd {{ id: i64 }}"));
    project.refuses(1, "push");
    // it refers to a table that is rebuilt
    project.sql("DROP VIEW odd_view; CREATE TABLE odd_child (a \"\", b INT REFERENCES users(id))");
    project.structs(&both);
    project.refuses(1, "push");
    assert_snapshot!("unreadable_in_the_way", project.transcript());
}

#[test]
fn what_is_ignored_is_neither_seen_nor_broken() {
    let project = two_users(&users("nick: Option<String>,"));
    project.write("dbmigrate.toml", "ignore = [\"geo_*\"]\n");
    project.sql(
        "CREATE TABLE geo_refs (srid INTEGER PRIMARY KEY); INSERT INTO geo_refs VALUES (1), (2);
         CREATE TABLE geo_points (user_id REFERENCES users(id)); INSERT INTO geo_points VALUES (1);
         CREATE VIEW located AS SELECT nick, srid FROM users JOIN geo_refs ON srid = id",
    );
    // a rebuild with a view in the way that reads an ignored table
    settles(&project, "push");
    assert_eq!(project.query("SELECT * FROM located"), ["Ada|1", "Grace|2"]);
    assert_eq!(project.query("SELECT * FROM geo_points"), ["1"]);
    project.structs(&users("handle: Option<String>,"));
    project.refuses(3, "push --rename users.nick=handle");
    assert_snapshot!(project.transcript());
}
