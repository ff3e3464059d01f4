//! A database as a [`Schema`]: the stored `CREATE` statements read by [`crate::ddl`], checked against what SQLite
//! itself says of the columns.

use std::collections::{BTreeMap, BTreeSet};

use libsql::Value;

use super::connection::{Connection, integer, text};
use super::error::EngineError;
use super::ignore::Ignore;
use crate::ddl::{self, Comments, Object};
use crate::schema::{NamedMap, Schema, Table};
use crate::sql::Name;

/// The table in which applied migrations are recorded.
pub const HISTORY_TABLE: &str = "_dbmigrate_history";

/// The table in which drizzle-kit and drizzle-orm record applied migrations, unless they are told otherwise.
pub const DRIZZLE_TABLE: &str = "__drizzle_migrations";

/// A row of `sqlite_schema` that belongs to the schema of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: Name,
    /// The table or view that it belongs to.
    pub table: Name,
    /// The statement that created it.
    pub sql: String,
}

/// An object that the model cannot represent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its kind and name.
    pub object: StoredObject,
    /// Why.
    pub reason: String,
}

/// What a database contains.
#[derive(Debug, Clone, Default)]
pub struct Introspected {
    /// Everything that the model represents.
    pub schema: Schema,
    /// The rest, which must not be edited.
    pub unreadable: Vec<Unreadable>,
    /// The statements that made all of it, as they are stored.
    pub statements: Vec<StoredObject>,
}

impl Introspected {
    /// What the comments in the stored statements say, by the names of tables, views and virtual tables. Those without
    /// comments are left out.
    pub fn comments(&self) -> BTreeMap<Name, Comments> {
        let documented = self.statements.iter().filter(|object| matches!(object.kind.as_str(), "table" | "view"));
        let found = documented.map(|object| (object.name.clone(), ddl::comments(&object.sql)));
        found.filter(|(_, comments)| !comments.is_empty()).collect()
    }
}

/// Reads the schema of a database.
///
/// # Errors
/// If the engine fails. Objects that the model cannot represent are no error here: they are listed.
pub async fn introspect(connection: &Connection) -> Result<Introspected, EngineError> {
    introspect_without(connection, &Ignore::default()).await
}

/// Reads the schema of a database without what is ignored.
///
/// # Errors
/// As for [`introspect`].
pub async fn introspect_without(connection: &Connection, ignore: &Ignore) -> Result<Introspected, EngineError> {
    let objects = stored_objects(connection, 0, ignore).await?.0;
    let mut found = read_objects(&objects);
    let columns = stored_columns(connection).await?;
    refuse_mismatches(&mut found, &objects, &columns);
    found.statements = objects;
    Ok(found)
}

/// The objects with a rowid above `after`, without those of the engine and of other tools, and the highest rowid.
pub(super) async fn stored_objects(
    connection: &Connection,
    after: i64,
    ignore: &Ignore,
) -> Result<(Vec<StoredObject>, i64), EngineError> {
    let query =
        format!("SELECT type, name, tbl_name, sql, rowid FROM sqlite_schema WHERE rowid > {after} ORDER BY rowid");
    let rows = connection.rows(&query).await?;
    let highest = rows.last().map_or(after, |row| integer(&row[4]));
    let objects = rows.iter().filter(|row| !text(&row[3]).is_empty()).map(|row| StoredObject {
        kind: text(&row[0]).to_owned(),
        name: Name::from(text(&row[1])),
        table: Name::from(text(&row[2])),
        sql: text(&row[3]).to_owned(),
    });
    let mut objects: Vec<StoredObject> = objects.collect();
    let infrastructure = Infrastructure::of(&objects);
    objects.retain(|object| !infrastructure.has(object) && !ignore.hides(&object.table));
    Ok((objects, highest))
}

/// Reads the statements of objects into a schema.
pub(super) fn read_objects(objects: &[StoredObject]) -> Introspected {
    let mut found = Introspected::default();
    let mut indexes = Vec::new();
    for object in objects {
        match ddl::read(&object.sql) {
            Ok(Object::Table(mut table)) => {
                table.name = object.name.clone();
                found.schema.tables.insert(table);
            }
            Ok(Object::Index(_, index)) => indexes.push((object, index)),
            Ok(Object::View(view)) => drop(found.schema.views.insert(view)),
            Ok(Object::Trigger(trigger)) => drop(found.schema.triggers.insert(trigger)),
            Ok(Object::VirtualTable(table)) => drop(found.schema.virtual_tables.insert(table)),
            Err(error) => found.unreadable.push(Unreadable { object: object.clone(), reason: error.to_string() }),
        }
    }
    for (object, index) in indexes {
        match found.schema.tables.get_mut(&object.table) {
            Some(table) => drop(table.indexes.insert(index)),
            None => found.unreadable.push(Unreadable {
                object: object.clone(),
                reason: format!("its table `{}` cannot be represented", object.table),
            }),
        }
    }
    found
}

/// What `PRAGMA table_xinfo` says of a column.
#[derive(Debug, Clone)]
pub(super) struct StoredColumn {
    name: String,
    decl_type: String,
    not_null: bool,
    key_position: i64,
    /// 2 for virtual and 3 for stored generated columns (sqlite.org/pragma.html#pragma_table_xinfo).
    hidden: i64,
}

