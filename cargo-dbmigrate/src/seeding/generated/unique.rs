//! Keeps rows apart where a primary key, `UNIQUE` or a unique index wants it: by the number of the row, by its number
//! among those of its parent, or by combinations of columns.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::schema::Table;
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{Expr, Name};

use super::draw::Key;
use super::plan::{Choice, Condition, KeyPlan, Number, Spread, places};

/// Something that keeps rows apart.
#[derive(Debug, Clone)]
pub(super) struct Unique {
    /// What it is called in messages: `UNIQUE (a, b)`.
    pub(super) what: String,
    pub(super) columns: Vec<usize>,
    /// Which rows it is about; `None`: all.
    pub(super) predicate: Option<Expr>,
    /// Whether something is made of the columns that may be the same for different values.
    pub(super) is_computed: bool,
}

/// All of a table, those of few columns first.
pub(super) fn of(table: &Table) -> Vec<Unique> {
    let list = |columns: &[usize]| {
        columns.iter().map(|column| table.columns[*column].name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let simple = |what: &str, names: Vec<Name>| {
        let columns = places(table, &names)?;
        Some(Unique { what: format!("{what} ({})", list(&columns)), columns, predicate: None, is_computed: false })
    };
    let names = |parts: &[dbmigrate_core::schema::KeyPart]| parts.iter().map(|part| part.column.clone()).collect();
    let mut found: Vec<Unique> =
        table.primary_key.iter().filter_map(|key| simple("PRIMARY KEY", names(&key.parts))).collect();
    found.extend(table.uniques.iter().filter_map(|unique| simple("UNIQUE", names(&unique.parts))));
    for index in table.indexes.iter().filter(|index| index.unique) {
        let mut columns = Vec::new();
        let mut is_computed = false;
        for part in &index.parts {
            if let Some(name) = part.expr.as_column() {
                columns.extend(places(table, &[name]).unwrap_or_default());
            } else {
                let mentioned = table.columns.iter().enumerate().filter(|(_, column)| part.expr.mentions(&column.name));
                columns.extend(mentioned.map(|(at, _)| at));
                is_computed |= !keeps_apart(&part.expr);
            }
        }
        columns.dedup();
        let what = format!("the unique index `{}`", index.name);
        found.push(Unique { what, columns, predicate: index.predicate.clone(), is_computed });
    }
    for unique in &mut found {
        // what is computed differs, if at all, because of what it is computed of
        while let Some(at) = unique.columns.iter().position(|column| table.columns[*column].generated.is_some()) {
            let column = unique.columns.remove(at);
            let Some(generated) = &table.columns[column].generated else { break };
            let mentioned = (0..table.columns.len()).filter(|of| {
                *of != column && generated.expr.mentions(&table.columns[*of].name) && !unique.columns.contains(of)
            });
            let mentioned: Vec<usize> = mentioned.collect();
            unique.columns.extend(mentioned);
            unique.is_computed = true;
        }
    }
    found.sort_by_key(|unique| (unique.columns.len(), unique.predicate.is_some()));
    found
}

/// Whether values that differ by more than the case of their letters stay different.
fn keeps_apart(expr: &Expr) -> bool {
    let tokens = significant(expr.as_str());
    match &tokens[..] {
        [function, open, .., close] if open.kind == TokenKind::Open && close.kind == TokenKind::Close => {
            ["lower", "upper"].iter().any(|name| function.is_word(name)) && tokens.len() == 4
        }
        [_, collate, _] => collate.is_word("collate"),
        _ => false,
    }
}

/// A column that is made, or a foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Key(usize),
    Column(usize),
}

/// How many values a column can have.
pub(super) struct Room {
    /// `None`: no end.
    pub(super) count: Option<u64>,
    /// Whether they are numbers that count on.
    pub(super) counts: bool,
    /// Whether it can be NULL where there are no more values.
    pub(super) nullable: bool,
}

/// Decides how the rows of a table are kept apart.
pub(super) struct Apart<'a> {
    pub(super) table: &'a Table,
    pub(super) rows: u64,
    /// The most rows that a parent has, with the key that refers to it.
    pub(super) per: Option<(usize, u64)>,
    pub(super) keys: &'a mut [KeyPlan],
    /// How many rows the parent of a key has.
    pub(super) parents: &'a dyn Fn(&KeyPlan) -> u64,
    /// How many values a column can have if it has to be unique.
    pub(super) room: &'a dyn Fn(usize) -> Room,
    pub(super) seed: u64,
    pub(super) numbers: BTreeMap<usize, Number>,
    pub(super) spreads: Vec<Spread>,
    pub(super) conditions: Vec<Condition>,
    /// Whether rows may be the same where they must not be, because of what only all of them together tell.
    pub(super) is_uncertain: bool,
    /// Sets of units that are different in each row.
    done: Vec<BTreeSet<Unit>>,
}

