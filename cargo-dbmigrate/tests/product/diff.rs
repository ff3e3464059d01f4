//! `diff` between any two of structs, snapshots and databases: what it says, and that its statements lead there.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::project::{Project, Run};

const ORG: &str = "#[derive(Table)]\n#[table(name = \"orgs\")]\nstruct Org { #[column(primary_key)] id: i64, #[column(unique)] slug: String }\n";
const USER: &str = "#[derive(Table)]\n#[table(name = \"users\", index(nick))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, #[column(references = Org::id, on_delete = cascade)] org: i64, name: String, nick: Option<String> }\n";
const LEGACY: &str =
    "#[derive(Table)]\n#[table(name = \"legacy\")]\nstruct Legacy { #[column(primary_key)] id: i64 }\n";
const LATER_USER: &str = "#[derive(Table)]\n#[table(name = \"users\", index(handle), check(short, \"length(name) < 100\"))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, #[column(references = Org::id)] org: i64, name: Option<String>, handle: Option<String>, #[column(default = 1)] age: i64 }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] author: i64 }\n";
const VIEW: &str = "#[derive(View)]\n#[view(name = \"names\", query = \"SELECT id, name FROM users\")]\nstruct Names { id: i64, name: String }\n";

/// Two migrations, of which the database with its rows has the first, and structs that are ahead of both.
fn project() -> Project {
    let project = Project::migrated(ORG);
    project.sql("INSERT INTO orgs VALUES (1, 'acme'), (2, 'initech')");
    project.structs(&format!("{ORG}{USER}{LEGACY}{VIEW}"));
    project.runs("generate --name users");
    project.structs(&format!("{ORG}{LATER_USER}{POST}"));
    // another database at the second migration, spelled differently
    project.database("other.db").run(
        "create table 'legacy' (ID integer not null primary key);
         CREATE TABLE users (nick text, name TEXT NOT NULL, org INTEGER NOT NULL, id INTEGER PRIMARY KEY AUTOINCREMENT,
           FOREIGN KEY (org) REFERENCES orgs ON DELETE CASCADE);
         CREATE INDEX users_nick_idx ON users (nick ASC);
         CREATE TABLE orgs (slug TEXT NOT NULL, id INTEGER PRIMARY KEY, UNIQUE (slug));
         CREATE VIEW names AS SELECT id,name FROM users;
         INSERT INTO orgs VALUES ('acme', 1);
         INSERT INTO users VALUES ('ada', 'Ada', 1, 7), (NULL, 'Grace', 1, 9)",
    );
    project.transcript();
    project
}

#[test]
fn any_two_sides_can_be_compared() {
    let project = project();
    // sides that are the same have the same number
    let sides = [
        ("empty", 0),
        ("0", 0),
        ("1", 1),
        ("0001_create_orgs", 1),
        ("database", 1),
        ("dev.db", 1),
        ("head", 2),
        ("0002", 2),
        ("./other.db", 2),
        ("file:other.db", 2),
        ("structs", 3),
    ];
    for (from, one) in sides {
        for (to, other) in sides {
            let run = project.refuses(
                if one == other { 0 } else { 4 },
                &format!("diff --from {from} --to {to} --message-format json"),
            );
            let objects = run.json();
            let (last, differences) = objects.split_last().expect("there is a result");
            assert_eq!(last["reason"], "diff");
            assert_eq!(last["equal"], one == other, "{from} {to}: {}", run.out);
            assert_eq!(last["differences"], differences.len());
            assert_eq!(differences.is_empty(), one == other);
            assert!(differences.iter().all(|object| object["reason"] == "difference"), "{}", run.out);
        }
    }
}

#[test]
fn a_difference_is_a_line_with_what_it_would_lose() {
    let project = project();
    project.refuses(4, "diff");
    project.refuses(4, "diff --from head");
    project.refuses(4, "diff --from head --rename users.nick=handle");
    project.refuses(4, "diff --from structs --to head");
    project.refuses(4, "diff --from 1 --to 2 -v");
    project.refuses(4, "diff --to database");
    project.refuses(0, "diff --from database --to 0001");
    project.refuses(4, "diff -q --url other.db");
    project.refuses(4, "diff --url new.db");
    assert!(!project.path("new.db").exists());
    assert_snapshot!(project.transcript());
}

