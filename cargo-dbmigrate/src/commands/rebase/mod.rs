//! `rebase`: this branch's migrations behind those of another.

mod arguments;

pub(crate) use arguments::Rebase;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::rebasing::Sides;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Rebase) -> Result<u8> {
    let sides = Sides::find(context, arguments.onto.as_deref())?;
    let Some(first) = sides.moved().next() else {
        return Ok(exit::DONE);
    };
    let message = format!("`{}` is to go behind `{}`, which is not there yet", first.name, sides.onto.label);
    Err(CommandError::new(exit::DECISION, message))
}
