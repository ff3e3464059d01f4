//! Whether a rebuild only changes what a definition says, and what the rows have to be like for that: without a database.
//! The runner then replaces the definition, and writes no row.
//!
//! Everything that is not listed here as harmless is a reason to rebuild.

pub(crate) mod altered;

use std::fmt;

use crate::schema::canonical::{
    canonical_check, canonical_column, canonical_default, canonical_index, canonical_primary_key, canonical_unique,
};
use crate::schema::{Check, Column, Index, Table, Vector};
use crate::sql::expr::Affinity;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// Why a rebuild cannot be made in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason(String);

impl Reason {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rebuild makes of a table.
#[derive(Debug, Clone)]
pub(crate) struct Rebuilt<'a> {
    /// Its new definition.
    pub(crate) definition: &'a Table,
    /// What each column is filled with.
    pub(crate) values: &'a [(Name, String)],
    /// Whether the high-water mark of AUTOINCREMENT is carried over.
    pub(crate) carries_mark: bool,
    /// The indexes that it has then.
    pub(crate) indexes: Vec<&'a Index>,
}

/// What the rows have to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// The columns that must hold no NULL.
    pub(crate) not_null: Vec<Name>,
    /// The columns all of whose values must be of these classes, as `typeof` calls them.
    pub(crate) classes: Vec<(Name, &'static [&'static str])>,
    /// What must not be false of any row.
    pub(crate) checks: Vec<Expr>,
    /// The columns whose value must be stored in every row. In a row that is older than its column SQLite reads the
    /// column's default, and would read another one.
    pub(crate) stored: Vec<Name>,
    /// Whether a column is read or compared otherwise than before, so that conditions have to be asked of the table as
    /// it will be read.
    pub(crate) reads_otherwise: bool,
}

/// Whether the definitions let a rebuild be made in place in a file: the rest is for the rows to say.
pub(crate) fn is_possible(before: &Table, indexes: &[Index], rebuilt: &Rebuilt<'_>) -> bool {
    missing_indexes(indexes, rebuilt).is_ok() && conditions(before, indexes, rebuilt).is_ok()
}

/// Whether that is to be expected: rows are refused otherwise, or there are hardly any. It is not where values are there to
/// be changed, by a value in the place of NULL or by another affinity.
pub(crate) fn is_expected(before: &Table, indexes: &[Index], rebuild: &Rebuilt<'_>) -> bool {
    let after = rebuild.definition;
    let is_filled = |value: &str| filled_from(value).is_some_and(|(_, is_filled)| is_filled);
    let keeps_values = |(old, new): (&Column, &Column)| {
        let classes = kept_classes(before.affinity(old), after.affinity(new));
        classes.is_ok_and(|classes| classes.is_none_or(<[_]>::is_empty))
    };
    is_possible(before, indexes, rebuild)
        && !rebuild.values.iter().any(|(_, value)| is_filled(value))
        && before.columns.iter().zip(&after.columns).all(keeps_values)
}

/// The differences that are harmless if the rows are as the conditions say.
pub(crate) fn conditions(before: &Table, indexes: &[Index], rebuild: &Rebuilt<'_>) -> Result<Conditions, Reason> {
    let after = rebuild.definition;
    refuse_other_form(before, after)?;
    refuse_other_mark(before, rebuild)?;
    let mut found = Conditions::default();
    copies_each_value(before, rebuild, &mut found)?;
    for (old, new) in before.columns.iter().zip(&after.columns) {
        column(before, after, old, new, indexes, rebuild, &mut found)?;
    }
    if before.strict != after.strict {
        strictness(after, &mut found)?;
    }
    let has_generated = after.columns.iter().any(|column| column.generated.is_some());
    if has_generated && (found.reads_otherwise || before.strict != after.strict) {
        return Err(Reason::new("a generated column may be computed from what is read otherwise"));
    }
    // SQLite checks it when rows are copied, and not when one is inserted by its values
    let is_stored = |column: &Column| column.generated.as_ref().is_some_and(|generated| generated.stored);
    if after.strict && after.columns.iter().any(is_stored) {
        return Err(Reason::new(
            "a stored generated column of a STRICT table may have a value that is not of its type",
        ));
    }
    let known: Vec<String> = before.checks.iter().map(|check| canonical_check(before, check)).collect();
    let is_asked = |check: &&Check| found.reads_otherwise || !known.contains(&canonical_check(after, check));
    found.checks = after.checks.iter().filter(is_asked).map(|check| check.expr.clone()).collect();
    Ok(found)
}