#[test]
fn the_next_step_is_one_that_helps() {
    let project = project();
    let next = |project: &Project, line: &str| {
        let run = project.refuses(4, line);
        let line = run.err.lines().find(|line| line.contains("migration")).map(str::trim).unwrap_or_default();
        line.trim_start_matches("Next ").to_owned()
    };
    assert_eq!(next(&project, "diff"), "write the migration: `cargo dbmigrate generate`");
    let push =
        "change the database: `cargo dbmigrate push --url other.db`, or write a migration: `cargo dbmigrate generate`";
    assert_eq!(next(&project, "diff --url other.db"), push);
    // what there is to generate is generated
    project.structs(&format!("{ORG}{USER}{LEGACY}{VIEW}"));
    let status = "the last migration matches the structs; show pending migrations and drift: `cargo dbmigrate status`";
    assert_eq!(next(&project, "diff"), status);
}

#[test]
fn differences_are_objects_for_programs() {
    let project = project();
    let mut text = String::new();
    let runs = [
        project.refuses(4, "diff --from head --rename users.nick=handle --message-format json"),
        project.refuses(0, "diff --from head --to other.db --message-format json"),
    ];
    for object in runs.iter().flat_map(Run::json) {
        writeln!(text, "{object}").expect("it is a string");
    }
    assert_snapshot!(text);
    let run = project.refuses(4, "diff --from 1 --to 2 --sql --message-format json");
    let reasons: Vec<serde_json::Value> = run.json().iter().map(|object| object["reason"].clone()).collect();
    assert_eq!(reasons, ["sql", "diff"]);
    let sql = run.json()[0]["sql"].as_str().map(str::to_owned);
    let shown = project.refuses(4, "diff --from 1 --to 2 --sql").out;
    assert_eq!(sql.as_deref().map(str::trim_end), Some(shown.trim_end()));
}

#[test]
fn colours_are_an_addition() {
    let project = project();
    let plain = project.refuses(4, "diff --from head --color never").out;
    assert!(!plain.contains('\u{1b}') && plain.contains("- table legacy (id)  ! its rows would be lost"), "{plain}");
    let colored = project.refuses(4, "diff --from head --color always").out;
    for sign in ["\u{1b}[32m+ ", "\u{1b}[31m- ", "\u{1b}[33m~ "] {
        assert!(colored.contains(sign), "{colored}");
    }
    let mut text = String::new();
    for (at, part) in colored.split('\u{1b}').enumerate() {
        text.push_str(if at == 0 { part } else { part.split_once('m').expect("an escape ends").1 });
    }
    assert_eq!(text, plain);
    let run = Run::of(project.command(&["diff", "--from", "head"]).env("NO_COLOR", "1"));
    assert_eq!(run.out, plain);
}

