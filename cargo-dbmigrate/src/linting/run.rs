//! What the rules find in migrations, with the places of what they find in files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::catalogue::Catalogue;
use dbmigrate_core::engine::trial::Questions;
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::lint::{self, Finding, Level, Levels, Prepared, Standing, Target, Unreleased, UnusedAllow};
use dbmigrate_core::schema::{Referring, Schema};
use dbmigrate_core::sql::Name;

use pollster::block_on;

use super::Set;
use super::places::{Declaration, as_declared, declaration, line_of, moved, span_of};
use crate::error::{CommandError, Result, did_you_mean};
use crate::project::config::query_error;
use crate::project::path;
use crate::rewriting::{Edit, Sources, of_table};
use crate::source::{self, Declared, Package};

/// A migration that rules look at, or what will be one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its file, if it is written.
    pub(crate) file: Option<&'a Path>,
    /// Its text.
    pub(crate) sql: &'a str,
    /// The schema before it.
    pub(crate) old: &'a Schema,
    /// The schema after it.
    pub(crate) new: &'a Schema,
}

/// What was found in a migration.
#[derive(Debug)]
pub(crate) struct Linted {
    /// Its name.
    pub(crate) name: String,
    /// Its file, if it is written.
    pub(crate) file: Option<PathBuf>,
    /// What the rules have found.
    pub(crate) found: Vec<Found>,
    /// Directives that allow nothing.
    pub(crate) unused: Vec<Unused>,
    /// Its place among those of the folder.
    pub(super) index: usize,
    /// The tables whose rows are worth counting, by their names before it.
    pub(super) counts: BTreeSet<Name>,
    /// The tables that it makes, and the names that others had.
    made: (BTreeSet<Name>, Renames),
    /// What no release knows behind it.
    unreleased: Unreleased,
}

impl Linted {
    /// Leaves out what means something only where there are many rows, and nobody has counted them.
    pub(super) fn leave_out_what_rows_decide(&mut self) {
        self.found.retain(|found| found.counted.is_some() || !found.finding.only_with_rows);
    }
}

/// Something that a rule has found, and where that is.
#[derive(Debug)]
pub(crate) struct Found {
    /// How seriously it is taken.
    pub(crate) level: Level,
    /// What it is.
    pub(crate) finding: Finding,
    /// The bytes of the file.
    pub(crate) span: Option<Range<usize>>,
    /// What declares it.
    pub(crate) declared: Option<Declaration>,
    /// The change of the structs that is the one safe answer, if they are as the migration leaves them.
    pub(crate) edits: Vec<Edit>,
    /// Whether the rows that it is about can be asked.
    pub(crate) rows: Rows,
    /// What a database said of them.
    pub(crate) counted: Option<Counted>,
}

/// Whether the rows that a finding is about can be asked, in a database that has nothing of the migrations that are
/// looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// They are in a table that is there as the query expects it.
    There,
    /// An earlier one of the migrations makes the table.
    NotYet,
    /// An earlier one changes the table, so that the query may mean something else now.
    Unsure,
}

/// Rows that a probe has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How many.
    pub(crate) rows: u64,
    /// How their keys are called, and some of them.
    pub(crate) keys: Option<(String, Vec<String>)>,
}

/// A directive that allows nothing.
#[derive(Debug)]
pub(crate) struct Unused {
    /// The bytes of the file.
    pub(crate) span: Range<usize>,
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
}

/// How migrations are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// The levels.
    pub(crate) set: &'a Set,
    /// What is known of the databases that they are for.
    pub(crate) target: &'a Target,
    /// The structs that they lead to.
    pub(crate) declared: Option<&'a Declared>,
    /// What the engine is asked about queries.
    pub(crate) questions: Option<&'a Questions>,
}

/// The rows of tables, by the migration before which they were counted and their names there.
pub(crate) type Counts = BTreeMap<usize, BTreeMap<Name, u64>>;

/// Looks at migrations of a folder without a database.
///
/// # Errors
/// If one of them cannot be read.
pub(crate) fn migrations(folder: &Folder, which: &[&Migration], look: Look<'_>) -> Result<Vec<Linted>> {
    let mut all = with_counts(folder, which, look, &Counts::new())?;
    all.iter_mut().for_each(Linted::leave_out_what_rows_decide);
    Ok(all)
}

