//! Records: the values of a row, or of an entry of an index (sqlite.org/fileformat2.html#record_format).

use super::Unusual;
use super::tree::varint;
use crate::engine::backup::fingerprint::Cell;

/// Where the values of a record are.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Of each its type, and where its bytes begin.
    values: Vec<(u64, usize)>,
}

impl Record {
    /// Reads what a record says of its values.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Unusual> {
        self.values.clear();
        let mut at = 0;
        let header = usize::try_from(varint(bytes, &mut at)?).map_err(|_| CUT)?;
        let mut place = header;
        while at < header {
            let kind = varint(bytes, &mut at)?;
            self.values.push((kind, place));
            place = place.checked_add(length(kind)?).ok_or(CUT)?;
        }
        if at != header || place != bytes.len() {
            return Err(CUT);
        }
        Ok(())
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// A value. What is stored as an integer is a real number in a column for those.
    #[inline]
    pub(super) fn cell<'b>(&self, bytes: &'b [u8], number: usize, is_real: bool) -> Cell<'b> {
        let Some((kind, start)) = self.values.get(number).copied() else { return Cell::Null };
        // `read` has seen that it is there
        let of = |length: usize| bytes.get(start..start + length).unwrap_or_default();
        let integer = match kind {
            0 => return Cell::Null,
            1..=6 => signed(of([1, 2, 3, 4, 6, 8][usize::try_from(kind - 1).unwrap_or(0)])),
            7 => {
                let real = f64::from_bits(signed(of(8)).cast_unsigned());
                return if real.is_nan() { Cell::Null } else { Cell::Real(real) };
            }
            8 => 0,
            9 => 1,
            kind => {
                let bytes = of(length(kind).unwrap_or_default());
                return if kind % 2 == 0 { Cell::Blob(bytes) } else { Cell::Text(bytes) };
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "such integers were exact as real numbers")]
        if is_real { Cell::Real(integer as f64) } else { Cell::Integer(integer) }
    }
}

const CUT: Unusual = Unusual("a record is not as long as it says");

#[inline]
fn signed(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |byte| i64::from(byte.cast_signed()));
    bytes.iter().skip(1).fold(first, |value, byte| value << 8 | i64::from(*byte))
}

/// How many bytes a value of a type takes.
#[inline]
fn length(kind: u64) -> Result<usize, Unusual> {
    Ok(match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).unwrap_or_default(),
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return Err(Unusual("a value is of no type")),
        kind => usize::try_from((kind - 12) / 2).map_err(|_| CUT)?,
    })
}
