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

/// What is said.
#[derive(View)]
#[view(name = \"titles\", query = \"SELECT title FROM posts\")]
pub struct Titles {
    /// In full.
    pub title: String,
}

#[derive(View)]
#[view(name = \"writers\", query = \"SELECT id, name FROM users\", trigger(renames, instead_of = update, update_of(name), \
       body = \"UPDATE users SET name = new.name WHERE id = new.id;\"))]
pub struct Writer {
    pub id: i64,
    pub name: String,
}

#[derive(Table)]
#[table(name = \"rules\", strict, unique(code, size), check(\"size > 0\"), trigger(noted, after = delete, \
        body = \"DELETE FROM facts WHERE code = old.code;\"))]
pub struct Rule {
    #[column(primary_key)]
    pub code: String,
    pub size: i64,
    #[column(references = User::id)]
    pub owner: Option<i64>,
    #[column(generated = \"size * 2\")]
    pub twice: Option<i64>,
}

#[derive(Table)]
#[table(name = \"facts\", without_rowid)]
pub struct Fact {
    #[column(primary_key)]
    pub code: String,
}

#[derive(Table)]
#[table(name = \"lots\", random_rowid)]
pub struct Lot {
    pub label: String,
}

#[derive(Table)]
#[table(name = \"words\", using = fts5, options(\"tokenize='porter'\"))]
pub struct Words {
    /// All of it.
    pub body: String,
}
";

const ROWS: &str = "INSERT INTO rules (code, size) VALUES ('r', 1), ('s', 2); INSERT INTO facts VALUES ('f');
     INSERT INTO lots VALUES ('l'), ('m'); INSERT INTO words VALUES ('dogs bark'), ('a cat');
     INSERT INTO users VALUES (1, 'Ada', 'a', 36), (2, 'Grace', NULL, NULL), (3, 'Joan', 'j', 7);
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

const RULES: &str = "code TEXT PRIMARY KEY, size INTEGER NOT NULL";
const OWNER: &str = "owner INTEGER REFERENCES users (id)";
const TWICE: &str = "twice INTEGER AS (size * 2)";

fn rules(definition: &str) -> String {
    rebuilt(
        "rules",
        definition,
        if definition.contains("twice INTEGER AS") { "code, size, owner" } else { "code, size, owner, twice" },
    )
    .replace("INSERT INTO _n SELECT code, size, owner ", "INSERT INTO _n (code, size, owner) SELECT code, size, owner ")
        + "; CREATE TRIGGER noted AFTER DELETE ON rules BEGIN DELETE FROM facts WHERE code = old.code; END"
}

/// What is changed by hand, and which answers it takes.
struct Kind {
    /// What `status` shows of it: what happens, and to what.
    shows: &'static str,
    by_hand: String,
    flags: &'static str,
}

fn kind(shows: &'static str, by_hand: impl Into<String>, flags: &'static str) -> Kind {
    Kind { shows, by_hand: by_hand.into(), flags }
}

/// Captures a kind of drift, and brings it to the other database.
#[track_caller]
fn is_brought_back(kind: &Kind) {
    let Kind { shows: what, by_hand, flags } = kind;
    let project = twins(STRUCTS);
    project.sql(by_hand);
    let rows = project.dump();
    let status = project.run("status --message-format json");
    assert_eq!(status.code, 4, "{what} is no drift");
    let differences = status.json().into_iter().filter(|one| one["reason"] == "difference");
    let shown: Vec<String> = differences
        .map(|one| match one["change"].as_str().filter(|text| text.starts_with("change ") && one["kind"] == "column") {
            Some(change) => change.split(" of ").next().unwrap_or_default().to_owned(),
            None => format!("{} {}", text(&one["action"]), text(&one["kind"])),
        })
        .collect();
    assert!(shown.iter().any(|one| one == what), "{what} is not among {shown:?}");
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
    // the structs have it as well
    let checked = project.run("generate --check");
    assert_eq!(checked.code, 0, "{what}: {}\n{}", checked.out, project.read("src/lib.rs"));
    assert!(!captured.err.contains("the structs lack this change"), "{what}: {}", captured.err);
    for kept in ["/// A person.", "/// What is said.", "/// All of it."] {
        let is_gone = ["drop view", "drop virtual table"].contains(what);
        assert!(is_gone || project.read("src/lib.rs").contains(kept), "{what}: {kept} {}", project.read("src/lib.rs"));
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn all_are_brought_back(kinds: &[Kind]) {
    kinds.iter().for_each(is_brought_back);
}

/// What `status` can show: see `Detail::kind`, and `ColumnChange::words`.
#[test]
fn every_kind_of_drift_that_status_can_show_is_captured() {
    let whole = [
        "table",
        "column",
        "primary key",
        "unique",
        "foreign key",
        "check",
        "option",
        "index",
        "virtual table",
        "view",
        "trigger",
    ];
    let mut wanted: Vec<String> =
        whole.iter().flat_map(|kind| ["add", "drop"].map(|action| format!("{action} {kind}"))).collect();
    wanted.extend(["index", "virtual table", "view", "trigger"].map(|kind| format!("alter {kind}")));
    wanted.extend(["type", "nullability", "default", "collation", "generated"].map(|word| format!("change {word}")));
    let kinds = [tables(), columns(), constraints(), options(), indexes(), objects()];
    let mut shown: Vec<String> = kinds.iter().flatten().map(|kind| kind.shows.to_owned()).collect();
    for list in [&mut wanted, &mut shown] {
        list.sort();
        list.dedup();
    }
    assert_eq!(shown, wanted);
}

fn tables() -> Vec<Kind> {
    vec![
        kind("add table", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL)", ""),
        kind(
            "add table",
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body)))",
            "",
        ),
        kind("drop table", "DROP TABLE marks", "--accept drop_table:marks"),
    ]
}

