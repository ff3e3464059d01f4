//! Shows what a migration loses, with permission, or keeps.

use dbmigrate_core::engine::apply::Loss;

use super::Printer;
use crate::messages;

/// Says what is lost, and how much of it.
pub(crate) fn say_loss(printer: &Printer, verb: &str, loss: &Loss) {
    let Loss { lint, object, count, kept, carried_to } = loss;
    let noun = match (lint.as_str(), count) {
        ("drop_table", 1) => "row",
        ("drop_table", _) => "rows",
        (_, 1) => "value",
        _ => "values",
    };
    if *count > 0 || printer.is_verbose() {
        match kept {
            None if !carried_to.is_empty() => {
                let to = carried_to.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
                printer.status(verb, format!("`{object}`, whose {noun} ({count}) went over to {to}"));
            }
            None => printer.status(verb, format!("`{object}` with {count} {noun}, as accepted")),
            Some(kept) => {
                let verb = if verb.starts_with("Would") { "Would keep" } else { "Keeping" };
                printer.status(verb, format!("{count} {noun} of `{object}` in `{kept}`"));
            }
        }
    }
    printer.message(|| messages::Loss {
        target: None,
        lint: lint.clone(),
        object: object.clone(),
        count: *count,
        kept: kept.clone(),
        carried_to: carried_to.clone(),
    });
}
