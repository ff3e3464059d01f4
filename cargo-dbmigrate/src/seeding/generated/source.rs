//! Generated rows as the writer takes them, one after the other.

use std::rc::Rc;

use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::{quote_blob, quote_string, sql_list};

use super::judge::Judge;
use super::plan::{Choice, InputTable, Plan};
use super::problem::{Problem, Reason};
use super::rows::Rows;
use super::{build, trial};
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::seeding::rows::{Generated, Look, RowSource, Value};

/// Makes the rows of one table.
pub(crate) struct Generator {
    shared: Rc<Shared>,
    table: usize,
    columns: Vec<Name>,
}

/// What all tables have in common.
struct Shared {
    plan: Plan,
    judge: Judge,
}

/// What makes rows for all tables that have settings.
///
/// # Errors
/// What the schema has no room for: each with its constraint, and what to say about it.
pub(crate) fn generators(
    schema: &Schema,
    inputs: Vec<InputTable>,
    seed: u64,
) -> std::result::Result<Vec<Generator>, Vec<Diagnostic>> {
    let spans: Vec<(Name, std::ops::Range<usize>)> = inputs
        .iter()
        .filter_map(|input| Some((input.table.name.clone(), input.settings.as_ref()?.rows_span.clone())))
        .collect();
    let said = |problems: Vec<Problem>| -> Vec<Diagnostic> {
        let span = |problem: &Problem| {
            let found = spans.iter().find(|(table, _)| *table == problem.table.name);
            found.map(|(_, span)| span.clone()).unwrap_or_default()
        };
        problems.iter().map(|problem| problem.diagnostic(&span(problem))).collect()
    };
    let mut judge = Judge::new(schema);
    let mut plan = build::plan(schema, inputs, seed, &mut judge).map_err(said)?;
    trial::all(&mut plan, &mut judge).map_err(said)?;
    let shared = Rc::new(Shared { plan, judge: judge.again() });
    let made = (0..shared.plan.tables.len()).filter(|table| shared.plan.tables[*table].settings.is_some());
    Ok(made
        .map(|table| {
            let plan = &shared.plan.tables[table];
            let columns = plan.filled().map(|column| plan.table.columns[column].name.clone()).collect();
            Generator { shared: Rc::clone(&shared), table, columns }
        })
        .collect())
}

impl Generator {
    /// The table whose rows it makes.
    pub(crate) fn table(&self) -> &Name {
        self.shared.plan.tables[self.table].name()
    }
}

impl Generated for Generator {
    fn columns(&self) -> &[Name] {
        &self.columns
    }

    fn count(&self) -> Option<u64> {
        Some(self.shared.plan.tables[self.table].made)
    }

    fn open<'a>(&'a self, look: &'a dyn Look) -> Result<Box<dyn RowSource + 'a>> {
        self.shared.complete(self.table, look)?;
        let plan = &self.shared.plan;
        let columns = plan.tables[self.table].filled().collect();
        let rows = Rows::new(plan, self.shared.judge.again());
        Ok(Box::new(Source { generator: self, rows, next: 0, columns, values: Vec::new() }))
    }
}

/// The rows from the first on.
struct Source<'a> {
    generator: &'a Generator,
    rows: Rows<'a>,
    next: u64,
    columns: Vec<usize>,
    values: Vec<Value>,
}

impl RowSource for Source<'_> {
    fn columns(&self) -> &[Name] {
        &self.generator.columns
    }

    fn next_row(&mut self, row: &mut Vec<Value>) -> Result<bool> {
        let plan = &self.generator.shared.plan.tables[self.generator.table];
        if self.next >= plan.made {
            return Ok(false);
        }
        self.rows.row(self.generator.table, self.next, &mut self.values).map_err(|refused| {
            let reason = Reason::Refused { row: refused.row, message: refused.message };
            let problem = Problem { table: plan.table.clone(), file: plan.file.clone(), reason };
            let diagnostic = problem.diagnostic(&(0..0));
            CommandError::new(exit::USAGE, diagnostic.message).helps(diagnostic.help)
        })?;
        self.next += 1;
        row.clear();
        row.extend(self.columns.iter().map(|column| std::mem::replace(&mut self.values[*column], Value::Null)));
        Ok(true)
    }
}

/// How many rows are asked for at once.
const AT_ONCE: usize = 200;

impl Shared {
    /// Asks for what rows of a table refer to and only the database knows: keys of given rows that it has made.
    fn complete(&self, table: usize, look: &dyn Look) -> Result<()> {
        let mut seen: Vec<usize> = Vec::new();
        let mut open = vec![table];
        while let Some(table) = open.pop() {
            for key in self.plan.tables[table].keys.iter().filter(|key| !matches!(key.choice, Choice::Nothing)) {
                if !seen.contains(&key.parent) {
                    seen.push(key.parent);
                    open.push(key.parent);
                    self.complete_given(key.parent, look)?;
                }
            }
        }
        Ok(())
    }

    /// The columns of a table's given rows that others refer to.
    fn complete_given(&self, at: usize, look: &dyn Look) -> Result<()> {
        let table = &self.plan.tables[at];
        let keys = self.plan.tables.iter().flat_map(|other| &other.keys).filter(|key| key.parent == at);
        let mut wanted: Vec<usize> = keys.flat_map(|key| key.parent_columns.clone()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut given = table.given.borrow_mut();
        let is_missing = |row: &Vec<Option<Value>>| wanted.iter().any(|column| row[*column].is_none());
        let missing: Vec<usize> = (0..given.len()).filter(|row| is_missing(&given[*row])).collect();
        let names = |columns: &[usize]| sql_list(columns.iter().map(|column| &table.table.columns[*column].name));
        for rows in missing.chunks(AT_ONCE) {
            let queries = rows.iter().map(|row| {
                let known =
                    given[*row].iter().enumerate().filter_map(|(column, value)| Some((column, value.as_ref()?)));
                let condition: Vec<String> =
                    known.map(|(column, value)| format!("{} IS {}", names(&[column]), quoted(value))).collect();
                let condition = if condition.is_empty() { "1".to_owned() } else { condition.join(" AND ") };
                let (columns, name) = (names(&wanted), table.name().sql());
                format!("SELECT * FROM (SELECT {row}, {columns} FROM {name} WHERE {condition} LIMIT 1)")
            });
            for found in look.rows(&queries.collect::<Vec<_>>().join(" UNION ALL "))? {
                let mut values = found.into_iter();
                let Some(Value::Integer(row)) = values.next() else { continue };
                let Some(row) = usize::try_from(row).ok().and_then(|row| given.get_mut(row)) else { continue };
                for (column, value) in wanted.iter().zip(values) {
                    row[*column] = Some(value);
                }
            }
        }
        Ok(())
    }
}

/// A value as it stands in SQL.
fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => quote_string(text),
        Value::Blob(blob) => quote_blob(blob),
    }
}
