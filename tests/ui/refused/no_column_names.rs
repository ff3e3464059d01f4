//! `column!` is about a field of a struct.

use dbmigrate::{Table, column};

#[derive(Table)]
struct User {
    id: i64,
}

fn main() {
    column!(User);
    column!(User.id);
    column!();
}
