//! Fields of messages, one after the other, without a copy of what is in them.

use super::super::flat::{Flat, Span};

/// How a field is written.
pub(super) const VARINT: u64 = 0;
pub(super) const FIXED: u64 = 1;
pub(super) const LENGTH: u64 = 2;
const FIXED_SHORT: u64 = 5;

/// The key of a value in a row, and those of the one field in a value.
const VALUE: u8 = 1 << 3 | 2;
const NULL: u8 = 1 << 3 | 2;
const INTEGER: u8 = 2 << 3;
const REAL: u8 = 3 << 3 | 1;
const TEXT: u8 = 4 << 3 | 2;
const BLOB: u8 = 5 << 3 | 2;

/// An integer whose sign was its last bit.
#[inline]
pub(super) fn unfolded(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
}

/// What these bytes are a number of, all of them.
#[inline]
fn whole_varint(bytes: &[u8]) -> Option<u64> {
    let (last, others) = bytes.split_last()?;
    let is_whole = others.len() < 10 && *last < 0x80 && others.iter().all(|byte| *byte >= 0x80);
    is_whole.then(|| bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
}

/// What is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// What a field has in it.
#[derive(Clone, Copy)]
pub(super) enum Content<'b> {
    Number(u64),
    /// Eight bytes.
    Fixed(u64),
    /// A message, text or bytes.
    Bytes(Fields<'b>),
    /// Four bytes, which nobody asks for.
    Other,
}

/// A part of an answer that is read as the fields of a message.
#[derive(Clone, Copy)]
pub(super) struct Fields<'b> {
    body: &'b [u8],
    at: usize,
    end: usize,
}

impl<'b> Fields<'b> {
    /// All of an answer.
    pub(super) fn of(body: &'b [u8]) -> Self {
        Self { body, at: 0, end: body.len() }
    }

    /// All of an answer of which only the beginning has come. What is behind that is no field, rather than the end.
    pub(super) fn arriving(body: &'b [u8]) -> Self {
        Self { body, at: 0, end: usize::MAX }
    }

    /// All of it, if it has come.
    pub(super) fn arrived(self) -> Result<Self, Malformed> {
        if self.end <= self.body.len() { Ok(self) } else { Err(Malformed) }
    }

    /// A part of one.
    pub(super) fn within(body: &'b [u8], span: Span) -> Self {
        let (start, end) = span.range();
        Self { body, at: start.min(body.len()), end: end.min(body.len()) }
    }

    /// Where it is.
    pub(super) fn span(&self) -> Span {
        Span::between(self.at, self.end)
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &'b [u8] {
        self.body.get(self.at..self.end).unwrap_or_default()
    }

    /// The bytes, if they are text.
    pub(super) fn text(&self) -> Result<&'b str, Malformed> {
        std::str::from_utf8(self.bytes()).map_err(|_| Malformed)
    }

    /// The next field, with its number.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u64, Content<'b>)>, Malformed> {
        if self.at >= self.end {
            return Ok(None);
        }
        let key = self.varint()?;
        let content = match key & 7 {
            VARINT => Content::Number(self.varint()?),
            FIXED => Content::Fixed(u64::from_le_bytes(self.array()?)),
            LENGTH => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                let start = self.at;
                self.at = start.checked_add(length).filter(|end| *end <= self.end).ok_or(Malformed)?;
                Content::Bytes(Self { body: self.body, at: start, end: self.at })
            }
            FIXED_SHORT => {
                self.array::<4>()?;
                Content::Other
            }
            _ => return Err(Malformed),
        };
        Ok(Some((key >> 3, content)))
    }

    /// The next value of a row, if it is written as servers do and is short, as nearly all are: its bytes are looked at once.
    /// `None`, and nothing is read, if there is none or it is to be read field by field.
    #[inline]
    pub(super) fn short_value(&mut self) -> Result<Option<Flat>, Malformed> {
        let [VALUE, length, rest @ ..] = self.bytes() else { return Ok(None) };
        let (start, length) = (self.at + 2, usize::from(*length));
        if length >= 0x80 {
            return Ok(None);
        }
        let span = |value: &[u8]| Span::between(start + length - value.len(), start + length);
        let value = match rest.get(..length) {
            Some([NULL, 0]) => Flat::Null,
            Some([INTEGER, number @ ..]) => match whole_varint(number) {
                Some(bits) => Flat::Integer(unfolded(bits)),
                None => return Ok(None),
            },
            Some([REAL, bytes @ ..]) => match <[u8; 8]>::try_from(bytes) {
                Ok(bytes) => Flat::Real(f64::from_bits(u64::from_le_bytes(bytes))),
                Err(_) => return Ok(None),
            },
            Some([TEXT, count, text @ ..]) if usize::from(*count) == text.len() => {
                std::str::from_utf8(text).map_err(|_| Malformed)?;
                Flat::Text(span(text))
            }
            Some([BLOB, count, bytes @ ..]) if usize::from(*count) == bytes.len() => Flat::Blob(span(bytes)),
            _ => return Ok(None),
        };
        self.at = start + length;
        Ok(Some(value))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        // keys, and most lengths
        match self.body.get(self.at) {
            Some(byte) if *byte < 0x80 && self.at < self.end => {
                self.at += 1;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let bytes = self.body.get(self.at..self.end.min(self.body.len())).unwrap_or_default();
        let (mut number, mut shift) = (0_u64, 0);
        for (at, byte) in bytes.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                self.at += at + 1;
                return Ok(number);
            }
            shift += 7;
        }
        Err(Malformed)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let rest = self.body.get(self.at..self.end.min(self.body.len()));
        let bytes = rest.and_then(|rest| rest.first_chunk()).ok_or(Malformed)?;
        self.at += N;
        Ok(*bytes)
    }
}
