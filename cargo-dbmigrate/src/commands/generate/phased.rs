//! `generate --phased`: one change as two migrations, between which the release that runs and the one that comes both
//! work.

use dbmigrate_core::diff::Diff;
use dbmigrate_core::engine::between::{STATEMENTS, prove_between};
use dbmigrate_core::folder::{Folder, MigrationName, SNAPSHOT_FILE, SQL_FILE, Slug, Snapshot};
use dbmigrate_core::plan::phased::{Backs, Phased, phased};
use dbmigrate_core::plan::{Cost, Decisions, Lint, Plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::path::path;
use pollster::block_on;

use super::arguments::Generate;
use super::online;
use super::planned::suggested_for;
use super::unshared::{BY_HAND, not_shared, refused};
use crate::decisions::answers::expressions;
use crate::decisions::ask::Asker;
use crate::drafting;
use crate::error::{CommandError, Result};
use crate::linting::{Drafted, Set, Subject, scope};
use crate::messages::{self, FileAction};
use crate::project::{BEFORE_DEPLOYING, Context, ONCE_DEPLOYED, SECOND_HALF, pipelines};
use crate::report::counted;
use crate::{git, proof, structs};

/// A half of the change.
struct Half<'a> {
    name: MigrationName,
    slug: Slug,
    plan: &'a Plan,
    /// The schemas before and after it.
    schemas: (&'a Schema, &'a Schema),
    sql: String,
    is_second: bool,
}

/// Plans both halves, proves each of them and what is between them, and writes them, in the place of those that they are
/// written instead of, if there are any; with `--dry-run` all but the last.
/// Returns whether it did: where nothing has to wait, one migration does.
///
/// # Errors
/// Exit code 3 for what cannot be had both ways, and all that a migration is refused for.
pub(super) fn write(
    asker: &Asker<'_>,
    arguments: &Generate,
    (folder, instead_of): (&mut Folder, &[MigrationName]),
    (head, decisions, diff): (&Snapshot, &Decisions, &Diff),
) -> Result<bool> {
    let (context, declared) = (asker.context, asker.declared);
    let renamed = decisions.renames.apply(&head.schema);
    structs::refuse_new_problems(context, declared, &renamed)?;
    proof::check_changes(context, declared, &head.schema, &renamed)?;
    let (old, new) = (&head.schema, &declared.schema);
    let backs = backs(arguments, diff)?;
    let number = instead_of.first().map_or_else(|| folder.next_sequence(), MigrationName::sequence);
    let phased = phased(old, new, diff, decisions, &backs, number).map_err(|error| refused(arguments, &error))?;
    if phased.is_one() {
        context.printer.status("Sharing", "the running release works on the new schema, so one migration does");
        return Ok(false);
    }
    prove((context, arguments), (old, new), decisions, diff, &phased)?;
    let halves = halves(arguments, number, (old, new), diff, &phased)?;
    let mut drafted = Vec::with_capacity(halves.len());
    for half in &halves {
        drafted.push(linted(asker, arguments, half)?);
    }
    warn(context, &phased, (decisions, diff));
    if arguments.dry_run {
        for (half, drafted) in halves.iter().zip(drafted) {
            drafting::show(context, half.name.as_str(), &half.sql, half.plan);
            drafted.warn(context, None, &asker.command_line());
        }
        return Ok(true);
    }
    let renamed_from = structs::renamed_from(declared);
    let snapshots: Vec<Snapshot> = halves
        .iter()
        .map(|half| Snapshot { schema: half.schemas.1.clone(), renamed_from: renamed_from.clone() })
        .collect();
    let files = halves.iter().zip(&snapshots).map(|(half, snapshot)| (&half.slug, &*half.sql, snapshot));
    let files: Vec<_> = files.collect();
    if instead_of.is_empty() {
        folder.add_all(&files)?;
    } else {
        folder.replace_tail(instead_of.len(), &files)?;
        say_replaced(context, folder, instead_of, &halves);
    }
    report(context, folder, &halves, drafted);
    Ok(true)
}

