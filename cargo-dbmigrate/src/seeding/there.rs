//! What the database has of a set: each row is new, there, or there and different. Asked in few queries, each for many
//! rows, because on a server a request is a round trip.

use std::collections::HashMap;

use dbmigrate_core::engine::connection::{Row, integer};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::schema::Table;
use pollster::block_on;

use super::keys::{Key, is_comparable, key_of, unique_keys};
use super::model::{Given, Mode, Seed};
use super::order::Unit;
use super::references::{self, Reference};
use super::refused::taken;
use super::rows::Value;
use super::statement::slot;
use crate::diagnostic::Diagnostic;

/// How many rows a query asks for.
const AT_ONCE: usize = 200;

/// How large the queries are that are asked together, in bytes of their values and texts.
const TOGETHER: usize = 2 * 1024 * 1024;

/// Where a row of the set stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The database does not have it.
    #[default]
    New,
    /// The database has it as it is.
    Same,
    /// The database has it with other values in these columns.
    Differs(Vec<usize>),
}

/// The values that tell a row of the database apart: its rowid, or its primary key.
pub(crate) type Identity = Vec<Value>;

/// What the database has.
#[derive(Debug, Default)]
pub(crate) struct There {
    /// Where each row of the set stands.
    pub standing: Vec<Standing>,
    /// What makes it impossible to write the set.
    pub errors: Vec<Diagnostic>,
    /// The rows that the set does not have, of the tables that are to have no others.
    pub surplus: Vec<(usize, Vec<Identity>)>,
}

/// What a query is about.
enum About {
    /// Rows of the set: which of them are there, and what differs in these columns.
    Found(Vec<usize>, Vec<usize>),
    /// Rows of the set: which of them have a key that a row of the database has.
    Taken(Vec<usize>, Vec<usize>),
    /// All rows of a table.
    All(usize),
    /// References, from this place on.
    References,
}

/// The expressions that tell a row of the table `t` apart.
pub(crate) fn identity(table: &Table) -> Vec<String> {
    let of_key = || {
        let parts = table.primary_key.iter().flat_map(|key| &key.parts);
        parts.map(|part| format!("t.{}", part.column.sql())).collect()
    };
    match (table.rowid_alias(), table.free_rowid_name()) {
        (Some(alias), _) => vec![format!("t.{}", alias.name.sql())],
        (None, Some(rowid)) => vec![format!("t.{}", rowid.sql())],
        (None, None) => of_key(),
    }
}

/// Looks at the database.
///
/// # Errors
/// If it cannot be asked.
pub(crate) fn look(
    connection: &Connection,
    seed: &Seed,
    units: &[Unit],
    open: &[Reference],
    mode_of: &dyn Fn(usize) -> Mode,
) -> Result<There, EngineError> {
    let mut looker = Looker {
        connection,
        seed,
        open,
        there: There { standing: vec![Standing::New; seed.rows.len()], ..There::default() },
        found: HashMap::new(),
        owners: HashMap::new(),
        taken: Vec::new(),
        waiting: Vec::new(),
        size: 0,
    };
    for unit in units {
        if let Unit::Rows { rows, .. } = unit {
            for (rows, key) in runs(seed, rows) {
                looker.ask_of_rows(&rows, &key)?;
            }
        }
    }
    let synced: Vec<usize> = (0..seed.tables.len()).filter(|table| mode_of(*table) == Mode::Sync).collect();
    for table in &synced {
        let known = &seed.tables[*table].table;
        let sql = format!("SELECT {} FROM {} AS t", identity(known).join(", "), known.name.sql());
        looker.ask(About::All(*table), sql, Vec::new())?;
    }
    for (sql, values) in references::queries(open) {
        looker.ask(About::References, sql, values)?;
    }
    looker.send()?;
    looker.judge();
    Ok(looker.there)
}

