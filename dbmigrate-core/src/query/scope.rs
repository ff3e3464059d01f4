//! Where the names of columns are looked up: the rules of `lookupName` in SQLite's `resolve.c`.

use std::cell::Cell;
use std::sync::Arc;

use super::Mistake;
use super::ast::{ColumnRef, Ident, Join, Quote};
use super::mistake::{did_you_mean, quoted, there_are};
use super::relation::{Relation, is_rowid};
use super::resolver::Resolver;
use super::types::{Ty, Value, either_null};
use crate::quote::quote_string;
use crate::sql::expr::Affinity;

/// Something in `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The name it goes by: its alias, else its own. A subquery may have none.
    pub(super) name: Option<Box<str>>,
    pub(super) relation: Arc<Relation>,
    pub(super) join: Join,
    pub(super) using: Vec<Box<str>>,
    /// Whether an outer join adds rows in which all of it is NULL.
    pub(super) may_be_missing: bool,
    /// A join in parentheses, whose tables can be named.
    pub(super) nested: bool,
}

impl Source {
    pub(super) fn new(name: Option<&str>, relation: Arc<Relation>) -> Self {
        let (join, using) = (Join::default(), Vec::new());
        Self { name: name.map(Into::into), relation, join, using, may_be_missing: false, nested: false }
    }

    pub(super) fn is_joined_by(&self, column: &str) -> bool {
        self.using.iter().any(|joined| joined.eq_ignore_ascii_case(column))
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(name) || (is_schema_table(own) && is_schema_table(name)))
    }

    /// A column as it is seen through the joins.
    pub(super) fn seen(&self, ty: &Ty) -> Ty {
        if self.may_be_missing { ty.clone().or_null() } else { ty.clone() }
    }
}

fn is_schema_table(name: &str) -> bool {
    ["sqlite_schema", "sqlite_master"].iter().any(|table| name.eq_ignore_ascii_case(table))
}

/// A column of the result, by the name that `AS` gives it.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) name: Box<str>,
    pub(super) value: Value,
}

/// What can be named in a part of a statement.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) sources: &'a [Source],
    pub(super) parent: Option<&'a Scope<'a>>,
    /// The names of the result, where they count.
    pub(super) aliases: &'a [Alias],
    /// `excluded`, in an upsert.
    pub(super) excluded: Option<&'a Arc<Relation>>,
    pub(super) level: u32,
    pub(super) allows_aggregates: Cell<bool>,
    pub(super) allows_windows: Cell<bool>,
    /// Whether an aggregate was found that is computed here.
    pub(super) has_aggregate: Cell<bool>,
    pub(super) windows: &'a [&'a str],
    /// Which of them are named, a bit each.
    pub(super) used_windows: Cell<u64>,
    /// Whether there is a `GROUP BY`.
    pub(super) is_grouped: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(sources: &'a [Source], parent: Option<&'a Scope<'a>>) -> Self {
        Self {
            sources,
            parent,
            aliases: &[],
            excluded: None,
            level: parent.map_or(0, |parent| parent.level + 1),
            allows_aggregates: Cell::new(false),
            allows_windows: Cell::new(false),
            has_aggregate: Cell::new(false),
            windows: &[],
            used_windows: Cell::new(0),
            is_grouped: false,
        }
    }

    /// Whether there is a window of that name, which is used now.
    pub(super) fn uses_window(&self, name: &Ident<'_>) -> bool {
        let found = self.windows.iter().position(|known| name.is(known));
        if let Some(index) = found {
            self.used_windows.set(self.used_windows.get() | 1 << index.min(63));
        }
        found.is_some()
    }

    /// This scope and those around it.
    fn outward(&'a self) -> impl Iterator<Item = &'a Scope<'a>> {
        std::iter::successors(Some(self), |scope| scope.parent)
    }
}

/// What was found under a name in one scope.
#[derive(Default)]
struct Found<'a> {
    matches: usize,
    /// The source and the place of the column in it.
    at: Option<(&'a Source, usize)>,
    /// All sources that have it.
    all: Vec<&'a Source>,
    /// Sources with a rowid.
    rowids: Vec<&'a Source>,
    /// A source that may have it.
    open: Option<&'a Source>,
    /// What `FULL JOIN … USING` makes one column.
    merged: Option<Ty>,
}

