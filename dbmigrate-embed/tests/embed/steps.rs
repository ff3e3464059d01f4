//! Steps in Rust: they read and write rows in the transaction of their migration, and nothing else.

use dbmigrate_embed::{MigrateErrorKind, Migrations, Step, StepFn, StepResult, Value};

use crate::database::File;
use crate::driver::block_on;
use crate::history::migrations;

/// Users with tokens, and what refers to them; hashes for the tokens, made in Rust; then no tokens any more.
pub(crate) const HISTORY: [(&str, &str); 4] = [
    (
        "create",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, token TEXT NOT NULL);
         CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE);",
    ),
    (
        "fill",
        "INSERT INTO users (id, token) SELECT value, 'token ' || value FROM (WITH RECURSIVE n(value) AS \
         (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 1200) SELECT value FROM n);
         INSERT INTO posts (user_id) SELECT id FROM users;",
    ),
    (
        "hash tokens",
        "-- dbmigrate: expect-none \"users without a token\" SELECT id FROM users WHERE token = ''
         ALTER TABLE users ADD COLUMN hash TEXT;
         -- dbmigrate: rust
         UPDATE users SET token = '';",
    ),
    ("after", "CREATE INDEX users_hash ON users (hash);"),
];

pub(crate) fn with(step: &'static [(&'static str, StepFn)]) -> Migrations {
    migrations(&HISTORY).__steps(step)
}

/// Something that SQLite has no function for.
fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

pub(crate) fn hash_tokens(step: &mut Step<'_>) -> StepResult {
    assert_eq!(step.migration(), "0003_hash_tokens");
    let mut last = 0;
    loop {
        let rows =
            step.query("SELECT id, token FROM users WHERE id > ?1 ORDER BY id LIMIT 500", &[Value::Integer(last)])?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = end.get(0)?;
        let mut changes = Vec::new();
        for row in &rows {
            let (id, token) = (row.get::<i64>(0)?, row.get::<String>(1)?);
            changes.push(vec![Value::Text(reversed(&token)), Value::Integer(id)]);
        }
        let count = changes.len() as u64;
        let changed = step.execute_each("UPDATE users SET hash = ?1 WHERE id = ?2", changes)?;
        assert_eq!(changed, count, "each row is changed once");
    }
}

/// All rows, to compare.
fn rows(file: &File) -> Vec<String> {
    let mut all = file.column("SELECT id || ' ' || token FROM users ORDER BY id");
    all.extend(file.column("SELECT id || ' ' || user_id FROM posts ORDER BY id"));
    all
}

#[test]
fn a_step_runs_between_the_statements_of_its_migration() {
    let file = File::new();
    let migrations = with(&[("0003_hash_tokens", hash_tokens)]);
    let plan = block_on(migrations.plan(file.database().target())).expect("it can be planned");
    assert_eq!(plan.pending.iter().map(|one| one.has_step).collect::<Vec<_>>(), [false, false, true, false]);
    let report = block_on(migrations.run(file.database().target())).expect("it applies");
    assert_eq!(report.applied.len(), 4);
    let found = file.column("SELECT token || hash FROM users ORDER BY id");
    let wanted: Vec<String> = (1..=1200).map(|id| reversed(&format!("token {id}"))).collect();
    assert_eq!(found, wanted, "the statement before it has run, and the one behind it has not");
    assert_eq!(file.column("SELECT count(*) FROM posts"), ["1200"]);
    let kinds = file.column("SELECT kind FROM _dbmigrate_history ORDER BY position");
    assert_eq!(kinds, ["migration", "migration", "rust", "migration"], "the history knows that it had a step");
    file.must_be_whole();
    let again = block_on(migrations.run(file.database().target())).expect("there is nothing to do");
    assert_eq!(again.to_string(), "nothing to apply, 4 already applied");
}

#[test]
fn all_migrations_in_one_transaction_have_their_steps() {
    let file = File::new();
    let migrations = with(&[("0003_hash_tokens", hash_tokens)]);
    block_on(migrations.runner().atomic().run(file.database().target())).expect("it applies");
    assert_eq!(file.column("SELECT hash FROM users WHERE id = 12"), ["21 nekot"]);
}

/// Applies up to the step, lets it fail, and compares every row with those before.
#[track_caller]
fn failing(step: &'static [(&'static str, StepFn)], expected: &str) {
    let file = File::new();
    let migrations = with(step);
    block_on(migrations.runner().to("0002").run(file.database().target())).expect("it applies");
    let before = rows(&file);
    let mut connection = file.connection();
    let error = block_on(migrations.run(connection.target())).expect_err("the step fails");
    assert_eq!(error.kind(), MigrateErrorKind::Migration, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.to_string().ends_with("the database is as it was before"), "{error}");
    assert!(connection.is_autocommit(), "nothing is left open");
    assert_eq!(crate::database::column(&mut connection, "PRAGMA foreign_keys"), ["1"]);
    assert_eq!(rows(&file), before);
    assert_eq!(file.history(), ["0001_create", "0002_fill"]);
    assert_eq!(file.column("SELECT count(*) FROM pragma_table_info('users')"), ["2"]);
    file.must_be_whole();
}

#[test]
fn a_step_that_fails_in_the_middle_is_rolled_back_with_its_migration() {
    failing(
        &[("0003_hash_tokens", |step| {
            step.execute("DELETE FROM users WHERE id <= ?1", &[Value::Integer(700)])?;
            Err("no\nmore".into())
        })],
        "migration `0003_hash_tokens` failed, at migrations/0003_hash_tokens/migration.sql:3: its step in Rust failed: \
         no more",
    );
}

