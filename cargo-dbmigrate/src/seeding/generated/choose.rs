//! Chooses what makes the values of a column of which the set says nothing: by what its checks allow, by its type, its
//! default and its name.

use dbmigrate_core::engine::populate::Suggestions;
use dbmigrate_core::schema::{Column, Reads, Schema, Table, Vector};
use dbmigrate_core::sql::Expr;
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::token::significant;

use super::checks::Checks;
use super::draw::Share;
use super::fit;
use super::json::{NUMBER, Shape};
use super::limits::{JsonType, Limits};
use super::maker::{Maker, as_stored};
use super::moment::{self, Form};
use super::names::{self, Role};
use super::numbers::{integer, real};
use super::terms::literal;
use super::text_names::text_kind;
use crate::seeding::calendar::{self, DAY};
use crate::seeding::rows::Value;

/// What is known of a table whose columns get values.
pub(super) struct Chooser<'a> {
    pub(super) schema: &'a Schema,
    pub(super) table: &'a Table,
    pub(super) checks: &'a Checks,
    pub(super) suggestions: &'a Suggestions,
    /// From when to when times lie.
    pub(super) window: (i64, i64),
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    /// What makes the values; `None` if only the engine can tell which ones fit.
    pub(super) maker: Option<Maker>,
    /// How many of the values are NULL, where they may be.
    pub(super) null: Share,
    /// What the column is to other times, if it holds a time.
    pub(super) role: Option<Role>,
}

