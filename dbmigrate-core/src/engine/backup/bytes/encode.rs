//! Values as records (sqlite.org/fileformat2.html#record_format).

use crate::engine::backup::fingerprint::Cell;

/// Records in the making.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    /// What of each value its bytes are.
    kinds: Vec<u8>,
    body: Vec<u8>,
    record: Vec<u8>,
}

/// The largest number that is an integer where real numbers are stored, as the engine has it: it takes six bytes.
const COMPACT: f64 = 140_737_488_355_327.0;

impl Encoder {
    /// The record of a row. `is_real`: whether a column is one of real numbers.
    pub(super) fn record<'c>(&mut self, cells: impl Iterator<Item = (Cell<'c>, bool)>) -> &[u8] {
        self.kinds.clear();
        self.body.clear();
        for (cell, is_real) in cells {
            let kind = match cell {
                Cell::Null => 0,
                Cell::Integer(integer) => self.integer(integer),
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and not too large")]
                Cell::Real(real) if is_real && is_compact(real) => self.integer(real as i64),
                Cell::Real(real) => {
                    self.body.extend_from_slice(&real.to_bits().to_be_bytes());
                    7
                }
                Cell::Text(bytes) => {
                    self.body.extend_from_slice(bytes);
                    13 + 2 * bytes.len() as u64
                }
                Cell::Blob(bytes) => {
                    self.body.extend_from_slice(bytes);
                    12 + 2 * bytes.len() as u64
                }
            };
            put_varint(&mut self.kinds, kind);
        }
        // the length of the header has its own length in it
        let mut header = self.kinds.len() + 1;
        header += varint_length(header as u64) - 1;
        self.record.clear();
        put_varint(&mut self.record, header as u64);
        self.record.extend_from_slice(&self.kinds);
        self.record.extend_from_slice(&self.body);
        &self.record
    }

    fn integer(&mut self, integer: i64) -> u64 {
        let (kind, length) = match integer {
            0 => return 8,
            1 => return 9,
            -0x80..=0x7f => (1, 1),
            -0x8000..=0x7fff => (2, 2),
            -0x80_0000..=0x7f_ffff => (3, 3),
            -0x8000_0000..=0x7fff_ffff => (4, 4),
            -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
            _ => (6, 8),
        };
        self.body.extend_from_slice(&integer.to_be_bytes()[8 - length..]);
        kind
    }
}

/// Whether a real number is stored as an integer. The engine does not tell the zeros apart there; this does.
fn is_compact(real: f64) -> bool {
    real.fract() == 0.0 && real.abs() <= COMPACT && (real != 0.0 || real.is_sign_positive())
}

pub(super) fn varint_length(value: u64) -> usize {
    match 64 - value.leading_zeros() {
        57.. => 9,
        bits => (bits as usize).div_ceil(7).max(1),
    }
}

/// Adds an integer of one to nine bytes.
#[expect(clippy::cast_possible_truncation, reason = "byte by byte")]
#[inline]
pub(super) fn put_varint(bytes: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        bytes.push(value as u8);
        return;
    }
    let length = varint_length(value);
    if length == 9 {
        for place in (1..9).rev() {
            bytes.push((value >> (1 + 7 * place)) as u8 & 0x7f | 0x80);
        }
        bytes.push(value as u8);
        return;
    }
    for place in (0..length).rev() {
        let more = if place == 0 { 0 } else { 0x80 };
        bytes.push((value >> (7 * place)) as u8 & 0x7f | more);
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::tree::varint;
    use super::*;

    #[test]
    fn integers_of_all_lengths_are_read_as_they_were_written() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let (mut bytes, mut at) = (Vec::new(), 0);
                put_varint(&mut bytes, value);
                assert_eq!((varint(&bytes, &mut at), at), (Ok(value), varint_length(value)));
            }
        }
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let mut cells = vec![Cell::Null, Cell::Text(b""), Cell::Blob(&[0; 300]), Cell::Text(b"a\0b\xff")];
        cells.extend((0..63).flat_map(|shift| [1_i64 << shift, -(1 << shift), (1 << shift) - 1].map(Cell::Integer)));
        cells.extend([0.0, -0.0, 1.0, -1.5, 1e300, 140_737_488_355_328.0, f64::INFINITY].map(Cell::Real));
        for is_real in [false, true] {
            let mut encoder = Encoder::default();
            let bytes =
                encoder.record(cells.iter().map(|cell| (*cell, is_real && matches!(cell, Cell::Real(_))))).to_vec();
            let mut record = Record::default();
            record.read(&bytes).expect("a record");
            assert_eq!(record.len(), cells.len());
            for (at, cell) in cells.iter().enumerate() {
                let found = record.cell(&bytes, at, is_real && matches!(cell, Cell::Real(_)));
                assert_eq!(format!("{found:?}"), format!("{cell:?}"));
            }
        }
    }
}
