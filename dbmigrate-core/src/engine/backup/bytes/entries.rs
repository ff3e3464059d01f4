//! Indexes written to the pages of a new file: the entries of all rows are sorted, and then put one behind the other, as
//! is done with the rows of a table.

use std::io;
use std::path::Path;

use super::encode::{Encoder, put_varint};
use super::key;
use super::layout::{Index, Place};
use super::order::Collation;
use super::sort::Sorter;
use super::tree::{Kind, local_length};
use super::write::{End, page};
use crate::engine::backup::fingerprint::Cell;

/// The kinds of pages of an index.
const INTERIOR: u8 = 2;
const LEAF: u8 = 10;

/// An index in the making.
pub(in crate::engine::backup) struct Entries {
    root: u32,
    columns: Vec<Column>,
    sorter: Sorter,
}

struct Column {
    /// Which of the values of a row it is.
    value: usize,
    is_real: bool,
    collation: Collation,
    is_descending: bool,
}

/// The cells that are next to be a page of that level.
#[derive(Default)]
struct Level {
    cells: Vec<u8>,
    /// Where each cell begins.
    starts: Vec<usize>,
}

impl Entries {
    /// `value`: which of the values of a row is at a place. `None` if one of its columns is none of them.
    pub(super) fn of(
        index: &Index,
        value: impl Fn(Place) -> Option<usize>,
        beside: &Path,
        budget: usize,
    ) -> Option<Self> {
        let columns = index.columns.iter().map(|column| {
            Some(Column {
                value: value(column.place)?,
                is_real: matches!(column.place, Place::Field { is_real: true, .. }),
                collation: column.collation,
                is_descending: column.is_descending,
            })
        });
        let columns = columns.collect::<Option<_>>()?;
        Some(Self { root: index.root, columns, sorter: Sorter::of(beside, budget) })
    }

    /// Adds the entry of a row.
    pub(super) fn add(&mut self, cells: &[Cell<'_>], encoder: &mut Encoder) -> io::Result<()> {
        let Self { columns, sorter, .. } = self;
        let cell = |column: &Column| cells.get(column.value).copied().unwrap_or(Cell::Null);
        let record = encoder.record(columns.iter().map(|column| (cell(column), column.is_real)));
        let put = |key: &mut Vec<u8>| {
            for column in &*columns {
                key::put(key, cell(column), column.collation, column.is_descending);
            }
        };
        sorter.add(put, record)
    }

    /// Writes the index.
    pub(super) fn write(self, end: &End<'_>) -> io::Result<()> {
        let mut levels = vec![Level::default()];
        let mut cell = Vec::new();
        self.sorter.finish(|record| {
            cell.clear();
            put_varint(&mut cell, record.len() as u64);
            let (start, rest) = record.split_at(local_length(end.usable, record.len(), Kind::Index));
            cell.extend_from_slice(start);
            if !rest.is_empty() {
                cell.extend_from_slice(&end.overflow(rest)?.to_be_bytes());
            }
            add(end, &mut levels, 0, None, &cell)
        })?;
        if levels[0].starts.is_empty() {
            return Ok(());
        }
        let (mut last, top) = (None, levels.len() - 1);
        for (number, level) in levels.iter().enumerate() {
            let complete = page(kind(number), last, &level.starts, &level.cells, end.usable);
            if number == top {
                end.write(self.root, &complete)?;
            } else {
                last = Some(end.append(&complete)?);
            }
        }
        Ok(())
    }
}

fn kind(level: usize) -> u8 {
    if level == 0 { LEAF } else { INTERIOR }
}

/// Adds an entry behind the others of a level, and the page before it.
fn add(end: &End<'_>, levels: &mut Vec<Level>, number: usize, child: Option<u32>, cell: &[u8]) -> io::Result<()> {
    if levels.len() == number {
        levels.push(Level::default());
    }
    let level = &mut levels[number];
    level.starts.push(level.cells.len());
    level.cells.extend(child.iter().flat_map(|child| child.to_be_bytes()));
    level.cells.extend_from_slice(cell);
    let header = if number == 0 { 8 } else { 12 };
    if header + level.cells.len() + 2 * level.starts.len() <= end.usable {
        return Ok(());
    }
    // the last entry stays, so that the page behind will not be empty; the one before it divides the two. At least four
    // entries have room on a page
    let [.., divider, tail] = level.starts[..] else { return Ok(()) };
    let (before, divides) = (&level.starts[..level.starts.len() - 2], &level.cells[divider..tail]);
    let (last, entry) = divides.split_at(if number == 0 { 0 } else { 4.min(divides.len()) });
    let (last, entry) = (last.first_chunk::<4>().map(|last| u32::from_be_bytes(*last)), entry.to_vec());
    let complete = page(kind(number), last, before, &level.cells[..divider], end.usable);
    level.cells.drain(..tail);
    level.starts = vec![0];
    let complete = end.append(&complete)?;
    add(end, levels, number + 1, Some(complete), &entry)
}
