//! A value for a column is of its type.

use dbmigrate::{Table, column};

#[derive(Table)]
struct User {
    id: i64,
    email: String,
}

fn main() {
    let _ = column!(User::email).value("a");
    let _ = column!(User::id).value("a");
}
