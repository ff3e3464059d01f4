//! `capture`: what was changed by hand in a database becomes a migration. Each kind of drift is made by hand in a database
//! with rows, captured there, and migrated to in another one with the same rows.

use crate::project::{Project, sql_of};

const STRUCTS: &str = "\
/// A person.
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    #[column(index)]
    pub name: String,
    pub nick: Option<String>,
    pub age: Option<i64>,
}

#[derive(Table)]
#[table(name = \"posts\")]
pub struct Post {
    #[column(primary_key)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade)]
    pub author: i64,
    pub title: String,
}

#[derive(Table)]
#[table(name = \"marks\")]
pub struct Mark {
    #[column(primary_key)]
    pub code: String,
    pub value: Option<i64>,
}

#[derive(View)]
#[view(name = \"titles\", query = \"SELECT title FROM posts\")]
pub struct Titles {
    pub title: String,
}
";

const ROWS: &str = "INSERT INTO users VALUES (1, 'Ada', 'a', 36), (2, 'Grace', NULL, NULL), (3, 'Joan', 'j', 7);
     INSERT INTO posts VALUES (10, 1, 'one'), (11, 1, 'two'), (12, 3, 'three');
     INSERT INTO marks VALUES ('x', 1), ('y', NULL)";

/// A database with rows and another one that is the same.
fn twins(structs: &str) -> Project {
    let project = Project::migrated(structs);
    project.runs("migrate --url other.db");
    for name in ["dev.db", "other.db"] {
        project.database(name).run(ROWS);
    }
    project.transcript();
    project
}

/// A table copied into another definition, as somebody would do it by hand.
fn rebuilt(table: &str, definition: &str, columns: &str) -> String {
    format!(
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; CREATE TABLE _n {definition};
         INSERT INTO _n SELECT {columns} FROM {table};
         DROP TABLE {table}; ALTER TABLE _n RENAME TO {table}; PRAGMA legacy_alter_table = OFF"
    )
}

fn users(columns: &str, values: &str) -> String {
    format!(
        "{}; CREATE INDEX IF NOT EXISTS users_name_idx ON users (name)",
        rebuilt("users", &format!("(id INTEGER PRIMARY KEY, {columns})"), &format!("id, {values}"))
    )
}

const PLAIN: &str = "name TEXT NOT NULL, nick TEXT, age INTEGER";

/// What is changed by hand, and which answers it takes.
struct Kind {
    what: &'static str,
    by_hand: String,
    flags: &'static str,
    /// Whether `--write` does all that the structs need.
    is_mechanical: bool,
}

fn kind(what: &'static str, by_hand: impl Into<String>, flags: &'static str) -> Kind {
    Kind { what, by_hand: by_hand.into(), flags, is_mechanical: true }
}

fn by_hand(what: &'static str, by_hand: impl Into<String>, flags: &'static str) -> Kind {
    Kind { is_mechanical: false, ..kind(what, by_hand, flags) }
}

/// Captures a kind of drift, and brings it to the other database.
#[track_caller]
fn is_brought_back(kind: &Kind) {
    let Kind { what, by_hand, flags, is_mechanical } = kind;
    let project = twins(STRUCTS);
    project.sql(by_hand);
    let rows = project.dump();
    assert_eq!(project.run("status").code, 4, "{what} is no drift");
    if !flags.is_empty() {
        let run = project.refuses(3, "capture");
        assert!(run.err.contains(flags.split_whitespace().next().unwrap_or_default()), "{what}: {}", run.err);
    }
    let shown = project.refuses(0, &format!("capture {flags} --dry-run"));
    assert!(shown.err.contains("Would record"), "{what}: {}", shown.err);
    let captured = project.run(&format!("capture {flags} --write"));
    assert_eq!(captured.code, 0, "{what}: {}{}", captured.out, captured.err);
    assert_eq!(project.dump(), rows, "{what}: nothing is run");
    let status = project.runs("status");
    assert!(status.out.contains("  captured "), "{what}: {}", status.out);
    project.runs("migrate");
    // elsewhere it is pending
    assert_eq!(project.run("status --url other.db").code, 4, "{what}");
    let kept = project.database("other.db").query("SELECT id, author, title FROM posts");
    let run = project.run("migrate --url other.db");
    assert_eq!(run.code, 0, "{what}: {}", run.err);
    assert_eq!(project.database("other.db").query("SELECT id, author, title FROM posts"), kept, "{what}");
    assert!(project.database("other.db").query("PRAGMA foreign_key_check").is_empty(), "{what}");
    assert_eq!(project.database("other.db").query("PRAGMA integrity_check"), ["ok"], "{what}");
    project.runs("status --url other.db");
    let diff = project.run("diff --from ./dev.db --to ./other.db");
    assert_eq!(diff.code, 0, "{what}: {}{}", diff.out, diff.err);
    // a new database runs it
    project.runs("migrate --url new.db");
    let checked = project.run("generate --check");
    assert_eq!(
        checked.code,
        if *is_mechanical { 0 } else { 4 },
        "{what}: {}\n{}",
        checked.out,
        project.read("src/lib.rs")
    );
    assert_eq!(captured.err.contains("the structs lack this change"), !is_mechanical, "{what}: {}", captured.err);
}

fn all_are_brought_back(kinds: &[Kind]) {
    kinds.iter().for_each(is_brought_back);
}