fn columns() -> Vec<Kind> {
    vec![
        kind("add column", "ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = id", ""),
        kind("add column", "ALTER TABLE users ADD COLUMN loud TEXT AS (upper(name)) VIRTUAL", ""),
        kind("drop column", "ALTER TABLE users DROP COLUMN nick", "--accept drop_column:users.nick"),
        kind(
            "change type",
            users("name TEXT NOT NULL, nick TEXT, age TEXT", "name, nick, age"),
            "--convert users.age=age||''",
        ),
        kind("change default", users("name TEXT NOT NULL, nick TEXT, age INTEGER DEFAULT 7", "name, nick, age"), ""),
        kind(
            "change nullability",
            users("name TEXT NOT NULL, nick TEXT NOT NULL, age INTEGER", "name, ifnull(nick, ''), age"),
            "--backfill users.nick=''",
        ),
        kind("change nullability", users("name TEXT, nick TEXT, age INTEGER", "name, nick, age"), ""),
        kind(
            "change collation",
            users("name TEXT NOT NULL COLLATE NOCASE, nick TEXT, age INTEGER", "name, nick, age"),
            "",
        ),
        kind(
            "change generated",
            rules(&format!(
                "({RULES}, {OWNER}, twice INTEGER AS (size + size), UNIQUE (code, size), CHECK (size > 0)) STRICT"
            )),
            "",
        ),
    ]
}

fn constraints() -> Vec<Kind> {
    vec![
        kind("add check", users(&format!("{PLAIN}, CHECK (age > 0)"), "name, nick, age"), "--accept rows"),
        kind("drop check", rules(&format!("({RULES}, {OWNER}, {TWICE}, UNIQUE (code, size)) STRICT")), ""),
        kind(
            "add foreign key",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER REFERENCES users (id))", "code, value"),
            "--accept rows",
        ),
        kind(
            "drop foreign key",
            rules(&format!("({RULES}, owner INTEGER, {TWICE}, UNIQUE (code, size), CHECK (size > 0)) STRICT")),
            "",
        ),
        // an action of one
        kind(
            "add foreign key",
            rebuilt(
                "posts",
                "(id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id) ON DELETE RESTRICT, title TEXT NOT NULL)",
                "id, author, title",
            ),
            "",
        ),
        kind("add unique", users(&format!("{PLAIN}, UNIQUE (nick)"), "name, nick, age"), ""),
        kind("drop unique", rules(&format!("({RULES}, {OWNER}, {TWICE}, CHECK (size > 0)) STRICT")), ""),
        kind(
            "add primary key",
            rebuilt(
                "marks",
                "(code TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (code, value))",
                "code, ifnull(value, 0)",
            ),
            "--backfill marks.value=0",
        ),
        kind("drop primary key", rebuilt("marks", "(code TEXT NOT NULL, value INTEGER)", "code, value"), ""),
        // the word behind it
        kind(
            "add primary key",
            rebuilt("users", &format!("(id INTEGER PRIMARY KEY AUTOINCREMENT, {PLAIN})"), "id, name, nick, age")
                + "; CREATE INDEX users_name_idx ON users (name)",
            "",
        ),
    ]
}

