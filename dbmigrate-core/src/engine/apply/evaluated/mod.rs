//! What the statements of a migration evaluate for the rows that are there, found in their text: so that an expression
//! which fails on a row is known before anything is changed, and which row it is.
//!
//! A script is followed table by table ([`rows`]): what it renames, copies and updates is still a query over the tables
//! as they were before it. What cannot be followed is left to the engine, which fails in the statement.

mod read;
mod rows;
mod search;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use read::{Altered, Copied, Written, altered};
use rows::{State, Window};

use crate::ddl::{Object, read as read_object};
use crate::schema::{Column, Generated, Index, Schema, Table};
use crate::sql::raising::can_raise;
use crate::sql::{Expr, Name, Statement, StatementKind};

pub use search::FailingRows;
pub(super) use search::failing_rows;

/// Expressions that a statement evaluates for the rows of one table.
pub(super) struct Evaluation {
    /// The place of the statement among those that were followed, counted from 0.
    pub(super) statement: usize,
    /// Whether the statement is sure to fail where these do. If not, it depends on what the engine stores of values.
    pub(super) is_certain: bool,
    rows: std::rc::Rc<rows::Rows>,
    parts: Vec<Part>,
}

/// One of them.
struct Part {
    /// What it is a part of.
    what: String,
    /// As it was written.
    expr: Expr,
    /// What is evaluated: where it does not have to be, nothing.
    sql: String,
}

impl Part {
    fn new(what: String, expr: &Expr) -> Self {
        Self { what, sql: format!("({expr})"), expr: expr.clone() }
    }

    /// A condition, whose terms SQLite evaluates only as far as they matter.
    fn condition(what: String, expr: &Expr) -> Self {
        Self { sql: format!("CASE WHEN ({expr}) THEN 1 END"), ..Self::new(what, expr) }
    }

    /// One that is evaluated where a condition holds.
    fn guarded(mut self, condition: Option<&str>) -> Self {
        if let Some(condition) = condition {
            self.sql = format!("CASE WHEN ({condition}) THEN {} END", self.sql);
        }
        self
    }
}

impl Evaluation {
    /// A query that fails if one of the expressions does. It returns one row.
    pub(super) fn query(&self) -> String {
        self.query_in(&self.parts.iter().collect::<Vec<_>>(), &Window::All)
    }

    fn query_in(&self, parts: &[&Part], window: &Window) -> String {
        let mut counts = String::new();
        for part in parts {
            let _ = write!(counts, "{}count({})", if counts.is_empty() { "" } else { ", " }, part.sql);
        }
        let from = self.rows.from(window, &counts);
        format!("SELECT {counts} FROM {from}")
    }
}

