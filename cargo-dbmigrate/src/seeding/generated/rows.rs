//! Computes rows of a [`Plan`]: the values of a row, or a single value of any row.

use std::collections::BTreeMap;

use super::draw::Stream;
use super::judge::Judge;
use super::maker::{Maker, as_stored, stored};
use super::plan::{Choice, KeyPlan, Number, Plan, Source, TablePlan};
use crate::seeding::rows::Value;

/// How often a row is made anew before it is given up.
pub(super) const ATTEMPTS: u32 = 3000;
/// How many values each row can try where all have to differ.
const STRIDE: u64 = 64;
/// How often other parents are chosen where two keys share a column.
const JOINS: u32 = 64;

/// Why a row could not be made: what the engine said of the last attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) row: u64,
    pub(super) message: String,
}

/// The rows that have some values.
type ByValues = BTreeMap<Vec<u8>, Vec<u64>>;

/// Rows, with what is remembered between them.
pub(super) struct Rows<'p> {
    pub(super) plan: &'p Plan,
    streams: Vec<TableStreams>,
    /// By table and columns: the rows that have these values there.
    joins: BTreeMap<(usize, Vec<usize>), ByValues>,
    pub(super) judge: Judge,
    /// The times of the row at hand, by column.
    seconds: Vec<Option<i64>>,
}

struct TableStreams {
    columns: Vec<Stream>,
    keys: Vec<Stream>,
    counts: Option<Stream>,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    row: u64,
    attempt: u32,
    /// Its parent and its number among the parent's rows, if rows are counted by parents.
    parent: Option<(u64, u64)>,
}

impl Place {
    fn ordinal(self) -> u64 {
        self.parent.map_or(self.row, |(_, ordinal)| ordinal)
    }
}

impl<'p> Rows<'p> {
    pub(super) fn new(plan: &'p Plan, judge: Judge) -> Self {
        let streams = plan.tables.iter().map(|table| TableStreams {
            columns: table.columns.iter().map(|column| Stream::new(column.key)).collect(),
            keys: table.keys.iter().map(|key| Stream::new(key.key)).collect(),
            counts: table.per.as_ref().map(|per| per.counts.stream()),
        });
        Self { plan, streams: streams.collect(), joins: BTreeMap::new(), judge, seconds: Vec::new() }
    }

    /// The values of a generated row, by the columns of the table; NULL for those that the engine generates.
    pub(super) fn row(&mut self, table: usize, row: u64, values: &mut Vec<Value>) -> Result<(), Refused> {
        let plan = &self.plan.tables[table];
        if !plan.is_judged {
            self.attempt(table, row, 0, values);
            return Ok(());
        }
        let mut message = String::new();
        let attempts = if plan.open.is_empty() { 1 } else { ATTEMPTS };
        for attempt in 0..attempts {
            let chosen = self.attempt(table, row, attempt, values);
            let unmet = self.unmet(table, row);
            match self.judge.accepts(plan, values, &unmet) {
                Ok(()) => {
                    if attempt > 0 {
                        self.judge.learn(table, &plan.open, &chosen);
                    }
                    return Ok(());
                }
                Err(refused) => message = refused,
            }
        }
        Err(Refused { row, message })
    }

