//! Parts of what is said of a folder.

use std::fmt;
use std::path::Path;

use super::super::heads::Branch;
use super::super::name::MigrationName;
use crate::shell::shell_quoted;

/// The migration that a file is of.
pub(super) fn name_of(file: &Path) -> Option<&str> {
    file.parent()?.file_name()?.to_str()
}

/// How an edit is accepted.
pub(super) fn accept_edit(file: &Path) -> String {
    let name = shell_quoted(name_of(file).unwrap_or_default());
    format!(
        "if the edit is right, and produces the same schema: `cargo dbmigrate repair --edited {name} --accept edits`"
    )
}

/// `a`, `b` and `c`, each in backticks.
pub(super) fn quoted(names: &[MigrationName]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &names[..] {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

pub(super) fn write_branched(
    f: &mut fmt::Formatter<'_>,
    lock: &std::path::Display<'_>,
    branches: &[Branch],
    is_listed: bool,
) -> fmt::Result {
    let heads: Vec<MigrationName> = branches.iter().filter_map(|branch| branch.head().cloned()).collect();
    let count = match heads.len() {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        count => count.to_string(),
    };
    match &heads[..] {
        [one, ..] if !is_listed => {
            let others: Vec<MigrationName> =
                branches.iter().skip(1).flat_map(|branch| branch.added.iter().cloned()).collect();
            let are = if others.len() == 1 { "is" } else { "are" };
            let others = quoted(&others);
            write!(
                f,
                "`{lock}` has one of {count} heads: it ends with `{one}`, and {others} beside it {are} not listed"
            )
        }
        [one, others @ ..] if others.iter().all(|other| other == one) => {
            write!(f, "`{lock}` has {count} heads, all named `{one}`")
        }
        _ => write!(f, "`{lock}` has {count} heads: {}", quoted(&heads)),
    }
}
