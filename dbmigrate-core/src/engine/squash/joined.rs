//! The statements of several migrations in their order, as one script. That is right wherever they can run in one
//! transaction; what their directives say is carried over, or the migration is refused by its name.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::{Job, Part, Refusal};
use crate::folder::script::Limits;
use crate::folder::{Preflight, Script};
use crate::kept::{self, Restore};
use crate::plan::{AFTER_DEPLOY, Preflight as Planned, Trace, follow};
use crate::quote::quote_name;
use crate::sql::token::significant;
use crate::sql::{Head, Name, Statement, StatementKind, Token, tokenize};

/// The migrations that stay what they are: those that do not run in one transaction, and those with a step in Rust.
pub(super) fn alone(parts: &[Part<'_>]) -> Vec<Refusal> {
    let why = |part: &Part<'_>| match part.script.rust {
        Some(step) => {
            Some(refusal(part, step.line, "it has a step in Rust, which has a migration to itself".to_owned()))
        }
        None => match part.script.batched.first() {
            Some(batched) => {
                Some(refusal(part, batched.line, "it runs in batches, which are several transactions".to_owned()))
            }
            None => part.script.no_transaction.then(|| refusal(part, 1, "it runs outside a transaction".to_owned())),
        },
    };
    parts.iter().filter_map(why).collect()
}

fn refusal(part: &Part<'_>, line: usize, why: String) -> Refusal {
    Refusal { migration: part.name.to_owned(), line, why, is_undo: false }
}

/// The script.
///
/// # Errors
/// Everything in the migrations that cannot be said in one.
pub(super) fn join(job: &Job<'_>) -> Result<String, Vec<Refusal>> {
    let parts = job.parts;
    let mut refusals = Vec::new();
    let (first, last) = (parts.first().map_or("", |part| part.name), parts.last().map_or("", |part| part.name));
    let mut text =
        format!("-- {}\n--   replaces {first} to {last}, with their statements in their order\n\n", job.name);
    let start = text.len();
    // a database that has none of them is not to get what waits before the rest
    if parts.iter().any(|part| part.script.after_deploy.is_some()) {
        let _ = writeln!(text, "-- dbmigrate: {AFTER_DEPLOY}");
    }
    for (at, part) in parts.iter().enumerate() {
        for allow in &part.script.allows {
            let because = allow.because.iter().map(|reason| format!(" because {}", quote_name(reason)));
            let _ =
                writeln!(text, "-- dbmigrate: allow({}) {}{}", allow.lint, allow.object, because.collect::<String>());
        }
        for keep in &part.script.keeps {
            let _ = writeln!(text, "-- dbmigrate: {}", keep.directive());
        }
        for restore in &part.script.restores {
            let keeps = |part: &&Part<'_>| part.script.keeps.iter().any(|keep| keep.kept == restore.kept);
            if let Some(keeper) = parts[..at].iter().find(keeps) {
                // in one transaction there is nothing to go back to, and nothing to say of it
                let why = format!("it brings `{}` back, which `{}` keeps", restore.object(), keeper.name);
                refusals.push(refusal(part, restore.line, why));
            } else if let Some(query) = counted_before(&parts[..at], restore) {
                let _ = writeln!(text, "-- dbmigrate: {}", restore.directive());
                for line in query.lines() {
                    let _ = writeln!(text, "--     {}", line.trim());
                }
            }
        }
        for preflight in &part.script.preflights {
            match touched(&parts[..at], part, preflight) {
                None => text.push_str(&directive(preflight)),
                Some(why) => refusals.push(refusal(part, preflight.line, why)),
            }
        }
    }
    limits(parts, &mut text, &mut refusals);
    if text.len() > start {
        text.push('\n');
    }
    for part in parts {
        let _ = writeln!(text, "-- {}", part.name);
        for statement in &part.script.statements {
            let _ = writeln!(text, "{};", statement.text);
        }
        text.push('\n');
    }
    if !job.without_undo {
        undo(parts, &mut text, &mut refusals);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    if refusals.is_empty() {
        refusals.extend(misread(job, &text));
    }
    if refusals.is_empty() { Ok(text) } else { Err(refusals) }
}

/// The query that counts what comes back, before all of these migrations instead of behind them: with the names that its
/// tables and columns have there. `None` if one of them may change what it counts.
fn counted_before(earlier: &[Part<'_>], restore: &Restore) -> Option<String> {
    let Some(first) = earlier.first() else { return Some(restore.query.clone()) };
    let mut trace = Trace::of_same(first.before);
    for part in earlier {
        // what was generated keeps all rows
        let mut writes = part.script.statements.iter().filter(|one| one.kind != StatementKind::Read);
        let is_harmless = |one: &Statement<'_>| {
            one.kind != StatementKind::Write && !may_change(one, &restore.table) && !may_change(one, &restore.kept)
        };
        if !part.is_generated && !writes.all(is_harmless) {
            return None;
        }
        trace = trace.then(&follow(part.before, part.after, &part.script.statements).0);
    }
    let before = trace.inverse();
    let tokens: Vec<Token<'_>> = tokenize(&restore.query).collect();
    let name_at = |at: usize| tokens.get(at).and_then(Token::identifier).map(Name::from);
    let mut query = String::with_capacity(restore.query.len());
    for (at, token) in tokens.iter().enumerate() {
        let is_dot = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.text == ".");
        let Some(name) = name_at(at) else {
            query.push_str(token.text);
            continue;
        };
        let owner = at.checked_sub(2).filter(|_| is_dot(at.checked_sub(1))).and_then(name_at);
        let table = owner.as_ref().unwrap_or(&name);
        let is_of_table = *table == restore.table;
        match owner {
            Some(_) if is_of_table => query.push_str(&before.column(table, &name)?.1.sql()),
            None if is_of_table => query.push_str(&before.table(&name)?.sql()),
            _ => query.push_str(token.text),
        }
    }
    Some(query)
}

