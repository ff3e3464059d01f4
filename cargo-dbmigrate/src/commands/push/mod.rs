//! `push`: makes a database what the structs declare, without a migration.

mod arguments;

pub(crate) use arguments::Push;

use crate::decisions::answers::FOR_PUSH;
use crate::decisions::ask::Asker;
use crate::error::Result;
use crate::project::Context;
use crate::pushing::Run;
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Push) -> Result<u8> {
    let url = context.database(&arguments.connect)?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let declared = structs::read_all(context)?;
    let mut command_line = "cargo dbmigrate push".to_owned();
    command_line.push_str(if arguments.dry_run { " --dry-run" } else { "" });
    arguments.answers.push_to(&mut command_line);
    let asker = Asker {
        context,
        declared: &declared,
        answers: &arguments.answers,
        words: FOR_PUSH,
        command_line,
        untouched: "nothing was changed",
        given: std::cell::RefCell::default(),
    };
    let (only_show, retries) = (arguments.dry_run, arguments.retries);
    Run { context, only_show, retries, url: &url, declared: &declared, asker, taking: None }.to_the_end()?;
    Ok(exit::DONE)
}