fn search<'a>(scope: &Scope<'a>, table: Option<&str>, column: &str) -> Found<'a> {
    let mut found = Found::default();
    for source in scope.sources {
        let relation = &*source.relation;
        let is_called = table.is_none_or(|table| source.is_called(table));
        if !is_called && !source.nested {
            continue;
        }
        let mut hit = false;
        for (index, candidate) in relation.columns.iter().enumerate() {
            if !candidate.name.eq_ignore_ascii_case(column) {
                continue;
            }
            let of_table = match (table, &candidate.table) {
                (Some(table), Some(own)) if source.nested => own.eq_ignore_ascii_case(table) || is_called,
                _ => is_called,
            };
            if !of_table {
                continue;
            }
            hit = true;
            if found.matches > 0 && source.is_joined_by(column) {
                if !source.join.right {
                    break;
                }
                if source.join.left {
                    // both sides may be missing, but not both at once
                    let nullable = |ty: &Ty| ty.nullable == Some(false);
                    let left = found.at.map(|(left, at)| left.relation.columns[at].ty.clone()).unwrap_or_default();
                    let sure = nullable(&left) && nullable(&candidate.ty);
                    found.merged = Some(Ty { nullable: if sure { Some(false) } else { None }, ..left });
                    break;
                }
                found.matches = 0;
                found.all.clear();
            }
            found.matches += 1;
            found.all.push(source);
            found.at = Some((source, index));
            if !source.nested || candidate.joined {
                break;
            }
        }
        if !hit && is_called {
            if relation.rowid.is_some() || (source.nested && table.is_none()) {
                found.rowids.push(source);
            }
            if relation.open {
                found.open = Some(source);
            }
        }
    }
    found
}

