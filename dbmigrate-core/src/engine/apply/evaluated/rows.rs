//! The rows of a table at some place of a script, as a query over the tables as they were before it.

use std::fmt::Write as _;
use std::rc::Rc;

use crate::schema::{Column, Table};
use crate::sql::name::sql_list;
use crate::sql::raising::can_raise;
use crate::sql::{Expr, Name};

/// A table as it is at some place of a script.
#[derive(Clone)]
pub(super) struct State {
    /// Its definition there.
    pub(super) table: Table,
    /// Its rows; `None` while it has none that were there before the script.
    pub(super) rows: Option<Rc<Rows>>,
    /// The columns with the values, and the affinity, that a column had before the script. Of what is computed, only
    /// the engine knows what it is once it is stored.
    exact: Vec<Name>,
    /// How many queries its rows are wrapped in.
    layers: usize,
}

/// A script that changes the rows of a table more often than this is not followed: as a query, SQLite would take long to
/// compile it.
const MOST_LAYERS: usize = 32;

/// Where rows come from.
pub(super) enum Rows {
    /// A table as it was.
    Of(Table),
    /// Others, as they become.
    Derived {
        of: Rc<Rows>,
        /// The name by which expressions speak of them.
        name: Name,
        columns: Vec<(Name, String)>,
        condition: Option<String>,
    },
}

/// Which of the rows of the table that all others come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Window {
    All,
    /// Those with a rowid from one to the other.
    Rowids(Name, i64, i64),
    /// So many from a place on, counted from 0, in the order of these columns.
    Places(Vec<Name>, i64, i64),
}

impl State {
    /// A table that was there before the script.
    pub(super) fn before(table: &Table) -> Self {
        let exact = table.columns.iter().map(|column| column.name.clone()).collect();
        Self { table: table.clone(), rows: Some(Rc::new(Rows::Of(table.clone()))), exact, layers: 0 }
    }

    /// One that the script makes.
    pub(super) fn made(table: Table) -> Self {
        Self { table, rows: None, exact: Vec::new(), layers: 0 }
    }

    /// Whether everything that the text says of the table is known before the script.
    pub(super) fn is_exact(&self, text: &Expr) -> bool {
        let inexact = self.table.columns.iter().filter(|column| !self.exact.contains(&column.name));
        inexact.into_iter().all(|column| !text.mentions(&column.name))
    }

    /// Whether evaluating the text for these rows can fail: what it does itself, or what computes a column.
    pub(super) fn can_raise(&self, text: &Expr) -> bool {
        let is_computed = |column: &&Column| {
            column.generated.as_ref().is_some_and(|generated| {
                // one that is named by itself is computed of others
                can_raise(generated.expr.as_str())
                    || self.table.columns.iter().any(|other| {
                        let computes = other.generated.as_ref().is_some_and(|other| can_raise(other.expr.as_str()));
                        computes && generated.expr.mentions(&other.name)
                    })
            })
        };
        let mut computed = self.table.columns.iter().filter(is_computed);
        can_raise(text.as_str()) || computed.any(|column| text.mentions(&column.name))
    }

    /// The columns as they are, with the rowid where somebody can name it.
    fn identity(&self) -> Vec<(Name, String)> {
        let rowid = self.rows.as_ref().and_then(|rows| rows.rowid());
        let columns = self.table.columns.iter().map(|column| column.name.clone());
        rowid.into_iter().chain(columns).map(|name| (name.clone(), name.sql().into_owned())).collect()
    }

    fn derive(&mut self, columns: Vec<(Name, String)>, condition: Option<String>) {
        self.layers += 1;
        let Some(of) = self.rows.take().filter(|_| self.layers <= MOST_LAYERS) else { return };
        self.rows = Some(Rc::new(Rows::Derived { of, name: self.table.name.clone(), columns, condition }));
    }

    /// `RENAME TO`
    pub(super) fn rename(&mut self, name: Name) {
        self.table.name = name;
        self.derive(self.identity(), None);
    }

