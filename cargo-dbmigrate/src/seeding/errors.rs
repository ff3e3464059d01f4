//! All that is wrong with a set, as one error: as much as can be read, and how much more there is.

use crate::diagnostic::Diagnostic;
use crate::error::CommandError;
use crate::report::{Printer, counted};

/// How many errors are shown.
const MOST_SHOWN: usize = 20;

/// In what state every error before the first write leaves a database.
pub(crate) const NOTHING: &str = "nothing was written";

/// The error of a set with these mistakes, in the order of its files.
pub(crate) fn failed(printer: &Printer, set: &str, mut errors: Vec<Diagnostic>) -> CommandError {
    errors.sort_by(|one, other| place(one).cmp(&place(other)));
    errors.dedup();
    let count = errors.len();
    errors.truncate(MOST_SHOWN);
    let error = CommandError::failed(format!("the set `{set}` has {}", counted(count, "error")));
    let error = error.diagnostics(printer.render(&errors));
    match count.saturating_sub(MOST_SHOWN) {
        0 => error,
        more => error.note(format!("{} not shown", if more == 1 { "1 is".to_owned() } else { format!("{more} are") })),
    }
}

fn place(error: &Diagnostic) -> Option<(&std::path::Path, usize)> {
    error.labels.first().map(|label| (label.file.as_path(), label.span.start))
}
