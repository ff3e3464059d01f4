//! `migrate --abort`: nothing is left of a migration that is under way.

use dbmigrate_core::engine::apply::GivenUp;
use pollster::block_on;

use super::Migrate;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::project::url::DatabaseUrl;
use crate::project::{Context, Intent};
use crate::report::counted;
use crate::{exit, messages};

/// Runs it on one database.
pub(super) fn run(context: &Context, arguments: &Migrate, url: &DatabaseUrl) -> Result<u8> {
    let intent = Intent {
        what: "abort the migration that is under way",
        command: "cargo dbmigrate migrate --abort",
        why: None,
        untouched: "nothing was changed",
    };
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    context.consent(url, arguments.consent.into(), intent)?;
    let done = match file::exists(url)? {
        true => block_on(open(context, url, false)?.give_up()).map_err(|failure| {
            CommandError::failed(format!("cannot abort the migration: {failure}"))
                .note("the database is usable, and no row of its tables was changed")
                .help("try again: `cargo dbmigrate migrate --abort`")
        })?,
        false => GivenUp::Nothing,
    };
    let shown = url;
    let say = |name: Option<&str>, batches: u64| {
        context.printer.message(|| messages::Aborted { on: url.into(), name: name.map(str::to_owned), batches });
    };
    match done {
        GivenUp::Nothing => {
            say(None, 0);
            context.printer.status("Unchanged", format!("{shown}: no migration is under way"));
            Ok(exit::DONE)
        }
        GivenUp::Gone(progress) => {
            let name = &progress.name;
            say(Some(name), 0);
            context.printer.status("Aborted", format!("{shown}: nothing is left of `{name}`, which is pending again"));
            Ok(exit::DONE)
        }
        GivenUp::Batched(progress) => {
            let name = &progress.name;
            say(Some(name), progress.pieces);
            let batches = usize::try_from(progress.pieces).unwrap_or(usize::MAX);
            let text =
                format!("{shown}: `{name}` is pending again; what {} did stays", counted(batches, "transaction"));
            context.printer.status("Aborted", text);
            Ok(exit::DONE)
        }
        GivenUp::Swapped(progress) => Err(CommandError::failed(format!(
            "the rebuild of `{}` cannot be aborted: the new table is in use already",
            progress.name
        ))
        .help("finish it: `cargo dbmigrate migrate`")),
    }
}
