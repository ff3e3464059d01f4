//! Databases that were there before the tool: taken into the history without a statement of a migration.

use std::time::Duration;

use dbmigrate_core::engine::apply::{Adoption, Database, RecordKind, Refusal, Target as _};
use dbmigrate_core::folder::Folder;
use insta::assert_snapshot;
use pollster::block_on;

use crate::project::{Project, Run};

const USER: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64 }\n";

/// What somebody else has made of `users`, in words of their own.
const USERS: &str = "create table \"users\" (\"id\" integer not null primary key, -- the key\n  [name] text not null);
     INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');";
const POSTS: &str =
    "CREATE TABLE posts (author INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, id INTEGER PRIMARY KEY NOT NULL);
     CREATE INDEX posts_author_idx ON posts (author); INSERT INTO posts (id, author) VALUES (7, 1), (8, 2);";

/// Three migrations, of which the last one changes rows only, and a database without history that has these tables.
fn project(tables: &str) -> Project {
    let project = Project::generated(USER);
    project.structs(&format!("{USER}{POST}"));
    project.runs("generate");
    project.runs("generate --custom --name greet");
    let draft = project.read("migrations/0003_greet/migration.sql");
    project.write("migrations/0003_greet/migration.sql", format!("{draft}UPDATE users SET name = name || '!';\n"));
    project.runs("generate --custom");
    project.sql(tables);
    project.transcript();
    project
}

#[test]
fn a_database_is_adopted_where_it_is_and_goes_on_from_there() {
    let project = project(&format!("{USERS}{POSTS}"));
    let before = project.dump();
    let statements = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '%dbmigrate%' ORDER BY name";
    let schema = project.query(statements);
    project.runs("baseline 0002_create_posts");
    assert_eq!(project.dump(), before, "no statement was executed");
    assert_eq!(project.query(statements), schema);
    project.refuses(0, "baseline 2");
    project.refuses(4, "status");
    project.runs("migrate");
    project.refuses(0, "status");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada!", "Grace!"]);
    assert_eq!(
        project.query("SELECT position, name, kind FROM _dbmigrate_history"),
        ["1|0001_create_users|baseline", "2|0002_create_posts|baseline", "3|0003_greet|migration"]
    );
    // the next change meets the table as it was found
    project
        .structs(&format!("{}{POST}", USER.replace("name: String", "name: String, #[column(default = 0)] age: i64")));
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada!|0", "2|Grace!|0"]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_snapshot!(project.transcript());
}

#[test]
fn without_a_name_the_last_migration_is_meant_if_it_is_the_only_one_that_fits() {
    let project = project(&format!("{USERS}{POSTS}"));
    // the third migration changes rows only: nobody knows whether that was done
    project.refuses(3, "baseline");
    project.runs("baseline 3");
    project.refuses(0, "baseline");
    project.refuses(0, "migrate");
    project.refuses(0, "status");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada", "Grace"]);
    assert_snapshot!(project.transcript());
    let project = Project::generated(USER);
    project.sql(USERS);
    project.runs("baseline");
    project.refuses(0, "migrate");
}

#[test]
fn a_database_with_another_schema_is_shown_the_differences_and_left_alone() {
    let project = project(&format!(
        "{USERS} CREATE VIEW mine AS SELECT 1; CREATE TRIGGER loud AFTER INSERT ON users BEGIN SELECT 1; END"
    ));
    project.refuses(4, "baseline 1");
    assert_snapshot!(project.transcript());
}

#[test]
fn the_migration_whose_schema_it_has_is_named() {
    let project = project(USERS);
    let run = project.refuses(4, "baseline");
    assert_eq!(run.suggested(), ["cargo dbmigrate baseline 0001_create_users"]);
    let run = project.shell(&run.suggested()[0]);
    assert_eq!(run.code, 0, "{}", run.err);
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada!", "Grace!"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_table_that_only_looks_the_same_is_another_one() {
    for (name, other) in [
        ("a check", USERS.replace("text not null", "text not null check (length(name) > 0)")),
        ("a collation", USERS.replace("text not null", "text not null collate nocase")),
        ("strictness", USERS.replace("not null);", "not null) STRICT;")),
        ("an order of the key", USERS.replace("primary key", "primary key desc")),
        ("no NOT NULL", USERS.replace("text not null", "text")),
    ] {
        let project = project(&other);
        project.refuses(4, "baseline 1");
        assert!(project.query("SELECT name FROM sqlite_schema WHERE name = '_dbmigrate_history'").is_empty(), "{name}");
    }
}

#[test]
fn a_database_with_a_history_is_where_its_history_says() {
    let project = project("");
    project.runs("migrate --to 2");
    project.transcript();
    for (code, command) in
        [(5, "baseline"), (5, "baseline 1"), (0, "baseline 2"), (2, "baseline 4"), (2, "baseline users")]
    {
        project.refuses(code, command);
    }
    // what it says has to be true, too
    project.sql("CREATE TABLE mine (id)");
    project.refuses(5, "baseline 2");
    assert_snapshot!(project.transcript());
}