/// What the statements evaluate for rows that were there before the first of them, and that can fail.
pub(super) fn evaluations(schema: &Schema, statements: &[Statement<'_>]) -> Vec<Evaluation> {
    if !statements.iter().any(is_of_interest) {
        return Vec::new();
    }
    let alters = statements.iter().enumerate().filter(|(_, one)| one.kind == StatementKind::AlterTable);
    let renames = alters.filter_map(|(at, one)| match altered(one.text)? {
        (from, Some(Altered::Renamed(to))) => Some((at, from, to)),
        _ => None,
    });
    let renames = renames.collect();
    let mut walk = Walk { schema, renames, states: BTreeMap::new(), found: Vec::new(), fires: Vec::new() };
    for (at, statement) in statements.iter().enumerate() {
        if !walk.step(at, statement) {
            break;
        }
    }
    walk.found
}

/// Whether a statement may evaluate something for the rows of a table.
fn is_of_interest(statement: &Statement<'_>) -> bool {
    match statement.kind {
        StatementKind::Write | StatementKind::CreateIndex => true,
        StatementKind::AlterTable => statement.text.contains('('),
        _ => false,
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    /// The tables that get another name, with the place of the statement.
    renames: Vec<(usize, Name, Name)>,
    /// The tables that are another than before; `None` for one of which nothing is known.
    states: BTreeMap<Name, Option<State>>,
    found: Vec<Evaluation>,
    /// The tables with triggers that the script makes.
    fires: Vec<(Name, Expr)>,
}

impl Walk<'_> {
    /// Follows a statement. False if nothing is known behind it.
    fn step(&mut self, at: usize, statement: &Statement<'_>) -> bool {
        match statement.kind {
            StatementKind::CreateTable => match read_object(statement.text) {
                Ok(Object::Table(table)) => {
                    self.states.insert(table.name.clone(), Some(State::made(table)));
                }
                // made of the rows of others
                _ => return false,
            },
            StatementKind::CreateIndex => {
                if let Ok(Object::Index(table, index)) = read_object(statement.text) {
                    self.index(at, &table, &index);
                }
            }
            StatementKind::AlterTable => match altered(statement.text) {
                Some((table, Some(altered))) => self.alter(at, &table, altered),
                Some((table, None)) => self.forget(&table),
                None => return false,
            },
            StatementKind::DropTable => {
                let tokens = crate::sql::token::significant(statement.text);
                let Some(name) = tokens.iter().rev().find_map(crate::sql::Token::identifier) else { return false };
                self.forget(&Name::from(name));
            }
            StatementKind::CreateTrigger => match read_object(statement.text) {
                Ok(Object::Trigger(trigger)) => self.fires.push((trigger.on.clone(), trigger.body)),
                _ => return false,
            },
            StatementKind::Write => return self.write(at, Written::of(statement.text)),
            _ => {}
        }
        true
    }

    fn forget(&mut self, table: &Name) {
        self.states.insert(table.clone(), None);
    }

    /// The table as it is now, if that is known.
    fn state(&self, table: &Name) -> Option<State> {
        match self.states.get(table) {
            Some(state) => state.clone(),
            None => self.schema.table(table).map(State::before),
        }
    }

    fn set(&mut self, state: State) {
        self.states.insert(state.table.name.clone(), Some(state));
    }

    /// What triggers on the table may change is not known any more.
    fn fire(&mut self, table: &Name) {
        let of_schema = self.schema.triggers.iter().map(|trigger| (&trigger.on, &trigger.body));
        let fired = of_schema.chain(self.fires.iter().map(|(on, body)| (on, body))).filter(|(on, _)| *on == table);
        let bodies: Vec<Expr> = fired.map(|(_, body)| body.clone()).collect();
        if bodies.is_empty() {
            return;
        }
        let known = self.schema.tables.iter().map(|table| &table.name).chain(self.states.keys());
        // what a trigger changes may have triggers of its own, so all that is mentioned anywhere is one
        let touched: Vec<Name> = known.filter(|name| bodies.iter().any(|body| body.mentions(name))).cloned().collect();
        for name in touched {
            let is_new = !matches!(self.states.get(&name), Some(None));
            self.forget(&name);
            if is_new && name != *table {
                self.fire(&name);
            }
        }
    }

    /// Whether evaluating the text for the rows of a table can fail, on its own account or on that of what it reads.
    fn can_raise(&self, state: &State, text: &Expr) -> bool {
        if state.can_raise(text) {
            return true;
        }
        let computes = |table: &&Table| {
            let mut generated = table.columns.iter().filter_map(|column| column.generated.as_ref());
            generated.any(|generated| can_raise(generated.expr.as_str()))
        };
        is_query(text)
            && (self.schema.tables.iter().filter(computes).any(|table| text.mentions(&table.name))
                || self.schema.views.iter().any(|view| text.mentions(&view.name)))
    }

    /// Whether the value of the text is the one that it has before the script.
    fn is_certain(&self, state: &State, text: &Expr) -> bool {
        let is_other = |name: &Name| *name != state.table.name && text.mentions(name);
        state.is_exact(text) && !(is_query(text) && self.states.keys().any(is_other))
    }

    /// Takes down what a statement evaluates.
    fn evaluate(&mut self, statement: usize, state: &State, parts: Vec<Part>) {
        let Some(rows) = &state.rows else { return };
        let parts = parts.into_iter().filter(|part| self.can_raise(state, &Expr::new(&part.sql)));
        let (certain, others): (Vec<Part>, Vec<Part>) =
            parts.partition(|part| self.is_certain(state, &Expr::new(&part.sql)));
        for (is_certain, parts) in [(true, certain), (false, others)] {
            if !parts.is_empty() {
                self.found.push(Evaluation { statement, is_certain, rows: rows.clone(), parts });
            }
        }
    }

    fn index(&mut self, at: usize, table: &Name, index: &Index) {
        if let Some(state) = self.state(table) {
            let parts = parts_of_index(&state.table, index);
            self.evaluate(at, &state, parts);
        }
    }

    fn alter(&mut self, at: usize, table: &Name, altered: Altered) {
        let Some(mut state) = self.state(table) else {
            if let Altered::Renamed(to) = altered {
                self.forget(table);
                self.forget(&to);
            }
            return;
        };
        match altered {
            Altered::Renamed(to) => {
                self.forget(table);
                state.rename(to);
            }
            Altered::ColumnRenamed(from, to) => state.rename_column(&from, &to),
            Altered::ColumnDropped(column) => state.drop_column(&column),
            Altered::ColumnAdded(definition) => {
                let Ok(Object::Table(added)) = read_object(&format!("CREATE TABLE t ({definition})")) else {
                    self.forget(table);
                    return;
                };
                let Some(column) = added.columns.into_iter().next() else { return };
                let generated = column.generated.clone().map(|generated| (column.name.clone(), generated));
                state.add_column(column);
                // a computed column that nobody checks is not evaluated now, but whenever a row is read or written
                let mut parts: Vec<Part> =
                    generated.iter().map(|(name, generated)| part_of_generated(table, name, generated)).collect();
                parts.extend(added.checks.iter().map(|check| part_of_check(table, &check.expr)));
                state.table.checks.extend(added.checks);
                self.evaluate(at, &state, parts);
            }
        }
        self.set(state);
    }

    /// False if nothing is known afterwards.
    fn write(&mut self, at: usize, written: Written) -> bool {
        match written {
            Written::Other => return false,
            Written::Insert { table, replaces, copy } => {
                if let Some(copy) = copy {
                    self.copy(at, &table, &copy);
                } else if self.state(&table).is_some_and(|state| state.rows.is_none()) {
                    // it has rows that nobody foresees
                    self.forget(&table);
                }
                if replaces {
                    self.forget(&table);
                }
                self.fire(&table);
            }
            Written::Update { table, assignments, condition } => {
                match (self.state(&table), assignments) {
                    (Some(state), Some(assignments)) => self.update(at, state, &assignments, condition.as_deref()),
                    _ => self.forget(&table),
                }
                self.fire(&table);
            }
            Written::Delete { table, condition } => {
                if let Some(mut state) = self.state(&table) {
                    let part = condition.as_ref().map(|condition| {
                        Part::condition(format!("the WHERE of a DELETE from `{table}`"), &Expr::new(condition))
                    });
                    self.evaluate(at, &state, part.into_iter().collect());
                    state.delete(condition.as_deref());
                    self.set(state);
                }
                self.fire(&table);
            }
        }
        true
    }

    fn copy(&mut self, at: usize, table: &Name, copy: &Copied) {
        let (Some(source), Some(mut state)) = (self.state(&copy.source), self.state(table)) else {
            self.forget(table);
            return;
        };
        let shown = self.final_name(at, table);
        let plain = |table: &Table| -> Vec<Name> {
            let columns = table.columns.iter().filter(|column| column.generated.is_none());
            columns.map(|column| column.name.clone()).collect()
        };
        let mut values = Vec::new();
        for value in &copy.values {
            match value.as_str() {
                "*" => values.extend(source.table.columns.iter().map(|column| column.name.sql().into_owned())),
                _ => values.push(value.clone()),
            }
        }
        let columns = if copy.columns.is_empty() { plain(&state.table) } else { copy.columns.clone() };
        if columns.len() != values.len() {
            self.forget(table);
            return;
        }
        let filled: Vec<(Name, String)> = columns.into_iter().zip(values).collect();
        let condition = copy.condition.as_deref();
        let mut parts: Vec<Part> = condition.iter().map(|condition| of_where(&copy.source, condition)).collect();
        parts.extend(filled.iter().map(|(column, value)| {
            Part::new(format!("the value for `{shown}.{column}`"), &Expr::new(value)).guarded(condition)
        }));
        self.evaluate(at, &source, parts);
        if state.rows.is_some() {
            // what was there stays there
            return;
        }
        state.fill(&source, &filled, condition);
        let omitted = state.table.columns.iter().filter(|column| !filled.iter().any(|(name, _)| *name == column.name));
        let default = |column: &Column| {
            let default = column.default.as_ref().filter(|_| column.generated.is_none())?;
            Some(Part::new(format!("the default of `{shown}.{}`", column.name), default))
        };
        let mut parts: Vec<Part> = omitted.filter_map(default).collect();
        parts.extend(computed(&shown, &state.table, |_| true));
        self.evaluate(at, &state, parts);
        self.set(state);
    }

    fn update(&mut self, at: usize, mut state: State, assignments: &[(Name, String)], condition: Option<&str>) {
        let table = state.table.name.clone();
        let mut parts: Vec<Part> = condition.iter().map(|condition| of_where(&table, condition)).collect();
        parts.extend(assignments.iter().map(|(column, value)| {
            Part::new(format!("the value for `{table}.{column}`"), &Expr::new(value)).guarded(condition)
        }));
        self.evaluate(at, &state, parts);
        state.update(assignments, condition);
        let changes = |expr: &Expr| assignments.iter().any(|(column, _)| expr.mentions(column));
        let mut parts = computed(&table, &state.table, changes);
        let touched =
            state.table.indexes.iter().filter(|index| assignments.iter().any(|(name, _)| index.mentions(name)));
        parts.extend(touched.flat_map(|index| parts_of_index(&state.table, index)));
        self.evaluate(at, &state, parts);
        self.set(state);
    }

    /// The name that a table has at the end of the script.
    fn final_name(&self, at: usize, table: &Name) -> Name {
        let mut name = table.clone();
        for (_, from, to) in self.renames.iter().filter(|(renamed, ..)| *renamed > at) {
            if *from == name {
                name = to.clone();
            }
        }
        name
    }
}

/// What SQLite computes when a row is written: every generated column, and the checks.
fn computed(shown: &Name, table: &Table, is_checked: impl Fn(&Expr) -> bool) -> Vec<Part> {
    let generated = table.columns.iter().filter_map(|column| Some((&column.name, column.generated.as_ref()?)));
    let generated = generated.map(|(name, generated)| part_of_generated(shown, name, generated));
    let checks = table.checks.iter().filter(|check| is_checked(&check.expr));
    generated.chain(checks.map(|check| part_of_check(shown, &check.expr))).collect()
}

fn part_of_generated(table: &Name, column: &Name, generated: &Generated) -> Part {
    Part::new(format!("generated column `{table}.{column}`"), &generated.expr)
}

fn part_of_check(table: &Name, expr: &Expr) -> Part {
    Part::condition(format!("a CHECK of `{table}`"), expr)
}

fn of_where(table: &Name, condition: &str) -> Part {
    Part::condition(format!("the WHERE over `{table}`"), &Expr::new(condition))
}

/// What an index evaluates: its condition, and its expressions where that holds.
fn parts_of_index(table: &Table, index: &Index) -> Vec<Part> {
    let what = || format!("index `{}`", index.name);
    let condition = index.predicate.as_ref();
    let computes = |expr: &&Expr| match expr.as_column().and_then(|name| table.column(&name)) {
        Some(column) => column.generated.is_some(),
        // what is stored of a vector is no value of an expression
        None => !expr.names().iter().any(|name| *name == *"libsql_vector_idx"),
    };
    let parts = index.parts.iter().map(|part| &part.expr).filter(computes);
    let parts = parts.map(|expr| Part::new(what(), expr).guarded(condition.map(Expr::as_str)));
    condition.map(|condition| Part::condition(what(), condition)).into_iter().chain(parts).collect()
}

/// Whether it reads other rows.
fn is_query(text: &Expr) -> bool {
    crate::sql::token::significant(text.as_str()).iter().any(|token| token.is_word("select") || token.is_word("in"))
}

#[cfg(test)]
mod tests;