/// How rows are stored at all.
fn refuse_other_form(before: &Table, after: &Table) -> Result<(), Reason> {
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if names(before) != names(after) {
        return Err(Reason::new("the columns are others, or stand in another order"));
    }
    if before.without_rowid != after.without_rowid || before.random_rowid != after.random_rowid {
        return Err(Reason::new("the rows get other keys"));
    }
    let key = |table: &Table| table.primary_key.as_ref().map(canonical_primary_key);
    let alias = |table: &Table| table.rowid_alias().map(|alias| alias.name.clone());
    if key(before) != key(after) || alias(before) != alias(after) {
        return Err(Reason::new("the primary key is another one"));
    }
    let uniques = |table: &Table| table.uniques.iter().map(canonical_unique).collect::<Vec<_>>();
    if uniques(before) != uniques(after) {
        return Err(Reason::new("the unique constraints are others, or stand in another order"));
    }
    Ok(())
}

/// A rebuild that carries no mark over lets keys be given again.
fn refuse_other_mark(before: &Table, rebuild: &Rebuilt<'_>) -> Result<(), Reason> {
    if before.is_autoincrement() == rebuild.carries_mark {
        return Ok(());
    }
    Err(Reason::new("the rebuild begins to count AUTOINCREMENT again"))
}

/// Whether each row gets its own values, and its own rowid.
fn copies_each_value(before: &Table, rebuild: &Rebuilt<'_>, found: &mut Conditions) -> Result<(), Reason> {
    let after = rebuild.definition;
    let is_rowid = |name: &Name, table: &Table| {
        ["rowid", "_rowid_", "oid"].iter().any(|rowid| *name == **rowid) && table.column(name).is_none()
    };
    let mut has_rowid = after.without_rowid || after.rowid_alias().is_some();
    let mut copied: Vec<&Name> = Vec::new();
    for (name, value) in rebuild.values {
        if copied.contains(&name) {
            return Err(Reason::new("a column is filled twice"));
        }
        copied.push(name);
        if is_rowid(name, after) {
            if after.rowid_alias().is_some() || !plain_column(value).is_some_and(|from| is_rowid(&from, before)) {
                return Err(Reason::new("the rows get other rowids"));
            }
            has_rowid = true;
            continue;
        }
        let Some(column) = before.column(name) else {
            return Err(Reason::new("a column is filled that was not there"));
        };
        match filled_from(value) {
            Some((from, false)) if from == *name => {}
            // the other value is for NULL alone
            Some((from, true)) if from == *name => {
                if !before.rejects_null(column) {
                    found.not_null.push(column.name.clone());
                }
            }
            _ => return Err(Reason::new(format!("`{name}` gets other values"))),
        }
    }
    if !has_rowid {
        return Err(Reason::new("the rebuild gives the rows other numbers"));
    }
    let is_missing = |column: &&Column| column.generated.is_none() && !copied.contains(&&column.name);
    match after.columns.iter().find(is_missing) {
        Some(column) => Err(Reason::new(format!("`{}` is not copied", column.name))),
        None => Ok(()),
    }
}

/// The column that an expression is, if it is nothing else.
fn plain_column(value: &str) -> Option<Name> {
    match &significant(value)[..] {
        [only] if matches!(only.kind, TokenKind::Word | TokenKind::QuotedName) => only.identifier().map(Name::from),
        _ => None,
    }
}

/// The column of `a`, or of `coalesce(a, …)`, and whether it is the latter.
fn filled_from(value: &str) -> Option<(Name, bool)> {
    if let Some(name) = plain_column(value) {
        return Some((name, false));
    }
    let tokens = significant(value);
    let [function, open, name, comma, rest @ .., close] = &tokens[..] else { return None };
    let is_call = function.is_word("coalesce")
        && open.kind == TokenKind::Open
        && comma.kind == TokenKind::Comma
        && close.kind == TokenKind::Close;
    let mut depth = 0_usize;
    let is_one = rest.iter().all(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
        true
    });
    let name =
        if is_call && is_one && depth == 0 && !rest.is_empty() { plain_column(name.text)? } else { return None };
    Some((name, true))
}

