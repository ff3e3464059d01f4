//! Rows written to the pages of a new file, tree by tree, in the order of their rowids, and the indexes of a table behind
//! them: nothing is looked for, divided or written twice. The engine has made the file with its tables, and is not there
//! meanwhile. Whether everything is as it has to be is verified as for every copy.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::encode::{Encoder, put_varint, varint_length};
use super::entries::Entries;
use super::flush::Flusher;
use super::layout::{Layout, Place};
use super::order::Sum;
use super::pager::{HEADER, Pager, read_at};
use super::tree::{Kind, local_length};
use crate::engine::backup::fingerprint::Cell;
use crate::engine::backup::verify::joined;

/// How many bytes are written at once.
const CHUNK: usize = 1024 * 1024;

/// How many bytes of entries of indexes are sorted in memory, for all indexes of a table.
const SORTED: usize = 8 * 1024 * 1024;

/// Where the engine has a page for locks, in bytes.
const LOCKS: u64 = 0x4000_0000;

/// A file that gets pages at its end.
pub(in crate::engine::backup) struct Writer {
    file: File,
    page_size: usize,
    pub(super) usable: usize,
    /// How many pages there are, those included that wait to be written.
    count: u32,
    /// The pages that wait.
    waiting: Vec<u8>,
    encoder: Encoder,
    cell: Vec<u8>,
    /// Brings it to the disk meanwhile, if the file can be opened once more.
    flusher: Option<Flusher>,
}

/// The tree of a table in the making.
pub(in crate::engine::backup) struct Tree {
    root: u32,
    /// Which of the values of a row is the rowid.
    rowid: usize,
    /// Which of them each field of the record is, and whether it is in a column of real numbers. None is the rowid.
    fields: Vec<Option<(usize, bool)>>,
    /// Its indexes.
    indexes: Vec<Entries>,
    /// Whether it has others, which do not know of the rows.
    pub(in crate::engine::backup) has_others: bool,
    /// The rowid of the last row.
    last: Option<i64>,
    leaf: Leaf,
    /// The sum of digests of its rows.
    written: Sum,
    /// The pages with rows that nobody has asked for, in the order of the rows.
    leaves: Vec<u32>,
    /// Above it, from below: each the pages that are next to be put together.
    levels: Vec<Vec<Child>>,
}

#[derive(Debug, Default)]
struct Leaf {
    cells: Vec<u8>,
    /// Where each cell begins.
    starts: Vec<usize>,
}

/// A page that is complete.
#[derive(Debug, Clone, Copy)]
struct Child {
    page: u32,
    /// Its largest rowid.
    key: i64,
}

#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(super) fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn odd(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Tree {
    /// The tree of a table without rows. `None` if there is something in its rows that is not read from elsewhere. What is
    /// sorted lies beside that file.
    pub(super) fn of(layout: &Layout, beside: &Path) -> Option<Self> {
        let mut fields = vec![None; layout.fields];
        let mut rowid = None;
        for (number, place) in layout.hashed.iter().enumerate() {
            match *place {
                Place::Rowid => rowid = Some(number),
                Place::Field { at, is_real } => *fields.get_mut(at)? = Some((number, is_real)),
            }
        }
        let unknown = fields.iter().filter(|field| field.is_none()).count();
        let is_known = layout.kind == Kind::Table && unknown == usize::from(layout.has_alias);
        let (root, rowid) = (layout.root, rowid.filter(|_| is_known)?);
        let value = |place| match place {
            Place::Rowid => Some(rowid),
            Place::Field { at, .. } => fields.get(at).copied().flatten().map(|(number, _)| number),
        };
        let budget = SORTED / layout.indexes.len().max(1);
        let indexes = layout.indexes.iter().map(|index| Entries::of(index, value, beside, budget));
        // if the engine has to make one of them, it makes all of them
        let indexes: Option<Vec<_>> = if layout.has_all { indexes.collect() } else { None };
        let (has_others, indexes) = (indexes.is_none(), indexes.unwrap_or_default());
        let (leaf, levels) = (Leaf::default(), Vec::new());
        let (written, leaves) = (Sum::default(), Vec::new());
        Some(Self { root, rowid, fields, indexes, has_others, last: None, leaf, written, leaves, levels })
    }
}

