//! The structs of the package, as the commands need them: read, checked, and with their renames told from those that
//! are history already.

use std::collections::BTreeSet;

use dbmigrate_core::diff::{Change, RenameError, Renames};
use dbmigrate_core::engine::prove::{ProofError, check_declaration};
use dbmigrate_core::folder::{Checksum, Folder, Snapshot};
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::SchemaHash;
use dbmigrate_core::schema::validate::{Place, Problem};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::path::path;
use pollster::block_on;

use crate::diagnostic::{Diagnostic, Level};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::project::Context;
use crate::project::config;
use crate::report::{counted, missing};
use crate::source::{self, Declared, Package, Request, Wanted};

/// Reads the structs. Warnings are shown.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn read(context: &Context) -> Result<Declared> {
    match source::read(&request(context)?) {
        Ok(declared) => {
            // a command may refuse what the declaration is only warned of
            context.printer.hold(&declared.warnings);
            refuse_ignored(context, &declared)?;
            Ok(declared)
        }
        Err(diagnostics) => {
            let errors = diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
            let message =
                format!("cannot read the structs of `{}`: {}", context.package.name, counted(errors, "error"));
            Err(CommandError::failed(message).diagnostics(context.printer.render(&diagnostics)))
        }
    }
}

/// What the structs declare, for a command that can do without: none if something is wrong with them, which is said.
pub(crate) fn as_far_as_readable(context: &Context) -> Option<Schema> {
    let read = request(context).map(|request| source::read(&request));
    if let Ok(Ok(declared)) = read {
        return Some(declared.schema);
    }
    let message =
        format!("the structs of `{}` cannot be read, so values are checked without them", context.package.name);
    context.printer.warning(&message, &["show what is wrong: `cargo dbmigrate check`".to_owned()]);
    None
}

/// The structs for a command that is about migrations and can do without: none of them if something is wrong, which is
/// said.
///
/// # Errors
/// If there is no package.
pub(crate) fn or_nothing(context: &Context) -> Result<Declared> {
    let (declared, is_read) = read_or_nothing(context)?;
    if !is_read {
        let message = format!("the structs of `{}` cannot be read, so nothing is said of them", context.package.name);
        context.printer.warning(&message, &["show what is wrong: `cargo dbmigrate check`".to_owned()]);
    }
    Ok(declared)
}

/// The structs and whether they can be read, for a command that says itself what is to be done about them: none of them if
/// not.
///
/// # Errors
/// If there is no package.
pub(crate) fn read_or_nothing(context: &Context) -> Result<(Declared, bool)> {
    let request = request(context)?;
    if let Ok(declared) = source::read(&request) {
        return Ok((declared, true));
    }
    let package = Package::find(&request).map_err(|error| {
        let rendered = context.printer.render(&[*error]);
        CommandError::failed("cannot find the package").diagnostics(rendered)
    })?;
    Ok((Declared::nothing(package), false))
}

/// The structs once more, after they were changed; nothing is said of what is wrong with them.
pub(crate) fn again(context: &Context) -> Option<Declared> {
    source::read(&request(context).ok()?).ok()
}

/// Reads the structs for a command that goes by them: what is in the package and is not read is said, because a table
/// that is missing means that it is to go.
///
/// # Errors
/// As for [`read`], and if nothing but such structs is there.
pub(crate) fn read_all(context: &Context) -> Result<Declared> {
    let declared = read(context)?;
    if !declared.schema.is_empty() || declared.unread.is_empty() {
        context.printer.diagnostics(&declared.unread);
        return Ok(declared);
    }
    let as_error = |diagnostic: &Diagnostic| Diagnostic { level: Level::Error, ..diagnostic.clone() };
    let unread: Vec<Diagnostic> = declared.unread.iter().map(as_error).collect();
    let message = format!("no struct with `#[derive(Table)]` in the modules of `{}`", context.package.name);
    Err(CommandError::failed(message).diagnostics(context.printer.render(&unread)))
}

/// Whether the structs are what the last migration left, judged by the hash in the lock alone.
pub(crate) fn is_unchanged(folder: &Folder, declared: &Declared) -> bool {
    let hash = Checksum::from(SchemaHash::of(&declared.schema));
    let no_renames = declared.renamed_tables.is_empty() && declared.renamed_columns.is_empty();
    no_renames && folder.head().is_some_and(|head| head.schema == hash)
}