/// Looks at them, of some tables with their rows.
///
/// # Errors
/// As for [`migrations`].
pub(super) fn with_counts(
    folder: &Folder,
    which: &[&Migration],
    look: Look<'_>,
    counts: &Counts,
) -> Result<Vec<Linted>> {
    let mut all: Vec<Linted> = Vec::with_capacity(which.len());
    let mut schemas = folder.schemas();
    let mut along = Along::new(look.set);
    let mut last: Option<(usize, Schema)> = None;
    let mut start: Option<Schema> = None;
    let mut standing = Standing::default();
    for migration in which {
        let old = match last.take() {
            Some((index, schema)) if index + 1 == migration.index => schema,
            _ => schemas.before(migration)?,
        };
        let new = schemas.at(migration)?;
        let file = folder.sql_path(migration);
        let sql = folder.sql(migration)?;
        let name = migration.name.as_str();
        let subject = Subject { name, file: Some(&file), sql: &sql, old: &old, new: &new };
        // the source is that of today: what was taken away long ago is not in it
        let package = look.declared.map(|declared| &declared.package).filter(|_| which.len() - all.len() <= RECENT);
        let mut target = look.target.clone();
        target.rows = counts.get(&migration.index).cloned().unwrap_or_default();
        // without a migration before them, nothing is known of releases
        let is_first = folder.migrations().first().is_some_and(|first| which[0].name == first.name);
        if let Some(last) = all.last().filter(|_| !is_first) {
            target.unreleased = last.unreleased.clone();
        }
        let look = Look { target: &target, ..look };
        let follow = |one: &lint::Migration<'_>| standing.follow(one);
        let mut linted = looked_at(&subject, look, package, &mut along, follow)?;
        let before: usize = all.iter().map(|linted| linted.found.len()).sum();
        linted.found.iter().enumerate().for_each(|(at, found)| standing.add(before + at, &found.finding));
        let start = start.get_or_insert_with(|| old.clone());
        for found in &mut linted.found {
            let table = found.finding.probe.as_ref().map(|probe| &probe.table);
            found.rows = table.map_or(Rows::There, |table| rows_of(table, &all, (start, &old)));
        }
        linted.index = migration.index;
        linted.counts.retain(|table| rows_of(table, &all, (start, &old)) == Rows::There);
        all.push(linted);
        last = Some((migration.index, new));
    }
    if let (Some((_, head)), 2..) = (&last, all.len()) {
        leave_out(&mut all, &standing.answered(head, &look.set.rules).into_iter().collect());
    }
    Ok(all)
}

/// Leaves out findings by their numbers among all.
fn leave_out(all: &mut [Linted], numbers: &BTreeSet<usize>) {
    let mut number = 0..;
    for linted in all {
        linted.found.retain(|_| number.next().is_none_or(|number| !numbers.contains(&number)));
    }
}

/// Whether the rows of a table are there before the first of the migrations, given those before this one, and the schemas
/// before the first one and before this one.
fn rows_of(table: &Name, before: &[Linted], (start, old): (&Schema, &Schema)) -> Rows {
    let mut name = table;
    for Linted { made: (created, renames), .. } in before.iter().rev() {
        if created.contains(name) {
            return Rows::NotYet;
        }
        name = renames.old_table(name);
    }
    let columns = |schema: &Schema| -> Option<Vec<Name>> {
        Some(schema.table(table)?.columns.iter().map(|column| column.name.clone()).collect())
    };
    let is_same = name == table && columns(start).is_some_and(|was| columns(old).is_some_and(|is| is == was));
    if is_same { Rows::There } else { Rows::Unsure }
}

/// Looks at one without a database.
///
/// # Errors
/// If its directives cannot be understood.
pub(crate) fn one(subject: &Subject<'_>, look: Look<'_>) -> Result<Linted> {
    let mut linted = one_with_counts(subject, look, &Counts::new())?;
    linted.leave_out_what_rows_decide();
    Ok(linted)
}

/// Looks at it, of some tables with their rows.
///
/// # Errors
/// As for [`one`].
pub(super) fn one_with_counts(subject: &Subject<'_>, look: Look<'_>, counts: &Counts) -> Result<Linted> {
    let rows = counts.values().next().cloned().unwrap_or_default();
    let target = Target { rows, ..look.target.clone() };
    let package = look.declared.map(|declared| &declared.package);
    looked_at(subject, Look { target: &target, ..look }, package, &mut Along::new(look.set), |_| ())
}

/// The most migrations for which the source of the application is searched.
const RECENT: usize = 20;

/// What goes along from one migration to the next.
struct Along<'q> {
    /// The tables in which queries of the project's own find what the schema has.
    catalogue: Catalogue<'q>,
    /// Which tables refer to which.
    referring: Referring,
}

