//! The whole product: schemas rendered as structs, structs read back, migrations generated, applied and checked.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "counts per suite are what these tests are read for")]

#[path = "../../../dbmigrate-core/tests/support/mod.rs"]
mod support;

mod compiled;
mod formatted;
mod hazards;
mod histories;
mod project;
mod round_trip;