impl Chooser<'_> {
    /// What fits a column. If it has to be unique, only what has enough values for `rows`, as far as the column's type
    /// has a choice.
    pub(super) fn choose(&self, at: usize, unique: Option<u64>) -> Choice {
        let column = &self.table.columns[at];
        let none = Limits::default();
        let limits = self.checks.limits.get(&at).unwrap_or(&none);
        let words = names::words(column.name.as_str());
        let affinity = self.table.affinity(column);
        let (maker, role) = self.maker(column, &words, limits, unique);
        let maker = maker.map(|maker| match maker {
            Maker::OneOf(values, ends) => {
                Maker::OneOf(values.into_iter().map(|value| as_stored(value, affinity)).collect(), ends)
            }
            other => other,
        });
        let null = if names::has_any(&words, &["deleted", "archived", "revoked", "banned", "canceled", "cancelled"]) {
            Share::thousandths(900)
        } else if role.is_some_and(|role| role != Role::First) {
            Share::thousandths(400)
        } else {
            Share::thousandths(100)
        };
        Choice { maker, null, role }
    }

    fn maker(
        &self,
        column: &Column,
        words: &str,
        limits: &Limits,
        unique: Option<u64>,
    ) -> (Option<Maker>, Option<Role>) {
        let affinity = self.table.affinity(column);
        if let Some(values) = &limits.one_of {
            let fits = |value: &&Value| !limits.none_of.contains(value) && self.stores(column, value);
            let values: Vec<Value> = values.iter().filter(fits).cloned().collect();
            return ((!values.is_empty()).then(|| Maker::one_of(values)), None);
        }
        let reads = self.schema.reads.get(&(self.table.name.clone(), column.name.clone()));
        match reads {
            Some(Reads::Words(words)) => {
                return (Some(Maker::one_of(words.iter().cloned().map(Value::Text).collect())), None);
            }
            Some(Reads::Numbers(numbers)) => {
                let numbers = numbers.iter().filter_map(|number| number.parse().ok()).map(Value::Integer);
                return (Some(Maker::one_of(numbers.collect())), None);
            }
            _ => {}
        }
        if Vector::of(&column.decl_type).is_some() || limits.type_of.as_deref() == Some("null") {
            return (None, None);
        }
        if let Some(json) = self.json(column, words, limits, reads) {
            return (json, None);
        }
        if let Some((form, role)) = self.moment(column, words, limits, reads) {
            let (from, to) = if role == Role::Apart {
                (calendar::days(1950, 1, 1) * DAY, calendar::days(2006, 1, 1) * DAY - 1)
            } else {
                (self.window.0, self.window.1 - 1)
            };
            return (Some(Maker::Moment { from, to, form }), Some(role));
        }
        let upper = column.decl_type.as_str().to_ascii_uppercase();
        let is_text = matches!(limits.type_of.as_deref(), Some("text"));
        if !is_text && unique.is_none() && self.is_flag(column, words, limits, reads, &upper) {
            return (Some(Maker::OneOf(vec![Value::Integer(0), Value::Integer(1)], vec![1, 2])), None);
        }
        if upper.contains("UUID") || upper.contains("GUID") || matches!(reads, Some(Reads::Uuid)) {
            let is_blob = self.table.strict && affinity == Affinity::Blob;
            return (Some(Maker::Uuid { is_blob }), None);
        }
        let maker = match affinity {
            Affinity::Integer => integer(words, limits, reads, unique),
            Affinity::Real => real(words, limits, unique),
            Affinity::Text => self.text(column, words, limits, unique),
            Affinity::Blob => self.blob(column, words, limits, unique),
            Affinity::Numeric => {
                let is_number = ["NUM", "DEC", "MONEY", "CURRENCY"].iter().any(|word| upper.contains(word))
                    || limits.min.is_some()
                    || limits.max.is_some();
                let kind = text_kind(&self.table_words(), words);
                if is_number || (kind.is_none() && !upper.contains("STR")) {
                    if names::range(words).2 > 1
                        || upper.contains("DEC")
                        || limits.max.is_some_and(|(max, _)| max <= 1.0)
                    {
                        real(words, limits, unique)
                    } else {
                        integer(words, limits, reads, unique)
                    }
                } else {
                    self.text(column, words, limits, unique)
                }
            }
        };
        (maker, None)
    }

    pub(super) fn table_words(&self) -> String {
        names::words(self.table.name.as_str())
    }

    /// Whether a `STRICT` table takes the value.
    fn stores(&self, column: &Column, value: &Value) -> bool {
        if !self.table.strict {
            return true;
        }
        match (self.table.affinity(column), as_stored(value.clone(), self.table.affinity(column))) {
            (Affinity::Text, Value::Text(_))
            | (Affinity::Integer, Value::Integer(_))
            | (Affinity::Real, Value::Real(_))
            | (Affinity::Numeric, Value::Integer(_) | Value::Real(_)) => true,
            (Affinity::Blob, value) => {
                column.decl_type.as_str().eq_ignore_ascii_case("any") || matches!(value, Value::Blob(_))
            }
            _ => false,
        }
    }

    fn is_flag(&self, column: &Column, words: &str, limits: &Limits, reads: Option<&Reads>, upper: &str) -> bool {
        if matches!(reads, Some(Reads::Bool)) || upper.contains("BOOL") {
            return limits.allows_number(0.0) && limits.allows_number(1.0);
        }
        let affinity = self.table.affinity(column);
        let has_bool_default =
            column.default.as_ref().is_some_and(|default| ["true", "false"].contains(&default.canonical().as_str()));
        let has_bit_default = column
            .default
            .as_ref()
            .is_none_or(|default| ["true", "false", "0", "1", "'0'", "'1'"].contains(&default.canonical().as_str()));
        matches!(affinity, Affinity::Integer | Affinity::Numeric)
            && limits == &Limits::default()
            && (has_bool_default || (names::is_flag(words) && has_bit_default))
    }

    #[expect(clippy::option_option, reason = "it is JSON, and what makes it is not known")]
    fn json(&self, column: &Column, words: &str, limits: &Limits, reads: Option<&Reads>) -> Option<Option<Maker>> {
        let affinity = self.table.affinity(column);
        let paths = self.suggestions.json(self.table, column);
        let upper = column.decl_type.as_str().to_ascii_uppercase();
        let default = column.default.as_ref().map(Expr::canonical).unwrap_or_default();
        let by_name = matches!(affinity, Affinity::Text)
            && !limits.restricts_text()
            && (names::has_any(words, &["json", "metadata", "payload", "settings", "preferences", "attributes"])
                || default.starts_with("'{")
                || default.starts_with("'["));
        let is_json = limits.json.is_some()
            || paths.is_some()
            || upper.contains("JSON")
            || matches!(reads, Some(Reads::Json))
            || by_name;
        if !is_json || matches!(affinity, Affinity::Integer | Affinity::Real) {
            return None;
        }
        if self.table.strict && affinity == Affinity::Blob {
            return Some(None);
        }
        if paths.is_some_and(|paths| !paths.is_empty()) {
            let first = self.suggestions.values(self.table, column, NUMBER.parse().unwrap_or(1)).into_iter().next();
            return Some(match first.and_then(|sql| literal(&significant(&sql))) {
                Some(Value::Text(text)) => Some(Maker::Json(Shape::Numbered(text))),
                _ => None,
            });
        }
        let is_array = limits.json == Some(JsonType::Array)
            || self.suggestions.is_array(self.table, column)
            || default.starts_with("'[")
            || (limits.json != Some(JsonType::Object)
                && names::has_any(words, &["tags", "list", "items", "ids", "roles", "scopes"]));
        Some(Some(Maker::Json(if is_array { Shape::Words } else { Shape::Object })))
    }

    fn moment(&self, column: &Column, words: &str, limits: &Limits, reads: Option<&Reads>) -> Option<(Form, Role)> {
        let affinity = self.table.affinity(column);
        let upper = column.decl_type.as_str().to_ascii_uppercase();
        let by_default = column.default.as_ref().and_then(|default| form_of_default(default.as_str()));
        let by_type = match upper.split('(').next().unwrap_or_default().trim() {
            "DATE" => Some(Form::Date),
            "TIME" => Some(Form::Time),
            declared if declared.contains("TIMESTAMP") || declared.contains("DATETIME") => Some(Form::Spaced),
            _ => None,
        };
        let by_reads = match reads {
            Some(Reads::Date) => Some(Form::Date),
            Some(Reads::Time) => Some(Form::Time),
            Some(Reads::DateTime) => Some(Form::Spaced),
            _ => None,
        };
        let by_check = limits.moment.map(|function| match function {
            "date" => Form::Date,
            "time" => Form::Time,
            "iso" => Form::Iso,
            "iso_ms" => Form::IsoMilliseconds,
            _ => Form::Spaced,
        });
        let is_read = self.suggestions.is_date(self.table, column) && !names::is_flag(words);
        let by_name = names::is_moment(words);
        let found = by_check.or(by_reads).or(by_default).or(by_type);
        if found.is_none() && !is_read && !by_name {
            return None;
        }
        let is_short = limits.length.1.or(declared_length(&upper)).is_some_and(|most| most < 10);
        if affinity == Affinity::Text && is_short && found.is_none() {
            return None;
        }
        // what others of the table have as their default is how it writes times
        let by_others = || {
            let mut others = self.table.columns.iter().filter_map(|other| other.default.as_ref());
            others.find_map(|default| form_of_default(default.as_str()))
        };
        let ends_as_date =
            ["date", "on", "day", "birthday", "birthdate", "dob"].iter().any(|end| names::ends(words, end));
        let form = match affinity {
            Affinity::Integer => {
                let numeric = found.or_else(by_others).filter(|form| form.is_number());
                let form = numeric.unwrap_or(Form::Seconds);
                #[expect(clippy::cast_precision_loss, reason = "seconds fit in a float")]
                let allows = |form: &Form| matches!(super::maker::stored(self.window.0, *form), Value::Integer(number) if limits.allows_number(number as f64));
                [form, Form::Seconds, Form::Milliseconds, Form::Microseconds, Form::Days].into_iter().find(allows)?
            }
            Affinity::Real => found.filter(|form| form.is_number()).unwrap_or(Form::Julian),
            Affinity::Blob if self.table.strict && !upper.eq_ignore_ascii_case("any") => return None,
            Affinity::Blob if found.is_none() && upper == "BLOB" => return None,
            Affinity::Text | Affinity::Numeric | Affinity::Blob => {
                let by_words = (found.is_none() && ends_as_date).then_some(Form::Date);
                let form =
                    found.or(by_words).or_else(|| by_others().filter(|form| !form.is_number())).unwrap_or(Form::Iso);
                let text = |form: Form| moment::text(self.window.0, form);
                if affinity == Affinity::Text && !form.is_number() && limits.restricts_text() {
                    [form, Form::Iso, Form::Spaced, Form::Date, Form::IsoMilliseconds, Form::Time]
                        .into_iter()
                        .find(|form| limits.allows_text(&text(*form)))?
                } else {
                    form
                }
            }
        };
        Some((form, names::role(words)))
    }

    fn text(&self, column: &Column, words: &str, limits: &Limits, unique: Option<u64>) -> Option<Maker> {
        let mut limits = limits.clone();
        if let Some(most) = declared_length(column.decl_type.as_str()) {
            // SQLite does not mind, other programs may
            if limits.length.0 <= most {
                limits.shorter(most);
            }
        }
        let default = column.default.as_ref().map(Expr::canonical).unwrap_or_default();
        let is_random = default.contains("randomblob");
        let kind = text_kind(&self.table_words(), words);
        let is_key = names::ends(words, "id") || names::ends(words, "uuid") || names::ends(words, "guid");
        let natural = if is_random && !default.contains("'-'") {
            let bytes = default.split("randomblob").nth(1).unwrap_or_default();
            let bytes: String = bytes.chars().filter(char::is_ascii_digit).take(3).collect();
            Maker::Hex(2 * bytes.parse::<usize>().unwrap_or(16).clamp(1, 256))
        } else if is_random || is_key {
            Maker::Uuid { is_blob: false }
        } else if let Some(kind) = kind {
            Maker::text(kind)
        } else if let (None, Some(Value::Text(text))) =
            (unique, column.default.as_ref().and_then(|default| literal(&significant(default.as_str()))))
            && !text.is_empty()
        {
            Maker::Const(Value::Text(text))
        } else {
            Maker::text(if limits.length.1.is_some_and(|most| most < 12) { "word" } else { "words" })
        };
        fit::text(natural, &limits, unique)
    }

    fn blob(&self, column: &Column, words: &str, limits: &Limits, unique: Option<u64>) -> Option<Maker> {
        let declared = column.decl_type.as_str();
        let holds_anything = declared.is_empty() || (self.table.strict && declared.eq_ignore_ascii_case("any"));
        let wants = limits.type_of.as_deref();
        if holds_anything && wants != Some("blob") {
            let has_range = limits.min.is_some() || limits.max.is_some() || limits.multiple_of.is_some();
            if wants == Some("integer")
                || has_range
                || (wants.is_none() && (names::ends(words, "id") || names::is_flag(words)))
            {
                return integer(words, limits, None, unique);
            }
            if wants == Some("real") {
                return real(words, limits, unique);
            }
            return self.text(column, words, limits, unique);
        }
        if !(limits.like.is_empty() && limits.glob.is_empty()) || limits.case.is_some() {
            return None;
        }
        let usual =
            if names::has_any(words, &["sha256", "hash", "digest", "secret", "key", "token"]) { 32 } else { 16 };
        let (least, most) = (limits.length.0, limits.length.1);
        let length = usual.max(least).min(most.unwrap_or(u64::MAX));
        let is_uuid = length == 16 && (names::ends(words, "id") || names::has(words, "uuid"));
        Some(if is_uuid { Maker::Uuid { is_blob: true } } else { Maker::Bytes(length, length) })
    }
}

