//! libSQL: connect, introspect, prove and apply. Behind the feature `libsql`.
//!
//! The functions are `async` because a database may be remote; those on local files never wait for anything but the
//! disk, so any executor will do.

pub mod apply;
#[cfg(feature = "backup")]
pub mod backup;
#[cfg(feature = "functions")]
pub mod brought;
#[cfg(feature = "lint")]
pub mod catalogue;
pub mod check;
pub mod commute;
pub mod connection;
pub mod content;
pub mod error;
mod exercise;
pub mod introspect;
pub mod kept;
pub mod owner;
mod parts;
pub mod populate;
pub mod provable;
pub mod prove;
#[cfg(feature = "remote")]
pub mod remote;
pub mod replay;
pub mod squash;
mod stored;
pub mod tracker;
pub mod view;

pub use crate::ignore::{self, Ignore};
pub use connection::Connection;
pub use error::EngineError;
pub use introspect::{Introspected, introspect, introspect_without};
pub use view::{ViewColumns, view_columns};
