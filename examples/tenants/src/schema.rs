//! What each tenant keeps.

use dbmigrate::Table;

/// A note.
#[derive(Table, serde::Serialize)]
#[table(name = "notes", strict)]
pub struct Note {
    #[column(primary_key)]
    pub id: i64,
    #[column(unique)]
    pub title: String,
    #[column(default = false)]
    pub done: bool,
    #[column(default = 0, check = "priority BETWEEN 0 AND 9", index)]
    pub priority: i64,
}
