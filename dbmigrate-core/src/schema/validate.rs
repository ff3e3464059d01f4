//! What is wrong with a schema before any database sees it: what SQLite would refuse, and what it would accept and
//! then fail on when rows are written.

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Mismatch;
use super::{Column, ForeignKey, Schema, Table, VirtualTable};
use crate::sql::{Name, expr::Expr};

/// What the names of the engine's own objects begin with: SQLite's, and those of Turso Database, which writes the same
/// files. Neither lets anybody else use them.
pub(crate) const RESERVED: [&str; 2] = ["sqlite_", "__turso_internal_"];

/// Where a [`Problem`] is, so that a caller can find the struct, field or attribute that declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The table as a whole.
    Table(Name),
    /// A column of a table.
    Column(Name, Name),
    /// An index of a table.
    Index(Name, Name),
    /// The n-th `UNIQUE` constraint of a table.
    Unique(Name, usize),
    /// The n-th foreign key of a table.
    ForeignKey(Name, usize),
    /// The primary key of a table.
    PrimaryKey(Name),
    /// A view.
    View(Name),
    /// A trigger.
    Trigger(Name),
    /// A virtual table.
    VirtualTable(Name),
}

impl Place {
    /// The table, view or trigger that it is, or is a part of.
    pub fn object(&self) -> &Name {
        match self {
            Self::Table(name)
            | Self::Column(name, _)
            | Self::Index(name, _)
            | Self::Unique(name, _)
            | Self::ForeignKey(name, _)
            | Self::PrimaryKey(name)
            | Self::View(name)
            | Self::Trigger(name)
            | Self::VirtualTable(name) => name,
        }
    }
}

/// What a problem means for a database that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// No database can have it, or only a slip leads to it.
    Declaration,
    /// What SQLite takes, and then refuses rows for. A foreign key that it cannot enforce makes every write to the table
    /// fail with foreign keys on (sqlite.org/foreignkeys.html#fk_schemaerrors), and does no harm with foreign keys off:
    /// databases of applications that never turned them on have such keys. So do defaults, generated columns and
    /// triggers that only fail when they are used, which the engine finds.
    Unusable,
    /// A foreign key whose ends hold values of different classes, which a STRICT table never mixes. A database that has
    /// it may have been made by anything; a change that leads to it is a slip.
    Mismatch,
    /// A foreign key whose ends prefer values of different classes. SQLite converts what it compares, so that some match.
    Unlike,
}

/// Something that is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it means.
    pub kind: ProblemKind,
    /// Where.
    pub place: Place,
    /// What, in one line.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The types that `STRICT` tables accept (sqlite.org/stricttables.html).
pub const STRICT_TYPES: [&str; 6] = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];

