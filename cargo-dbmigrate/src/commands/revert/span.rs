//! Which migrations are meant, and which of them are reverted together.

use dbmigrate_core::folder::Folder;

use super::arguments::Revert;
use super::history::{Entry, combined};
use super::kept::has_a_place;
use crate::error::{CommandError, Result};
use crate::report::counted;

/// What is meant, by places in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// All from this one on.
    From(usize),
    /// This one; later ones stay.
    Only(usize),
}

/// What was typed, as places in the folder.
///
/// # Errors
/// Exit code 2 for what there is not.
pub(super) fn meant(folder: &Folder, arguments: &Revert) -> Result<Meant> {
    let count = folder.migrations().len();
    let Some(last) = count.checked_sub(1) else {
        let message = format!("no migrations in `{}`", folder.path().display());
        return Err(CommandError::usage(message).help("write one from your structs: `cargo dbmigrate generate`"));
    };
    let find = |name: &str| {
        folder.find(name).map(|migration| migration.index).ok_or_else(|| {
            let error = CommandError::usage(format!("no migration named `{name}`"));
            match folder.replacement(name) {
                Some(squash) => error
                    .note(format!("`{}` replaces it, and is reverted as a whole", squash.name))
                    .help(format!("to revert that: `cargo dbmigrate revert {}`", squash.name)),
                None => error.help("list them: `cargo dbmigrate status`"),
            }
        })
    };
    match (&arguments.name, arguments.last, &arguments.to) {
        (Some(name), _, _) => {
            let at = find(name)?;
            Ok(if at == last { Meant::From(at) } else { Meant::Only(at) })
        }
        (None, Some(0), _) => {
            Err(CommandError::usage("`--last 0` reverts nothing").help("the last one: `cargo dbmigrate revert`"))
        }
        (None, Some(wanted), _) => count.checked_sub(wanted).map(Meant::From).ok_or_else(|| {
            let are = if count == 1 { "is" } else { "are" };
            let message = format!("`--last {wanted}`: there {are} only {}", counted(count, "migration"));
            CommandError::usage(message).help(format!("all of them: `cargo dbmigrate revert --last {count}`"))
        }),
        (None, None, Some(name)) => match find(name)? {
            at if at == last => {
                let message =
                    format!("`{}` is the last migration: nothing comes after it", folder.migrations()[at].name);
                Err(CommandError::usage(message).help("to revert it: `cargo dbmigrate revert`"))
            }
            at => Ok(Meant::From(at + 1)),
        },
        (None, None, None) => Ok(Meant::From(last)),
    }
}

/// The entries in runs that one migration each takes back, the last first: one that has a way back of its own stands
/// alone, and so does what a difference would mistake for something else of the same name.
pub(super) fn runs(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut runs = Vec::new();
    let mut end = entries.len();
    let mut start = end;
    while start > 0 {
        let next = start - 1;
        let together = &entries[next..end];
        let is_alone = entries[next].has_undo;
        let fits = start == end
            || !is_alone && !entries[next + 1..end].iter().any(|entry| entry.has_undo) && {
                let last = &together[together.len() - 1];
                has_a_place(together)
                    && combined(together).inverse().mistaken(&last.after.schema, &together[0].before.schema).is_none()
            };
        if !fits {
            runs.push(&entries[start..end]);
            end = start;
        }
        start = next;
    }
    if start < end {
        runs.push(&entries[start..end]);
    }
    runs
}
