//! Turso Database, the newer engine: files that it has written, and servers that run it. What works there is done, what it
//! lacks is refused by name before anything is touched, and foreign keys are checked although its own check finds nothing.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::Server as Sqld;
use dbmigrate_test_support::turso_database::{self, Server};

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key, autoincrement)] id: i64, #[column(unique)] name: String }\n";
const POSTS: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: Option<i64>, #[column(default = \"\")] title: String }\n";
/// The same after a change that only a rebuild can make.
const REBUILT: &str = "#[derive(Table)]\n#[table(name = \"users\", check(named, \"length(name) > 0\"))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, #[column(unique)] name: String }\n";
const ROWS: [&str; 2] = [
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (9, 'it''s')",
    "INSERT INTO posts VALUES (7, 1, 'a'), (8, 2, 'b'), (9, NULL, 'c')",
];

/// What Turso Database leaves beside a table with `AUTOINCREMENT`, and in a file that was in MVCC mode.
const INTERNAL: &str = "CREATE TABLE \"__turso_internal_seq___turso_internal_autoincrement_users\"(value INTEGER PRIMARY KEY,is_called INTEGER,start INTEGER,inc INTEGER,min INTEGER,max INTEGER,cycle INTEGER);
    INSERT INTO \"__turso_internal_seq___turso_internal_autoincrement_users\" VALUES (1, 0, 1, 1, 1, 9223372036854775807, 0);
    CREATE TABLE __turso_internal_mvcc_meta (k TEXT, v INTEGER NOT NULL)";

/// A statement that Turso Database has no answer to, and how that is said: on a server that it runs, and of a file that it
/// has written. Where nothing is said of a file, libSQL does it there.
const LACKED: [(&str, &str, Option<&str>); 8] = [
    ("CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID;\nDROP TABLE t", "`WITHOUT ROWID` tables", None),
    ("CREATE TABLE t (a, b AS (a + 1) STORED);\nDROP TABLE t", "stored generated columns", Some("generated columns")),
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY) RANDOM ROWID;\nDROP TABLE t",
        "`RANDOM ROWID` tables",
        Some("`RANDOM ROWID` tables"),
    ),
    (
        "CREATE VIEW v AS SELECT 1 AS a;\nCREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END;\nDROP VIEW v",
        "`INSTEAD OF` triggers",
        Some("`INSTEAD OF` triggers"),
    ),
    (
        "CREATE VIRTUAL TABLE t USING fts5(a);\nDROP TABLE t",
        "module `fts5` for virtual tables",
        Some("the virtual tables of SQLite"),
    ),
    (
        "CREATE VIRTUAL TABLE t USING rtree(id, a, b);\nDROP TABLE t",
        "module `rtree` for virtual tables",
        Some("the virtual tables of SQLite"),
    ),
    (
        "CREATE TABLE t (e F32_BLOB(3));\nCREATE INDEX i ON t (libsql_vector_idx(e));\nDROP TABLE t",
        "vector indexes (`libsql_vector_idx`)",
        Some("vector indexes (`libsql_vector_idx`)"),
    ),
    ("ALTER TABLE posts ADD COLUMN x DEFAULT (1 + 2);\nALTER TABLE posts DROP COLUMN x", "", None),
];

/// A project whose database is on a server at this address.
fn on(url: &str) -> Project {
    let project = Project::new(&format!("{USERS}{POSTS}"));
    project.set("TURSO_DATABASE_URL", url);
    project
}

fn custom(project: &Project, number: usize, name: &str, sql: &str) {
    project.runs(&format!("generate --custom --name {name}"));
    project.write(&sql_of(&format!("{number:04}_{name}")), sql);
    project.runs("generate --custom");
}

