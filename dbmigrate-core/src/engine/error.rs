//! Errors of the engine, sorted into the kinds that people can do something about.

use thiserror::Error;

/// SQLite's result code, without the extension in the upper bytes (sqlite.org/rescode.html).
const PRIMARY_CODE_MASK: i32 = 0xff;

/// An extended code of "read-only": the file was moved or deleted (sqlite.org/rescode.html#readonly_dbmoved).
const READONLY_DBMOVED: i32 = 1032;

/// What the message of [`ErrorKind::Lost`] has in it if the server shows that it is alive and does not answer.
pub const UNANSWERED: &str = "it is up, and did not answer for";

/// An error of the engine.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct EngineError {
    /// What kind it is.
    pub kind: ErrorKind,
    /// The engine's own message.
    pub message: String,
}

/// Kinds of engine errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `SQLITE_ERROR` and everything that has no kind of its own: the statement is wrong.
    Statement,
    /// A constraint was violated.
    Constraint,
    /// Another connection holds the lock.
    Locked,
    /// The file, or its folder, cannot be written.
    ReadOnly,
    /// The file is no longer where it was when it was opened.
    Moved,
    /// The disk is full.
    DiskFull,
    /// The disk failed.
    Io,
    /// The file is damaged.
    Corrupt,
    /// The file is something else.
    NotADatabase,
    /// The file cannot be opened.
    CannotOpen,
    /// No connection to the server, or no answer to something that only reads: nothing was changed.
    Unreachable,
    /// The server may have executed what was sent, and its answer did not arrive: nobody knows what happened.
    Lost,
    /// The server does not accept the token, or wants one (401).
    Unauthorized,
    /// The token is good, but not for this (403).
    Forbidden,
    /// The server has no database of that name, or none for this token (404).
    NoSuchDatabase,
    /// The transaction took too long while another writer waited, and was rolled back by the server.
    Stolen,
    /// The server has given up the stream, and rolled back its transaction.
    StreamExpired,
    /// The request, or the answer to it, is larger than the server allows.
    TooLarge,
    /// What answers is no libSQL server.
    Protocol,
}

impl EngineError {
    /// The error of a result code of SQLite, extended or not (sqlite.org/rescode.html).
    pub fn of_sqlite(code: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        let kind = match code & PRIMARY_CODE_MASK {
            _ if code == READONLY_DBMOVED => ErrorKind::Moved,
            5 | 6 => ErrorKind::Locked,
            8 => ErrorKind::ReadOnly,
            10 => ErrorKind::Io,
            11 => ErrorKind::Corrupt,
            13 => ErrorKind::DiskFull,
            14 => ErrorKind::CannotOpen,
            19 => ErrorKind::Constraint,
            // what ALTER TABLE … ADD COLUMN says of existing rows comes without the code for it
            1 if message.ends_with("constraint failed") => ErrorKind::Constraint,
            26 => ErrorKind::NotADatabase,
            _ => ErrorKind::Statement,
        };
        Self { kind, message }
    }
}