    /// The conditions that must not hold for the row.
    fn unmet(&mut self, table: usize, row: u64) -> Vec<&'p str> {
        let plan = &self.plan.tables[table];
        if plan.conditions.is_empty() {
            return Vec::new();
        }
        let place = self.place(table, row, 0);
        let behind = plan.conditions.iter().filter(|condition| {
            let spread = &plan.spreads[condition.spread];
            let at = if spread.by_ordinal { place.ordinal() } else { place.row };
            at >= spread.count
        });
        behind.map(|condition| condition.expr.as_str()).collect()
    }

    fn place(&mut self, table: usize, row: u64, attempt: u32) -> Place {
        let counts = self.streams[table].counts.as_mut();
        let parent =
            self.plan.tables[table].per.as_ref().zip(counts).map(|(per, stream)| per.counts.locate(row, stream));
        Place { row, attempt, parent }
    }

    /// The values of the n-th attempt, and which of the open columns' values were suggestions.
    fn attempt(&mut self, table: usize, row: u64, attempt: u32, values: &mut Vec<Value>) -> Vec<(usize, u32)> {
        let plan = &self.plan.tables[table];
        values.clear();
        values.resize(plan.columns.len(), Value::Null);
        self.seconds.clear();
        self.seconds.resize(plan.columns.len(), None);
        let place = self.place(table, row, attempt);
        self.fill_keys(table, place, values);
        let mut chosen = Vec::new();
        for &column in &plan.order {
            if !matches!(plan.columns[column].source, Source::Made(..)) {
                continue;
            }
            let is_open = attempt > 0 && plan.open.contains(&column);
            if is_open && let Some((form, value)) = self.suggested(table, column, place) {
                chosen.push((column, form));
                values[column] = value;
                continue;
            }
            values[column] = self.made(table, column, place, values, is_open);
        }
        chosen
    }

    /// A suggestion for an open column, if it is the turn of one.
    fn suggested(&mut self, table: usize, column: usize, place: Place) -> Option<(u32, Value)> {
        let plan = &self.plan.tables[table];
        let is_unique = matches!(&plan.columns[column].source, Source::Made(_, number) if *number != Number::Drawn);
        let mut draw = self.streams[table].columns[column].draw_again(place.row, place.attempt);
        let (form, row) = self.judge.form(plan, table, column, &mut draw, is_unique.then_some(place.row))?;
        self.judge.suggestion(plan, column, form, row).map(|value| (form, value))
    }

    /// The value that is made for a column.
    fn made(&mut self, table: usize, column: usize, place: Place, values: &[Value], is_open: bool) -> Value {
        let plan = &self.plan.tables[table];
        let column_plan = &plan.columns[column];
        let Source::Made(maker, number) = &column_plan.source else { return Value::Null };
        let attempt = if is_open { place.attempt } else { 0 };
        let mut draw = self.streams[table].columns[column].draw_again(place.row, attempt);
        if draw.happens(column_plan.null) {
            return Value::Null;
        }
        let number = numbered(plan, *number, place).map(|number| {
            // other values than before, and none that another row has
            let strides = plan.is_judged
                && plan.open.contains(&column)
                && maker.count().is_none_or(|count| count / STRIDE > plan.made);
            if strides { number * STRIDE + u64::from(place.attempt) % STRIDE } else { number }
        });
        if let Maker::Moment { to, form, .. } = maker
            && number.is_none()
        {
            let before =
                column_plan.after.and_then(|(base, within, strict)| Some((self.seconds[base]?, within, strict)));
            let seconds = match before {
                Some((before, within, strict)) => {
                    let first = before + if strict { form.step() } else { 0 };
                    let last = (before + within).min(*to).max(first);
                    first
                        + i64::try_from(draw.below(u64::try_from(last - first).unwrap_or_default() + 1))
                            .unwrap_or_default()
                }
                None => maker.seconds(&mut draw),
            };
            self.seconds[column] = Some(seconds);
            return as_stored(stored(seconds, *form), column_plan.affinity);
        }
        let value = match number {
            Some(number) if maker.count().is_some_and(|count| number >= count) => Value::Null,
            Some(number) => maker.distinct(number, column_plan.key.number(), &mut draw),
            None => match column_plan.above.and_then(|(base, strict)| maker.above(&values[base], strict)) {
                Some(raised) => raised.value(place.row, &mut draw),
                None => maker.value(place.row, &mut draw),
            },
        };
        as_stored(value, column_plan.affinity)
    }

    /// Puts the columns of foreign keys in.
    fn fill_keys(&mut self, table: usize, place: Place, values: &mut [Value]) {
        let plan = &self.plan.tables[table];
        let has_joins = plan.keys.iter().any(|key| matches!(key.choice, Choice::Joined(_)));
        for again in 0..if has_joins { JOINS } else { 1 } {
            let mut is_complete = true;
            for (at, key) in plan.keys.iter().enumerate() {
                let parent = match &key.choice {
                    Choice::Joined(shared) => self.joined(table, at, shared, place, again, values),
                    Choice::Implied => continue,
                    _ => self.chosen(table, at, place, again),
                };
                is_complete &= parent.is_some() || !matches!(key.choice, Choice::Joined(_));
                for (index, column) in key.columns.iter().enumerate() {
                    let Source::Parent { key: of, .. } = plan.columns[*column].source else { continue };
                    if of != at {
                        continue;
                    }
                    // where one column of several is NULL, the others are free
                    let is_needed = parent.is_none() && plan.table.rejects_null(&plan.table.columns[*column]);
                    let parents = self.plan.tables[key.parent].count();
                    let any = (is_needed && parents > 0).then(|| place.row % parents.max(1));
                    let parent_column = key.parent_columns.get(index).copied();
                    values[*column] = match (parent.or(any), parent_column) {
                        (Some(parent), Some(parent_column)) => {
                            as_stored(self.value(key.parent, parent, parent_column), plan.columns[*column].affinity)
                        }
                        _ => Value::Null,
                    };
                }
            }
            if is_complete {
                return;
            }
        }
    }

    /// The row that a foreign key refers to.
    fn chosen(&mut self, table: usize, at: usize, place: Place, again: u32) -> Option<u64> {
        let plan = &self.plan.tables[table];
        let key: &KeyPlan = &plan.keys[at];
        let parents = self.plan.tables[key.parent].count();
        match key.choice {
            Choice::Nothing | Choice::Joined(_) | Choice::Implied => return None,
            Choice::Per => return place.parent.map(|(parent, _)| parent),
            Choice::Previous => return (plan.given_count + place.row).checked_sub(1),
            _ => {}
        }
        let is_open = key.columns.iter().any(|column| plan.open.contains(column));
        let attempt = if is_open { place.attempt } else { 0 };
        let mut draw = self.streams[table].keys[at].draw_again(place.row, attempt * JOINS + again);
        if draw.happens(key.null) {
            return None;
        }
        match key.choice {
            Choice::Numbered(number) => numbered(plan, number, place).filter(|number| *number < parents),
            Choice::Any(skew) => {
                (parents > 0).then(|| (0..skew).map(|_| draw.below(parents)).min().unwrap_or_default())
            }
            Choice::Earlier => {
                let earlier = plan.given_count + place.row;
                // the first one refers to itself, where it has to refer to something
                if earlier == 0 {
                    (key.null == super::draw::Share::NONE && !is_nullable(plan, key)).then_some(0)
                } else {
                    Some(draw.below(earlier))
                }
            }
            _ => None,
        }
    }

    /// A row of the parent that has what is chosen already in the columns that both keys have.
    fn joined(
        &mut self,
        table: usize,
        at: usize,
        shared: &[usize],
        place: Place,
        again: u32,
        values: &[Value],
    ) -> Option<u64> {
        let key = &self.plan.tables[table].keys[at];
        let of: Vec<usize> = shared.iter().map(|index| key.parent_columns[*index]).collect();
        let wanted: Vec<u8> = shared.iter().flat_map(|index| bytes(&values[key.columns[*index]])).collect();
        if shared.iter().any(|index| values[key.columns[*index]] == Value::Null) {
            return None;
        }
        let map = (key.parent, of);
        if !self.joins.contains_key(&map) {
            let mut rows = ByValues::new();
            for row in 0..self.plan.tables[key.parent].count() {
                let found: Vec<u8> =
                    map.1.iter().flat_map(|column| bytes(&self.value(key.parent, row, *column))).collect();
                rows.entry(found).or_default().push(row);
            }
            self.joins.insert(map.clone(), rows);
        }
        let mut draw = self.streams[table].keys[at].draw_again(place.row, place.attempt * JOINS + again);
        if draw.happens(key.null) {
            return None;
        }
        let found = self.joins[&map].get(&wanted)?;
        Some(found[draw.index(found.len())])
    }

    /// A value of any row, the ones that are not generated first.
    pub(super) fn value(&mut self, table: usize, row: u64, column: usize) -> Value {
        let plan = &self.plan.tables[table];
        let Some(made) = row.checked_sub(plan.given_count) else {
            let given = plan.given.borrow();
            let row = usize::try_from(row).ok().and_then(|row| given.get(row));
            return row.and_then(|row| row[column].clone()).unwrap_or(Value::Null);
        };
        let column_plan = &plan.columns[column];
        let is_alone = !(plan.is_judged && plan.open.contains(&column))
            && column_plan.after.is_none()
            && column_plan.above.is_none();
        match &column_plan.source {
            Source::Made(..) if is_alone => {
                let place = self.place(table, made, 0);
                let kept = std::mem::take(&mut self.seconds);
                self.seconds.resize(plan.columns.len(), None);
                let value = self.made(table, column, place, &[], false);
                self.seconds = kept;
                value
            }
            Source::Parent { key, column: of } if is_alone && !matches!(plan.keys[*key].choice, Choice::Joined(_)) => {
                let place = self.place(table, made, 0);
                match self.chosen(table, *key, place, 0) {
                    Some(parent) => {
                        let value = self.value(plan.keys[*key].parent, parent, *of);
                        as_stored(value, column_plan.affinity)
                    }
                    None => Value::Null,
                }
            }
            Source::Engine => Value::Null,
            _ => {
                let kept = std::mem::take(&mut self.seconds);
                let mut values = Vec::new();
                let refused = self.row(table, made, &mut values).is_err();
                self.seconds = kept;
                if refused { Value::Null } else { values.swap_remove(column) }
            }
        }
    }
}

fn is_nullable(plan: &TablePlan, key: &KeyPlan) -> bool {
    key.columns.iter().any(|column| !plan.table.rejects_null(&plan.table.columns[*column]))
}

/// The number of a value that is not drawn.
fn numbered(plan: &TablePlan, number: Number, place: Place) -> Option<u64> {
    match number {
        Number::Drawn => None,
        Number::Row => Some(place.row),
        Number::Ordinal => Some(place.ordinal()),
        Number::Digit { spread, at } => {
            let spread = &plan.spreads[spread];
            let (parent, ordinal) = place.parent.unwrap_or((0, place.row));
            Some(spread.digit(at, if spread.by_ordinal { ordinal } else { place.row }, parent))
        }
    }
}

/// A value as bytes that only the same value has.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let (kind, of) = match value {
        Value::Null => (0, Vec::new()),
        Value::Integer(integer) => (1, integer.to_le_bytes().to_vec()),
        Value::Real(real) => (2, real.to_bits().to_le_bytes().to_vec()),
        Value::Text(text) => (3, text.as_bytes().to_vec()),
        Value::Blob(blob) => (4, blob.clone()),
    };
    let length = (of.len() as u64).to_le_bytes();
    [kind].into_iter().chain(length).chain(of).collect()
}