/// The whole way of a database on a server: made, filled, rebuilt, read, compared.
fn goes_the_whole_way(project: &Project, hand: &Hand) {
    project.runs("generate --name start");
    project.ends(4, "status");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    hand.run(&ROWS);
    let users = hand.query("SELECT * FROM users ORDER BY id");
    let posts = hand.query("SELECT * FROM posts ORDER BY id");
    project.structs(&format!("{REBUILT}{POSTS}"));
    project.ends(4, "diff");
    project.runs("generate --name rebuild");
    project.runs("migrate --dry-run");
    project.runs("migrate");
    project.runs("migrate");
    project.runs("status");
    project.runs("diff --from database --to structs");
    project.runs("push --accept history");
    project.runs("check");
    assert_eq!(hand.query("SELECT * FROM users ORDER BY id"), users);
    assert_eq!(hand.query("SELECT * FROM posts ORDER BY id"), posts);
    let pulled = project.runs("pull");
    assert!(!pulled.out.contains("turso_internal"), "{}", pulled.out);
    // a migration that leaves a row without its parent is taken back, and named
    custom(project, 3, "orphan", "UPDATE posts SET author = 99 WHERE id = 7 AND title = 'a';\n");
    let run = project.ends(3, "migrate");
    let said = "`posts` has 1 dangling reference to `users` after the migration, the first at rowid 7";
    assert!(run.err.contains(said), "{}", run.err);
    assert_eq!(hand.query("SELECT * FROM posts ORDER BY id"), posts);
    project.runs("generate --undo --accept edits");
    // one that was there before is no fault of the next migration
    hand.run(&["PRAGMA foreign_keys = OFF", "INSERT INTO posts VALUES (80, 99, 'x')"]);
    custom(project, 3, "rows", "UPDATE posts SET title = 'z' WHERE id = 7;\n");
    project.runs("migrate");
    assert_eq!(hand.query("SELECT title FROM posts WHERE id = 7"), ["z"]);
    hand.run(&["DELETE FROM posts WHERE id = 80"]);
}

/// Each statement that is lacked is refused, by name and before the migration in front of it is applied.
fn refuses_what_is_lacked(project: &Project, hand: &Hand) {
    let tables = hand.tables();
    for (sql, what, _) in LACKED {
        custom(project, 4, "before", "UPDATE posts SET title = 'touched';\n");
        project.runs("generate --custom --name lacked");
        project.write(&sql_of("0005_lacked"), format!("{sql};\n"));
        project.runs("generate --custom");
        for line in ["migrate --dry-run", "migrate", "migrate --atomic"] {
            let run = project.ends(1, line);
            let said = match what {
                "" => "Turso Database adds no column whose default is computed".to_owned(),
                what => format!("Turso Database has no {what}"),
            };
            assert!(run.err.contains(&format!("of `0005_lacked` cannot run: {said}")), "{line}: {sql}\n{}", run.err);
        }
        assert_eq!(hand.query("SELECT count(*) FROM posts WHERE title = 'touched'"), ["0"]);
        assert_eq!(hand.tables(), tables);
        project.runs("generate --undo --accept edits");
        project.runs("generate --undo --accept edits");
    }
}

#[test]
fn a_server_with_turso_database_is_migrated_and_its_foreign_keys_are_checked() {
    let Some(server) = Server::start() else { return };
    let (project, hand) = (on(&server.url()), Hand::new(server.url()));
    goes_the_whole_way(&project, &hand);
    refuses_what_is_lacked(&project, &hand);
}

#[test]
fn a_server_that_lacks_what_turso_database_lacks_is_treated_as_one() {
    let Some(server) = Sqld::start() else { return };
    let proxy = Proxy::before(server.port());
    proxy.pose_as_turso_database();
    let (project, hand) = (on(&proxy.url()), Hand::new(server.url()));
    goes_the_whole_way(&project, &hand);
    refuses_what_is_lacked(&project, &hand);
    assert_eq!(hand.integrity_check(), [""; 0]);
    assert_eq!(hand.foreign_key_check(), [""; 0]);
}

#[test]
fn a_push_to_turso_database_is_refused_by_name_before_anything_is_touched() {
    let Some(server) = Sqld::start() else { return };
    let proxy = Proxy::before(server.port());
    proxy.pose_as_turso_database();
    let (project, hand) = (on(&proxy.url()), Hand::new(server.url()));
    project.runs("push");
    let before = hand.query("SELECT sql FROM sqlite_schema");
    let table = "#[derive(Table)]\n#[table(name = \"tags\", without_rowid)]\nstruct Tag { #[column(primary_key)] name: String }\n";
    project.structs(&format!("{USERS}{POSTS}{table}"));
    let run = project.ends(1, "push");
    assert!(run.err.contains("Turso Database has no `WITHOUT ROWID` tables"), "{}", run.err);
    assert_eq!(hand.query("SELECT sql FROM sqlite_schema"), before);
}

