//! Steps in Rust on a libSQL server: the same, in the transaction that the migration has there.

use dbmigrate_embed::{MigrateErrorKind, Server as Target, Step, StepResult};
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;

use crate::steps::{hash_tokens, with};

#[test]
fn a_step_runs_in_the_transaction_on_a_server() {
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    let migrations = with(&[("0003_hash_tokens", hash_tokens)]);
    let report = block_on(migrations.run(Target::new(server.url()))).expect("it applies");
    assert_eq!(report.applied.len(), 4, "those before and behind it too");
    assert_eq!(hand.query("SELECT token || hash FROM users WHERE id = 1200"), ["0021 nekot"]);
    assert_eq!(hand.query("SELECT count(*) FROM users WHERE hash IS NULL"), ["0"]);
    assert_eq!(
        hand.query("SELECT kind FROM _dbmigrate_history ORDER BY position"),
        ["migration", "migration", "rust", "migration"]
    );
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}

#[test]
fn a_step_that_fails_leaves_a_server_as_it_was() {
    fn fails(step: &mut Step<'_>) -> StepResult {
        assert_eq!(step.execute("DELETE FROM posts WHERE id <= 700", &[])?, 700);
        Err("no more".into())
    }
    fn panics(step: &mut Step<'_>) -> StepResult {
        step.execute("DELETE FROM posts", &[])?;
        panic!("out of luck")
    }
    fn dangles(step: &mut Step<'_>) -> StepResult {
        step.execute("DELETE FROM users WHERE id > 1190", &[])?;
        Ok(())
    }
    #[expect(clippy::unnecessary_wraps, reason = "a step may fail")]
    fn goes_on(step: &mut Step<'_>) -> StepResult {
        step.execute("INSERT OR ROLLBACK INTO users (id, token) VALUES (1, 'a')", &[]).expect_err("there is one");
        step.execute("DELETE FROM posts", &[]).expect_err("it would be committed by itself");
        Ok(())
    }
    let Some(server) = Server::start() else { return };
    let hand = Hand::new(server.url());
    block_on(with(&[]).runner().to("2").run(Target::new(server.url()))).expect("it applies");
    let rows = || (hand.query("SELECT id || token FROM users"), hand.query("SELECT id || ' ' || user_id FROM posts"));
    let before = rows();
    for (migrations, expected) in [
        (with(&[("0003_hash_tokens", fails)]), Some("its step in Rust failed: no more")),
        (with(&[("0003_hash_tokens", panics)]), Some("its step in Rust failed: it panicked: out of luck")),
        (with(&[("0003_hash_tokens", dangles)]), Some("`posts` has 10 dangling references to `users`")),
        (with(&[("0003_hash_tokens", goes_on)]), None),
    ] {
        let error = block_on(migrations.run(Target::new(server.url()))).expect_err("it fails");
        if let Some(expected) = expected {
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.kind(), MigrateErrorKind::Migration, "{error}");
        }
        assert_eq!(rows(), before, "{error}");
        assert_eq!(hand.query("SELECT count(*) FROM _dbmigrate_history"), ["2"], "{error}");
        assert_eq!(hand.query("SELECT count(*) FROM pragma_table_info('users')"), ["2"], "{error}");
    }
}
