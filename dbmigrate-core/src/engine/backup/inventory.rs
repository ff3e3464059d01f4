//! What a database consists of, the engine's own tables included: what has to be read, and how.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ddl::{self, Object};
use crate::engine::connection::{Row, integer, text};
use crate::engine::error::EngineError;
use crate::engine::introspect::{has_vectors, is_virtual};
use crate::engine::stored::{StoredObject, columns_query, objects_query, stored_columns_in, stored_rows_in};
use crate::schema::{self, KeyPart};
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Name};

/// What is set in the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// `PRAGMA page_size`.
    pub page_size: i64,
    /// `PRAGMA encoding`.
    pub encoding: String,
    /// `PRAGMA auto_vacuum`.
    pub auto_vacuum: i64,
    /// `PRAGMA user_version`.
    pub user_version: i64,
    /// `PRAGMA application_id`.
    pub application_id: i64,
    /// `PRAGMA journal_mode` of the source, if it was a file: a copy has no log.
    #[serde(default)]
    pub journal_mode: Option<String>,
}

impl Settings {
    /// In what others differ.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = [
            ("page_size", self.page_size != other.page_size),
            ("encoding", self.encoding != other.encoding),
            ("auto_vacuum", self.auto_vacuum != other.auto_vacuum),
            ("user_version", self.user_version != other.user_version),
            ("application_id", self.application_id != other.application_id),
        ];
        pairs.iter().filter(|(_, differs)| *differs).map(|(name, _)| format!("its `{name}`")).collect()
    }
}

/// A table with rows of its own.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: Name,
    /// Whether its rows have rowids.
    pub(super) has_rowid: bool,
    /// The name that its rowid can be read by, unless a column is the same.
    pub(super) rowid: Option<&'static str>,
    /// The name that its rowid can be read by, if it has one that no column has taken.
    pub(super) key: Option<&'static str>,
    /// The column that is the rowid.
    pub(super) alias: Option<Name>,
    /// The columns of its primary key, if rows can be read in their order. Of a table without rowids.
    pub(super) primary_key: Vec<Key>,
    /// Its columns that are stored.
    pub(super) columns: Vec<Name>,
    /// Which of them are declared so that text in them is no surprise.
    pub(super) may_be_text: Vec<bool>,
}

impl Table {
    /// A name of the engine's: the statement that makes it is none that a user could run.
    pub(super) fn is_reserved(&self) -> bool {
        self.name.folded().starts_with("sqlite_")
    }
}

/// A column of a primary key, with its order.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) column: Name,
    pub(super) collation: Name,
    pub(super) is_descending: bool,
}

impl Key {
    /// The column, compared as the primary key compares it.
    pub(super) fn sql(&self) -> String {
        format!("{} COLLATE {}", self.column.sql(), self.collation.sql())
    }
}

/// What a database consists of.
#[derive(Debug, Clone)]
pub(super) struct Inventory {
    /// All objects with a statement, in the order in which they were made.
    pub(super) objects: Vec<StoredObject>,
    /// The tables with rows of their own, but for those that the engine derives from others.
    pub(super) tables: Vec<Table>,
    pub(super) settings: Settings,
}

/// What has to be asked for an inventory.
pub(super) fn queries() -> Vec<String> {
    let with_rowid = "SELECT m.rowid, l.wr FROM sqlite_schema AS m, pragma_table_list(m.name) AS l WHERE m.type = 'table' AND l.schema = 'main'";
    let mut queries = vec![objects_query(0), columns_query(), with_rowid.to_owned()];
    let pragmas = ["page_size", "encoding", "auto_vacuum", "user_version", "application_id"];
    queries.extend(pragmas.iter().map(|pragma| format!("PRAGMA {pragma}")));
    queries
}

