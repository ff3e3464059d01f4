//! The resolver of queries: it ends, and every word that it speaks of stands in the text.

use std::ops::Range;
use std::sync::OnceLock;

use dbmigrate_core::config::Engine;
use dbmigrate_core::ddl::{Object, read};
use dbmigrate_core::query::{Catalog, resolve, resolve_script};
use dbmigrate_core::schema::Schema;

/// The schema that the seeds are about.
const OBJECTS: [&str; 6] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT, age INTEGER DEFAULT 0)",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, title TEXT NOT NULL, body TEXT,
     slug TEXT GENERATED ALWAYS AS (lower(title)) VIRTUAL)",
    "CREATE TABLE tags (post_id INTEGER, tag TEXT, PRIMARY KEY (post_id, tag)) WITHOUT ROWID",
    "CREATE VIEW authors AS SELECT users.id, email, count(*) AS posts FROM users JOIN posts ON user_id = users.id
     GROUP BY users.id",
    "CREATE VIRTUAL TABLE search USING fts5(title, body)",
    "CREATE VIEW again AS SELECT * FROM again",
];

/// The catalog of that schema.
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut schema = Schema::default();
        for sql in OBJECTS {
            match read(sql).expect("a statement of our own") {
                Object::Table(table) => drop(schema.tables.insert(table)),
                Object::View(view) => drop(schema.views.insert(view)),
                Object::VirtualTable(table) => drop(schema.virtual_tables.insert(table)),
                other => panic!("{other:?}"),
            }
        }
        Catalog::new(&schema, &Engine::default())
    })
}

/// Resolves `text` as one statement and as a script.
pub fn check(text: &str) {
    let stands = |span: &Range<usize>| assert!(text.get(span.clone()).is_some(), "{span:?} is no part of {text:?}");
    let mut queries = Vec::new();
    match resolve(catalog(), text) {
        Ok(query) => queries.push(query),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in &mistakes {
                stands(&mistake.span);
            }
        }
    }
    match resolve_script(catalog(), text) {
        Ok(found) => queries.extend(found),
        Err(mistakes) => {
            for mistake in &mistakes {
                stands(&mistake.span);
            }
        }
    }
    for query in queries {
        query.parameters.iter().for_each(|parameter| stands(&parameter.span));
        query.columns.iter().for_each(|column| stands(&column.span));
        query.uses.iter().for_each(|used| stands(&used.span));
    }
}
