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
    let allow = Allow { line: 2, lint: "drop_column".to_owned(), object: "users.legacy".to_owned(), because: None };
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

/// Statements with their lines.
type Lines = Vec<(usize, String)>;

/// The lines and texts of the way forward, and of the way back.
fn ways(text: &str) -> (Lines, Lines) {
    let script = parse(text).expect("the script is right");
    let said =
        |statements: &[Statement<'_>]| statements.iter().map(|one| (one.line, one.text.to_owned())).collect::<Vec<_>>();
    let back = script.undo.as_ref().map(|undo| said(&undo.statements())).unwrap_or_default();
    (said(&script.statements), back)
}

fn at(line: usize, text: &str) -> (usize, String) {
    (line, text.to_owned())
}

#[test]
fn the_way_back_is_no_part_of_the_way_forward() {
    let sql = "INSERT INTO t VALUES (1);\n\n-- dbmigrate: undo\n-- why\nDELETE FROM t\nWHERE a = 1;\nDELETE FROM u;\n";
    let both =
        (vec![at(1, "INSERT INTO t VALUES (1)")], vec![at(5, "DELETE FROM t\nWHERE a = 1"), at(7, "DELETE FROM u")]);
    assert_eq!(ways(sql), both);
    assert_eq!(ways(&sql.replace('\n', "\r\n")).1[1], at(7, "DELETE FROM u"));
    let comments = "INSERT INTO t VALUES (1);\n-- dbmigrate: undo\n-- DELETE FROM t WHERE a = 1;\n\n--DELETE FROM u;\n-- -- a note\n";
    let back = vec![at(3, "DELETE FROM t WHERE a = 1"), at(5, "DELETE FROM u")];
    assert_eq!(ways(comments), (vec![at(1, "INSERT INTO t VALUES (1)")], back));
    // before the statements, in indented lines or behind the directive
    let first = "-- dbmigrate: undo\n--   DELETE FROM t\n--     WHERE a = 1;\n-- a note\nINSERT INTO t VALUES (1);\n";
    let back = ways(first).1;
    assert_eq!((back.len(), back[0].0, ways(first).0), (1, 2, vec![at(5, "INSERT INTO t VALUES (1)")]));
    let inline = "-- dbmigrate: undo DELETE FROM t;\nINSERT INTO t VALUES (1);\n";
    assert_eq!(ways(inline), (vec![at(2, "INSERT INTO t VALUES (1)")], vec![at(1, "DELETE FROM t")]));
    // one in a string is none
    assert_eq!(ways("INSERT INTO t VALUES ('\n-- dbmigrate: undo\n');").0.len(), 1);
}

#[test]
fn the_way_back_has_its_own_checks_and_losses() {
    let text = "UPDATE t SET a = 1;\n-- dbmigrate: undo\n-- dbmigrate: expect-none \"x\" SELECT 1\n--   WHERE 0\n-- dbmigrate: allow(drop_table) u\n-- DROP TABLE u;\n";
    for text in [text.to_owned(), text.replace("-- DROP", "DROP")] {
        let script = parse(&text).expect("the script is right");
        assert!(script.preflights.is_empty() && script.allows.is_empty());
        let undo = script.undo.expect("there is one");
        assert_eq!((undo.line, undo.preflights[0].line, undo.allows[0].line), (2, 3, 5));
        assert_eq!(undo.preflights[0].query, "SELECT 1\nWHERE 0");
        assert_eq!(undo.statements().len(), 1, "{:?}", undo.statements());
    }
}

#[test]
fn a_wrong_undo_is_an_error_at_its_line() {
    let said = |text: &str| error(text).0;
    assert_eq!(said("SELECT 1;\n-- dbmigrate: undo\n"), "file:2: `undo` has no statements");
    assert_eq!(
        said("SELECT 1;\n-- dbmigrate: undo\nBEGIN;"),
        "file:3: `BEGIN` in a migration: every migration already runs in its own transaction"
    );
    assert_eq!(said("SELECT\n-- dbmigrate: undo\n1;"), "file:2: `undo` is in the middle of a statement");
    assert_eq!(
        said("-- dbmigrate: undo\n-- DELETE FROM t;\nINSERT INTO t VALUES (1);"),
        "file:1: statements follow an `undo` that is written in comment lines"
    );
    assert_eq!(
        said("SELECT 1;\n-- dbmigrate: undo\nSELECT 2;\n-- dbmigrate: undo\nSELECT 3;"),
        "file:4: `undo` is there twice, first in line 2"
    );
    assert_eq!(
        said("SELECT 1;\n-- dbmigrate: undo\n-- dbmigrate: no-transaction\nVACUUM;"),
        "file:3: the way back can only have `allow` and `expect-none` of its own"
    );
    assert_eq!(
        error("-- dbmigrate: undoo"),
        ("file:1: unknown directive `undoo`".into(), "did you mean `undo`?".into())
    );
}
