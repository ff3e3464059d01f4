//! Asks the engine whether it would take a row: an empty database in memory has the tables with their checks. What it
//! refuses is made anew, also with values that the checks themselves suggest.

use std::collections::BTreeMap;
use std::rc::Rc;

use dbmigrate_core::ddl::render::{create_index, create_table};
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::populate::Suggestions;
use dbmigrate_core::schema::{NamedMap, Schema, Table};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::name::sql_list;
use pollster::block_on;

use super::draw::Draw;
use super::maker::{Maker, as_stored};
use super::plan::{Source, TablePlan};
use crate::seeding::rows::Value;

/// Each 500th row, those that were taken are thrown away.
const KEPT: usize = 500;
/// For how many rows suggestions differ.
const VARIANTS: u64 = 28;

/// What answers.
pub(super) struct Judge {
    connection: Option<Rc<Connection>>,
    suggestions: Rc<Suggestions>,
    /// The statements that put a row in, by table.
    inserts: BTreeMap<Name, String>,
    taken: usize,
    /// Suggestions that were evaluated, by table, column, form and row.
    evaluated: BTreeMap<(Name, usize, u32, u64), Option<Value>>,
    /// How many forms a column's suggestions have.
    forms: BTreeMap<(usize, usize), u32>,
    /// The forms that were in rows that the engine has taken, by table and column.
    learned: BTreeMap<(usize, usize), Vec<u32>>,
    is_learning: bool,
}

impl Judge {
    pub(super) fn new(schema: &Schema) -> Self {
        Self::with(Rc::new(Suggestions::of(schema)))
    }

    pub(super) fn with(suggestions: Rc<Suggestions>) -> Self {
        Self {
            connection: None,
            suggestions,
            inserts: BTreeMap::new(),
            taken: 0,
            evaluated: BTreeMap::new(),
            forms: BTreeMap::new(),
            learned: BTreeMap::new(),
            is_learning: false,
        }
    }

    pub(super) fn suggestions(&self) -> Rc<Suggestions> {
        Rc::clone(&self.suggestions)
    }

    /// One that has learned the same.
    pub(super) fn again(&self) -> Self {
        Self { learned: self.learned.clone(), ..Self::with(self.suggestions()) }
    }

    /// From here on, what is taken tells which suggestions are good; `false`: now it is known.
    pub(super) fn learns(&mut self, learns: bool) {
        self.is_learning = learns;
    }

    fn connection(&mut self) -> Result<Rc<Connection>, String> {
        if let Some(connection) = &self.connection {
            return Ok(Rc::clone(connection));
        }
        let connection = block_on(Connection::in_memory()).map_err(|error| error.message)?;
        block_on(connection.run("PRAGMA foreign_keys = OFF")).map_err(|error| error.message)?;
        let connection = Rc::new(connection);
        self.connection = Some(Rc::clone(&connection));
        Ok(connection)
    }

    /// Whether the engine takes a row, whatever others there are; else what it says. None of the conditions may hold.
    pub(super) fn accepts(&mut self, plan: &TablePlan, values: &[Value], unmet: &[&str]) -> Result<(), String> {
        let connection = self.connection()?;
        if !self.inserts.contains_key(plan.name()) {
            let table = alone(&plan.table);
            block_on(connection.run(&create_table(&table))).map_err(|error| error.message)?;
            self.inserts.insert(plan.name().clone(), insert(plan));
        }
        if self.taken >= KEPT {
            for name in self.inserts.keys() {
                block_on(connection.run(&format!("DELETE FROM {}", name.sql()))).map_err(|error| error.message)?;
            }
            self.taken = 0;
        }
        self.taken += 1;
        let filled = plan.filled().map(|column| values[column].clone()).collect();
        block_on(connection.run_with(&self.inserts[plan.name()], filled)).map_err(|error| error.message)?;
        if unmet.is_empty() {
            return Ok(());
        }
        for condition in unmet {
            let name = plan.name().sql();
            let query = format!("SELECT 1 FROM {name} WHERE rowid = last_insert_rowid() AND ({condition})");
            let meets = block_on(connection.rows(&query)).map_err(|error| error.message)?;
            if !meets.is_empty() {
                return Err(format!("UNIQUE constraint failed: WHERE {condition}"));
            }
        }
        Ok(())
    }

