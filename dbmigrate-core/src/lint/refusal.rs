//! Changes that rows contradict: what a preflight looks for, said as a finding, unless the migration takes care of the rows.

use super::copy::{Copy, plain_column};
use super::passage::Step;
use super::write::Write;
use super::{Finding, Migration, Probe, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::schema::{Conflict, Table};
use crate::sql::path::path;
use crate::sql::{Expr, Name, Verb};

/// What is said of a change that rows may contradict.
pub(super) struct Said {
    /// What it is about.
    pub(super) object: String,
    /// What changes: "`users.email` becomes NOT NULL".
    pub(super) change: String,
    /// The rows that contradict it, behind "if" or "while": "rows have no value there".
    pub(super) rows: String,
    /// The same behind a number.
    pub(super) counted: String,
}

/// Finds all changes of a kind that rows may contradict.
pub(super) fn find(
    migration: &Migration<'_>,
    found: &mut Vec<Finding>,
    rule: &'static Rule,
    sought: Sought,
    say: impl Fn(&Preflight, &Place) -> Option<Said>,
) {
    for preflight in migration.preflights() {
        let (Some(place), Some(part)) = (&preflight.place, preflight.part(sought)) else { continue };
        let guard = guard_of(migration, preflight);
        if guard.is_none() && (is_skipped(migration, preflight) || is_tended(migration, preflight)) {
            continue;
        }
        let Some(Said { object, change, rows, counted }) = say(part, place) else { continue };
        let outcome = if guard.is_some() { "`migrate` refuses while" } else { "the migration fails if" };
        let mut finding = Finding::new(rule, object, format!("{change}: {outcome} {rows}"))
            .at(place.clone())
            .probe(Probe::of_preflight(part, counted));
        if let Some(answers) = guard {
            finding = answers.iter().fold(finding, |finding, answer| finding.help(to_amend(answer)));
        } else {
            let line = part.directive_on_a_line();
            let help = line.map(|line| format!("to have `migrate` refuse before it touches anything, add: {line}"));
            finding.help.extend(help);
        }
        found.push(migration.located(finding));
    }
}

/// The help line for an answer of a preflight: what it does, and the flag of `generate` that gives it.
#[must_use]
pub fn to_amend((words, flag): &(String, String)) -> String {
    format!("{words}: `cargo dbmigrate generate --amend {flag}`")
}

/// Whether the constraint says itself that a row which violates it is left out, or replaces another, so that nothing fails
/// (sqlite.org/lang_conflict.html).
pub(super) fn is_skipped(migration: &Migration<'_>, preflight: &Preflight) -> bool {
    let Some(table) = table_of(migration, preflight) else { return false };
    let conflict = match preflight.place.as_ref() {
        Some(Place::PrimaryKey(_)) => table.primary_key.as_ref().and_then(|key| key.conflict),
        Some(Place::Unique(_, at)) => table.uniques.get(*at).and_then(|unique| unique.conflict),
        Some(Place::Column(_, column)) => table.column(column).and_then(|column| column.not_null_conflict),
        _ => None,
    };
    matches!(conflict, Some(Conflict::Ignore | Conflict::Replace))
}

/// What the file says can be done about the rows, if it has a preflight that looks for them: one over the table, all of
/// the columns, and the table that they refer to.
pub(super) fn guard_of<'m>(migration: &'m Migration<'_>, preflight: &Preflight) -> Option<&'m [(String, String)]> {
    let written = &migration.script.preflights;
    if written.is_empty() {
        return None;
    }
    let columns = old_columns(migration, preflight);
    let parent = parent_of(migration, preflight).map(|parent| migration.diff.renames.old_table(parent));
    let is_about = |query: &str| {
        let query = Expr::new(query);
        let mut names = columns.iter().chain([&preflight.table]).chain(parent);
        names.all(|name| query.mentions(name))
    };
    let queries: Vec<String> = written.iter().map(|one| Expr::new(&one.query).canonical()).collect();
    let is_of = |other: &Preflight, query: &String| Expr::new(&other.query).canonical() == *query;
    let found = queries.iter().position(|query| is_of(preflight, query)).or_else(|| {
        // what looks for something else about the same columns has other answers
        let is_of_another = |query: &String| migration.preflights().iter().any(|other| is_of(other, query));
        (0..written.len()).find(|at| is_about(&written[*at].query) && !is_of_another(&queries[*at]))
    });
    found.map(|at| &written[at].answers[..])
}

/// The columns of a preflight by their names before the migration, without those that are new.
fn old_columns(migration: &Migration<'_>, preflight: &Preflight) -> Vec<Name> {
    let old = migration.old.table(&preflight.table);
    let Some(new) = table_of(migration, preflight) else { return Vec::new() };
    let names = preflight.columns.iter().map(|column| migration.diff.renames.old_column(&new.name, column));
    names.filter(|name| old.is_some_and(|old| old.column(name).is_some())).cloned().collect()
}

/// The table behind the migration that a preflight is about.
pub(super) fn table_of<'m>(migration: &'m Migration<'_>, preflight: &Preflight) -> Option<&'m Table> {
    migration.new.table(preflight.place.as_ref()?.object())
}

/// The table that rows have to refer to, by its name behind the migration, if that is what a preflight looks for.
fn parent_of<'m>(migration: &'m Migration<'_>, preflight: &Preflight) -> Option<&'m Name> {
    let Some(Place::ForeignKey(_, at)) = &preflight.place else { return None };
    table_of(migration, preflight)?.foreign_keys.get(*at).map(|key| &key.parent)
}

/// Whether the statements change the rows, so that what a preflight finds of them before the migration tells nothing:
/// they are updated, deleted, left out by a copy, or copied as something else than the decisions say.
pub(super) fn is_tended(migration: &Migration<'_>, preflight: &Preflight) -> bool {
    let Some(new) = table_of(migration, preflight) else { return true };
    let passage = migration.passages().iter().find(|passage| passage.old == preflight.table);
    let way = passage.map(|passage| passage.only_way());
    if way.is_some_and(|way| way.is_none_or(|way| is_copied_otherwise(migration, preflight, new, way))) {
        return true;
    }
    let way = way.flatten().unwrap_or_default();
    let place = preflight.place.as_ref();
    let made = way.last().map(|(at, _)| *at).or_else(|| migration.statement_of(place?));
    let mut names = vec![&preflight.table, &new.name];
    names.extend(way.iter().flat_map(|(_, copy)| [&copy.from, &copy.into]));
    let mut columns = old_columns(migration, preflight);
    columns.extend(preflight.columns.iter().cloned());
    let parent = parent_of(migration, preflight);
    migration.writes().iter().filter(|(at, _)| made.is_none_or(|made| *at < made)).any(|(at, write)| {
        let fills_parent = matches!(write.verb, Verb::Insert | Verb::Replace | Verb::Update);
        let is_parent = parent.is_some_and(|parent| *parent == write.table && *parent != new.name);
        is_parent && fills_parent
            || names.contains(&&write.table) && changes(migration, preflight, *at, write, &columns)
    })
}

/// Whether a statement that writes rows of the table changes what a preflight looks for.
fn changes(migration: &Migration<'_>, preflight: &Preflight, at: usize, write: &Write, columns: &[Name]) -> bool {
    let mentions = || {
        let text = Expr::new(migration.script.statements[at].text);
        columns.iter().any(|column| text.mentions(column))
    };
    match (preflight.sought, write.verb) {
        (_, Verb::Delete) if write.condition.is_none() => true,
        (Sought::NoValue, _) | (_, Verb::Insert) => false,
        (_, Verb::Delete | Verb::Update | Verb::Replace) => mentions(),
    }
}

/// Whether copies leave out the rows that a preflight looks for, or write something else in the place of their values.
fn is_copied_otherwise(migration: &Migration<'_>, preflight: &Preflight, new: &Table, way: &[Step]) -> bool {
    let columns = old_columns(migration, preflight);
    let mentions = |text: &str| {
        let text = Expr::new(text);
        columns.iter().chain(&preflight.columns).any(|column| text.mentions(column))
    };
    let old = migration.old.table(&preflight.table);
    let value_changes = |copy: &Copy| {
        let (target, source) = (stored(new), old.map(stored).unwrap_or_default());
        preflight.columns.iter().any(|column| {
            let was = migration.diff.renames.old_column(&new.name, column);
            let is_new = old.is_none_or(|old| old.column(was).is_none());
            let key = (new.name.clone(), column.clone());
            let decisions = migration.decisions;
            if decisions.backfills.contains_key(&key) || decisions.conversions.contains_key(&key) {
                return false;
            }
            match copy.value(column, &target, &source) {
                Some(value) => is_new || plain_column(&value).is_none_or(|name| name != *was && name != *column),
                // what is new has its default then; a generated column is never written
                None => !is_new && new.column(column).is_some_and(|column| column.generated.is_none()),
            }
        })
    };
    way.iter().any(|(_, copy)| copy.filters.iter().any(|word| *word != "WHERE") || mentions(&copy.tail))
        || way.last().is_some_and(|(_, copy)| value_changes(copy))
}

/// The columns of a table that can be written.
pub(super) fn stored(table: &Table) -> Vec<Name> {
    let stored = table.columns.iter().filter(|column| column.generated.is_none());
    stored.map(|column| column.name.clone()).collect()
}

/// The path of the columns of a key: of its first column, as that of a foreign key.
pub(super) fn key_object(table: &Name, columns: &[Name]) -> String {
    path(std::iter::once(table).chain(columns.first()))
}

/// A list of columns as it is said: `a, b`.
pub(super) fn list(columns: &[Name]) -> String {
    columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
