//! `cargo dbmigrate`: the subcommand.
//!
//! [`cli`] says what can be typed, [`commands`] does it, one file per command. Commands do not print: they speak
//! through the [`report::Printer`] of their [`context::Context`], and what goes wrong is a [`error::CommandError`]
//! that is shown in one place, here.

mod again;
pub mod cli;
pub mod codegen;
pub mod commands;
pub mod config;
pub mod context;
pub mod diagnostic;
pub mod drizzle;
pub mod error;
pub mod exit;
pub mod package;
pub mod report;
pub mod setup;
pub mod source;
pub mod structs;
pub mod tables;
pub mod url;
pub mod write;

use std::ffi::OsString;

/// Runs the command line, the program's name included, and returns the exit code (see [`exit`]).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let printer = report::Printer::new(&cli.output, again::Again::of(&cli));
    match commands::run(cli.command, &cli.selection, printer.clone()) {
        Ok(code) => code,
        Err(error) => {
            printer.error(&error);
            error.exit_code()
        }
    }
}

/// Reading source is allocating and freeing small pieces: with the system's allocator it takes nearly twice as long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
