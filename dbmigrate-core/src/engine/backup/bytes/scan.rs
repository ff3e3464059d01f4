//! Reads the rows of all tables, and the entries of their indexes, on several threads.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::follow::{Followed, Leaves};
use super::layout::{Layout, layouts};
use super::noted::Noted;
use super::order::Sum;
use super::pager::Pager;
use super::rows::{OfRows, Read, read_entries, read_rows};
use super::tree::{Kind, Walk};
use crate::engine::backup::fingerprint::TableContent;
use crate::engine::backup::inventory::Inventory;
use crate::engine::backup::local::Local;
use crate::engine::backup::verify::joined;
use crate::engine::error::EngineError;

/// What has to be read.
pub(super) struct Scan<'s> {
    local: &'s Local,
    inventory: &'s Inventory,
    pager: &'s Pager<'s>,
    with_indexes: bool,
    tables: Vec<Found>,
    /// Names of tables that are not in the inventory and have indexes.
    others: Vec<String>,
    /// The pages with the rows that were read before.
    noted: Option<Noted>,
    /// Whether they are not as they were then.
    has_changed: bool,
}

/// What was found of a table.
struct Found {
    /// `None` if it is left to the engine.
    layout: Option<Layout>,
    rows: OfRows,
    /// The entries that its indexes have; `None` if they are not in order.
    entries: Vec<Option<Sum>>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has to be read.
    Waiting,
    /// It was read.
    Done,
    /// Its rows were read before, and only have to be the same.
    Followed,
    /// This row is older than some of the columns.
    Short(i64),
}

/// What one thread reads at a time.
enum Task {
    /// The rows at and below these pages.
    Rows { table: usize, pages: Vec<u32> },
    /// The entries of an index.
    Index { table: usize, index: usize },
    /// What is in pages that were noted.
    Noted { range: Range<u32> },
}

/// What came of it.
enum Outcome {
    Rows {
        table: usize,
        rows: OfRows,
    },
    Index {
        table: usize,
        index: usize,
        entries: Option<Sum>,
    },
    Short {
        table: usize,
        rowid: i64,
    },
    Unusual {
        table: usize,
    },
    /// The sum of their digests.
    Noted {
        sum: Option<u128>,
    },
}

/// Into how many parts the rows of a table are divided at most.
const PARTS: usize = 8;

impl<'s> Scan<'s> {
    pub(super) fn of(
        local: &'s Local,
        inventory: &'s Inventory,
        pager: &'s Pager<'s>,
        with_indexes: bool,
        followed: Option<Followed>,
    ) -> Result<Self, EngineError> {
        let (layouts, others) = layouts(local, inventory, pager.is_utf16)?;
        let mut tables: Vec<Found> = layouts.into_iter().map(Found::of).collect();
        tables.iter_mut().for_each(Found::reset);
        let mut scan = Self { local, inventory, pager, with_indexes, tables, others, noted: None, has_changed: false };
        if let Some(followed) = followed.filter(|_| with_indexes) {
            scan.take_over(followed);
        }
        Ok(scan)
    }

    /// Takes over what was read while the file was written, where it is in its table as it was then.
    fn take_over(&mut self, followed: Followed) {
        let Followed { layouts, tables, noted } = followed;
        for (layout, before) in layouts.iter().zip(tables) {
            let (Some(layout), Some(before)) = (layout, before) else { continue };
            let Some(found) = self.tables.iter_mut().find(|found| found.layout.as_ref() == Some(layout)) else {
                continue;
            };
            let mut leaves = Leaves::NONE;
            let walked = Walk::of(self.pager).leaves(layout.root, &mut |page| leaves.add(page));
            if walked.is_ok()
                && leaves == before.leaves
                && let Some(rows) = before.rows()
            {
                (found.rows, found.state) = (rows, State::Followed);
            }
        }
        self.noted = Some(noted);
    }

