//! What a migration keeps of what it drops or converts: on databases with rows, with foreign keys on.

mod columns;
mod house;
mod later;
mod tables;
mod writes;