impl Tree {
    /// What was written, by digest.
    pub(super) fn written(&self) -> Sum {
        self.written
    }
}

impl Writer {
    /// A file that the engine has made and closed. `None` if its pages are of a kind that is not written here.
    pub(super) fn of(file: File) -> Option<Self> {
        let pager = Pager::of(&file).ok()?;
        let (page_size, usable, count) = (pager.page_size, pager.usable, pager.count);
        let is_whole = file.metadata().ok()?.len() == u64::from(count) * page_size as u64;
        let (waiting, encoder, cell) = (Vec::new(), Encoder::default(), Vec::new());
        let flusher = file.try_clone().ok().map(Flusher::start);
        is_whole.then(|| Self { file, page_size, usable, count, waiting, encoder, cell, flusher })
    }

    /// Adds a row behind the others of its table: what is hashed of it.
    pub(in crate::engine::backup) fn add(&mut self, tree: &mut Tree, cells: &[Cell<'_>]) -> io::Result<()> {
        let Some(Cell::Integer(rowid)) = cells.get(tree.rowid).copied() else { return Err(odd("a row has no rowid")) };
        if tree.last.is_some_and(|last| last >= rowid) {
            return Err(odd("rows did not come in the order of their rowids"));
        }
        let value = |field: &Option<(usize, bool)>| match *field {
            Some((at, is_real)) => (cells.get(at).copied().unwrap_or(Cell::Null), is_real),
            None => (Cell::Null, false),
        };
        // taken out so that pages can be added while it is looked at
        let mut encoder = std::mem::take(&mut self.encoder);
        let record = encoder.record(tree.fields.iter().map(value));
        let mut cell = std::mem::take(&mut self.cell);
        cell.clear();
        put_varint(&mut cell, record.len() as u64);
        put_varint(&mut cell, rowid.cast_unsigned());
        let local = local_length(self.usable, record.len(), Kind::Table);
        let (start, rest) = record.split_at(local);
        cell.extend_from_slice(start);
        if !rest.is_empty() {
            let first = self.overflow(rest)?;
            cell.extend_from_slice(&first.to_be_bytes());
        }
        if 8 + tree.leaf.cells.len() + cell.len() + 2 * (tree.leaf.starts.len() + 1) > self.usable {
            let (page, key) = (tree.leaf.page(self.usable), tree.last.unwrap_or_default());
            tree.leaf.clear();
            let page = self.append(&page)?;
            tree.leaves.push(page);
            self.adopt(tree, 0, Child { page, key })?;
        }
        tree.leaf.starts.push(tree.leaf.cells.len());
        tree.leaf.cells.extend_from_slice(&cell);
        tree.last = Some(rowid);
        tree.written.add(cells.iter().copied());
        for index in &mut tree.indexes {
            index.add(cells, &mut encoder)?;
        }
        (self.encoder, self.cell) = (encoder, cell);
        Ok(())
    }

    /// Puts a page below others.
    fn adopt(&mut self, tree: &mut Tree, level: usize, child: Child) -> io::Result<()> {
        if tree.levels.len() == level {
            tree.levels.push(Vec::new());
        }
        let children = &mut tree.levels[level];
        children.push(child);
        if children.len() > 3 && interior_length(children) > self.usable {
            // two stay, so that no page will have only one below it
            let complete: Vec<Child> = children.drain(..children.len() - 2).collect();
            let parent = self.interior(&complete)?;
            self.adopt(tree, level + 1, parent)?;
        }
        Ok(())
    }

    fn interior(&mut self, children: &[Child]) -> io::Result<Child> {
        let page = self.append(&interior(children, self.usable))?;
        Ok(Child { page, key: children.last().map_or(0, |last| last.key) })
    }

    /// Completes the rows of a tree, all of which are in the file then. Returns its indexes, which are not.
    pub(in crate::engine::backup) fn finish_rows(&mut self, tree: &mut Tree) -> io::Result<Vec<Entries>> {
        if let Some(last) = tree.last {
            let mut root = tree.leaf.page(self.usable);
            if tree.levels.is_empty() {
                tree.leaves.push(tree.root);
            } else {
                let page = self.append(&root)?;
                tree.leaves.push(page);
                self.adopt(tree, 0, Child { page, key: last })?;
                let mut level = 0;
                while level + 1 < tree.levels.len() {
                    let children = std::mem::take(&mut tree.levels[level]);
                    let parent = self.interior(&children)?;
                    self.adopt(tree, level + 1, parent)?;
                    level += 1;
                }
                root = interior(&tree.levels[level], self.usable);
            }
            write_at(&self.file, &root, u64::from(tree.root - 1) * self.page_size as u64)?;
        }
        self.flush()?;
        Ok(if tree.last.is_some() { std::mem::take(&mut tree.indexes) } else { Vec::new() })
    }

    /// The pages with rows of a tree that are in the file and were not asked for, and how many pages are in it.
    pub(in crate::engine::backup) fn take_written(&self, tree: &mut Tree) -> (Vec<u32>, u32) {
        let waiting = u32::try_from(self.waiting.len() / self.page_size).unwrap_or(u32::MAX);
        let written = self.count - waiting;
        let there = tree.leaves.partition_point(|page| *page <= written);
        (tree.leaves.drain(..there).collect(), written)
    }

    /// Writes indexes, on as many threads as there are processors.
    pub(in crate::engine::backup) fn write_indexes(&mut self, indexes: Vec<Entries>) -> io::Result<()> {
        self.flush()?;
        let end = End { file: &self.file, page_size: self.page_size, usable: self.usable, count: self.count.into() };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(indexes.len());
        let left = Mutex::new(indexes.into_iter());
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || std::iter::from_fn(next).try_for_each(|index| index.write(&end));
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            others.into_iter().fold(work(), |result, other| result.and(joined(other)))
        })?;
        self.count = end.count.into_inner();
        Ok(())
    }

    /// A handle of the same file for whoever reads it.
    pub(in crate::engine::backup) fn handle(&self) -> Option<File> {
        self.file.try_clone().ok()
    }

    /// Writes the end of a record to pages of its own, and returns the first of them.
    fn overflow(&mut self, rest: &[u8]) -> io::Result<u32> {
        let first = self.next();
        let mut parts = rest.chunks(self.usable - 4).peekable();
        while let Some(part) = parts.next() {
            let next = if parts.peek().is_some() { self.behind(self.next()) } else { 0 };
            self.append(&overflow_page(next, part))?;
        }
        Ok(first)
    }

    /// The number of the next page that is added.
    fn next(&self) -> u32 {
        self.behind(self.count)
    }

    /// The number of the page that is added behind that one.
    fn behind(&self, number: u32) -> u32 {
        number + if u64::from(number) * self.page_size as u64 == LOCKS { 2 } else { 1 }
    }

    /// Adds a page, and returns its number.
    fn append(&mut self, page: &[u8]) -> io::Result<u32> {
        let number = self.next();
        for _ in self.count..number {
            self.count += 1;
            let end = self.waiting.len() + self.page_size;
            if self.count == number {
                self.waiting.extend_from_slice(page);
            }
            self.waiting.resize(end, 0);
        }
        if self.waiting.len() >= CHUNK {
            self.flush()?;
        }
        Ok(number)
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = u64::from(self.count) * self.page_size as u64 - self.waiting.len() as u64;
        write_at(&self.file, &self.waiting, written)?;
        if let Some(flusher) = &mut self.flusher {
            flusher.wrote(self.waiting.len());
        }
        self.waiting.clear();
        Ok(())
    }

    /// Writes what waits, and how many pages there are.
    pub(in crate::engine::backup) fn finish(mut self) -> io::Result<()> {
        // waits for what it is at
        self.flusher = None;
        self.flush()?;
        // what is reserved at the end of the last page was never written
        self.file.set_len(u64::from(self.count) * self.page_size as u64)?;
        let mut header = [0; HEADER];
        read_at(&self.file, &mut header, 0).map_err(|_| odd("it cannot be read"))?;
        let changes = u32::from_be_bytes([header[24], header[25], header[26], header[27]]).wrapping_add(1);
        for (at, number) in [(24, changes), (28, self.count), (92, changes)] {
            header[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        write_at(&self.file, &header, 0)
    }
}

/// The end of a file, to which several threads add pages.
pub(super) struct End<'f> {
    file: &'f File,
    page_size: usize,
    pub(super) usable: usize,
    /// How many pages there are.
    count: AtomicU32,
}

