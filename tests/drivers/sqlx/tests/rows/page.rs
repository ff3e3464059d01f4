//! The functions that `docs/rows.md` shows.

use dbmigrate::rows::arguments;
use dbmigrate::{Table, column};
use sqlx::{AssertSqlSafe, SqliteConnection};

async fn by_email(connection: &mut SqliteConnection, email: &str) -> sqlx::Result<Option<User>> {
    let sql = format!("{} WHERE {} = ?1", User::SELECT, column!(User::email));
    let row = sqlx::query(AssertSqlSafe(sql)).bind(email).fetch_optional(connection).await?;
    Ok(row.map(|row| User::from_row(&row)).transpose()?)
}

async fn save(connection: &mut SqliteConnection, user: &User) -> sqlx::Result<()> {
    sqlx::query_with(User::UPSERT, arguments(&user.params()?)?).execute(connection).await?;
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
    let one = &mut *connection.0.borrow_mut();
    let user = User { id: 1, email: "a@example.org".to_owned() };
    crate::database::wait(save(one, &user)).expect("it is saved");
    assert_eq!(crate::database::wait(by_email(one, "a@example.org")).expect("it runs"), Some(user));
    assert_eq!(crate::database::wait(by_email(one, "b@example.org")).expect("it runs"), None);
}

#[test]
fn the_page_shows_these_functions() {
    let page = include_str!("../../../../../docs/rows.md");
    let (_, rest) =
        page.split_once("<!-- tests/drivers/sqlx/tests/rows/page.rs -->\n```rust,ignore\n").expect("it is shown");
    let (shown, _) = rest.split_once("```").expect("it ends");
    assert!(include_str!("page.rs").contains(shown), "{shown}");
}
