//! Which columns tables and views have before each statement of a script.

use std::collections::BTreeMap;

use crate::ddl::{Object, read};
use crate::schema::{Schema, View, VirtualTable};
use crate::sql::{Head, Name, Statement, StatementKind};

/// The columns that something has, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// These, and perhaps others with one of these names.
    Named(Vec<Name>),
    /// Any.
    Unknown,
}

/// What there is before a statement.
#[derive(Debug)]
pub struct Sources<'a> {
    old: &'a Schema,
    /// What the script made, changed or dropped until then.
    changed: BTreeMap<Name, Option<Columns>>,
}

/// How many views may stand behind each other.
const DEEPEST: usize = 8;

impl<'a> Sources<'a> {
    /// What there is before the first statement.
    pub fn before(old: &'a Schema) -> Self {
        Self { old, changed: BTreeMap::new() }
    }

    /// The schema before the script.
    pub fn schema(&self) -> &'a Schema {
        self.old
    }

    /// The columns of a table, a virtual table or a view; `None` if there is none of that name.
    pub fn columns(&self, name: &Name) -> Option<Columns> {
        self.columns_within(name, DEEPEST)
    }

    fn columns_within(&self, name: &Name, depth: usize) -> Option<Columns> {
        if let Some(changed) = self.changed.get(name) {
            return changed.clone();
        }
        if let Some(table) = self.old.table(name) {
            return Some(Columns::Named(table.columns.iter().map(|column| column.name.clone()).collect()));
        }
        if let Some(table) = self.old.virtual_tables.get(name) {
            return Some(of_virtual_table(table));
        }
        self.old.views.get(name).map(|view| self.of_view(view, depth))
    }

    /// The columns of a view: those that it names, else whatever its query could return.
    fn of_view(&self, view: &View, depth: usize) -> Columns {
        if !view.columns.is_empty() {
            return Columns::Named(view.columns.clone());
        }
        if depth == 0 {
            return Columns::Unknown;
        }
        let mut names = view.query.names();
        for name in names.clone() {
            match self.columns_within(&name, depth - 1) {
                Some(Columns::Named(columns)) => names.extend(columns),
                Some(Columns::Unknown) => return Columns::Unknown,
                None => {}
            }
        }
        Columns::Named(names)
    }

    /// Goes on behind a statement.
    pub fn follow(&mut self, statement: &Statement<'_>) {
        match statement.kind {
            StatementKind::CreateView | StatementKind::CreateVirtualTable => {
                let (name, columns) = match read(statement.text) {
                    Ok(Object::View(view)) => (view.name.clone(), self.of_view(&view, DEEPEST)),
                    Ok(Object::VirtualTable(table)) => (table.name.clone(), of_virtual_table(&table)),
                    _ => return,
                };
                self.changed.insert(name, Some(columns));
            }
            _ => {
                if let Some(head) = Head::of(statement) {
                    self.follow_head(head, statement);
                }
            }
        }
    }

    fn follow_head(&mut self, head: Head, statement: &Statement<'_>) {
        match head {
            Head::CreateTable(name) => {
                let columns = match read(statement.text) {
                    Ok(Object::Table(table)) => {
                        Columns::Named(table.columns.into_iter().map(|column| column.name).collect())
                    }
                    _ => Columns::Unknown,
                };
                self.changed.insert(name, Some(columns));
            }
            Head::RenameTable(from, to) => {
                let columns = self.columns(&from);
                self.changed.insert(from, None);
                self.changed.insert(to, columns);
            }
            Head::DropTable(name) => {
                self.changed.insert(name, None);
            }
            Head::RenameColumn(table, from, to) => self.change(table, |columns| {
                columns.retain(|column| *column != from);
                columns.push(to);
            }),
            Head::AddColumn(table, column) => self.change(table, |columns| columns.push(column)),
            Head::DropColumn(table, dropped) => {
                self.change(table, |columns| columns.retain(|column| *column != dropped));
            }
            Head::CreateIndex(..) | Head::AlterTable(_) | Head::DropIndex(_) | Head::Write(..) => {}
        }
    }

    fn change(&mut self, table: Name, change: impl FnOnce(&mut Vec<Name>)) {
        if let Some(Columns::Named(mut columns)) = self.columns(&table) {
            change(&mut columns);
            self.changed.insert(table, Some(Columns::Named(columns)));
        }
    }
}

fn of_virtual_table(table: &VirtualTable) -> Columns {
    let is = |module: &str| table.module == *module;
    if is("fts5") {
        let mut columns = table.column_names();
        columns.extend([table.name.clone(), "rank".into()]);
        Columns::Named(columns)
    } else if is("rtree") || is("rtree_i32") {
        Columns::Named(table.column_names())
    } else {
        Columns::Unknown
    }
}