#[test]
fn a_step_that_panics_is_rolled_back_with_its_migration() {
    failing(
        &[("0003_hash_tokens", |step| {
            step.execute("DELETE FROM users", &[])?;
            panic!("out of {}", "luck")
        })],
        "its step in Rust failed: it panicked: out of luck",
    );
}

#[test]
fn what_breaks_foreign_keys_in_a_step_is_refused() {
    // nothing cascades while a migration runs
    failing(
        &[("0003_hash_tokens", |step| {
            let deleted = step.execute("DELETE FROM users WHERE id > 1190", &[])?;
            assert_eq!(deleted, 10);
            Ok(())
        })],
        "`posts` has 10 dangling references to `users` after the migration",
    );
}

#[test]
fn a_step_cannot_end_its_transaction_or_reach_what_is_not_its_own() {
    for sql in
        ["COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT a", "ATTACH 'a.db' AS a", "PRAGMA foreign_keys = ON", "VACUUM"]
    {
        assert!(dbmigrate_core::engine::step::allowed(sql).is_err(), "{sql}");
    }
    failing(
        &[("0003_hash_tokens", |step| {
            step.execute("DELETE FROM users", &[])?;
            step.execute("COMMIT", &[])?;
            Ok(())
        })],
        "its step in Rust failed: `COMMIT` in a step: it can only read and write rows",
    );
    failing(
        &[("0003_hash_tokens", |step| {
            step.execute("DELETE FROM _dbmigrate_history", &[])?;
            Ok(())
        })],
        "`_dbmigrate_history` is not for a step",
    );
    failing(
        &[("0003_hash_tokens", |step| {
            step.query("DELETE FROM users RETURNING id", &[])?;
            Ok(())
        })],
        "`query` is for `SELECT`; write with `execute`",
    );
}

#[test]
fn what_would_be_written_behind_a_lost_transaction_is_not() {
    #[expect(clippy::unnecessary_wraps, reason = "a step may fail")]
    fn goes_on(step: &mut Step<'_>) -> StepResult {
        // what SQLite rolls back by itself, together with all that the migration did
        let error = step.execute("INSERT OR ROLLBACK INTO users (id, token) VALUES (1, 'a')", &[]);
        error.expect_err("there is such a user");
        let error = step.execute("DELETE FROM users", &[]).expect_err("it would be committed by itself");
        assert!(error.to_string().starts_with("the migration is rolled back: "), "{error}");
        step.query("SELECT 1", &[]).expect_err("there is no transaction");
        Ok(())
    }
    let file = File::new();
    let migrations = with(&[("0003_hash_tokens", goes_on)]);
    block_on(migrations.runner().to("0002").run(file.database().target())).expect("it applies");
    let before = rows(&file);
    let error = block_on(migrations.run(file.database().target())).expect_err("the transaction is gone");
    assert!(error.to_string().contains("the step in Rust lost its transaction"), "{error}");
    assert_eq!(rows(&file), before);
    assert_eq!(file.history(), ["0001_create", "0002_fill"]);
    file.must_be_whole();
}

#[test]
fn text_that_is_not_utf_8_is_an_error_and_not_a_panic() {
    fn reads(step: &mut Step<'_>) -> StepResult {
        let bytes = step.query("SELECT CAST(token AS BLOB) FROM users WHERE id = 1", &[])?;
        assert_eq!(bytes[0].get::<Vec<u8>>(0)?, [0xff]);
        step.query("SELECT token FROM users", &[])?;
        Ok(())
    }
    let file = File::new();
    let migrations = with(&[("0003_hash_tokens", reads)]);
    block_on(migrations.runner().to("0002").run(file.database().target())).expect("it applies");
    file.run(&["UPDATE users SET token = CAST(x'ff' AS TEXT) WHERE id = 1"]);
    let error = block_on(migrations.run(file.database().target())).expect_err("it is not UTF-8");
    // each driver in its words
    assert!(error.to_string().to_uppercase().contains("UTF-8"), "{error}");
    assert_eq!(file.history(), ["0001_create", "0002_fill"]);
    file.must_be_whole();
}

#[test]
fn a_program_without_the_step_applies_nothing() {
    let file = File::new();
    let error = block_on(migrations(&HISTORY).run(file.database().target())).expect_err("it lacks the step");
    assert!(error.to_string().contains("it has a step in Rust, which only the application can run"), "{error}");
    assert_eq!(file.column("SELECT count(*) FROM sqlite_schema"), ["0"], "nothing before it is applied either");
    let report =
        block_on(migrations(&HISTORY).runner().to("0002").run(file.database().target())).expect("it stops before it");
    assert_eq!(report.applied.len(), 2);
}

#[test]
fn two_that_start_at_once_run_a_step_once() {
    let file = File::new();
    let counting = with(&[("0003_hash_tokens", |step| {
        step.execute("INSERT INTO posts (user_id) VALUES (1)", &[])?;
        Ok(())
    })]);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mut connection = file.connection();
            std::thread::spawn(move || block_on(counting.run(connection.target())).expect("it applies").applied.len())
        })
        .collect();
    let applied: usize = threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum();
    assert_eq!(applied, 4);
    assert_eq!(file.column("SELECT count(*) FROM posts"), ["1201"]);
}