fn options() -> Vec<Kind> {
    vec![
        kind(
            "add option",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER) STRICT", "code, value"),
            "--accept rows",
        ),
        kind("drop option", rules(&format!("({RULES}, {OWNER}, {TWICE}, UNIQUE (code, size), CHECK (size > 0))")), ""),
        kind(
            "add option",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID", "code, value"),
            "",
        ),
        kind("drop option", rebuilt("facts", "(code TEXT PRIMARY KEY NOT NULL)", "code"), ""),
        kind(
            "add option",
            rebuilt("marks", "(code TEXT PRIMARY KEY NOT NULL, value INTEGER) RANDOM ROWID", "code, value"),
            "",
        ),
        kind("drop option", rebuilt("lots", "(label TEXT NOT NULL)", "label"), ""),
    ]
}

fn indexes() -> Vec<Kind> {
    vec![
        kind("add index", "CREATE INDEX by_age ON users (age DESC)", ""),
        kind("add index", "CREATE INDEX grown ON users (name) WHERE age > 17", ""),
        kind("add index", "CREATE INDEX lower_name ON users (lower(name))", ""),
        kind("add index", "CREATE UNIQUE INDEX one_title ON posts (author, title)", ""),
        kind("alter index", "DROP INDEX users_name_idx; CREATE INDEX users_name_idx ON users (name, age)", ""),
        kind("drop index", "DROP INDEX users_name_idx", ""),
    ]
}

fn objects() -> Vec<Kind> {
    let trigger = "CREATE TRIGGER noted AFTER DELETE ON rules BEGIN DELETE FROM facts; END";
    let renames = "CREATE TRIGGER renames INSTEAD OF UPDATE OF name ON writers BEGIN SELECT 1; END";
    vec![
        kind("add view", "CREATE VIEW old AS SELECT name, max(age) FROM users WHERE age > 30 GROUP BY name", ""),
        kind("alter view", "DROP VIEW titles; CREATE VIEW titles AS SELECT upper(title) AS title FROM posts", ""),
        kind(
            "alter view",
            "DROP VIEW titles; CREATE VIEW titles (id, title, n) AS SELECT id, title, NULL FROM posts",
            "",
        ),
        kind("drop view", "DROP VIEW titles", ""),
        kind(
            "add trigger",
            "CREATE TRIGGER clean AFTER DELETE ON posts BEGIN DELETE FROM marks WHERE code = old.title; END",
            "",
        ),
        kind("alter trigger", format!("DROP TRIGGER noted; {trigger}"), ""),
        kind("drop trigger", "DROP TRIGGER noted", ""),
        kind("add trigger", "CREATE TRIGGER gone INSTEAD OF DELETE ON writers BEGIN SELECT 1; END", ""),
        kind("alter trigger", format!("DROP TRIGGER renames; {renames}"), ""),
        kind("drop trigger", "DROP TRIGGER renames", ""),
        kind("add virtual table", "CREATE VIRTUAL TABLE areas USING rtree(id, low, high, +label TEXT)", ""),
        kind(
            "alter virtual table",
            "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(body, note, tokenize='porter')",
            "",
        ),
        kind("alter virtual table", "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(body)", ""),
        kind("drop virtual table", "DROP TABLE words", "--accept drop_table:words"),
    ]
}

#[test]
fn tables_and_columns_that_come_and_go_are_captured() {
    all_are_brought_back(&tables());
    all_are_brought_back(&columns());
}

#[test]
fn constraints_of_tables_are_captured() {
    all_are_brought_back(&constraints());
}

#[test]
fn options_of_tables_are_captured() {
    all_are_brought_back(&options());
}

#[test]
fn indexes_are_captured() {
    all_are_brought_back(&indexes());
}

#[test]
fn views_triggers_and_virtual_tables_are_captured() {
    all_are_brought_back(&objects());
}

#[test]
fn what_was_renamed_by_hand_is_asked_for_and_keeps_its_rows() {
    all_are_brought_back(&[
        kind("drop column", "ALTER TABLE users RENAME COLUMN nick TO handle", "--rename users.nick=handle"),
        kind("drop table", "ALTER TABLE marks RENAME TO grades", "--rename marks=grades"),
        // a trigger of another table follows
        kind("drop table", "ALTER TABLE facts RENAME TO truths", "--rename facts=truths"),
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
