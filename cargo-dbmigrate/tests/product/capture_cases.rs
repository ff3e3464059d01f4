//! `capture` where more is to be thought of than the change: other migrations, the same change elsewhere, structs that are
//! ahead, what no migration can have, consent.

use crate::project::{Project, sql_of};

const USERS: &str = "\
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    pub nick: Option<String>,
}
";

const TAGS: &str =
    "#[derive(Table)]\n#[table(name = \"tags\")]\npub struct Tag {\n    #[column(primary_key)]\n    pub id: i64,\n}\n";

/// Two databases with the same rows.
fn twins(structs: &str) -> Project {
    let project = Project::migrated(structs);
    project.runs("migrate --url other.db");
    for name in ["dev.db", "other.db"] {
        project.database(name).run("INSERT INTO users (id, nick) VALUES (1, 'ada'), (2, NULL)");
    }
    project.transcript();
    project
}

fn drifted() -> Project {
    let project = twins(USERS);
    project.sql("ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = '+' || id");
    project
}

/// The commands of one line of help, run one after the other as they are printed.
#[track_caller]
fn follow(project: &Project, said: &str, start: &str) {
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(start)).collect();
    assert_eq!(lines.len(), 1, "{said}");
    for command in lines[0].split('`').skip(1).step_by(2) {
        let run = project.shell(command);
        assert_eq!(run.code, 0, "`{command}` said\n{}{}", run.out, run.err);
    }
}

#[test]
fn everything_that_says_drift_offers_to_capture_it() {
    let project = drifted();
    let offer = "to keep it, and bring it to every database: `cargo dbmigrate capture`";
    for (code, line) in [
        (4, "status"),
        (5, "migrate"),
        (5, "migrate --dry-run"),
        (5, "migrate --rehearse"),
        (5, "plan --out plan.json"),
    ] {
        let run = project.ends(code, line);
        assert!(run.err.contains(offer), "{line}: {}", run.err);
    }
    // what a migration would touch
    project.structs(&USERS.replace("pub nick: Option<String>", "#[column(unique)] pub nick: Option<String>"));
    project.runs("generate");
    let run = project.ends(5, "migrate --accept drift");
    assert!(run.err.contains(offer), "{}", run.err);
    let project = drifted();
    let run = project.ends(4, "status");
    follow(&project, &run.err, "to keep it, and bring it");
    project.runs("status");
}

#[test]
fn migrations_that_are_pending_come_first() {
    let project = drifted();
    project.structs(&format!("{USERS}{TAGS}"));
    project.runs("generate");
    let run = project.refuses(5, "capture");
    assert!(run.err.contains("`dev.db` was changed by hand, and lacks 1 migration"), "{}", run.err);
    follow(&project, &run.err, "apply them beside the change");
    follow(&project, &run.err, "then capture it");
    project.runs("status");
    project.runs("migrate --url other.db");
    assert_eq!(project.runs("diff --from ./dev.db --to ./other.db").code, 0);
    assert_eq!(project.query("SELECT phone FROM users"), ["+1", "+2"]);
    assert_eq!(project.database("other.db").query("SELECT phone FROM users"), ["NULL", "NULL"]);
}

#[test]
fn a_pending_migration_that_changes_the_same_is_taken_back_first() {
    let project = drifted();
    project.structs(&USERS.replace("pub nick: Option<String>", "#[column(unique)]\n    pub nick: Option<String>"));
    project.runs("generate");
    let run = project.refuses(5, "capture");
    assert!(run.err.contains("`0002_users_unique` changes what was changed by hand"), "{}", run.err);
    let line = run.err.lines().find(|line| line.contains("if no database has it")).expect("a way is said");
    let commands: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    assert_eq!(commands, ["cargo dbmigrate generate --undo", "cargo dbmigrate capture", "cargo dbmigrate generate"]);
    for command in &commands[..2] {
        assert_eq!(project.shell(command).code, 0);
    }
    // the structs get the change, and stay ahead by their own
    project.runs("capture --write");
    assert!(project.read("src/lib.rs").contains("pub phone"), "{}", project.read("src/lib.rs"));
    assert_eq!(project.shell(commands[2]).code, 0);
    project.runs("migrate");
    project.runs("migrate --url other.db");
    assert_eq!(project.query("SELECT nick, phone FROM users"), ["ada|+1", "NULL|+2"]);
    project.runs("status");
}

