//! `#[dbmigrate::test]` as an application has it: the migrations and the sets of rows of this package, its sample
//! application.

use dbmigrate::testing::TestDatabase;

async fn count(connection: &libsql::Connection, table: &str) -> i64 {
    let mut rows = connection.query(&format!("SELECT count(*) FROM {table}"), ()).await.expect("it is a query");
    rows.next().await.expect("it answers").expect("it has a row").get::<i64>(0).expect("it is a number")
}

#[dbmigrate::test]
async fn a_test_has_the_tables_and_no_rows(connection: libsql::Connection) {
    assert_eq!(count(&connection, "users").await, 0);
}

#[dbmigrate::test(seed = "demo")]
async fn a_test_has_the_rows_of_a_set(connection: libsql::Connection, database: TestDatabase) {
    assert!(count(&connection, "users").await > 0, "{}", database.url());
    connection.execute("DELETE FROM users", ()).await.expect("nothing refers to them");
}

#[dbmigrate::test(seed = "demo")]
async fn each_test_has_them_to_itself(connection: &libsql::Connection) {
    assert!(count(connection, "users").await > 0);
    let broken = connection.query("PRAGMA foreign_key_check", ()).await.expect("it is a query").next().await;
    assert!(broken.expect("it answers").is_none());
}

dbmigrate::migration_test! {
    fn a_name_becomes_two;
    rows "INSERT INTO users (email, name, locale) VALUES ('ada@example.com', 'Ada Lovelace', 'en')";
    apply "0008_given_and_family_name";
    expect "SELECT given_name, family_name FROM users" => "Ada|Lovelace";
}
