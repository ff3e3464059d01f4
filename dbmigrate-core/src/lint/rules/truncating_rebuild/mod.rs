//! `truncating_rebuild`.

use crate::lint::copy::{Copy, plain_column};
use crate::lint::passage::{Passage, Step};
use crate::lint::refusal::{self, stored};
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name, Verb};

pub(super) static RULE: Rule = Rule {
    name: "truncating_rebuild",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a table is rebuilt, and its copy leaves rows or values out",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for passage in migration.passages() {
        let Some(new) = passage.new.as_ref().and_then(|name| migration.new.table(name)) else { continue };
        let Some(old) = migration.old.table(&passage.old) else { continue };
        if passage.is_missing() {
            found.extend(missing(migration, passage, new));
        } else if let Some(way) = passage.only_way() {
            let filtered = way.iter().find(|(_, copy)| !copy.filters.is_empty());
            found.extend(filtered.map(|step| filter(migration, old, new, step)));
            columns(migration, old, new, way, found);
            skipped(migration, passage, new, way, found);
        }
    }
}

fn missing(migration: &Migration<'_>, passage: &Passage, new: &Table) -> Option<Finding> {
    let object = path([&new.name]);
    // rows that were deleted before, or moved to another table, are meant to be gone
    let is_emptied = migration.writes().iter().any(|(at, write)| {
        *at < passage.dropped && write.verb == Verb::Delete && write.table == passage.old && write.condition.is_none()
    });
    if is_emptied || !passage.elsewhere.is_empty() {
        return None;
    }
    let old = passage.old.sql();
    let probe = Probe {
        kind: ProbeKind::Loses,
        table: passage.old.clone(),
        count: format!("SELECT count(*) FROM {old}"),
        keys: String::new(),
        says: format!("rows of `{object}` are lost"),
        at_least: 1,
    };
    let message = format!("`{object}` is dropped and created again, and none of its rows are copied");
    let finding = Finding::new(&RULE, &object, message).at(Place::Table(new.name.clone())).in_statement(passage.dropped);
    let copy = format!("create it under another name, copy the rows (`INSERT INTO … SELECT … FROM {old}`), drop `{object}`, and rename");
    Some(finding.help(copy).probe(probe))
}

fn filter(migration: &Migration<'_>, old: &Table, new: &Table, (at, copy): &Step) -> Finding {
    let object = path([&new.name]);
    let words = copy.filters.join(" and ");
    let message = format!("the copy of `{object}` leaves out rows by {words}, and the original is dropped");
    let mut finding = Finding::new(&RULE, &object, message)
        .at(Place::Table(new.name.clone()))
        .in_statement(*at)
        .help("copy all rows; delete those that are not needed in a statement of their own");
    if let Some(count) = rows_left_out(migration, old, copy) {
        finding = finding.probe(Probe {
            kind: ProbeKind::Loses,
            table: old.name.clone(),
            count,
            keys: String::new(),
            says: format!("rows of `{object}` are left out"),
            at_least: 1,
        });
    }
    finding
}

/// Rows that a constraint of the new table leaves out or replaces, as it says `ON CONFLICT IGNORE` or `REPLACE`.
fn skipped(migration: &Migration<'_>, passage: &Passage, new: &Table, way: &[Step], found: &mut Vec<Finding>) {
    let Some((at, _)) = way.last() else { return };
    let object = path([&new.name]);
    let is_it = |preflight: &&Preflight| {
        let is_sought = matches!(
            preflight.sought,
            Sought::Null | Sought::Duplicates | Sought::DuplicatesByCollation
        );
        preflight.table == passage.old && is_sought && refusal::is_skipped(migration, preflight)
    };
    for preflight in migration.preflights().iter().filter(is_it) {
        if refusal::is_tended(migration, preflight) || refusal::guard_of(migration, preflight).is_some() {
            continue;
        }
        let columns = refusal::list(&preflight.columns);
        let mut probe = Probe::of_preflight(preflight, format!("values of `{object}` are in rows that are left out"));
        probe.kind = ProbeKind::Loses;
        let message = format!("the constraint on ({columns}) of `{object}` has an ON CONFLICT by which the copy leaves out rows");
        let finding = Finding::new(&RULE, &object, message).at(Place::Table(new.name.clone())).in_statement(*at);
        found.push(finding.help("delete the rows that are not needed in a statement of their own").probe(probe));
    }
}