#[test]
fn the_same_change_made_elsewhere_is_recorded_there_and_not_run() {
    let project = drifted();
    project.database("other.db").run("ALTER TABLE users ADD COLUMN phone TEXT; UPDATE users SET phone = 'x'");
    project.runs("capture");
    let tree = project.tree();
    let shown = project.runs("capture --url other.db --dry-run");
    assert!(shown.err.contains("Would record 0002_users_phone as applied to other.db"), "{}", shown.err);
    let run = project.runs("capture --url other.db");
    assert!(run.err.contains("Recorded other.db: 0002_users_phone as applied, not run"), "{}", run.err);
    assert_eq!(project.tree(), tree);
    assert_eq!(project.database("other.db").query("SELECT phone FROM users"), ["x", "x"]);
    for name in ["dev.db", "other.db"] {
        let run = project.runs(&format!("status --url {name}"));
        assert_eq!(run.out.matches("captured").count(), 1, "{}", run.out);
    }
}

#[test]
fn a_capture_that_was_interrupted_is_finished_by_the_next_one() {
    let project = drifted();
    project.runs("capture");
    // the files were written, and the record was not
    project.sql("DELETE FROM _dbmigrate_history WHERE position = 2");
    project.ends(4, "status");
    let tree = project.tree();
    project.runs("capture");
    assert_eq!(project.tree(), tree);
    project.runs("status");
}

#[test]
fn a_change_that_a_pending_migration_makes_is_not_captured_again() {
    let project = drifted();
    project.structs(&USERS.replace("nick: Option<String>,", "nick: Option<String>,\n    pub phone: Option<String>,"));
    project.runs("generate");
    let run = project.refuses(5, "capture");
    assert!(run.err.contains("its schema is what `0002_users_phone` produces"), "{}", run.err);
}

#[test]
fn structs_that_are_ahead_stay_ahead_by_what_they_are() {
    let ahead = "nick: Option<String>,\n    pub city: Option<String>,";
    let project = drifted();
    project.sql("CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT)");
    project.structs(&(USERS.replace("nick: Option<String>,", ahead) + TAGS));
    let run = project.runs("capture --write --name both");
    let sql = project.read(&sql_of("0002_both"));
    assert!(sql.contains("phone") && !sql.contains("city") && !sql.contains("tags"), "{sql}");
    assert!(!run.err.contains("lack this change"), "{}", run.err);
    let structs = project.read("src/lib.rs");
    assert!(structs.contains("pub struct Log") && structs.contains("phone") && structs.contains("tags"), "{structs}");
    let run = project.ends(4, "generate --check");
    assert_eq!(run.out, "create table tags\nadd column users.city\n");
    // what contradicts what the structs are ahead by is said, and left to their author
    let project = drifted();
    project.structs(&USERS.replace("nick: Option<String>,", "nick: Option<String>,\n    pub phone: Option<i64>,"));
    let run = project.runs("capture --write");
    assert!(run.err.contains("the structs lack this change: add column users.phone"), "{}", run.err);
    assert!(project.read("src/lib.rs").contains("phone: Option<i64>"));
}

#[test]
fn structs_that_have_the_change_already_need_nothing() {
    let project = drifted();
    project.structs(&USERS.replace("nick: Option<String>,", "nick: Option<String>,\n    pub phone: Option<String>,"));
    let run = project.runs("capture");
    assert!(!run.err.contains("lack"), "{}", run.err);
    project.runs("generate --check");
    // also one that says by an attribute what was renamed
    let project = twins(USERS);
    project.sql("ALTER TABLE users RENAME COLUMN nick TO handle");
    project.structs(&USERS.replace("pub nick", "#[column(renamed_from = \"nick\")]\n    pub handle"));
    project.runs("capture");
    project.runs("generate --check");
    project.runs("migrate --url other.db");
    assert_eq!(project.database("other.db").query("SELECT handle FROM users"), ["ada", "NULL"]);
}

#[test]
fn what_no_migration_can_have_is_said_by_name() {
    let project = drifted();
    project.sql("CREATE TABLE odd (a \"\")");
    let run = project.refuses(1, "capture");
    assert!(run.err.contains("table `odd` cannot be represented"), "{}", run.err);
    assert!(run.err.contains("`ignore = [\"odd\"]`"), "{}", run.err);
    project.write("dbmigrate.toml", "ignore = [\"odd\"]\n");
    project.runs("capture");
    project.runs("status");
    // a view that worked before the change
    let view = "#[derive(View)]\n#[view(name = \"nicks\", query = \"SELECT nick FROM users\")]\npub struct Nicks { pub nick: Option<String> }\n";
    let project = twins(&format!("{USERS}{view}"));
    project.sql("PRAGMA legacy_alter_table = ON; ALTER TABLE users RENAME TO people; PRAGMA legacy_alter_table = OFF");
    let run = project.refuses(1, "capture --rename users=people");
    assert!(run.err.contains("the view `nicks` no longer compiles"), "{}", run.err);
}

