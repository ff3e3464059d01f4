//! Scripts as people write them, and what is said of those that are wrong.

use super::*;

fn parse(text: &str) -> Result<Script<'_>, ScriptError> {
    Script::parse(text, Path::new("migrations/0001_a/migration.sql"))
}

fn error(text: &str) -> (String, String) {
    let error = parse(text).expect_err("the script is wrong");
    (error.to_string().replace("migrations/0001_a/migration.sql", "file"), error.help)
}

#[test]
fn statements_and_directives_are_read_with_their_lines() {
    let text = "-- Users get a name.\n-- dbmigrate: allow(drop_column) users.legacy\n\
                --dbmigrate:expect-none \"users \"\"without\"\" an e-mail\" SELECT id FROM users\n\
                --   WHERE email IS NULL -- really\n--\t  AND id > 0;\n-- a note\n\n\
                ALTER TABLE users DROP COLUMN legacy;\nSELECT '-- dbmigrate: nonsense';\n";
    let script = parse(text).expect("the script is right");
    assert_eq!(script.statements.len(), 2);
    assert_eq!(script.statements[0].line, 8);
    let allow = Allow { line: 2, lint: "drop_column".to_owned(), object: "users.legacy".to_owned() };
    assert_eq!(script.allows, [allow]);
    assert_eq!(script.preflights[0].line, 3);
    assert_eq!(script.preflights[0].message.as_deref(), Some("users \"without\" an e-mail"));
    let query = "SELECT id FROM users\nWHERE email IS NULL -- really\nAND id > 0";
    assert_eq!(script.preflights[0].query, query);
    assert!(!script.no_transaction);
}

#[test]
fn a_preflight_ends_where_its_lines_are_not_indented_or_apart() {
    let query = |text: &str| parse(text).expect("the script is right").preflights[0].query.clone();
    assert_eq!(query("-- dbmigrate: expect-none SELECT 1\n-- FROM t\n--   x"), "SELECT 1");
    assert_eq!(query("-- dbmigrate: expect-none SELECT 1\n\n--   FROM t"), "SELECT 1");
    assert_eq!(query("-- dbmigrate: expect-none\n--   SELECT 1\n--   FROM t"), "SELECT 1\nFROM t");
    let both = "-- dbmigrate: expect-none SELECT 1\n--   dbmigrate: expect-none SELECT 2";
    assert_eq!(parse(both).expect("the script is right").preflights.len(), 2);
}

#[test]
fn documentation_in_a_statement_is_no_directive() {
    let text = "CREATE TABLE t ( /* dbmigrate: allow(drop_table) t;\n-- dbmigrate: nonsense */\n  a INT /* dbmigrate */\n);\n\
                -- dbmigrate: no-transaction\n";
    let script = parse(text).expect("the script is right");
    assert!(script.allows.is_empty() && script.no_transaction);
    assert_eq!(script.statements.len(), 1);
    let (message, _) = error("SELECT 1;\n/* dbmigrate: allow(drop_table) t */");
    assert_eq!(message, "file:2: a directive must be in a `--` comment");
}

#[test]
fn line_ends_of_windows_make_no_difference() {
    let text = "-- dbmigrate: expect-none \"m\" SELECT 1\r\n--   FROM t\r\n-- dbmigrate: no-transaction\r\nVACUUM;\r\n";
    let script = parse(text).expect("the script is right");
    assert_eq!(script.preflights[0].query, "SELECT 1\nFROM t");
    assert!(script.no_transaction);
    assert_eq!(script.statements[0].line, 4);
}

#[test]
fn unknown_directives_are_refused_with_a_suggestion() {
    let (message, help) = error("SELECT 1;\n-- dbmigrate: alow(drop_table) users");
    assert_eq!(message, "file:2: unknown directive `alow`");
    assert_eq!(help, "did you mean `allow`?");
    assert_eq!(error("-- dbmigrate: no_transaction").1, "did you mean `no-transaction`?");
    assert_eq!(error("-- dbmigrate: expect SELECT 1").1, "did you mean `expect-none`?");
    assert!(error("-- dbmigrate: frobnicate").1.starts_with("expected `allow"));
    assert_eq!(error("-- dbmigrate:").0, "file:1: unknown directive ``");
}

#[test]
fn directives_that_would_be_overlooked_are_refused() {
    let (message, help) = error("/* dbmigrate: no-transaction */ VACUUM");
    assert_eq!(message, "file:1: a directive must be in a `--` comment");
    assert_eq!(help, "write `-- dbmigrate: no-transaction`");
    let (message, help) = error("\n-- dbmigrate allow(drop_table) users");
    assert_eq!(message, "file:2: missing colon after `dbmigrate`");
    assert_eq!(help, "write `-- dbmigrate: allow(drop_table) users`");
    assert!(parse("-- dbmigrate made this file").is_ok());
}

