//! `without_rowid_wide`.

use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Schema, Table, Vector};
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "without_rowid_wide",
    group: Group::Performance,
    level: Level::Warn,
    summary: "a `WITHOUT ROWID` table has long rows, which it is slow to search among",
    explanation: include_str!("explanation.md"),
    find,
};

/// A row is long from a twentieth of a page on (sqlite.org/withoutrowid.html), and a page has 4096 bytes unless somebody says
/// otherwise.
const LONG: usize = 200;

/// Names of columns whose text is long as a rule.
const LONG_TEXTS: &[&str] = &[
    "article", "attachment", "blob", "body", "content", "contents", "data", "description", "document", "html", "image",
    "json", "markdown", "message", "notes", "payload", "photo", "text", "thumbnail",
];

/// Parts of names of blobs that are short: keys, hashes and the like.
const SHORT_BLOBS: &[&str] =
    &["id", "uuid", "guid", "ulid", "hash", "digest", "sha", "sha1", "sha256", "md5", "key", "token", "nonce", "salt", "ip", "mac"];

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    if !table.without_rowid {
        return;
    }
    let Some(column) = table.columns.iter().find(|column| is_long(table, column)) else { return };
    let object = path([&table.name]);
    let message = format!("`{object}` is WITHOUT ROWID, and `{}` makes its rows long", path([&table.name, &column.name]));
    let mut finding = Finding::new(&RULE, &object, message)
        .at(Place::Table(table.name.clone()))
        .note("such a table keeps whole rows in the nodes of its tree: the fewer fit, the more pages a search reads")
        .help(format!("remove WITHOUT ROWID, or move `{}` into a table of its own", column.name));
    if let Some(probe) = probe(migration, table) {
        finding = finding.probe(probe);
    }
    found.push(finding);
}

/// Whether a column makes rows long, as far as its declaration tells.
fn is_long(table: &Table, column: &Column) -> bool {
    let upper = column.decl_type.as_str().to_ascii_uppercase();
    let is_key = table.is_primary_key(&column.name)
        || table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    if is_key || column.generated.as_ref().is_some_and(|generated| !generated.stored) {
        return false;
    }
    if let Some(vector) = Vector::of(&column.decl_type) {
        return vector.dimensions > LONG / 4;
    }
    let length = upper.split_once('(').and_then(|(_, rest)| rest.trim().trim_end_matches(')').trim().parse().ok());
    if let Some(length) = length {
        let length: usize = length;
        return (upper.contains("CHAR") || upper.contains("TEXT") || upper.contains("BLOB")) && length > LONG * 5;
    }
    let folded = column.name.folded();
    let words = || folded.split('_');
    if upper.contains("BLOB") {
        return !words().any(|word| SHORT_BLOBS.contains(&word));
    }
    let is_text = upper.contains("TEXT") || upper.contains("CLOB") || upper.contains("JSON");
    is_text && words().next_back().is_some_and(|word| LONG_TEXTS.contains(&word))
}

/// Counts the rows if they are long on average.
fn probe(migration: &Migration<'_>, table: &Table) -> Option<Probe> {
    let before = migration.diff.renames.table_before(&table.name)?;
    let old: &Table = Schema::table(migration.old, before)?;
    let stored = old.columns.iter().filter(|column| column.generated.is_none());
    let lengths: Vec<String> =
        stored.map(|column| format!("coalesce(length(CAST({} AS BLOB)), 0)", column.name.sql())).collect();
    let (name, length) = (old.name.sql(), lengths.join(" + "));
    Some(Probe {
        kind: ProbeKind::Concerns,
        table: old.name.clone(),
        count: format!("SELECT count(*) FROM {name} HAVING avg({length}) > {LONG}"),
        keys: String::new(),
        says: format!("rows of `{}` have more than {LONG} bytes on average", path([&table.name])),
        at_least: 1,
    })
}
