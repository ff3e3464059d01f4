//! What texts name, and what becomes of them.

use super::*;
use crate::ddl::read::schema_of;
use crate::diff::Renames;

const SCHEMA: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, status TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT, title TEXT, status TEXT);
    CREATE TABLE audit (id INT, nick TEXT);
    CREATE VIRTUAL TABLE search USING fts5(title, content='posts');";

fn renamed() -> Renames {
    Renames {
        tables: vec![("users".into(), "people".into())],
        columns: vec![
            ("people".into(), "nick".into(), "handle".into()),
            ("people".into(), "status".into(), "state".into()),
            ("posts".into(), "title".into(), "heading".into()),
        ],
    }
}

fn trace() -> Trace {
    let schema = schema_of(SCHEMA);
    Trace::between(&schema, &renamed().apply(&schema), &renamed())
}

fn view(query: &str) -> Result<String, String> {
    let view = View { name: "v".into(), columns: Vec::new(), query: Expr::script(query), unchecked: false };
    Ok(view.follow(&schema_of(SCHEMA), &trace())?.query.to_string())
}

fn trigger(on: &str, body: &str) -> Result<String, String> {
    let text = format!("CREATE TRIGGER t AFTER UPDATE ON {on} BEGIN {body}; END");
    let schema = schema_of(&format!("{SCHEMA} {text};"));
    Ok(schema.triggers.iter().next().expect("there is one").follow(&schema, &trace())?.body.to_string())
}

#[test]
fn columns_follow_where_they_are_meant_and_results_keep_their_names() {
    for (text, wanted) in [
        ("SELECT id, nick FROM users", "SELECT id, handle AS nick FROM people"),
        (
            "SELECT u.nick AS n FROM users u WHERE u.nick <> 'nick'",
            "SELECT u.handle AS n FROM people u WHERE u.handle <> 'nick'",
        ),
        ("SELECT users.nick n FROM users ORDER BY nick", "SELECT people.handle n FROM people ORDER BY handle"),
        (
            "SELECT a.nick FROM audit a JOIN users AS u ON u.id = a.id",
            "SELECT a.nick FROM audit a JOIN people AS u ON u.id = a.id",
        ),
        (
            "SELECT lower(nick), count(*) FROM users GROUP BY nick",
            "SELECT lower(handle), count(*) FROM people GROUP BY handle",
        ),
        (
            "SELECT title FROM posts WHERE author IN (SELECT id FROM users WHERE nick = 'x')",
            "SELECT heading AS title FROM posts WHERE author IN (SELECT id FROM people WHERE handle = 'x')",
        ),
        (
            "SELECT (SELECT nick FROM users WHERE id = author) AS who, title FROM posts p, audit",
            "SELECT (SELECT handle FROM people WHERE id = author) AS who, heading AS title FROM posts p, audit",
        ),
        ("SELECT nick FROM (SELECT nick FROM users)", "SELECT handle AS nick FROM (SELECT handle FROM people)"),
        (
            "WITH x AS (SELECT nick FROM users) SELECT nick FROM x",
            "WITH x AS (SELECT handle FROM people) SELECT handle AS nick FROM x",
        ),
        (
            "SELECT nick FROM users UNION SELECT nick FROM audit",
            "SELECT handle AS nick FROM people UNION SELECT nick FROM audit",
        ),
        ("SELECT title FROM search WHERE search MATCH 'x'", "SELECT title FROM search WHERE search MATCH 'x'"),
        ("SELECT * FROM main.\"users\"", "SELECT * FROM main.people"),
    ] {
        assert_eq!(view(text).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn what_may_be_one_or_the_other_is_not_guessed() {
    assert_eq!(
        view("SELECT status FROM users, posts"),
        Err("posts.status".to_owned()).or(Err("users.status".to_owned()))
    );
    assert_eq!(view("SELECT nick FROM (SELECT nick AS nick FROM users)"), Err("users.nick".to_owned()));
    // both are what they are called
    assert!(view("SELECT id FROM users NATURAL JOIN posts").is_ok());
}

#[test]
fn triggers_follow_rows_targets_and_lists_of_columns() {
    for (on, body, wanted) in [
        (
            "users",
            "INSERT INTO audit (id, nick) VALUES (NEW.id, OLD.nick)",
            "INSERT INTO audit (id, nick) VALUES (NEW.id, OLD.handle)",
        ),
        (
            "posts",
            "UPDATE users SET nick = NEW.title WHERE id = NEW.author; DELETE FROM audit WHERE nick = 'x'",
            "UPDATE people SET handle = NEW.heading WHERE id = NEW.author; DELETE FROM audit WHERE nick = 'x'",
        ),
        (
            "posts",
            "INSERT INTO audit (id, nick) SELECT id, nick FROM users",
            "INSERT INTO audit (id, nick) SELECT id, handle FROM people",
        ),
        (
            "posts",
            "INSERT OR IGNORE INTO users (id, nick) VALUES (1, 'a') ON CONFLICT DO UPDATE SET nick = excluded.nick",
            "INSERT OR IGNORE INTO people (id, handle) VALUES (1, 'a') ON CONFLICT DO UPDATE SET handle = excluded.handle",
        ),
        ("posts", "UPDATE OR IGNORE users SET nick = 1", "UPDATE OR IGNORE people SET handle = 1"),
    ] {
        assert_eq!(trigger(on, body).as_deref(), Ok(wanted), "{body}");
    }
}

#[test]
fn an_index_of_text_follows_its_table_but_not_its_columns() {
    let schema = schema_of(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT); CREATE VIRTUAL TABLE search USING fts5(title, content='posts', content_rowid='id');",
    );
    let follow = |renames: Renames| {
        let trace = Trace::between(&schema, &renames.apply(&schema), &renames);
        let table = schema.virtual_tables.iter().next().expect("there is one").follow(&schema, &trace);
        table.map(|table| table.arguments.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    };
    let tables = vec![("posts".into(), "articles".into())];
    let id = ("articles".into(), "id".into(), "key".into());
    let title = ("articles".into(), "title".into(), "heading".into());
    assert_eq!(
        follow(Renames { tables: tables.clone(), columns: vec![id] }).as_deref(),
        Ok("title, content='articles', content_rowid='key'")
    );
    assert_eq!(follow(Renames { tables, columns: vec![title] }), Err("posts.title".to_owned()));
}