/// The statements that lead from a database to a side, executed on it, have to make it that side.
#[track_caller]
fn becomes(project: &Project, database: &str, to: &str, flags: &str) -> String {
    let file = format!("copy-{to}.db");
    fs_err::copy(project.path(database), project.path(&file)).expect("the database is there");
    let before = project.path(&file);
    let run = project.ends(4, &format!("diff --from {file} --to {to} --sql {flags}"));
    assert!(!run.err.contains("warning"), "{}", run.err);
    assert_eq!(fs_err::read(&before).ok(), fs_err::read(project.path(database)).ok(), "it was written to");
    let copy = project.database(&file);
    copy.run("PRAGMA foreign_keys = OFF; BEGIN");
    copy.run(&run.out);
    copy.run("COMMIT");
    assert_eq!(copy.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(copy.query("PRAGMA integrity_check"), ["ok"]);
    project.ends(0, &format!("diff --from {file} --to {to}"));
    run.out
}

#[test]
fn the_statements_lead_from_a_database_to_the_other_side() {
    let project = project();
    for to in ["structs", "head", "1", "empty", "dev.db"] {
        if to != "head" {
            becomes(&project, "other.db", to, "");
        }
        if !["1", "dev.db"].contains(&to) {
            becomes(&project, "dev.db", to, "");
        }
    }
    let sql = becomes(&project, "other.db", "structs", "--rename users.nick=handle");
    assert_snapshot!(sql);
    let rows = project.database("copy-structs.db").query("SELECT id, org, name, handle, age FROM users ORDER BY id");
    assert_eq!(rows, ["7|1|Ada|ada|1", "9|1|Grace|NULL|1"]);
    let mark = project.database("copy-structs.db").query("SELECT seq FROM sqlite_sequence WHERE name = 'users'");
    assert_eq!(mark, ["9"]);
}

#[test]
fn what_is_undecided_stands_in_the_statements_as_a_comment() {
    let project = project();
    project.structs(&format!("{ORG}{}", LATER_USER.replace("#[column(default = 1)] age", "age")));
    let run = project.refuses(4, "diff --from other.db --sql");
    // nobody has allowed anything
    assert!(!run.out.contains("allow("), "{}", run.out);
    let comments: Vec<&str> = run.out.lines().take_while(|line| line.starts_with("--")).collect();
    assert_snapshot!(comments.join("\n"));
}

#[test]
fn nothing_to_say_is_nothing_on_the_standard_output() {
    let project = project();
    for flags in ["", "--sql"] {
        let run = project.refuses(0, &format!("diff --from head --to other.db {flags}"));
        assert_eq!(run.out, "");
        assert_eq!(run.err, "       Equal 0002_users and other.db\n");
    }
}

#[test]
fn an_attribute_says_what_was_renamed_until_the_database_has_it() {
    let project = Project::migrated(&format!("{ORG}{USER}"));
    project.sql("INSERT INTO orgs VALUES (1, 'acme'); INSERT INTO users VALUES (7, 1, 'Ada', 'ada')");
    let renamed = USER
        .replace("name = \"users\"", "name = \"people\", renamed_from = \"users\"")
        .replace("nick: Option", "#[column(renamed_from = \"nick\")] handle: Option")
        .replace("index(nick)", "index(handle)");
    project.structs(&format!("{ORG}{renamed}"));
    project.transcript();
    project.refuses(4, "diff");
    // nothing was there yet that could have been renamed
    project.refuses(4, "diff --from empty");
    assert_snapshot!(project.transcript());
    becomes(&project, "dev.db", "structs", "");
    let rows = project.database("copy-structs.db").query("SELECT id, handle FROM people");
    assert_eq!(rows, ["7|ada"]);
    project.runs("generate");
    project.runs("migrate");
    project.refuses(0, "diff");
    // under the old name there is something new now, and the attribute is history
    let refilled = renamed.replace("name: String", "nick: Option<String>, name: String");
    project.structs(&format!("{ORG}{refilled}"));
    project.transcript();
    project.refuses(4, "diff");
    assert_snapshot!(project.transcript(), @r"
    $ cargo dbmigrate diff
    + column people.nick TEXT
       Different from dev.db to the structs: 1 difference
            Next write the migration: `cargo dbmigrate generate`
    [exit 4]
    ");
}

#[test]
fn what_cannot_be_read_is_a_difference_with_a_name() {
    let project = project();
    let odd = "CREATE TABLE odd (a \"\")";
    for file in ["other.db", "second.db"] {
        project.database(file).run(odd);
    }
    project.transcript();
    project.refuses(4, "diff --from head --to other.db");
    project.refuses(4, "diff --from other.db --to head");
    project.refuses(4, "diff --from head --to other.db --message-format json");
    project.refuses(4, "diff --from other.db --to head --sql");
    // the same text means the same
    project.refuses(4, "diff --from empty --to second.db");
    project.database("third.db").run(odd);
    project.refuses(0, "diff --from second.db --to third.db");
    project.database("fourth.db").run("CREATE TABLE odd (a INT)");
    project.refuses(4, "diff --from second.db --to fourth.db");
    assert_snapshot!(project.transcript());
}

#[test]
fn what_is_ignored_makes_no_difference() {
    let project = project();
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\"]\n");
    project.sql("CREATE TABLE legacy_rows (a, b)");
    project.refuses(0, "diff --from 1 --to database");
}

#[test]
fn a_side_that_does_not_exist_is_wrong_usage() {
    let project = project();
    project.write("hidden", "");
    project.write("not-a-database.db", "Dear diary, today I have not been a database.\n".repeat(100));
    for line in [
        "diff --from 3",
        "diff --from users",
        "diff --from strukts",
        "diff --to hidden",
        "diff --to 0002_user",
        "diff --url other.db --from head --to structs",
        "diff --to libsql://me:s3cret@app.turso.io?authToken=s3cret",
        "diff --url libsql://me:s3cret@app.turso.io",
        "diff --from 1 --to 2 --rename orgs=firms",
        "diff --from 1 --to 2 --rename orgs",
        "diff --rename users.nickname=handle --from head",
    ] {
        let run = project.refuses(2, line);
        assert!(!run.err.contains("s3cret"), "{}", run.err);
    }
    project.refuses(1, "diff --from ./missing.db");
    project.refuses(1, "diff --from not-a-database.db");
    assert!(!project.path("missing.db").exists());
    assert_snapshot!(project.transcript());
}

#[test]
fn what_is_suggested_works_as_typed() {
    let project = project();
    let run = project.refuses(4, "diff --from head");
    let suggested =
        run.err.split('`').find(|part| part.contains("users.nick")).expect("something is suggested").to_owned();
    let run = project.shell(&suggested);
    assert!(run.code == 4 && run.out.contains("~ column users.nick renamed to handle"), "{}{}", run.out, run.err);
}