fn directive(preflight: &Preflight) -> String {
    let Preflight { message, query, answers, .. } = preflight;
    let planned = Planned::new(&Name::from(""), message.clone().unwrap_or_default(), query.clone());
    let planned = Planned { answers: answers.clone(), ..planned };
    let text = planned.directive();
    match message {
        Some(_) => format!("{text}\n"),
        None => format!("{}\n", text.replacen("expect-none \"\"", "expect-none", 1)),
    }
}

/// Why a check that stands before a migration cannot stand before those in front of it.
fn touched(earlier: &[Part<'_>], part: &Part<'_>, preflight: &Preflight) -> Option<String> {
    if earlier.is_empty() {
        return None;
    }
    let names =
        |text| -> BTreeSet<Name> { tokenize(text).filter_map(|token| token.identifier()).map(Name::from).collect() };
    let read = names(&preflight.query);
    let statements = || earlier.iter().flat_map(|part| part.script.statements.iter().map(move |one| (part, one)));
    let is_object = |name: &&Name| {
        part.before.table(name).is_some()
            || part.before.views.contains(name)
            || part.before.virtual_tables.contains(name)
    };
    for name in read.iter().filter(is_object) {
        if let Some((before, _)) = statements().find(|(_, one)| may_change(one, name)) {
            return Some(format!("it checks rows of `{name}`, which `{}` changes before", before.name));
        }
        // nobody follows what it reads
        if part.before.views.contains(name) {
            return Some(format!("it checks rows of the view `{name}`"));
        }
    }
    let writes = statements().find(|(_, one)| one.kind == StatementKind::Write);
    let has_triggers = earlier.iter().any(|part| !part.before.triggers.is_empty() || !part.after.triggers.is_empty());
    let (before, _) = writes.filter(|_| has_triggers)?;
    Some(format!("it checks rows that triggers may change when `{}` writes", before.name))
}

/// Whether a statement may change what a query reads of a table.
fn may_change(statement: &Statement<'_>, table: &Name) -> bool {
    let tokens = significant(statement.text);
    let is_it = |at: usize| tokens.get(at).and_then(Token::identifier).is_some_and(|name| *table == *name.as_str());
    let mentions = || (0..tokens.len()).any(is_it);
    match Head::read(statement.kind, &tokens) {
        Some(Head::CreateTable(name) | Head::Write(_, name)) => name == *table,
        Some(Head::CreateIndex(..) | Head::DropIndex(_)) => false,
        _ => match statement.kind {
            StatementKind::CreateIndex
            | StatementKind::CreateView
            | StatementKind::CreateTrigger
            | StatementKind::DropOther
            | StatementKind::Read => false,
            _ => mentions(),
        },
    }
}

/// Limits hold for all of it if each migration has one; else nobody knows what the others may cost.
fn limits(parts: &[Part<'_>], text: &mut String, refusals: &mut Vec<Refusal>) {
    let all: Vec<Limits> = parts.iter().map(|part| part.script.limits).collect();
    if let Some((part, (line, _))) = parts.iter().find_map(|part| Some((part, part.script.limits.time?))) {
        match all.iter().map(|limits| limits.time.map(|(_, time)| time)).sum::<Option<std::time::Duration>>() {
            Some(time) => {
                let _ = writeln!(text, "-- dbmigrate: expect-time {}ms", time.as_millis());
            }
            None => refusals.push(refusal(part, line, "it has `expect-time`, and others have not".to_owned())),
        }
    }
    if let Some((part, (line, _))) = parts.iter().find_map(|part| Some((part, part.script.limits.rewrites?))) {
        match all.iter().map(|limits| limits.rewrites.map(|(_, rows)| rows)).sum::<Option<u64>>() {
            Some(rows) => {
                let _ = writeln!(text, "-- dbmigrate: expect-rewrites {rows}");
            }
            None => refusals.push(refusal(part, line, "it has `expect-rewrites`, and others have not".to_owned())),
        }
    }
}

/// The ways back, the last one first.
fn undo(parts: &[Part<'_>], text: &mut String, refusals: &mut Vec<Refusal>) {
    let all: Vec<_> = parts.iter().map(|part| (part, part.script.undo.as_ref())).collect();
    if all.iter().all(|(_, undo)| undo.is_none()) {
        return;
    }
    let has_all = all.iter().all(|(_, undo)| undo.is_some());
    let mut section = "\n-- dbmigrate: undo\n".to_owned();
    for (nth, (part, undo)) in all.iter().rev().enumerate() {
        let Some(undo) = undo else { continue };
        let refused = |why: &str| Refusal { is_undo: true, ..refusal(part, undo.line, why.to_owned()) };
        if !has_all {
            refusals.push(refused("it has a way back (`undo`), and others have none"));
        } else if nth > 0 && !undo.preflights.is_empty() {
            refusals.push(refused("its way back checks rows that later ones change first"));
        }
        let sql = undo.sql();
        let end = if sql.trim_end().ends_with(';') { "" } else { "\n;" };
        let _ = writeln!(section, "{}{end}", sql.trim_end());
    }
    text.push_str(&section);
}

/// That the script is read as what it was made of.
fn misread(job: &Job<'_>, text: &str) -> Option<Refusal> {
    let parts = job.parts;
    let why = match Script::parse(text, Path::new("")) {
        Err(error) => error.message,
        Ok(script) => {
            let statements = || parts.iter().flat_map(|part| &part.script.statements);
            let preflights = || parts.iter().flat_map(|part| &part.script.preflights);
            let words = |text: &str| {
                let words = tokenize(text).filter(Token::is_significant);
                words.map(|token| token.text.to_owned()).collect::<Vec<_>>()
            };
            let allows: usize = parts.iter().map(|part| part.script.allows.len()).sum();
            let keeps: usize = parts.iter().map(|part| part.script.keeps.len()).sum();
            let undone: usize =
                parts.iter().filter_map(|part| part.script.undo.as_ref()).map(|undo| undo.statements().len()).sum();
            let found = script.undo.as_ref().map_or(0, |undo| undo.statements().len());
            let is_same = script.statements.iter().map(|one| one.text).eq(statements().map(|one| one.text))
                && script.allows.len() == allows
                && script.keeps.len() == keeps
                && (found == undone || job.without_undo)
                && script.preflights.len() == preflights().count()
                && script.preflights.iter().zip(preflights()).all(|(one, other)| {
                    one.message.as_deref().unwrap_or_default() == other.message.as_deref().unwrap_or_default()
                        && words(&one.query) == words(&other.query)
                });
            match kept::read(&script.keeps, &script.statements) {
                Err(error) => error.to_string(),
                Ok(_) if !is_same => {
                    "its directives are not read as they stand when others stand beside them".to_owned()
                }
                Ok(_) => return None,
            }
        }
    };
    parts.first().map(|part| refusal(part, 1, why))
}