impl End<'_> {
    /// Takes the number of a page that nobody else will write.
    fn take(&self) -> u32 {
        loop {
            let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            if u64::from(number - 1) * self.page_size as u64 != LOCKS {
                return number;
            }
        }
    }

    /// Writes a page.
    pub(super) fn write(&self, number: u32, page: &[u8]) -> io::Result<()> {
        write_at(self.file, page, u64::from(number - 1) * self.page_size as u64)
    }

    /// Adds a page, and returns its number.
    pub(super) fn append(&self, page: &[u8]) -> io::Result<u32> {
        let number = self.take();
        self.write(number, page)?;
        Ok(number)
    }

    /// Writes the end of a record to pages of its own, and returns the first of them.
    pub(super) fn overflow(&self, rest: &[u8]) -> io::Result<u32> {
        let mut next = 0;
        for part in rest.chunks(self.usable - 4).rev() {
            next = self.append(&overflow_page(next, part))?;
        }
        Ok(next)
    }
}

fn overflow_page(next: u32, part: &[u8]) -> Vec<u8> {
    let mut page = next.to_be_bytes().to_vec();
    page.extend_from_slice(part);
    page
}

impl Leaf {
    /// Takes the cells out, and keeps their room.
    fn clear(&mut self) {
        self.cells.clear();
        self.starts.clear();
    }

