//! The rows of a large answer without a copy of each value: text and blobs stay where they are in the answer.

use super::value::BASE64;
use crate::engine::value::Value;
use base64::Engine as _;

/// Where the bytes of a value are among those of all rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    length: usize,
}

/// A value, whose bytes are elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flat {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A real number; NaN for infinity, of which JSON does not say which of the two it is.
    Real(f64),
    /// Text.
    Text(Span),
    /// Bytes.
    Blob(Span),
}

/// Rows of the same number of values.
#[derive(Debug, Clone, Default)]
pub struct FlatRows {
    bytes: Vec<u8>,
    /// Those of all rows, one row behind the other.
    values: Vec<Flat>,
    width: usize,
}

impl FlatRows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The rows.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[Flat]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// All values.
    pub fn values(&self) -> &[Flat] {
        &self.values
    }

    /// The bytes of a value.
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start..span.start + span.length).unwrap_or_default()
    }

    /// What is left of each row. Rows have to keep the same number of values.
    #[must_use]
    pub fn each(mut self, mut change: impl FnMut(&[u8], &mut Vec<Flat>)) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        let (mut row, mut width) = (Vec::new(), 0);
        for before in self.values.chunks_exact(self.width.max(1)) {
            row.clear();
            row.extend_from_slice(before);
            change(&self.bytes, &mut row);
            width = row.len();
            values.extend_from_slice(&row);
        }
        (self.values, self.width) = (values, width);
        self
    }

    /// Rows of so many values each, whose bytes lie in an answer.
    pub(super) fn in_place(bytes: Vec<u8>, values: Vec<Flat>, width: usize) -> Self {
        Self { bytes, values, width }
    }

    /// Rows that were read in another way.
    pub(in crate::engine) fn of(rows: Vec<Vec<Value>>) -> Self {
        let mut flat = Self { width: rows.first().map_or(0, Vec::len), ..Self::default() };
        for value in rows.into_iter().flatten() {
            let mut span = |bytes: &[u8]| {
                let start = flat.bytes.len();
                flat.bytes.extend_from_slice(bytes);
                Span { start, length: bytes.len() }
            };
            let value = match value {
                Value::Null => Flat::Null,
                Value::Integer(integer) => Flat::Integer(integer),
                Value::Real(real) => Flat::Real(real),
                Value::Text(text) => Flat::Text(span(text.as_bytes())),
                Value::Blob(bytes) => Flat::Blob(span(&bytes)),
            };
            flat.values.push(value);
        }
        flat
    }
}

impl Span {
    pub(super) fn between(start: usize, end: usize) -> Self {
        Self { start, length: end.saturating_sub(start) }
    }

    pub(super) fn range(self) -> (usize, usize) {
        (self.start, self.start + self.length)
    }

    /// How many bytes there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(self) -> usize {
        self.length
    }

    /// The bytes, of those of all rows.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.start + self.length).unwrap_or_default()
    }
}

/// Takes the rows of the step of that number out of an answer: them, and the rest of the answer, without rows there. The
/// answer as it was if they are not there, or not written as servers write them: what JSON allows besides is left to
/// others.
pub(super) fn take(mut body: Vec<u8>, step: usize) -> Result<(FlatRows, Vec<u8>), Vec<u8>> {
    let Some((start, end, mut rows, encoded)) = find(&body, step) else { return Err(body) };
    let mut rest = Vec::with_capacity(start + body.len() - end);
    rest.extend_from_slice(&body[..start]);
    rest.extend_from_slice(&body[end..]);
    let before = encoded.iter().map(|at| rows.values[*at]).collect::<Vec<_>>();
    // nothing is written before it is known that all of it can be
    let Some(decoded) = before.into_iter().map(|value| decoded(&body, value)).collect::<Option<Vec<_>>>() else {
        return Err(body);
    };
    for (at, bytes) in encoded.into_iter().zip(decoded) {
        // what is decoded is never longer than what it was
        if let Flat::Text(span) | Flat::Blob(span) = &mut rows.values[at] {
            body[span.start..span.start + bytes.len()].copy_from_slice(&bytes);
            span.length = bytes.len();
        }
    }
    rows.bytes = body;
    Ok((rows, rest))
}