/// Rows that one query can ask for: they give the same columns, and the same tells them apart.
fn runs(seed: &Seed, rows: &[usize]) -> Vec<(Vec<usize>, Key)> {
    let mut runs: Vec<(Vec<usize>, Key)> = Vec::new();
    for row in rows {
        let key = key_of(seed, &seed.rows[*row]);
        match runs.last_mut() {
            Some((run, known)) if run.len() < AT_ONCE && *known == key && asks_alike(seed, run[0], *row) => {
                run.push(*row);
            }
            _ => runs.push((vec![*row], key)),
        }
    }
    runs
}

/// Whether two rows give the same columns, expressions aside.
fn asks_alike(seed: &Seed, one: usize, other: usize) -> bool {
    asked_columns(seed, one).eq(asked_columns(seed, other))
        && one != other
        && seed.rows[one].table == seed.rows[other].table
}

/// The columns that can be compared before the row is written.
fn asked_columns(seed: &Seed, row: usize) -> impl Iterator<Item = usize> + '_ {
    let cells = seed.rows[row].cells.iter();
    cells.filter(|cell| !matches!(cell.given, Given::Sql(_))).map(|cell| cell.column)
}

struct Looker<'a> {
    connection: &'a Connection,
    seed: &'a Seed,
    open: &'a [Reference],
    there: There,
    /// The row of the database that a row of the set is.
    found: HashMap<usize, Identity>,
    /// The row of the set that a row of the database is, by its table.
    owners: HashMap<String, usize>,
    /// Rows of the database that have a unique key of a row of the set: the columns of the key.
    taken: Vec<(usize, Vec<usize>, Identity)>,
    waiting: Vec<(About, String, Vec<Value>)>,
    size: usize,
}

impl Looker<'_> {
    fn ask_of_rows(&mut self, rows: &[usize], key: &Key) -> Result<(), EngineError> {
        let seed = self.seed;
        let Some(first) = rows.first().copied() else { return Ok(()) };
        let table = seed.table_of(first);
        let columns: Vec<usize> = asked_columns(seed, first).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let (new, values) = new_rows(seed, rows, &columns);
        let identity = identity(table).join(", ");
        let from = format!("FROM new CROSS JOIN {} AS t WHERE", table.name.sql());
        let named = |column: usize| format!("new.c{column}");
        // as they are stored: the collation of a column may take two texts for one
        let same: Vec<String> = columns
            .iter()
            .map(|at| format!("t.{} IS {} COLLATE BINARY", table.columns[*at].name.sql(), named(*at)))
            .collect();
        let condition = key.condition(table, "t.", named);
        let sql = format!("{new} SELECT new.i, {}, {identity} {from} {condition}", same.join(", "));
        for other in unique_keys(table) {
            let other_columns: Vec<usize> = other.iter().map(|(column, _)| *column).collect();
            let is_given = |row: &usize| other_columns.iter().all(|column| is_comparable(&seed.rows[*row], *column));
            if Key::Unique(other.clone()) == *key || !rows.iter().all(is_given) {
                continue;
            }
            let condition = Key::Unique(other).condition(table, "t.", named);
            let sql = format!("{new} SELECT new.i, {identity} {from} {condition}");
            self.ask(About::Taken(rows.to_vec(), other_columns), sql, values.clone())?;
        }
        self.ask(About::Found(rows.to_vec(), columns), sql, values)
    }

    fn ask(&mut self, about: About, sql: String, values: Vec<Value>) -> Result<(), EngineError> {
        self.size += sql.len() + values.iter().map(size).sum::<usize>();
        self.waiting.push((about, sql, values));
        if self.size > TOGETHER { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), EngineError> {
        self.size = 0;
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (abouts, queries): (Vec<About>, Vec<(String, Vec<Value>)>) =
            self.waiting.drain(..).map(|(about, sql, values)| (about, (sql, values))).unzip();
        let answers = block_on(self.connection.ask_all_with(queries))?;
        let mut references = Vec::new();
        for (about, answer) in abouts.into_iter().zip(answers) {
            match about {
                About::Found(rows, columns) => self.note_found(&rows, &columns, answer?),
                About::Taken(rows, columns) => {
                    for row in answer? {
                        let Some((at, identity)) = placed(&rows, row, 0) else { continue };
                        self.taken.push((at, columns.clone(), identity.1));
                    }
                }
                About::All(table) => self.there.surplus.push((table, answer?)),
                About::References => references.push(answer),
            }
        }
        for at in references::missing(self.open, references)? {
            self.there.errors.extend(references::dangling(self.seed, &self.open[at]));
        }
        Ok(())
    }

    fn note_found(&mut self, rows: &[usize], columns: &[usize], answer: Vec<Row>) {
        for row in answer {
            let Some((at, (flags, identity))) = placed(rows, row, columns.len()) else { continue };
            let differing: Vec<usize> =
                columns.iter().zip(&flags).filter(|(_, flag)| integer(flag) == 0).map(|(column, _)| *column).collect();
            if let Some(other) = self.owners.insert(self.owner_key(at, &identity), at) {
                self.there.errors.push(same_row(self.seed, at, other));
            }
            self.found.insert(at, identity);
            self.there.standing[at] = if differing.is_empty() { Standing::Same } else { Standing::Differs(differing) };
        }
    }

    fn owner_key(&self, row: usize, identity: &Identity) -> String {
        format!("{} {identity:?}", self.seed.rows[row].table)
    }

    /// What follows from all answers together.
    fn judge(&mut self) {
        for (row, columns, identity) in std::mem::take(&mut self.taken) {
            // another row of the set may be about to give it up
            let is_own = self.found.get(&row) == Some(&identity);
            if !is_own && !self.owners.contains_key(&self.owner_key(row, &identity)) {
                self.there.errors.push(taken(self.seed, row, &columns));
            }
        }
        for (table, all) in &mut self.there.surplus {
            all.retain(|identity| !self.owners.contains_key(&format!("{table} {identity:?}")));
        }
        self.there.surplus.retain(|(_, all)| !all.is_empty());
    }
}

