//! `#[dbmigrate::test]`: what a test is given, and what becomes of it. Tests that fail on purpose are ignored, and started
//! by others in a process of their own.
#![expect(clippy::print_stdout, reason = "tests that are started by others tell them something")]

mod fixtures;
mod given;
mod kept;
mod migration;
mod together;
