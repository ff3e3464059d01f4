//! What makes the values of a column: any value, or for columns that have to be unique, the n-th of those there are.

use std::fmt::Write as _;

use dbmigrate_core::sql::expr::Affinity;

use super::draw::{Draw, Shuffle, mix};
use super::json::Shape;
use super::limits::Limits;
use super::moment::{self, Form};
use super::pattern::Template;
use super::texts::{self, Kind};
use crate::seeding::calendar;
use crate::seeding::rows::Value;

/// What makes values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Maker {
    /// The same for every row.
    Const(Value),
    /// One of some, the weights added up beside them.
    OneOf(Vec<Value>, Vec<u64>),
    /// From one to the other in steps.
    Int { min: i64, max: i64, step: i64 },
    /// Numbers of so many parts of one.
    Real { min: i64, max: i64, parts: i64 },
    /// A time, in seconds from one to the other.
    Moment { from: i64, to: i64, form: Form },
    /// Text of a kind, cut to what checks allow.
    Text(&'static Kind, Option<Box<Limits>>),
    /// Text of a form.
    Template(Template),
    /// A UUID, as text or as bytes.
    Uuid { is_blob: bool },
    /// From so many random bytes to so many.
    Bytes(u64, u64),
    /// So many hexadecimal digits.
    Hex(usize),
    /// JSON.
    Json(Shape),
    /// Numbers that count, with the text around them if there is one: `INV-{}`.
    Sequence { start: i64, step: i64, around: Option<(String, String)> },
    /// Text with other texts in it.
    Format(Vec<Piece>),
    /// Anything of these.
    Pool(Vec<Value>),
}

/// A part of [`Maker::Format`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    Kind(&'static Kind),
    Template(Template),
    /// The number of the row, counted from 1.
    Number,
}

impl Maker {
    /// Values of which each is as likely as the others.
    pub(super) fn one_of(values: Vec<Value>) -> Self {
        let ends = (1..=values.len() as u64).collect();
        Self::OneOf(values, ends)
    }

    pub(super) fn text(name: &str) -> Self {
        Self::Text(Kind::known(name), None)
    }