    /// Reads what waits, on so many threads, and does something else meanwhile.
    pub(super) fn run<T>(
        &mut self,
        threads: usize,
        meanwhile: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let tasks = self.tasks();
        let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(tasks.len())));
        let layouts = self.tables.iter().map(|found| found.layout.as_ref()).collect();
        let (pager, with_indexes, noted) = (self.pager, self.with_indexes, self.noted.as_ref());
        let reading = Reading { pager, with_indexes, layouts, noted };
        let reading = &reading;
        let result = std::thread::scope(|scope| {
            let work = || {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = reading.outcome(task);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            };
            let workers: Vec<_> = (0..threads.min(tasks.len())).map(|_| scope.spawn(work)).collect();
            let result = meanwhile();
            workers.into_iter().for_each(joined);
            result
        })?;
        let mut sums = Vec::new();
        for outcome in outcomes.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match outcome {
                Outcome::Noted { sum } => sums.push(sum),
                outcome => self.take(outcome),
            }
        }
        if let Some(noted) = self.noted.take() {
            let sums: Option<Vec<u128>> = sums.into_iter().collect();
            self.has_changed = !sums.is_some_and(|sums| noted.is(sums.into_iter()));
        }
        Ok(result)
    }

    fn tasks(&mut self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for (number, found) in self.tables.iter_mut().enumerate() {
            let is_wanted = matches!(found.state, State::Waiting | State::Followed);
            let Some(layout) = found.layout.as_ref().filter(|_| is_wanted) else { continue };
            let indexes = if self.with_indexes { layout.indexes.len() } else { 0 };
            tasks.extend((0..indexes).map(|index| Task::Index { table: number, index }));
            if found.state == State::Followed {
                continue;
            }
            found.state = State::Done;
            let mut children = Vec::new();
            // in the trees of others there are rows between the pages below
            if layout.kind == Kind::Table {
                children = Walk::of(self.pager).children(layout.root).unwrap_or_default();
            }
            if children.is_empty() {
                tasks.push(Task::Rows { table: number, pages: vec![layout.root] });
            } else {
                let size = children.len().div_ceil(PARTS);
                tasks.extend(children.chunks(size).map(|pages| Task::Rows { table: number, pages: pages.to_vec() }));
            }
        }
        if let Some(noted) = &self.noted {
            tasks.extend(noted.parts(PARTS).into_iter().map(|range| Task::Noted { range }));
        }
        tasks
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Rows { table, rows } => self.tables[table].rows.merge(&rows),
            Outcome::Index { table, index, entries } => {
                if let Some(place) = self.tables[table].entries.get_mut(index) {
                    *place = entries;
                }
            }
            Outcome::Short { table, rowid } => self.tables[table].state = State::Short(rowid),
            Outcome::Unusual { table } => self.tables[table].layout = None,
            Outcome::Noted { .. } => {}
        }
    }

    /// Whether there is more to be read: rows that are not what they were, or values of columns that are younger than rows.
    pub(super) fn has_more(&mut self) -> Result<bool, EngineError> {
        let mut has_changed = false;
        for found in self.tables.iter_mut().filter(|found| found.state == State::Followed) {
            found.state = State::Done;
            if self.has_changed {
                found.reset();
                has_changed = true;
            }
        }
        Ok(self.ask_defaults()? || has_changed)
    }

    /// Asks for the values of columns that are younger than rows. Returns whether there is more to be read now.
    fn ask_defaults(&mut self) -> Result<bool, EngineError> {
        let mut has_more = false;
        for (found, table) in self.tables.iter_mut().zip(&self.inventory.tables) {
            let (State::Short(rowid), Some(layout)) = (found.state, &mut found.layout) else { continue };
            let known = layout.defaults.len();
            if layout.ask_defaults(self.local, table, rowid)? && (layout.defaults.len() > known) {
                found.reset();
                has_more = true;
            } else {
                found.layout = None;
            }
        }
        Ok(has_more)
    }

    /// What the tables have in them, unless they are left to the engine.
    pub(super) fn tables(&self) -> Vec<Option<TableContent>> {
        let content = |(found, table): (&Found, _)| found.layout.as_ref().map(|_| found.rows.rows.finish(table));
        self.tables.iter().zip(&self.inventory.tables).map(content).collect()
    }

    /// How many tables need not be read, if their pages are what they were.
    #[cfg(test)]
    pub(super) fn followed(&self) -> usize {
        self.tables.iter().filter(|found| found.state == State::Followed).count()
    }

    /// The names of the tables whose indexes were not found to be in order.
    pub(super) fn unchecked(&self) -> Vec<String> {
        let tables = self.tables.iter().zip(&self.inventory.tables);
        let unchecked = tables.filter(|(found, _)| !found.is_sound()).map(|(_, table)| table.name.as_str().to_owned());
        unchecked.chain(self.others.iter().cloned()).collect()
    }
}

/// What the threads share.
struct Reading<'r> {
    pager: &'r Pager<'r>,
    with_indexes: bool,
    layouts: Vec<Option<&'r Layout>>,
    noted: Option<&'r Noted>,
}

impl Reading<'_> {
    fn outcome(&self, task: &Task) -> Outcome {
        match task {
            Task::Rows { table, pages } => self.of_rows(*table, pages),
            Task::Index { table, index } => self.of_index(*table, *index),
            Task::Noted { range } => {
                Outcome::Noted { sum: self.noted.and_then(|noted| noted.sum_now(self.pager, range.clone()).ok()) }
            }
        }
    }

    fn of_rows(&self, table: usize, pages: &[u32]) -> Outcome {
        let Some(layout) = self.layouts[table] else { return Outcome::Unusual { table } };
        let mut short = None;
        let read = if self.with_indexes { Read::WithIndexes } else { Read::Rows };
        match read_rows(&mut Walk::of(self.pager), layout, read, pages, &mut short) {
            Ok(rows) => Outcome::Rows { table, rows },
            Err(_) => match short {
                Some(rowid) => Outcome::Short { table, rowid },
                None => Outcome::Unusual { table },
            },
        }
    }

    fn of_index(&self, table: usize, index: usize) -> Outcome {
        let Some(one) = self.layouts[table].and_then(|layout| layout.indexes.get(index)) else {
            return Outcome::Unusual { table };
        };
        Outcome::Index { table, index, entries: read_entries(&mut Walk::of(self.pager), one).ok() }
    }
}

impl Found {
    fn of(layout: Option<Layout>) -> Self {
        Self { layout, rows: OfRows::default(), entries: Vec::new(), state: State::Waiting }
    }

    /// From the beginning.
    fn reset(&mut self) {
        let Some(layout) = &self.layout else { return };
        self.rows = OfRows::none(layout);
        self.entries = vec![None; layout.indexes.len()];
        self.state = State::Waiting;
    }

    fn is_sound(&self) -> bool {
        let has_all = self.layout.as_ref().is_some_and(|layout| layout.has_all);
        let pairs = self.rows.wanted.iter().zip(&self.entries);
        has_all && !self.rows.is_unordered && pairs.into_iter().all(|(wanted, entries)| Some(*wanted) == *entries)
    }
}
