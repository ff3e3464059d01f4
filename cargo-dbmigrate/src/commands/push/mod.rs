//! `push`: makes a database what the structs declare, without a migration.

mod arguments;

pub(crate) use arguments::Push;

use crate::decisions::answers::FOR_PUSH;
use crate::decisions::ask::Asker;
use crate::error::Result;
use crate::linting::Set;
use crate::project::Context;
use crate::pushing::Run;
use crate::{exit, structs};

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Push) -> Result<u8> {
    let databases = context.databases(&arguments.connect)?;
    databases.refuse_consent_to_others(&arguments.consent.yes)?;
    let set = Set::of(context, &arguments.levels)?;
    let declared = structs::read_all(context)?;
    let mut command =
        if arguments.dry_run { "cargo dbmigrate push --dry-run" } else { "cargo dbmigrate push" }.to_owned();
    arguments.levels.push_to(&mut command);
    databases.each(context, |context, url| {
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        let answers = (&arguments.answers, FOR_PUSH);
        let asker = Asker::new(context, &declared, answers, command.clone(), "nothing was changed");
        let (only_show, retries) = (arguments.dry_run, arguments.retry.of(url));
        let (lints, consent) = (Some(&set), (&arguments.consent).into());
        Run { context, only_show, retries, url, declared: &declared, asker, taking: None, lints, consent }
            .to_the_end()?;
        Ok(exit::DONE)
    })
}