    /// How many values can be told apart; `None` if there is no end of them.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::Const(_) => Some(1),
            Self::OneOf(values, _) | Self::Pool(values) => Some(values.len() as u64),
            Self::Int { min, max, step } | Self::Real { min, max, parts: step } => {
                let step = if matches!(self, Self::Int { .. }) { i128::from(*step) } else { 1 };
                let count = (i128::from(*max) - i128::from(*min)) / step + 1;
                Some(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
            }
            Self::Moment { from, to, form } => {
                let count = if *form == Form::Time {
                    calendar::DAY
                } else {
                    (to.div_euclid(form.step()) - from.div_euclid(form.step())) + 1
                };
                Some(u64::try_from(count).unwrap_or_default())
            }
            Self::Template(template) => template.count(),
            Self::Bytes(_, most) if *most < 8 => Some(256_u64.pow(u32::try_from(*most).unwrap_or_default())),
            Self::Hex(length) if *length < 16 => Some(16_u64.pow(u32::try_from(*length).unwrap_or_default())),
            Self::Format(pieces) => {
                let has_number = pieces.contains(&Piece::Number);
                (!has_number).then_some(1)
            }
            Self::Json(_)
            | Self::Text(..)
            | Self::Uuid { .. }
            | Self::Bytes(..)
            | Self::Hex(_)
            | Self::Sequence { .. } => None,
        }
    }

    /// A value for row `row`, which is counted from 0.
    pub(super) fn value(&self, row: u64, draw: &mut Draw<'_>) -> Value {
        match self {
            Self::Const(value) => value.clone(),
            Self::OneOf(values, ends) => {
                let drawn = draw.below(ends.last().copied().unwrap_or(1).max(1));
                let at = if values.len() as u64 == *ends.last().unwrap_or(&0) {
                    usize::try_from(drawn).unwrap_or_default()
                } else {
                    ends.partition_point(|end| *end <= drawn)
                };
                values[at.min(values.len() - 1)].clone()
            }
            Self::Int { .. } | Self::Real { .. } => self.nth(draw.below(self.count().unwrap_or(1).max(1))),
            Self::Moment { form, .. } => stored(self.seconds(draw), *form),
            Self::Text(kind, limits) => Value::Text(fitted(kind.make(draw), limits.as_deref(), draw)),
            Self::Template(template) => Value::Text(template.any(draw)),
            Self::Uuid { is_blob } => uuid(draw, *is_blob),
            Self::Bytes(least, most) => {
                let length = least + draw.below(most - least + 1);
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 3);
                while (bytes.len() as u64) < length {
                    bytes.extend(draw.word().to_le_bytes());
                }
                bytes.truncate(usize::try_from(length).unwrap_or_default());
                Value::Blob(bytes)
            }
            Self::Hex(length) => Value::Text(texts::hex(draw, *length)),
            Self::Json(shape) => Value::Text(shape.document(None, draw)),
            Self::Sequence { start, step, around } => {
                let number = i64::try_from(row).unwrap_or(i64::MAX).saturating_mul(*step).saturating_add(*start);
                match around {
                    Some((before, behind)) => Value::Text(format!("{before}{number}{behind}")),
                    None => Value::Integer(number),
                }
            }
            Self::Format(pieces) => Value::Text(format(pieces, row, draw)),
            Self::Pool(values) => values[draw.index(values.len())].clone(),
        }
    }

    /// A time, in seconds.
    pub(super) fn seconds(&self, draw: &mut Draw<'_>) -> i64 {
        let Self::Moment { from, to, .. } = self else { return 0 };
        let range = u64::try_from(to - from).unwrap_or_default() + 1;
        from + i64::try_from(draw.below(range)).unwrap_or_default()
    }

    /// The value with that number, which none with another number equals. The numbers end with [`Maker::count`].
    pub(super) fn distinct(&self, number: u64, key: u64, draw: &mut Draw<'_>) -> Value {
        match self {
            Self::Moment { from, form, .. } => {
                let place = Shuffle::new(key, self.count().unwrap_or(1)).place(number);
                let place = i64::try_from(place).unwrap_or_default() * form.step();
                let start = if *form == Form::Time { 0 } else { from.div_euclid(form.step()) * form.step() };
                stored((start + place).max(*from * i64::from(*form != Form::Time)), *form)
            }
            Self::Text(kind, limits) => {
                let most = limits.as_ref().and_then(|limits| limits.length.1);
                Value::Text(fitted(kind.apart(number, most, draw), limits.as_deref(), draw))
            }
            Self::Template(template) => {
                let place = match template.count() {
                    Some(count) => Shuffle::new(key, count).place(number),
                    None => number,
                };
                Value::Text(template.nth(place))
            }
            Self::Bytes(_, most) => {
                let most = usize::try_from(*most).unwrap_or_default();
                let Value::Blob(mut bytes) = self.value(number, draw) else { return Value::Null };
                bytes.resize(most, 0);
                let place = match self.count() {
                    Some(count) => Shuffle::new(key, count).place(number),
                    None => mix(number ^ key),
                };
                let front = most.min(8);
                bytes[..front].copy_from_slice(&place.to_le_bytes()[..front]);
                Value::Blob(bytes)
            }
            Self::Hex(length) => {
                let front = match self.count() {
                    Some(count) => format!("{:0width$x}", Shuffle::new(key, count).place(number), width = length),
                    None => format!("{:016x}", mix(number ^ key)),
                };
                let behind = texts::hex(draw, length.saturating_sub(front.len()));
                Value::Text(front + &behind)
            }
            Self::Json(shape) => Value::Text(shape.document(Some(number), draw)),
            Self::OneOf(values, _) | Self::Pool(values) => {
                values.get(usize::try_from(number).unwrap_or(usize::MAX)).cloned().unwrap_or(Value::Null)
            }
            Self::Int { .. } | Self::Real { .. } => self.nth(number),
            _ => self.value(number, draw),
        }
    }

    /// The n-th number.
    fn nth(&self, place: u64) -> Value {
        let offset = |min: i64, step: i64| {
            let sum = i128::from(min) + i128::from(place) * i128::from(step);
            i64::try_from(sum).unwrap_or(i64::MAX)
        };
        match self {
            Self::Int { min, step, .. } => Value::Integer(offset(*min, *step)),
            #[expect(clippy::cast_precision_loss, reason = "the parts of one are few")]
            Self::Real { min, parts, .. } => Value::Real(offset(*min, 1) as f64 / *parts as f64),
            _ => Value::Null,
        }
    }

    /// The same with nothing below (or at, if `strict`) another value of the row. `None` if nothing is left.
    pub(super) fn above(&self, other: &Value, strict: bool) -> Option<Self> {
        let above = i64::from(strict);
        let raised = match (self, other) {
            (Self::Int { min, max, step: 1 }, Value::Integer(other)) => {
                Self::Int { min: (*min).max(other.saturating_add(above)), max: *max, step: 1 }
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "it is in the range of a float"
            )]
            (Self::Real { min, max, parts }, Value::Real(_) | Value::Integer(_)) => {
                let other = match other {
                    Value::Real(real) => *real,
                    Value::Integer(integer) => *integer as f64,
                    _ => return None,
                };
                let least = (other * *parts as f64).ceil() as i64;
                let least = if strict && least as f64 <= other * *parts as f64 { least + 1 } else { least };
                Self::Real { min: (*min).max(least), max: *max, parts: *parts }
            }
            _ => return None,
        };
        (raised.count()? > 0).then_some(raised)
    }
}