/// Two rows of the set that are one of the database, found by different keys.
fn same_row(seed: &Seed, row: usize, other: usize) -> Diagnostic {
    let name = &seed.table_of(row).name;
    let error = Diagnostic::error(format!("two rows of the set are the same row of `{name}` in the database"))
        .help("remove one, or put them together");
    let error = seed.at(error, seed.rows[row].place, "");
    seed.at(error, seed.rows[other].place, "the other one")
}

/// The row of the set that a row of an answer is about, so many flags of it, and the identity behind them.
fn placed(rows: &[usize], mut row: Row, flags: usize) -> Option<(usize, (Vec<Value>, Identity))> {
    let at = *rows.get(usize::try_from(integer(row.first()?)).ok()?)?;
    let mut behind = row.split_off(1);
    let identity = behind.split_off(flags.min(behind.len()));
    Some((at, (behind, identity)))
}

/// `WITH new(i, c0, c2) AS (VALUES (0, ?, ?), …)`, and its values.
fn new_rows(seed: &Seed, rows: &[usize], columns: &[usize]) -> (String, Vec<Value>) {
    let names: Vec<String> = columns.iter().map(|column| format!("c{column}")).collect();
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    let tuples: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let cells = columns.iter().filter_map(|column| seed.rows[*row].cell(*column));
            let slots: Vec<String> = cells.map(|cell| slot(seed, cell, &mut values)).collect();
            format!("({at}, {})", slots.join(", "))
        })
        .collect();
    (format!("WITH new(i, {}) AS (VALUES {})", names.join(", "), tuples.join(", ")), values)
}

/// About how large a value is on its way.
pub(crate) fn size(value: &Value) -> usize {
    16 + match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len() * 4 / 3,
        _ => 8,
    }
}