impl<'q> Along<'q> {
    fn new(set: &'q Set) -> Self {
        Self { catalogue: Catalogue::new(&set.rules.queries), referring: Referring::default() }
    }
}

/// Looks at one, and at the source of a package for what it takes away.
fn looked_at(
    subject: &Subject<'_>,
    look: Look<'_>,
    package: Option<&Package>,
    along: &mut Along<'_>,
    follow: impl FnOnce(&lint::Migration<'_>),
) -> Result<Linted> {
    let Look { set, declared, .. } = look;
    let Subject { name, file, sql, old, new } = *subject;
    let shown = file.map_or_else(|| PathBuf::from(name), Path::to_owned);
    let script = Script::parse(sql, &shown)?;
    let prepared = Prepared::following((old, new), &script, &mut along.referring);
    let mut target = look.target.clone();
    if let Some(package) = package {
        let gone = lint::gone(&lint::Migration::new(old, new, &prepared, &script, &target));
        target.queries = if gone.is_empty() { Vec::new() } else { source::queries(package, &gone) };
    }
    if let Some(questions) = look.questions.filter(|_| !prepared.diff.is_empty()) {
        target.facts = block_on(questions.ask(old, new))
            .map_err(|error| CommandError::failed(format!("queries cannot be tried: {error}")))?;
    }
    let migration = lint::Migration::new(old, new, &prepared, &script, &target).under(&set.rules);
    follow(&migration);
    let counts = lint::counted(&migration);
    let queried = block_on(along.catalogue.find(&migration)).map_err(|error| query_error(&set.root, &error))?;
    let report = lint::lint(&migration, &set.levels, queried);
    // line ends and a byte order mark are no part of what was recorded, but of the file
    let on_disk = file.and_then(|file| std::fs::read_to_string(file).ok()).filter(|text| text != sql);
    let in_file = |span: Range<usize>| match &on_disk {
        Some(text) => moved(&span, sql, text),
        None => span,
    };
    let mut sources = Sources::default();
    let found = report.findings.into_iter().map(|(level, finding)| {
        let fix = finding.fix.as_ref().zip(declared);
        // the structs may have gone on since then
        let is_now = |schema: &Schema, name| schema.table(name).map(|table| schema.canonical_table(table));
        let fix = fix.filter(|(fix, declared)| {
            let name = &fix.table.name;
            is_now(&declared.schema, name) == is_now(new, name)
        });
        let edits = fix.map(|(fix, declared)| of_table(declared, &as_declared(fix, declared, new), &mut sources));
        let edits = edits.unwrap_or_default();
        let declared = declared.zip(finding.place.as_ref());
        Found {
            level,
            edits,
            span: span_of(&finding, &script, new).map(in_file),
            declared: declared.and_then(|(declared, place)| declaration(declared, place, new)),
            finding,
            rows: Rows::There,
            counted: None,
        }
    });
    let found = found.collect();
    let unused = report.unused.iter().map(|unused| {
        let unused = words(unused, &set.levels);
        Unused { span: in_file(line_of(sql, unused.0)), message: unused.1, help: unused.2 }
    });
    let unused = unused.collect();
    let made = (prepared.diff.created_tables.iter().cloned().collect(), prepared.diff.renames.clone());
    let mut unreleased = look.target.unreleased.clone();
    unreleased.follow(&prepared.diff);
    Ok(Linted {
        name: name.to_owned(),
        file: file.map(path::for_display),
        index: 0,
        found,
        unused,
        made,
        counts,
        unreleased,
    })
}

/// The line, what is wrong with it, and what to do.
fn words(unused: &UnusedAllow<'_>, levels: &Levels) -> (usize, String, String) {
    match unused {
        UnusedAllow::Unknown(allow) => {
            let mut names: Vec<&str> = lint::RULES.iter().map(|rule| rule.name).collect();
            names.extend(levels.queries().iter().map(String::as_str));
            let known = did_you_mean(&allow.lint, names);
            let help = match known {
                Some(known) => format!("did you mean `allow({known})`?"),
                None => "list the lints: `cargo dbmigrate lints`".to_owned(),
            };
            (allow.line, format!("unknown lint `{}`", allow.lint), help)
        }
        UnusedAllow::Nothing(allow) => {
            let (lint, object) = (&allow.lint, &allow.object);
            let message = format!("this allows nothing: `{lint}` does not find `{object}` here");
            (allow.line, message, "remove the line, or name what the lint finds".to_owned())
        }
    }
}