/// Changes that no migration makes, each where it was made.
pub(crate) fn without_migration(declared: &Declared, changes: &[Change]) -> Vec<Diagnostic> {
    let diagnostic = |change: &Change| {
        let diagnostic = Diagnostic::error(format!("no migration has this change: {change}"))
            .help("write it: `cargo dbmigrate generate`");
        match changed_place(change) {
            Some(place) => declared.point(diagnostic, &place, ""),
            None => diagnostic,
        }
    };
    changes.iter().map(diagnostic).collect()
}

/// Where a change was made. What is gone was at the table that had it.
fn changed_place(change: &Change) -> Option<Place> {
    use Change::{
        AddColumn, Alter, AlterColumn, AlterConstraints, AlterIndex, AlterOptions, AlterPrimaryKey, Create,
        CreateIndex, CreateTable, Drop, DropColumn, DropIndex, DropTable, RenameColumn, RenameTable,
    };
    Some(match change.clone() {
        CreateTable(table) | DropTable(table) | RenameTable(_, table) | AlterConstraints(table, _) => {
            Place::Table(table)
        }
        DropColumn(table, _) | AlterOptions(table) | DropIndex(table, _) => Place::Table(table),
        AddColumn(table, column) | RenameColumn(table, _, column) => Place::Column(table, column),
        AlterColumn(table, change) => Place::Column(table, change.name),
        AlterPrimaryKey(table) => Place::PrimaryKey(table),
        CreateIndex(table, index) | AlterIndex(table, index) => Place::Index(table, index),
        Create(kind, name) | Drop(kind, name) | Alter(kind, name) => match kind {
            "view" => Place::View(name),
            "trigger" => Place::Trigger(name),
            _ => Place::VirtualTable(name),
        },
        _ => return None,
    })
}

/// Says that the structs have changed since the last migration, if that can be found out in passing.
pub(crate) fn warn_if_ahead(context: &Context, folder: &Folder) {
    let Some((head, declared)) = folder.head().zip(glance(context)) else { return };
    // where only a part of the source is, there is nothing to compare
    if declared.schema.is_empty() || head.schema == Checksum::from(SchemaHash::of(&declared.schema)) {
        return;
    }
    context.printer.warning(
        "the structs have changed since the last migration",
        &["write the next one: `cargo dbmigrate generate`".to_owned()],
    );
}

/// The structs, if they can be read in passing: good for a hint.
pub(crate) fn glance(context: &Context) -> Option<Declared> {
    request(context).ok().and_then(|request| source::glance(&request))
}

fn request(context: &Context) -> Result<Request> {
    Ok(Request {
        current_dir: std::env::current_dir().map_err(|error| CommandError::io("find", ".".as_ref(), &error))?,
        manifest_path: Some(context.package.manifest.clone()),
        package: None,
        features: context.selection.features.clone(),
        all_features: context.selection.all_features,
        no_default_features: context.selection.no_default_features,
        root: context.config.root.as_ref().map(|root| context.package.root.join(root)),
        database: Some(Wanted { config: context.config.clone(), root: context.package.root.clone() }),
    })
}

/// What is ignored in databases cannot be declared: it would seem to be missing there for ever.
fn refuse_ignored(context: &Context, declared: &Declared) -> Result<()> {
    let ignore = &context.config.ignore;
    if ignore.is_empty() {
        return Ok(());
    }
    let key = context.config.key("ignore");
    let schema = &declared.schema;
    let tables = schema.tables.iter().map(|table| (&table.name, Place::Table(table.name.clone())));
    let virtual_tables =
        schema.virtual_tables.iter().map(|table| (&table.name, Place::VirtualTable(table.name.clone())));
    let views = schema.views.iter().map(|view| (&view.name, Place::View(view.name.clone())));
    let hidden = tables.chain(virtual_tables).chain(views).filter_map(|(name, place)| {
        let pattern = ignore.pattern_for(name)?;
        let diagnostic = Diagnostic::error(format!("`{name}` is declared, but ignored in databases"))
            .help(format!("{key} in `{}` has the pattern `{pattern}`, which hides it", config::FILE_NAME));
        Some(declared.point(diagnostic, &place, ""))
    });
    let hidden: Vec<Diagnostic> = hidden.collect();
    if hidden.is_empty() {
        return Ok(());
    }
    let message = format!("a struct declares what `{}` ignores: remove one of the two", config::FILE_NAME);
    Err(CommandError::usage(message).diagnostics(context.printer.render(&hidden)))
}

