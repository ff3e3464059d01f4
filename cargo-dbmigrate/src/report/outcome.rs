//! What a run has done so far, put together from its messages: the last message and the job summary are made of it.

use crate::error::CommandError;
use crate::exit;
use crate::messages::{
    AdoptedState, Change, Decision, Diagnostic, Error, File, FileAction, Finished, Level, Message, NextStep, On,
    PendingThere, Place, SeededTable, Warning,
};

use super::suggested::{Typed, answer, step};

/// What was typed, and the target that it is run on.
type Run<'a> = (&'a Typed, Option<&'a str>);

/// What a run has done so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// The last message, as far as it is known.
    pub(super) finished: Finished,
}

impl Outcome {
    /// Takes a message in. One that changes nothing of what is said at the end has no arm.
    pub(super) fn note(&mut self, message: &Message) {
        let all = &mut self.finished;
        match message {
            Message::Applied(applied) => {
                all.changed = true;
                all.applied.push(applied.clone());
                self.database(&applied.on, None);
            }
            Message::Repaired(repaired) => {
                all.changed |= !repaired.dry_run;
                if let Some(database) = &repaired.database {
                    self.database(&On { database: database.clone(), target: repaired.target.clone() }, None);
                }
            }
            Message::Captured(captured) => {
                all.changed |= !captured.recorded.is_empty();
                all.changes.extend(captured.changes.iter().cloned());
                self.database(&captured.on, None);
            }
            Message::Aborted(aborted) => {
                all.changed |= aborted.name.is_some();
                self.database(&aborted.on, None);
            }
            Message::UnderWay(under_way) => self.database(&under_way.on, None),
            Message::Adopted(adopted) => {
                all.changed |= adopted.state == AdoptedState::Recorded;
                self.database(&adopted.on, None);
            }
            Message::Branched(_) | Message::Dropped(_) | Message::RestoredAt(_) => all.changed = true,
            Message::Changes(found) => {
                let change = |change: &String| Change { change: change.clone(), cost: None, risks: Vec::new() };
                all.changes.extend(found.changes.iter().map(change));
            }
            Message::Diagnostic(diagnostic) if diagnostic.level == Level::Warning => {
                let Diagnostic { target, message, help, .. } = diagnostic.clone();
                all.warnings.push(Warning { target, message, help });
            }
            Message::Error(error) => {
                all.error.get_or_insert_with(|| error.clone());
                all.errors.push(error.clone());
            }
            Message::File(file) => self.file(file.clone()),
            Message::Generated(generated) => all.changes.extend(generated.changes.iter().cloned()),
            Message::Loss(loss) => all.losses.push(loss.clone()),
            Message::Migrated(migrated) => {
                self.pending(&migrated.on, &migrated.pending);
                self.database(&migrated.on, None);
            }
            Message::Migration(migration) if migration.kind.is_none() => {
                self.pending(&migration.on, std::slice::from_ref(&migration.name));
            }
            Message::Pending(pending) => self.pending(&pending.on, std::slice::from_ref(&pending.name)),
            Message::Plan(plan) => all.changes.extend(plan.changes.iter().cloned()),
            Message::Push(push) => {
                all.changed |= !push.dry_run && !push.changes.is_empty();
                all.changes.extend(push.changes.iter().cloned());
                if push.dry_run {
                    all.losses.extend(push.losses.iter().cloned());
                }
                self.database(&push.on, None);
            }
            Message::Backup(backup) => {
                all.changed = true;
                self.file(File { path: backup.path.clone(), done: FileAction::Created });
                self.database(&backup.on, None);
            }
            Message::Restored(restored) => {
                all.changed = true;
                self.database(&restored.on, None);
            }
            Message::Rehearsed(rehearsed) => {
                all.rehearsals.push((**rehearsed).clone());
                self.database(&rehearsed.on, None);
            }
            Message::RolledOut(rolled) => all.changed |= rolled.applied > 0,
            Message::Reset(reset) => {
                all.changed |= reset.recorded > 0;
                self.database(&reset.on, None);
            }
            Message::Seeded(seeded) => {
                let rows = |table: &SeededTable| table.inserted + table.updated + table.deleted;
                all.changed |= seeded.tables.iter().any(|table| rows(table) > 0);
                all.changed |= seeded.scripts.iter().any(|script| script.changes > 0);
                all.seeded.push(seeded.clone());
                self.database(&seeded.on, None);
            }
            Message::Status(status) => self.database(&status.on, None),
            Message::Summary(summary) => all.targets.clone_from(&summary.targets),
            Message::Template(made) => self.file(File { path: made.path.clone(), done: made.done }),
            Message::Warning(warning) => all.warnings.push(warning.clone()),
            _ => {}
        }
    }

