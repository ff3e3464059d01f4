//! `generate`: the structs against the last snapshot, the difference as a migration.

mod seal;

use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::diff::change::slug;
use dbmigrate_core::engine::prove::prove;
use dbmigrate_core::folder::{Folder, FolderError, Slug, Snapshot, Verify};
use dbmigrate_core::plan::decide::shell_quoted;
use dbmigrate_core::plan::{Assessed, Plan, Preflight, plan};
use pollster::block_on;
use serde_json::json;

use crate::database::failure::TAKE_BACK;
use crate::decisions::answers::{Answers, FOR_GENERATE};
use crate::decisions::ask::{Asker, Decided};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::proof::{self, unproven, warn_of_empty, wrong_backfill};
use crate::report::counted;
use crate::source::Declared;
use crate::{exit, structs};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate generate
  cargo dbmigrate generate --rename users.nick=handle
  cargo dbmigrate generate --rename users=people --name people
  cargo dbmigrate generate --backfill users.age=0
  cargo dbmigrate generate --convert \"users.age=CAST(age AS INTEGER)\"
  cargo dbmigrate generate --accept drop_column:users.legacy")]
pub(crate) struct Generate {
    /// Name of the migration; else it says what changed
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Show the migration, write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Exit with 4 if there is something to generate, write nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,

    /// Write a migration to be edited by hand, also if nothing changed; once edited, record it
    #[arg(long, conflicts_with = "check")]
    pub custom: bool,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,
}

impl Generate {
    /// The command as it was typed, so that a flag can be put behind it.
    fn command_line(&self) -> String {
        let mut text = "cargo dbmigrate generate".to_owned();
        for (set, flag) in [(self.dry_run, " --dry-run"), (self.custom, " --custom")] {
            if set {
                text.push_str(flag);
            }
        }
        if let Some(name) = &self.name {
            // writing to a string cannot fail
            let _ = write!(text, " --name {}", shell_quoted(name));
        }
        self.answers.push_to(&mut text);
        text
    }
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Generate) -> Result<u8> {
    let mut folder = context.folder()?;
    match folder.verify(Verify::Sql) {
        Err(FolderError::EditedSql { is_last: true, .. }) if arguments.custom => {
            let declared = structs::read_all(context)?;
            return seal::run(context, &mut folder, &declared, arguments.dry_run);
        }
        result => result?,
    }
    let declared = structs::read_all(context)?;
    let unchanged = structs::is_unchanged(&folder, &declared);
    if unchanged && !arguments.custom && arguments.answers.changes_nothing() {
        return Ok(nothing_to_do(context, &declared, &folder));
    }
    let head = folder.head_snapshot()?;
    let asker = Asker {
        context,
        declared: &declared,
        answers: &arguments.answers,
        words: FOR_GENERATE,
        command_line: arguments.command_line(),
        untouched: "nothing was written",
        given: std::cell::RefCell::default(),
    };
    write(&asker, arguments, &mut folder, &head).map_err(|error| asker.with_answers(error))
}

/// Decides, plans, proves, and writes; with `--dry-run` and `--check` all but the last.
fn write(asker: &Asker<'_>, arguments: &Generate, folder: &mut Folder, head: &Snapshot) -> Result<u8> {
    let (context, declared) = (asker.context, asker.declared);
    let Decided { decisions, diff, is_complete } = asker.decide(head, arguments.check)?;
    if diff.is_empty() && !arguments.custom {
        return Ok(nothing_to_do(context, declared, folder));
    }
    if arguments.check && !is_complete {
        return Ok(found_changes(context, &diff.changes()));
    }
    let renamed = decisions.renames.apply(&head.schema);
    structs::refuse_new_problems(declared, &renamed)?;
    proof::check_changes(context, declared, &head.schema, &renamed)?;
    let plan = plan(&head.schema, &declared.schema, &diff, &decisions)
        .map_err(|error| CommandError::failed(error.to_string()))?;
    if head.schema.is_empty() && plan.only_creates(&declared.schema) {
        // what `check` has just executed, statement by statement
        context.printer.detail("Proved", "on an empty database");
    } else {
        match block_on(prove(&head.schema, &declared.schema, &decisions.renames, &plan)) {
            Ok(proof) => {
                context.printer.detail("Proved", format!("on {} generated rows", proof.rows));
                warn_of_empty(context, &proof, &plan);
            }
            Err(error) => {
                return Err(wrong_backfill(&error, &decisions).unwrap_or_else(|| {
                    unproven(&error, &plan, "migration", "it was not written").help(
                        "to go on, write the migration by hand: `cargo dbmigrate generate --custom` from the last good structs",
                    )
                }));
            }
        }
    }
    if arguments.check {
        return Ok(found_changes(context, &diff.changes()));
    }
    let slug = name(arguments, &plan)?;
    let migration = folder.next_name(&slug).to_string();
    let sql = if plan.is_empty() { template(&migration) } else { plan.to_sql(&migration) };
    if arguments.dry_run {
        context.printer.result(sql.trim_end());
        context.printer.json("plan", &json!({ "name": migration, "sql": sql }));
        return Ok(exit::DONE);
    }
    let snapshot = Snapshot { schema: declared.schema.clone(), renamed_from: structs::renamed_from(declared) };
    folder.add(&slug, &sql, &snapshot)?;
    report(context, arguments, folder, &migration, &plan);
    Ok(exit::DONE)
}

