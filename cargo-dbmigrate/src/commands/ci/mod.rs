//! `ci`: the workflows that run the other commands in a pipeline, and the report on a pull request.

mod arguments;
mod called;
mod facts;
mod fleets;
mod github;
mod gitlab;
mod phases;
mod report;
mod targets;
mod template;
mod write;

pub(crate) use arguments::{Ci, Kind};

use crate::error::Result;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Ci) -> Result<u8> {
    match &arguments.kind {
        Kind::Github(arguments) => github::run(context, arguments),
        Kind::Gitlab(arguments) => gitlab::run(context, arguments),
        Kind::Report(arguments) => report::run(context, arguments),
    }
}