#[test]
fn directives_without_their_parts_are_refused() {
    let allow = "file:1: `allow` names a lint and an object";
    for text in ["allow", "allow drop_table users", "allow(drop_table)", "allow() users", "allow(Drop) users"] {
        assert_eq!(error(&format!("-- dbmigrate: {text}")).0, allow, "{text}");
    }
    assert_eq!(error("-- dbmigrate: expect-none").0, "file:1: `expect-none` needs a query");
    assert_eq!(error("-- dbmigrate: expect-none \"m\"").0, "file:1: `expect-none` needs a query");
    assert!(error("-- dbmigrate: expect-none \"m SELECT 1").0.contains("unclosed quote"));
    assert!(error("-- dbmigrate: expect-none DELETE FROM t").0.contains("not a `SELECT`"));
    assert!(error("-- dbmigrate: expect-none SELECT 1; SELECT 2").0.contains("takes one query"));
    assert!(error("-- dbmigrate: no-transaction please\nVACUUM").0.contains("`no-transaction` takes no arguments"));
}

#[test]
fn transactions_belong_to_the_runner() {
    for text in ["BEGIN", "begin immediate", "COMMIT", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE a"] {
        let (message, _) = error(&format!("SELECT 1;\n\n{text};"));
        assert!(message.starts_with("file:3: `") && message.contains("its own transaction"), "{message}");
    }
    let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;";
    assert!(parse(trigger).is_ok());
}

#[test]
fn the_foreign_keys_pragma_belongs_to_the_runner() {
    for text in ["PRAGMA foreign_keys=OFF", "pragma main.Foreign_Keys", "PRAGMA \"foreign_keys\" = 1"] {
        let (message, _) = error(text);
        assert!(message.starts_with("file:1: `PRAGMA foreign_keys`"), "{message}");
    }
    assert!(parse("PRAGMA foreign_key_check; PRAGMA defer_foreign_keys=1").is_ok());
}

#[test]
fn no_transaction_is_for_one_statement() {
    assert!(parse("-- dbmigrate: no-transaction\nVACUUM;").expect("the script is right").no_transaction);
    let (message, _) = error("-- a\n-- dbmigrate: no-transaction\nVACUUM; SELECT 1");
    assert_eq!(message, "file:2: `no-transaction` requires exactly one statement, found 2");
    assert!(error("-- dbmigrate: no-transaction").0.contains("found 0"));
}

#[test]
fn long_scripts_take_linear_time() {
    let text = "-- dbmigrate: allow(drop_table) t\nDROP TABLE t;\n".repeat(100_000);
    assert_eq!(parse(&text).expect("the script is right").allows.len(), 100_000);
}

#[test]
fn what_cannot_run_in_a_transaction_is_known() {
    for (statement, word) in [
        ("VACUUM", "VACUUM"),
        ("vacuum into 'x.db';", "VACUUM"),
        ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode"),
        ("pragma main.\"Journal_Mode\"(wal);", "PRAGMA journal_mode"),
        ("/* a */ PRAGMA synchronous=OFF", "PRAGMA synchronous"),
        ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint"),
        ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint"),
    ] {
        assert_eq!(outside_of_transaction(statement).as_deref(), Some(word), "{statement}");
    }
    for statement in
        ["PRAGMA journal_mode", "PRAGMA main.journal_mode;", "PRAGMA user_version = 4", "SELECT 'VACUUM'", ""]
    {
        assert_eq!(outside_of_transaction(statement), None, "{statement}");
    }
}

#[test]
fn what_can_be_done_about_rows_stands_behind_a_preflight() {
    let text = "-- dbmigrate: expect-none \"m\"\n--     SELECT 1\n--     FROM t\n-- to fill them (any SQL expression): --backfill \"a.b=''\"\n\
                -- if they may go: --accept x:y\n-- dbmigrate: allow(drop_table) t\n-- to note: --backfill is a flag\n";
    let script = parse(text).expect("the script is right");
    let [only] = &script.preflights[..] else { panic!("one preflight") };
    assert_eq!(only.query, "SELECT 1\nFROM t");
    let answers = [
        ("to fill them (any SQL expression)".to_owned(), "--backfill \"a.b=''\"".to_owned()),
        ("if they may go".to_owned(), "--accept x:y".to_owned()),
    ];
    assert_eq!(only.answers, answers);
}
