//! The commands, one file each: its arguments and what it does.

pub mod answers;
pub mod baseline;
pub mod check;
mod decide;
pub mod diff;
mod difference;
pub mod generate;
pub mod init;
pub mod migrate;
mod open;
mod place;
pub mod pull;
mod pull_baseline;
mod pull_drizzle;
mod pull_files;
pub mod push;
mod remote_error;
mod replay;
mod replay_drizzle;
mod seal;
mod side;
pub mod status;
mod subject;
mod take_over;

use crate::cli::{Command, Selection};
use crate::context::Context;
use crate::error::Result;
use crate::report::Printer;

/// Runs a command and returns its exit code.
///
/// # Errors
/// What went wrong, not shown yet.
pub fn run(command: Command, selection: &Selection, printer: Printer) -> Result<u8> {
    let context = Context::new(selection.clone(), printer)?;
    match command {
        Command::Init(arguments) => init::run(&context, &arguments),
        Command::Generate(arguments) => generate::run(&context, &arguments),
        Command::Migrate(arguments) => migrate::run(&context, &arguments),
        Command::Push(arguments) => push::run(&context, &arguments),
        Command::Pull(arguments) => pull::run(&context, &arguments),
        Command::Diff(arguments) => diff::run(&context, &arguments),
        Command::Baseline(arguments) => baseline::run(&context, &arguments),
        Command::Status(arguments) => status::run(&context, &arguments),
        Command::Check(arguments) => check::run(&context, &arguments),
    }
}
