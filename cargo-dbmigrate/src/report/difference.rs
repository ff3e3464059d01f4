//! Shows how two schemas differ, a line or an object for each difference.

use dbmigrate_core::diff::{Action, Detail};
use dbmigrate_core::engine::introspect::Unreadable;
use dbmigrate_core::plan::Lint;
use serde_json::json;

use super::{Printer, Tone};

/// Whether what the lint warns of loses data.
pub(crate) fn is_loss(lint: Lint) -> bool {
    lint != Lint::NotNullWithoutDefault
}

/// What making a difference would cost, in words.
fn consequence(lint: Lint) -> &'static str {
    match lint {
        Lint::DropTable => "its rows would be lost",
        Lint::NotNullWithoutDefault => "existing rows need a value",
        _ => "its values would be lost",
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
    printer.json(
        "difference",
        &json!({
            "action": detail.action.word(),
            "kind": detail.kind,
            "table": detail.table.as_str(),
            "object": detail.object,
            "from": detail.before,
            "to": detail.after,
            "change": detail.change.to_string(),
            "lint": lint.map(Lint::name),
            "loses": lint.is_some_and(is_loss),
        }),
    );
}

/// Shows an object of a database that the model cannot represent, behind a prefix.
pub(crate) fn show_unreadable(printer: &Printer, prefix: &str, database: &str, unreadable: &Unreadable) {
    let Unreadable { object, reason } = unreadable;
    let (kind, name) = (&object.kind, &object.name);
    let text = format!("{prefix}! {kind} {name} of {database} cannot be compared: {reason}");
    printer.difference(Tone::Gone, &text, None);
    let object = json!({ "database": database, "kind": kind, "object": name.as_str(), "message": reason });
    printer.json("unreadable", &object);
}