impl Schema {
    /// Everything that is wrong with this schema, in the order of its objects.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Found::default();
        self.check_names(&mut found);
        for table in &self.tables {
            check_columns(table, &mut found);
            check_primary_key(table, &mut found);
            check_keys_and_indexes(table, &mut found);
            for (at, key) in table.foreign_keys.iter().enumerate() {
                self.check_foreign_key(table, at, key, &mut found);
            }
        }
        for table in &self.virtual_tables {
            self.check_full_text_index(table, &mut found);
        }
        for trigger in &self.triggers {
            let on = &trigger.on;
            if !self.tables.contains(on) && !self.views.contains(on) {
                found.add(
                    Place::Trigger(trigger.name.clone()),
                    format!("trigger `{}` is on `{on}`, which does not exist", trigger.name),
                    self.table_help(),
                );
            }
        }
        found.0
    }

    /// The problems that `before` does not have. What makes rows refused is one for a table that is in use, and the
    /// business of whoever makes a new one, except for types that do not go together.
    pub fn new_problems(&self, before: &Self) -> Vec<Problem> {
        let is_of_new_table = |problem: &Problem| match &problem.place {
            Place::ForeignKey(table, _) => before.table(table).is_none(),
            _ => false,
        };
        let mut problems = self.problems();
        problems.retain(|problem| {
            let is_excused = problem.kind == ProblemKind::Unusable && is_of_new_table(problem);
            !is_excused && problem.kind != ProblemKind::Unlike
        });
        if !problems.is_empty() {
            let known: BTreeSet<String> = before.problems().into_iter().map(|problem| problem.message).collect();
            problems.retain(|problem| !known.contains(&problem.message));
        }
        problems
    }

    /// Whether SQLite can enforce the n-th foreign key of a table.
    pub fn is_usable_key(&self, table: &Table, at: usize) -> bool {
        let mut found = Found::default();
        if let Some(key) = table.foreign_keys.get(at) {
            self.check_foreign_key(table, at, key, &mut found);
        }
        found.0.is_empty()
    }

    /// An FTS5 index over another table reads the columns of its own names there
    /// (sqlite.org/fts5.html#external_content_tables); what is missing shows only when the index is read or filled.
    fn check_full_text_index(&self, index: &VirtualTable, found: &mut Found) {
        let Some(content) = index.option("content").filter(|content| !content.is_empty()) else { return };
        let place = || Place::VirtualTable(index.name.clone());
        let content = Name::from(content);
        let Some(table) = self.table(&content) else {
            if !self.views.contains(&content) && !self.virtual_tables.contains(&content) {
                let message = format!("`{}` indexes the content of `{content}`, which does not exist", index.name);
                found.add(place(), message, self.table_help());
            }
            return;
        };
        if index.module == *"fts5" {
            for column in index.column_names().iter().filter(|column| table.column(column).is_none()) {
                let message = format!("`{}` indexes `{content}.{column}`, which does not exist", index.name);
                found.add(place(), message, columns_help(table));
            }
        }
    }

    /// Tables, views and indexes share one namespace.
    fn check_names(&self, found: &mut Found) {
        let mut owners: BTreeMap<&Name, String> = BTreeMap::new();
        let tables = self.tables.iter().flat_map(|table| {
            std::iter::once((&table.name, "table".to_owned(), Place::Table(table.name.clone()))).chain(
                table.indexes.iter().map(|index| {
                    (
                        &index.name,
                        format!("index of `{}`", table.name),
                        Place::Index(table.name.clone(), index.name.clone()),
                    )
                }),
            )
        });
        let virtual_tables = self
            .virtual_tables
            .iter()
            .map(|table| (&table.name, "virtual table".to_owned(), Place::VirtualTable(table.name.clone())));
        let views = self.views.iter().map(|view| (&view.name, "view".to_owned(), Place::View(view.name.clone())));
        for (name, what, place) in tables.chain(virtual_tables).chain(views) {
            if let Some(prefix) = RESERVED.iter().find(|prefix| name.folded().starts_with(**prefix)) {
                found.add(place.clone(), format!("`{name}`: names that begin with `{prefix}` are reserved"), None);
            }
            if let Some(other) = owners.insert(name, what.clone()) {
                let message = format!("two objects are named `{name}`: a {other} and a {what}");
                found.add(place, message, Some("tables, views and indexes share one namespace".to_owned()));
            }
        }
    }

    fn check_foreign_key(&self, table: &Table, at: usize, key: &ForeignKey, found: &mut Found) {
        let place = || Place::ForeignKey(table.name.clone(), at);
        let mut all_known = true;
        for column in &key.columns {
            if table.column(column).is_none() {
                all_known = false;
                found.add(place(), no_column(table, column), columns_help(table));
            }
        }
        let Some(parent) = self.table(&key.parent) else {
            let message = match self.virtual_tables.contains(&key.parent) || self.views.contains(&key.parent) {
                true => format!("`{}` references `{}`, which is not an ordinary table", table.name, key.parent),
                false => format!("`{}` references table `{}`, which does not exist", table.name, key.parent),
            };
            found.add_unusable(place(), message, self.table_help());
            return;
        };
        let parent_columns = self.referenced_columns(key).unwrap_or_default();
        for column in &parent_columns {
            if parent.column(column).is_none() {
                all_known = false;
                let message = format!("`{}` references `{}.{column}`, which does not exist", table.name, parent.name);
                found.add_unusable(place(), message, columns_help(parent));
            }
        }
        if !all_known {
            return;
        }
        if parent_columns.len() != key.columns.len() {
            let message = format!(
                "foreign key of `{}` has {} columns but references {} of `{}`",
                table.name,
                key.columns.len(),
                parent_columns.len(),
                parent.name
            );
            let help =
                parent_columns.is_empty().then(|| format!("`{}` has no primary key: name the columns", parent.name));
            // what is written is counted when the table is made, what is left out is looked up when rows are written
            let add = if key.parent_columns.is_empty() { Found::add_unusable } else { Found::add };
            add(found, place(), message, help);
        } else if !is_parent_key(parent, &parent_columns) {
            let list = parent_columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
            let message = format!(
                "`{}` references `{}({list})`, which is neither the primary key nor unique: every write would fail with \"foreign key mismatch\"",
                table.name, parent.name
            );
            let help = match &parent.primary_key {
                Some(_) => format!("make `{list}` of `{}` unique, or reference its primary key", parent.name),
                None => format!("make `{list}` the primary key of `{}`, or unique", parent.name),
            };
            found.add_unusable(place(), message, Some(help));
        } else {
            check_types(table, parent, key.columns.iter().zip(&parent_columns), place, found);
        }
    }

    fn table_help(&self) -> Option<String> {
        let tables: Vec<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
        (!tables.is_empty() && tables.len() <= 30).then(|| format!("tables: {}", tables.join(", ")))
    }
}

