//! A table before and after, as it is probed: its rows as they will be, by their old names.

use super::super::copy::{Source, source};
use super::super::{Input, decide::example_value};
use super::made::Made;
use super::{Preflight, Sought, if_any};
use crate::diff::TableDiff;
use crate::schema::validate::Place;
use crate::schema::{Check, Column, Index, IndexPart, KeyPart, Table};
use crate::sql::condition::is_looser;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// How rows were kept apart before that have to be kept apart now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// As they are now, so that nothing can be there twice.
    AsNow,
    /// By what was compared otherwise.
    Otherwise,
    /// Not at all.
    Never,
}

impl Apart {
    /// A probe for duplicates that says what it can find.
    fn tell(self, probe: Preflight) -> Preflight {
        match self {
            Self::AsNow => probe.seeks(Sought::NoDuplicates),
            Self::Otherwise => probe.seeks(Sought::DuplicatesByCollation),
            Self::Never => probe,
        }
    }
}

/// A table before and after, as the probes need it.
pub(super) struct Probe<'a> {
    pub(super) input: &'a Input<'a>,
    /// With its old names.
    pub(super) old: &'a Table,
    /// With its new names.
    pub(super) before: &'a Table,
    pub(super) after: &'a Table,
    pub(super) diff: &'a TableDiff,
    /// The columns that are converted, by their old names, with what they become, over the old table. `None`: only the
    /// engine knows, when it is made.
    converted: Vec<(Name, Option<String>)>,
    /// New columns whose values are known.
    made: Vec<Made>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(input: &'a Input<'a>, old: &'a Table, before: &'a Table, diff: &'a TableDiff) -> Self {
        let after = input.after(&diff.name);
        let mut probe = Self { input, old, before, after, diff, converted: Vec::new(), made: Vec::new() };
        let converted = after.columns.iter().filter_map(|column| match source(input, before, after, column) {
            Source::Converted(value) => Some((probe.old_name(&column.name), probe.value_before(&value))),
            _ => None,
        });
        probe.converted = converted.collect();
        probe.made = probe.made_columns();
        probe
    }

    pub(super) fn old_name(&self, column: &Name) -> Name {
        self.input.diff.renames.old_column(&self.after.name, column).clone()
    }

    /// `SELECT count(*), …` over the rows for which `condition` holds. SQLite takes bare columns beside `min()` from
    /// the row that has the minimum (sqlite.org/lang_select.html#bareagg).
    pub(super) fn count(&self, message: &str, condition: &str, shown: &str) -> Preflight {
        let (place, words) = self.place();
        let more = if shown.is_empty() { String::new() } else { format!(", {shown}") };
        let from = self.rows_with(&format!("{condition}, {place}, {shown}"));
        let query = if_any("count(*)", &format!(", {place}{more}"), &format!("{from} WHERE {condition}"));
        // the key of a table without rowid is among its columns
        let rowid = self.old.free_rowid_name().filter(|_| self.old.rowid_alias().is_none());
        let rowid = rowid.map(|name| format!("{}, ", name.sql())).unwrap_or_default();
        let rows = format!("SELECT {rowid}* FROM {} WHERE {condition}", self.rows(condition));
        let message = format!("{message}, first at {words} {{}}");
        Preflight { rows, ..Preflight::new(&self.old.name, message, query) }
    }

    /// The table with everything in it, and with the new columns that the condition mentions.
    fn rows(&self, condition: &str) -> String {
        let condition = Expr::new(condition);
        self.from(|name| self.old.column(name).is_some() || condition.mentions(name))
    }

    /// The table, with all that the text mentions.
    pub(super) fn rows_with(&self, text: &str) -> String {
        let text = Expr::new(text);
        self.from(|name| text.mentions(name))
    }

    /// The old table; where columns are converted, with what they become in their place, and with new columns if they are
    /// needed.
    fn from(&self, is_needed: impl Fn(&Name) -> bool) -> String {
        let table = self.old.name.sql();
        let (computed, plain): (Vec<&Made>, Vec<&Made>) = self.made.iter().partition(|made| made.is_generated);
        let computed: Vec<&Made> = computed.into_iter().filter(|made| is_needed(&made.name)).collect();
        // what new columns are computed of as well
        let is_needed =
            |name: &Name| is_needed(name) || computed.iter().any(|made| Expr::new(made.value.as_str()).mentions(name));
        let plain: Vec<&Made> = plain.into_iter().filter(|made| is_needed(&made.name)).collect();
        let is_converted = self.converted.iter().any(|(column, value)| value.is_some() && is_needed(column));
        if !is_converted && plain.is_empty() && computed.is_empty() {
            return table.into_owned();
        }
        let rowid = self.old.free_rowid_name().filter(&is_needed).map(|rowid| rowid.sql().into_owned());
        let columns = self.old.columns.iter().filter(|column| is_needed(&column.name)).map(|column| {
            let name = column.name.sql();
            match self.converted.iter().find(|(converted, _)| *converted == column.name) {
                Some((_, Some(value))) => format!("{value} AS {name}"),
                _ => name.into_owned(),
            }
        });
        let made = |made: &&Made| format!("{} AS {}", made.value, made.name.sql());
        let columns: Vec<String> = rowid.into_iter().chain(columns).chain(plain.iter().map(made)).collect();
        let columns = if columns.is_empty() { "1".to_owned() } else { columns.join(", ") };
        let rows = format!("(SELECT {columns} FROM {table}) AS {table}");
        if computed.is_empty() {
            return rows;
        }
        let computed: Vec<String> = computed.iter().map(made).collect();
        format!("(SELECT *, {} FROM {rows}) AS {table}", computed.join(", "))
    }

    /// Whether the column, by its new name, is converted.
    pub(super) fn is_converted(&self, column: &Name) -> bool {
        let old = self.old_name(column);
        self.converted.iter().any(|(converted, _)| *converted == old)
    }

    /// Whether it is known before the migration what becomes of the column, by its new name: it is taken over as it
    /// is, or converted by what can be evaluated then.
    pub(super) fn is_foreseen(&self, column: &Name) -> bool {
        let Some(declared) = self.after.column(column) else { return false };
        match source(self.input, self.before, self.after, declared) {
            Source::Column => true,
            Source::Converted(_) => {
                let old = self.old_name(column);
                self.converted.iter().any(|(converted, value)| *converted == old && value.is_some())
            }
            // computed of what is converted, it is another value than now
            Source::Generated => declared.generated.as_ref().is_some_and(|generated| {
                self.before.column(column).is_some_and(|before| before.generated.as_ref() == Some(generated))
                    && !self.after.columns.iter().any(|other| {
                        generated.expr.mentions(&other.name)
                            && !matches!(source(self.input, self.before, self.after, other), Source::Column)
                    })
            }),
            _ => false,
        }
    }

    /// A value that a migration computes, in terms of the old table. `None` if it looks into tables that may be others
    /// then.
    pub(super) fn value_before(&self, value: &str) -> Option<String> {
        let is_query = significant(value).iter().any(|token| token.is_word("select") || token.is_word("in"));
        let diff = self.input.diff;
        let moves = !diff.renames.tables.is_empty() || !diff.renames.columns.is_empty();
        let mentions = Expr::new(value);
        let is_new = diff.created_tables.iter().any(|table| mentions.mentions(table));
        if is_query && (moves || is_new) {
            return None;
        }
        let value = mentions.with_columns_renamed(&self.after.name, &self.renamed_columns());
        Some(value.with_qualifier_renamed(&self.after.name, &self.old.name).to_string())
    }

    pub(super) fn at_column(&self, column: &Column) -> Place {
        Place::Column(self.after.name.clone(), column.name.clone())
    }

    /// A value for the rows that have none in the column.
    pub(super) fn example(&self, column: &Column) -> String {
        let value = example_value(column, &self.diff.added, self.before, self.after);
        format!("{}={value}", path([&self.after.name, &column.name]))
    }

    /// The aggregate that locates the first row, and what to call it.
    fn place(&self) -> (String, String) {
        let key = self.old.primary_key.as_ref().and_then(|key| key.parts.first());
        match (self.old.free_rowid_name(), key) {
            (Some(rowid), _) => (format!("min({})", rowid.sql()), "rowid".to_owned()),
            (None, Some(part)) => (format!("min({})", part.column.sql()), part.column.to_string()),
            (None, None) => ("min(1)".to_owned(), "row".to_owned()),
        }
    }

    pub(super) fn renamed_columns(&self) -> Vec<(Name, Name)> {
        let all = self.after.columns.iter().map(|column| (column.name.clone(), self.old_name(&column.name)));
        all.filter(|(new, old)| new != old).collect()
    }

    /// The expression over the old table, if all that it looks at is known before.
    pub(super) fn in_old_terms(&self, expr: &Expr) -> Option<Expr> {
        let mentioned = self.after.columns.iter().filter(|column| expr.mentions(&column.name));
        if mentioned.into_iter().any(|column| !self.is_foreseen(&column.name)) {
            return None;
        }
        Some(self.renamed(expr))
    }

    /// The expression with the old names.
    fn renamed(&self, expr: &Expr) -> Expr {
        let expr = expr.with_columns_renamed(&self.after.name, &self.renamed_columns());
        expr.with_qualifier_renamed(&self.after.name, &self.old.name)
    }

    /// The same, where columns may be new whose values are known.
    pub(super) fn in_known_terms(&self, expr: &Expr) -> Option<Expr> {
        let has_text = significant(expr.as_str()).iter().any(|token| token.kind == TokenKind::String);
        let mentioned = self.after.columns.iter().filter(|column| expr.mentions(&column.name));
        for column in mentioned.filter(|column| !self.is_foreseen(&column.name)) {
            let made = self.made.iter().find(|made| made.name == column.name)?;
            // a number is compared with a text as the column would compare it
            if made.is_loose && has_text {
                return None;
            }
        }
        Some(self.renamed(expr))
    }

    /// Whether an expression mentions a new column that is generated, and whose values are known.
    pub(super) fn mentions_computed(&self, expr: &Expr) -> bool {
        self.made.iter().any(|made| made.is_generated && expr.mentions(&made.name))
    }

    /// Whether rows satisfy a check because they satisfied one that it takes the place of, which asked for more of the
    /// same columns.
    fn is_widened(&self, check: &Check, mentioned: &[Name]) -> bool {
        let is_as_before = |column: &Name| self.before.column(column).is_some() && self.old_name(column) == *column;
        let is_changed = |column: &Name| self.diff.changed.iter().any(|change| change.name == *column);
        mentioned.iter().all(|column| is_as_before(column) && !is_changed(column))
            && self.diff.dropped_checks.iter().any(|old| is_looser(&old.expr, &check.expr))
    }

    /// The constraints that existing rows have yet to satisfy, each with its columns and, where one can be made, the
    /// query that finds the rows which do not.
    pub(super) fn constraints(&self, rebuilt: bool) -> Vec<(Vec<Name>, Option<Preflight>)> {
        let mut found = Vec::new();
        let changes = |columns: &[Name]| {
            self.diff.changed.iter().any(|change| columns.contains(&change.name))
                || columns.iter().any(|column| self.is_converted(column))
        };
        let columns_of = |parts: &[KeyPart]| -> Vec<Name> { parts.iter().map(|part| part.column.clone()).collect() };
        let keys = self.after.primary_key.iter().map(|key| (&key.parts, self.diff.primary_key));
        let uniques = self.after.uniques.iter().map(|one| (&one.parts, self.diff.added_uniques.contains(one)));
        for (parts, is_new) in keys.chain(uniques) {
            let columns = columns_of(parts);
            if is_new || changes(&columns) {
                let key: Vec<_> = parts.iter().map(|part| (part.column.clone(), part.collate.clone())).collect();
                let kept = self.kept_apart(&key, None);
                if kept != Apart::AsNow {
                    let probe = self.key(parts).map(|probe| probe.at(self.place_of_key(parts)));
                    found.push((columns, probe.map(|probe| kept.tell(probe))));
                }
            }
        }
        for index in self.after.indexes.iter().filter(|index| index.unique) {
            let mentioned = self.mentioned(|name| index.mentions(name));
            let is_new = [&self.diff.created_indexes, &self.diff.changed_indexes]
                .iter()
                .any(|names| names.contains(&index.name));
            if is_new || changes(&mentioned) {
                let column = |part: &IndexPart| Some((part.expr.as_column()?, part.collate.clone()));
                let key: Option<Vec<_>> = index.parts.iter().map(column).collect();
                let kept = self.kept_apart(&key.unwrap_or_default(), Some(index));
                let is_as_it_was = |column: &Name| self.is_foreseen(column) && !self.is_stored_otherwise(column);
                if is_new || kept != Apart::AsNow || !mentioned.iter().all(is_as_it_was) {
                    let place = Place::Index(self.after.name.clone(), index.name.clone());
                    let probe = self.index(index).map(|probe| probe.at(place));
                    found.push((mentioned, probe.map(|probe| kept.tell(probe))));
                }
            }
        }
        for check in &self.after.checks {
            let mentioned = self.mentioned(|name| check.expr.mentions(name));
            let is_new = self.diff.added_checks.contains(check);
            let is_converted = mentioned.iter().any(|column| self.is_converted(column));
            if is_new || changes(&mentioned) {
                // on a column that ALTER TABLE adds, the engine tests it at once
                let is_asked = rebuilt && (is_new && !self.is_widened(check, &mentioned) || is_converted)
                    || self.mentions_computed(&check.expr);
                let probe = if is_asked { self.check(check) } else { None };
                found.push((mentioned, probe));
            }
        }
        for key in &self.after.foreign_keys {
            let is_converted = key.columns.iter().any(|column| self.is_converted(column));
            let is_new = self.diff.added_foreign_keys.contains(key) && !self.was_followed(key);
            if is_new || is_converted {
                let at = self.after.foreign_keys.iter().position(|one| one == key).unwrap_or_default();
                let place = Place::ForeignKey(self.after.name.clone(), at);
                found.push((key.columns.clone(), self.orphans(key).map(|probe| probe.at(place))));
            } else if changes(&key.columns) {
                found.push((key.columns.clone(), None));
            }
        }
        found
    }

    /// How rows were kept apart before that a key or a unique index has to keep apart: by some of its columns, in the same
    /// collations or in others. An index was there if it is only compared otherwise now.
    fn kept_apart(&self, key: &[(Name, Option<Name>)], index: Option<&Index>) -> Apart {
        let collation = |table: &Table, column: &Name, collate: Option<&Name>| {
            let of_column = || table.column(column).and_then(|column| column.collate.as_ref());
            collate.or_else(of_column).map_or_else(|| "binary".to_owned(), Name::folded)
        };
        let stays = key.iter().all(|(column, _)| self.is_foreseen(column) && !self.is_stored_otherwise(column));
        let in_key = |column: &Name| key.iter().find(|(name, _)| name == column);
        let (mut is_known, mut is_same) = (false, false);
        for before in self.before.collated_keys().filter(|_| stays) {
            let pairs: Option<Vec<_>> =
                before.iter().map(|(column, collate)| Some((column, collate, in_key(column)?))).collect();
            let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else { continue };
            is_known = true;
            is_same |= pairs.iter().all(|(column, collate, (_, new))| {
                collation(self.before, column, collate.as_ref()) == collation(self.after, column, new.as_ref())
            });
        }
        let exprs = |index: &Index| index.parts.iter().map(|part| part.expr.canonical()).collect::<Vec<_>>();
        let was_there = |index: &Index| {
            let is_it =
                |before: &Index| before.unique && before.predicate == index.predicate && exprs(before) == exprs(index);
            stays && self.before.indexes.iter().any(is_it)
        };
        match (is_same, is_known || index.is_some_and(was_there)) {
            (true, _) => Apart::AsNow,
            (false, true) => Apart::Otherwise,
            (false, false) => Apart::Never,
        }
    }

    fn place_of_key(&self, parts: &[KeyPart]) -> Place {
        let table = self.after.name.clone();
        match self.after.uniques.iter().position(|unique| unique.parts == parts) {
            Some(at) => Place::Unique(table, at),
            None => Place::PrimaryKey(table),
        }
    }

    pub(super) fn mentioned(&self, mentions: impl Fn(&Name) -> bool) -> Vec<Name> {
        self.after.columns.iter().map(|column| column.name.clone()).filter(|name| mentions(name)).collect()
    }

    /// Whether the values of the column are stored in another form than before.
    pub(super) fn is_stored_otherwise(&self, column: &Name) -> bool {
        let (Some(before), Some(after)) = (self.before.column(column), self.after.column(column)) else { return false };
        self.before.affinity(before) != self.after.affinity(after)
            || self.before.strict != self.after.strict
            || self.is_converted(column)
    }

    /// Whether a column that stays may have other values than before.
    pub(super) fn changes_values(&self) -> bool {
        !self.diff.changed.is_empty() || !self.converted.is_empty()
    }

    /// Whether a generated column could be one that NOT NULL or STRICT refuses.
    pub(super) fn computes_what_is_constrained(&self) -> bool {
        let stays = |column: &Column| {
            self.before.column(&column.name).is_some_and(|old| old.generated == column.generated && old.not_null)
                && !self.changes_values()
                && self.before.strict == self.after.strict
        };
        let generated = self.after.columns.iter().filter(|column| column.generated.is_some());
        generated.filter(|column| column.not_null || self.after.strict).any(|column| !stays(column))
    }
}

