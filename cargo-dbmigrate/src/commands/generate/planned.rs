//! What the ways of `generate` share: who decides, the proven plan, its name, and what is said of it.

use std::collections::HashSet;

use dbmigrate_core::diff::{Change, Diff};
use dbmigrate_core::engine::apply::is_after_deploy;
use dbmigrate_core::folder::{Folder, Slug, Snapshot, suggest};
use dbmigrate_core::kept::KeptTable;
use dbmigrate_core::lint::to_amend;
use dbmigrate_core::plan::{Decisions, Plan, PlanError, Preflight, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;

use super::arguments::Generate;
use super::rust;
use crate::decisions::answers::FOR_GENERATE;
use crate::decisions::ask::Asker;
use crate::drafting;
use crate::error::{CommandError, Result};
use crate::linting::{Drafted, Set, Subject, scope};
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::proof;
use crate::report::counted;
use crate::source::Declared;
use crate::{exit, structs};

/// Asks for the migration of that number.
pub(super) fn asker<'a>(
    context: &'a Context,
    arguments: &'a Generate,
    declared: &'a Declared,
    sequence: u32,
) -> Asker<'a> {
    let answers = (&arguments.answers, FOR_GENERATE);
    let asker = Asker::new(context, declared, answers, arguments.command(), "nothing was written");
    asker.keeping(arguments.keeps_of(context.config.keep, sequence))
}

/// The plan for a difference, once it is proven.
///
/// # Errors
/// If libSQL rejects the schema of the structs, or the plan fails its proof.
pub(super) fn proven(
    (context, arguments): (&Context, &Generate),
    declared: &Declared,
    head: &Snapshot,
    decisions: &Decisions,
    diff: &Diff,
) -> Result<Plan> {
    let renamed = decisions.renames.apply(&head.schema);
    structs::refuse_new_problems(context, declared, &renamed)?;
    proof::check_changes(context, declared, &head.schema, &renamed)?;
    let plan =
        plan(&head.schema, &declared.schema, diff, decisions).map_err(|error| no_plan(arguments, decisions, &error))?;
    if arguments.keep && plan.kept.is_empty() && !arguments.is_by_hand() {
        context.printer.warning("`--keep`: nothing is dropped or converted", &[]);
    }
    let by_hand = "go back to the last structs that worked, then write the migration by hand: `cargo dbmigrate generate \
                   --custom`";
    let proof = drafting::prove(context, (&head.schema, &declared.schema), decisions, &plan, by_hand)?;
    proof::warn_of_empty(context, &proof, &plan);
    Ok(plan)
}

/// Why there is no plan.
fn no_plan(arguments: &Generate, decisions: &Decisions, error: &PlanError) -> CommandError {
    let PlanError::CannotKeep { .. } = error else { return CommandError::failed(error.to_string()) };
    let without = Generate { keep: false, no_keep: true, ..arguments.clone() };
    // what `--keep` was the answer to has to be answered otherwise
    let typed: Vec<String> = arguments.answers.accept.iter().map(|word| word.to_ascii_lowercase()).collect();
    let accepted = decisions.accepted.named.iter().map(|(lint, object)| format!("{lint}:{object}"));
    let accepted = accepted.filter(|one| !typed.iter().any(|typed| typed == "all" || typed == one));
    let command = accepted.fold(without.command_line(), |line, one| line + " " + &shell_flag("--accept", &one));
    CommandError::new(exit::DECISION, error.to_string())
        .note("nothing was written")
        .help(format!("to drop it for good: `{command}`"))
}

pub(super) fn nothing_to_do(context: &Context, arguments: &Generate, declared: &Declared, folder: &Folder) -> u8 {
    let nothing = || messages::Generated { name: None, file: None, changes: Vec::new(), cost: None, from: None };
    context.printer.message(nothing);
    if declared.schema.is_empty() && folder.head().is_none() {
        context.printer.warning(
            "no struct with `#[derive(Table)]` found",
            &[format!(
                "searched the library and binaries of `{}`; to add one: `cargo dbmigrate init`",
                context.package.name
            )],
        );
        return exit::DONE;
    }
    let tables = declared.schema.tables.len() + declared.schema.virtual_tables.len();
    context.printer.status("Unchanged", format!("the structs match the migrations ({})", counted(tables, "table")));
    context.printer.next(&other_forms(arguments, folder));
    exit::DONE
}

/// What to type if it is the last migration that was to have another form.
fn other_forms(arguments: &Generate, folder: &Folder) -> Vec<String> {
    let Some(last) = folder.head().filter(|last| !is_after_deploy(folder, last).unwrap_or(true)) else {
        return Vec::new();
    };
    if arguments.amend {
        return Vec::new();
    }
    let forms = [
        (arguments.phased, "as two halves", "--phased"),
        (arguments.online, "as one that is applied online", "--online"),
    ];
    let form = |(_, words, flag): &(bool, &str, &str)| {
        format!("to write `{}` {words}: `cargo dbmigrate generate --amend {flag}`", last.name)
    };
    forms.iter().filter(|(is_wanted, ..)| *is_wanted).map(form).collect()
}