/// The types of the two ends of a foreign key.
fn check_types<'k>(
    table: &Table,
    parent: &Table,
    pairs: impl Iterator<Item = (&'k Name, &'k Name)>,
    place: impl Fn() -> Place,
    found: &mut Found,
) {
    for (name, parent_name) in pairs {
        let (Some(child), Some(referenced)) = (table.column(name), parent.column(parent_name)) else { continue };
        let Some(mismatch) = Mismatch::between((table, child), (parent, referenced)) else { continue };
        let ends = format!(
            "`{}.{name}` is {} and references `{}.{parent_name}`, which is {}",
            table.name, child.decl_type, parent.name, referenced.decl_type
        );
        let (kind, why) = match mismatch {
            Mismatch::Strict => (ProblemKind::Mismatch, "a STRICT table never mixes them"),
            Mismatch::Affinity => (ProblemKind::Unlike, "one cannot store every value of the other"),
        };
        let help = format!("give `{}.{name}` and `{}.{parent_name}` the same type", table.name, parent.name);
        found.0.push(Problem { kind, place: place(), message: format!("{ends}: {why}"), help: Some(help) });
    }
}

/// Whether `columns` can be a parent key (sqlite.org/foreignkeys.html#fk_indexes): the primary key, or exactly the
/// columns of a `UNIQUE` constraint or of a unique index without predicate and expressions, in the columns' own
/// collations.
pub(crate) fn is_parent_key(parent: &Table, columns: &[Name]) -> bool {
    let same = |parts: Vec<&Name>| parts.len() == columns.len() && columns.iter().all(|column| parts.contains(&column));
    let own_collation = |column: &Name, collate: Option<&Name>| {
        let declared =
            parent.column(column).and_then(|column| column.collate.clone()).unwrap_or_else(|| "BINARY".into());
        collate.is_none_or(|collate| *collate == declared)
    };
    let constraint = |parts: &[super::KeyPart]| {
        same(parts.iter().map(|part| &part.column).collect())
            && parts.iter().all(|part| own_collation(&part.column, part.collate.as_ref()))
    };
    parent.primary_key.as_ref().is_some_and(|key| constraint(&key.parts))
        || parent.uniques.iter().any(|unique| constraint(&unique.parts))
        || parent.indexes.iter().any(|index| {
            let parts: Option<Vec<Name>> = index
                .parts
                .iter()
                .map(|part| part.expr.as_column().filter(|column| own_collation(column, part.collate.as_ref())))
                .collect();
            index.unique && index.predicate.is_none() && parts.is_some_and(|parts| same(parts.iter().collect()))
        })
}