/// What `--back` says, by the names that columns have before.
fn backs(arguments: &Generate, diff: &Diff) -> Result<Backs> {
    let mut found = Backs::new();
    // columns that go are those of before; their tables may be known by the new name already
    for ((table, column), expr) in expressions("back", &arguments.back, &diff.renamed)? {
        let renames = &diff.renames;
        let table = renames.tables.iter().find(|(from, _)| *from == table).map_or(table, |(_, to)| to.clone());
        let goes = diff.tables.iter().filter(|changed| changed.name == table).any(|changed| {
            // one that changes its type is refused with what to do instead
            let is_retyped = changed.changed.iter().any(|change| change.name == column && change.decl_type);
            is_retyped || changed.dropped.contains(&column)
        }) || renames.columns.iter().any(|(on, from, _)| *on == table && *from == column);
        if !goes {
            return Err(CommandError::usage(format!("`--back {table}.{column}`: the column does not go"))
                .help("name a column that is dropped or renamed, by the name that it has now"));
        }
        found.insert((table, column), expr);
    }
    Ok(found)
}

/// Proves each half, and that both releases work between them.
fn prove(
    (context, arguments): (&Context, &Generate),
    (old, new): (&Schema, &Schema),
    decisions: &Decisions,
    diff: &Diff,
    phased: &Phased,
) -> Result<()> {
    let between = &phased.between;
    if !phased.first.is_empty() {
        let first = Decisions { renames: phased.renames.clone(), ..decisions.clone() };
        let proof = drafting::prove(context, (old, between), &first, &phased.first, BY_HAND)?;
        proof::warn_of_empty(context, &proof, &phased.first);
    }
    drafting::prove(context, (between, new), &Decisions::default(), &phased.second, BY_HAND)?;
    let shared = block_on(prove_between(old, new, diff, phased, (u64::from(STARTS), STATEMENTS)));
    let shared = shared.map_err(|error| not_shared(arguments, &error, phased))?;
    let (of_old, of_new) = (counted(shared.of_old, "statement"), counted(shared.of_new, "statement"));
    context
        .printer
        .detail("Proved", format!("between them, with {of_old} of the running release and {of_new} of the new one"));
    Ok(())
}

/// Where random statements start from: the same every time.
const STARTS: u32 = 19;

/// The halves that have something to do.
fn halves<'a>(
    arguments: &Generate,
    number: u32,
    (old, new): (&'a Schema, &'a Schema),
    diff: &Diff,
    phased: &'a Phased,
) -> Result<Vec<Half<'a>>> {
    let slug = match &arguments.name {
        Some(wanted) => Slug::sanitize(wanted).ok_or_else(|| {
            CommandError::usage(format!("`--name {wanted}` has no letter or digit to use in a file name"))
        })?,
        None => suggested_for(diff, old, new),
    };
    let second = Slug::sanitize(&format!("{slug}_{SECOND_HALF}")).unwrap_or_else(|| slug.clone());
    let all =
        [(&phased.first, (old, &phased.between), slug, false), (&phased.second, (&phased.between, new), second, true)];
    let used = all.into_iter().filter(|(plan, ..)| !plan.is_empty());
    let halves = (number..).zip(used).map(|(number, (plan, schemas, slug, is_second))| {
        let name = MigrationName::new(number, &slug);
        // what writes no row keeps nobody waiting
        let has_rebuild = plan.steps.iter().any(|step| step.rebuilds.is_some());
        let is_online = arguments.online && (has_rebuild || plan.cost() == Cost::Rewrite);
        let sql = if is_online { online::sql(name.as_str(), plan)? } else { plan.to_sql(name.as_str()) };
        Ok(Half { name, slug, plan, schemas, sql, is_second })
    });
    halves.collect()
}

