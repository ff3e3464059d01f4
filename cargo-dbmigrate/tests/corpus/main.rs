//! The whole product: schemas rendered as structs, structs read back, migrations generated, applied and checked.

#[path = "../../../dbmigrate-core/tests/support/mod.rs"]
mod support;

mod compiled;
mod hazards;
mod histories;
mod project;
mod round_trip;
