//! The whole product: schemas rendered as structs, structs read back, migrations generated, applied and checked.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "counts per suite are what these tests are read for")]

#[path = "../../../dbmigrate-core/tests/support/mod.rs"]
mod support;

mod cases;
mod compile;
mod compiled;
mod copied;
mod formatted;
mod histories;
mod law;
mod parallel;
mod place;
mod project;
mod pulled;
mod reverted;
mod round_trip;
mod schemas;
mod served;
mod squashed;
mod ways;