/// A table that can be written to must not become one that cannot.
pub(crate) fn refuse_new_problems(context: &Context, declared: &Declared, before: &Schema) -> Result<()> {
    let problems = declared.schema.new_problems(before).into_iter();
    let errors: Vec<Diagnostic> = problems.map(|problem| shown_fault(declared, problem, Diagnostic::error)).collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(CommandError::failed("a table in use would no longer accept rows, nothing was written")
        .diagnostics(context.printer.render(&errors)))
}

/// What libSQL takes, and then refuses rows for, is an error where it is new. Where it is in `before` already it is a
/// warning: a database may have it, and can be looked after like others.
///
/// # Errors
/// For all that is new.
pub(crate) fn refuse_faults(
    context: &Context,
    declared: &Declared,
    faults: Vec<Problem>,
    before: &Schema,
) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    // one that cannot even be made has no faults that count
    let known = block_on(check_declaration(before, &[])).unwrap_or_default();
    let is_known = |problem: &Problem| known.iter().any(|one| one.message == problem.message);
    let (known, new): (Vec<Problem>, Vec<Problem>) = faults.into_iter().partition(is_known);
    warn_of_faults(context, declared, known);
    if new.is_empty() {
        return Ok(());
    }
    let errors: Vec<Diagnostic> =
        new.into_iter().map(|problem| shown_fault(declared, problem, Diagnostic::error)).collect();
    Err(CommandError::new(exit::FAILED, "libSQL would refuse rows of the declared tables")
        .diagnostics(context.printer.render(&errors)))
}

/// Warns of what libSQL takes, and then refuses rows for.
pub(crate) fn warn_of_faults(context: &Context, declared: &Declared, faults: Vec<Problem>) {
    let warnings = faults.into_iter().map(|problem| shown_fault(declared, problem, Diagnostic::warning));
    context.printer.diagnostics(&warnings.collect::<Vec<_>>());
}

fn shown_fault(declared: &Declared, problem: Problem, level: fn(String) -> Diagnostic) -> Diagnostic {
    let Problem { message, help, place, .. } = problem;
    declared.point(help.into_iter().fold(level(message), Diagnostic::help), &place, "")
}

/// The `renamed_from` attributes, as a snapshot records them.
pub(crate) fn renamed_from(declared: &Declared) -> Vec<String> {
    let tables = declared.renamed_tables.iter().map(|(from, to)| format!("{to}<{from}"));
    let columns = declared.renamed_columns.iter().map(|(table, from, to)| format!("{table}.{to}<{from}"));
    tables.chain(columns).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The renames that the attributes ask for and that have not been made yet.
pub(crate) fn pending_renames(declared: &Declared, head: &Snapshot) -> Renames {
    Renames::pending(&head.schema, &head.renamed_from, &declared.renamed_tables, &declared.renamed_columns)
}

/// A `renamed_from` of which a database does not tell whether it was made already: both names are taken in it, and both
/// are declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// The struct or field that has the attribute.
    pub place: Place,
    /// The old name, with its table for a column.
    pub from: String,
    /// The new name.
    pub to: String,
}

impl Ambiguous {
    /// The rename as `--rename` takes it.
    pub(crate) fn as_typed(&self) -> String {
        let to = Name::from(self.to.as_str());
        let from = match &self.place {
            Place::Column(table, _) => {
                let column = self.from.strip_prefix(&format!("{table}.")).unwrap_or(&self.from);
                path([table, &column.into()])
            }
            _ => path([&self.from.as_str().into()]),
        };
        format!("{from}={}", path([&to]))
    }
}

