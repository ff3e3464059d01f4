//! `#[dbmigrate::test]` and `migration_test!` with rusqlite, on the migrations of the sample application.

use dbmigrate::testing::TestDatabase;
use rusqlite::Connection;

const MIGRATIONS: dbmigrate::Migrations = dbmigrate::embed_migrations!("../../../migrations");

fn write(connection: &Connection) {
    let sql = "INSERT INTO feature_flags (name, description) VALUES ('one', '')";
    assert_eq!(connection.execute(sql, ()).expect("nobody else has written it"), 1);
    let count = connection.query_row("SELECT count(*) FROM feature_flags", (), |row| row.get::<_, i64>(0));
    assert_eq!(count.expect("it is a query"), 1);
}

#[dbmigrate::test(migrations = "../../../migrations")]
fn a_test_gets_the_schema_and_nothing_is_pending(mut connection: Connection) {
    let status = MIGRATIONS.status(&mut connection).wait().expect("it was migrated");
    assert!(status.is_current(), "{status:?}");
    write(&connection);
}

#[dbmigrate::test(migrations = MIGRATIONS)]
fn each_test_has_its_own_and_parameters_share_it(connection: &mut Connection, database: TestDatabase) {
    write(connection);
    let other = Connection::open(database.path()).expect("it is a file");
    assert!(other.execute("INSERT INTO feature_flags (name, description) VALUES ('one', '')", ()).is_err());
}

dbmigrate::migration_test! {
    fn a_name_becomes_two;
    migrations "../../../migrations";
    rows "INSERT INTO users (email, name, locale) VALUES ('ada@example.com', 'Ada Lovelace', 'en')";
    apply "0008_given_and_family_name";
    expect "SELECT given_name, family_name FROM users" => "Ada|Lovelace";
}