/// What lints find in a half.
fn linted(asker: &Asker<'_>, arguments: &Generate, half: &Half<'_>) -> Result<Drafted> {
    let (context, declared) = (asker.context, asker.declared);
    let set = Set::of(context, &arguments.levels)?;
    let (old, new) = half.schemas;
    let subject = Subject { name: half.name.as_str(), file: None, sql: &half.sql, old, new };
    let said = (asker.command_line(), "nothing was written");
    Drafted::of(context, (set, &scope::target(context)?), (&subject, declared), (&said.0, said.1))
}

/// What a view that stands in for a table cannot do, and what conversions may lose.
fn warn(context: &Context, phased: &Phased, (decisions, diff): (&Decisions, &Diff)) {
    for link in &phased.links {
        let table = &link.table;
        let (Some(query), [old], [new]) = (link.lost(diff.renames.old_table(table)), &link.olds[..], &link.news[..])
        else {
            continue;
        };
        let (object, lossy) = (path([table, &old.name]), path([table, &new.name]));
        if decisions.accepted.has(Lint::LossyConversion, &lossy) {
            continue;
        }
        let message = format!("the second half drops `{object}`, and with it what `--back` does not give back");
        let accept = shell_quoted(&format!("{}:{lossy}", Lint::LossyConversion));
        let help = [format!("to count them: `{query}`"), format!("if they may change: `--accept {accept}`")];
        context.printer.warning(&message, &help);
    }
    for one in &phased.stand_ins {
        let message = format!(
            "the running release uses `{}` through a view: `ON CONFLICT`, `REPLACE`, `last_insert_rowid()` and `RETURNING` \
             of what it does not give do not work there",
            one.table
        );
        let help =
            format!("if it needs one of them, keep the name of the table: `#[table(name = {:?})]`", one.view.as_str());
        context.printer.warning(&message, &[help]);
    }
}

/// Says which migrations the halves have taken the place of, under other names.
fn say_replaced(context: &Context, folder: &Folder, instead_of: &[MigrationName], halves: &[Half<'_>]) {
    let names: Vec<&str> = halves.iter().map(|half| half.name.as_str()).collect();
    let gone: Vec<&str> = instead_of.iter().map(MigrationName::as_str).filter(|old| !names.contains(old)).collect();
    for old in &gone {
        let directory = folder.path().join(old);
        context.printer.wrote(&directory.join(SQL_FILE), FileAction::Removed);
        context.printer.wrote(&directory.join(SNAPSHOT_FILE), FileAction::Removed);
    }
    if !gone.is_empty() {
        context.printer.status("Replaced", format!("{} with {}", gone.join(", "), names.join(", ")));
    }
}

fn report(context: &Context, folder: &Folder, halves: &[Half<'_>], drafted: Vec<Drafted>) {
    let printer = &context.printer;
    for (half, drafted) in halves.iter().zip(drafted) {
        let when = if half.is_second { "after the deployment" } else { "before the deployment" };
        let (count, cost) = (counted(half.plan.changes.len(), "change"), half.plan.cost().word());
        printer.status("Generated", format!("{} ({when}: {count}, {cost})", half.name));
        context.wrote_migration(folder, half.name.as_str(), FileAction::Created);
        let path = folder.find(half.name.as_str()).map(|migration| folder.sql_path(migration));
        printer.message(|| messages::Generated {
            name: Some(half.name.to_string()),
            file: path.as_ref().map(|path| path.display().to_string()),
            changes: half.plan.changes.iter().map(Into::into).collect(),
            cost: Some(cost.to_owned()),
            from: None,
        });
        drafted.warn(context, path.as_deref(), "");
    }
    let mut next = vec!["review both, and commit them with the structs".to_owned()];
    if halves.iter().any(|half| !half.is_second) {
        next.push(BEFORE_DEPLOYING.to_owned());
    }
    next.push(ONCE_DEPLOYED.to_owned());
    let package = &context.package.root;
    next.extend(pipelines::unaware_of_phases(&git::top_of(package).unwrap_or_else(|| package.clone())));
    printer.next(&next);
}
