//! The core behind `dbmigrate-rs`: what a schema is, how two of them differ, which SQL leads from one to the other,
//! and whether that SQL keeps every row.
//!
//! The flow goes one way, and a module imports only what stands before it:
//! [`sql`] → [`schema`] → [`ddl`] (SQL text to model and back) → [`query`] (statements of applications) → `declare` (annotated structs to model) → [`diff`] →
//! [`kept`] → [`plan`] → [`merge`] → [`folder`] (snapshots and migrations on disk) → `lint` → `engine` (databases: introspect, prove, apply).
//! Everything up to [`folder`] is pure: no I/O, no clock, no terminal. The engine is behind the feature `engine`, what
//! of it opens databases behind `libsql`, reading structs and `dbmigrate.toml` behind `declare`, the rest of it behind `model`; without features there are
//! only [`hash`] and [`quote`], which is all that applications have in common with the derives.

#[cfg(feature = "model")]
pub mod config;
#[cfg(feature = "model")]
pub mod ddl;
#[cfg(feature = "declare")]
pub mod declare;
#[cfg(feature = "model")]
pub mod diff;
#[cfg(feature = "model")]
pub mod duration;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "model")]
pub mod figures;
#[cfg(feature = "model")]
pub mod folder;
pub mod hash;
#[cfg(feature = "model")]
pub mod ignore;
#[cfg(feature = "model")]
pub mod kept;
pub mod keyword;
#[cfg(feature = "lint")]
pub mod lint;
#[cfg(feature = "model")]
pub mod merge;
#[cfg(feature = "model")]
pub mod plan;
#[cfg(feature = "model")]
pub mod query;
pub mod quote;
#[cfg(feature = "model")]
pub mod schema;
#[cfg(feature = "model")]
pub mod seed_sets;
#[cfg(feature = "model")]
pub mod sha256;
#[cfg(feature = "model")]
pub mod shell;
#[cfg(feature = "model")]
pub mod sql;
