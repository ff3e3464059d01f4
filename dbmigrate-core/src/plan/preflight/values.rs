//! Values that a column does not take, or that its Rust type cannot read.

use super::super::Lint;
use super::super::conversion::{changed_by_affinity, example, lost, refused_by_strict, unreadable};
use super::super::copy::{Source, may_fail_on_null, source};
use super::probe::{Probe, said};
use super::{Preflight, Sought, if_any};
use crate::schema::validate::Place;
use crate::schema::{Check, Column, Index, Reads, Table, Vector};
use crate::sql::expr::Affinity;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

impl Probe<'_> {
    /// NULLs in a column that becomes NOT NULL.
    pub(super) fn null(&self, column: &Column) -> Option<Preflight> {
        if let Some(null) = self.computed_null(column) {
            let message = format!("{{}} rows would get NULL in `{}.{}`, which is NOT NULL", self.old.name, column.name);
            let sought = if column.generated.is_some() { Sought::GeneratedNull } else { Sought::Null };
            return Some(self.count(&message, &null, "").seeks(sought).at(self.at_column(column)));
        }
        let old = self.old_name(&column.name);
        let null = format!("{} IS NULL", old.sql());
        if self.is_converted(&column.name) {
            let is_filled = column.effective_default().is_some();
            if !self.after.rejects_null(column) || is_filled || !self.is_foreseen(&column.name) {
                return None;
            }
            let message = format!("{{}} rows would get NULL in `{}.{old}`, which is NOT NULL", self.old.name);
            return Some(self.count(&message, &null, "").seeks(Sought::Null).at(self.at_column(column)));
        }
        if !may_fail_on_null(self.input, self.before, self.after, column) {
            return None;
        }
        let message = format!("{{}} rows have NULL in `{}.{old}`, which becomes NOT NULL", self.old.name);
        let preflight = self.count(&message, &null, "").seeks(Sought::Null).at(self.at_column(column));
        Some(preflight.answer("to fill them (any SQL expression)", "backfill", &self.example(column)))
    }

    /// When a value is NULL that is computed for a column which takes none: by a backfill, or because it is generated.
    fn computed_null(&self, column: &Column) -> Option<String> {
        if !self.after.rejects_null(column) {
            return None;
        }
        if let Some(generated) = &column.generated {
            let stays = self
                .before
                .column(&column.name)
                .is_some_and(|before| before.generated.as_ref() == Some(generated) && self.before.rejects_null(before));
            let expr = self.in_known_terms(&generated.expr).filter(|expr| !expr.is_literal() && !stays)?;
            return Some(format!("({expr}) IS NULL"));
        }
        let backfill = self.input.decisions.backfill(&self.after.name, &column.name)?;
        if backfill.is_literal() && !backfill.is_null() {
            return None;
        }
        match source(self.input, self.before, self.after, column) {
            Source::Backfill(value) => Some(format!("{} IS NULL", self.value_before(&value)?)),
            Source::Filled(value) => {
                let old = self.old_name(&column.name);
                Some(format!("{} IS NULL AND {} IS NULL", old.sql(), self.value_before(&value)?))
            }
            _ => None,
        }
    }

    /// Values that a generated column of a STRICT table computes and that are not of its type. Of a VIRTUAL one the engine
    /// tests none when rows are written, and only `PRAGMA integrity_check` objects.
    pub(super) fn computed_type(&self, column: &Column) -> Option<Preflight> {
        let generated = column.generated.as_ref().filter(|_| self.after.strict)?;
        let is_same = |before: &Column| before.generated == column.generated && before.decl_type == column.decl_type;
        let stays =
            self.before.strict && self.before.column(&column.name).is_some_and(is_same) && !self.changes_values();
        let expr = self.in_known_terms(&generated.expr).filter(|_| !stays)?;
        let value = format!("({expr})");
        let refused = refused_by_strict(&value, column)?;
        let (table, name) = (&self.old.name, &column.name);
        let message = format!("{{}} rows of `{table}` would get a value in `{name}` that is not {}", type_name(column));
        let mut preflight = self.count(&message, &refused, &format!("quote({value})"));
        preflight.message.push_str(": {}");
        Some(preflight.seeks(Sought::GeneratedRefused).at(self.at_column(column)))
    }

    /// Any row at all, where a new column has nothing to put into it.
    pub(super) fn without_value(&self, column: &Column) -> Option<Preflight> {
        let is_new = self.diff.added.contains(&column.name);
        let has_nothing = matches!(source(self.input, self.before, self.after, column), Source::Default)
            && super::super::decide::needs_backfill(self.after, column);
        (is_new && has_nothing).then(|| {
            let message = format!("`{}` has {{}} rows and no value for `{}`", self.old.name, column.name);
            let query = if_any("count(*)", "", &self.old.name.sql());
            let preflight = Preflight::new(&self.old.name, message, query);
            let preflight = preflight.seeks(Sought::NoValue).at(self.at_column(column));
            preflight.answer("to fill them (any SQL expression)", "backfill", &self.example(column))
        })
    }

    /// Values that would not survive the conversion to another type, that a STRICT table would refuse, or that the
    /// Rust type could not read. Those that were accepted are not looked for, and `accepted` is told of the column.
    pub(super) fn conversion(&self, column: &Column, accepted: &mut Vec<String>) -> Option<Preflight> {
        let before = self.before.column(&column.name).filter(|_| column.generated.is_none())?;
        let is_converted = self.is_converted(&column.name);
        if is_converted && !self.is_foreseen(&column.name) {
            return None;
        }
        let retyped = before.decl_type != column.decl_type;
        let object = path([&self.after.name, &column.name]);
        let old = self.old_name(&column.name);
        let name = old.sql();
        let mut conditions = Vec::new();
        // a rowid is an integer whatever the table
        let is_rowid = self.before.rowid_alias().is_some_and(|alias| alias.name == column.name) && !is_converted;
        if self.after.strict && (!self.before.strict || retyped || is_converted) && !is_rowid {
            conditions.extend(refused_by_strict(&name, column));
        }
        let is_alias = |table: &Table, name: &Name| table.rowid_alias().is_some_and(|alias| alias.name == *name);
        let becomes_rowid =
            is_alias(self.after, &column.name) && (is_converted || !is_alias(self.before, &column.name));
        if becomes_rowid {
            // nothing but integers can be a rowid
            conditions.extend(refused_by_strict(&name, column));
        }
        let is_accepted = self.input.decisions.accepted.has(Lint::LossyConversion, &object);
        let affinity = self.after.affinity(column);
        // what somebody converts by an expression changes because he says so
        let changed =
            changed_by_affinity(&name, affinity).filter(|_| self.before.affinity(before) != affinity && !is_converted);
        let reads = self
            .input
            .new
            .reads(&self.after.name, column)
            .filter(|_| (retyped || is_converted) && !holds_anything(column));
        let reads = reads.filter(|reads| !is_rowid && (conditions.is_empty() || !is_as_strict_as(column, reads)));
        let mut unread = reads.as_ref().map(|reads| unreadable(&name, affinity, reads));
        if matches!(reads, Some(Reads::Vector(_))) && self.has_vector_index(&column.name) {
            // an index of vectors takes no others
            conditions.extend(unread.take());
        }
        if is_accepted && (changed.is_some() || unread.is_some()) {
            accepted.push(object.clone());
        }
        let (changed, unread) = (changed.filter(|_| !is_accepted), unread.filter(|_| !is_accepted));
        let is_refused = !conditions.is_empty();
        let may_be_accepted = changed.is_some() || unread.is_some();
        let cannot_be_read = unread.is_some();
        let refused = conditions.join(" OR ");
        let all: Vec<String> = changed.into_iter().chain(unread).collect();
        // of what somebody converts, nobody knows how it compares
        let affinities = (if is_converted { Affinity::Text } else { self.before.affinity(before) }, affinity);
        let lost = lost(&name, affinities, reads.as_ref(), &all);
        let parts = [(Sought::Refused, refused), (Sought::Changed, lost.clone())];
        conditions.extend(Some(lost).filter(|lost| !lost.is_empty()));
        if conditions.is_empty() {
            return None;
        }
        let values = format!("{{}} values of `{}.{old}`", self.old.name);
        let (from, to) = (type_name(before), type_name(column));
        let read = match &reads {
            Some(reads) if cannot_be_read => format!(", or could not be read as {}", reads.describe()),
            _ => String::new(),
        };
        let message = if is_converted {
            format!("{values} would be refused by {to} after their conversion{read}")
        } else if retyped {
            format!("{values} would be refused or changed by the conversion from {from} to {to}{read}")
        } else if becomes_rowid {
            format!("{values} are not {to}, as the column becomes the primary key")
        } else if self.after.strict {
            format!("{values} are not {to}, as the table becomes STRICT")
        } else {
            // ANY keeps every value as it is in a STRICT table only
            format!("{values} would be changed by {to}, as the table is no longer STRICT")
        };
        let shown = format!("quote({name})");
        let mut preflight = self.count(&message, &conditions.join(" OR "), &shown);
        preflight.message.push_str(": {}");
        let mut preflight = preflight.at(self.at_column(column));
        preflight.sought = match (is_refused, may_be_accepted) {
            (true, false) => Sought::Refused,
            (false, _) => Sought::Changed,
            (true, true) => {
                let message = format!("{{}} values of `{}.{old}` do not fit {to}", self.old.name);
                let alone = |(sought, condition): (Sought, String)| {
                    let mut part = self.count(&message, &condition, &shown).seeks(sought);
                    part.message.push_str(": {}");
                    part
                };
                preflight.parts = parts.into_iter().map(alone).collect();
                Sought::RefusedOrChanged
            }
        };
        let reads = self.input.new.reads(&self.after.name, column);
        if let Some(value) = reads.filter(|_| !is_converted).and_then(|reads| example(column, before, &reads)) {
            let value = format!("{object}={value}");
            preflight = preflight.answer("to convert them (any SQL expression)", "convert", &value);
        }
        Some(match may_be_accepted {
            true => {
                // what STRICT or a rowid refuses is not converted by anybody's word
                let words = match (is_refused, cannot_be_read) {
                    (true, _) => "if those that can be converted may change",
                    (false, true) => "if they may change, or stay unreadable",
                    (false, false) => "if they may change",
                };
                preflight.answer(words, "accept", &format!("{}:{object}", Lint::LossyConversion))
            }
            false => preflight,
        })
    }

    /// Whether an index of vectors is on the column, by its new name.
    fn has_vector_index(&self, column: &Name) -> bool {
        let mut parts = self.after.indexes.iter().flat_map(|index| &index.parts);
        parts.any(|part| vectors_of(&part.expr).is_some_and(|indexed| indexed == *column))
    }

    /// Blobs that an index of vectors refuses which is new on a column that stays as it is.
    pub(super) fn vectors(&self, index: &Index) -> Option<Preflight> {
        let column = index.parts.iter().find_map(|part| vectors_of(&part.expr))?;
        let declared = self.after.column(&column)?;
        let before = self.before.column(&column).filter(|before| before.generated.is_none())?;
        // others are asked about as a conversion
        let stays = before.decl_type == declared.decl_type && !self.is_converted(&column);
        let vector = Vector::of(&declared.decl_type).filter(|_| stays)?;
        let old = self.old_name(&column);
        let name = old.sql();
        let message = format!(
            "{{}} values of `{}.{old}` are not vectors of {}, which index `{}` needs",
            self.old.name,
            vector.describe(),
            index.name
        );
        let preflight = self.count(&message, &vector.is_other_blob(&name), "").seeks(Sought::Refused);
        Some(preflight.at(Place::Index(self.after.name.clone(), index.name.clone())))
    }

    /// Rows that a check rejects. A check over columns that are new is left to the engine,
    /// unless it is about what is computed.
    pub(super) fn check(&self, check: &Check) -> Option<Preflight> {
        let condition = match self.mentions_computed(&check.expr) {
            true => self.in_known_terms(&check.expr)?,
            false => self.in_old_terms(&check.expr)?,
        };
        let table = &self.old.name;
        let message = format!("{{}} rows of `{table}` violate CHECK ({})", said(&check.expr));
        let not = format!("NOT ({condition})");
        let mut preflight = if let Some((column, _)) = self.choice(&check.expr) {
            let old = self.old_name(&column.name);
            let name = old.sql();
            // which values they are, the most frequent ones first
            let from = self.rows_with(&not);
            let each = format!(
                "SELECT quote({name}) || ' (' || count(*) || ')' AS v FROM {from} WHERE {not} GROUP BY {name} \
                 ORDER BY count(*) DESC, {name} LIMIT {VALUES_SHOWN}"
            );
            let mut preflight = self.count(&message, &not, &format!("(SELECT group_concat(v, ', ') FROM ({each}))"));
            preflight.message.push_str(": {}");
            preflight
        } else {
            self.count(&message, &not, "")
        };
        if let Some((column, value)) = self.way_out(&check.expr) {
            let value = format!("{}={value}", path([&self.after.name, &column.name]));
            preflight = preflight.answer("to convert them (any SQL expression)", "convert", &value);
        }
        preflight.subject = Some(said(&check.expr));
        Some(preflight.seeks(Sought::Rejected).at(Place::Table(self.after.name.clone())))
    }

    /// The column and the first of the values, of a check that lists the values of a column.
    fn choice(&self, expr: &Expr) -> Option<(&Column, String)> {
        let tokens = significant(expr.as_str());
        let (name, rest) = tokens.split_first()?;
        let [is_in, open, values @ .., close] = rest else { return None };
        let is_list = is_in.is_word("in")
            && open.kind == TokenKind::Open
            && close.kind == TokenKind::Close
            && values.iter().enumerate().all(|(at, token)| match at % 2 {
                0 => matches!(token.kind, TokenKind::String | TokenKind::Number),
                _ => token.kind == TokenKind::Comma,
            });
        let column = self.after.column(&Name::from(name.identifier()?))?;
        is_list.then(|| Some((column, values.first()?.text.to_owned())))?
    }

    /// A conversion that makes rows fit a check of one column: its first value, its default, or NULL in their place.
    fn way_out(&self, expr: &Expr) -> Option<(&Column, String)> {
        let mentioned = self.mentioned(|name| expr.mentions(name));
        let [only] = &mentioned[..] else { return None };
        if self.is_converted(only) {
            return None;
        }
        let column = self.after.column(only).filter(|column| column.generated.is_none())?;
        let default = column.effective_default().filter(|default| default.is_literal()).map(ToString::to_string);
        let value = match self.choice(expr) {
            Some((_, first)) => Some(default.unwrap_or(first)),
            None => default,
        };
        let name = only.sql();
        match value {
            Some(value) => Some((column, format!("CASE WHEN {expr} THEN {name} ELSE {value} END"))),
            None if !self.after.rejects_null(column) => Some((column, format!("CASE WHEN {expr} THEN {name} END"))),
            None => None,
        }
    }
}