    /// `RENAME COLUMN`
    pub(super) fn rename_column(&mut self, from: &Name, to: &Name) {
        let named = |name: Name| if name == *from { to.clone() } else { name };
        let columns = self.identity().into_iter().map(|(name, value)| (named(name), value)).collect();
        let (table, renames) = (self.table.name.clone(), [(from.clone(), to.clone())]);
        for column in &mut self.table.columns {
            column.name = named(column.name.clone());
            if let Some(generated) = &mut column.generated {
                generated.expr = generated.expr.with_columns_renamed(&table, &renames);
            }
        }
        for check in &mut self.table.checks {
            check.expr = check.expr.with_columns_renamed(&table, &renames);
        }
        self.exact = std::mem::take(&mut self.exact).into_iter().map(named).collect();
        self.derive(columns, None);
    }

    /// `ADD COLUMN`
    pub(super) fn add_column(&mut self, column: Column) {
        let value = match (&column.generated, &column.default) {
            (Some(generated), _) => format!("({})", generated.expr),
            (None, Some(default)) => format!("({default})"),
            (None, None) => "NULL".to_owned(),
        };
        let mut columns = self.identity();
        columns.push((column.name.clone(), value));
        // what is computed of what is known is known: it is not stored
        if column.generated.as_ref().is_some_and(|generated| self.is_exact(&generated.expr)) {
            self.exact.push(column.name.clone());
        }
        self.table.columns.push(column);
        self.derive(columns, None);
    }

    /// `DROP COLUMN`
    pub(super) fn drop_column(&mut self, name: &Name) {
        self.table.columns.retain(|column| column.name != *name);
        self.derive(self.identity(), None);
    }

    /// `UPDATE … SET`, of the rows for which the condition holds.
    pub(super) fn update(&mut self, assignments: &[(Name, String)], condition: Option<&str>) {
        let columns = self.identity().into_iter().map(|(name, value)| {
            let Some((_, assigned)) = assignments.iter().find(|(assigned, _)| *assigned == name) else {
                return (name, value);
            };
            let assigned = match condition {
                Some(condition) => format!("CASE WHEN {condition} THEN {assigned} ELSE {value} END"),
                None => assigned.clone(),
            };
            (name, assigned)
        });
        let columns: Vec<(Name, String)> = columns.collect();
        // the rows with another value have another one in what is computed of it
        let generated = self.generated_in_order();
        let is_same = |column: &&Name| !assignments.iter().any(|(assigned, _)| assigned == *column);
        let exact = self.exact.iter().filter(is_same).filter(|name| !generated.iter().any(|(one, _)| one == *name));
        self.exact = exact.cloned().collect();
        let plain = columns.into_iter().filter(|(name, _)| !generated.iter().any(|(one, _)| one == name)).collect();
        self.derive(plain, None);
        self.derive_generated(&generated);
    }

    /// `DELETE`, of the rows for which the condition holds, which cannot be told from the others where it fails.
    pub(super) fn delete(&mut self, condition: Option<&str>) {
        if let Some(condition) = condition {
            self.derive(self.identity(), Some(format!("({condition}) IS NOT TRUE")));
        } else {
            (self.rows, self.exact) = (None, Vec::new());
        }
    }

    /// `INSERT … SELECT`, into a table without rows.
    pub(super) fn fill(&mut self, source: &Self, columns: &[(Name, String)], condition: Option<&str>) {
        let Some(of) = &source.rows else { return };
        let mut all: Vec<(Name, String)> = columns.to_vec();
        let omitted = self
            .table
            .columns
            .iter()
            .filter(|column| column.generated.is_none() && !columns.iter().any(|(name, _)| *name == column.name));
        let default = |column: &Column| column.default.as_ref().map_or("NULL".to_owned(), |value| format!("({value})"));
        all.extend(omitted.map(|column| (column.name.clone(), default(column))));
        let stays = |(name, value): &&(Name, String)| {
            let (Some(after), Some(from)) = (self.table.column(name), Expr::new(value).as_column()) else {
                return false;
            };
            let Some(before) = source.table.column(&from) else { return false };
            source.exact.contains(&from) && source.table.affinity(before) == self.table.affinity(after)
        };
        let exact = columns.iter().filter(stays).map(|(name, _)| name.clone()).collect();
        self.rows = Some(Rc::new(Rows::Derived {
            of: Rc::clone(of),
            // the values are over the table that they come from
            name: self.table.name.clone(),
            columns: all,
            condition: condition.map(str::to_owned),
        }));
        self.exact = exact;
        self.layers = source.layers + 1;
        let generated = self.generated_in_order();
        self.derive_generated(&generated);
    }

