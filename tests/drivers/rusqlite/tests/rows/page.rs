//! The functions that `docs/rows.md` shows.

use dbmigrate::{Table, column};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

fn by_email(connection: &Connection, email: &str) -> rusqlite::Result<Option<User>> {
    let sql = format!("{} WHERE {} = ?1", User::SELECT, column!(User::email));
    connection.query_row(&sql, [email], |row| Ok(User::from_row(row)?)).optional()
}

fn save(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    connection.execute(User::UPSERT, params_from_iter(user.params()?))?;
    Ok(())
}

#[derive(Debug, PartialEq, Table)]
#[table(name = "users")]
struct User {
    #[column(primary_key)]
    id: i64,
    email: String,
}

#[test]
fn the_functions_of_the_page_save_and_find() {
    let connection = crate::database::with::<User>();
    let user = User { id: 1, email: "a@example.org".to_owned() };
    save(&connection, &user).expect("it is saved");
    assert_eq!(by_email(&connection, "a@example.org"), Ok(Some(user)));
    assert_eq!(by_email(&connection, "b@example.org"), Ok(None));
}

#[test]
fn the_page_shows_these_functions() {
    let page = include_str!("../../../../../docs/rows.md");
    let (_, rest) =
        page.split_once("<!-- tests/drivers/rusqlite/tests/rows/page.rs -->\n```rust,ignore\n").expect("it is shown");
    let (shown, _) = rest.split_once("```").expect("it ends");
    assert!(include_str!("page.rs").contains(shown), "{shown}");
}
