//! What is said about a push: its changes and losses, what is left alone, and what is next.

use std::fmt::Write as _;

use dbmigrate_core::engine::apply::Loss;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::plan::{Assessed, Lint, Plan};
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::path;

use super::run::{Decided, Live, Run};
use crate::messages;
use crate::project::config::{self, FILE_NAME};
use crate::report::counted;
use crate::report::duration::Elapsed;
use crate::report::loss::say_loss;

/// How many names are listed before the rest is left to be imagined.
const LISTED: usize = 5;

/// The verb of a status line for the first word of a change.
const VERBS: [(&str, &str); 5] = [
    ("create ", "Creating"),
    ("drop ", "Dropping"),
    ("rename ", "Renaming"),
    ("add ", "Adding"),
    ("change ", "Changing"),
];

impl Run<'_> {
    /// Each change on a line of its own, and what is lost by it.
    pub(super) fn say_changes(&self, decided: &Decided, plan: &Plan) {
        let printer = &self.context.printer;
        for Assessed { change, cost, .. } in &plan.changes {
            let text = change.to_string();
            let (verb, rest) = VERBS
                .iter()
                .find_map(|(word, verb)| Some((*verb, text.strip_prefix(word)?)))
                .unwrap_or(("Changing", &text));
            printer.status(verb, format!("{rest} ({})", cost.word()));
        }
        for loss in &decided.losses {
            let verb = if loss.lint == Lint::LossyConversion.name() { "Converting" } else { "Losing" };
            say_loss(printer, verb, loss);
        }
    }

    /// What was done, what was left alone, and what is next.
    pub(super) fn say_done(&self, live: &Live, decided: &Decided, plan: &Plan, milliseconds: u64) {
        let printer = &self.context.printer;
        self.say_json(decided, &plan.changes, None);
        let changes = counted(plan.changes.len(), "change");
        printer.status("Finished", format!("{}: {changes} in {}", self.url, Elapsed(milliseconds)));
        self.say_left_alone(live, decided, true);
        if self.taking.is_some() {
            return;
        }
        let has_migrations = self.context.folder().is_ok_and(|folder: Folder| !folder.migrations().is_empty());
        if has_migrations && live.has_history {
            printer.next(&[
                "the database no longer matches its last migration, so `migrate` refuses it".to_owned(),
                "write the migration for other databases: `cargo dbmigrate generate`".to_owned(),
            ]);
        } else if has_migrations {
            printer.next(&[
                "write the migration for other databases: `cargo dbmigrate generate`".to_owned(),
                "to use migrations on this one: `cargo dbmigrate baseline`".to_owned(),
            ]);
        }
    }

    /// The object for programs; `sql` is what would be done by a run that changes something.
    pub(super) fn say_json(&self, decided: &Decided, changes: &[Assessed], sql: Option<&str>) {
        let loss = |loss: &Loss| messages::Loss {
            target: None,
            lint: loss.lint.clone(),
            object: loss.object.clone(),
            count: loss.count,
            kept: loss.kept.clone(),
            carried_to: loss.carried_to.clone(),
        };
        let names = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let besides = &decided.wanted.besides;
        self.context.printer.message(|| messages::Push {
            on: self.url.into(),
            dry_run: self.only_show,
            changes: changes.iter().map(Into::into).collect(),
            losses: decided.losses.iter().map(loss).collect(),
            left_alone: messages::LeftAlone { tables: names(&besides.tables), views: names(&besides.views) },
            sql: sql.map(str::to_owned),
        });
    }

    /// What no struct declares, `with_help` also what can be done about it.
    pub(super) fn say_left_alone(&self, live: &Live, decided: &Decided, with_help: bool) {
        let printer = &self.context.printer;
        let besides = &decided.wanted.besides;
        let kinds = [("table", &besides.tables), ("view", &besides.views)];
        let (mut counts, mut names, mut flags) = (Vec::new(), Vec::new(), Vec::new());
        for (noun, all) in kinds.into_iter().filter(|(_, all)| !all.is_empty()) {
            counts.push(counted(all.len(), noun));
            names.extend(all.iter().take(LISTED).map(|name| format!("`{name}`")));
            names.extend((all.len() > LISTED).then(|| "…".to_owned()));
            flags.push(format!("--accept drop_{noun}:{}", shell_quoted(&path([&all[0]]))));
        }
        if !counts.is_empty() {
            let (counts, names) = (counts.join(" and "), names.join(", "));
            let flag = flags.join("`, `");
            let first = besides.tables.first().or(besides.views.first());
            let ignored = first.map(|name| config::ignore_line(&self.context.config, name)).unwrap_or_default();
            let mut text = format!("{counts} that no struct declares: {names}");
            if with_help {
                // writing to a string cannot fail
                let _ = write!(text, "\nto drop one: `cargo dbmigrate push {flag}`");
                let _ = write!(text, "\nto hide it: {ignored} in `{FILE_NAME}`");
            }
            printer.status("Left alone", text);
        }
        for object in &live.found.unreadable {
            let (kind, name) = (&object.object.kind, &object.object.name);
            printer.status("Left alone", format!("{kind} `{name}`, which cannot be read: {}", object.reason));
        }
    }
}
