//! The proof of a push: the wanted schema on its own, then the plan on generated rows, in memory.

use std::collections::BTreeSet;

use dbmigrate_core::engine::provable::{LeftOut, left_out, without};
use dbmigrate_core::engine::prove::{ProofError, check_declaration, prove as prove_in_memory};
use dbmigrate_core::plan::Plan;
use dbmigrate_core::plan::decide::shell_quoted;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::Problem;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;

use super::{Decided, Live, Run};
use crate::commands::generate::{unproven, warn_of_empty, wrong_backfill};
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::{exit, structs};

/// Proves the plan.
///
/// # Errors
/// If the structs are wrong, if something that is left alone stands in the way, or if the plan is wrong.
pub(super) fn prove(run: &Run<'_>, live: &Live, decided: &Decided, plan: &Plan) -> Result<()> {
    let (old, besides) = (&live.found.schema, &decided.wanted.besides);
    new_problems(run, old, &decided.wanted.schema)?;
    let engine = |error: dbmigrate_core::engine::EngineError| CommandError::failed(error.to_string());
    let mut out = block_on(left_out(&decided.wanted.schema, besides, &live.broken)).map_err(engine)?;
    check(run, decided, &mut out)?;
    if let Some(object) = out.iter().find(|object| plan.statements().any(|one| Expr::new(one).mentions(&object.name))) {
        let LeftOut { kind, name, message } = object;
        let text = format!("{kind} `{name}` stands in the way, and what becomes of it cannot be tried out: {message}");
        return Err(CommandError::new(exit::DECISION, text)
            .note("nothing was changed")
            .help(format!("drop the {kind} by hand, push, and create it again")));
    }
    for LeftOut { kind, name, message } in &out {
        run.context.printer.detail("Left out", format!("{kind} `{name}` of the proof: {message}"));
    }
    let (old, new) = (without(old, &out), without(&decided.wanted.schema, &out));
    if old.is_empty() && plan.only_creates(&new) {
        // what has just been executed, statement by statement
        run.context.printer.detail("Proved", "on an empty database");
        return Ok(());
    }
    match block_on(prove_in_memory(&old, &new, &decided.decisions.renames, plan)) {
        Ok(proof) => {
            run.context.printer.detail("Proved", format!("on {} generated rows", proof.rows));
            if live.database.is_some() {
                warn_of_empty(run.context, &proof, plan);
            }
            Ok(())
        }
        Err(error) => Err(wrong_backfill(&error, &decided.decisions).unwrap_or_else(|| unproven(&error, plan))),
    }
}

/// Whether libSQL accepts what is wanted. Views and triggers that no struct declares and that would break are named,
/// all of them.
fn check(run: &Run<'_>, decided: &Decided, out: &mut Vec<LeftOut>) -> Result<()> {
    let besides = &decided.wanted.besides;
    let mut broken: Vec<(&'static str, Name, String)> = Vec::new();
    loop {
        let wanted = without(&decided.wanted.schema, out);
        let Err(error) = block_on(check_declaration(&wanted, &run.declared.view_columns)) else { break };
        match &error {
            ProofError::Declaration { kind: kind @ ("view" | "trigger"), name, message } => {
                let name = Name::from(name.as_str());
                let names = if *kind == "view" { &besides.views } else { &besides.triggers };
                if !names.contains(&name) || out.iter().any(|object| object.kind == *kind && object.name == name) {
                    return Err(structs::declaration_error(run.context, run.declared, &error));
                }
                broken.push((kind, name.clone(), message.clone()));
                out.push(LeftOut { kind, name, message: message.clone() });
            }
            _ => return Err(structs::declaration_error(run.context, run.declared, &error)),
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let diagnostics: Vec<Diagnostic> = broken
        .iter()
        .map(|(kind, name, message)| {
            let text =
                format!("{kind} `{name}`, which no struct declares, would not compile after the change: {message}");
            Diagnostic::error(text).help(match *kind {
                "view" => {
                    let flag = format!("--accept drop_view:{}", shell_quoted(name.as_str()));
                    format!("if it is not needed: `{} {flag}`", run.asker.command_line)
                }
                _ => format!("drop it by hand: `DROP TRIGGER {}`, push, and create it again", name.sql()),
            })
        })
        .collect();
    Err(CommandError::new(exit::DECISION, "what the structs do not declare uses what changes, nothing was changed")
        .diagnostics(run.context.printer.render(&diagnostics)))
}

/// What would be wrong with the database as a whole that is not wrong with it now: a table that no struct declares may
/// refer to a key that goes, or have a name that is wanted.
fn new_problems(run: &Run<'_>, old: &Schema, wanted: &Schema) -> Result<()> {
    let before: BTreeSet<String> = old.problems().into_iter().map(|problem| problem.message).collect();
    let is_new = |problem: &Problem| !before.contains(&problem.message);
    let problems: Vec<Diagnostic> = wanted
        .problems()
        .into_iter()
        .filter(is_new)
        .map(|problem| {
            let diagnostic = Diagnostic::error(problem.message);
            let diagnostic = problem.help.into_iter().fold(diagnostic, Diagnostic::help);
            run.declared.point(diagnostic, &problem.place, "")
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(
        exit::DECISION,
        "what the structs declare does not go together with what else is in the database, nothing was changed",
    )
    .diagnostics(run.context.printer.render(&problems)))
}