impl Inventory {
    /// What the answers to [`queries`] say.
    pub(super) fn of(answers: Vec<Result<Vec<Row>, EngineError>>) -> Result<Self, EngineError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let (stored, _) = stored_rows_in(next()?, 0);
        let columns = stored_columns_in(next()?);
        let without_rowid: BTreeMap<i64, bool> =
            next()?.iter().map(|row| (integer(&row[0]), integer(&row[1]) != 0)).collect();
        let mut pragma = || Ok::<_, EngineError>(next()?.into_iter().next().and_then(|row| row.into_iter().next()));
        let settings = Settings {
            page_size: pragma()?.as_ref().map_or(0, integer),
            encoding: pragma()?.as_ref().map_or("", text).to_owned(),
            auto_vacuum: pragma()?.as_ref().map_or(0, integer),
            user_version: pragma()?.as_ref().map_or(0, integer),
            application_id: pragma()?.as_ref().map_or(0, integer),
            journal_mode: None,
        };
        let derived = derived(stored.iter().map(|(_, object)| object));
        let mut tables = Vec::new();
        for (rowid, object) in &stored {
            if object.kind != "table" || is_virtual(&object.sql) || derived.contains(&object.name.folded()) {
                continue;
            }
            let columns = columns.get(&object.name.folded()).map(Vec::as_slice).unwrap_or_default();
            let read = match ddl::read(&object.sql) {
                Ok(Object::Table(table)) => Some(table),
                _ => None,
            };
            let has_rowid = !without_rowid.get(rowid).copied().unwrap_or_default();
            let is_free = |name: &&str| !columns.iter().any(|column| column.name == **name);
            let key = ["rowid", "_rowid_", "oid"].into_iter().find(|name| has_rowid && is_free(name));
            let alias = read.as_ref().and_then(|table| table.rowid_alias()).map(|column| column.name.clone());
            // 2 and 3 are computed from the others
            let stored = || columns.iter().filter(|one| one.hidden == 0);
            tables.push(Table {
                name: object.name.clone(),
                has_rowid,
                rowid: key.filter(|_| alias.is_none()),
                key,
                alias,
                primary_key: read.as_ref().filter(|_| !has_rowid).map(keys).unwrap_or_default(),
                columns: stored().map(|one| one.name.clone()).collect(),
                may_be_text: stored().map(|one| !is_for_numbers(&one.decl_type)).collect(),
            });
        }
        tables.sort_by_key(|table| table.name.folded());
        let objects = stored.into_iter().map(|(_, object)| object).collect();
        Ok(Self { objects, tables, settings })
    }

    /// The objects that are not derived by the engine from others.
    pub(super) fn own_objects(&self) -> impl Iterator<Item = &StoredObject> {
        let derived = derived(&self.objects);
        self.objects.iter().filter(move |object| !derived.contains(&object.table.folded()))
    }
}

/// The parts of the primary key of a table. None if it cannot be told what one of them is.
fn keys(table: &schema::Table) -> Vec<Key> {
    let Some(key) = &table.primary_key else { return Vec::new() };
    let part = |part: &KeyPart| {
        let column = table.columns.iter().find(|column| column.name == part.column)?;
        let collation = part.collate.clone().or_else(|| column.collate.clone());
        let collation = collation.unwrap_or_else(|| Name::from("BINARY".to_owned()));
        Some(Key { column: column.name.clone(), collation, is_descending: part.descending })
    };
    key.parts.iter().map(part).collect::<Option<_>>().unwrap_or_default()
}

/// Whether text is converted to numbers where it can be (sqlite.org/datatype3.html#determination_of_column_affinity).
/// Dates and decimals are declared as types for anything, and are often text.
fn is_for_numbers(decl_type: &str) -> bool {
    matches!(DeclType::new(decl_type).affinity(), Affinity::Integer | Affinity::Real)
}

/// The table in which libSQL lists its indexes of vectors.
pub(super) const VECTOR_INDEXES: &str = "libsql_vector_meta_shadow";

pub(super) fn is_vector_index(object: &StoredObject) -> bool {
    object.kind == "index" && has_vectors(&object.sql)
}

/// Folded names of the tables behind indexes of vectors: an index is built from the rows of its table, and may lie
/// differently in another database.
fn derived<'o>(objects: impl IntoIterator<Item = &'o StoredObject>) -> BTreeSet<String> {
    let indexes = objects.into_iter().filter(|object| is_vector_index(object));
    let shadows = indexes.map(|index| format!("{}_shadow", index.name.folded()));
    shadows.chain([VECTOR_INDEXES.to_owned()]).collect()
}
