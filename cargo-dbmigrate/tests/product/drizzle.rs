//! Databases that drizzle-kit has managed, in what drizzle-kit and drizzle-orm themselves have made: `fixtures/drizzle`
//! has the folders that they wrote for one schema in several versions, and the databases that they left.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::project::{Database, Project, sql_of};

const JOURNAL: &str = "drizzle/meta/_journal.json";
const PULL: &str = "pull --from drizzle --out src/schema.rs";

/// Versions of drizzle-kit and their dialects: snapshots of version 5, 6, 6, 6 and 7.
const FIXTURES: [&str; 5] = ["0.20-sqlite", "0.21-sqlite", "0.31-sqlite", "0.31-turso", "1.0-sqlite"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/drizzle").join(name)
}

/// A package beside a folder of drizzle-kit, without a database.
fn package(fixture_name: &str) -> Project {
    let project = Project::new("");
    project.write("src/lib.rs", "mod schema;\n");
    project.write("src/schema.rs", "");
    fs_err::remove_file(project.path("src/schema.rs")).expect("it is there");
    copy(&fixture(fixture_name).join("drizzle"), &project.path("drizzle"));
    project
}

/// The same with the database that drizzle-orm has migrated.
pub(crate) fn project(fixture_name: &str) -> Project {
    let project = package(fixture_name);
    restore(&project.database("dev.db"), fixture_name);
    project
}

pub(crate) fn restore(database: &Database, fixture_name: &str) {
    let dump = fs_err::read_to_string(fixture(fixture_name).join("database.sql")).expect("the fixture is there");
    // the dump names children before their parents
    database.run("PRAGMA foreign_keys = OFF");
    database.run(&dump);
    database.run("PRAGMA foreign_keys = ON");
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).expect("the directory is writable");
    for entry in fs_err::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("the fixture is readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).expect("the directory is writable");
        }
    }
}

/// Everything in a database apart from our history: the stored statements, and every row.
pub(crate) fn content(database: &Database) -> String {
    let own = "name NOT IN ('_dbmigrate_history', 'sqlite_sequence')";
    let mut lines = database.query(&format!("SELECT type, name, sql FROM sqlite_schema WHERE {own} ORDER BY 1, 2"));
    for table in database.query(&format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND {own} ORDER BY 1")) {
        lines.push(table.clone());
        lines.extend(database.query(&format!("SELECT rowid, * FROM \"{table}\" ORDER BY 1")));
    }
    if !database.query("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").is_empty() {
        lines.extend(database.query("SELECT name, seq FROM sqlite_sequence"));
    }
    lines.join("\n")
}

/// What a schema means, whatever its text: columns, keys and indexes as SQLite sees them.
fn shape(database: &Database) -> Vec<String> {
    let tables = "FROM sqlite_schema AS m JOIN";
    let of =
        "WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, 2, 3";
    let columns = format!("SELECT m.name, x.* {tables} pragma_table_xinfo(m.name) AS x {of}");
    let keys = format!("SELECT m.name, x.* {tables} pragma_foreign_key_list(m.name) AS x {of}");
    let indexes = format!("SELECT m.name, x.name, x.\"unique\", x.origin {tables} pragma_index_list(m.name) AS x {of}");
    [columns, keys, indexes].iter().flat_map(|query| database.query(query)).collect()
}

#[test]
fn a_database_of_drizzle_goes_on_with_nothing_executed() {
    for name in FIXTURES {
        let project = project(name);
        let before = content(&project.database("dev.db"));
        project.runs(PULL);
        assert_eq!(content(&project.database("dev.db")), before, "{name}: something was executed");
        assert_eq!(
            project.query("SELECT count(*), min(kind), max(kind) FROM _dbmigrate_history"),
            ["4|drizzle|drizzle"]
        );
        // all of it agrees, and again does nothing
        for command in ["status", "check", "generate", "migrate"] {
            project.refuses(0, command);
        }
        project.refuses(0, PULL);
        project.refuses(0, "pull --from-drizzle drizzle");

        // it goes on: a change of a table with rows, under a table that refers to it
        project.replace("src/schema.rs", "pub full_name: Option<String>", "pub full_name: String");
        project.runs("generate --backfill members.full_name=email");
        project.runs("migrate");
        assert_eq!(
            project.query("SELECT id, full_name, bio FROM members"),
            ["1|Ada|member since 1700000000", "2|grace@example.org|member since 1700000001"],
            "{name}"
        );
        assert_eq!(project.query("SELECT count(*) FROM loans"), ["2"]);
        assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
        project.refuses(0, "check");

        // and a new database comes to the same
        project.runs("migrate --url new.db");
        assert_eq!(shape(&project.database("new.db")), shape(&project.database("dev.db")), "{name}");
    }
}

