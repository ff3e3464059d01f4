//! What the service keeps.

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
}
