//! `query!` over sqlx, on the migrations of the sample application.

use dbmigrate::query;
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

#[derive(Debug, PartialEq)]
struct Person {
    id: i64,
    email: String,
    family_name: Option<String>,
}

#[dbmigrate::test(migrations = "../../../migrations")]
async fn rows_come_back_as_what_they_are(mut connection: SqliteConnection) -> sqlx::Result<()> {
    for (email, family_name) in [("ada@example.com", Some("Lovelace")), ("bob@example.com", None)] {
        let insert = query!("INSERT INTO users (email, given_name, family_name) VALUES (:email, 'A', :family_name)");
        assert_eq!(insert.execute(&mut connection).await?, 1);
    }
    let all = query!(Person: "SELECT id, email, family_name FROM users ORDER BY id").fetch_all(&mut connection).await?;
    assert_eq!(all[0], Person { id: 1, email: "ada@example.com".to_owned(), family_name: Some("Lovelace".to_owned()) });
    assert_eq!(all[1].family_name, None);
    let row = query!("SELECT email, family_name FROM users WHERE id = ?", 2).fetch_optional(&mut connection).await?;
    assert_eq!(row.map(|row| (row.email, row.family_name)), Some(("bob@example.com".to_owned(), None)));
    let nobody = query!((String): "SELECT email FROM users WHERE id = ?", 3).fetch_one(&mut connection).await;
    assert!(matches!(nobody, Err(sqlx::Error::RowNotFound)), "{nobody:?}");
    let mut transaction = connection.begin().await?;
    let deleted = query!((i64): "DELETE FROM users RETURNING id").fetch_optional(&mut *transaction).await?;
    assert_eq!(deleted, Some(1));
    assert_eq!(query!((i64): "SELECT count(*) FROM users").fetch_one(&mut *transaction).await?, 0);
    Ok(())
}

#[dbmigrate::test(migrations = "../../../migrations")]
#[tokio::test]
async fn a_pool_is_one_too(pool: SqlitePool) -> sqlx::Result<()> {
    let none = tokio::spawn(async move { query!((i64): "SELECT count(*) FROM users").fetch_one(&pool).await });
    assert_eq!(none.await.expect("it does not panic")?, 0);
    Ok(())
}
