//! What the engine says of statements, and at which word.

use pollster::block_on;

use super::*;
use crate::ddl::read::schema_of;

const SCHEMA: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, nick TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, title TEXT);
    CREATE INDEX posts_author ON posts (author);
    CREATE VIEW names AS SELECT id, nick FROM users;";

fn trial(made: &[&str]) -> Trial {
    let made = made.iter().map(|one| (*one).to_owned()).collect();
    block_on(Trial::of(&schema_of(SCHEMA), made)).expect("a database in memory")
}

/// The message, the word that it is about, and what was meant.
fn refused(sql: &str) -> (String, String, Option<String>) {
    match block_on(trial(&[]).compile(sql)).expect("it can be tried") {
        Tried::Refused(refusal) => (refusal.message, sql[refusal.span].to_owned(), refusal.meant),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn a_message_of_the_engine_is_at_its_word() {
    for (sql, message, word, meant) in [
        ("SELECT emial AS nick FROM users", "no such column: `emial`", "emial", Some("email")),
        ("SELECT u.id, u.\"nik\" FROM users u", "no such column: `u.nik`", "u.\"nik\"", Some("nick")),
        ("SELECT id AS x FROM users WHERE x.y = 1", "no such column: `x.y`", "x.y", None),
        ("SELECT nik FROM names", "no such column: `nik`", "nik", Some("nick")),
        ("SELECT 1 FROM main.usrs", "no such table: `main.usrs`", "main.usrs", Some("users")),
        ("SELECT uper(email) FROM users", "no such function: `uper`", "uper", Some("upper")),
        ("SELECT id FROM users, posts", "ambiguous column name: `id`", "id", None),
        ("UPDATE users SET mail = 1", "no such column: `mail`", "mail", Some("email")),
        ("INSERT INTO users (id, mail) VALUES (1, 2)", "table `users` has no column `mail`", "mail", Some("email")),
        ("SELECT id, FROM users WHERE FROM = 1", "syntax error at `FROM`", "FROM", None),
        ("SELECT max(id, ", "the statement is not complete", ",", None),
        ("INSERT INTO users VALUES (1)", "table `users` has 3 columns but 1 values were supplied", "users", None),
        ("DELETE FROM names", "cannot modify names because it is a view", "names", None),
    ] {
        let (said, at, found) = refused(sql);
        assert_eq!((said.as_str(), at.as_str(), found.as_deref()), (message, word, meant), "{sql}");
    }
    // the one that fails of several
    let sql = "SELECT 1 FROM users WHERE FROM 1";
    let Tried::Refused(refusal) = block_on(trial(&[]).compile(sql)).expect("tried") else { panic!("it fits") };
    assert_eq!(refusal.span, 26..30);
}

#[test]
fn what_a_statement_uses_is_without_what_views_lead_into() {
    let uses = |sql: &str| match block_on(trial(&[]).compile(sql)).expect("it can be tried") {
        Tried::Fits(accesses) => {
            let said = |one: &Access| {
                let column = one.column.as_deref().map(|name| format!(".{name}")).unwrap_or_default();
                format!("{}{}{column}", if one.is_write { "w " } else { "" }, one.table)
            };
            let mut all: Vec<String> = accesses.iter().map(said).collect();
            all.sort();
            all.dedup();
            all
        }
        other => panic!("{sql}: {other:?}"),
    };
    assert_eq!(uses("SELECT email FROM users WHERE id = ?1"), ["users.email", "users.id"]);
    assert_eq!(uses("SELECT nick FROM names"), ["names.nick"]);
    assert_eq!(
        uses("INSERT INTO main.posts (author, title) SELECT id, 'a' FROM users"),
        ["users", "users.id", "w posts", "w posts.author", "w posts.title"]
    );
    assert_eq!(uses("UPDATE posts SET title = ?1 WHERE author = ?2"), ["posts.author", "w posts.title"]);
}

#[test]
fn what_is_not_here_is_not_judged() {
    let judged = |sql: &str, made: &[&str]| block_on(trial(made).compile(sql)).expect("it can be tried");
    let is_unknown = |tried: &Tried| matches!(tried, Tried::Unknown(_));
    assert!(is_unknown(&judged("SELECT 1 FROM other.things", &[])));
    assert!(is_unknown(&judged("SELECT email FROM users ORDER BY email COLLATE german", &[])));
    assert!(is_unknown(&judged("SELECT * FROM _litestream_seq", &[])));
    assert!(matches!(judged("SELECT id FROM seen", &["CREATE TEMP TABLE seen (id)"]), Tried::Fits(_)));
    assert!(matches!(judged("SELECT tbl FROM sqlite_stat1", &[]), Tried::Fits(_)));
    assert!(matches!(judged("SELECT no FROM seen", &["CREATE TEMP TABLE seen (id)"]), Tried::Refused(_)));
    let beside = trial(&[]).beside(&Ignore::new(["legacy_*".parse().expect("a pattern")]));
    assert!(is_unknown(&block_on(beside.compile("SELECT 1 FROM legacy_users")).expect("it can be tried")));
}

#[test]
fn a_plan_is_made_with_what_is_known_of_rows() {
    let schema = schema_of(SCHEMA);
    let sql = "SELECT title FROM posts WHERE author = ?1";
    let plan = |statistics: &Statistics| {
        let trial = trial(&[]);
        block_on(trial.assume(statistics)).expect("they can be written");
        block_on(trial.plan(sql, &schema)).expect("it can be planned").expect("it fits")
    };
    assert!(matches!(&plan(&Vec::new())[..], [Step::Search { .. }]));
    // each author has all of the posts
    let few = vec![("posts".to_owned(), Some("posts_author".to_owned()), "3 3".to_owned())];
    let none = vec![("gone".to_owned(), None, "5".to_owned())];
    assert!(matches!(&plan(&none)[..], [Step::Search { .. }]));
    assert!(!plan(&few).is_empty());
}
