//! `column!` is about fields that exist, can be seen, and belong to a table or view.

use dbmigrate::{ColumnName, Table, column};

mod elsewhere {
    #[derive(dbmigrate::Table)]
    pub struct Account {
        id: i64,
    }
}

#[derive(Table)]
struct User {
    id: i64,
    email: String,
}

struct Other {
    id: i64,
}

const ID: ColumnName<User, String> = column!(User::id);

fn main() {
    column!(User::emial);
    column!(elsewhere::Account::id);
    column!(Other::id);
}