#[test]
fn a_drift_that_was_accepted_before_is_captured_as_well() {
    let project = drifted();
    project.structs(&format!("{USERS}{TAGS}"));
    project.runs("generate");
    project.runs("migrate --accept drift");
    project.runs("capture");
    project.runs("status");
    project.runs("migrate");
}

#[test]
fn recording_on_a_protected_target_needs_consent() {
    let project = twins(USERS);
    project.set("TURSO_DATABASE_URL", "other.db");
    project.database("other.db").run("ALTER TABLE users ADD COLUMN phone TEXT");
    let tree = project.tree();
    let bytes = project.bytes("other.db");
    project.runs("capture -t production --dry-run");
    let run = project.ends(3, "capture -t production");
    assert!(run.err.contains("consent is needed to record `0002_users_phone` as applied"), "{}", run.err);
    assert_eq!((project.tree(), project.bytes("other.db")), (tree, bytes));
    let suggested = run.suggested().pop().expect("a command is suggested");
    assert_eq!(suggested, "cargo dbmigrate capture -t production --yes");
    assert_eq!(project.shell(&suggested).code, 0);
    project.runs("status -t production");
    assert_eq!(project.ends(4, "status --url dev.db").out.matches("pending").count(), 1);
}

#[test]
fn a_database_that_no_capture_is_for_is_told_what_is() {
    let project = Project::generated(USERS);
    let run = project.ends(1, "capture");
    assert!(run.err.contains("no database at `dev.db`"), "{}", run.err);
    // without a history
    project.database("old.db").run("CREATE TABLE users (id INTEGER PRIMARY KEY)");
    let run = project.ends(5, "capture --url old.db");
    assert!(run.err.contains("has tables but no migration history"), "{}", run.err);
    // with more migrations than the folder
    let project = drifted();
    project.sql("INSERT INTO _dbmigrate_history SELECT 2, '0002_x', 'x', 'x', applied_at, 0, '0', 'migration', 0 FROM _dbmigrate_history");
    let run = project.refuses(5, "capture");
    assert!(run.err.contains("newer than the folder"), "{}", run.err);
    // nothing was changed
    let run = twins(USERS).refuses(0, "capture");
    assert!(run.err.contains("Unchanged dev.db"), "{}", run.err);
}

#[test]
fn a_program_is_told_what_was_captured() {
    let project = drifted();
    let run = project.runs("capture --message-format json");
    let captured = run.json().into_iter().find(|one| one["reason"] == "captured").expect("it is said");
    assert_eq!(captured["name"], "0002_users_phone");
    assert_eq!(captured["recorded"][0], "0002_users_phone");
    assert_eq!(captured["database"], "dev.db");
    let run = project.ends(0, "status --message-format json");
    assert!(run.json().iter().any(|one| one["kind"] == "capture"), "{}", run.out);
}

#[test]
fn a_changed_default_in_other_databases_is_asked_about_where_rows_could_contradict_it() {
    let project = twins(USERS);
    project.sql(
        "PRAGMA foreign_keys = OFF; CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT NOT NULL); \
         INSERT INTO n SELECT id, ifnull(nick, '') FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users",
    );
    let run = project.refuses(3, "capture");
    assert!(run.err.contains("another database will refuse the migration if rows have NULL"), "{}", run.err);
    let suggested = run.suggested();
    assert!(suggested[0].contains("--backfill"), "{suggested:?}");
    assert_eq!(project.shell(&suggested[0]).code, 0);
    project.runs("migrate --url other.db");
    assert_eq!(project.database("other.db").query("SELECT * FROM users"), ["1|ada", "2|"]);
}

