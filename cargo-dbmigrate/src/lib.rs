//! `cargo dbmigrate`: the subcommand.
//!
//! `cli` says what can be typed, `commands` does it, one file per command. Commands do not print: they speak
//! through the `Printer` of their `Context`, and what goes wrong is a `CommandError`
//! that is shown in one place, here.

mod adopting;
mod backups;
mod cli;
pub mod codegen;
mod commands;
mod database;
mod decisions;
pub mod diagnostic;
mod drafting;
mod error;
pub mod exit;
mod fleet;
mod git;
mod keeping;
mod linting;
mod messages;
mod pictures;
mod planning;
mod project;
mod proof;
mod pushing;
mod queries;
mod rebasing;
mod rehearsing;
mod report;
mod rewriting;
mod rollout;
mod seeding;
mod sides;
pub mod source;
mod stepping;
mod structs;
mod templates;
mod tools;
mod turso;
mod url_text;

use std::ffi::OsString;

use cli::{Cli, Command, Parsed};
use commands::{
    backup, baseline, branch, capture, check, ci, complete, completions, diagram, diff, generate, going_back, init,
    kept, lints, log, man, merge_driver, migrate, plan, pull, push, rebase, repair, reset, restore, revert, seed,
    serve, squash, status, summary, template,
};
use error::Result;
use project::{Context, for_each_package};
use report::Printer;

/// What can be typed, as it is defined: for tests that type what is suggested.
pub fn definition() -> clap::Command {
    cli::definition()
}

/// Runs the command line, the program's name included, and returns the exit code (see [`exit`]).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let Parsed { cli, command, printer } = match cli::parse(arguments) {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    printer.conclude(Some(&command), |printer| match dispatch(cli, printer.clone()) {
        Ok(code) => code,
        Err(error) => {
            printer.error(&error);
            error.exit_code()
        }
    })
}

/// Runs the command.
fn dispatch(cli: Cli, printer: Printer) -> Result<u8> {
    // for the tests of what is said then; a release does not know the variable
    #[cfg(debug_assertions)]
    assert!(std::env::var_os("DBMIGRATE_TEST_PANIC").is_none(), "DBMIGRATE_TEST_PANIC is set");
    // these are about the program, wherever it is run
    match &cli.command {
        Command::Complete(arguments) => return Ok(complete::run(&printer, arguments, definition())),
        Command::Completions(arguments) => return Ok(completions::run(&printer, arguments)),
        Command::Man(arguments) => return man::run(&printer, arguments, definition()),
        Command::MergeDriver(arguments) => return merge_driver::run(&printer, arguments),
        Command::GoingBack => return Ok(going_back::run(&printer)),
        Command::Summary(arguments) => return summary::run(&printer, arguments),
        _ => {}
    }
    let make = |selection, printer| Context::new(selection, printer, fleet::member);
    match &cli.command {
        Command::Check(arguments) if arguments.workspace => {
            for_each_package(&cli.selection, &printer, make, |context| of_package(context, &cli.command))
        }
        command => of_package(make(cli.selection, printer)?, command),
    }
}

/// Runs the command on the databases of a package.
fn of_package(context: Context, command: &Command) -> Result<u8> {
    let (connect, reach) = (command.databases().0, command.reach());
    let has_structs = |context: &Context| structs::glance(context).is_none_or(|declared| !declared.schema.is_empty());
    context.for_each_database(connect, reach, has_structs, |context| of_database(context, command))
}

/// Runs the command on one of the databases of the package.
fn of_database(context: &Context, command: &Command) -> Result<u8> {
    match command {
        Command::Complete(_)
        | Command::Completions(_)
        | Command::GoingBack
        | Command::Man(_)
        | Command::MergeDriver(_)
        | Command::Summary(_) => Ok(exit::DONE),
        Command::Init(arguments) => init::run(context, arguments),
        Command::Generate(arguments) => generate::run(context, arguments),
        Command::Migrate(arguments) => migrate::run(context, arguments),
        Command::Plan(arguments) => plan::run(context, arguments),
        Command::Push(arguments) => push::run(context, arguments),
        Command::Pull(arguments) => pull::run(context, arguments),
        Command::Diff(arguments) => diff::run(context, arguments),
        Command::Repair(arguments) => repair::run(context, arguments),
        Command::Capture(arguments) => capture::run(context, arguments),
        Command::Backup(arguments) => backup::run(context, arguments),
        Command::Baseline(arguments) => baseline::run(context, arguments),
        Command::Rebase(arguments) => rebase::run(context, arguments),
        Command::Reset(arguments) => reset::run(context, arguments),
        Command::Revert(arguments) => revert::run(context, arguments),
        Command::Seed(arguments) => seed::run(context, arguments),
        Command::Status(arguments) => status::run(context, arguments),
        Command::Kept(arguments) => kept::run(context, arguments),
        Command::Template(arguments) => template::run(context, arguments),
        Command::Lints(arguments) => lints::run(context, arguments),
        Command::Log(arguments) => log::run(context, arguments),
        Command::Serve(arguments) => serve::run(context, arguments),
        Command::Diagram(arguments) => diagram::run(context, arguments),
        Command::Squash(arguments) => squash::run(context, arguments),
        Command::Check(arguments) => check::run(context, arguments),
        Command::Ci(arguments) => ci::run(context, arguments),
        Command::Branch(arguments) => branch::run(context, arguments),
        Command::Restore(arguments) => restore::run(context, arguments),
    }
}

/// Reading source is allocating and freeing small pieces: with the system's allocator it takes nearly twice as long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
