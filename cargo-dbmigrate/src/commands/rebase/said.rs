//! What is said of a rebase: what went where, whether the structs match, and what to do next.

use std::path::Path;

use dbmigrate_core::diff::diff;
use dbmigrate_core::engine::commute::Commuting;
use dbmigrate_core::folder::{Rewritten, Script};
use dbmigrate_core::shell::{shell_quoted, shell_word};

use crate::messages;
use crate::project::Context;
use crate::rebasing::{How, Placed, Rebased, Sides};
use crate::report::counted;
use crate::structs;

/// How many differences are shown.
const SHOWN: usize = 10;

/// How many files in conflict are named.
const MOST_NAMED: usize = 4;

/// That there is one head, and all is as it should be.
pub(super) fn nothing_to_do(context: &Context, sides: &Sides) {
    let count = counted(sides.onto.migrations.len(), "migration");
    context.printer.status("Unchanged", format!("the migrations have one head ({count})"));
}

/// What is about to be done.
pub(super) fn begin(context: &Context, sides: &Sides) {
    let moved = sides.moved().count();
    if moved == 0 {
        return;
    }
    let head = sides.onto.migrations.last().map_or_else(String::new, |last| format!(" (head: {})", last.name));
    for squash in &sides.expanded {
        context.printer.status("Expanded", format!("{squash} into the migrations that it replaces"));
    }
    context.printer.status("Rebasing", format!("{} onto {}{head}", counted(moved, "migration"), sides.onto.label));
}

/// The migrations that would be written.
pub(super) fn dry_run(context: &Context, sides: &Sides, rebased: &Rebased, commuting: Option<&Commuting>) {
    for placed in &rebased.placed {
        if let Some(name) = &placed.name {
            context.printer.result(placed.sql.trim_end());
            context.printer.message(|| messages::Plan {
                name: name.to_string(),
                sql: placed.sql.clone(),
                changes: placed.plan.iter().flat_map(|plan| &plan.changes).map(Into::into).collect(),
            });
        }
        say(context, sides, placed, false);
    }
    commute(context, sides, commuting);
}

/// What was written.
pub(super) fn report(
    context: &Context,
    sides: &Sides,
    rebased: &Rebased,
    (written, commuting): (&Rewritten, Option<&Commuting>),
) {
    for placed in &rebased.placed {
        say(context, sides, placed, true);
    }
    if rebased.placed.is_empty() {
        let is_changed = written.lock || !written.written.is_empty() || !written.removed.is_empty();
        let count = counted(rebased.folder.migrations().len(), "migration");
        match is_changed {
            true => context.printer.status("Recorded", format!("one head, {count}")),
            false => context.printer.status("Unchanged", format!("the migrations have one head ({count})")),
        }
    }
    for copy in &written.copies {
        context.printer.status("Copied", format!("{} (it was not in git)", copy.display()));
    }
    commute(context, sides, commuting);
    let count = rebased.folder.migrations().len();
    context.printer.detail("Proved", format!("all {} replayed", counted(count, "migration")));
}

fn say(context: &Context, sides: &Sides, placed: &Placed, is_written: bool) {
    let from = placed.moved.migration.name.as_str();
    let how = match placed.how {
        How::Planned => "planned again",
        How::Kept => "kept as it is",
        How::Edited => "as it was edited",
        How::LeftOut => "left out",
    };
    let same = || match &placed.same {
        Some(name) => format!("{from}: {} has it as {name}", sides.onto.label),
        None => format!("{from}: nothing of it is left to do behind {}", sides.onto.label),
    };
    match (&placed.name, is_written) {
        (Some(name), true) => context.printer.status("Rebased", format!("{from} as {name} ({how})")),
        (Some(name), false) => context.printer.status("Would rebase", format!("{from} as {name} ({how})")),
        (None, true) => context.printer.status("Left out", same()),
        (None, false) => context.printer.status("Would skip", same()),
    }
    for left in &placed.left {
        context.printer.warning(&format!("`{from}`: {left}"), &[]);
    }
    let file = placed.name.as_ref().filter(|_| is_written);
    let file = file.map(|name| context.folder_path.join(name).join(dbmigrate_core::folder::SQL_FILE));
    context.printer.message(|| messages::Rebased {
        from: from.to_owned(),
        name: placed.name.as_ref().map(ToString::to_string),
        how: placed.how.into(),
        file: file.map(|file| file.display().to_string()),
    });
}