    /// Which suggestion is tried for a column, and for which row; `None` if it is the turn of what is natural.
    pub(super) fn form(
        &mut self,
        plan: &TablePlan,
        table: usize,
        column: usize,
        draw: &mut Draw<'_>,
        unique_row: Option<u64>,
    ) -> Option<(u32, u64)> {
        let row = |draw: &mut Draw<'_>| unique_row.map_or_else(|| 1 + draw.below(VARIANTS), |row| row + VARIANTS + 1);
        // what was good before is likely to be good again
        let is_old = draw.below(8) > 0;
        if let Some(learned) = self.learned.get(&(table, column)).filter(|_| !self.is_learning && is_old) {
            let form = learned[draw.index(learned.len())];
            return (form != NATURAL).then(|| (form, row(draw)));
        }
        let is_nullable = plan.columns[column].null > super::draw::Share::NONE;
        match draw.below(8) {
            0..3 => return None,
            3 if is_nullable => return Some((NOTHING, 1)),
            _ => {}
        }
        let forms = *self.forms.entry((table, column)).or_insert_with(|| {
            let values = self.suggestions.values(&plan.table, &plan.table.columns[column], 1);
            u32::try_from(values.len()).unwrap_or(1)
        });
        // the likeliest come first
        let form = (0..2).map(|_| draw.below(u64::from(forms))).min().unwrap_or_default();
        Some((u32::try_from(form).unwrap_or_default(), row(draw)))
    }

    /// The value of a suggestion; `None` if it has none.
    pub(super) fn suggestion(&mut self, plan: &TablePlan, column: usize, form: u32, row: u64) -> Option<Value> {
        if form == NOTHING {
            return Some(Value::Null);
        }
        let of = (plan.name().clone(), column, form, row);
        if let Some(known) = self.evaluated.get(&of) {
            return known.clone();
        }
        let number = i64::try_from(row).unwrap_or(i64::MAX);
        let values = self.suggestions.values(&plan.table, &plan.table.columns[column], number);
        let sql = values.get(form as usize)?;
        // what is the same for each row cannot be different in each
        if row > VARIANTS
            && self.suggestions.values(&plan.table, &plan.table.columns[column], number - 1).get(form as usize)
                == Some(sql)
        {
            return None;
        }
        let may_be_null = plan.columns[column].null > super::draw::Share::NONE;
        let value = self.evaluate(sql).filter(|value| may_be_null || *value != Value::Null);
        let value = value.map(|value| as_stored(value, plan.columns[column].affinity));
        let value = value.filter(|value| is_of_the_kind(plan, column, value));
        if row <= VARIANTS {
            self.evaluated.insert(of, value.clone());
        }
        value
    }

    /// Suggestions for a column that nothing natural is known for.
    pub(super) fn pool(&mut self, table: &Table, column: usize) -> Vec<Value> {
        let column = &table.columns[column];
        let count = self.suggestions.by_use(table, column);
        let affinity = table.affinity(column);
        let mut pool = Vec::new();
        for row in 1..=i64::try_from(VARIANTS).unwrap_or(1) {
            let values = self.suggestions.values(table, column, row);
            let count = if count == 0 { values.len() } else { count };
            for sql in &values[..count] {
                if let Some(value) = self.evaluate(sql).map(|value| as_stored(value, affinity))
                    && value != Value::Null
                    && !pool.contains(&value)
                {
                    pool.push(value);
                }
            }
            if count == values.len() {
                break;
            }
        }
        pool
    }

