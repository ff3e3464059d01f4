//! What is read of the rows of a table, and of the entries of an index.

use super::Unusual;
use super::layout::{Index, Layout, Place};
use super::order::{Sum, compare};
use super::record::Record;
use super::tree::{Kind, Walk};
use crate::engine::backup::fingerprint::{Cell, Rows};

/// How much is found out of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Their hash.
    Rows,
    /// The same, and the entries that their indexes have to have.
    WithIndexes,
    /// Whether they are those that were written, and the entries.
    Written,
}

/// What was read of rows.
#[derive(Debug, Clone, Default)]
pub(super) struct OfRows {
    pub(super) rows: Rows,
    /// The sum of digests of what was written, in place of their hash.
    pub(super) written: Sum,
    /// The entries that the indexes of the table have to have.
    pub(super) wanted: Vec<Sum>,
    /// Whether they are not in order.
    pub(super) is_unordered: bool,
}

impl OfRows {
    pub(super) fn none(layout: &Layout) -> Self {
        let wanted = vec![Sum::default(); layout.indexes.len()];
        Self { rows: Rows::default(), written: Sum::default(), wanted, is_unordered: false }
    }

    /// Adds what was read of other rows.
    pub(super) fn merge(&mut self, other: &Self) {
        self.rows.merge(&other.rows);
        self.written.merge(other.written);
        self.is_unordered |= other.is_unordered;
        for (all, part) in self.wanted.iter_mut().zip(&other.wanted) {
            all.merge(*part);
        }
    }
}

/// Reads the rows at and below pages.
pub(super) fn read_rows(
    walk: &mut Walk<'_>,
    layout: &Layout,
    read: Read,
    pages: &[u32],
    short: &mut Option<i64>,
) -> Result<OfRows, Unusual> {
    let OfRows { mut rows, mut written, mut wanted, mut is_unordered } = OfRows::none(layout);
    let mut record = Record::default();
    let with_indexes = read != Read::Rows;
    let indexes = if with_indexes { layout.indexes.as_slice() } else { &[] };
    let mut order = layout.own.as_ref().filter(|_| with_indexes).map(InOrder::of);
    let mut visit = |rowid: i64, bytes: &[u8]| {
        record.read(bytes)?;
        if record.len() != layout.fields {
            let is_missing = |at: usize| !layout.defaults.contains_key(&at);
            if record.len() > layout.fields || layout.kind == Kind::Index {
                return Err(Unusual("a record has another number of values than its table has columns"));
            }
            if (record.len()..layout.fields).any(is_missing) {
                *short = Some(rowid);
                return Err(Unusual("a record is older than a column"));
            }
        }
        let cell = |place: &Place| match *place {
            Place::Rowid => Cell::Integer(rowid),
            Place::Field { at, is_real } if at < record.len() => record.cell(bytes, at, is_real),
            Place::Field { at, .. } => {
                layout.defaults.get(&at).map_or(Cell::Null, |(value, is_text)| Cell::of(value, *is_text))
            }
        };
        let cells = layout.hashed.iter().map(cell);
        match read {
            Read::Written => written.add(cells),
            Read::Rows | Read::WithIndexes => rows.add(cells),
        }
        for (index, sum) in indexes.iter().zip(&mut wanted) {
            sum.add(index.columns.iter().map(|column| cell(&column.place)));
        }
        if let Some(order) = &mut order {
            is_unordered = is_unordered || order.next(bytes).is_err();
        }
        Ok(())
    };
    for page in pages {
        walk.visit(*page, layout.kind, &mut visit)?;
    }
    Ok(OfRows { rows, written, wanted, is_unordered })
}

/// Reads the entries of an index, which have to be in order.
pub(super) fn read_entries(walk: &mut Walk<'_>, index: &Index) -> Result<Sum, Unusual> {
    let mut entries = Sum::default();
    let mut order = InOrder::of(index);
    walk.visit(index.root, Kind::Index, &mut |_: i64, bytes: &[u8]| {
        order.next(bytes)?;
        if order.record.len() != index.columns.len() {
            return Err(Unusual("an entry has other columns than its index"));
        }
        let cells = index.columns.iter().enumerate();
        entries.add(cells.map(|(at, column)| order.record.cell(bytes, at, is_real(column.place))));
        Ok(())
    })?;
    Ok(entries)
}

fn is_real(place: Place) -> bool {
    matches!(place, Place::Field { is_real: true, .. })
}

/// Whether entries come in their order.
struct InOrder<'i> {
    index: &'i Index,
    record: Record,
    last: Record,
    last_bytes: Vec<u8>,
    is_first: bool,
}

impl<'i> InOrder<'i> {
    fn of(index: &'i Index) -> Self {
        let (record, last) = (Record::default(), Record::default());
        Self { index, record, last, last_bytes: Vec::new(), is_first: true }
    }

    /// Compares an entry with the one before.
    fn next(&mut self, bytes: &[u8]) -> Result<(), Unusual> {
        std::mem::swap(&mut self.record, &mut self.last);
        self.record.read(bytes)?;
        if !self.is_first && !self.follows(bytes) {
            return Err(Unusual("entries are not in order"));
        }
        self.is_first = false;
        self.last_bytes.clear();
        self.last_bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn follows(&self, bytes: &[u8]) -> bool {
        let mut has_null = false;
        for (at, column) in self.index.columns.iter().enumerate() {
            if at == self.index.keys && self.index.is_unique && !has_null {
                return false;
            }
            let is_real = is_real(column.place);
            let (last, this) = (self.last.cell(&self.last_bytes, at, is_real), self.record.cell(bytes, at, is_real));
            has_null = has_null || matches!(this, Cell::Null);
            let order = compare(last, this, column.collation);
            let order = if column.is_descending { order.reverse() } else { order };
            if order.is_ne() {
                return order.is_lt();
            }
        }
        // twice the same
        false
    }
}
