//! People and how long they stay signed in.

use dbmigrate::{ColumnType, Table};

use super::types::{Email, UnixTime};

/// The id of a [`User`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub struct UserId(pub i64);

/// A person with an account.
#[derive(Table)]
#[table(name = "users", strict, index("lower(coalesce(family_name, given_name))", name = "users_by_name_idx"))]
pub struct User {
    #[column(primary_key, autoincrement)]
    pub id: UserId,
    #[column(unique, collate = nocase)]
    pub email: Email,
    pub given_name: String,
    pub family_name: Option<String>,
    #[column(default = "en")]
    pub locale: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    #[column(index(where = "last_seen_at IS NOT NULL"))]
    pub last_seen_at: Option<UnixTime>,
}

/// A browser that is signed in.
#[derive(Table)]
#[table(name = "sessions", without_rowid)]
pub struct Session {
    /// SHA-256 of the cookie's value, so that the table is of no use to whoever reads it.
    #[column(primary_key)]
    pub token_hash: Vec<u8>,
    #[column(references = User::id, on_delete = cascade, index)]
    pub user_id: UserId,
    #[column(default_sql = "unixepoch()")]
    pub created_at: UnixTime,
    pub expires_at: UnixTime,
}