#[test]
fn init_beside_a_folder_of_drizzle_leads_to_taking_it_over() {
    for name in FIXTURES {
        let project = project(name);
        let run = project.runs("init");
        let suggested = run.suggested();
        assert!(suggested.iter().any(|line| line.ends_with(PULL)), "{name}: {suggested:?}");
        // an example would be in the way
        assert!(!project.path("src/schema.rs").exists());
        for line in &suggested {
            assert_eq!(project.shell(line).code, 0, "{name}: {line}");
        }
        project.refuses(0, "check");
    }
}

#[test]
fn what_is_said_and_written() {
    let project = project("0.31-sqlite");
    project.runs(PULL);
    project.runs("status");
    let structs = project.read("src/schema.rs");
    let files = project.file_names();
    let sql = project.read(&sql_of("0003_stricter")) + &project.read(&sql_of("0004_fill"));
    assert_snapshot!(project.transcript() + &files + "\n" + &structs + "\n" + &sql);
}

#[test]
fn where_drizzles_snapshots_are_wrong_it_says_so() {
    // the SQL for Turso forgets the default that it has just set
    let turso = project("0.31-turso");
    turso.runs(PULL);
    assert!(!turso.read("src/schema.rs").contains("default = 0.0"), "{}", turso.read("src/schema.rs"));
    // what drizzle-kit could not do, and somebody has only done in part
    let by_hand = project("0.20-sqlite");
    by_hand.runs(PULL);
    assert_snapshot!(turso.transcript() + &by_hand.transcript());
}

#[test]
fn what_is_not_applied_yet_waits_for_migrate() {
    let project = project("0.31-sqlite");
    let records = "SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at";
    let all = project.query(records);
    // as it was before the third migration, with the statements that drizzle-orm would have run
    let early = package("0.31-sqlite");
    for (at, file) in ["0000_opening", "0001_tags"].into_iter().enumerate() {
        early.sql(&early.read(&format!("drizzle/{file}.sql")));
        if at == 0 {
            early.sql(
                "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)",
            );
        }
        let (hash, created_at) = all[at].split_once('|').expect("two columns");
        early.sql(&format!("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('{hash}', {created_at})"));
    }
    early.sql(
        "INSERT INTO members (id, email, joined_at) VALUES (1, 'ada@example.org', 5), (9, 'gone', 6);
         DELETE FROM members WHERE id = 9;
         INSERT INTO loans VALUES (10, 1, 'Notes', 0.5); INSERT INTO tags VALUES ('new', NULL);
         INSERT INTO loan_tags VALUES (10, 'new', NULL)",
    );
    let before = content(&early.database("dev.db"));
    early.runs(PULL);
    assert_eq!(content(&early.database("dev.db")), before);
    early.refuses(4, "status");
    early.runs("migrate");
    early.refuses(0, "check");
    assert_eq!(early.query("SELECT bio FROM members"), ["member since 5"]);
    assert_eq!(early.query("SELECT count(*) FROM loan_tags"), ["1"]);
    assert_eq!(shape(&early.database("dev.db")), shape(&project.database("dev.db")));
    assert_snapshot!(early.transcript());
}

