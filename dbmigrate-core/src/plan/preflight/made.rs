//! New columns whose values are known before a migration: a default, a backfill, or what is computed of columns that are
//! known. What is generated of them is not tested by the engine where it is VIRTUAL, or only when the migration runs.

use super::super::copy::{Source, source};
use super::probe::Probe;
use crate::schema::Column;
use crate::sql::expr::Affinity;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// A new column, with the value of a row.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) name: Name,
    /// Over the old table; of a generated column, over that with the other new ones.
    pub(super) value: String,
    pub(super) is_generated: bool,
    /// Whether the value does not compare as the column does.
    pub(super) is_loose: bool,
}

/// Functions that return something else each time.
const RANDOM: [&str; 2] = ["random", "randomblob"];

impl Probe<'_> {
    /// The new columns whose values are known.
    pub(super) fn made_columns(&self) -> Vec<Made> {
        // a name that the old table has for another column cannot be told from it
        let is_new =
            |column: &&Column| self.diff.added.contains(&column.name) && self.old.column(&column.name).is_none();
        let (computed, plain): (Vec<&Column>, Vec<&Column>) =
            self.after.columns.iter().filter(is_new).partition(|column| column.generated.is_some());
        let plain: Vec<Made> = plain.into_iter().filter_map(|column| self.plain(column)).collect();
        let computed: Vec<Made> = computed.into_iter().filter_map(|column| self.computed(column, &plain)).collect();
        plain.into_iter().chain(computed).collect()
    }

    /// One that is not generated.
    fn plain(&self, column: &Column) -> Option<Made> {
        let value = match source(self.input, self.before, self.after, column) {
            Source::Default => match column.effective_default() {
                Some(default) => Some(default.to_string()).filter(|_| default.is_literal())?,
                None => "NULL".to_owned(),
            },
            Source::Backfill(value) => self.value_before(&value)?,
            _ => return None,
        };
        self.made(column, value, false)
    }

    /// One that is generated of columns that stay, or of new ones.
    fn computed(&self, column: &Column, plain: &[Made]) -> Option<Made> {
        let expr = &column.generated.as_ref()?.expr;
        let mentioned = self.after.columns.iter().filter(|other| expr.mentions(&other.name));
        let has_text = significant(expr.as_str()).iter().any(|token| token.kind == TokenKind::String);
        for other in mentioned.filter(|other| !self.is_foreseen(&other.name)) {
            plain.iter().find(|made| made.name == other.name).filter(|made| !made.is_loose || !has_text)?;
        }
        let expr = expr.with_columns_renamed(&self.after.name, &self.renamed_columns());
        let expr = expr.with_qualifier_renamed(&self.after.name, &self.old.name);
        self.made(column, format!("({expr})"), true)
    }

    /// A value as the column would store it (sqlite.org/datatype3.html#type_affinity). `None` if that cannot be said.
    fn made(&self, column: &Column, value: String, is_generated: bool) -> Option<Made> {
        let expr = Expr::new(value.as_str());
        let tokens = significant(&value);
        let is_known = |token: &str| !RANDOM.iter().any(|word| token.eq_ignore_ascii_case(word));
        if !tokens.iter().all(|token| is_known(token.text)) {
            return None;
        }
        let has = |kind: TokenKind| tokens.iter().any(|token| token.kind == kind);
        let of_bytes = |column: &&Column| self.before.affinity(column) == Affinity::Blob && expr.mentions(&column.name);
        let may_be_bytes = has(TokenKind::Blob) || self.old.columns.iter().any(|column| of_bytes(&column));
        let affinity = self.after.affinity(column);
        let (value, is_loose) = match affinity {
            _ if expr.is_null() => (value, false),
            Affinity::Blob => (value, false),
            // bytes would stay bytes
            Affinity::Text => (format!("CAST({value} AS TEXT)"), false),
            _ if expr.is_literal() && has(TokenKind::String) => return None,
            Affinity::Real if expr.is_literal() => (format!("CAST({value} AS REAL)"), false),
            Affinity::Integer | Affinity::Numeric if expr.is_literal() => (format!("CAST({value} AS NUMERIC)"), false),
            // a text that is a number becomes one, and any other stays
            Affinity::Real => {
                let is_number = format!("typeof({value}) = 'text' AND {value} = CAST({value} AS NUMERIC)");
                let is_number = format!("typeof({value}) = 'integer' OR ({is_number})");
                (format!("CASE WHEN {is_number} THEN CAST({value} AS REAL) ELSE {value} END"), true)
            }
            Affinity::Integer | Affinity::Numeric => {
                let is_number = format!("typeof({value}) = 'text' AND {value} = CAST({value} AS NUMERIC)");
                (format!("CASE WHEN {is_number} THEN CAST({value} AS NUMERIC) ELSE {value} END"), true)
            }
        };
        let is_said = affinity == Affinity::Blob || !may_be_bytes;
        is_said.then(|| Made { name: column.name.clone(), value, is_generated, is_loose })
    }
}