/// The column that an expression of an index makes one of vectors of.
fn vectors_of(expr: &Expr) -> Option<Name> {
    let tokens = significant(expr.as_str());
    let [function, open, column, ..] = &tokens[..] else { return None };
    let is_one = function.identifier().is_some_and(|name| name.eq_ignore_ascii_case("libsql_vector_idx"));
    (is_one && open.kind == TokenKind::Open).then(|| column.identifier().map(Name::from))?
}

/// How many of the values that a list does not have are shown.
const VALUES_SHOWN: usize = 5;

/// Whether a STRICT column refuses all that cannot be read.
fn is_as_strict_as(column: &Column, reads: &Reads) -> bool {
    match (column.decl_type.canonical().as_str(), reads) {
        ("int" | "integer", Reads::Integer(_, least, most)) => (*least, *most) == (i64::MIN, i64::MAX),
        ("real", Reads::Real(_)) | ("text", Reads::Text) | ("blob", Reads::Bytes) => true,
        _ => false,
    }
}

/// Whether the declared type says that the column holds any value.
fn holds_anything(column: &Column) -> bool {
    column.decl_type.is_empty() || column.decl_type.canonical() == "any"
}

fn type_name(column: &Column) -> &str {
    if column.decl_type.is_empty() { "no type" } else { column.decl_type.as_str() }
}
