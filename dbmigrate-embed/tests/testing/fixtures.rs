//! Tests that others start: they fail, or they look at what another one has done.

use std::time::Duration;

use dbmigrate_embed::testing::TestDatabase;

const MIGRATIONS: dbmigrate_embed::Migrations =
    dbmigrate_macros::embed_migrations!("../migrations", crate = dbmigrate_embed);

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[ignore = "fails on purpose"]
async fn panics(connection: libsql::Connection) {
    connection
        .execute("INSERT INTO feature_flags (name, description) VALUES ('kept', '')", ())
        .await
        .expect("there is such a table");
    assert!(std::env::var_os("PASSES").is_some(), "on purpose");
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[ignore = "fails on purpose"]
fn returns_an_error(_: TestDatabase) -> Result<(), String> {
    Err("on purpose".to_owned())
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[ignore = "the panic is what it is about"]
#[should_panic(expected = "on purpose")]
fn panics_and_passes(_: TestDatabase) {
    panic!("on purpose");
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[ignore = "is killed"]
fn waits_to_be_killed(database: TestDatabase) {
    println!("database: {}", database.path().display());
    std::thread::sleep(Duration::from_secs(60));
}

#[dbmigrate_macros::test(migrations = MIGRATIONS, crate = dbmigrate_embed)]
#[ignore = "is started by another test"]
fn says_where_it_is(database: TestDatabase) {
    println!("database: {}", database.path().display());
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[ignore = "fails on purpose"]
async fn needs_tokio(_: TestDatabase) {
    panic!("there is no reactor running, must be called from the context of a Tokio 1.x runtime");
}
