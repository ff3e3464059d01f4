//! What is said of a revert: what comes back, what does not, and what to do next.

use dbmigrate_core::folder::Folder;

use super::draft::Draft;
use super::history::Entry;
use crate::messages::{self, FileAction, LeftBehind, Returns};
use crate::project::Context;
use crate::report::counted;

/// What the migrations did that no plan takes back.
pub(super) fn left_behind(folder: &Folder, reverted: &[Entry]) -> Vec<LeftBehind> {
    let mut left = Vec::new();
    for entry in reverted.iter().rev().filter(|entry| !entry.has_undo) {
        let one = |line: usize, text: String| LeftBehind {
            migration: entry.name().to_owned(),
            file: folder.sql_path(&entry.migration).display().to_string(),
            line,
            text,
        };
        left.extend(entry.by_hand.rows.iter().map(|line| one(*line, "changes rows".to_owned())));
        left.extend(entry.by_hand.step.map(|line| one(line, "runs a step in Rust".to_owned())));
        left.extend(entry.by_hand.others.iter().map(|(line, text)| one(*line, format!("`{text}`"))));
    }
    left
}

/// Says that one was written, or would be.
pub(super) fn report(
    context: &Context,
    folder: &Folder,
    (name, is_dry): (&str, bool),
    draft: &Draft,
    left: &[LeftBehind],
) {
    let printer = &context.printer;
    let mut file = None;
    if !is_dry {
        let what = match (draft.plan.changes.len(), &draft.undo) {
            (0, Some(_)) => "the way back that was written for it".to_owned(),
            (count, _) => format!("{}, {}", counted(count, "change"), draft.plan.cost().word()),
        };
        printer.status("Generated", format!("{name} ({what})"));
        context.wrote_migration(folder, name, FileAction::Created);
        let path = folder.head().map(|head| folder.sql_path(head).display().to_string()).unwrap_or_default();
        printer.message(|| messages::Generated {
            name: Some(name.to_owned()),
            file: Some(path.clone()),
            changes: draft.plan.changes.iter().map(Into::into).collect(),
            cost: Some(draft.plan.cost().word().to_owned()),
            from: None,
        });
        file = Some(path);
    }
    let of_these = left.iter().filter(|one| draft.reverts.contains(&one.migration));
    printer.message(|| messages::Reverted {
        name: name.to_owned(),
        file,
        reverts: draft.reverts.clone(),
        returned: draft.returned.clone(),
        left: of_these.cloned().collect(),
    });
}

/// Says what comes back and what does not.
pub(super) fn say(context: &Context, drafts: &[Draft], left: &[LeftBehind]) {
    for returned in drafts.iter().flat_map(|draft| &draft.returned) {
        let text = &returned.text;
        match returned.returns {
            Returns::Restored => context.printer.status("Restoring", text),
            Returns::Renamed => context.printer.status("Renaming", text),
            Returns::Converted => context.printer.status("Converting", text),
            Returns::WithoutRows | Returns::WithoutValues => context.printer.status("Not restored", text),
            Returns::Dropped => context.printer.status("Losing", text),
        }
    }
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for one in left {
        let place = format!("{} ({}:{})", one.text, one.file, one.line);
        match rows.iter_mut().find(|(migration, _)| *migration == one.migration) {
            Some((_, places)) => places.push(place),
            None => rows.push((&one.migration, vec![place])),
        }
    }
    for (migration, places) in rows {
        let more = places.len().saturating_sub(3);
        let mut shown = places.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            shown = format!("{shown} and {more} more");
        }
        let message = format!("what `{migration}` does besides the schema is not reverted: {shown}");
        let help = "write its way back by hand: `cargo dbmigrate generate --custom`".to_owned();
        context.printer.warning(&message, &[help]);
    }
}

/// Says what to do next.
pub(super) fn next(context: &Context, folder: &Folder, are_structs_ahead: bool, was_written: bool) {
    let file = folder.head().map(|head| folder.sql_path(head).display().to_string()).unwrap_or_default();
    let mut steps = vec![format!("review {file}"), "apply it: `cargo dbmigrate migrate`".to_owned()];
    if are_structs_ahead {
        let how = if was_written { "the rest is for you" } else { "`--write` does what is mechanical" };
        steps.push(format!(
            "change the structs back where they are ahead ({how}), or keep them: `cargo dbmigrate generate` writes their \
             changes again"
        ));
    }
    context.printer.next(&steps);
}