#[test]
fn where_there_is_nothing_there_is_nothing_to_adopt() {
    let project = project("");
    project.refuses(4, "baseline");
    project.refuses(4, "baseline --url dev.db 1");
    fs_err::remove_file(project.path("dev.db")).expect("it is there");
    project.refuses(1, "baseline");
    assert!(!project.path("dev.db").exists());
    let without_migrations = Project::new(USER);
    without_migrations.sql(USERS);
    without_migrations.refuses(5, "baseline");
    assert_snapshot!(project.transcript() + &without_migrations.transcript());
}

#[test]
fn many_runs_at_once_record_each_migration_once() {
    let project = project(&format!("{USERS}{POSTS}"));
    let running: Vec<_> = (0..6)
        .map(|_| {
            let mut command = project.command(&["baseline", "2"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    let runs: Vec<Run> = running.into_iter().map(|run| Run::from(run.wait_with_output().expect("it ends"))).collect();
    let adopted = runs.iter().filter(|run| run.err.contains("Adopted")).count();
    let unchanged = runs.iter().filter(|run| run.err.contains("Unchanged")).count();
    assert_eq!((adopted, unchanged), (1, 5), "{runs:?}");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
}

#[test]
fn what_is_recorded_has_to_be_true_when_the_lock_is_held() {
    let project = project(USERS);
    let folder = Folder::open(project.path("migrations")).expect("the folder is whole");
    let mut database =
        block_on(Database::open(&project.path("dev.db"), false, Duration::ZERO)).expect("it is a database");
    let before = project.bytes("dev.db");
    let mut adopt = |count: usize, expect_none: Option<&str>| {
        let migrations = &folder.migrations()[..count];
        let adoption = Adoption {
            migrations,
            kind: RecordKind::Baseline,
            schema_hash: migrations[count - 1].schema.to_hex(),
            expect_none: expect_none.map(str::to_owned),
        };
        block_on(database.adopt(&adoption))
    };
    // between the first look and the lock, somebody else may have been there
    assert_eq!(adopt(2, None), Ok(Some(Refusal::OtherSchema)));
    assert_eq!(adopt(1, Some("SELECT 1 FROM users")), Ok(Some(Refusal::Changed)));
    assert!(adopt(1, Some("SELECT 1 FROM nothing")).is_err());
    assert!(project.bytes("dev.db") == before);
    assert_eq!(adopt(1, Some("SELECT 1 FROM users WHERE id = 3")), Ok(None));
    assert_eq!(adopt(1, None), Ok(Some(Refusal::HasHistory)));
    assert_eq!(project.query("SELECT position, name FROM _dbmigrate_history"), ["1|0001_create_users"]);
}

const BASELINE: &str = "pull --baseline --out src/schema.rs";

/// Everything that a database may have, made by somebody else, with rows.
const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL COLLATE NOCASE UNIQUE, born INT CHECK (born > 1800)) STRICT;
    CREATE TABLE \"order\" (nr TEXT PRIMARY KEY, customer INTEGER REFERENCES customers ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
      cents INTEGER NOT NULL DEFAULT (1+1), price AS (cents / 100.0)) WITHOUT ROWID;
    CREATE UNIQUE INDEX one_open ON \"order\" (customer) WHERE cents = 0;
    CREATE VIEW totals AS SELECT customer, sum(cents) AS cents FROM \"order\" GROUP BY customer;
    CREATE VIRTUAL TABLE notes USING fts5(text);
    CREATE TRIGGER remember AFTER INSERT ON customers BEGIN INSERT INTO notes (text) VALUES (new.email); END;
    INSERT INTO customers VALUES (1, 'ada@example.org', 1815), (9, 'gone@example.org', NULL);
    DELETE FROM customers WHERE id = 9;
    INSERT INTO \"order\" (nr, customer, cents) VALUES ('a', 1, 0), ('b', 1, 250)";

fn shop() -> Project {
    let project = Project::new("");
    project.write("src/lib.rs", "mod schema;\n");
    project.sql(SHOP);
    project
}

#[test]
fn a_database_becomes_structs_a_first_migration_and_its_own_history() {
    let project = shop();
    let statements = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '%dbmigrate%' ORDER BY name";
    let before = (project.dump(), project.query(statements), project.query("SELECT * FROM sqlite_sequence"));
    project.runs(BASELINE);
    let after = (project.dump(), project.query(statements), project.query("SELECT * FROM sqlite_sequence"));
    assert_eq!(after, before, "no statement was executed");
    for command in ["generate", "migrate", "status", "check", BASELINE, "pull --baseline"] {
        project.refuses(0, command);
    }
    let transcript = project.transcript();
    // a new database gets the same, and both go on
    project.runs("migrate --url new.db");
    project.runs("baseline --url new.db");
    project.replace(
        "src/schema.rs",
        "pub email: String",
        "pub email: String,\n    #[column(default = 0)]\n    pub points: i64",
    );
    project.runs("generate");
    project.runs("migrate");
    project.runs("migrate --url new.db");
    assert_eq!(project.query("SELECT id, points FROM customers"), ["1|0"]);
    assert_eq!(project.query("SELECT * FROM totals"), ["1|250"]);
    assert_snapshot!(transcript);
}

#[test]
fn structs_that_are_not_part_of_the_package_yet_are_named_and_others_are_in_the_way() {
    let project = shop();
    project.write("src/lib.rs", "");
    let before = project.dump();
    project.runs(BASELINE);
    assert_eq!(project.dump(), before, "nothing but the history was written");
    project.refuses(0, "migrate");
    // until then nothing is written, and nothing is lost
    project.refuses(1, "generate");
    project.write("src/lib.rs", "mod schema;\n");
    project.refuses(0, "generate");
    // on the standard output it is the same
    let printed = shop();
    printed.write("src/lib.rs", "");
    printed.runs("pull --baseline");
    printed.runs("pull --out src/schema.rs");
    printed.write("src/lib.rs", "mod schema;\n");
    printed.refuses(0, "generate");
    // other structs say other things
    let other = shop();
    other.write("src/lib.rs", format!("mod schema;\nuse dbmigrate::Table;\n{USER}"));
    let before = other.bytes("dev.db");
    other.ends(4, BASELINE);
    assert!(other.bytes("dev.db") == before && !other.path("migrations").exists());
    // or the same thing twice
    other.write("src/lib.rs", "mod schema;\nuse dbmigrate::Table;\n#[derive(Table)]\n#[table(name = \"customers\")]\nstruct Mine { #[column(primary_key)] id: i64 }");
    other.ends(1, BASELINE);
    assert!(other.bytes("dev.db") == before && !other.path("migrations").exists());
    assert_snapshot!(project.transcript() + &printed.transcript() + &other.transcript());
}

#[test]
fn structs_that_say_the_same_need_no_file() {
    let project = Project::new(USER);
    project.sql(USERS);
    project.runs("pull --baseline");
    for command in ["generate", "migrate", "status", "check"] {
        project.refuses(0, command);
    }
    assert_eq!(project.query("SELECT name FROM users"), ["Ada", "Grace"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_baseline_is_the_first_migration_of_a_database_without_history() {
    let project = Project::migrated(USER);
    project.refuses(5, "pull --baseline");
    let empty = Project::new("");
    empty.sql("");
    empty.refuses(4, BASELINE);
    fs_err::remove_file(empty.path("dev.db")).expect("it is there");
    empty.refuses(1, BASELINE);
    let shop = shop();
    shop.refuses(1, "pull --baseline");
    shop.write("src/lib.rs", "");
    shop.refuses(2, &format!("{BASELINE} --tables customers"));
    shop.refuses(2, &format!("{BASELINE} --from-drizzle drizzle"));
    // what was made by migrations that are not here
    let history = Project::new("");
    history.write("src/lib.rs", "mod schema;\n");
    fs_err::copy(project.path("dev.db"), history.path("dev.db")).expect("it is writable");
    history.ends(5, BASELINE);
    assert!(history.bytes("dev.db") == project.bytes("dev.db") && !history.path("migrations").exists());
    assert_snapshot!(project.transcript() + &empty.transcript() + &shop.transcript() + &history.transcript());
}

#[test]
fn an_interrupted_baseline_is_completed_by_the_next_one() {
    let whole = shop();
    whole.runs(BASELINE);
    let copied = ["migrations/0001_baseline/migration.sql", "migrations/0001_baseline/snapshot.json"];
    let lock = "migrations/migrations.lock";
    let empty_lock = whole.read(lock).lines().next().expect("a header").to_owned() + "\n";
    for lock_text in [None, Some(empty_lock), Some(whole.read(lock))] {
        let project = shop();
        project.write("src/schema.rs", whole.read("src/schema.rs"));
        for file in copied {
            project.write(file, whole.read(file));
        }
        if let Some(text) = &lock_text {
            project.write(lock, text);
        }
        project.runs(BASELINE);
        assert_eq!(project.tree(), whole.tree(), "{lock_text:?}");
        for command in ["generate", "migrate", "status", "check"] {
            project.refuses(0, command);
        }
    }
    // what somebody else has put there is not taken for a left-over
    let project = shop();
    project.write("migrations/0001_baseline/migration.sql", "SELECT 1;\n");
    project.write("migrations/0001_baseline/snapshot.json", "{}");
    project.refuses(5, BASELINE);
}
