//! Connect, introspect and apply, over any [`driver`] and on servers: behind the feature `engine`. Whatever needs
//! databases of its own, as proofs do, is behind `libsql`.
//!
//! The functions are `async` because a database may be remote; those on local files never wait for anything but the
//! disk, so any executor will do.

pub mod apply;
#[cfg(feature = "remote")]
mod assertion;
#[cfg(feature = "backup")]
pub mod backup;
#[cfg(feature = "libsql")]
pub mod between;
#[cfg(feature = "functions")]
pub mod brought;
#[cfg(all(feature = "libsql", feature = "lint"))]
pub mod catalogue;
pub mod check;
#[cfg(feature = "libsql")]
pub mod commute;
pub mod connection;
#[cfg(feature = "libsql")]
pub mod content;
pub mod driver;
pub mod engines;
pub mod error;
#[cfg(feature = "libsql")]
mod exercise;
mod in_place;
pub mod introspect;
pub mod kept;
pub mod online;
mod orphaned;
pub mod owner;
#[cfg(feature = "libsql")]
mod parts;
pub mod pieces;
#[cfg(feature = "libsql")]
pub mod populate;
pub mod progress;
#[cfg(feature = "libsql")]
pub mod provable;
#[cfg(feature = "libsql")]
pub mod prove;
#[cfg(feature = "remote")]
pub mod remote;
pub mod replay;
#[cfg(feature = "libsql")]
pub mod squash;
pub mod step;
mod stored;
pub mod tools;
pub mod tracker;
#[cfg(all(feature = "libsql", feature = "lint"))]
pub mod trial;
pub mod value;
#[cfg(feature = "libsql")]
pub mod view;
mod written;

pub use crate::ignore::{self, Ignore};
pub use connection::Connection;
pub use error::EngineError;
pub use introspect::{Introspected, introspect, introspect_without};
#[cfg(feature = "libsql")]
pub use view::{ViewColumns, view_columns};