    fn evaluate(&mut self, sql: &str) -> Option<Value> {
        let connection = self.connection().ok()?;
        block_on(connection.first_row(&format!("SELECT {sql}"))).ok()??.pop()
    }

    /// Takes down which suggestions were in a row that was taken, and for which open columns it was what is natural.
    pub(super) fn learn(&mut self, table: usize, open: &[usize], chosen: &[(usize, u32)]) {
        if !self.is_learning {
            return;
        }
        for column in open {
            let form = chosen.iter().find(|(of, _)| of == column).map_or(NATURAL, |(_, form)| *form);
            self.learned.entry((table, *column)).or_default().push(form);
        }
    }

    /// Forgets what was learned of a table.
    pub(super) fn forget(&mut self, table: usize) {
        self.learned.retain(|(of, _), _| *of != table);
    }
}

/// Whether a suggestion is what the column is likely to hold: a check that speaks of several columns suggests the values
/// of one for the others.
fn is_of_the_kind(plan: &TablePlan, column: usize, value: &Value) -> bool {
    let Source::Made(maker, _) = &plan.columns[column].source else { return true };
    let is_number = matches!(plan.columns[column].affinity, Affinity::Integer | Affinity::Real);
    match value {
        Value::Null => true,
        Value::Text(text) => match maker {
            Maker::Moment { form, .. } => !form.is_number() && super::moment::parse(text).is_some(),
            _ => !is_number,
        },
        Value::Blob(_) => !is_number && !matches!(maker, Maker::Moment { .. }),
        Value::Integer(_) | Value::Real(_) => !matches!(maker, Maker::Moment { form, .. } if !form.is_number()),
    }
}

/// What is made without a suggestion.
const NATURAL: u32 = u32::MAX;
/// NULL.
const NOTHING: u32 = u32::MAX - 1;

/// The table with what is evaluated for each row, and nothing that looks at others.
fn alone(table: &Table) -> Table {
    let mut alone = table.clone();
    alone.primary_key = None;
    alone.without_rowid = false;
    alone.random_rowid = false;
    alone.uniques.clear();
    alone.foreign_keys.clear();
    alone.indexes = NamedMap::default();
    // what computes an index is computed for each row as well
    for index in &table.indexes {
        if index.parts.iter().any(|part| part.expr.as_column().is_none()) || index.predicate.is_some() {
            let mut index = index.clone();
            index.unique = false;
            alone.indexes.insert(index);
        }
    }
    for column in &mut alone.columns {
        column.not_null |= table.rejects_null(table.column(&column.name).unwrap_or(column));
        column.not_null_conflict = None;
    }
    alone
}

/// The statements for an empty database with the whole table, foreign keys aside.
pub(super) fn whole(table: &Table) -> Vec<String> {
    let mut whole = table.clone();
    whole.foreign_keys.clear();
    let indexes = table.indexes.iter().filter(|index| index.unique || index.predicate.is_some());
    let indexes: Vec<String> = indexes.map(|index| create_index(&table.name, index)).collect();
    std::iter::once(create_table(&whole)).chain(indexes).collect()
}

/// The statement that inserts a row of values.
pub(super) fn insert(plan: &TablePlan) -> String {
    let columns: Vec<&Name> = plan.filled().map(|column| &plan.table.columns[column].name).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    format!("INSERT OR ABORT INTO {} ({}) VALUES ({marks})", plan.name().sql(), sql_list(columns))
}

/// The columns of a table that values can be tried for: those that are evaluated and that nothing else decides.
pub(super) fn open(plan: &TablePlan, configured: impl Fn(usize) -> bool) -> Vec<usize> {
    let is_used = |column: usize| {
        let name = &plan.table.columns[column].name;
        dbmigrate_core::engine::populate::evaluated(&plan.table).any(|expr| expr.mentions(name))
    };
    plan.filled()
        .filter(|column| !matches!(plan.columns[*column].source, Source::Engine))
        .filter(|column| is_used(*column) && !configured(*column))
        .collect()
}
