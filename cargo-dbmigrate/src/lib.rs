//! `cargo dbmigrate`: the subcommand.
//!
//! `cli` says what can be typed, `commands` does it, one file per command. Commands do not print: they speak
//! through the `Printer` of their `Context`, and what goes wrong is a `CommandError`
//! that is shown in one place, here.

mod adopting;
mod cli;
pub mod codegen;
mod commands;
mod database;
mod decisions;
pub mod diagnostic;
mod drizzle;
mod error;
pub mod exit;
mod git;
mod project;
mod proof;
mod pushing;
mod report;
mod seeding;
pub mod source;
mod structs;
mod url_text;

use std::ffi::OsString;

use cli::{Cli, Command};
use commands::{baseline, check, ci, diff, generate, init, migrate, pull, push, reset, seed, status};
use error::Result;
use project::Context;
use report::Printer;

/// What can be typed, as it is defined: for tests that type what is suggested.
pub fn definition() -> clap::Command {
    cli::definition()
}

/// Runs the command line, the program's name included, and returns the exit code (see [`exit`]).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let printer = Printer::new(&cli.output, cli.again());
    match dispatch(cli, printer.clone()) {
        Ok(code) => code,
        Err(error) => {
            printer.error(&error);
            error.exit_code()
        }
    }
}

/// Runs the command.
fn dispatch(cli: Cli, printer: Printer) -> Result<u8> {
    let context = Context::new(cli.selection, printer)?;
    match cli.command {
        Command::Init(arguments) => init::run(&context, &arguments),
        Command::Generate(arguments) => generate::run(&context, &arguments),
        Command::Migrate(arguments) => migrate::run(&context, &arguments),
        Command::Push(arguments) => push::run(&context, &arguments),
        Command::Pull(arguments) => pull::run(&context, &arguments),
        Command::Diff(arguments) => diff::run(&context, &arguments),
        Command::Baseline(arguments) => baseline::run(&context, &arguments),
        Command::Reset(arguments) => reset::run(&context, &arguments),
        Command::Seed(arguments) => seed::run(&context, &arguments),
        Command::Status(arguments) => status::run(&context, &arguments),
        Command::Check(arguments) => check::run(&context, &arguments),
        Command::Ci(arguments) => ci::run(&context, &arguments),
    }
}

/// Reading source is allocating and freeing small pieces: with the system's allocator it takes nearly twice as long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
