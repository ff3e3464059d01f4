//! What a test is given: a database of its own with the schema of the migrations.

use std::path::PathBuf;
use std::sync::Mutex;

use dbmigrate_embed::testing::{BoxError, FromTest, TestDatabase};
use pollster::block_on;

const MIGRATIONS: dbmigrate_embed::Migrations =
    dbmigrate_macros::embed_migrations!("../migrations", crate = dbmigrate_embed);

async fn one(connection: &libsql::Connection, sql: &str) -> String {
    let mut rows = connection.query(sql, ()).await.expect("it is a query");
    let row = rows.next().await.expect("it answers").expect("it has a row");
    match row.get_value(0).expect("it has a column") {
        libsql::Value::Integer(number) => number.to_string(),
        libsql::Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
async fn a_test_gets_the_schema_of_all_migrations_and_nothing_is_pending(connection: libsql::Connection) {
    let status = MIGRATIONS.status(&connection).await.expect("it was migrated");
    assert!(status.is_current(), "{status:?}");
    assert_eq!(one(&connection, "SELECT count(*) FROM users").await, "0");
    assert_eq!(one(&connection, "PRAGMA foreign_keys").await, "1");
    assert_eq!(one(&connection, "PRAGMA integrity_check").await, "ok");
}

#[dbmigrate_macros::test(migrations = MIGRATIONS, crate = dbmigrate_embed)]
async fn a_test_can_name_the_value_of_embed_migrations(connection: libsql::Connection) {
    assert!(MIGRATIONS.status(&connection).await.expect("it was migrated").is_current());
}

/// Each of the following writes the same row, which a database takes only once.
async fn writes(connection: &libsql::Connection) {
    static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    connection
        .execute("INSERT INTO feature_flags (name, description) VALUES ('one', '')", ())
        .await
        .expect("nobody else has written it");
    assert_eq!(one(connection, "SELECT count(*) FROM feature_flags").await, "1");
    let path = PathBuf::from(one(connection, "SELECT file FROM pragma_database_list").await);
    let mut paths = PATHS.lock().expect("no test fails");
    assert!(!paths.contains(&path), "{paths:?}");
    paths.push(path);
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
async fn a_test_has_its_database_to_itself(connection: libsql::Connection) {
    writes(&connection).await;
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
fn a_test_that_is_not_async_has_its_own_too(connection: libsql::Connection) {
    block_on(writes(&connection));
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
async fn a_reference_is_lent(connection: &libsql::Connection, database: &mut libsql::Database) {
    writes(connection).await;
    drop(database.connect().expect("it is a file"));
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
async fn all_parameters_are_of_one_database(
    first: libsql::Connection,
    database: libsql::Database,
    TestDatabaseOf(file): TestDatabaseOf,
) -> Result<(), BoxError> {
    writes(&first).await;
    let second = database.connect()?;
    assert_eq!(one(&second, "SELECT count(*) FROM feature_flags").await, "1");
    assert_eq!(PathBuf::from(one(&second, "SELECT file FROM pragma_database_list").await), file.path());
    assert_eq!(file.url(), format!("sqlite://{}", file.path().display()));
    Ok(())
}

/// What an application would have of its own.
struct TestDatabaseOf(TestDatabase);

impl FromTest for TestDatabaseOf {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(Self(database.clone()))
    }
}

#[dbmigrate_macros::test(migrations = "../migrations", crate = dbmigrate_embed)]
#[tokio::test]
async fn another_attribute_below_runs_the_test(connection: libsql::Connection) {
    tokio::task::yield_now().await;
    let written = tokio::spawn(async move { writes(&connection).await });
    written.await.expect("it does not panic");
}