    /// A database that the run is about, and from where its address was taken.
    pub(super) fn database(&mut self, on: &On, source: Option<String>) {
        let known = self.finished.databases.iter_mut().find(|place| place.on == *on);
        match known {
            Some(place) => place.source = source.or(place.source.take()),
            None => self.finished.databases.push(Place { on: on.clone(), source }),
        }
    }

    /// A file that was written.
    pub(super) fn file(&mut self, file: File) {
        self.finished.changed |= file.done != FileAction::Unchanged;
        self.finished.files.push(file);
    }

    /// What is to be done next.
    pub(super) fn next(&mut self, lines: impl IntoIterator<Item = String>) {
        self.finished.next.extend(lines.into_iter().map(|line| step(&line)));
    }

    /// Migrations that a database lacks.
    pub(super) fn pending(&mut self, on: &On, names: &[String]) {
        let pending = names.iter().map(|name| PendingThere { on: on.clone(), name: name.clone() });
        self.finished.pending.extend(pending);
    }

    /// An error with what leads out of it.
    pub(super) fn failed(&mut self, error: &CommandError, help: &[String], typed: Run<'_>) {
        self.next(help.iter().cloned());
        if error.exit_code() == exit::DECISION {
            let diagnostics: Vec<&Diagnostic> = error.rendered().iter().map(|one| &one.message).collect();
            self.finished.decisions.extend(decisions(error, help, &diagnostics, typed));
        }
    }

    /// Decisions that were not asked for, but will be.
    pub(super) fn open(&mut self, diagnostics: &[Diagnostic], typed: Run<'_>) {
        self.finished.decisions.extend(diagnostics.iter().map(|diagnostic| decision(diagnostic, typed)));
    }

    /// The last message.
    pub(super) fn at_the_end(&self, command: Option<&str>, exit_code: u8) -> Finished {
        Finished {
            version: crate::messages::VERSION,
            command: command.map(str::to_owned),
            exit_code,
            success: exit_code == exit::DONE,
            ..self.finished.clone()
        }
    }
}

fn decision(diagnostic: &Diagnostic, typed: Run<'_>) -> Decision {
    Decision {
        target: typed.1.map(str::to_owned),
        code: diagnostic.code.clone(),
        object: diagnostic.object.clone(),
        message: diagnostic.message.clone(),
        place: diagnostic.place.clone(),
        answers: diagnostic.help.iter().filter_map(|line| answer(line, typed.0)).collect(),
        help: diagnostic.help.clone(),
    }
}

/// What an error asks to be decided: each of its diagnostics, or the error itself where the answers are there.
fn decisions(error: &CommandError, help: &[String], diagnostics: &[&Diagnostic], typed: Run<'_>) -> Vec<Decision> {
    let each: Vec<Decision> = diagnostics.iter().map(|diagnostic| decision(diagnostic, typed)).collect();
    let answers: Vec<_> = help.iter().filter_map(|line| answer(line, typed.0)).collect();
    let has_answers = each.iter().any(|decision| !decision.answers.is_empty());
    if has_answers || (!each.is_empty() && answers.is_empty()) {
        return each;
    }
    let first = diagnostics.first();
    vec![Decision {
        target: typed.1.map(str::to_owned),
        code: first.and_then(|diagnostic| diagnostic.code.clone()),
        object: first.and_then(|diagnostic| diagnostic.object.clone()),
        message: error.message().to_owned(),
        place: first.and_then(|diagnostic| diagnostic.place.clone()),
        answers,
        help: help.to_vec(),
    }]
}

impl Outcome {
    /// The steps that are left, each once.
    pub(super) fn steps(&self) -> Vec<&NextStep> {
        let mut steps: Vec<&NextStep> = Vec::new();
        for step in &self.finished.next {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    /// What went wrong.
    pub(super) fn errors(&self) -> &[Error] {
        &self.finished.errors
    }
}
