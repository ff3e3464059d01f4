//! The row mapping on real databases: what is written is what is read, whatever the type; what is none of a type is an
//! error that says so.

mod create;
mod database;
mod driver;
mod harness;
mod hygiene;
mod keys;
mod names;
mod own;
mod pulled;
mod refused;
mod types;
