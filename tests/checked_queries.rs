//! `query!` over libsql as an application has it: the migrations of this package, its sample application, and a
//! database for each test.

use dbmigrate::{ColumnType, query, query_file};
use libsql::Connection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
struct UserId(i64);

#[derive(Debug, PartialEq)]
struct Person {
    id: UserId,
    email: String,
    family_name: Option<String>,
}

async fn add(connection: &Connection, email: &str, family_name: Option<&str>) -> libsql::Result<UserId> {
    query!(
        (UserId): "INSERT INTO users (email, given_name, family_name) VALUES (?, 'Ada', ?) RETURNING id",
        email,
        family_name,
    )
    .fetch_one(connection)
    .await
}

#[dbmigrate::test]
async fn rows_are_structs_values_tuples_and_made_up(connection: Connection) -> libsql::Result<()> {
    let ada = add(&connection, "ada@example.com", Some("Lovelace")).await?;
    let bob = add(&connection, "bob@example.com", None).await?;
    let all = query!(Person: "SELECT id, email, family_name FROM users ORDER BY id").fetch_all(&connection).await?;
    let family_name = Some("Lovelace".to_owned());
    let expected = [
        Person { id: ada, email: "ada@example.com".to_owned(), family_name },
        Person { id: bob, email: "bob@example.com".to_owned(), family_name: None },
    ];
    assert_eq!(all, expected);
    let one = query!("SELECT id, email, family_name FROM users WHERE id = ?1", bob).fetch_one(&connection).await?;
    assert_eq!((one.id, one.email.as_str(), one.family_name), (bob.0, "bob@example.com", None));
    let pair = query!((i64, Option<String>): "SELECT id, family_name FROM users WHERE email = :email", email = "ada@example.com");
    assert_eq!(pair.fetch_one(&connection).await?, (ada.0, Some("Lovelace".to_owned())));
    assert_eq!(query!((i64): "SELECT count(*) FROM users").fetch_one(&connection).await?, 2);
    let stated =
        query!("SELECT id AS \"id: UserId\", email FROM users WHERE id = ?1", ada).fetch_one(&connection).await?;
    assert_eq!(stated.id, ada);
    Ok(())
}

#[dbmigrate::test]
async fn statements_change_rows_and_names_are_taken_from_here(connection: Connection) -> libsql::Result<()> {
    let id = add(&connection, "ada@example.com", None).await?;
    let locale = "fr".to_owned();
    let changed = query!("UPDATE users SET locale = :locale WHERE id = :id").execute(&connection).await?;
    assert_eq!(changed, 1);
    let found = query!((String): "SELECT locale FROM users WHERE id = ?", id).fetch_optional(&connection).await?;
    assert_eq!(found, Some(locale));
    let nobody = query!((String): "SELECT locale FROM users WHERE id = ?", 0).fetch_optional(&connection).await?;
    assert_eq!(nobody, None);
    let missing = query!((String): "SELECT locale FROM users WHERE id = ?", 0).fetch_one(&connection).await;
    assert!(matches!(missing, Err(libsql::Error::QueryReturnedNoRows)), "{missing:?}");
    let transaction = connection.transaction().await?;
    assert_eq!(query!("DELETE FROM users WHERE id = ?", &id).execute(&*transaction).await?, 1);
    transaction.rollback().await?;
    assert_eq!(query!((i64): "SELECT count(*) FROM users").fetch_one(&connection).await?, 1);
    Ok(())
}

#[dbmigrate::test]
async fn a_left_join_makes_null_and_a_statement_may_be_in_a_file(connection: Connection) -> libsql::Result<()> {
    let id = add(&connection, "ada@example.com", None).await?;
    let rows = query!(
        "SELECT users.email, memberships.role FROM users LEFT JOIN memberships ON memberships.user_id = users.id"
    );
    let rows = rows.fetch_all(&connection).await?;
    assert_eq!((rows[0].email.as_str(), rows[0].role.as_deref()), ("ada@example.com", None));
    let person = query_file!(Person: "tests/checked_queries/person.sql", id).fetch_one(&connection).await?;
    assert_eq!(person.email, "ada@example.com");
    Ok(())
}

#[dbmigrate::test]
async fn a_value_that_cannot_be_written_or_read_is_an_error(connection: Connection) -> libsql::Result<()> {
    let error = add(&connection, "a\0@example.com", None).await.expect_err("it would be cut off");
    assert!(error.to_string().contains("cannot write parameter 1"), "{error}");
    connection.execute("INSERT INTO organizations (slug, name) VALUES ('a', x'00')", ()).await?;
    let error = query!("SELECT name FROM organizations").fetch_all(&connection).await.expect_err("it is no text");
    assert!(error.to_string().contains("cannot read `name` of a row: expected TEXT, found BLOB"), "{error}");
    Ok(())
}
