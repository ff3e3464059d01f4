//! `query!` over rusqlite, on the migrations of the sample application.

use dbmigrate::query;
use rusqlite::Connection;

#[derive(Debug, PartialEq)]
struct Person {
    id: i64,
    email: String,
    family_name: Option<String>,
}

#[dbmigrate::test(migrations = "../../../migrations")]
fn rows_come_back_as_what_they_are(connection: Connection) -> rusqlite::Result<()> {
    for (email, family_name) in [("ada@example.com", Some("Lovelace")), ("bob@example.com", None)] {
        let insert = query!("INSERT INTO users (email, given_name, family_name) VALUES (:email, 'A', :family_name)");
        assert_eq!(insert.execute(&connection)?, 1);
    }
    let all = query!(Person: "SELECT id, email, family_name FROM users ORDER BY id").fetch_all(&connection)?;
    assert_eq!(all[0], Person { id: 1, email: "ada@example.com".to_owned(), family_name: Some("Lovelace".to_owned()) });
    assert_eq!(all[1].family_name, None);
    let count = query!((i64): "SELECT count(*) FROM users WHERE email LIKE ?", "ada%").fetch_one(&connection)?;
    assert_eq!(count, 1);
    let row = query!("SELECT email, family_name FROM users WHERE id = ?", 2).fetch_optional(&connection)?;
    assert_eq!(row.map(|row| (row.email, row.family_name)), Some(("bob@example.com".to_owned(), None)));
    let nobody = query!((String): "SELECT email FROM users WHERE id = ?", 3).fetch_one(&connection);
    assert_eq!(nobody, Err(rusqlite::Error::QueryReturnedNoRows));
    let deleted = query!((i64): "DELETE FROM users RETURNING id").fetch_optional(&connection)?;
    assert_eq!(deleted, Some(1));
    assert_eq!(query!((i64): "SELECT count(*) FROM users").fetch_one(&connection)?, 0);
    Ok(())
}
