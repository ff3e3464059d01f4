//! Reads the rows of all tables, and the entries of their indexes, on several threads.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Unusual;
use super::layout::{Index, Layout, Place, layouts};
use super::order::{Sum, compare};
use super::pager::Pager;
use super::record::Record;
use super::tree::{Kind, Walk};
use crate::engine::backup::fingerprint::{Cell, Rows, TableContent};
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
}

/// What was found of a table.
struct Found {
    /// `None` if it is left to the engine.
    layout: Option<Layout>,
    rows: Rows,
    /// The entries that the indexes of the table have to have.
    wanted: Vec<Sum>,
    /// Those that they have; `None` if they are not in order.
    entries: Vec<Option<Sum>>,
    is_ordered: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has to be read.
    Waiting,
    /// It was read.
    Done,
    /// This row is older than some of the columns.
    Short(i64),
}

/// What one thread reads at a time.
enum Task {
    /// The rows at and below these pages.
    Rows { table: usize, pages: Vec<u32> },
    /// The entries of an index.
    Index { table: usize, index: usize },
}

/// What came of it.
enum Outcome {
    Rows { table: usize, rows: Rows, wanted: Vec<Sum>, is_ordered: bool },
    Index { table: usize, index: usize, entries: Option<Sum> },
    Short { table: usize, rowid: i64 },
    Unusual { table: usize },
}

/// Into how many parts the rows of a table are divided at most.
const PARTS: usize = 8;

impl<'s> Scan<'s> {
    pub(super) fn of(
        local: &'s Local,
        inventory: &'s Inventory,
        pager: &'s Pager<'s>,
        with_indexes: bool,
    ) -> Result<Self, EngineError> {
        let (layouts, others) = layouts(local, inventory, pager.is_utf16)?;
        let mut tables: Vec<Found> = layouts.into_iter().map(Found::of).collect();
        tables.iter_mut().for_each(Found::reset);
        Ok(Self { local, inventory, pager, with_indexes, tables, others })
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
        let reading = Reading { pager: self.pager, with_indexes: self.with_indexes, layouts };
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
        for outcome in outcomes.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.take(outcome);
        }
        Ok(result)
    }

    fn tasks(&mut self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for (number, found) in self.tables.iter_mut().enumerate() {
            let Some(layout) = found.layout.as_ref().filter(|_| found.state == State::Waiting) else { continue };
            found.state = State::Done;
            let mut children = Vec::new();
            // in the trees of others there are rows between the pages below
            if layout.kind == Kind::Table {
                children = Walk::of(self.pager).children(layout.root).unwrap_or_default();
            }
            let indexes = if self.with_indexes { layout.indexes.len() } else { 0 };
            tasks.extend((0..indexes).map(|index| Task::Index { table: number, index }));
            if children.is_empty() {
                tasks.push(Task::Rows { table: number, pages: vec![layout.root] });
            } else {
                let size = children.len().div_ceil(PARTS);
                tasks.extend(children.chunks(size).map(|pages| Task::Rows { table: number, pages: pages.to_vec() }));
            }
        }
        tasks
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Rows { table, rows, wanted, is_ordered } => {
                let found = &mut self.tables[table];
                found.rows.merge(&rows);
                found.is_ordered &= is_ordered;
                for (all, part) in found.wanted.iter_mut().zip(wanted) {
                    all.merge(part);
                }
            }
            Outcome::Index { table, index, entries } => {
                if let Some(place) = self.tables[table].entries.get_mut(index) {
                    *place = entries;
                }
            }
            Outcome::Short { table, rowid } => self.tables[table].state = State::Short(rowid),
            Outcome::Unusual { table } => self.tables[table].layout = None,
        }
    }

    /// Asks for the values of columns that are younger than rows. Returns whether there is more to be read now.
    pub(super) fn ask_defaults(&mut self) -> Result<bool, EngineError> {
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
        let content = |(found, table): (&Found, _)| found.layout.as_ref().map(|_| found.rows.finish(table));
        self.tables.iter().zip(&self.inventory.tables).map(content).collect()
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
}

impl Reading<'_> {
    fn outcome(&self, task: &Task) -> Outcome {
        let (Task::Rows { table, .. } | Task::Index { table, .. }) = task;
        let table = *table;
        let Some(layout) = self.layouts[table] else { return Outcome::Unusual { table } };
        match task {
            Task::Rows { pages, .. } => {
                let mut short = None;
                match self.rows(layout, pages, &mut short) {
                    Ok((rows, wanted, is_ordered)) => Outcome::Rows { table, rows, wanted, is_ordered },
                    Err(_) => match short {
                        Some(rowid) => Outcome::Short { table, rowid },
                        None => Outcome::Unusual { table },
                    },
                }
            }
            Task::Index { index, .. } => {
                let mut entries = Sum::default();
                let mut order = InOrder::of(&layout.indexes[*index]);
                let columns = &layout.indexes[*index].columns;
                let (root, kind) = (layout.indexes[*index].root, Kind::Index);
                let read = Walk::of(self.pager).visit(root, kind, &mut |_: i64, bytes: &[u8]| {
                    order.next(bytes)?;
                    if order.record.len() != columns.len() {
                        return Err(Unusual("an entry has other columns than its index"));
                    }
                    let cells = columns.iter().enumerate();
                    entries.add(cells.map(|(at, column)| order.record.cell(bytes, at, is_real(column.place))));
                    Ok(())
                });
                Outcome::Index { table, index: *index, entries: read.is_ok().then_some(entries) }
            }
        }
    }

    /// The rows at and below pages, the entries that indexes have to have for them, and whether they are in order.
    fn rows(&self, layout: &Layout, pages: &[u32], short: &mut Option<i64>) -> Result<(Rows, Vec<Sum>, bool), Unusual> {
        let (mut rows, mut record) = (Rows::default(), Record::default());
        let indexes = if self.with_indexes { layout.indexes.as_slice() } else { &[] };
        let mut wanted = vec![Sum::default(); indexes.len()];
        let mut order = layout.own.as_ref().filter(|_| self.with_indexes).map(InOrder::of);
        let mut is_ordered = true;
        let mut walk = Walk::of(self.pager);
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
            rows.add(layout.hashed.iter().map(cell));
            for (index, sum) in indexes.iter().zip(&mut wanted) {
                sum.add(index.columns.iter().map(|column| cell(&column.place)));
            }
            if let Some(order) = &mut order {
                is_ordered = is_ordered && order.next(bytes).is_ok();
            }
            Ok(())
        };
        for page in pages {
            walk.visit(*page, layout.kind, &mut visit)?;
        }
        Ok((rows, wanted, is_ordered))
    }
}

impl Found {
    fn of(layout: Option<Layout>) -> Self {
        Self {
            layout,
            rows: Rows::default(),
            wanted: Vec::new(),
            entries: Vec::new(),
            is_ordered: true,
            state: State::Waiting,
        }
    }

    /// From the beginning.
    fn reset(&mut self) {
        let indexes = self.layout.as_ref().map_or(0, |layout| layout.indexes.len());
        self.rows = Rows::default();
        self.wanted = vec![Sum::default(); indexes];
        self.entries = vec![None; indexes];
        self.is_ordered = true;
        self.state = State::Waiting;
    }

    fn is_sound(&self) -> bool {
        let has_all = self.layout.as_ref().is_some_and(|layout| layout.has_all);
        let pairs = self.wanted.iter().zip(&self.entries);
        has_all && self.is_ordered && pairs.into_iter().all(|(wanted, entries)| Some(*wanted) == *entries)
    }
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