    fn derive_generated(&mut self, generated: &[(Name, Expr)]) {
        for (at, (name, expr)) in generated.iter().enumerate() {
            let mut columns = self.identity();
            columns.retain(|(column, _)| !generated[at..].iter().any(|(later, _)| later == column));
            columns.push((name.clone(), format!("({expr})")));
            if self.is_exact_without(expr, &generated[at..]) {
                self.exact.push(name.clone());
            }
            self.derive(columns, None);
        }
    }

    /// Whether all is known that an expression speaks of, which is none of these.
    fn is_exact_without(&self, expr: &Expr, others: &[(Name, Expr)]) -> bool {
        self.is_exact(expr) && !others.iter().any(|(name, _)| expr.mentions(name))
    }

    /// The generated columns, each behind those that it is computed of.
    fn generated_in_order(&self) -> Vec<(Name, Expr)> {
        let generated = self.table.columns.iter();
        let mut waiting: Vec<(Name, Expr)> = generated
            .filter_map(|column| Some((column.name.clone(), column.generated.as_ref()?.expr.clone())))
            .collect();
        let mut order = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let is_free =
                |(name, expr): &(Name, Expr)| !waiting.iter().any(|(other, _)| other != name && expr.mentions(other));
            let free = waiting.iter().position(is_free).unwrap_or_default();
            order.push(waiting.remove(free));
        }
        order
    }
}

impl Rows {
    /// The table that the rows were in before the script.
    pub(super) fn origin(&self) -> &Table {
        match self {
            Self::Of(table) => table,
            Self::Derived { of, .. } => of.origin(),
        }
    }

    /// Whether they are made of others.
    pub(super) fn is_derived(&self) -> bool {
        matches!(self, Self::Derived { .. })
    }

    /// The name by which the rowid can be read.
    fn rowid(&self) -> Option<Name> {
        match self {
            Self::Of(table) => table.free_rowid_name(),
            Self::Derived { columns, .. } => {
                let names = ["rowid", "_rowid_", "oid"].into_iter().map(Name::from);
                names.into_iter().find(|name| columns.iter().any(|(column, _)| column == name))
            }
        }
    }

    /// What follows `FROM`, with the condition for these rows. `text` is all that is read of them.
    pub(super) fn from(&self, window: &Window, text: &str) -> String {
        match self {
            Self::Of(table) => {
                let name = table.name.sql();
                match window {
                    Window::All => name.into_owned(),
                    Window::Rowids(rowid, from, to) => {
                        format!("{name} WHERE {} BETWEEN {from} AND {to}", rowid.sql())
                    }
                    Window::Places(order, from, count) => {
                        // a column that is computed may fail, so only those are read that somebody asks for
                        let text = Expr::new(text);
                        let is_read = |column: &&Column| column.generated.is_none() || text.mentions(&column.name);
                        let mut columns: Vec<&Name> =
                            table.columns.iter().filter(is_read).map(|column| &column.name).collect();
                        let rowid = table.free_rowid_name();
                        columns.extend(rowid.as_ref());
                        let order =
                            if order.is_empty() { String::new() } else { format!(" ORDER BY {}", sql_list(order)) };
                        format!(
                            "(SELECT {} FROM {name}{order} LIMIT {count} OFFSET {from}) AS {name}",
                            sql_list(columns)
                        )
                    }
                }
            }
            Self::Derived { of, name, columns, condition } => {
                let mut query = String::new();
                let list: Vec<String> =
                    columns.iter().map(|(name, value)| format!("{value} AS {}", name.sql())).collect();
                let inner =
                    of.from(window, &format!("{text} {} {}", list.join(" "), condition.as_deref().unwrap_or("")));
                let _ = write!(query, "(SELECT {} FROM {inner}", list.join(", "));
                if let Some(condition) = condition {
                    let has_one = matches!((&**of, window), (Self::Of(_), Window::Rowids(..)));
                    let _ = write!(query, " {} ({condition})", if has_one { "AND" } else { "WHERE" });
                }
                let _ = write!(query, ") AS {}", name.sql());
                query
            }
        }
    }
}
