//! `migration_test!`: what it takes, and what it says if rows are lost or keys are broken.

use crate::kept::{start, text};

dbmigrate_macros::migration_test! {
    /// Names are split at their first space.
    fn names_become_two;
    migrations "../migrations";
    crate dbmigrate_embed;
    rows "
        INSERT INTO users (id, email, name, locale) VALUES (1, 'ada@example.com', 'Ada King Lovelace', 'en');
        INSERT INTO users (id, email, name, locale) VALUES (2, 'x@example.com', 'Prince', 'en');
    ";
    apply "0008_given_and_family_name";
    expect "SELECT id, given_name, family_name FROM users ORDER BY id" => ["1|Ada|King Lovelace", "2|Prince|NULL"];
    expect "SELECT count(*) FROM users" => "2";
    expect "SELECT 1 FROM users WHERE given_name IS NULL";
}

dbmigrate_macros::migration_test! {
    fn several_migrations_and_closures;
    crate dbmigrate_embed;
    migrations "../migrations";
    at "0001_core";
    rows |db| {
        for id in 1..=3 {
            db.run(format!(
                "INSERT INTO users (id, email, name, password_hash) VALUES ({id}, 'u{id}@example.com', 'U', '')"
            ));
        }
    };
    apply "8";
    expect |db| {
        assert_eq!(db.query("SELECT count(*), min(email) FROM users"), ["3|u1@example.com"]);
        assert!(db.database().path().is_file());
    };
}

dbmigrate_macros::migration_test! {
    fn rows_may_be_lost_that_are_named;
    crate dbmigrate_embed;
    migrations "tests/testing/migrations";
    rows "INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'A'), (3, 'b')";
    apply "0002_one_user_per_email";
    loses "users" => ["2"];
    expect "SELECT id FROM users ORDER BY id" => ["1", "3"];
}

dbmigrate_macros::migration_test! {
    fn a_migration_may_be_refused_by_rows;
    crate dbmigrate_embed;
    migrations "tests/testing/migrations";
    rows "INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'NOBODY')";
    apply "0002_one_user_per_email";
    refused "nobody";
    expect "SELECT count(*) FROM users" => "2";
}

dbmigrate_macros::migration_test! {
    #[ignore = "fails on purpose"]
    fn loses_rows;
    crate dbmigrate_embed;
    migrations "tests/testing/migrations";
    rows "INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'A'), (3, 'b')";
    apply "0002_one_user_per_email";
}

dbmigrate_macros::migration_test! {
    #[ignore = "fails on purpose"]
    fn should_lose_more;
    crate dbmigrate_embed;
    migrations "tests/testing/migrations";
    rows "INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'A'), (3, 'b')";
    apply "0002_one_user_per_email";
    loses "users" => ["2", "3"];
}

dbmigrate_macros::migration_test! {
    #[ignore = "fails on purpose"]
    fn expects_something_else;
    crate dbmigrate_embed;
    migrations "tests/testing/migrations";
    rows "INSERT INTO users (id, email) VALUES (1, 'a')";
    apply "0002_one_user_per_email";
    expect "SELECT email FROM users" => "b";
}

#[test]
fn rows_that_did_not_survive_are_named() {
    let said = text(&start("loses_rows").output().expect("it can be started"));
    assert!(said.contains("rows did not survive `0002_one_user_per_email`\n  2 of `users`\n"), "{said}");
    assert!(said.contains("help: if that is what it is for: `loses \"users\" => [\"2\"];`"), "{said}");
    assert!(said.contains("note: the database of `testing::migration::loses_rows` is kept: "), "{said}");
    assert!(said.contains("tests/testing/migration.rs:"), "it stands at the macro: {said}");
}

#[test]
fn rows_that_survive_although_they_should_not_are_named() {
    let said = text(&start("should_lose_more").output().expect("it can be started"));
    assert!(said.contains("rows survived `0002_one_user_per_email` that it should lose\n  3 of `users`"), "{said}");
}

#[test]
fn other_rows_than_expected_are_shown() {
    let said = text(&start("expects_something_else").output().expect("it can be started"));
    let shown = "`SELECT email FROM users` returns other rows\n expected: [\"b\"]\n returned: [\"a\"]";
    assert!(said.contains(shown), "{said}");
}
