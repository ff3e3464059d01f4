//! Queries of a project's own over its schema: what they find, and what is said of those that are wrong.

use std::path::Path;

use dbmigrate_core::config::{Config, Query};
use dbmigrate_core::engine::catalogue::Catalogue;
use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{Level, Levels, Migration, Prepared, Target, UnusedAllow, lint};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::case::{made, schema};

/// A configuration with one query.
fn config(sql: &str) -> Config {
    let text = format!("[[rules.query]]\nname = \"mine\"\nmessage = \"is not ours\"\nsql = \"\"\"{sql}\"\"\"\n");
    Config::parse(&text).expect("a configuration")
}

/// What a query finds of a migration, as lines; or what is wrong with it.
fn found(sql: &str, before: &str, migration: &str) -> Result<Vec<String>, String> {
    let config = config(sql);
    let (old, new) = schemas(before, migration);
    let mut catalogue = Catalogue::new(&config.rules.queries);
    report(&config, &mut catalogue, &old, &new, migration)
}

fn schemas(before: &str, migration: &str) -> (Schema, Schema) {
    let of = |scripts: &[&str]| schema(&made(scripts).expect("it can be made")).expect("it can be read");
    (of(&[before]), of(&[before, migration]))
}

fn report(
    config: &Config,
    catalogue: &mut Catalogue<'_>,
    old: &Schema,
    new: &Schema,
    migration: &str,
) -> Result<Vec<String>, String> {
    let script = Script::parse(migration, Path::new("migration.sql")).expect("a script");
    let prepared = Prepared::of(old, new, &script);
    let target = Target::default();
    let migration = Migration::new(old, new, &prepared, &script, &target).under(&config.rules);
    let queried =
        block_on(catalogue.find(&migration)).map_err(|error| format!("{:?} {}", error.place, error.message))?;
    let mut levels = Levels::of_project(&config.rules);
    assert!(
        levels.set("style", Level::Allow) && levels.set("mine", Level::Deny) && levels.set("performance", Level::Allow)
    );
    let report = lint(&migration, &levels, queried);
    let unused = report.unused.iter().map(|unused| match unused {
        UnusedAllow::Unknown(allow) => format!("unknown: {}", allow.lint),
        UnusedAllow::Nothing(allow) => format!("nothing: {} {}", allow.lint, allow.object),
    });
    let of_mine = report.findings.iter().filter(|(_, finding)| finding.rule.name == "mine");
    let lines = of_mine.map(|(level, finding)| {
        let line = finding.statement.map(|at| script.statements[at].line);
        format!("{level} {} ({line:?}): {}", finding.object, finding.message)
    });
    Ok(lines.chain(unused).collect())
}

#[test]
fn what_a_query_finds_is_a_lint_where_a_migration_introduces_it() {
    let sql = "SELECT path, 'has ' || type FROM columns WHERE type = 'blob'";
    let before = "CREATE TABLE files (id INTEGER PRIMARY KEY, content BLOB);";
    let migration = "ALTER TABLE files RENAME COLUMN content TO body;\nALTER TABLE files ADD COLUMN \"a.b\" BLOB;\n\
                     -- dbmigrate: allow(mine) more.x because \"it is small\"\n\
                     -- dbmigrate: allow(mine) more.y because \"it is small\"\n\
                     CREATE TABLE more (id INTEGER PRIMARY KEY, x BLOB);";
    assert_eq!(
        found(sql, before, migration),
        Ok(vec!["deny files.\"a.b\" (Some(2)): has BLOB".to_owned(), "nothing: mine more.y".to_owned()])
    );
    // with the message of the configuration, and objects as somebody may write them
    let found = found(
        "SELECT 'Files.id' FROM tables UNION SELECT 'by_id' FROM indexes UNION SELECT NULL",
        "",
        "CREATE TABLE files (id);\nCREATE INDEX by_id ON files (id);",
    );
    let wanted = ["deny files.id (Some(1)): is not ours", "deny files.by_id (Some(2)): is not ours"].map(str::to_owned);
    assert_eq!(found, Ok(wanted.to_vec()));
}