/// That the order does not matter.
fn commute(context: &Context, sides: &Sides, commuting: Option<&Commuting>) {
    let Some(commuting) = commuting.filter(|commuting| commuting.is_commuting()) else { return };
    let rows = match commuting.rows {
        0 => String::new(),
        rows => format!(" and the same {}", counted(rows, "row")),
    };
    let text = format!("with {}: in both orders, the same schema{rows}", sides.onto.label);
    context.printer.status("Commutes", text);
}

/// What to do about a step in Rust, which is named as its migration.
fn renamed_step(placed: &Placed) -> Option<String> {
    let (from, name) = (placed.moved.migration.name.as_str(), placed.name.as_ref()?.as_str());
    let has_step = Script::parse(&placed.sql, Path::new(name)).is_ok_and(|script| script.rust.is_some());
    (has_step && from != name)
        .then(|| format!("rename its step in `embed_migrations!(steps {{ … }})`: `{from}` to `{name}`"))
}

/// How git is told of the migrations, and of what else is to be resolved.
fn added(folder: &Path) -> String {
    let word = shell_word(folder);
    let others: Vec<String> =
        crate::git::unmerged().into_iter().filter(|file| !Path::new(file).starts_with(folder)).collect();
    match &others[..] {
        [] => format!("add the migrations: `git add {word}`"),
        few if few.len() <= MOST_NAMED => {
            let few: Vec<String> = few.iter().map(|file| shell_quoted(file)).collect();
            format!("add the migrations and what you have resolved: `git add {word} {}`", few.join(" "))
        }
        many => format!("add the migrations and the {} other files in conflict: `git add {word} …`", many.len()),
    }
}

/// Whether the structs match, and what to do next: with a development database that has what was moved, to switch it.
pub(super) fn structs(context: &Context, sides: &Sides, rebased: &Rebased, is_behind: bool) {
    let mut next = Vec::new();
    match (structs::again(context), rebased.folder.head_snapshot()) {
        (Some(declared), Ok(head)) if !declared.schema.is_empty() => {
            let renames = structs::pending_renames(&declared, &head);
            let changes = diff(&head.schema, &declared.schema, &renames).map(|diff| diff.changes()).unwrap_or_default();
            if changes.is_empty() {
                context.printer.status("Checked", "the structs match the migrations");
            } else {
                let message = "the structs do not match the migrations of both branches yet";
                let mut help: Vec<String> =
                    changes.iter().take(SHOWN).map(|change| format!("differs: {change}")).collect();
                if changes.len() > SHOWN {
                    help.push(format!("and {} more", changes.len() - SHOWN));
                }
                help.push(
                    "if the merge of the structs is not finished, finish it; to compare: `cargo dbmigrate diff`"
                        .to_owned(),
                );
                help.push("what is meant so needs a migration: `cargo dbmigrate generate`".to_owned());
                context.printer.warning(message, &help);
            }
        }
        (Some(_), _) => {}
        (None, _) => {
            next.push("resolve the structs, then compare them with the migrations: `cargo dbmigrate check`".to_owned());
        }
    }
    next.extend(rebased.placed.iter().filter_map(renamed_step));
    if crate::git::is_inside(&context.folder_path) {
        next.push(added(&context.folder_path));
        next.extend(sides.operation.resume().map(|command| format!("then continue: `{command}`")));
    }
    if is_behind {
        next.push("switch the development database to them: `cargo dbmigrate reset --keep-data`".to_owned());
    } else if !rebased.placed.is_empty() {
        next.push("apply them: `cargo dbmigrate migrate`".to_owned());
    }
    context.printer.next(&next);
}