#[test]
fn what_is_not_mechanical_is_said_as_it_is_to_be_written() {
    // the fields of a virtual table are arguments in their order, and would have to change places
    let words = "/// Words.\n#[derive(Table)]\n#[table(using = fts5)]\npub struct Words {\n    pub a: String,\n    pub b: String,\n}\n";
    let project = twins(&format!("{USERS}{words}"));
    project.sql("DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(b, a)");
    let structs = project.read("src/lib.rs");
    let run = project.runs("capture --write");
    assert_eq!(project.read("src/lib.rs"), structs, "it is left as it was");
    insta::assert_snapshot!(run.err, @r#"
        Captured 0002_change_words (1 change, rewrite)
        Recorded dev.db: 0002_change_words as applied, not run
    warning: the structs lack this change: change virtual table words
      --> src/lib.rs:12:12
       |
    12 | pub struct Words {
       |            ^^^^^
       |
       = help: write it by hand:
               #[derive(dbmigrate::Table)]
               #[table(name = "words", using = fts5)]
               pub struct Words {
                   pub b: String,
                   pub a: String,
               }

            Next review migrations/0002_change_words/migration.sql, and commit it with `migrations.lock`
                 change the structs by hand where they lack it, or `generate` will undo it
                 every other database gets it with `migrate`; one that has the same change, with `capture`
    "#);
    // as it is printed
    let (_, text) = run.err.split_once("write it by hand:").expect("it is said");
    let lines = text.lines().skip(1).take_while(|line| !line.trim().is_empty()).map(str::trim);
    let text = lines.collect::<Vec<_>>().join("\n");
    project.structs(&format!("{USERS}{text}\n"));
    project.runs("generate --check");
}

#[test]
fn structs_on_one_line_get_what_they_lack_also_several_at_once() {
    let project = twins(
        "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User { #[column(primary_key)] pub id: i64, pub nick: Option<String> }\n\
         #[derive(Table)]\n#[table(name = \"posts\")]\npub struct Post {\n    #[column(primary_key)]\n    pub id: i64,\n    pub title: String // the last\n}\n\
         #[derive(View)]\n#[view(name = \"loud\", query = \"SELECT id, upper(nick) AS nick FROM users\")]\npub struct Loud { pub id: i64, pub nick: Option<String> }\n",
    );
    project.sql(
        "ALTER TABLE users ADD COLUMN phone TEXT; ALTER TABLE users ADD COLUMN fax TEXT; ALTER TABLE posts ADD COLUMN body TEXT;
         DROP VIEW loud; CREATE VIEW loud AS SELECT id, upper(nick) AS nick, length(nick) AS size FROM users WHERE id > 0;
         CREATE VIEW counts (total) AS SELECT count(*) FROM users; CREATE VIRTUAL TABLE words USING fts5(title, body UNINDEXED);
         CREATE TABLE \"group\" (id INTEGER PRIMARY KEY, \"select\" TEXT); CREATE INDEX g ON \"group\" (\"select\");
         CREATE TRIGGER noted AFTER INSERT ON users BEGIN INSERT INTO \"group\" (\"select\") VALUES (new.nick); END",
    );
    let run = project.runs("capture --write");
    assert!(!run.err.contains("warning"), "{}\n{}", run.err, project.read("src/lib.rs"));
    let structs = project.read("src/lib.rs");
    for line in [
        "pub struct User { #[column(primary_key)] pub id: i64, pub nick: Option<String>, pub phone: Option<String>, pub fax: Option<String>, }",
        "    pub title: String, // the last\n    pub body: Option<String>,\n",
        "pub struct Loud { pub id: i64, pub nick: Option<String>, pub size: Option<i64>, }",
    ] {
        assert!(structs.contains(line), "{line}\n{structs}");
    }
    project.runs("generate --check");
    project.runs("check");
    project.runs("migrate --url other.db");
}

#[test]
fn a_struct_that_cannot_be_changed_keeps_no_other_from_it() {
    let macros = "macro_rules! text { () => { Option<String> }; }\n";
    let words =
        "#[derive(Table)]\n#[table(using = fts5)]\npub struct Words {\n    pub a: String,\n    pub b: String,\n}\n";
    let project = twins(&format!("{macros}{USERS}{words}{TAGS}"));
    project.sql(
        "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(b, a); ALTER TABLE users ADD COLUMN phone TEXT; \
         ALTER TABLE tags ADD COLUMN label TEXT",
    );
    let run = project.runs("capture --write");
    let structs = project.read("src/lib.rs");
    assert!(structs.contains("pub phone") && structs.contains("pub label"), "{structs}");
    assert_eq!(run.err.matches("the structs lack this change").count(), 1, "{}", run.err);
}
