//! What the program keeps.

use dbmigrate::{ColumnType, Table};

/// A page that somebody wants to read.
#[derive(Debug, Table)]
#[table(name = "bookmarks", strict)]
pub struct Bookmark {
    #[column(primary_key)]
    pub id: i64,
    #[column(unique)]
    pub url: String,
    pub title: Option<String>,
    #[column(default = "unread")]
    pub state: State,
    /// The server, as the URL has it.
    #[column(index)]
    pub host: Option<String>,
}

/// Whether it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(check)]
pub enum State {
    Unread,
    Read,
}
