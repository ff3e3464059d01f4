//! `#[dbmigrate::test]` and `migration_test!` with sqlx, on the migrations of the sample application.

use dbmigrate::testing::TestDatabase;
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Row as _, Sqlite, SqliteConnection, SqlitePool};

const MIGRATIONS: dbmigrate::Migrations = dbmigrate::embed_migrations!("../../../migrations");

async fn write(connection: &mut SqliteConnection) {
    let sql = "INSERT INTO feature_flags (name, description) VALUES ('one', '')";
    sqlx::query(sql).execute(&mut *connection).await.expect("nobody else has written it");
    let row = sqlx::query("SELECT count(*) FROM feature_flags").fetch_one(connection).await.expect("it is a query");
    assert_eq!(row.get::<i64, _>(0), 1);
}

#[dbmigrate::test(migrations = "../../../migrations")]
async fn a_connection_needs_no_executor(mut connection: SqliteConnection) {
    let status = MIGRATIONS.status(&mut connection).await.expect("it was migrated");
    assert!(status.is_current(), "{status:?}");
    write(&mut connection).await;
}

#[dbmigrate::test(migrations = "../../../migrations")]
#[tokio::test]
async fn a_pool_runs_in_tokio(pool: SqlitePool) {
    write(&mut pool.acquire().await.expect("there is one")).await;
    assert!(MIGRATIONS.status(&pool).await.expect("it was migrated").is_current());
}

#[dbmigrate::test(migrations = MIGRATIONS)]
#[tokio::test]
async fn parameters_share_the_database(mut connection: PoolConnection<Sqlite>, database: TestDatabase) {
    write(&mut connection).await;
    let mut other = SqliteConnection::connect(&database.url()).await.expect("its URL opens it");
    let sql = "INSERT INTO feature_flags (name, description) VALUES ('one', '')";
    assert!(sqlx::query(sql).execute(&mut other).await.is_err());
}

dbmigrate::migration_test! {
    fn a_name_becomes_two;
    migrations "../../../migrations";
    rows "INSERT INTO users (email, name, locale) VALUES ('ada@example.com', 'Ada Lovelace', 'en')";
    apply "0008_given_and_family_name";
    expect "SELECT given_name, family_name FROM users" => "Ada|Lovelace";
}