    fn page(&self, usable: usize) -> Vec<u8> {
        page(13, None, &self.starts, &self.cells, usable)
    }
}

/// How long a page with all of these below it would be, if each took a cell.
fn interior_length(children: &[Child]) -> usize {
    12 + children.iter().map(|child| 6 + varint_length(child.key.cast_unsigned())).sum::<usize>()
}

fn interior(children: &[Child], usable: usize) -> Vec<u8> {
    let (mut cells, mut starts) = (Vec::new(), Vec::new());
    let Some((last, others)) = children.split_last() else { return Vec::new() };
    for child in others {
        starts.push(cells.len());
        cells.extend_from_slice(&child.page.to_be_bytes());
        put_varint(&mut cells, child.key.cast_unsigned());
    }
    page(5, Some(last.page), &starts, &cells, usable)
}

/// A page of a tree: its header, where its cells are, and the cells at its end.
#[expect(clippy::cast_possible_truncation, reason = "places on a page; the end of the largest is written as 0")]
pub(super) fn page(kind: u8, last: Option<u32>, starts: &[usize], cells: &[u8], usable: usize) -> Vec<u8> {
    let start = usable - cells.len();
    let mut page = Vec::with_capacity(usable);
    page.extend_from_slice(&[kind, 0, 0]);
    page.extend_from_slice(&(starts.len() as u16).to_be_bytes());
    page.extend_from_slice(&(start as u16).to_be_bytes());
    page.push(0);
    if let Some(last) = last {
        page.extend_from_slice(&last.to_be_bytes());
    }
    for one in starts {
        page.extend_from_slice(&((start + one) as u16).to_be_bytes());
    }
    page.resize(start, 0);
    page.extend_from_slice(cells);
    page
}