impl StoredColumn {
    fn of([name, decl_type, not_null, key_position, hidden]: [&Value; 5]) -> Self {
        Self {
            name: text(name).to_owned(),
            decl_type: text(decl_type).to_owned(),
            not_null: integer(not_null) != 0,
            key_position: integer(key_position),
            hidden: integer(hidden),
        }
    }
}

/// The columns of all ordinary tables by folded table name.
pub(super) async fn stored_columns(
    connection: &Connection,
) -> Result<BTreeMap<String, Vec<StoredColumn>>, EngineError> {
    let query = "SELECT m.name, x.name, x.type, x.\"notnull\", x.pk, x.hidden \
         FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x WHERE m.type = 'table' AND m.rootpage > 0";
    let mut columns: BTreeMap<String, Vec<StoredColumn>> = BTreeMap::new();
    for row in connection.rows(query).await? {
        let column = StoredColumn::of([1, 2, 3, 4, 5].map(|at| &row[at]));
        columns.entry(text(&row[0]).to_ascii_lowercase()).or_default().push(column);
    }
    Ok(columns)
}

/// The columns of one table, without going through all of them.
pub(super) async fn stored_columns_of(connection: &Connection, table: &Name) -> Result<Vec<StoredColumn>, EngineError> {
    let rows = connection.rows(&format!("PRAGMA table_xinfo({})", table.sql())).await?;
    // number, name, type, NOT NULL, default, place in the primary key, hidden
    Ok(rows.iter().map(|row| StoredColumn::of([1, 2, 3, 5, 6].map(|at| &row[at]))).collect())
}

/// Moves tables that SQLite sees differently from the reader to the unreadable ones.
pub(super) fn refuse_mismatches(
    found: &mut Introspected,
    objects: &[StoredObject],
    columns: &BTreeMap<String, Vec<StoredColumn>>,
) {
    let mut kept = NamedMap::default();
    for table in std::mem::take(&mut found.schema.tables) {
        let stored = columns.get(&table.name.folded()).map(Vec::as_slice).unwrap_or_default();
        match mismatch(&table, stored) {
            None => drop(kept.insert(table)),
            Some(reason) => {
                let object = objects.iter().find(|object| object.kind == "table" && object.name == table.name);
                found.unreadable.extend(object.map(|object| Unreadable { object: object.clone(), reason }));
            }
        }
    }
    found.schema.tables = kept;
}

/// In what the model of a table disagrees with SQLite, if it does.
pub(super) fn mismatch(table: &Table, stored: &[StoredColumn]) -> Option<String> {
    if stored.len() != table.columns.len() {
        return Some(format!("SQLite sees {} columns, the reader {}", stored.len(), table.columns.len()));
    }
    for (column, stored) in table.columns.iter().zip(stored) {
        let position =
            table.primary_key.as_ref().and_then(|key| key.parts.iter().position(|part| part.column == column.name));
        let hidden = column.generated.as_ref().map_or(0, |generated| if generated.stored { 3 } else { 2 });
        let same = column.name == *stored.name.as_str()
            && column.decl_type == crate::sql::DeclType::new(&stored.decl_type)
            && (!stored.not_null || table.rejects_null(column))
            && (stored.not_null || !column.not_null)
            && (position.is_some() == (stored.key_position > 0))
            && hidden == stored.hidden;
        if !same {
            return Some(format!("SQLite sees column `{}` differently: {stored:?}", column.name));
        }
    }
    None
}

/// What in a database is not its user's: objects of the engine, of extensions, and of tools beside it.
struct Infrastructure {
    /// Folded names of shadow tables.
    shadows: BTreeSet<String>,
}

/// The tables behind a virtual table, by module.
const SHADOW_TABLES: [(&str, &[&str]); 3] = [
    ("fts5", &["data", "idx", "content", "docsize", "config"]),
    ("fts", &["content", "segments", "segdir", "docsize", "stat"]),
    ("rtree", &["node", "rowid", "parent"]),
];

/// Tables of the engine, and of tools that record what they have done.
const OWN_TABLES: [&str; 5] =
    ["libsql_vector_meta_shadow", "sqlite3_libsql_tasks", "libsql_wasm_func_table", HISTORY_TABLE, DRIZZLE_TABLE];

impl Infrastructure {
    fn of(objects: &[StoredObject]) -> Self {
        let mut shadows = BTreeSet::new();
        for object in objects {
            let name = object.name.folded();
            if object.kind == "table" && object.sql.to_ascii_lowercase().contains("virtual") {
                let Ok(Object::VirtualTable(table)) = ddl::read(&object.sql) else { continue };
                let module = table.module.folded();
                let suffixes = SHADOW_TABLES.iter().find(|(prefix, _)| module.starts_with(prefix));
                shadows.extend(suffixes.iter().flat_map(|(_, all)| *all).map(|suffix| format!("{name}_{suffix}")));
            } else if object.kind == "index" && object.sql.to_ascii_lowercase().contains("libsql_vector_idx") {
                shadows.insert(format!("{name}_shadow"));
            }
        }
        Self { shadows }
    }

    fn has(&self, object: &StoredObject) -> bool {
        let is_own = |name: &Name| {
            let name = name.folded();
            name.starts_with("sqlite_")
                || name.starts_with("_litestream_")
                || name.starts_with("_cf_")
                || OWN_TABLES.contains(&name.as_str())
                || self.shadows.contains(&name)
        };
        is_own(&object.name) || (object.kind != "view" && is_own(&object.table))
    }
}
