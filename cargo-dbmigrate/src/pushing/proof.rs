//! The proof of a push: the wanted schema on its own, then the plan on generated rows, in memory.

use dbmigrate_core::engine::provable::{LeftOut, left_out, without};
use dbmigrate_core::engine::prove::{ProofError, check_declaration, prove_tolerating};
use dbmigrate_core::plan::Plan;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::refused::drop_broken;
use super::run::{Decided, Live, Run};
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::proof::{say_assumed, unproven, warn_of_empty, wrong_backfill};
use crate::{exit, structs};

/// Proves the plan.
///
/// # Errors
/// If the structs are wrong, if something that is left alone stands in the way, or if the plan is wrong.
pub(super) fn prove(run: &Run<'_>, live: &Live, decided: &Decided, plan: &Plan) -> Result<()> {
    let (old, besides) = (&live.found.schema, &decided.wanted.besides);
    say_assumed(run.context, &decided.wanted.schema, plan.statements());
    let renamed = decided.decisions.renames.apply(old);
    new_problems(run, &renamed, &decided.wanted.schema)?;
    let engine = |error: dbmigrate_core::engine::EngineError| CommandError::failed(error.to_string());
    let mut out = block_on(left_out(old, besides)).map_err(engine)?;
    check(run, decided, &without(&renamed, &out), &mut out)?;
    // views that go first and come back last need not compile in memory; their fate is seen in the database itself
    let is_moved = |LeftOut { kind, name, .. }: &LeftOut| {
        let drop = format!("DROP {} {}", kind.to_ascii_uppercase(), name.sql());
        plan.statements().any(|statement| statement == drop)
    };
    let (moved, out): (Vec<LeftOut>, Vec<LeftOut>) = out.into_iter().partition(is_moved);
    if let Some(LeftOut { kind, name, message }) = moved.iter().find(|object| object.kind != "view") {
        let text = format!("{kind} `{name}` blocks the change, and cannot be tried: {message}");
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
    let tolerated: Vec<Name> = moved.into_iter().map(|object| object.name).collect();
    match block_on(prove_tolerating(&old, &new, &decided.decisions.renames, plan, &tolerated)) {
        Ok(proof) => {
            run.context.printer.detail("Proved", format!("on {} generated rows", proof.rows));
            if live.database.is_some() {
                warn_of_empty(run.context, &proof, plan);
            }
            Ok(())
        }
        Err(ProofError::Engine(error)) => {
            let message = format!("cannot try the change in memory: {error}");
            Err(CommandError::failed(message).note("nothing was changed"))
        }
        Err(error) => Err(wrong_backfill(&error, &decided.decisions).unwrap_or_else(|| {
            unproven(&error, plan, "change", "nothing was changed").help("change the database by hand, then push again")
        })),
    }
}

/// Whether libSQL accepts what is wanted. Views and triggers that no struct declares and that would break are named,
/// all of them.
fn check(run: &Run<'_>, decided: &Decided, before: &Schema, out: &mut Vec<LeftOut>) -> Result<()> {
    let besides = &decided.wanted.besides;
    let mut broken: Vec<(&'static str, Name, String)> = Vec::new();
    loop {
        let wanted = without(&decided.wanted.schema, out);
        let error = match block_on(check_declaration(&wanted, &run.declared.view_columns)) {
            Err(error) => error,
            Ok(faults) => {
                structs::refuse_faults(run.context, run.declared, faults, before)?;
                break;
            }
        };
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
                format!("{kind} `{name}` would not compile after the change, and no struct declares it: {message}");
            Diagnostic::error(text).help(drop_broken(run, kind, name))
        })
        .collect();
    Err(CommandError::new(exit::DECISION, "undeclared objects use what would change, nothing was changed")
        .diagnostics(run.context.printer.render(&diagnostics)))
}

/// What would be wrong with the database as a whole that is not wrong with it now: a table that no struct declares may
/// refer to a key that goes, or have a name that is wanted.
fn new_problems(run: &Run<'_>, old: &Schema, wanted: &Schema) -> Result<()> {
    let problems: Vec<Diagnostic> = wanted
        .new_problems(old)
        .into_iter()
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
        "the structs conflict with other objects of the database, nothing was changed",
    )
    .diagnostics(run.context.printer.render(&problems)))
}
