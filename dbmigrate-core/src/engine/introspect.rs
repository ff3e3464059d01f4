//! A database as a [`Schema`]: the stored `CREATE` statements read by [`crate::ddl`], checked against what SQLite
//! itself says of the columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::connection::{Connection, text};
use super::error::{EngineError, ErrorKind};
use super::ignore::Ignore;
use super::in_place::beforehand::BEFOREHAND_PREFIX;
use super::online::ONLINE_PREFIX;
use super::progress::PROGRESS_TABLE;
use super::stored::{StoredColumn, columns_query, objects_query, stored_columns_in, stored_objects_in};
use super::tools;
use crate::ddl::{self, Comments, Object};
use crate::kept::KEPT_PREFIX;
use crate::schema::validate::RESERVED;
use crate::schema::{Schema, Table};
use crate::sql::{DeclType, Name, Token, tokenize};

pub use super::stored::StoredObject;

/// The table in which applied migrations are recorded.
pub const HISTORY_TABLE: &str = "_dbmigrate_history";

/// An object that the model cannot represent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its kind and name.
    pub object: StoredObject,
    /// Why.
    pub reason: String,
}

/// Its kind and name.
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.object.kind, self.object.name)
    }
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
    let mut answers = connection.ask_all(&[objects_query(0), columns_query()]).await?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
    let (mut objects, _) = stored_objects_in(next()?, 0);
    let infrastructure = Infrastructure::read(connection, &objects).await?;
    objects.retain(|object| infrastructure.is_users(object, ignore));
    let mut found = read_objects(&objects);
    refuse_mismatches(&mut found, &objects, &stored_columns_in(next()?));
    found.statements = objects;
    Ok(found)
}

/// Reads the statements of objects into a schema.
pub(super) fn read_objects(objects: &[StoredObject]) -> Introspected {
    let mut found = Introspected::default();
    let mut indexes = Vec::new();
    for object in objects {
        match read_object(object) {
            Ok(Object::Table(table)) => drop(found.schema.tables.insert(table)),
            Ok(Object::Index(_, index)) => indexes.push((object, index)),
            Ok(Object::View(view)) => drop(found.schema.views.insert(view)),
            Ok(Object::Trigger(trigger)) => drop(found.schema.triggers.insert(trigger)),
            Ok(Object::VirtualTable(table)) => drop(found.schema.virtual_tables.insert(table)),
            Err(reason) => found.unreadable.push(Unreadable { object: object.clone(), reason }),
        }
    }
    for (object, index) in indexes {
        match found.schema.tables.get_mut(&object.table) {
            Some(table) => drop(table.indexes.insert(index)),
            None => found.unreadable.push(Unreadable::with_its_table(object)),
        }
    }
    found
}

/// Reads the statement of an object. It may have been edited by hand, so it has to create what it is stored as.
pub(super) fn read_object(object: &StoredObject) -> Result<Object, String> {
    if object.is_garbled {
        return Err("its text is not UTF-8".to_owned());
    }
    let read = ddl::read(&object.sql).map_err(|error| error.to_string())?;
    let (kind, name) = match &read {
        Object::Table(table) => ("table", &table.name),
        Object::Index(_, index) => ("index", &index.name),
        Object::View(view) => ("view", &view.name),
        Object::Trigger(trigger) => ("trigger", &trigger.name),
        Object::VirtualTable(table) => ("table", &table.name),
    };
    let is_same = kind == object.kind && *name == object.name;
    if is_same { Ok(read) } else { Err(format!("its statement creates the {kind} `{name}`")) }
}

impl Unreadable {
    /// An index of a table that cannot be represented.
    fn with_its_table(object: &StoredObject) -> Self {
        Self { object: object.clone(), reason: format!("its table `{}` cannot be represented", object.table) }
    }
}