/// The renames that the attributes ask for and that have not been made in a database, which has no record of them: one
/// whose old name is not there was made, or never needed. What cannot be told is the second.
pub(crate) fn renames_on(declared: &Declared, live: &Schema) -> (Renames, Vec<Ambiguous>) {
    let mut renames = Renames::default();
    let mut ambiguous = Vec::new();
    let is_live = |name: &Name| live.tables.contains(name) || live.virtual_tables.contains(name);
    // a change of case is made where the name is spelled the old way
    let is_spelled = |name: &Name| live.table(name).is_some_and(|table| table.name.same_spelling(name));
    let is_declared = |name: &Name| {
        let schema = &declared.schema;
        schema.tables.contains(name) || schema.virtual_tables.contains(name)
    };
    for (from, to) in declared.renamed_tables.iter().filter(|(from, _)| is_live(from)) {
        if from == to {
            renames.tables.extend(is_spelled(from).then(|| (from.clone(), to.clone())));
        } else if is_live(to) && is_declared(from) {
            let place = Place::Table(to.clone());
            ambiguous.push(Ambiguous { place, from: from.to_string(), to: to.to_string() });
        } else {
            renames.tables.push((from.clone(), to.clone()));
        }
    }
    for (table, from, to) in &declared.renamed_columns {
        let Some(before) = live.table(renames.old_table(table)) else { continue };
        let Some(column) = before.column(from) else { continue };
        let is_declared = declared.schema.table(table).is_some_and(|after| after.column(from).is_some());
        if from == to {
            let is_spelled = column.name.same_spelling(from);
            renames.columns.extend(is_spelled.then(|| (table.clone(), from.clone(), to.clone())));
        } else if before.column(to).is_some() && is_declared {
            let place = Place::Column(table.clone(), to.clone());
            ambiguous.push(Ambiguous { place, from: format!("{table}.{from}"), to: to.to_string() });
        } else {
            renames.columns.push((table.clone(), from.clone(), to.clone()));
        }
    }
    (renames, ambiguous)
}

/// A rename that cannot be made, at the attribute that asks for it; `None` if no attribute does. `untouched` says what
/// did not happen because of it.
pub(crate) fn rename_error(
    context: &Context,
    declared: &Declared,
    error: &RenameError,
    untouched: &str,
) -> Option<CommandError> {
    let is = |from: &str, to: &Name| *from == error.from && *to.as_str() == *error.to;
    let mut tables = declared.renamed_tables.iter().filter(|(from, to)| is(from.as_str(), to));
    let mut columns = declared.renamed_columns.iter();
    let column = columns.find(|(table, from, to)| is(&format!("{table}.{from}"), to));
    let place = match (tables.next(), column) {
        (Some((_, to)), _) => Place::Table(to.clone()),
        (None, Some((table, _, to))) => Place::Column(table.clone(), to.clone()),
        (None, None) => return None,
    };
    let diagnostic = Diagnostic::error(error.to_string()).help("fix `renamed_from`, or remove it");
    let diagnostic = declared.point(diagnostic, &place, "");
    let error = CommandError::failed(format!("cannot make a declared rename, {untouched}"));
    Some(error.diagnostics(context.printer.render(&[diagnostic])))
}

/// The place of an object in the structs, by what the proof calls it.
fn place(schema: &Schema, kind: &str, name: &str) -> Option<Place> {
    let name = Name::from(name);
    Some(match kind {
        "table" => Place::Table(name),
        "virtual table" => Place::VirtualTable(name),
        "view" => Place::View(name),
        "trigger" => Place::Trigger(name),
        "index" => {
            let table = schema.tables.iter().find(|table| table.indexes.contains(&name))?;
            Place::Index(table.name.clone(), name)
        }
        _ => return None,
    })
}

/// What libSQL has against a declaration, at its place.
pub(crate) fn declaration_error(context: &Context, declared: &Declared, error: &ProofError) -> CommandError {
    let ProofError::Declaration { kind, name, message } = error else {
        return CommandError::failed(error.to_string());
    };
    let help = missing::help_in(message, &create_all(&declared.schema));
    let mut diagnostic = help.into_iter().fold(Diagnostic::error(error.to_string()), Diagnostic::help);
    if matches!(*kind, "view" | "trigger") && message.starts_with("no such function") {
        diagnostic = diagnostic.help(format!("to leave it unchecked, add `unchecked` to the `{kind}(…)`"));
    }
    let diagnostic = match place(&declared.schema, kind, name) {
        Some(place) => declared.point(diagnostic, &place, ""),
        None => diagnostic,
    };
    CommandError::new(exit::FAILED, "libSQL rejects the schema of the structs")
        .diagnostics(context.printer.render(&[diagnostic]))
}