#[test]
fn a_backup_of_turso_database_is_verified_and_restored() {
    let Some(server) = Server::start() else { return };
    let (project, hand) = (on(&server.url()), Hand::new(server.url()));
    project.runs("generate --name start");
    project.runs("migrate");
    hand.run(&ROWS);
    hand.run(&["PRAGMA foreign_keys = OFF", "INSERT INTO posts VALUES (80, 99, 'x')"]);
    project.runs("backup b.db");
    project.runs("restore b.db --url copy.db");
    let copy = project.database("copy.db");
    assert_eq!(copy.query("SELECT count(*) FROM users"), ["3"]);
    assert_eq!(copy.query("SELECT parent FROM pragma_foreign_key_check"), ["users"]);
    let Some(other) = Server::start() else { return };
    project.runs(&format!("restore b.db --url {}", other.url()));
    let other = Hand::new(other.url());
    assert_eq!(other.query("SELECT * FROM posts ORDER BY id"), hand.query("SELECT * FROM posts ORDER BY id"));
}

/// A database with rows that Turso Database seems to have written.
fn written_by_turso() -> Project {
    let project = Project::migrated(&format!("{USERS}{POSTS}"));
    for rows in ROWS {
        project.sql(rows);
    }
    project.sql(INTERNAL);
    project
}

