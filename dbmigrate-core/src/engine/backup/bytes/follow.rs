//! Rows read back from the pages of a new file while more of them are written: whether they are those that were handed over
//! to be written, and the entries that the indexes have to have for them. When the file is complete it is enough to see that
//! the same pages make up its tables, and that they have the same bytes.
//!
//! Whether they are the same rows is told by a digest of each, which takes a fraction of the time of the hash that goes into
//! a manifest. Nobody has made it fit: it is of rows that this process has just written, and finds what went wrong there. Rows
//! of which it differs are read once more when the file is complete, and hashed like those of any file.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use super::layout::Layout;
use super::noted::Noted;
use super::order::{Digest, Sum};
use super::pager::Pager;
use super::rows::{OfRows, Read, read_rows};
use super::tree::Walk;
use super::write::Tree;
use crate::engine::backup::fingerprint::Rows;

/// The tables of a file; `None` for those that are not as is expected.
pub(in crate::engine::backup) type Layouts = Arc<[Option<Layout>]>;

/// The thread that reads.
pub(in crate::engine::backup) struct Follower {
    written: Sender<News>,
    thread: JoinHandle<Followed>,
}

/// What becomes known of a table while it is written.
enum News {
    /// These pages with rows are in the file now, in the order of the rows; it has so many pages.
    Pages { table: usize, pages: Vec<u32>, count: u32 },
    /// Those were all. What was written, by digest and by hash.
    Whole { table: usize, written: Sum, rows: Rows },
}

/// What was read.
#[derive(Clone)]
pub(in crate::engine::backup) struct Followed {
    pub(super) layouts: Layouts,
    /// Of each table; `None` if it could not be read.
    pub(super) tables: Vec<Option<FollowedTable>>,
    pub(super) noted: Noted,
}

/// What was read of a table.
#[derive(Clone)]
pub(super) struct FollowedTable {
    pub(super) read: OfRows,
    pub(super) leaves: Leaves,
    /// What was written, by digest and by hash.
    whole: Option<(Sum, Rows)>,
}

impl FollowedTable {
    /// What is known of the rows in the file: they have the hash of those that were written if they are the same.
    pub(super) fn rows(self) -> Option<OfRows> {
        let (written, rows) = self.whole?;
        (written == self.read.written).then_some(OfRows { rows, ..self.read })
    }
}

/// Pages in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaves(Digest);

impl Leaves {
    pub(super) const NONE: Self = Self(Digest::NEW);

    pub(super) fn add(&mut self, page: u32) {
        self.0.word(u64::from(page));
    }
}

impl Follower {
    /// Begins to read a file with these tables. `None` if it is of an unknown kind.
    pub(in crate::engine::backup) fn start(file: File, layouts: Layouts) -> Option<Self> {
        Pager::of(&file).ok()?;
        let (written, pages) = mpsc::channel();
        let thread = std::thread::spawn(move || read_all(&file, layouts, &pages));
        Some(Self { written, thread })
    }

    /// Reads these pages of a table, which are in a file of so many pages.
    pub(in crate::engine::backup) fn follow(&self, table: usize, pages: Vec<u32>, count: u32) {
        if !pages.is_empty() {
            // one that has given up is asked what it knows in the end
            let _ = self.written.send(News::Pages { table, pages, count });
        }
    }

    /// All rows of a table were handed over to it: these.
    pub(in crate::engine::backup) fn whole(&self, table: usize, tree: &Tree, rows: Rows) {
        let _ = self.written.send(News::Whole { table, written: tree.written(), rows });
    }

    /// Waits until all of it was read, and closes the file.
    pub(in crate::engine::backup) fn finish(self) -> Followed {
        drop(self.written);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn read_all(file: &File, layouts: Layouts, written: &Receiver<News>) -> Followed {
    let new = |layout: &Option<Layout>| {
        let of = |layout| FollowedTable { read: OfRows::none(layout), leaves: Leaves::NONE, whole: None };
        layout.as_ref().map(of)
    };
    let mut tables: Vec<_> = layouts.iter().map(new).collect();
    let mut noted = Noted::default();
    let Ok(pager) = Pager::of(file) else { return Followed { layouts, tables: Vec::new(), noted } };
    for news in written {
        let (table, pages, count) = match news {
            News::Pages { table, pages, count } => (table, pages, count),
            News::Whole { table, written, rows } => {
                if let Some(Some(found)) = tables.get_mut(table) {
                    found.whole = Some((written, rows));
                }
                continue;
            }
        };
        let (Some(Some(layout)), Some(found)) = (layouts.get(table), tables.get_mut(table)) else { continue };
        let Some(known) = found else { continue };
        // what is behind them may have been read before it was written
        let pager = pager.so_far(file, count);
        let mut walk = Walk::of(&pager);
        walk.noted = Some(std::mem::take(&mut noted));
        let read = read_rows(&mut walk, layout, Read::Written, &pages, &mut None);
        noted = walk.noted.take().unwrap_or_default();
        match read {
            Ok(rows) => {
                known.read.merge(&rows);
                for page in pages {
                    known.leaves.add(page);
                }
            }
            Err(_) => *found = None,
        }
    }
    Followed { layouts, tables, noted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::backup::fingerprint::Cell;

    fn digest(rows: &[i64]) -> Sum {
        let mut sum = Sum::default();
        for row in rows {
            sum.add([Cell::Integer(*row), Cell::Text(b"a")].into_iter());
        }
        sum
    }

    #[test]
    fn rows_have_the_hash_of_what_was_written_only_if_they_are_those_rows() {
        let mut rows = Rows::default();
        rows.add([Cell::Integer(1), Cell::Text(b"a")]);
        for (whole, read, is_same) in [
            (Some(digest(&[1])), digest(&[1]), true),
            (Some(digest(&[1])), digest(&[2]), false),
            (Some(digest(&[1])), digest(&[1, 1]), false),
            (Some(digest(&[1])), digest(&[]), false),
            // it was never said what all of it is
            (None, digest(&[1]), false),
        ] {
            let read = OfRows { written: read, ..OfRows::default() };
            let whole = whole.map(|written| (written, rows.clone()));
            let table = FollowedTable { read, leaves: Leaves::NONE, whole };
            assert_eq!(table.rows().map(|found| found.rows.count()), is_same.then_some(1));
        }
    }
}
