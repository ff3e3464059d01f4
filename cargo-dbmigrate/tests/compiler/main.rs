//! What rustc says of structs that differ from the migrations: whole packages, migrated by the binary and checked by
//! cargo.

#[path = "../../../dbmigrate-core/tests/support/mod.rs"]
mod support;

mod agree;
mod cases;
mod databases;
mod differ;
mod documented;
mod expanded;
mod files;
mod fresh;
mod lanes;
mod queries;
mod sample;
mod suggested;
mod targets;
mod whole;
mod workspace;