impl Resolver<'_> {
    /// Looks a column up.
    pub(super) fn look_up(&mut self, column: &ColumnRef<'_>, scope: &Scope<'_>) -> Value {
        let name = &*column.column.text;
        let table = column.table.as_ref().map(|table| &*table.text);
        if column.database.as_ref().is_some_and(|database| !database.is("main")) {
            // of a database that is attached, or temporary
            return Value::of(Ty::default());
        }
        for inner in scope.outward() {
            let found = search(inner, table, name);
            if found.matches > 1 && !is_uncertain(&found) {
                self.refer(inner.level);
                self.ambiguous(column, &found.all);
                return Value::of(Ty::default());
            }
            if let Some((source, at)) = found.at {
                self.refer(inner.level);
                let known = &source.relation.columns[at];
                self.used(source, Some(&*known.name), column);
                self.found = Some((Arc::clone(&source.relation), Some(at)));
                let ty = found.merged.unwrap_or_else(|| source.seen(&known.ty));
                return Value::of(ty);
            }
            if let Some(excluded) = inner.excluded
                && table.is_some_and(|table| table.eq_ignore_ascii_case("excluded"))
            {
                if let Some(known) = excluded.column(name) {
                    return Value::of(known.ty.clone());
                }
                if excluded.open || (is_rowid(name) && excluded.rowid.is_some()) {
                    return Value::of(excluded.rowid.clone().unwrap_or_default());
                }
            }
            if is_rowid(name) && !found.rowids.is_empty() {
                self.refer(inner.level);
                if found.rowids.len() > 1 {
                    self.ambiguous(column, &found.rowids);
                    return Value::of(Ty::default());
                }
                let source = found.rowids[0];
                self.used(source, None, column);
                self.found = Some((Arc::clone(&source.relation), None));
                let ty = source.relation.rowid.clone().unwrap_or_default();
                return Value::of(source.seen(&ty));
            }
            if found.open.is_some() {
                self.refer(inner.level);
                return Value::of(Ty::default());
            }
            if table.is_none()
                && let Some(alias) = inner.aliases.iter().find(|alias| alias.name.eq_ignore_ascii_case(name))
            {
                self.refer(inner.level);
                return self.alias(alias, &column.column, inner, scope.level);
            }
        }
        let is_truth = column.column.quote == Quote::None
            && ["true", "false"].iter().any(|truth| name.eq_ignore_ascii_case(truth));
        if table.is_none() && is_truth {
            return Value::of(Ty::new(Affinity::Integer, Some(false)));
        }
        self.unknown_column(column, scope);
        Value::of(Ty::default())
    }

    fn alias(&mut self, alias: &Alias, word: &Ident<'_>, inner: &Scope<'_>, level: u32) -> Value {
        let name = quoted(word);
        if alias.value.aggregate && !inner.allows_aggregates.get() {
            self.say(word.span.clone(), format!("{name} is an aggregate, which cannot be used here"));
        }
        if alias.value.window && (!inner.allows_windows.get() || inner.level != level) {
            self.say(word.span.clone(), format!("{name} is a window function, which cannot be used here"));
        }
        alias.value.clone()
    }

    fn ambiguous(&mut self, column: &ColumnRef<'_>, sources: &[&Source]) {
        let name = &column.column;
        let names: Vec<&str> = sources.iter().filter_map(|source| source.name.as_deref()).collect();
        let of: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let message = match (&column.table, of.is_empty()) {
            (None, false) => format!("{} is ambiguous: it is a column of {}", quoted(name), of.join(" and of ")),
            (Some(table), _) => format!("`{}.{}` is ambiguous: two tables are called so", table.text, name.text),
            _ => format!("{} is ambiguous", quoted(name)),
        };
        let ways: Vec<String> = names.iter().map(|table| format!("`{table}.{}`", name.text)).collect();
        let help = (column.table.is_none() && ways.len() > 1).then(|| format!("write {}", ways.join(" or ")));
        self.report(Mistake::new(name.span.clone(), message).with_help(help));
    }

    fn unknown_column(&mut self, column: &ColumnRef<'_>, scope: &Scope<'_>) {
        let word = &column.column;
        if self.is_open {
            return;
        }
        let sources = || scope.outward().flat_map(|scope| scope.sources);
        if let Some(table) = &column.table {
            let is_called = |source: &&Source| source.is_called(&table.text);
            let named = sources().find(is_called);
            let excluded = scope.outward().find_map(|scope| scope.excluded).filter(|_| table.is("excluded"));
            if let Some(relation) = named.map(|source| &source.relation).or(excluded) {
                let columns = || relation.columns.iter().map(|column| &*column.name);
                let help = did_you_mean(&word.text, columns()).or_else(|| there_are("its columns", columns()));
                let message = format!("{} has no column {}", quoted(table), quoted(word));
                self.report(Mistake::new(word.span.clone(), message).with_help(help));
                return;
            }
            if Self::is_hidden(&table.text, sources()) {
                return;
            }
            let nested =
                || sources().flat_map(|source| &source.relation.columns).filter_map(|column| column.table.as_deref());
            let names = || sources().filter_map(|source| source.name.as_deref()).chain(nested());
            let renamed = sources().find(|source| source.relation.name == *table.text && source.name.is_some());
            let help = match renamed.and_then(|source| source.name.as_deref()) {
                Some(alias) => Some(format!("it is called `{alias}` here")),
                None => did_you_mean(&table.text, names()).or_else(|| there_are("there are", names())),
            };
            let message = format!("no table {} is in this part of the statement", quoted(table));
            self.report(Mistake::new(table.span.clone(), message).with_help(help));
            return;
        }
        if sources().any(|source| source.relation.open) {
            return;
        }
        let columns = || sources().flat_map(|source| source.relation.columns.iter().map(|column| &*column.name));
        let meant = did_you_mean(&word.text, columns());
        if word.quote == Quote::Double {
            let literal = quote_string(&word.text);
            let message =
                format!("`\"{}\"` is no column here, and SQLite would take it for the string {literal}", word.text);
            let help = meant.unwrap_or_else(|| format!("write `{literal}` for the string"));
            let mistake = Mistake::new(word.span.clone(), message).with_help(help);
            self.report(mistake.beyond_the_engine());
            return;
        }
        let mut tables: Vec<&str> = sources().filter_map(|source| source.name.as_deref()).collect();
        tables.dedup();
        let message = match &tables[..] {
            [] => format!("no column {}: nothing is read from here", quoted(word)),
            [only] => format!("`{only}` has no column {}", quoted(word)),
            [first, second] => format!("neither `{first}` nor `{second}` has a column {}", quoted(word)),
            _ => format!("none of the tables here has a column {}", quoted(word)),
        };
        let help = meant.or_else(|| there_are("there are", columns()));
        self.report(Mistake::new(word.span.clone(), message).with_help(help));
    }

    /// Whether the name is that of a table that is said to be unknown already.
    fn is_hidden<'a>(table: &str, mut sources: impl Iterator<Item = &'a Source>) -> bool {
        sources.any(|source| source.nested && source.relation.open && source.is_called(table))
    }

    /// Notes which level a column is of.
    fn refer(&mut self, level: u32) {
        self.references |= 1 << level.min(63);
    }

    fn used(&mut self, source: &Source, column: Option<&str>, word: &ColumnRef<'_>) {
        if source.relation.is_stored() {
            let column = column.unwrap_or(&word.column.text);
            self.uses_column(&source.relation.name, column, word.column.span.clone(), false);
        } else if let Some(origin) = column.filter(|_| source.nested)
            && let Some(known) = source.relation.column(origin).and_then(|column| column.ty.origin.as_deref())
            && let Some((table, column)) = &known.column
        {
            self.uses_column(table, column.as_str(), word.column.span.clone(), false);
        }
    }
}

/// Whether more than one match may be one column for the engine.
fn is_uncertain(found: &Found<'_>) -> bool {
    found.all.iter().any(|source| source.relation.open)
}

/// What is NULL if one of two is.
pub(super) fn null_of(one: &Value, other: &Value) -> Option<bool> {
    either_null(one.ty.nullable, other.ty.nullable)
}