#[test]
fn a_query_sees_all_that_a_schema_has() {
    let before = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL COLLATE NOCASE DEFAULT 'x', UNIQUE (email));
        CREATE TABLE posts (a INTEGER, b INTEGER AS (a + 1), user_id INTEGER CONSTRAINT fk REFERENCES users ON DELETE CASCADE,
          CONSTRAINT positive CHECK (a > 0), PRIMARY KEY (b, a)) STRICT;
        CREATE UNIQUE INDEX i ON posts (a DESC, lower(b)) WHERE a > 1;
        CREATE VIRTUAL TABLE words USING fts5 (word);
        CREATE VIEW v AS SELECT 1; CREATE TRIGGER t AFTER UPDATE OF a ON posts BEGIN SELECT 1; END;";
    let before = before.replace("b INTEGER AS (a + 1)", "b INTEGER NOT NULL");
    let seen = |sql: &str| -> Vec<String> {
        let lines = found(sql, "", &before).expect("a query");
        lines.iter().map(|line| line.split_once(": ").map_or(line.clone(), |(_, said)| said.to_owned())).collect()
    };
    let row = |columns: &str, table: &str| {
        seen(&format!("SELECT 'x' || row_number() OVER (), concat_ws('|', {columns}) FROM {table}"))
    };
    assert_eq!(
        row("name, is_strict, is_without_rowid, module", "tables ORDER BY name"),
        ["posts|1|0", "users|0|0", "words|0|0|fts5"]
    );
    assert_eq!(
        row(
            "table_name, name, position, type, is_not_null, default_value, collation, primary_key",
            "columns WHERE table_name = 'USERS'"
        ),
        ["users|id|1|INTEGER|1|1", "users|email|2|TEXT|1|'x'|NOCASE|0"]
    );
    assert_eq!(row("path, is_unique, predicate", "indexes"), ["posts.i|1|a > 1"]);
    assert_eq!(row("position, column_name, expression, is_descending", "index_columns"), ["1|a|1", "2|lower(b)|0"]);
    assert_eq!(
        row("table_name, name, kind, columns, expression", "constraints ORDER BY table_name, kind"),
        ["posts|positive|CHECK|a > 0", "posts|PRIMARY KEY|b, a", "users|PRIMARY KEY|id", "users|UNIQUE|email"]
    );
    assert_eq!(
        row("path, name, parent_table, parent_column, on_delete, on_update", "foreign_keys"),
        ["posts.user_id|fk|users|id|CASCADE|NO ACTION"]
    );
    assert_eq!(row("name, sql", "views"), ["v|CREATE VIEW v AS SELECT 1"]);
    assert_eq!(row("name, table_name, timing, event", "triggers"), ["t|posts|AFTER|UPDATE"]);
}

#[test]
fn a_catalogue_that_goes_along_a_history_is_as_a_new_one() {
    let config = config("SELECT group_concat(l, '; '), 'x' FROM (SELECT table_name || '.' || name || type l FROM columns
        UNION ALL SELECT path || parent_column FROM foreign_keys UNION ALL SELECT name FROM tables UNION ALL SELECT name FROM views
        UNION ALL SELECT path || sql FROM indexes UNION ALL SELECT path FROM triggers ORDER BY 1)");
    let history = [
        "CREATE TABLE a (id INTEGER, b INTEGER, PRIMARY KEY (id)); CREATE TABLE c (a_id REFERENCES a);",
        "DROP TABLE a; CREATE TABLE a (id INTEGER, b INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT 1;",
        "CREATE INDEX i ON a (id); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
        "ALTER TABLE a RENAME TO \"it's\"; DROP VIEW v; CREATE VIRTUAL TABLE f USING fts5 (x);",
        "DROP TABLE f; DROP TRIGGER t; ALTER TABLE c ADD COLUMN more;",
    ];
    let mut going = Catalogue::new(&config.rules.queries);
    let mut before = String::new();
    for migration in history {
        let (old, new) = schemas(&before, migration);
        let along = report(&config, &mut going, &old, &new, migration).expect("a query");
        let fresh =
            report(&config, &mut Catalogue::new(&config.rules.queries), &old, &new, migration).expect("a query");
        assert_eq!(along, fresh);
        assert_eq!(along.len(), 1);
        before.push_str(migration);
    }
}

#[test]
fn what_is_wrong_with_a_query_is_said_at_its_place() {
    let wrong = |sql: &str| found(sql, "", "CREATE TABLE t (id)").expect_err(sql);
    assert_eq!(wrong("SELECT path FROM tabels"), "(4, 7) the query `mine` fails: no such table: tabels");
    assert_eq!(wrong("SELECT path, 1, 2 FROM tables"), "(4, 7) the query `mine` returns 3 columns");
    assert_eq!(wrong("SELECT 1, 2 FROM tables"), "(4, 7) the query `mine` returns `1` as an object");
    assert!(wrong("SELECT path, abs(-9223372036854775808) FROM tables").contains("overflow"));
    let bare = Query { message: None, ..config("SELECT path FROM tables").rules.queries.remove(0) };
    let (old, new) = schemas("", "CREATE TABLE t (id)");
    let queries = [bare];
    let error = report(&Config::default(), &mut Catalogue::new(&queries), &old, &new, "CREATE TABLE t (id)")
        .expect_err("no message");
    assert!(error.ends_with("says what it finds, and not what is wrong with it"), "{error}");
}
