//! The decisions of a push: those of `generate`, asked only where the database has rows that they are about, together
//! with what the rows have against the change.

use std::collections::BTreeSet;

use dbmigrate_core::diff::{Diff, Renames, diff};
use dbmigrate_core::engine::apply::{FailingRows, Finding, Loss, Target as _};
use dbmigrate_core::plan::besides::Wanted;
use dbmigrate_core::plan::decide::{answerable, questions};
use dbmigrate_core::plan::{Accepted, Decisions, Lint, Plan, Preflight, Question, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::sql::path::path;
use pollster::block_on;

use super::refused;
use super::run::{Decided, Live, Run};
use crate::decisions::answers::{Acceptance, Word};
use crate::decisions::ask::{Open, check_fills};
use crate::error::Result;
use crate::structs;

/// Collects all decisions.
///
/// # Errors
/// Exit code 2 for flags that do not fit, 3 for decisions that are missing and cannot be asked for, and for rows that
/// contradict the change.
pub(super) fn decide(run: &Run<'_>, live: &mut Live) -> Result<Decided> {
    let old = live.found.schema.clone();
    let new = &run.declared.schema;
    let (renames, ambiguous) = structs::renames_on(run.declared, &old);
    let mut decisions = Decisions { renames, ..Decisions::default() };
    run.asker.answer(&mut decisions, &old, new)?;
    let mut guarded: Vec<Question> = Vec::new();
    loop {
        let wanted = run.wanted(&old, &decisions);
        refused::names_in_the_way(run, &wanted)?;
        let diff = diff(&old, &wanted.schema, &decisions.renames).map_err(|error| run.asker.rename_error(&error))?;
        refused::ambiguous_renames(run, &ambiguous, &decisions.renames, &diff)?;
        let asked = questions(&diff, &old, &wanted.schema, &decisions);
        let mut open = counted(run, live, mark_those_that_may_stay(run, asked), &diff.renames)?;
        // nothing is lost where there is nothing
        let (empty, left): (Vec<Open>, Vec<Open>) = open.drain(..).partition(is_about_nothing);
        if !empty.is_empty() {
            for Open { question, .. } in empty {
                let (lint, object) = question.lint();
                decisions.accepted.add(lint, &object);
                guarded.push(question);
            }
            continue;
        }
        let can_be_answered = answerable(left.iter().map(|open| open.question.clone()).collect());
        open = left.iter().filter(|open| can_be_answered.contains(&open.question)).cloned().collect();
        if let (Some(first), true) = (open.first(), run.context.printer.can_ask()) {
            run.asker.ask(&mut decisions, first, &old)?;
            continue;
        }
        if open.is_empty() {
            check_fills(&decisions, &diff, new)?;
        }
        let contradicted = if diff.is_empty() { Vec::new() } else { contradictions(run, live, &decisions, &left)? };
        if !open.is_empty() || !contradicted.is_empty() {
            return Err(run.asker.missing(&open, &contradicted));
        }
        run.asker.warn_of_unused(&diff, &old, &wanted.schema, &decisions)?;
        warn_of_unused_words(run, &old, &wanted)?;
        let losses = losses(run, live, &diff, &wanted.schema, &decisions)?;
        let guards = guarded.iter().map(|question| question.guard(&diff.renames)).collect();
        return Ok(Decided { decisions, diff, wanted, losses, guards });
    }
}

/// A table that no struct declares can stay beside the new one that it may have become.
fn mark_those_that_may_stay(run: &Run<'_>, mut questions: Vec<Question>) -> Vec<Question> {
    let declared = &run.declared.schema;
    for question in questions.iter_mut().filter(|_| run.taking.is_none()) {
        if let Question::TableGone { table, candidates, may_stay } = question {
            let is_declared = declared.tables.contains(table)
                || declared.virtual_tables.contains(table)
                || declared.views.contains(table);
            *may_stay = !candidates.is_empty() && !is_declared;
        }
    }
    questions
}

/// Whether there is nothing to lose. Which table it is that has another name now is asked anyway.
fn is_about_nothing(open: &Open) -> bool {
    open.count == Some(0) && !matches!(open.question, Question::TableGone { may_stay: true, .. })
}

fn counted(run: &Run<'_>, live: &mut Live, questions: Vec<Question>, renames: &Renames) -> Result<Vec<Open>> {
    let Some(database) = live.database.as_mut().filter(|_| !questions.is_empty()) else {
        return Ok(questions.into_iter().map(|question| Open { question, count: Some(0), can_keep: false }).collect());
    };
    let queries: Vec<String> = questions.iter().map(|question| question.count_query(renames)).collect();
    let mut answers = block_on(database.ask(&queries)).map_err(|error| refused::no_answers(run, &error))?.into_iter();
    // what cannot be counted, such as a virtual table of an unknown module, is asked about without a number
    let count = |row: Option<Vec<String>>| row.and_then(|row| row.first()?.parse().ok());
    let mut next = || answers.next()?.ok().and_then(count);
    Ok(questions.into_iter().map(|question| Open { question, count: next(), can_keep: false }).collect())
}

/// What the rows have against the change, as far as it is known: what is still open is taken for accepted.
fn contradictions(
    run: &Run<'_>,
    live: &mut Live,
    decisions: &Decisions,
    open: &[Open],
) -> Result<Vec<crate::diagnostic::Diagnostic>> {
    let mut supposed = decisions.clone();
    for Open { question, .. } in open {
        if let Question::TableGone { table, may_stay: true, .. } = question {
            supposed.accepted.kept_tables.insert(table.clone());
        } else {
            let (lint, object) = question.lint();
            supposed.accepted.add(lint, &object);
        }
    }
    let old = &live.found.schema;
    let wanted = run.wanted(old, &supposed);
    let Ok(diff) = diff(old, &wanted.schema, &supposed.renames) else { return Ok(Vec::new()) };
    // what cannot be planned is said when it is planned in earnest
    let Ok(plan) = plan(old, &wanted.schema, &diff, &supposed) else { return Ok(Vec::new()) };
    let is_asked = |preflight: &Preflight| {
        open.iter().any(|open| match &open.question {
            Question::Backfill { table, column, .. } => {
                preflight.place == Some(Place::Column(table.clone(), column.clone()))
            }
            _ => false,
        })
    };
    let failing = failing(run, live, &plan)?;
    let preflights: Vec<Preflight> = plan.preflights.into_iter().filter(|preflight| !is_asked(preflight)).collect();
    let found = match findings(run, live, &preflights) {
        // a preflight may evaluate what fails
        Err(_) if !failing.is_empty() => Vec::new(),
        // an expression of the author's that does not compile is for the proof to say
        Err(_) if !decisions.backfills.is_empty() || !decisions.conversions.is_empty() => Vec::new(),
        found => found?,
    };
    let mut contradicted = refused::contradicted(run, &found, &preflights);
    contradicted.extend(refused::failing(run, &failing));
    Ok(contradicted)
}

/// Looks for rows on which expressions fail, outside of a transaction.
fn failing(run: &Run<'_>, live: &mut Live, plan: &Plan) -> Result<Vec<FailingRows>> {
    let Some(database) = live.database.as_mut() else { return Ok(Vec::new()) };
    let statements: Vec<&str> = plan.statements().collect();
    block_on(database.failing_rows(&statements)).map_err(|error| refused::no_answers(run, &error))
}

/// Runs preflights, outside of a transaction.
fn findings(run: &Run<'_>, live: &mut Live, preflights: &[Preflight]) -> Result<Vec<Finding>> {
    let Some(database) = live.database.as_mut().filter(|_| !preflights.is_empty()) else { return Ok(Vec::new()) };
    block_on(database.contradictions(preflights)).map_err(|(query, error)| refused::preflight(run, &query, &error))
}

/// How much is lost of what was accepted.
fn losses(
    run: &Run<'_>,
    live: &mut Live,
    difference: &Diff,
    wanted: &Schema,
    decisions: &Decisions,
) -> Result<Vec<Loss>> {
    let old = live.found.schema.clone();
    let undecided = Decisions { accepted: Accepted::default(), ..decisions.clone() };
    let asked = questions(difference, &old, wanted, &undecided);
    let asked: Vec<Question> =
        asked.into_iter().filter(|question| !matches!(question, Question::Backfill { .. })).collect();
    let mut losses: Vec<Loss> = counted(run, live, asked, &difference.renames)?
        .into_iter()
        .filter_map(|Open { question, count, .. }| {
            let (lint, object) = question.lint();
            let count = count.filter(|count| *count > 0)?;
            Some(Loss { lint: lint.name().to_owned(), object, count, kept: None, carried_to: Vec::new() })
        })
        .collect();
    losses.extend(conversions(run, live, &old, difference, wanted, decisions)?);
    Ok(losses)
}

/// How many values change by the conversions that were accepted.
fn conversions(
    run: &Run<'_>,
    live: &mut Live,
    old: &Schema,
    difference: &Diff,
    wanted: &Schema,
    decisions: &Decisions,
) -> Result<Vec<Loss>> {
    let lint = Lint::LossyConversion;
    let named = decisions.accepted.named.iter().filter(|(one, _)| *one == lint).map(|(_, object)| object);
    let converted = decisions.conversions.keys().map(|(table, column)| path([table, column]).to_ascii_lowercase());
    let named: BTreeSet<String> = named.cloned().chain(converted).collect();
    let (Some(database), false) = (&mut live.database, named.is_empty()) else { return Ok(Vec::new()) };
    let mut strict = decisions.clone();
    strict.conversions.clear();
    strict.accepted.named.retain(|(one, _)| *one != lint);
    let Ok(plan) = plan(old, wanted, difference, &strict) else { return Ok(Vec::new()) };
    let mut losses = Vec::new();
    for object in named {
        let accepts = format!("{lint}:");
        let is_it = |preflight: &&Preflight| {
            let Some(Place::Column(table, column)) = &preflight.place else { return false };
            // in whatever quotes it is to be typed
            let asks = |(_, flag): &(String, String)| flag.starts_with("--accept ") && flag.contains(&accepts);
            path([table, column]).eq_ignore_ascii_case(&object) && preflight.answers.iter().any(asks)
        };
        let queries: Vec<String> =
            plan.preflights.iter().filter(is_it).map(|preflight| preflight.query.clone()).collect();
        let answers = block_on(database.ask(&queries)).map_err(|error| refused::no_answers(run, &error))?.into_iter();
        losses.extend(answers.filter_map(|answer| answer.ok().flatten()).filter_map(|row| {
            let count = row.first()?.parse().ok()?;
            Some(Loss {
                lint: lint.name().to_owned(),
                object: object.clone(),
                count,
                kept: None,
                carried_to: Vec::new(),
            })
        }));
    }
    Ok(losses)
}

/// Accepting what does not happen is no harm, but probably a mistake.
fn warn_of_unused_words(run: &Run<'_>, old: &Schema, wanted: &Wanted) -> Result<()> {
    for acceptance in run.asker.answers.accepted(run.asker.words)? {
        let (word, name, is_used) = match &acceptance {
            Acceptance::Object(Word::KeepTable, name) => ("keep_table", name, wanted.besides.tables.contains(name)),
            Acceptance::Object(Word::DropView, name) => {
                ("drop_view", name, old.views.contains(name) && !wanted.schema.views.contains(name))
            }
            _ => continue,
        };
        if !is_used {
            let message = format!("`--accept {word}:{name}`: no change needs it");
            run.context.printer.warning(&message, &[]);
        }
    }
    Ok(())
}