/// How many rows the query of a copy has less than the table, if that can be asked before the migration.
fn rows_left_out(migration: &Migration<'_>, old: &Table, copy: &Copy) -> Option<String> {
    let is_in_query = |word: &&str| ["WHERE", "LIMIT", "DISTINCT", "GROUP BY", "JOIN"].contains(word);
    let query = Expr::new(&copy.query);
    let tokens = significant(&copy.query);
    let sources = tokens.windows(2).filter(|pair| pair[0].is_word("from") || pair[0].is_word("join"));
    let sources: Option<Vec<Name>> = sources
        .filter(|pair| pair[1].kind != TokenKind::Open)
        .map(|pair| pair[1].identifier().map(Name::from))
        .collect();
    let are_there = sources?.iter().all(|name| *name == copy.from || migration.old.table(name).is_some());
    let is_rowid = ["rowid", "_rowid_", "oid"].iter().any(|name| query.mentions(&(*name).into()));
    let is_renamed = copy.from != old.name;
    if !copy.filters.iter().all(is_in_query) || !are_there || is_renamed && is_rowid {
        return None;
    }
    let with = if is_renamed {
        format!("WITH {} AS (SELECT * FROM {}) ", copy.from.sql(), old.name.sql())
    } else {
        String::new()
    };
    Some(format!(
        "{with}SELECT max(0, (SELECT count(*) FROM {}) - (SELECT count(*) FROM ({})))",
        old.name.sql(),
        copy.query
    ))
}

/// Columns of both tables that a copy leaves out, or writes the same into for every row.
fn columns(migration: &Migration<'_>, old: &Table, new: &Table, way: &[Step], found: &mut Vec<Finding>) {
    let renames = &migration.diff.renames;
    for column in new.columns.iter().filter(|column| column.generated.is_none()) {
        let was = renames.old_column(&new.name, &column.name);
        let is_stored = old.column(was).is_some_and(|column| column.generated.is_none());
        let is_rowid = [old, new].iter().any(|table| table.rowid_alias().is_some_and(|alias| alias.name == column.name));
        if !is_stored || is_rowid {
            continue;
        }
        let lost = way.iter().enumerate().find_map(|(step, (at, copy))| {
            // a helper in between has the columns that it was made of
            let target = if step + 1 == way.len() { stored(new) } else { stored(old) };
            let value = copy.value(&column.name, &target, &stored(old)).or_else(|| copy.value(was, &target, &stored(old)));
            match value {
                Some(value) => constant(&value).then_some((*at, Some(value))),
                None if copy.columns.is_none() => None,
                None => Some((*at, None)),
            }
        });
        let Some((at, value)) = lost else { continue };
        let is_read = |text: &str| Expr::new(text).mentions(&column.name) || Expr::new(text).mentions(was);
        let mut others = migration.script.statements.iter().enumerate();
        // something else is done about them
        if others.any(|(other, statement)| {
            other != at && statement.kind == crate::sql::StatementKind::Write && is_read(statement.text)
        }) || is_read_by(way, at, &is_read)
        {
            continue;
        }
        let object = path([&new.name, &column.name]);
        let message = match &value {
            Some(value) => format!("the copy of `{}` writes `{value}` into `{object}` for every row", path([&new.name])),
            None => format!("the copy of `{}` leaves out `{object}`, which loses its values", path([&new.name])),
        };
        let probe = Probe {
            kind: ProbeKind::Loses,
            table: old.name.clone(),
            count: format!("SELECT count({}) FROM {}", was.sql(), old.name.sql()),
            keys: String::new(),
            says: format!("values of `{object}` are lost"),
            at_least: 1,
        };
        let finding = Finding::new(&RULE, object, message)
            .at(Place::Column(new.name.clone(), column.name.clone()))
            .in_statement(at)
            .help(format!("add `{}` to the columns that are copied", column.name.sql()))
            .probe(probe);
        found.push(finding);
    }
}

/// Whether a copy computes something of a column in the place of copying it.
fn is_read_by(way: &[Step], at: usize, is_read: &impl Fn(&str) -> bool) -> bool {
    let copy = way.iter().find(|(other, _)| *other == at).map(|(_, copy)| copy);
    copy.is_some_and(|copy| copy.values.iter().flatten().any(|value| is_read(value)))
}

/// Whether a value is the same for every row.
fn constant(value: &str) -> bool {
    plain_column(value).is_none() && (Expr::new(value).is_literal() || Expr::new(value).is_null())
}
