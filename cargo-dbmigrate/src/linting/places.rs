//! Where findings are: the bytes of the file that they are about, and what declares it in the structs.

use std::ops::Range;
use std::path::PathBuf;

use dbmigrate_core::folder::Script;
use dbmigrate_core::lint::{Finding, Fix};
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::schema::{ForeignKey, Schema, Table};
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{Name, Statement, StatementKind};

use crate::source::Declared;

/// What declares something: a struct, a field or an attribute.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) file: PathBuf,
    pub(crate) span: Range<usize>,
    /// What is said there.
    pub(crate) label: String,
}

/// The bytes of a line, counted from 1, without white space around.
pub(super) fn line_of(text: &str, number: usize) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(number.saturating_sub(1)) {
        start += line.len();
    }
    trimmed(text, start)
}

/// The bytes of the line that begins at a byte, or goes on there, without white space and a comma around.
fn trimmed(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let start = start + line.len() - line.trim_start().len();
    start..start + line.trim().trim_end_matches(',').len()
}

/// Where a finding is in the script: the statement, or of one with several lines the line that is about it.
pub(super) fn span_of(finding: &Finding, script: &Script<'_>, new: &Schema) -> Option<Range<usize>> {
    let statement = script.statements.get(finding.statement?)?;
    let whole = statement.start..statement.start + statement.text.len();
    if !statement.text.contains('\n') {
        return Some(whole);
    }
    let part = finding.place.as_ref().and_then(|place| part_of(place, new));
    let at = part.and_then(|part| mention(statement, &part)).unwrap_or_default();
    let line = trimmed(statement.text, at);
    Some(whole.start + line.start..whole.start + line.end)
}

/// The part of a table that a place is, as a statement names it.
fn part_of(place: &Place, new: &Schema) -> Option<Name> {
    match place {
        Place::Column(_, part) | Place::Index(_, part) => Some(part.clone()),
        Place::ForeignKey(table, at) => new.table(table)?.foreign_keys.get(*at)?.columns.first().cloned(),
        Place::Unique(table, at) => new.table(table)?.uniques.get(*at)?.parts.first().map(|part| part.column.clone()),
        _ => None,
    }
}

/// Where a statement mentions a name first. The name of the table that it creates is not meant.
fn mention(statement: &Statement<'_>, name: &Name) -> Option<usize> {
    let tokens = significant(statement.text);
    let is_table = statement.kind == StatementKind::CreateTable;
    let mut tokens = tokens.iter().skip_while(|token| is_table && token.kind != TokenKind::Open);
    tokens.find(|token| token.identifier().is_some_and(|one| Name::from(one) == *name)).map(|token| token.start)
}

/// The bytes of another text with the same lines, apart from their ends and a byte order mark.
pub(super) fn moved(span: &Range<usize>, from: &str, to: &str) -> Range<usize> {
    let at = |byte: usize| {
        let before = &from[..byte];
        let (line, column) = (before.matches('\n').count(), before.len() - before.rfind('\n').map_or(0, |end| end + 1));
        let start: usize = to.split_inclusive('\n').take(line).map(str::len).sum();
        let mark = if line == 0 && to.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        (start + mark + column).min(to.len())
    };
    at(span.start)..at(span.end)
}

/// The table as a fix wants it, with its foreign keys as the structs declare them: a migration may leave out the columns of
/// the parent.
pub(super) fn as_declared(fix: &Fix, declared: &Declared, new: &Schema) -> Table {
    let mut table = fix.table.clone();
    let was = new.table(&table.name).map(|was| &was.foreign_keys);
    if let (true, Some(now)) = (was == Some(&table.foreign_keys), declared.schema.table(&table.name)) {
        table.foreign_keys.clone_from(&now.foreign_keys);
    }
    table
}

/// What declares something of the schema after a migration. The structs may have gone on since.
pub(super) fn declaration(declared: &Declared, place: &Place, new: &Schema) -> Option<Declaration> {
    let now = |table: &Name| declared.schema.table(table);
    let exact = match place {
        Place::ForeignKey(table, at) => {
            let key = new.table(table)?.foreign_keys.get(*at)?;
            let is_it = |one: &ForeignKey| one.columns == key.columns && one.parent == key.parent;
            let at = now(table)?.foreign_keys.iter().position(is_it);
            at.map(|at| Place::ForeignKey(table.clone(), at))
        }
        Place::Unique(table, at) => {
            let unique = new.table(table)?.uniques.get(*at)?;
            let at = now(table)?.uniques.iter().position(|one| one == unique);
            at.map(|at| Place::Unique(table.clone(), at))
        }
        other => Some(other.clone()),
    };
    if let Some((file, span)) = exact.and_then(|place| declared.find_exactly(&place)) {
        return Some(Declaration { file, span, label: "declared here".to_owned() });
    }
    let (file, span) = declared.find(place)?;
    Some(Declaration { file, span, label: "its table is declared here".to_owned() })
}
