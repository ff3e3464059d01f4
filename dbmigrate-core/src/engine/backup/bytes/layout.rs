//! Where in a file the rows of tables are, and what their records have at which place, as the engine says.

use std::collections::BTreeMap;

use super::order::Collation;
use super::tree::Kind;
use crate::engine::backup::inventory::{Inventory, Table};
use crate::engine::backup::local::{Local, as_bytes};
use crate::engine::connection::{Row, Value, integer, text};
use crate::engine::error::EngineError;
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Name};

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the rowid.
    Rowid,
    /// It is this value of the record.
    Field {
        /// From 0.
        at: usize,
        /// Whether integers there are real numbers.
        is_real: bool,
    },
}

/// A table.
#[derive(Debug, PartialEq)]
pub(in crate::engine::backup) struct Layout {
    pub(super) root: u32,
    pub(super) kind: Kind,
    /// How many values a whole record has.
    pub(super) fields: usize,
    /// Whether one of them is not there because its column is the rowid.
    pub(super) has_alias: bool,
    /// Where what is hashed of a row is, in that order.
    pub(super) hashed: Vec<Place>,
    /// The order of its rows, if that is not that of rowids.
    pub(super) own: Option<Index>,
    /// Its indexes that can be compared with its rows.
    pub(super) indexes: Vec<Index>,
    /// Whether those are all.
    pub(super) has_all: bool,
    /// The values of columns that were added later, in the rows that are older, and whether they are text.
    pub(super) defaults: BTreeMap<usize, (Value, bool)>,
}

/// An index.
#[derive(Debug, PartialEq)]
pub(super) struct Index {
    pub(super) root: u32,
    pub(super) columns: Vec<IndexColumn>,
    /// How many of them are the key: the others are there to find the row.
    pub(super) keys: usize,
    pub(super) is_unique: bool,
}

/// What an index has at one place.
#[derive(Debug, PartialEq)]
pub(super) struct IndexColumn {
    /// Where the same is in the row.
    pub(super) place: Place,
    pub(super) collation: Collation,
    pub(super) is_descending: bool,
}

/// What the engine says of all tables.
struct Said {
    roots: BTreeMap<String, u32>,
    without_rowid: Vec<String>,
    columns: BTreeMap<String, Vec<Column>>,
    /// Of each table its indexes.
    lists: BTreeMap<String, Vec<Listed>>,
}

struct Column {
    name: Name,
    is_real: bool,
    is_stored: bool,
    is_key: bool,
}

struct Listed {
    name: String,
    is_unique: bool,
    is_primary: bool,
    is_partial: bool,
    columns: Vec<ListedColumn>,
}

struct ListedColumn {
    /// -1 for the rowid, -2 for an expression.
    column: i64,
    is_descending: bool,
    collation: String,
    is_key: bool,
}

const ROOTS: &str = "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0";
const WITHOUT_ROWID: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr <> 0";
const COLUMNS: &str = "SELECT m.name, x.name, x.type, x.hidden, x.pk FROM sqlite_schema AS m, \
     pragma_table_xinfo(m.name) AS x WHERE m.type = 'table' AND m.rootpage > 0";
const INDEXES: &str = "SELECT m.name, l.name, l.\"unique\", l.origin, l.partial, x.cid, x.\"desc\", x.coll, x.\"key\" \
     FROM sqlite_schema AS m, pragma_index_list(m.name) AS l, pragma_index_xinfo(l.name) AS x \
     WHERE m.type = 'table' AND m.rootpage > 0";

fn folded(value: &Value) -> String {
    text(value).to_ascii_lowercase()
}

impl Said {
    fn ask(local: &Local) -> Result<Self, EngineError> {
        let root = |row: &Row| Some((folded(&row[0]), u32::try_from(integer(&row[1])).ok()?));
        let roots = local.rows(ROOTS)?.iter().filter_map(root).collect();
        let without_rowid = local.rows(WITHOUT_ROWID)?.iter().map(|row| folded(&row[0])).collect();
        let mut columns: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for row in local.rows(COLUMNS)? {
            columns.entry(folded(&row[0])).or_default().push(Column {
                name: Name::from(text(&row[1]).to_owned()),
                is_real: DeclType::new(text(&row[2])).affinity() == Affinity::Real,
                // 2 are computed when they are read
                is_stored: integer(&row[3]) != 2,
                is_key: integer(&row[4]) > 0,
            });
        }
        let mut lists: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        for row in local.rows(INDEXES)? {
            let (of_table, name) = (lists.entry(folded(&row[0])).or_default(), folded(&row[1]));
            if of_table.last().is_none_or(|last| last.name != name) {
                of_table.push(Listed {
                    name,
                    is_unique: integer(&row[2]) != 0,
                    is_primary: text(&row[3]) == "pk",
                    is_partial: integer(&row[4]) != 0,
                    columns: Vec::new(),
                });
            }
            if let Some(index) = of_table.last_mut() {
                index.columns.push(ListedColumn {
                    column: integer(&row[5]),
                    is_descending: integer(&row[6]) != 0,
                    collation: text(&row[7]).to_ascii_lowercase(),
                    is_key: integer(&row[8]) != 0,
                });
            }
        }
        Ok(Self { roots, without_rowid, columns, lists })
    }

