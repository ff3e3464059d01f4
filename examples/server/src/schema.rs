//! What the program keeps.

use dbmigrate::Table;

/// What somebody wrote.
#[derive(Debug, Table)]
#[table(name = "entries", strict)]
pub struct Entry {
    #[column(primary_key)]
    pub id: i64,
    pub author: String,
    pub text: String,
    #[column(default = 0)]
    pub likes: u32,
}
