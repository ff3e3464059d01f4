//! Shows how two schemas differ, a line or an object for each difference.

use super::lint::is_loss;
use super::{Printer, Tone};
use crate::messages;
use dbmigrate_core::diff::{Action, Detail};
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::plan::Lint;

/// What making a difference would cost, in words.
fn consequence(lint: Lint) -> String {
    match lint {
        Lint::NotNullWithoutDefault => "existing rows need a value".to_owned(),
        _ => format!("its {}s would be lost", lint.noun()),
    }
}

/// Shows a difference behind a prefix, and the lint that making it would have to be accepted for.
pub(crate) fn show(printer: &Printer, prefix: &str, detail: &Detail, lint: Option<Lint>) {
    let note = lint.map(|lint| format!("{} ({lint})", consequence(lint)));
    let tone = match detail.action {
        Action::Add => Tone::Added,
        Action::Drop => Tone::Gone,
        Action::Alter | Action::Rename => Tone::Changed,
    };
    printer.difference(tone, &format!("{prefix}{detail}"), note.as_deref());
    // what does not fit on a line
    let is_long = matches!(detail.kind, "table" | "view" | "trigger" | "virtual table");
    if printer.is_verbose() && is_long && detail.action != Action::Rename {
        for (tone, sign, sql) in [(Tone::Gone, '-', &detail.before), (Tone::Added, '+', &detail.after)] {
            for line in sql.iter().flat_map(|sql| sql.lines()) {
                printer.difference(tone, &format!("    {sign} {line}"), None);
            }
        }
    }
    printer.message(|| messages::Difference {
        target: None,
        action: detail.action.word().to_owned(),
        kind: detail.kind.to_owned(),
        table: detail.table.as_str().to_owned(),
        object: detail.object.clone(),
        from: detail.before.clone(),
        to: detail.after.clone(),
        change: detail.change.to_string(),
        lint: lint.map(|lint| lint.name().to_owned()),
        loses: lint.is_some_and(is_loss),
    });
}

/// Shows an object of a database that the model cannot represent, behind a prefix.
pub(crate) fn show_unreadable(printer: &Printer, prefix: &str, database: &str, unreadable: &Unreadable) {
    let Unreadable { object, reason } = unreadable;
    let (kind, name) = (&object.kind, &object.name);
    let text = format!("{prefix}! {kind} {name} of {database} cannot be compared: {reason}");
    printer.difference(Tone::Gone, &text, None);
    printer.message(|| messages::Unreadable {
        target: None,
        database: database.to_owned(),
        kind: kind.clone(),
        object: name.to_string(),
        message: reason.clone(),
    });
}
