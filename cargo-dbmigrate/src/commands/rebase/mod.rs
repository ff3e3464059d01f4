//! `rebase`: this branch's migrations behind those of another, planned again where they were generated.

mod applied;
mod arguments;
mod deployed;
mod fleets;
mod said;
mod write;

pub(crate) use arguments::Rebase;

use dbmigrate_core::merge::Answers as Taken;

use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::rebasing::{Chain, Deciding, Sides, commutes};
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Rebase) -> Result<u8> {
    let taken = taken(arguments)?;
    if arguments.deployed {
        return deployed::run(context, arguments, taken);
    }
    if arguments.consent.yes {
        return Err(CommandError::usage("`--yes` requires `--deployed`: otherwise no database is written to"));
    }
    let sides = Sides::find(context, arguments.onto.as_deref())?;
    if sides.ours.is_empty() && sides.is_whole && arguments.onto.is_none() {
        said::nothing_to_do(context, &sides);
        return Ok(exit::DONE);
    }
    let is_behind = applied::refuse(context, arguments, &sides)?;
    fleets::refuse(context, arguments, &sides)?;
    // in the middle of a merge they are mostly in conflict, which is said at the end
    let (declared, _) = structs::read_or_nothing(context)?;
    let deciding = Deciding::new(context, &declared, (&arguments.answers, taken), arguments.command_line());
    said::begin(context, &sides);
    let chain = Chain { sides: &sides, deciding: &deciding };
    let rebased = chain.rebased().map_err(|error| deciding.with_answers(error))?;
    deciding.refuse_unused()?;
    let commuting = commutes(&chain, &rebased);
    if arguments.dry_run {
        said::dry_run(context, &sides, &rebased, commuting.as_ref());
        return Ok(exit::DONE);
    }
    let written = write::write(context, &sides, &rebased)?;
    said::report(context, &sides, &rebased, (&written, commuting.as_ref()));
    said::structs(context, &sides, &rebased, is_behind);
    Ok(exit::DONE)
}

/// What `--take` and `--rename` say.
fn taken(arguments: &Rebase) -> Result<Taken> {
    let mut taken = Taken::default();
    let usage = |flag: &str, text: &str, error: &dyn std::fmt::Display| {
        CommandError::usage(format!("`{flag} {text}`: {error}"))
            .help("take one side of what both have changed: `--take ours:users.email` or `--take theirs:users.email`")
    };
    for text in &arguments.take {
        taken.take(text).map_err(|error| usage("--take", text, &error))?;
    }
    for text in &arguments.answers.rename {
        taken.rename(text).map_err(|error| usage("--rename", text, &error))?;
    }
    Ok(taken)
}