fn decoded(body: &[u8], value: Flat) -> Option<Vec<u8>> {
    match value {
        Flat::Text(span) => {
            let quoted = body.get(span.start - 1..=span.start + span.length)?;
            serde_json::from_slice::<String>(quoted).ok().map(String::into_bytes)
        }
        Flat::Blob(span) => BASE64.decode(span.of(body)).ok(),
        _ => None,
    }
}

/// In front of the rows of each step: inside of a string its quotes would be escaped.
const ROWS: &[u8] = br#""rows":["#;

type Found = (usize, usize, FlatRows, Vec<usize>);

/// Where the rows of a step begin and end, what they are, and which of their values have to be decoded.
fn find(body: &[u8], step: usize) -> Option<Found> {
    let mut start = 0;
    for _ in 0..=step {
        let next = body.get(start..)?.windows(ROWS.len()).position(|one| one == ROWS)?;
        start += next + ROWS.len();
    }
    let mut parser = Parser { body, at: start };
    let (mut rows, mut encoded) = (FlatRows::default(), Vec::new());
    if parser.body.get(start) != Some(&b']') {
        loop {
            let before = rows.values.len();
            parser.row(&mut rows.values, &mut encoded)?;
            let width = rows.values.len() - before;
            if rows.width != width && before > 0 {
                return None;
            }
            rows.width = width;
            match parser.next()? {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        parser.at -= 1;
    }
    std::str::from_utf8(&body[start..parser.at]).ok()?;
    Some((start, parser.at, rows, encoded))
}

struct Parser<'b> {
    body: &'b [u8],
    at: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.body.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn expect(&mut self, what: &[u8]) -> Option<()> {
        self.body.get(self.at..)?.starts_with(what).then(|| self.at += what.len())
    }

    fn row(&mut self, values: &mut Vec<Flat>, encoded: &mut Vec<usize>) -> Option<()> {
        self.expect(b"[")?;
        loop {
            self.expect(br#"{"type":""#)?;
            let value = match self.body.get(self.at)? {
                b'n' => self.expect(br#"null""#).map(|()| Flat::Null)?,
                b'i' => {
                    self.expect(br#"integer","value":""#)?;
                    Flat::Integer(self.integer()?)
                }
                b'f' => {
                    self.expect(br#"float","value":"#)?;
                    Flat::Real(self.real()?)
                }
                b't' => {
                    self.expect(br#"text","value":""#)?;
                    let (span, is_escaped) = self.text()?;
                    if is_escaped {
                        encoded.push(values.len());
                    }
                    Flat::Text(span)
                }
                b'b' => {
                    self.expect(br#"blob","base64":""#)?;
                    let (span, is_escaped) = self.text()?;
                    if is_escaped {
                        return None;
                    }
                    encoded.push(values.len());
                    Flat::Blob(span)
                }
                _ => return None,
            };
            self.expect(b"}")?;
            values.push(value);
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// The digits of an integer, and the quote behind them.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let is_negative = self.body.get(self.at) == Some(&b'-');
        self.at += usize::from(is_negative);
        let (start, mut value) = (self.at, 0_i64);
        loop {
            match self.next()? {
                digit @ b'0'..=b'9' => {
                    // downwards there is one more
                    value = value.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
                }
                b'"' if self.at > start + 1 => break,
                _ => return None,
            }
        }
        if is_negative { Some(value) } else { value.checked_neg() }
    }

    fn real(&mut self) -> Option<f64> {
        let rest = &self.body[self.at..];
        let length = rest.iter().position(|byte| *byte == b'}')?;
        self.at += length;
        match &rest[..length] {
            b"null" => Some(f64::NAN),
            digits if digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) => {
                std::str::from_utf8(digits).ok()?.parse().ok()
            }
            _ => None,
        }
    }

    /// What is between here and the next quote, and whether something in it is escaped.
    #[inline]
    fn text(&mut self) -> Option<(Span, bool)> {
        let (start, mut is_escaped) = (self.at, false);
        loop {
            let rest = self.body.get(self.at..)?;
            let next = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            self.at += next + 1;
            if rest[next] == b'"' {
                return Some((Span { start, length: self.at - 1 - start }, is_escaped));
            }
            is_escaped = true;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::value::to_wire;
    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            prop::sample::select(vec![0, -1, i64::MIN, i64::MAX]).prop_map(Value::Integer),
            any::<f64>().prop_filter("JSON has no others", |real| real.is_finite()).prop_map(Value::Real),
            "[a\\\\\"\\u{0}\\u{1f}\\u{7f}\\u{e9}\\u{1f980}/]{0,8}".prop_map(Value::Text),
            r#"[]"rows:\[{},]{0,12}"#.prop_map(Value::Text),
            prop::collection::vec(any::<u8>(), 0..9).prop_map(Value::Blob),
        ]
    }

    fn answer(steps: &[Vec<Vec<Value>>]) -> Vec<u8> {
        let steps: Vec<String> = steps
            .iter()
            .map(|rows| {
                let rows: Vec<Vec<_>> =
                    rows.iter().map(|row| row.iter().map(|one| to_wire(one.clone())).collect()).collect();
                let rows = serde_json::to_string(&rows).expect("JSON");
                format!(r#"{{"cols":[{{"name":"\"rows\":[","decltype":null}}],"rows":{rows},"rows_read":3}}"#)
            })
            .collect();
        format!(r#"{{"baton":"x","results":[{{"step_results":[{}]}}]}}"#, steps.join(",")).into_bytes()
    }

    fn values(rows: &FlatRows) -> Vec<Vec<Value>> {
        let value = |value: &Flat| match *value {
            Flat::Null => Value::Null,
            Flat::Integer(integer) => Value::Integer(integer),
            Flat::Real(real) => Value::Real(real),
            Flat::Text(span) => Value::Text(String::from_utf8(rows.bytes(span).to_vec()).expect("UTF-8")),
            Flat::Blob(span) => Value::Blob(rows.bytes(span).to_vec()),
        };
        rows.rows().map(|row| row.iter().map(value).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rows_are_taken_out_as_they_are(
            first in prop::collection::vec(prop::collection::vec(value(), 1), 0..2),
            rows in prop::collection::vec(prop::collection::vec(value(), 3), 0..5),
        ) {
            let body = answer(&[first.clone(), rows.clone()]);
            let (taken, rest) = take(body, 1).expect("rows");
            prop_assert_eq!(values(&taken), rows.clone());
            prop_assert_eq!(taken.len(), rows.len());
            prop_assert_eq!(rest, answer(&[first, Vec::new()]));
            prop_assert_eq!(values(&FlatRows::of(rows.clone())), rows);
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_as_it_was() {
        for rows in [
            r#"[[{"type": "null"}]]"#,
            r#"[[{"value":"1","type":"integer"}]]"#,
            r#"[[{"type":"integer","value":"1x"}]]"#,
            r#"[[{"type":"integer","value":""}]]"#,
            r#"[[{"type":"integer","value":"9223372036854775808"}]]"#,
            r#"[[{"type":"text","value":"\x"}]]"#,
            r#"[[{"type":"blob","base64":"*"}]]"#,
            r#"[[{"type":"null"}],[{"type":"null"},{"type":"null"}]]"#,
            r#"[[{"type":"text","value":"a"#,
            r#"[[{"type":"float","value":inf}]]"#,
        ] {
            let body = format!(r#"{{"results":[{{"rows":{rows}}}]}}"#).into_bytes();
            assert_eq!(take(body.clone(), 0).err(), Some(body), "{rows}");
        }
        let body = br#"{"results":[{"error":null}]}"#.to_vec();
        assert_eq!(take(body.clone(), 0).err(), Some(body));
    }
}