/// The length in `VARCHAR(20)`.
pub(super) fn declared_length(declared: &str) -> Option<u64> {
    let (name, rest) = declared.split_once('(')?;
    let is_text = ["CHAR", "CLOB", "TEXT"].iter().any(|word| name.to_ascii_uppercase().contains(word));
    is_text.then(|| rest.trim_end_matches(')').trim().parse().ok()).flatten().filter(|length| *length > 0)
}

/// How a default writes the time, if it is one.
fn form_of_default(default: &str) -> Option<Form> {
    let text = default.to_ascii_lowercase();
    let times = if text.contains("1000000") { 6 } else { 3 * u8::from(text.contains("1000")) };
    let found = if text.contains("unixepoch") || text.contains("'%s'") {
        match times {
            6 => Form::Microseconds,
            3 => Form::Milliseconds,
            _ => Form::Seconds,
        }
    } else if text.contains("strftime") {
        match (text.contains("%f"), text.contains("%h"), text.contains("t%h")) {
            (true, ..) => Form::IsoMilliseconds,
            (_, true, true) => Form::Iso,
            (_, true, false) => Form::Spaced,
            _ => Form::Date,
        }
    } else if text.contains("julianday") {
        if times > 0 { Form::Milliseconds } else { Form::Julian }
    } else if text.contains("current_timestamp") || text.contains("datetime(") {
        Form::Spaced
    } else if text.contains("current_date") || text.starts_with("date(") {
        Form::Date
    } else if text.contains("current_time") || text.starts_with("time(") {
        Form::Time
    } else {
        return None;
    };
    Some(found)
}