#[test]
fn tables_and_columns_that_come_and_go_are_captured() {
    all_are_brought_back(&[
        kind("a table", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL)", ""),
        kind("no table", "DROP TABLE marks", "--accept drop_table:marks"),
        kind("a column", "ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = id", ""),
        kind("no column", "ALTER TABLE users DROP COLUMN nick", "--accept drop_column:users.nick"),
        kind(
            "another type",
            users("name TEXT NOT NULL, nick TEXT, age TEXT", "name, nick, age"),
            "--convert users.age=age||''",
        ),
        kind("a default", users("name TEXT NOT NULL, nick TEXT, age INTEGER DEFAULT 7", "name, nick, age"), ""),
        kind(
            "not null",
            users("name TEXT NOT NULL, nick TEXT NOT NULL, age INTEGER", "name, ifnull(nick, ''), age"),
            "--backfill users.nick=''",
        ),
        kind("nullable", users("name TEXT, nick TEXT, age INTEGER", "name, nick, age"), ""),
        kind("a collation", users("name TEXT NOT NULL COLLATE NOCASE, nick TEXT, age INTEGER", "name, nick, age"), ""),
        kind("a generated column", "ALTER TABLE users ADD COLUMN loud TEXT AS (upper(name)) VIRTUAL", ""),
    ]);
}

#[test]
fn constraints_and_options_of_tables_are_captured() {
    all_are_brought_back(&[
        kind("a check", users(&format!("{PLAIN}, CHECK (age > 0)"), "name, nick, age"), "--accept rows"),
        kind(
            "a foreign key",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER REFERENCES users (id))", "code, value"),
            "--accept rows",
        ),
        kind(
            "an action of a foreign key",
            rebuilt(
                "posts",
                "(id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id) ON DELETE RESTRICT, title TEXT NOT NULL)",
                "id, author, title",
            ),
            "",
        ),
        kind("a unique constraint", users(&format!("{PLAIN}, UNIQUE (nick)"), "name, nick, age"), ""),
        kind(
            "a primary key",
            rebuilt(
                "marks",
                "(code TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (code, value))",
                "code, ifnull(value, 0)",
            ),
            "--backfill marks.value=0",
        ),
        kind(
            "strict",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER) STRICT", "code, value"),
            "--accept rows",
        ),
        kind(
            "without rowid",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID", "code, value"),
            "",
        ),
        kind(
            "autoincrement",
            rebuilt("users", &format!("(id INTEGER PRIMARY KEY AUTOINCREMENT, {PLAIN})"), "id, name, nick, age")
                + "; CREATE INDEX users_name_idx ON users (name)",
            "",
        ),
    ]);
}

#[test]
fn indexes_views_triggers_and_virtual_tables_are_captured() {
    all_are_brought_back(&[
        kind("an index", "CREATE INDEX by_age ON users (age DESC)", ""),
        kind("a partial index", "CREATE INDEX grown ON users (name) WHERE age > 17", ""),
        kind("an index of an expression", "CREATE INDEX lower_name ON users (lower(name))", ""),
        kind("a unique index", "CREATE UNIQUE INDEX one_title ON posts (author, title)", ""),
        kind("no index", "DROP INDEX users_name_idx", ""),
        by_hand("a view", "CREATE VIEW old AS SELECT name FROM users WHERE age > 30", ""),
        by_hand("another view", "DROP VIEW titles; CREATE VIEW titles AS SELECT upper(title) AS title FROM posts", ""),
        by_hand("no view", "DROP VIEW titles", ""),
        kind(
            "a trigger",
            "CREATE TRIGGER clean AFTER DELETE ON posts BEGIN DELETE FROM marks WHERE code = old.title; END",
            "",
        ),
        by_hand("a virtual table", "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('x y')", ""),
    ]);
}

#[test]
fn what_was_renamed_by_hand_is_asked_for_and_keeps_its_rows() {
    all_are_brought_back(&[
        kind("a column", "ALTER TABLE users RENAME COLUMN nick TO handle", "--rename users.nick=handle"),
        kind("a table", "ALTER TABLE marks RENAME TO grades", "--rename marks=grades"),
    ]);
    let project = twins(STRUCTS);
    project.sql("ALTER TABLE users RENAME COLUMN nick TO handle");
    let run = project.refuses(3, "capture");
    let suggested = run.suggested();
    assert_eq!(suggested[0], "cargo dbmigrate capture --rename users.nick=handle");
    assert_eq!(project.shell(&suggested[0]).code, 0);
    project.runs("migrate --url other.db");
    assert_eq!(project.database("other.db").query("SELECT handle FROM users"), ["a", "NULL", "j"]);
}

#[test]
fn the_order_of_columns_is_no_drift() {
    let project = twins(STRUCTS);
    project.sql(&users("age INTEGER, nick TEXT, name TEXT NOT NULL", "age, nick, name"));
    project.runs("status");
    let run = project.refuses(0, "capture");
    assert!(run.err.contains("Unchanged dev.db: nothing was changed by hand"), "{}", run.err);
}

#[test]
fn a_captured_migration_says_where_it_comes_from_and_is_kept() {
    let project = twins(STRUCTS);
    project.sql("ALTER TABLE users ADD COLUMN phone TEXT");
    project.runs("capture --name add_phone --write");
    let text = project.read(&sql_of("0002_add_phone"));
    assert!(text.starts_with("-- 0002_add_phone\n-- by: cargo dbmigrate capture --name add_phone\n"), "{text}");
    assert_eq!(
        project.query("SELECT position, name, kind FROM _dbmigrate_history"),
        ["1|0001_init|migration", "2|0002_add_phone|capture"].map(|line| line.replace("0001_init", &first(&project)))
    );
    project.refuses(5, "generate --undo");
    project.runs("check");
}

fn first(project: &Project) -> String {
    project.query("SELECT name FROM _dbmigrate_history WHERE position = 1").remove(0)
}