    /// `None` where something is not as it is expected.
    fn layout(&self, table: &Table, is_utf16: bool) -> Option<Layout> {
        let name = table.name.folded();
        let root = *self.roots.get(&name)?;
        let columns = self.columns.get(&name)?;
        let none = Vec::new();
        let list = self.lists.get(&name).unwrap_or(&none);
        let primary = list.iter().find(|index| index.is_primary);
        let has_rowid = !self.without_rowid.contains(&name);
        let (mut places, fields): (Vec<Option<Place>>, usize) = if has_rowid {
            let mut fields = 0;
            let place = |column: &Column| {
                let at = fields;
                fields += usize::from(column.is_stored);
                column.is_stored.then_some(Place::Field { at, is_real: column.is_real })
            };
            (columns.iter().map(place).collect(), fields)
        } else {
            let stored = &primary?.columns;
            let place = |(number, column): (usize, &Column)| {
                let at = stored.iter().position(|one| usize::try_from(one.column) == Ok(number))?;
                Some(Place::Field { at, is_real: column.is_real })
            };
            (columns.iter().enumerate().map(place).collect(), stored.len())
        };
        let mut keys = columns.iter().enumerate().filter(|(_, column)| column.is_key);
        let alias = match (keys.next(), keys.next()) {
            (Some((at, _)), None) if has_rowid && primary.is_none() => Some(at),
            _ => None,
        };
        // two ways to find out have to agree
        if alias.map(|at| &columns[at].name) != table.alias.as_ref() || has_rowid != table.has_rowid {
            return None;
        }
        if let Some(at) = alias {
            places[at] = Some(Place::Rowid);
        }
        let place_of = |name: &Name| {
            let at = columns.iter().position(|column| column.name == *name)?;
            places[at]
        };
        let rowid = table.rowid.map(|_| Some(Place::Rowid));
        let hashed = rowid.into_iter().chain(table.columns.iter().map(place_of)).collect::<Option<Vec<_>>>()?;
        let known = |index: &Listed| self.index(index, root, &places, is_utf16);
        let (mut own, mut indexes, mut has_all) = (None, Vec::new(), true);
        for index in list {
            match known(index) {
                Some(index) if !has_rowid && index.root == root => own = Some(index),
                Some(index) => indexes.push(index),
                None => has_all = false,
            }
        }
        let kind = if has_rowid { Kind::Table } else { Kind::Index };
        let (has_alias, defaults) = (alias.is_some(), BTreeMap::new());
        Some(Layout { root, kind, fields, has_alias, hashed, own, indexes, has_all, defaults })
    }

    /// An index, if its entries follow from the rows of its table. One that is the table itself is not listed.
    fn index(&self, index: &Listed, table: u32, places: &[Option<Place>], is_utf16: bool) -> Option<Index> {
        let root = match self.roots.get(&index.name) {
            Some(root) => *root,
            None if index.is_primary => table,
            None => return None,
        };
        if index.is_partial {
            return None;
        }
        let column = |column: &ListedColumn| {
            let place = match column.column {
                -1 => Place::Rowid,
                at => (*places.get(usize::try_from(at).ok()?)?)?,
            };
            let collation = Collation::of(&column.collation, is_utf16)?;
            Some(IndexColumn { place, collation, is_descending: column.is_descending })
        };
        let columns = index.columns.iter().map(column).collect::<Option<Vec<_>>>()?;
        let keys = index.columns.iter().filter(|column| column.is_key).count();
        Some(Index { root, columns, keys, is_unique: index.is_unique })
    }
}

/// The tables of an inventory; `None` for those that are not as is expected. And all tables whose indexes have to be
/// checked by the engine because they are of no table in the inventory.
pub(super) fn layouts(
    local: &Local,
    inventory: &Inventory,
    is_utf16: bool,
) -> Result<(Vec<Option<Layout>>, Vec<String>), EngineError> {
    let said = Said::ask(local)?;
    let layouts = inventory.tables.iter().map(|table| said.layout(table, is_utf16)).collect();
    let is_known = |name: &&String| inventory.tables.iter().any(|table| table.name == ***name);
    let others = said.lists.keys().filter(|name| !is_known(name)).cloned().collect();
    Ok((layouts, others))
}

impl Layout {
    /// Asks for the values that a row has in columns that were added after it. Returns whether there is an answer.
    pub(super) fn ask_defaults(&mut self, local: &Local, table: &Table, rowid: i64) -> Result<bool, EngineError> {
        let Some(key) = table.key else { return Ok(false) };
        let values = table.columns.iter().map(|column| {
            let name = column.sql();
            format!("typeof({name}) = 'text', {}", as_bytes(column))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let row =
            local.rows(&format!("SELECT {values} FROM {} NOT INDEXED WHERE {key} = {rowid}", table.name.sql()))?;
        let Some(row) = row.first() else { return Ok(false) };
        let places = self.hashed.iter().skip(usize::from(table.rowid.is_some()));
        for (place, pair) in places.zip(row.chunks_exact(2)) {
            if let Place::Field { at, .. } = place {
                self.defaults.insert(*at, (pair[1].clone(), integer(&pair[0]) != 0));
            }
        }
        Ok(true)
    }
}
