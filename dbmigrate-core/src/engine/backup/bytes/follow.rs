//! Rows read back from the pages of a new file while more of them are written: their hashes, and the entries that the
//! indexes have to have for them. When the file is complete it is enough to see that the same pages make up its tables, and
//! that they have the same bytes.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use super::layout::Layout;
use super::noted::Noted;
use super::order::Digest;
use super::pager::Pager;
use super::rows::{OfRows, read_rows};
use super::tree::Walk;

/// The tables of a file; `None` for those that are not as is expected.
pub(in crate::engine::backup) type Layouts = Arc<[Option<Layout>]>;

/// The thread that reads.
pub(in crate::engine::backup) struct Follower {
    written: Sender<Written>,
    thread: JoinHandle<Followed>,
}

/// Pages with rows of a table that are in the file now, in the order of the rows.
struct Written {
    table: usize,
    pages: Vec<u32>,
    /// How many pages the file has.
    count: u32,
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
    pub(super) rows: OfRows,
    pub(super) leaves: Leaves,
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
            let _ = self.written.send(Written { table, pages, count });
        }
    }

    /// Waits until all of it was read, and closes the file.
    pub(in crate::engine::backup) fn finish(self) -> Followed {
        drop(self.written);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn read_all(file: &File, layouts: Layouts, written: &Receiver<Written>) -> Followed {
    let new = |layout: &Option<Layout>| {
        layout.as_ref().map(|layout| FollowedTable { rows: OfRows::none(layout), leaves: Leaves::NONE })
    };
    let mut tables: Vec<_> = layouts.iter().map(new).collect();
    let mut noted = Noted::default();
    let Ok(pager) = Pager::of(file) else { return Followed { layouts, tables: Vec::new(), noted } };
    for Written { table, pages, count } in written {
        let (Some(Some(layout)), Some(found)) = (layouts.get(table), tables.get_mut(table)) else { continue };
        let Some(known) = found else { continue };
        // what is behind them may have been read before it was written
        let pager = pager.so_far(file, count);
        let mut walk = Walk::of(&pager);
        walk.noted = Some(std::mem::take(&mut noted));
        let read = read_rows(&mut walk, layout, true, &pages, &mut None);
        noted = walk.noted.take().unwrap_or_default();
        match read {
            Ok(rows) => {
                known.rows.merge(&rows);
                for page in pages {
                    known.leaves.add(page);
                }
            }
            Err(_) => *found = None,
        }
    }
    Followed { layouts, tables, noted }
}