fn column(
    before: &Table,
    after: &Table,
    old: &Column,
    new: &Column,
    indexes: &[Index],
    rebuild: &Rebuilt<'_>,
    found: &mut Conditions,
) -> Result<(), Reason> {
    let name = &new.name;
    if old.generated.is_some() || new.generated.is_some() {
        // what is computed is told by its expression, and `NOT NULL` of it by computing it for every row
        return match canonical_column(before, old) == canonical_column(after, new) {
            true => Ok(()),
            false => Err(Reason::new(format!("`{name}` is computed"))),
        };
    }
    let is_alias = after.rowid_alias().is_some_and(|alias| alias.name == *name);
    if is_alias {
        return Ok(());
    }
    let is_keyed = || is_keyed(after, name, indexes, rebuild);
    if old.decl_type != new.decl_type {
        if Vector::of(&old.decl_type).is_some() || Vector::of(&new.decl_type).is_some() {
            return Err(Reason::new(format!("`{name}` is a vector")));
        }
        if after.strict {
            found.classes.extend(strict_classes(new)?.map(|classes| (name.clone(), classes)));
        }
        if let Some(classes) = kept_classes(before.affinity(old), after.affinity(new))? {
            if is_keyed() {
                return Err(Reason::new(format!("`{name}` is in a key or an index")));
            }
            found.classes.extend((!classes.is_empty()).then(|| (name.clone(), classes)));
            // a default is read with the affinity of its column
            found.stored.push(name.clone());
            found.reads_otherwise = true;
        }
    }
    let collation = |column: &Column| column.collate.as_ref().map_or_else(|| "binary".to_owned(), Name::folded);
    if collation(old) != collation(new) {
        let is_known = |name: &str| ["binary", "nocase", "rtrim"].contains(&name);
        if !is_known(&collation(old)) || !is_known(&collation(new)) {
            return Err(Reason::new(format!("the collation of `{name}` is not one of SQLite's own")));
        }
        if is_keyed() {
            return Err(Reason::new(format!("`{name}` is in a key or an index")));
        }
        found.reads_otherwise = true;
    }
    if after.rejects_null(new) && !before.rejects_null(old) && !found.not_null.contains(name) {
        found.not_null.push(name.clone());
    }
    let default = |column: &Column| column.effective_default().map(canonical_default);
    if default(old) != default(new) && !found.stored.contains(name) {
        found.stored.push(name.clone());
    }
    Ok(())
}

/// The classes of values that are stored the same under both affinities, if these differ: none means all.
fn kept_classes(old: Affinity, new: Affinity) -> Result<Option<&'static [&'static str]>, Reason> {
    let is_number = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    match (old, new) {
        (old, new) if old == new || is_number(old) && is_number(new) => Ok(None),
        // whole numbers in such a column are stored as integers, and are reals only when they are read
        (Affinity::Real, _) | (_, Affinity::Real) => Err(Reason::new("REAL is stored in its own way")),
        (_, Affinity::Text) => Ok(Some(&["text", "blob", "null"])),
        (_, Affinity::Integer | Affinity::Numeric) => Ok(Some(&["integer", "blob", "null"])),
        (_, Affinity::Blob) => Ok(Some(&[])),
    }
}

/// Whether values of the column are compared by something that is stored, or that refers to it.
pub(crate) fn is_keyed(table: &Table, name: &Name, indexes: &[Index], rebuild: &Rebuilt<'_>) -> bool {
    table.is_primary_key(name)
        || table.uniques.iter().any(|unique| unique.parts.iter().any(|part| part.column == *name))
        || table.foreign_keys.iter().any(|key| key.columns.contains(name) || key.parent == table.name)
        || indexes.iter().chain(rebuild.indexes.iter().copied()).any(|index| index.mentions(name))
}

/// What a table has to take, or takes as it comes, that becomes STRICT or is so no more.
fn strictness(after: &Table, found: &mut Conditions) -> Result<(), Reason> {
    for column in &after.columns {
        if column.decl_type.as_str().eq_ignore_ascii_case("any") {
            return Err(Reason::new(format!("ANY means another thing for `{}`", column.name)));
        }
        let is_alias = after.rowid_alias().is_some_and(|alias| alias.name == column.name);
        if after.strict && !is_alias {
            found.classes.extend(strict_classes(column)?.map(|classes| (column.name.clone(), classes)));
        }
    }
    Ok(())
}

/// The classes of values that a column of a STRICT table takes (sqlite.org/stricttables.html); `None` for all.
fn strict_classes(column: &Column) -> Result<Option<&'static [&'static str]>, Reason> {
    Ok(Some(match column.decl_type.as_str().to_ascii_lowercase().as_str() {
        "int" | "integer" => &["integer", "null"],
        "text" => &["text", "null"],
        "real" => &["real", "null"],
        "blob" => &["blob", "null"],
        "any" => return Ok(None),
        _ => return Err(Reason::new("a STRICT table has no such type")),
    }))
}

/// The indexes of the rebuild that are not there yet, each as its place among those.
pub(crate) fn missing_indexes(indexes: &[Index], rebuild: &Rebuilt<'_>) -> Result<Vec<usize>, Reason> {
    let wanted = |name: &Name| rebuild.indexes.iter().find(|index| index.name == *name);
    let text = |index: &Index| canonical_index(rebuild.definition, index);
    for index in indexes {
        let is_wanted = wanted(&index.name).is_some_and(|wanted| text(wanted) == text(index));
        if !is_wanted {
            return Err(Reason::new(format!("the index `{}` goes, or becomes another one", index.name)));
        }
    }
    let is_there = |name: &Name| indexes.iter().any(|index| index.name == *name);
    Ok((0..).zip(&rebuild.indexes).filter(|(_, index)| !is_there(&index.name)).map(|(at, _)| at).collect())
}