/// An expression as it is said in a message whose `{}` stand for values.
pub(super) fn said(expr: &Expr) -> String {
    expr.said().replace(['{', '}'], "")
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks_for;

    /// Whether rows are asked for duplicates before this becomes that.
    fn is_asked(before: &str, after: &str) -> bool {
        looks_for("duplicates", before, after)
    }

    #[test]
    fn what_was_unique_already_is_not_asked_for_duplicates() {
        let unique = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT)";
        let index = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE UNIQUE INDEX i ON t (a)";
        let null = |sql: &str| sql.replace("a TEXT", "a TEXT NOT NULL");
        for before in [unique, index] {
            assert!(!is_asked(before, &null(before)), "{before}");
        }
        let wider = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT, UNIQUE (a, b))";
        assert!(!is_asked(unique, wider));
        assert!(!is_asked(unique, "CREATE TABLE t (id INTEGER, a TEXT NOT NULL PRIMARY KEY, b TEXT) WITHOUT ROWID"));

        let plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)";
        for after in [unique, wider] {
            assert!(is_asked(plain, after), "{after}");
        }
        for compared in ["a TEXT COLLATE NOCASE", "a INTEGER"] {
            for before in [unique, index] {
                assert!(is_asked(before, &before.replace("a TEXT", compared)), "{compared}: {before}");
            }
        }
        let some = format!("{index} WHERE b > 'x'");
        assert!(is_asked(&some, &null(index)), "some rows were kept apart, and not all");
    }
}
