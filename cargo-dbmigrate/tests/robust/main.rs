//! What must not hurt a database: runners that race, runners that are killed, disks that are full, files that are not
//! what they seem. Each test looks at every row, at the structure and at the history afterwards, without the product.
//!
//! `cargo test --release -p cargo-dbmigrate --test robust -- --ignored soak --nocapture` does the same for an hour.

#![allow(clippy::print_stdout, reason = "seeds and figures are shown with tests that fail, and in the soak")]

mod chance;
mod copies;
mod death;
mod disk;
mod documented;
mod files;
mod locks;
#[path = "../product/project.rs"]
#[expect(dead_code, reason = "what the tests of the commands use of it is more")]
mod project;
mod races;
mod server;
mod soak;
mod story;
mod subject;
