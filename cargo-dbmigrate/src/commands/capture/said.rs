//! What is said of a capture: that it was written, where it is recorded, and what to do next.

use dbmigrate_core::engine::apply::Status;
use dbmigrate_core::folder::{Folder, Migration};

use super::arguments::Capture;
use super::draft::Draft;
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::report::counted;

/// That nothing was changed by hand.
pub(super) fn nothing(context: &Context, folder: &Folder, status: &Status, url: &DatabaseUrl) {
    let pending = folder.migrations().len() - status.applied;
    let message =
        messages::Captured { on: url.into(), name: None, file: None, recorded: Vec::new(), changes: Vec::new() };
    context.printer.message(|| message);
    context.printer.status("Unchanged", format!("{url}: nothing was changed by hand"));
    if pending > 0 {
        let lacks = counted(pending, "pending migration");
        context.printer.next(&[format!("apply {lacks}: `cargo dbmigrate migrate`")]);
    }
}

/// That something would be recorded.
pub(super) fn would(context: &Context, name: &str, url: &DatabaseUrl) {
    context.printer.status("Would record", format!("{name} as applied to {url}, without running it"));
}

/// That a migration was written and recorded.
pub(super) fn captured(context: &Context, folder: &Folder, draft: &Draft, url: &DatabaseUrl) {
    let printer = &context.printer;
    let count = format!("{}, {}", counted(draft.plan.changes.len(), "change"), draft.plan.cost().word());
    printer.status("Captured", format!("{} ({count})", draft.name));
    context.wrote_migration(folder, &draft.name, FileAction::Created);
    printer.message(|| messages::Captured {
        on: url.into(),
        name: Some(draft.name.clone()),
        file: folder.head().map(|head| folder.sql_path(head).display().to_string()),
        recorded: vec![draft.name.clone()],
        changes: draft.plan.changes.iter().map(Into::into).collect(),
    });
    printer.status("Recorded", format!("{url}: {} as applied, not run", draft.name));
}

/// That migrations which were captured elsewhere were recorded.
pub(super) fn recorded(context: &Context, migrations: &[Migration], url: &DatabaseUrl) {
    let names = || migrations.iter().map(|migration| migration.name.to_string());
    context.printer.message(|| messages::Captured {
        on: url.into(),
        name: None,
        file: None,
        recorded: names().collect(),
        changes: Vec::new(),
    });
    for name in names() {
        context.printer.status("Recorded", format!("{url}: {name} as applied, not run"));
    }
}

/// What to do next.
pub(super) fn next(context: &Context, folder: &Folder, arguments: &Capture, is_left: bool) {
    let file = folder.head().map(|head| folder.sql_path(head).display().to_string()).unwrap_or_default();
    let mut steps = vec![format!("review {file}, and commit it with `migrations.lock`")];
    if is_left {
        let step = match arguments.write {
            true => "change the structs by hand where they lack it, or `generate` will undo it",
            false => {
                "change the structs where they lack it, or `generate` will undo it; what is mechanical: `cargo dbmigrate \
                 capture --write`"
            }
        };
        steps.push(step.to_owned());
    }
    steps.push("every other database gets it with `migrate`; one that has the same change, with `capture`".to_owned());
    context.printer.next(&steps);
}
