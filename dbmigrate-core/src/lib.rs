//! The core behind `dbmigrate-rs`: what a schema is, how two of them differ, which SQL leads from one to the other,
//! and whether that SQL keeps every row.
//!
//! The flow goes one way, and a module imports only what stands before it:
//! [`sql`] → [`schema`] → [`ddl`] (SQL text to model and back) → `declare` (annotated structs to model) → [`diff`] →
//! [`plan`] → [`folder`] (snapshots and migrations on disk) → `engine` (libSQL: introspect, prove, apply).
//! Everything up to [`folder`] is pure: no I/O, no clock, no terminal. The engine is behind the feature `libsql`,
//! reading structs behind `declare`; without features this crate compiles no C and no async runtime.

pub mod config;
pub mod ddl;
#[cfg(feature = "declare")]
pub mod declare;
pub mod diff;
#[cfg(feature = "libsql")]
pub mod engine;
pub mod folder;
pub mod ignore;
pub mod plan;
pub mod schema;
pub mod sql;
