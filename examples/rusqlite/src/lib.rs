//! What the programs of this package share: the structs, and the migrations with their step in Rust.

pub mod hosts;
pub mod schema;

use dbmigrate::Migrations;

/// The migrations of this package. Cargo compiles it again when there is a new one.
pub const MIGRATIONS: Migrations = dbmigrate::embed_migrations!(steps { "0004_fill_hosts" => hosts::fill });