#[test]
fn the_tables_of_turso_database_are_hidden_from_every_command() {
    let project = written_by_turso();
    project.runs("status");
    project.runs("migrate");
    project.runs("check");
    project.runs("lints");
    project.runs("diff --from database --to structs");
    let run = project.runs("push --accept all --accept history");
    assert!(!run.err.contains("turso_internal"), "{}", run.err);
    let run = project.runs("pull");
    assert!(!run.out.contains("turso_internal"), "{}", run.out);
    project.structs(&format!("{REBUILT}{POSTS}"));
    project.runs("generate --name rebuild");
    project.runs("migrate");
    assert_eq!(project.query("SELECT count(*) FROM users"), ["3"]);
    assert_eq!(project.query("SELECT count(*) FROM __turso_internal_seq___turso_internal_autoincrement_users"), ["1"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    project.runs("backup b.db");
    project.runs("restore b.db --url copy.db");
    let copy = project.database("copy.db");
    assert_eq!(copy.query("SELECT count(*) FROM sqlite_schema WHERE name GLOB '__turso_internal_*'"), ["2"]);
    // baseline of a database with nothing but those
    let other = Project::new(USERS);
    other.sql(INTERNAL);
    other.runs("generate");
    other.runs("migrate");
}

#[test]
fn a_file_that_turso_database_has_to_read_again_gets_nothing_that_it_cannot_read() {
    let project = written_by_turso();
    for (sql, _, what) in LACKED {
        // the rest libSQL does, and Turso Database reads
        let Some(what) = what else { continue };
        custom(&project, 2, "before", "UPDATE posts SET title = 'touched';\n");
        project.runs("generate --custom --name lacked");
        project.write(&sql_of("0003_lacked"), format!("{sql};\n"));
        project.runs("generate --custom");
        for line in ["migrate --dry-run", "migrate"] {
            let run = project.ends(1, line);
            let said = format!("of `0003_lacked` cannot run: Turso Database uses this file too, and has no {what}");
            assert!(run.err.contains(&said), "{line}: {sql}\n{}", run.err);
            assert!(
                run.err.contains("drop the tables in it whose names begin with `__turso_internal_`"),
                "{}",
                run.err
            );
        }
        assert_eq!(project.query("SELECT count(*) FROM posts WHERE title = 'touched'"), ["0"]);
        project.runs("generate --undo --accept edits");
        project.runs("generate --undo --accept edits");
    }
}

/// Turso Database leaves tables only beside those with `AUTOINCREMENT`, and a mark in the header of what it has made.
#[test]
fn a_file_that_turso_database_has_made_is_told_by_its_header() {
    let project = Project::migrated(&USERS.replace(", autoincrement", ""));
    project.sql("INSERT INTO users VALUES (1, 'Ada')");
    let mut bytes = project.bytes("dev.db");
    assert_eq!(bytes[48..52], [0; 4], "SQLite writes nothing there");
    bytes[48..52].copy_from_slice(&(-2000_i32).to_be_bytes());
    project.write("dev.db", &bytes);
    custom(&project, 2, "more", "ALTER TABLE users ADD COLUMN age INTEGER;\nALTER TABLE users DROP COLUMN age;\n");
    project.runs("migrate");
    gets_generated_columns_once_the_mark_is_gone(&project, "0003_lacked");
    // what the engine itself has made
    let other = Project::new("");
    let make = ["CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO users VALUES (1, 'Ada')"];
    let Some(said) = turso_database::run(&other.path("dev.db"), &make) else { return };
    assert_eq!(said, [""; 0]);
    fs_err::remove_file(other.path("src/lib.rs")).expect("it is there");
    other.runs("pull --baseline --out src/lib.rs");
    gets_generated_columns_once_the_mark_is_gone(&other, "0002_lacked");
}

fn gets_generated_columns_once_the_mark_is_gone(project: &Project, name: &str) {
    project.runs("generate --custom --name lacked");
    project.write(&sql_of(name), "CREATE TABLE t (a, b AS (a + 1));\nDROP TABLE t;\n");
    project.runs("generate --custom");
    for line in ["migrate --dry-run", "migrate"] {
        let run = project.refuses(1, line);
        let said = format!("of `{name}` cannot run: Turso Database uses this file too, and has no generated columns");
        assert!(run.err.contains(&said), "{line}: {}", run.err);
        assert!(run.err.contains("its mark in the header: `PRAGMA default_cache_size = 0`"), "{}", run.err);
    }
    project.sql("PRAGMA default_cache_size = 0");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada"]);
}

#[test]
fn a_file_in_mvcc_mode_is_told_apart_from_a_newer_format_and_from_no_database() {
    let project = Project::migrated(USERS);
    let good = project.bytes("dev.db");
    let refused = |note: &str| {
        for command in ["status", "migrate", "migrate --dry-run", "push", "pull", "diff", "baseline", "backup b.db"] {
            let run = project.refuses(1, command);
            assert!(
                run.err.starts_with(
                    "error: `dev.db` is in the MVCC mode of Turso Database, which nothing else can read\n"
                ),
                "`{command}` said\n{}",
                run.err
            );
            assert!(run.err.contains("`PRAGMA journal_mode = wal`") && run.err.contains(note), "{}", run.err);
        }
    };
    let mut bytes = good.clone();
    bytes[18..20].fill(0xff);
    project.write("dev.db", &bytes);
    refused("nothing was changed");
    project.write("dev.db-log", b"2LML\x02\0rest");
    refused("the file `dev.db-log` has changes that are not in it");
    // the header is written last when the mode is left
    project.write("dev.db", &good);
    refused("the file `dev.db-log` has changes that are not in it");
    project.write("dev.db-log", "10:00 the application's own log\n");
    project.runs("status");
}

#[test]
fn a_file_of_turso_database_is_migrated_and_turso_database_goes_on_with_it() {
    let project = Project::new(&format!("{USERS}{POSTS}"));
    let file = project.path("dev.db");
    let make = [
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE) -- people",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) ON DELETE CASCADE, title TEXT NOT NULL DEFAULT '')",
        "CREATE INDEX posts_author_idx ON posts (author)",
        ROWS[0],
        ROWS[1],
    ];
    let Some(said) = turso_database::run(&file, &make) else { return };
    assert_eq!(said, [""; 0]);
    // all that a file without `AUTOINCREMENT` has of it, as docs/commands.md says
    let header = project.bytes("dev.db");
    assert!(i32::from_be_bytes(header[48..52].try_into().expect("four bytes")) < 0, "its mark is no longer there");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    project.runs("pull --baseline --out src/lib.rs");
    assert!(!project.read("src/lib.rs").contains("turso_internal"));
    let rows = project.query("SELECT * FROM users ORDER BY id");
    let structs = project.read("src/lib.rs");
    project
        .structs(&structs.replace("pub name: String", "#[column(check = \"length(name) > 0\")]\n    pub name: String"));
    project.runs("generate --name rebuild");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users ORDER BY id"), rows);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    let said = turso_database::run(
        &file,
        &[
            "INSERT INTO users (name) VALUES ('Barbara') RETURNING id",
            "SELECT count(*) FROM posts",
            "PRAGMA integrity_check",
        ],
    );
    assert_eq!(said.expect("it was there before"), ["10", "3", "ok"]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    project.runs("status");
}