fn check_columns(table: &Table, found: &mut Found) {
    let place = |column: &Column| Place::Column(table.name.clone(), column.name.clone());
    for (at, column) in table.columns.iter().enumerate() {
        if table.columns[..at].iter().any(|before| before.name == column.name) {
            let message = format!("`{}` has two columns named `{}`", table.name, column.name);
            found.add(place(column), message, Some("names are case-insensitive".to_owned()));
        }
        if table.strict && !STRICT_TYPES.iter().any(|accepted| column.decl_type.as_str().eq_ignore_ascii_case(accepted))
        {
            let message = format!(
                "`{}.{}`: type `{}` is not allowed in a STRICT table",
                table.name, column.name, column.decl_type
            );
            found.add(place(column), message, Some(format!("accepted: {}", STRICT_TYPES.join(", "))));
        }
        if column.generated.is_some() && column.default.is_some() {
            let message = format!("`{}.{}` is generated and cannot have a default", table.name, column.name);
            found.add(place(column), message, None);
        }
        if column.generated.is_some() && table.is_primary_key(&column.name) {
            let message =
                format!("`{}.{}` is generated and cannot be part of the primary key", table.name, column.name);
            found.add(place(column), message, None);
        }
    }
    if table.columns.iter().all(|column| column.generated.is_some()) {
        let message = match table.columns.is_empty() {
            true => format!("table `{}` has no columns", table.name),
            false => format!("table `{}` has only generated columns", table.name),
        };
        found.add(
            Place::Table(table.name.clone()),
            message,
            Some("a table needs at least one ordinary column".to_owned()),
        );
    }
}

fn check_primary_key(table: &Table, found: &mut Found) {
    let place = || Place::PrimaryKey(table.name.clone());
    let Some(key) = &table.primary_key else {
        if table.without_rowid {
            let message = format!("table `{}` is WITHOUT ROWID and has no primary key", table.name);
            found.add(Place::Table(table.name.clone()), message, None);
        }
        return;
    };
    for part in &key.parts {
        if table.column(&part.column).is_none() {
            found.add(place(), no_column(table, &part.column), columns_help(table));
        }
    }
    if key.autoincrement && table.rowid_alias().is_none() {
        let message =
            format!("`{}`: AUTOINCREMENT needs a single INTEGER primary key of a table with rowids", table.name);
        found.add(place(), message, None);
    }
    if table.random_rowid && (table.without_rowid || key.autoincrement) {
        let message = format!("`{}`: RANDOM ROWID cannot be combined with WITHOUT ROWID or AUTOINCREMENT", table.name);
        found.add(Place::Table(table.name.clone()), message, None);
    }
}

fn check_keys_and_indexes(table: &Table, found: &mut Found) {
    for (at, unique) in table.uniques.iter().enumerate() {
        for part in unique.parts.iter().filter(|part| table.column(&part.column).is_none()) {
            found.add(Place::Unique(table.name.clone(), at), no_column(table, &part.column), columns_help(table));
        }
    }
    for index in &table.indexes {
        let place = || Place::Index(table.name.clone(), index.name.clone());
        let rowid = |name: &Name| ["rowid", "_rowid_", "oid"].iter().any(|alias| *name == **alias);
        for column in index.parts.iter().filter_map(|part| part.expr.as_column()) {
            if table.column(&column).is_none() {
                let mut message = no_column(table, &column);
                if rowid(&column) {
                    message = format!("index `{}`: the rowid cannot be indexed", index.name);
                }
                found.add(place(), message, columns_help(table));
            }
        }
        if index.parts.iter().all(|part| part.expr == Expr::new("")) {
            found.add(place(), format!("index `{}` has no columns", index.name), None);
        }
    }
}

fn no_column(table: &Table, column: &Name) -> String {
    format!("table `{}` has no column `{column}`", table.name)
}

fn columns_help(table: &Table) -> Option<String> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    (!columns.is_empty()).then(|| format!("columns of `{}`: {}", table.name, columns.join(", ")))
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, place: Place, message: String, help: Option<String>) {
        self.0.push(Problem { kind: ProblemKind::Declaration, place, message, help });
    }

    fn add_unusable(&mut self, place: Place, message: String, help: Option<String>) {
        self.0.push(Problem { kind: ProblemKind::Unusable, place, message, help });
    }
}