#[test]
fn a_second_database_follows_the_first() {
    let project = project("0.31-sqlite");
    restore(&project.database("production.db"), "0.31-sqlite");
    project.runs(PULL);
    // the folder has gone on in the meantime
    project.replace(
        "src/schema.rs",
        "pub bio: Option<String>",
        "pub bio: Option<String>,\n    pub phone: Option<String>",
    );
    project.runs("generate");
    project.transcript();
    let run = project.runs("pull --from-drizzle drizzle --url production.db");
    assert_eq!(run.out, "", "the structs are no news");
    project.ends(4, "status --url production.db");
    project.runs("migrate --url production.db");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_new_database_is_made_by_the_migrations_alone() {
    let project = package("1.0-sqlite");
    project.refuses(1, PULL);
    project.sql("");
    project.database("dev.db").run("PRAGMA user_version = 1");
    project.runs(PULL);
    project.runs("migrate");
    project.refuses(0, "check");
    assert_snapshot!(project.transcript());
}

#[test]
fn files_that_were_edited_count_by_what_they_lead_to() {
    let project = project("0.31-sqlite");
    project.replace("drizzle/0001_tags.sql", "CREATE TABLE `tags`", "-- labels\nCREATE TABLE `tags`");
    project.runs(PULL);
    project.refuses(0, "check");
    let transcript = project.transcript();
    // an edit of substance is none that the database has
    let other = self::project("0.31-sqlite");
    other.replace("drizzle/0001_tags.sql", "`icon` blob", "`icon` blob, `color` text");
    other.refuses(4, PULL);
    assert_snapshot!(transcript + &other.transcript());
}

#[test]
fn line_ends_of_windows_are_no_edit() {
    let project = project("0.31-sqlite");
    for file in ["0000_opening", "0001_tags", "0002_stricter", "0003_fill"] {
        let path = format!("drizzle/{file}.sql");
        project.write(&path, project.read(&path).replace('\n', "\r\n"));
    }
    let run = project.runs(PULL);
    assert!(!run.err.contains("warning"), "{}", run.err);
    project.refuses(0, "check");
}

#[test]
fn histories_that_do_not_fit_are_refused() {
    let project = project("0.31-sqlite");
    let journal = project.read(JOURNAL);
    // a file is gone
    let fill = project.read("drizzle/0003_fill.sql");
    fs_err::remove_file(project.path("drizzle/0003_fill.sql")).expect("it is there");
    project.refuses(5, PULL);
    project.write("drizzle/0003_fill.sql", fill);
    // the journal has lost an entry that was applied
    let entry = journal.find("    {\n      \"idx\": 3").expect("the fourth entry");
    project.write(JOURNAL, format!("{}\n  ]\n}}\n", journal[..entry].trim_end().trim_end_matches(',')));
    project.refuses(5, PULL);
    project.write(JOURNAL, &journal);
    // a branch brought a migration in between, which drizzle-kit passes over in silence
    let second = project.query("SELECT created_at FROM __drizzle_migrations ORDER BY created_at")[1].clone();
    project.sql(&format!("DELETE FROM __drizzle_migrations WHERE created_at = {second}"));
    project.refuses(5, PULL);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_migration_that_drizzle_would_never_apply_is_pending_here() {
    let project = project("0.31-sqlite");
    let journal = project.read(JOURNAL);
    let late = "    },\n    {\n      \"idx\": 4,\n      \"version\": \"6\",\n      \"when\": 1700000000000,\n      \"tag\": \"0004_of_a_branch\",\n      \"breakpoints\": true\n    }\n  ]";
    let end = journal.rfind("    }\n  ]").expect("the last entry");
    project.write(JOURNAL, format!("{}{late}\n}}\n", &journal[..end]));
    project.write("drizzle/0004_of_a_branch.sql", "CREATE TABLE shelves (id integer PRIMARY KEY NOT NULL)");
    project.runs(PULL);
    project.runs("migrate");
    project.refuses(0, "check");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_journal_that_was_mended_after_a_merge_is_matched_by_the_text() {
    let project = project("0.31-sqlite");
    let journal = project.read(JOURNAL);
    let when = project.query("SELECT created_at FROM __drizzle_migrations ORDER BY created_at")[3].clone();
    project.write(JOURNAL, journal.replace(&when, "1999999999999"));
    project.runs(PULL);
    project.refuses(0, "status");
}

#[test]
fn a_database_that_is_not_what_drizzle_recorded_is_left_alone() {
    let project = project("0.31-sqlite");
    project.sql("ALTER TABLE tags ADD COLUMN color text; DROP INDEX loans_member_idx");
    project.refuses(4, PULL);
    // drizzle-kit push records nothing
    project.sql("DELETE FROM __drizzle_migrations");
    project.refuses(5, PULL);
    project.sql("DROP TABLE __drizzle_migrations");
    project.refuses(5, PULL);
    assert_snapshot!(project.transcript());
    // what is suggested works
    project.runs("pull --baseline --out src/schema.rs");
    project.refuses(0, "status");
    project.refuses(0, "check");
}

#[test]
fn drizzle_that_goes_on_in_secret_is_found_out() {
    let project = project("0.31-sqlite");
    project.runs(PULL);
    project.sql("DELETE FROM _dbmigrate_history WHERE position > 2");
    project.transcript();
    project.refuses(5, PULL);
    assert_snapshot!(project.transcript());
}

#[test]
fn folders_that_are_none_of_drizzles_are_refused() {
    let project = project("0.31-sqlite");
    project.refuses(1, "pull --from-drizzle nowhere");
    project.refuses(2, "pull --from-drizzle src");
    let journal = project.read(JOURNAL);
    for (from, to) in [
        ("\"dialect\": \"sqlite\"", "\"dialect\": \"postgresql\""),
        ("\"version\": \"7\"", "\"version\": \"4\""),
        ("\"version\": \"7\"", "\"version\": \"99\""),
    ] {
        project.write(JOURNAL, journal.replacen(from, to, 1));
        project.refuses(2, PULL);
    }
    for broken in ["{", "{\"version\": \"7\", \"dialect\": \"sqlite\"}", &journal.replace("0003_fill", "../../secret")]
    {
        project.write(JOURNAL, broken);
        project.refuses(5, PULL);
    }
    project.write(JOURNAL, &journal);
    project.write("drizzle/meta/0002_snapshot.json", "{\"version\": \"6\", \"dialect\": \"sqlite\"}");
    project.refuses(5, PULL);
    assert_snapshot!(project.transcript());
}

#[test]
fn sql_that_cannot_be_replayed_is_named_with_its_line() {
    let project = project("0.31-sqlite");
    project.replace("drizzle/0003_fill.sql", "INSERT INTO tags", "INSERT INTO labels");
    project.refuses(1, PULL);
    assert_snapshot!(project.transcript());
}

/// drizzle-kit 0.31 writes this when a table is made anew and gets a column at the same time.
const TEXT_FOR_NAME: &str = "CREATE TABLE `__new_tags` (`slug` text PRIMARY KEY NOT NULL, `icon` blob, `color` text DEFAULT 'red' NOT NULL);--> statement-breakpoint
INSERT INTO `__new_tags`(\"slug\", \"icon\", \"color\") SELECT \"slug\", \"icon\", \"color\" FROM `tags`;--> statement-breakpoint
DROP TABLE `tags`;--> statement-breakpoint
ALTER TABLE `__new_tags` RENAME TO `tags`;";

#[test]
fn a_pending_migration_that_would_write_a_name_as_text_is_refused() {
    let project = project("0.31-sqlite");
    let journal = project.read(JOURNAL);
    let end = journal.rfind("    }\n  ]").expect("the last entry");
    let fifth = "    },\n    { \"idx\": 4, \"version\": \"6\", \"when\": 1899999999999, \"tag\": \"0004_colors\", \"breakpoints\": true }\n  ]\n}\n";
    project.write(JOURNAL, format!("{}{fifth}", &journal[..end]));
    project.write("drizzle/0004_colors.sql", TEXT_FOR_NAME);
    project.refuses(5, PULL);
    assert_snapshot!(project.transcript());
    project.replace(
        "drizzle/0004_colors.sql",
        ", \"color\") SELECT \"slug\", \"icon\", \"color\" FROM",
        ") SELECT \"slug\", \"icon\" FROM",
    );
    project.runs(PULL);
    project.runs("migrate");
    assert_eq!(project.query("SELECT slug, color FROM tags"), ["new|red", "overdue|red"]);
    assert_eq!(project.query("SELECT count(*) FROM loan_tags"), ["1"]);
    project.refuses(0, "check");
}

#[test]
fn a_folder_with_other_migrations_is_left_alone() {
    let project = project("0.31-sqlite");
    project.structs("#[derive(Table)]\nstruct Mine { #[column(primary_key)] id: i64 }");
    project.runs("generate");
    project.refuses(5, PULL);
    project.refuses(5, "pull --baseline --out src/schema.rs");
    assert_snapshot!(project.transcript());
}

#[test]
fn an_interrupted_run_is_completed_by_the_next_one() {
    let whole = project("0.31-sqlite");
    whole.runs(PULL);
    let lock = whole.read("migrations/migrations.lock");
    let lines: Vec<&str> = lock.lines().collect();
    // after each migration, and between its directory and the lock
    for written in 0..=4_usize {
        for left_over in [false, true] {
            let project = project("0.31-sqlite");
            project.write("src/schema.rs", whole.read("src/schema.rs"));
            copy(&whole.path("migrations"), &project.path("migrations"));
            project.write("migrations/migrations.lock", lines[..=written].join("\n") + "\n");
            let names = ["0001_opening", "0002_tags", "0003_stricter", "0004_fill"];
            for name in &names[(written + usize::from(left_over)).min(names.len())..] {
                fs_err::remove_dir_all(project.path(&format!("migrations/{name}"))).expect("it is there");
            }
            project.runs(PULL);
            assert_eq!(project.tree(), whole.tree(), "{written} migrations written, left over: {left_over}");
            for command in ["status", "check", "migrate"] {
                project.refuses(0, command);
            }
        }
    }
}

#[test]
fn structs_that_are_not_part_of_the_package_yet_are_named() {
    let project = project("0.31-sqlite");
    project.write("src/lib.rs", "");
    project.runs(PULL);
    project.write("src/lib.rs", "mod schema;\n");
    for command in ["generate", "check", "status", "migrate", PULL] {
        project.refuses(0, command);
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn without_a_file_the_structs_go_to_the_standard_output() {
    let project = project("1.0-sqlite");
    let run = project.runs("pull --from-drizzle drizzle");
    project.write("src/schema.rs", run.out);
    for command in ["generate", "check", "status", "migrate", PULL] {
        project.refuses(0, command);
    }
}
