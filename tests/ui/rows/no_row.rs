//! What is no row of a driver cannot be read.

use dbmigrate::Table;

#[derive(Table)]
struct User {
    id: i64,
}

fn main() {
    let _ = User::from_row(&5);
}
