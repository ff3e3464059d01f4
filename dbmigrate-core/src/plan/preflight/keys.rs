//! What is there twice in what becomes unique.

use super::super::copy::{Source, default_or_null, source};
use super::probe::{Probe, said};
use super::{Preflight, Sought, if_any};
use crate::schema::{Column, Index, IndexPart, KeyPart};
use crate::sql::expr::Affinity;
use crate::sql::token::significant;
use crate::sql::{Expr, Name};

/// A part of a key before a migration.
struct KeyValue {
    /// The column or expression, as it is called in messages.
    shown: String,
    /// What it will be, over the old table.
    value: String,
    /// The collation in which the key compares it; that of an expression is its own.
    collate: Option<Name>,
    /// Whether it is a column, which can be looked at in every row.
    is_column: bool,
}

impl Probe<'_> {
    /// Duplicates in what becomes a key. NULLs are never duplicates (sqlite.org/lang_createtable.html#uniqueconst).
    pub(super) fn key(&self, parts: &[KeyPart]) -> Option<Preflight> {
        let columns: Option<Vec<KeyValue>> =
            parts.iter().map(|part| self.key_value(&part.column, part.collate.as_ref())).collect();
        self.duplicates(&columns?, None)
    }

    pub(super) fn index(&self, index: &Index) -> Option<Preflight> {
        let parts: Option<Vec<KeyValue>> = index.parts.iter().map(|part| self.part_value(part)).collect();
        let predicate = match &index.predicate {
            Some(predicate) => Some(self.in_old_terms(predicate)?),
            None => None,
        };
        self.duplicates(&parts?, predicate.as_ref())
    }

    fn part_value(&self, part: &IndexPart) -> Option<KeyValue> {
        let column = part.expr.as_column().filter(|name| self.after.column(name).is_some());
        if let Some(column) = column {
            return self.key_value(&column, part.collate.as_ref());
        }
        // as a bare number, GROUP BY would take it for the number of a column
        let expr = self.in_old_terms(&part.expr).filter(|expr| !expr.is_literal())?;
        let (shown, value) = (said(&expr), format!("({expr})"));
        Some(KeyValue { shown, value, collate: part.collate.clone(), is_column: false })
    }

    /// The value that a column will have, over the old table, and the collation in which the key compares it.
    fn key_value(&self, column: &Name, collate: Option<&Name>) -> Option<KeyValue> {
        let declared = self.after.column(column)?;
        let old = self.old_name(column);
        let value = match source(self.input, self.before, self.after, declared) {
            // where one part is NULL in every row, no two keys are the same
            Source::Default if declared.effective_default().is_none() => return None,
            // as a bare number, GROUP BY would take it for the number of a column
            Source::Default => format!("coalesce({}, NULL)", default_or_null(declared)),
            Source::Column => old.sql().into_owned(),
            Source::Converted(_) if self.is_foreseen(column) => old.sql().into_owned(),
            Source::Filled(value) => format!("coalesce({}, {})", old.sql(), self.key_before(&value)?),
            Source::Backfill(value) => format!("coalesce({}, NULL)", self.key_before(&value)?),
            Source::Generated => self.generated_value(declared)?,
            Source::Converted(_) => return None,
        };
        let collate = collate.or(declared.collate.as_ref()).cloned().unwrap_or_else(|| "BINARY".into());
        let is_column = value == old.sql();
        Some(KeyValue { shown: old.sql().into_owned(), value, collate: Some(collate), is_column })
    }

    /// The value that a generated column will have, over the old table. Equal values are equal as numbers too, but not
    /// as text: `1` and `1.0`.
    fn generated_value(&self, column: &Column) -> Option<String> {
        if self.is_foreseen(&column.name) {
            return Some(self.old_name(&column.name).sql().into_owned());
        }
        let expr = self.in_old_terms(&column.generated.as_ref()?.expr)?;
        Some(match self.after.affinity(column) {
            Affinity::Text => format!("CAST(({expr}) AS TEXT)"),
            // a bare number would be the number of a column for GROUP BY
            _ => format!("coalesce({expr}, NULL)"),
        })
    }

    /// The value of a backfill, over the old table. It is evaluated several times for each row, which a query in it is too
    /// slow for.
    fn key_before(&self, value: &str) -> Option<String> {
        let is_query = significant(value).iter().any(|token| token.is_word("select") || token.is_word("in"));
        self.value_before(value).filter(|_| !is_query)
    }

    /// An index evaluates its expressions on the rows that its condition holds for, so that
    /// `json_extract(doc, '$.id') … WHERE json_valid(doc)` never fails. SQLite is free to evaluate the terms of a `WHERE`
    /// in any order, but not what stands in a `CASE` (sqlite.org/lang_expr.html#the_case_expression).
    fn duplicates(&self, columns: &[KeyValue], predicate: Option<&Expr>) -> Option<Preflight> {
        let each = |text: &dyn Fn(&KeyValue) -> String| columns.iter().map(text).collect::<Vec<String>>();
        let value = |one: &KeyValue| match predicate {
            Some(predicate) if !one.is_column => format!("CASE WHEN {predicate} THEN {} END", one.value),
            _ => one.value.clone(),
        };
        let mut conditions = each(&|one| format!("{} IS NOT NULL", value(one)));
        conditions.extend(predicate.map(|predicate| match columns.iter().all(|one| one.is_column) {
            true => format!("({predicate})"),
            // the condition may have a guard of its own
            false => format!("CASE WHEN {predicate} THEN 1 END"),
        }));
        let conditions = conditions.join(" AND ");
        let groups = format!(
            "FROM {} WHERE {conditions} GROUP BY {} HAVING count(*) > 1",
            self.rows_with(&format!("{}, {conditions}", each(&|one| one.value.clone()).join(", "))),
            each(&|one| match &one.collate {
                Some(collate) => format!("{} COLLATE {}", value(one), collate.sql()),
                None => value(one),
            })
            .join(", ")
        );
        let shown = each(&|one| format!("quote({})", value(one))).join(" || ', ' || ");
        let query = if_any("count(*)", ", min(v)", &format!("(SELECT {shown} AS v {groups})"));
        let rows = format!("SELECT {}, count(*) {groups}", each(&value).join(", "));
        let names = each(&|one| one.shown.clone()).join(", ");
        let message = format!("{{}} duplicates in `{}` ({names}), which becomes unique: {{}}", self.old.name);
        let preflight = Preflight::new(&self.old.name, message, query).seeks(Sought::Duplicates);
        (!columns.is_empty()).then_some(Preflight { rows, ..preflight })
    }
}
