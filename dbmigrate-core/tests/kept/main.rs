//! What a migration keeps of what it drops or converts: on databases with rows, with foreign keys on.

#[path = "../support/mod.rs"]
mod support;

mod columns;
mod house;
mod later;
mod tables;
mod writes;