/// A constraint with room for fewer rows than there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoRoom {
    pub(super) what: String,
    pub(super) columns: Vec<usize>,
    pub(super) room: u64,
    /// Whether that is for each row of a parent.
    pub(super) is_per_parent: bool,
}

impl<'a> Apart<'a> {
    pub(super) fn new(
        table: &'a Table,
        rows: u64,
        per: Option<(usize, u64)>,
        keys: &'a mut [KeyPlan],
        parents: &'a dyn Fn(&KeyPlan) -> u64,
        room: &'a dyn Fn(usize) -> Room,
        seed: u64,
    ) -> Self {
        let (numbers, spreads, conditions, is_uncertain, done) = Default::default();
        Self { table, rows, per, keys, parents, room, seed, numbers, spreads, conditions, is_uncertain, done }
    }

    /// The columns' units, each once.
    fn units(&self, unique: &Unique) -> Vec<Unit> {
        let mut units = Vec::new();
        for column in &unique.columns {
            let owner =
                self.keys.iter().position(|key| !matches!(key.choice, Choice::Implied) && key.columns.contains(column));
            let unit = owner.map_or(Unit::Column(*column), Unit::Key);
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
        units
    }

    /// Keeps rows apart in one constraint.
    pub(super) fn keep(&mut self, unique: &Unique) -> Result<(), NoRoom> {
        let units = self.units(unique);
        let set: BTreeSet<Unit> = units.iter().copied().collect();
        if self.rows <= 1 || self.done.iter().any(|done| done.is_subset(&set)) {
            return Ok(());
        }
        // a key of several columns differs in the part of it that is unique only if all of them are there
        let has_all = |key: &KeyPlan| key.columns.iter().all(|column| unique.columns.contains(column));
        let is_free = |unit: &Unit| match unit {
            Unit::Key(key) => {
                let plan = &self.keys[*key];
                matches!(plan.choice, Choice::Any(_) | Choice::Earlier) && has_all(plan)
            }
            Unit::Column(column) => {
                !self.numbers.contains_key(column) && self.table.columns[*column].generated.is_none()
            }
        };
        let free: Vec<Unit> = units.iter().copied().filter(is_free).collect();
        let is_joined =
            |unit: &Unit| matches!(unit, Unit::Key(key) if matches!(self.keys[*key].choice, Choice::Joined(_)));
        if free.is_empty() && units.iter().any(is_joined) {
            self.is_uncertain = true;
            return Ok(());
        }
        let per = self.per.filter(|(key, _)| set.contains(&Unit::Key(*key)) && has_all(&self.keys[*key]));
        let result = match per {
            Some((_, most)) => self.spread(&free, most, true, unique),
            None => self.spread(&free, self.rows, false, unique),
        };
        result.map(|()| self.done.push(set))
    }

    /// How many values a unit can have.
    fn room_of(&self, unit: Unit) -> Room {
        match unit {
            Unit::Key(key) => {
                let plan = &self.keys[key];
                let count = match plan.choice {
                    Choice::Earlier => self.rows,
                    _ => (self.parents)(plan),
                };
                let nullable = super::parents::can_be_null(self.table, &plan.columns);
                Room { count: Some(count), counts: false, nullable }
            }
            Unit::Column(column) => (self.room)(column),
        }
    }

    /// Gives units numbers so that `rows` rows differ.
    fn spread(&mut self, free: &[Unit], rows: u64, by_ordinal: bool, unique: &Unique) -> Result<(), NoRoom> {
        if rows <= 1 && by_ordinal {
            return Ok(());
        }
        let rooms: Vec<(Unit, Room)> = free.iter().map(|unit| (*unit, self.room_of(*unit))).collect();
        let single = if by_ordinal { Number::Ordinal } else { Number::Row };
        // what has no end keeps rows apart alone, without anybody seeing to it: text first, then numbers
        let is_whole = unique.columns.len() == 1;
        let endless = rooms.iter().find(|(_, room)| room.count.is_none());
        if let Some((unit, _)) = endless {
            self.number(*unit, single);
            return Ok(());
        }
        // numbers go on by themselves in a combination: the position in a list
        let counting = rooms.iter().position(|(_, room)| room.counts);
        let mut parts: Vec<&(Unit, Room)> = rooms.iter().filter(|(_, room)| !room.counts).collect();
        let mut product: u64 = 1;
        let mut used: Vec<(Unit, u64)> = Vec::new();
        parts.sort_by_key(|(unit, _)| *unit);
        for (unit, room) in &parts {
            if product >= rows {
                break;
            }
            let count = room.count.unwrap_or(1).max(1);
            used.push((*unit, count));
            product = product.saturating_mul(count);
        }
        if let Some(counting) = counting
            && product < rows
        {
            let (unit, room) = &rooms[counting];
            let room = room.count.unwrap_or(u64::MAX);
            if product.saturating_mul(room) >= rows {
                if used.is_empty() {
                    self.number(*unit, single);
                } else {
                    used.push((*unit, u64::MAX));
                    self.combine(&used, product.saturating_mul(room), by_ordinal, false);
                }
                return Ok(());
            }
            used.push((*unit, room));
            product = product.saturating_mul(room);
        }
        if let [(unit, _)] = used[..] {
            let is_alone = rooms.len() == 1 && is_whole;
            let room = rooms.iter().find(|(one, _)| *one == unit);
            if product >= rows
                || (is_alone && unique.predicate.is_none() && room.is_some_and(|(_, room)| room.nullable))
            {
                if by_ordinal && matches!(unit, Unit::Key(_)) && product >= rows {
                    // not the same ones for each parent
                    self.combine(&used, product, by_ordinal, true);
                } else {
                    self.number(unit, single);
                }
                return Ok(());
            }
        }
        if let Some(predicate) = unique.predicate.as_ref().filter(|_| product < rows) {
            let spread = self.combine(&used, product, by_ordinal, false);
            self.conditions.push(Condition { spread, expr: predicate.as_str().to_owned() });
            return Ok(());
        }
        if product < rows {
            return Err(NoRoom {
                what: unique.what.clone(),
                columns: unique.columns.clone(),
                room: if free.is_empty() { u64::from(!by_ordinal) } else { product },
                is_per_parent: by_ordinal,
            });
        }
        self.combine(&used, product, by_ordinal, true);
        Ok(())
    }

    /// Combinations of units; their place among the spreads.
    fn combine(&mut self, units: &[(Unit, u64)], count: u64, by_ordinal: bool, is_shuffled: bool) -> usize {
        let spread = self.spreads.len();
        let name = format!("spread {spread}");
        let shuffle = is_shuffled.then(|| Key::new(self.seed, &self.table.name, &name, "spread").number());
        self.spreads.push(Spread {
            by_ordinal,
            radices: units.iter().map(|(_, room)| *room).collect(),
            count,
            shuffle,
        });
        for (at, (unit, _)) in units.iter().enumerate() {
            self.number(*unit, Number::Digit { spread, at });
        }
        spread
    }

    fn number(&mut self, unit: Unit, number: Number) {
        match unit {
            Unit::Column(column) => {
                self.numbers.insert(column, number);
            }
            Unit::Key(key) => {
                let plan = &mut self.keys[key];
                plan.choice = match (&plan.choice, number) {
                    (Choice::Earlier, Number::Row) => Choice::Previous,
                    _ => Choice::Numbered(number),
                };
            }
        }
        if number == Number::Row {
            self.done.push([unit].into());
        }
    }
}