/// A time as a column stores it.
pub(super) fn stored(seconds: i64, form: Form) -> Value {
    match form {
        Form::Seconds => Value::Integer(seconds),
        Form::Milliseconds => Value::Integer(seconds * 1000),
        Form::Microseconds => Value::Integer(seconds * 1_000_000),
        Form::Days => Value::Integer(seconds.div_euclid(calendar::DAY)),
        Form::Year => Value::Integer(calendar::date(seconds.div_euclid(calendar::DAY)).0),
        #[expect(clippy::cast_precision_loss, reason = "seconds of centuries fit in a float")]
        Form::Julian => Value::Real(seconds as f64 / calendar::DAY as f64 + 2_440_587.5),
        other => Value::Text(moment::text(seconds, other)),
    }
}

/// A text as checks want it, as far as cutting and padding help.
fn fitted(mut text: String, limits: Option<&Limits>, draw: &mut Draw<'_>) -> String {
    let Some(limits) = limits else { return text };
    if let Some(case) = limits.case {
        text = case.apply(&text);
    }
    if let Some(most) = limits.length.1.and_then(|most| usize::try_from(most).ok())
        && text.len() > most
    {
        texts::shorten(&mut text, most);
        let kept = text.trim_end().len();
        text.truncate(kept);
    }
    while (text.chars().count() as u64) < limits.length.0 {
        let mut letter = char::from(b'a' + u8::try_from(draw.below(26)).unwrap_or_default());
        if limits.case == Some(super::limits::Case::Upper) {
            letter.make_ascii_uppercase();
        }
        text.push(letter);
    }
    text
}

/// A UUID of version 4 (datatracker.ietf.org/doc/html/rfc9562).
fn uuid(draw: &mut Draw<'_>, is_blob: bool) -> Value {
    let mut bytes = [0_u8; 16];
    for part in bytes.chunks_exact_mut(4) {
        part.copy_from_slice(&draw.word().to_be_bytes());
    }
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    if is_blob {
        return Value::Blob(bytes.to_vec());
    }
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    Value::Text(text)
}

fn format(pieces: &[Piece], row: u64, draw: &mut Draw<'_>) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Kind(kind) => text.push_str(&kind.make(draw)),
            Piece::Template(template) => text.push_str(&template.any(draw)),
            Piece::Number => {
                let _ = write!(text, "{}", row + 1);
            }
        }
    }
    text
}

/// A value as SQLite stores it in a column of that affinity (sqlite.org/datatype3.html, section 3), so that what is read
/// back is what was made.
pub(super) fn as_stored(value: Value, affinity: Affinity) -> Value {
    match (affinity, value) {
        (Affinity::Text, Value::Integer(integer)) => Value::Text(integer.to_string()),
        // as SQLite writes it, apart from numbers that are very large or small
        (Affinity::Text, Value::Real(real)) => Value::Text(format!("{real:?}")),
        #[expect(clippy::cast_precision_loss, reason = "SQLite does the same")]
        (Affinity::Real, Value::Integer(integer)) => Value::Real(integer as f64),
        #[expect(clippy::cast_possible_truncation, clippy::float_cmp, reason = "only whole numbers are converted")]
        (Affinity::Integer | Affinity::Numeric, Value::Real(real)) if real.trunc() == real && real.abs() < 9e15 => {
            Value::Integer(real as i64)
        }
        (Affinity::Integer | Affinity::Numeric | Affinity::Real, Value::Text(text)) if looks_like_a_number(&text) => {
            let number = match text.parse::<i64>() {
                Ok(integer) => Value::Integer(integer),
                Err(_) => text.parse().map_or(Value::Text(text), Value::Real),
            };
            match number {
                Value::Text(_) => number,
                number => as_stored(number, affinity),
            }
        }
        (_, value) => value,
    }
}

fn looks_like_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
}