/// Moves tables that SQLite sees differently from the reader to the unreadable ones, their indexes too.
pub(super) fn refuse_mismatches(
    found: &mut Introspected,
    objects: &[StoredObject],
    columns: &BTreeMap<String, Vec<StoredColumn>>,
) {
    let reason = |table: &Table| {
        let stored = columns.get(&table.name.folded()).map(Vec::as_slice).unwrap_or_default();
        Some((table.name.clone(), mismatch(table, stored)?))
    };
    let refused: Vec<(Name, String)> = found.schema.tables.iter().filter_map(reason).collect();
    for (name, reason) in refused {
        found.schema.tables.remove(&name);
        for object in objects.iter().filter(|object| object.table == name) {
            match object.kind.as_str() {
                "table" => found.unreadable.push(Unreadable { object: object.clone(), reason: reason.clone() }),
                "index" => found.unreadable.push(Unreadable::with_its_table(object)),
                _ => {}
            }
        }
    }
}

/// In what the model of a table disagrees with SQLite, if it does.
pub(super) fn mismatch(table: &Table, stored: &[StoredColumn]) -> Option<String> {
    if stored.len() != table.columns.len() {
        return Some(format!("SQLite sees {} columns, the parser {}", stored.len(), table.columns.len()));
    }
    for (column, stored) in table.columns.iter().zip(stored) {
        let position =
            table.primary_key.as_ref().and_then(|key| key.parts.iter().position(|part| part.column == column.name));
        let hidden = column.generated.as_ref().map_or(0, |generated| if generated.stored { 3 } else { 2 });
        let same = column.name == stored.name
            && (column.decl_type.as_str().eq_ignore_ascii_case(&stored.decl_type)
                || column.decl_type == DeclType::new(&stored.decl_type))
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
#[derive(Debug, Default)]
pub(super) struct Infrastructure {
    /// Folded names of shadow tables.
    shadows: BTreeSet<String>,
    /// Folded names of tables in which other tools record what they have applied.
    records: BTreeSet<String>,
}

/// The tables behind a virtual table, by module. They are known here because there may be no connection that has the
/// module; of any other module, the connection that has it is asked.
const SHADOW_TABLES: [(&str, &[&str]); 5] = [
    ("fts5", &["data", "idx", "content", "docsize", "config"]),
    ("fts", &["content", "segments", "segdir", "docsize", "stat"]),
    ("rtree", &["node", "rowid", "parent"]),
    ("geopoly", &["node", "rowid", "parent"]),
    ("vec0", &["chunks", "rowids", "info", "auxiliary"]),
];

/// The same for those that are numbered with two digits.
const NUMBERED_TABLES: [(&str, &[&str]); 1] = [("vec0", &["vector_chunks", "metadatachunks", "metadatatext"])];

/// Tables of the engine, and those in which this tool records what it has done, and how far it is. Those of other tools are in [`tools`].
const OWN_TABLES: [&str; 5] =
    ["libsql_vector_meta_shadow", "sqlite3_libsql_tasks", "libsql_wasm_func_table", HISTORY_TABLE, PROGRESS_TABLE];

/// What the names of other tools' tables begin with, of what migrations keep, and of what is under way.
const OWN_PREFIXES: [&str; 5] = ["_litestream_", "_cf_", KEPT_PREFIX, ONLINE_PREFIX, BEFOREHAND_PREFIX];

/// Whether what is called so is nobody's who uses the database, whatever else there is: it is the engine's, or a tool's
/// that records what it has done.
pub fn is_infrastructure(name: &Name) -> bool {
    let name = name.folded();
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    begins(&RESERVED) || begins(&OWN_PREFIXES) || OWN_TABLES.contains(&name.as_str())
}

/// The tables of which a module that the connection has says that they are its own
/// (sqlite.org/vtab.html#the_xshadowname_method).
const SHADOWS: &str = "SELECT lower(name) FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";

impl Infrastructure {
    fn of(objects: &[StoredObject]) -> Self {
        let mut infrastructure = Self::default();
        infrastructure.add(objects);
        infrastructure
    }

    /// What of all these objects of a database is not its user's.
    ///
    /// # Errors
    /// If the engine fails.
    pub(super) async fn read(connection: &Connection, objects: &[StoredObject]) -> Result<Self, EngineError> {
        let mut infrastructure = Self::of(objects);
        if objects.iter().any(is_of_another_module) {
            infrastructure.add_shadows(connection).await?;
            // a server says so only if it knew the module before it read the schema
            #[cfg(feature = "libsql")]
            if !connection.is_local() {
                let twin = Connection::in_memory().await?;
                for object in objects.iter().filter(|object| is_of_another_module(object)) {
                    // without the module, nothing more is known
                    let _ = twin.run(&object.sql).await;
                }
                infrastructure.add_shadows(&twin).await?;
            }
        }
        Ok(infrastructure)
    }

    async fn add_shadows(&mut self, connection: &Connection) -> Result<(), EngineError> {
        let names = match connection.rows(SHADOWS).await {
            // a SQLite of an application from before 3.37 cannot say
            Err(error) if error.kind == ErrorKind::Statement => Vec::new(),
            names => names?,
        };
        self.shadows.extend(names.iter().map(|row| text(&row[0]).to_owned()));
        Ok(())
    }

    /// Whether an object is the user's, and not ignored.
    pub(super) fn is_users(&self, object: &StoredObject, ignore: &Ignore) -> bool {
        !self.has(object) && !ignore.hides(&object.table)
    }

    fn add<'a>(&mut self, objects: impl IntoIterator<Item = &'a StoredObject>) {
        let Self { shadows, records } = self;
        for object in objects {
            if object.kind == "table" && is_virtual(&object.sql) {
                let Ok(Object::VirtualTable(table)) = ddl::read(&object.sql) else { continue };
                let module = table.module.folded();
                let suffixes = SHADOW_TABLES.iter().find(|(prefix, _)| module.starts_with(prefix));
                // a table called `posts_content` is its user's if the full-text table has its content elsewhere
                let exists = |suffix: &&str| *suffix != "content" || table.option("content").is_none();
                let suffixes = suffixes.iter().flat_map(|(_, all)| all.iter().copied().filter(exists));
                let name = object.name.folded();
                shadows.extend(suffixes.map(|suffix| format!("{name}_{suffix}")));
                let numbered = NUMBERED_TABLES.iter().filter(|(prefix, _)| module.starts_with(prefix));
                let numbered = numbered.flat_map(|(_, all)| all.iter().copied());
                let numbers = |suffix| (0..100).map(move |number| (suffix, number));
                let numbered = numbered.flat_map(numbers);
                shadows.extend(numbered.map(|(suffix, number)| format!("{name}_{suffix}{number:02}")));
            } else if object.kind == "index" && has_vectors(&object.sql) {
                shadows.insert(format!("{}_shadow", object.name.folded()));
            } else if tools::is_record(object) {
                records.insert(object.name.folded());
            }
        }
    }

    /// Whether an object brings along others that are not its user's.
    pub(super) fn is_made_by(object: &StoredObject) -> bool {
        (object.kind == "table" && is_virtual(&object.sql))
            || (object.kind == "index" && has_vectors(&object.sql))
            || tools::is_record(object)
    }

    pub(super) fn has(&self, object: &StoredObject) -> bool {
        let is_own = |name: &Name| {
            let folded = name.folded();
            is_infrastructure(name) || self.shadows.contains(&folded) || self.records.contains(&folded)
        };
        is_own(&object.name) || (object.kind != "view" && is_own(&object.table))
    }
}

/// Whether an object is a virtual table of a module whose tables are not known here.
fn is_of_another_module(object: &StoredObject) -> bool {
    if object.kind != "table" || !is_virtual(&object.sql) {
        return false;
    }
    let Ok(Object::VirtualTable(table)) = ddl::read(&object.sql) else { return true };
    let module = table.module.folded();
    !SHADOW_TABLES.iter().any(|(prefix, _)| module.starts_with(prefix))
}

/// Whether a statement begins with `CREATE VIRTUAL`.
pub(super) fn is_virtual(sql: &str) -> bool {
    tokenize(sql).filter(Token::is_significant).nth(1).is_some_and(|token| token.is_word("virtual"))
}

/// Whether a statement has the function in it that makes an index one of vectors.
pub(super) fn has_vectors(sql: &str) -> bool {
    const FUNCTION: &[u8] = b"libsql_vector_idx";
    sql.as_bytes().windows(FUNCTION.len()).any(|part| part.eq_ignore_ascii_case(FUNCTION))
}