fn nothing_to_do(context: &Context, declared: &Declared, folder: &Folder) -> u8 {
    context.printer.json("generated", &json!({ "name": null, "changes": [] }));
    if declared.schema.is_empty() && folder.head().is_none() {
        context.printer.warning(
            "no struct with `#[derive(Table)]` was found",
            &[format!(
                "looked in the library and the binaries of `{}`; see `cargo dbmigrate init`",
                context.package.name
            )],
        );
        return exit::DONE;
    }
    let tables = declared.schema.tables.len() + declared.schema.virtual_tables.len();
    context
        .printer
        .status("Unchanged", format!("the structs are what the migrations say ({})", counted(tables, "table")));
    exit::DONE
}

fn found_changes(context: &Context, changes: &[dbmigrate_core::diff::Change]) -> u8 {
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    context.printer.result(lines.join("\n"));
    context.printer.json("changes", &json!({ "changes": lines }));
    context.printer.status("Changed", "the structs are ahead of the migrations: `cargo dbmigrate generate`");
    exit::DIFFERENCE
}

fn name(arguments: &Generate, plan: &Plan) -> Result<Slug> {
    let wanted = match &arguments.name {
        Some(name) => name.clone(),
        None if plan.is_empty() => "custom".to_owned(),
        None => slug(&plan.changes.iter().map(|assessed| assessed.change.clone()).collect::<Vec<_>>()),
    };
    Slug::sanitize(&wanted).ok_or_else(|| {
        CommandError::usage(format!("`--name {wanted}` has no letter or digit that a file name could have"))
    })
}

/// What a migration that is written by hand starts from.
fn template(name: &str) -> String {
    format!(
        "-- {name}\n--\n-- Write the statements here, each with its semicolon. They run in one transaction with foreign keys off;\n\
         -- new violations of foreign keys make the migration fail.\n-- Then record the edit: cargo dbmigrate generate --custom\n"
    )
}

fn report(context: &Context, arguments: &Generate, folder: &Folder, migration: &str, plan: &Plan) {
    let printer = &context.printer;
    let changes: Vec<serde_json::Value> = plan
        .changes
        .iter()
        .map(|Assessed { change, cost, risks }| {
            let risks: Vec<&str> = risks.iter().map(|risk| risk.word()).collect();
            json!({ "change": change.to_string(), "cost": cost.word(), "risks": risks })
        })
        .collect();
    let count = match changes.len() {
        0 => "nothing changes yet".to_owned(),
        count => format!("{}, {}", counted(count, "change"), plan.cost().word()),
    };
    printer.status("Generated", format!("{migration} ({count})"));
    for step in plan.steps.iter().filter(|_| printer.is_verbose()) {
        printer.detail(step.cost.word(), &step.title);
    }
    let file = folder.head().map(|head| folder.sql_path(head).display().to_string()).unwrap_or_default();
    printer
        .json("generated", &json!({ "name": migration, "file": file, "changes": changes, "cost": plan.cost().word() }));
    if arguments.custom {
        printer.next(&[format!("edit {file}"), "record the edit: `cargo dbmigrate generate --custom`".to_owned()]);
    } else {
        let mut next = vec![format!("review {file}"), "apply it: `cargo dbmigrate migrate`".to_owned()];
        next.extend(plan.preflights.iter().filter_map(|preflight| other_way(arguments, preflight)));
        printer.next(&next);
    }
}

/// How else the migration could be made, so that rows are filled or converted which it refuses now.
fn other_way(arguments: &Generate, preflight: &Preflight) -> Option<String> {
    // that there must be no rows at all was accepted by name
    if preflight.rows.is_empty() {
        return None;
    }
    let fills = |(_, flag): &&(String, String)| flag.starts_with("--backfill") || flag.starts_with("--convert");
    let (words, flag) = preflight.answers.iter().find(fills)?;
    let rows = preflight.message.split(", first at").next().unwrap_or_default().replace("{} ", "");
    Some(format!("refused where {rows}; {words}: {TAKE_BACK}, then `{} {flag}`", arguments.command_line()))
}
