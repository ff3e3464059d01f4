//! The row mapping over sqlx: the tests of `cargo-dbmigrate/tests/rows`, on its rows and values.

mod database;
mod driver;
#[path = "../../../../../cargo-dbmigrate/tests/rows/harness.rs"]
mod harness;
#[path = "../../../../../cargo-dbmigrate/tests/rows/hygiene.rs"]
mod hygiene;
#[path = "../../../../../cargo-dbmigrate/tests/rows/keys.rs"]
mod keys;
#[path = "../../../../../cargo-dbmigrate/tests/rows/names.rs"]
mod names;
#[path = "../../../../../cargo-dbmigrate/tests/rows/own.rs"]
mod own;
mod page;
#[path = "../../../../../cargo-dbmigrate/tests/rows/refused.rs"]
mod refused;
#[path = "../../../../../cargo-dbmigrate/tests/rows/types.rs"]
mod types;