pub(super) fn name(arguments: &Generate, plan: &Plan, before: &Schema, after: &Schema) -> Result<Slug> {
    let wanted = match &arguments.name {
        Some(name) => name.clone(),
        None if arguments.rust.is_some() => arguments.rust.clone().unwrap_or_default(),
        None if plan.is_empty() => "custom".to_owned(),
        None => return Ok(suggested(plan, before, after)),
    };
    Slug::sanitize(&wanted)
        .ok_or_else(|| CommandError::usage(format!("`--name {wanted}` has no letter or digit to use in a file name")))
}

/// The name that says what a plan changes.
pub(super) fn suggested(plan: &Plan, before: &Schema, after: &Schema) -> Slug {
    let changes: Vec<Change> = plan.changes.iter().map(|assessed| assessed.change.clone()).collect();
    suggest(&changes, before, after)
}

/// The name that says what a difference changes.
pub(super) fn suggested_for(diff: &Diff, before: &Schema, after: &Schema) -> Slug {
    suggest(&diff.changes(), before, after)
}

/// What lints find in a migration before it is written.
///
/// # Errors
/// Exit code 3 for what is denied.
pub(super) fn linted(
    asker: &Asker<'_>,
    arguments: &Generate,
    (name, sql): (&str, &str),
    before: &Schema,
) -> Result<Drafted> {
    let (context, declared) = (asker.context, asker.declared);
    let set = Set::of(context, &arguments.levels)?;
    let subject = Subject { name, file: None, sql, old: before, new: &declared.schema };
    let said = (asker.command_line(), "nothing was written");
    Drafted::of(context, (set, &scope::target(context)?), (&subject, declared), (&said.0, said.1))
}

pub(super) fn report(
    context: &Context,
    arguments: &Generate,
    folder: &Folder,
    (migration, done): (&str, FileAction),
    plan: &Plan,
    drafted: Drafted,
) {
    let printer = &context.printer;
    let count = match plan.changes.len() {
        0 if arguments.rust.is_some() => "a step in Rust".to_owned(),
        0 => "no changes yet".to_owned(),
        count => format!("{}, {}", counted(count, "change"), plan.cost().word()),
    };
    printer.status("Generated", format!("{migration} ({count})"));
    for keep in plan.kept.iter().flat_map(KeptTable::keeps) {
        printer.status("Keeping", format!("{} in {}", keep.object(), keep.kept));
    }
    for step in plan.steps.iter().filter(|_| printer.is_verbose()) {
        printer.detail(step.cost.word(), &step.title);
    }
    context.wrote_migration(folder, migration, done);
    let file = folder.head().map(|head| folder.sql_path(head).display().to_string()).unwrap_or_default();
    printer.message(|| messages::Generated {
        name: Some(migration.to_owned()),
        file: Some(file.clone()),
        changes: plan.changes.iter().map(Into::into).collect(),
        cost: Some(plan.cost().word().to_owned()),
        from: None,
    });
    let path = folder.head().map(|head| folder.sql_path(head));
    let other_ways: Vec<String> = {
        let said = drafted.help();
        plan.preflights.iter().filter_map(|preflight| other_way(preflight, &said)).collect()
    };
    drafted.warn(context, path.as_deref(), "");
    if let Some(function) = &arguments.rust {
        rust::report(context, migration, &file, function);
    } else if arguments.custom {
        printer.next(&[format!("edit {file}"), "record the edit: `cargo dbmigrate generate --custom`".to_owned()]);
    } else {
        let mut next = vec![format!("review {file}"), "apply it: `cargo dbmigrate migrate`".to_owned()];
        next.extend(other_ways);
        printer.next(&next);
    }
}

/// How else the migration could be made, so that rows are filled or converted which it refuses now; `None` if a lint has
/// said so.
fn other_way(preflight: &Preflight, said: &HashSet<&str>) -> Option<String> {
    // that there must be no rows at all was accepted by name
    if preflight.rows.is_empty() {
        return None;
    }
    let fills = |(_, flag): &&(String, String)| flag.starts_with("--backfill") || flag.starts_with("--convert");
    let answer = preflight.answers.iter().find(fills)?;
    let answer = Some(to_amend(answer)).filter(|answer| !said.contains(answer.as_str()))?;
    let rows = preflight.message.split(", first at").next().unwrap_or_default().replace("{} ", "");
    Some(format!("fails if {rows}; {answer}"))
}
