//! `branch`: the copies that `migrate --branch` and `restore --at` have made on Turso Cloud.

mod arguments;
mod drop;
mod list;

pub(crate) use arguments::{Branch, Kind};

use crate::error::Result;
use crate::project::Context;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Branch) -> Result<u8> {
    match &arguments.kind {
        Kind::List(arguments) => list::run(context, arguments),
        Kind::Drop(arguments) => drop::run(context, arguments),
    }
}
